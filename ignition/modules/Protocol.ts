import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import AccessModule from "./Access.ts";
import AttributionModule from "./Attribution.ts";
import DisputesModule from "./Disputes.ts";
import GovernanceModule from "./Governance.ts";
import IncentivesModule from "./Incentives.ts";
import LedgerModule from "./Ledger.ts";
import PaymentsModule from "./Payments.ts";
import RegistryModule from "./Registry.ts";
import StakingModule from "./Staking.ts";
import TokenModule from "./Token.ts";

export default buildModule("Protocol", (m) => ({
  ...m.useModule(TokenModule),
  ...m.useModule(LedgerModule),
  ...m.useModule(AccessModule),
  ...m.useModule(RegistryModule),
  ...m.useModule(PaymentsModule),
  ...m.useModule(AttributionModule),
  ...m.useModule(StakingModule),
  ...m.useModule(DisputesModule),
  ...m.useModule(IncentivesModule),
  ...m.useModule(GovernanceModule),
}));
