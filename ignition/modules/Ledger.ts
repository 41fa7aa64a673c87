import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import TokenModule from "./Token.ts";

export default buildModule("Ledger", (m) => {
  const { token } = m.useModule(TokenModule);

  const ledger = m.contract("AttributionLedger", [token]);
  const splitAddresses = m.contract("SplitAddresses", [ledger]);

  return { ledger, splitAddresses };
});
