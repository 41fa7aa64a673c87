import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import AccessModule from "./Access.ts";
import LedgerModule from "./Ledger.ts";
import StakingModule from "./Staking.ts";

export default buildModule("Registry", (m) => {
  const { ledger } = m.useModule(LedgerModule);
  const { access, timelock } = m.useModule(AccessModule);
  const { staking } = m.useModule(StakingModule);

  const datanets = m.contract("DatanetRegistry", [ledger]);
  const models = m.contract("ModelRegistry", [datanets]);
  const agents = m.contract("AgentRegistry", [datanets, models]);
  const feePolicy = m.contract("FeePolicy", [
    access,
    timelock,
    {
      treasuryBps: m.getParameter("treasuryBps"),
      operatorBps: m.getParameter("operatorBps"),
      stakersBps: m.getParameter("stakersBps"),
      platformFee: m.getParameter("platformFee"),
    },
  ]);
  const services = m.contract("ServiceRegistry", [ledger, feePolicy, models, agents, staking]);

  return { datanets, models, agents, feePolicy, services };
});
