import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import LedgerModule from "./Ledger.ts";
import PaymentsModule from "./Payments.ts";
import RegistryModule from "./Registry.ts";

export default buildModule("Attribution", (m) => {
  const { ledger } = m.useModule(LedgerModule);
  const { datanets, services } = m.useModule(RegistryModule);
  const { channels } = m.useModule(PaymentsModule);

  const pots = m.contract("Pots", [datanets, m.getParameter("reportEpochSeconds")]);
  const openings = m.contract("Openings", [services]);
  // It needs no other contract, but OPEN comes first: its block is where a deployment begins.
  const spanFaults = m.contract("SpanVerifier", [], { after: [ledger] });
  const payoutFaults = m.contract("PayoutVerifier", [services, channels, pots]);
  const reports = m.contract("AttributionReports", [
    ledger,
    pots,
    openings,
    [spanFaults, payoutFaults],
    {
      reportSeconds: m.getParameter("reportSeconds"),
      challengeSeconds: m.getParameter("challengeSeconds"),
      answerSeconds: m.getParameter("answerSeconds"),
      minBond: m.getParameter("reportBond"),
      demandBond: m.getParameter("demandBond"),
    },
  ]);

  return { pots, openings, spanFaults, payoutFaults, reports };
});
