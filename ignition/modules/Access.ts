import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";

import LedgerModule from "./Ledger.ts";

/** Where all roles are kept, and who is to hold the powers. Until {GovernanceModule} hands them over the deployer does. */
export default buildModule("Access", (m) => {
  const { ledger } = m.useModule(LedgerModule);
  const deployer = m.getAccount(0);

  // They need no other contract, but the token is to be the first: its block is where all events begin.
  const after = { after: [ledger] };
  const access = m.contract("AccessManager", [deployer], after);
  // Nobody proposes yet. What is due anybody may execute.
  const timelock = m.contract(
    "TimelockController",
    [m.getParameter("timelockSeconds"), [], [ZeroAddress], deployer],
    after,
  );

  return { access, timelock };
});
