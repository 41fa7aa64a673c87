import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import LedgerModule from "./Ledger.ts";

export default buildModule("Payments", (m) => {
  const { ledger } = m.useModule(LedgerModule);

  const authorizations = m.contract("AuthorizationBatch", [ledger]);
  const channels = m.contract("PaymentChannels", [ledger]);
  const jobs = m.contract("JobEscrow", [ledger]);

  return { authorizations, channels, jobs };
});
