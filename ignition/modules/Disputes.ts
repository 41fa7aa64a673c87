import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import AccessModule from "./Access.ts";
import LedgerModule from "./Ledger.ts";
import PaymentsModule from "./Payments.ts";
import RegistryModule from "./Registry.ts";
import StakingModule from "./Staking.ts";

export default buildModule("Disputes", (m) => {
  const { ledger } = m.useModule(LedgerModule);
  const { access } = m.useModule(AccessModule);
  const { staking } = m.useModule(StakingModule);
  const { datanets, models, agents, services } = m.useModule(RegistryModule);
  const { channels } = m.useModule(PaymentsModule);

  const duplicates = m.contract("DuplicateVerifier", [datanets]);
  const equivocations = m.contract("EquivocationVerifier", [services]);
  const settlements = m.contract("SettlementVerifier", [services, channels, ledger]);
  const lineages = m.contract("RevokedLineageVerifier", [datanets, models, agents]);

  const committee = m.contract("ArbitrationCommittee", [access, m.getParameter("committeeQuorum")]);
  const court = m.contract("DisputeCourt", [
    ledger,
    access,
    staking,
    [duplicates, equivocations, settlements, lineages],
    {
      arbitrator: committee,
      minBond: m.getParameter("minBond"),
      evidenceSeconds: m.getParameter("evidenceSeconds"),
      rulingSeconds: m.getParameter("rulingSeconds"),
    },
  ]);

  return { duplicates, equivocations, settlements, lineages, committee, court };
});
