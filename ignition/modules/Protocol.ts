import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import LedgerModule from "./Ledger.ts";
import PaymentsModule from "./Payments.ts";
import RegistryModule from "./Registry.ts";
import TokenModule from "./Token.ts";

export default buildModule("Protocol", (m) => ({
  ...m.useModule(TokenModule),
  ...m.useModule(LedgerModule),
  ...m.useModule(RegistryModule),
  ...m.useModule(PaymentsModule),
}));
