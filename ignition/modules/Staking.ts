import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import AccessModule from "./Access.ts";
import LedgerModule from "./Ledger.ts";

export default buildModule("Staking", (m) => {
  const { ledger } = m.useModule(LedgerModule);
  const { access } = m.useModule(AccessModule);

  const staking = m.contract("OperatorStaking", [
    ledger,
    access,
    {
      thawSeconds: m.getParameter("thawSeconds"),
      dripSeconds: m.getParameter("dripSeconds"),
      minSelfStake: m.getParameter("minSelfStake"),
    },
  ]);

  return { staking };
});
