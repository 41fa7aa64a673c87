import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import LedgerModule from "./Ledger.ts";

export default buildModule("Registry", (m) => {
  const { ledger } = m.useModule(LedgerModule);

  const datanets = m.contract("DatanetRegistry", [ledger]);
  const models = m.contract("ModelRegistry", [datanets]);
  const agents = m.contract("AgentRegistry", [datanets, models]);
  const feePolicy = m.contract(
    "FeePolicy",
    [
      m.getParameter("policyOwner"),
      {
        treasury: m.getParameter("treasury"),
        treasuryBps: m.getParameter("treasuryBps"),
        operatorBps: m.getParameter("operatorBps"),
        stakersBps: m.getParameter("stakersBps"),
        platformFee: m.getParameter("platformFee"),
      },
    ],
    // It needs no other contract, but the token is to be the first: its block is where all events begin.
    { after: [ledger] },
  );
  const services = m.contract("ServiceRegistry", [
    ledger,
    feePolicy,
    models,
    agents,
    m.getParameter("eligibility"),
    m.getParameter("stakers"),
  ]);

  return { datanets, models, agents, feePolicy, services };
});
