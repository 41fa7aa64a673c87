import type { Twin } from "./twins.ts";

const GOVERNOR = "contracts/governance/OpenGovernor.sol";

export const GOVERNOR_TWINS: readonly Twin[] = [
  {
    name: "OpenGovernor_AnyoneCancels",
    source: GOVERNOR,
    find: "bool byGuardian = caller == guardian && block.timestamp < guardianUntil;",
    replace: "bool byGuardian = block.timestamp < guardianUntil;",
    why: "nothing is ever decided against the will of anybody",
  },
  {
    name: "OpenGovernor_GuardianForEver",
    source: GOVERNOR,
    find: " && block.timestamp < guardianUntil",
    replace: "",
    why: "one key stops whatever stakers decide, for all time",
  },
  {
    name: "OpenGovernor_VotesOfNow",
    source: GOVERNOR,
    find: "abi.decode(params, (address[])), timepoint)",
    replace: "abi.decode(params, (address[])), block.timestamp - 1)",
    why: "stake that comes once a vote has begun decides it",
  },
  {
    name: "OpenGovernor_AnyPeriod",
    source: GOVERNOR,
    find: "Math.max(MIN_VOTING_PERIOD_SECONDS, lateQuorumVoteExtension())",
    replace: "MIN_VOTING_PERIOD_SECONDS",
    why: "whoever completes a quorum makes a vote longer than it was meant to be",
  },
  {
    name: "OpenGovernor_NoBounds",
    source: GOVERNOR,
    find: "if (value < min || value > max) revert OpenGovernor_OutOfBounds(parameter, value, min, max);",
    replace: "",
    why: "one vote that passes makes the next ones too short for anybody to answer",
  },
];
