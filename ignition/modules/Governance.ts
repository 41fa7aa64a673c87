import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { id, ZeroHash } from "ethers";

import { DELAYED_ROLES, type Governed, POWERS, ROLE, selectorOf } from "../powers.ts";
import AccessModule from "./Access.ts";
import DisputesModule from "./Disputes.ts";
import IncentivesModule from "./Incentives.ts";
import RegistryModule from "./Registry.ts";
import StakingModule from "./Staking.ts";

/** Sets the governor up and hands all powers over to it, by way of the Timelock. The deployer keeps none. */
export default buildModule("Governance", (m) => {
  const { access, timelock } = m.useModule(AccessModule);
  const { feePolicy } = m.useModule(RegistryModule);
  const { staking } = m.useModule(StakingModule);
  const { court, committee } = m.useModule(DisputesModule);
  const { gauges } = m.useModule(IncentivesModule);
  const governed = { feePolicy, staking, court, committee, gauges } satisfies Record<Governed, unknown>;

  const governor = m.contract("OpenGovernor", [
    staking,
    timelock,
    {
      votingDelaySeconds: m.getParameter("votingDelaySeconds"),
      votingPeriodSeconds: m.getParameter("votingPeriodSeconds"),
      proposalThreshold: m.getParameter("proposalThreshold"),
      quorumPercent: m.getParameter("quorumPercent"),
      lateQuorumSeconds: m.getParameter("lateQuorumSeconds"),
      guardian: m.getParameter("guardian"),
      guardianSeconds: m.getParameter("guardianSeconds"),
    },
  ]);

  const deployer = m.getAccount(0);
  const slasherDelay = m.getParameter("slasherDelaySeconds");
  const encode = (name: string, args: Parameters<typeof m.encodeFunctionCall>[2], about: string) =>
    m.encodeFunctionCall(access, name, args, { id: `${name}_${about}` });

  const names = Object.keys(POWERS) as Governed[];
  const handOver = [
    ...Object.entries(ROLE)
      .filter(([, role]) => role !== ROLE.ADMIN)
      .map(([name, role]) => encode("labelRole", [role, name], name)),
    ...names.flatMap((name) =>
      Object.entries(POWERS[name].functions).map(([signature, role]) =>
        encode(
          "setTargetFunctionRole",
          [governed[name], [selectorOf(signature)], ROLE[role]],
          `${name}_${signature.slice(0, signature.indexOf("("))}`,
        ),
      ),
    ),
    ...names
      .filter((name) => POWERS[name].delayed)
      .map((name) => encode("setTargetAdminDelay", [governed[name], slasherDelay], name)),
    encode("grantRole", [ROLE.SLASHER, court, 0], "SLASHER"),
    encode("grantRole", [ROLE.ARBITRATION, timelock, slasherDelay], "ARBITRATION"),
    ...DELAYED_ROLES.map((role) => encode("setGrantDelay", [ROLE[role], slasherDelay], role)),
    encode("grantRole", [ROLE.PARAMETERS, timelock, 0], "PARAMETERS"),
    encode("grantRole", [ROLE.ADMIN, timelock, 0], "ADMIN"),
    encode("renounceRole", [ROLE.ADMIN, deployer], "ADMIN"),
  ];
  // Calls that a parameter has: how many members there are is not known here.
  const appointments = m.call(access, "multicall", [m.getParameter("appointments")], { id: "Committee" });
  m.call(access, "multicall", [handOver], { id: "HandOver", after: [appointments] });

  const proposer = m.call(timelock, "grantRole", [id("PROPOSER_ROLE"), governor], { id: "Proposer" });
  const canceller = m.call(timelock, "grantRole", [id("CANCELLER_ROLE"), governor], { id: "Canceller" });
  m.call(timelock, "renounceRole", [ZeroHash, deployer], { id: "NoAdmin", after: [proposer, canceller] });

  return { governor };
});
