import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import AccessModule from "./Access.ts";
import RegistryModule from "./Registry.ts";
import StakingModule from "./Staking.ts";

export default buildModule("Incentives", (m) => {
  const { access, timelock } = m.useModule(AccessModule);
  const { services } = m.useModule(RegistryModule);
  const { staking } = m.useModule(StakingModule);

  const gauges = m.contract("IncentiveGauges", [
    services,
    staking,
    timelock,
    access,
    m.getParameter("epochSeconds"),
    m.getParameter("budgetPerEpoch"),
  ]);

  return { gauges };
});
