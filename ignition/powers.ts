import { id } from "ethers";

/** Roles of the AccessManager. */
export const ROLE = { ADMIN: 0n, PARAMETERS: 1n, SLASHER: 2n, COMMITTEE: 3n, ARBITRATION: 4n } as const;

export type RoleName = keyof typeof ROLE;

/** Contracts with functions that only members of a role may call, by their names in a deployment. */
export type Governed = "feePolicy" | "staking" | "court" | "committee" | "gauges";

/** The restricted functions of a contract and the role that each of them needs. */
export interface Powers {
  functions: Readonly<Record<string, RoleName>>;
  /** Whether stake depends on it: which roles its functions need then changes with the delay that slashers have. */
  delayed: boolean;
}

/** Which role may call what. There is nothing else that a role can do. */
export const POWERS: Readonly<Record<Governed, Powers>> = {
  feePolicy: {
    functions: { "setPolicy((bytes32,uint16,uint16,uint16,uint128))": "PARAMETERS" },
    delayed: false,
  },
  staking: {
    functions: {
      "setMinSelfStake(uint256)": "PARAMETERS",
      "slash(address,uint256)": "SLASHER",
      "hold(address)": "SLASHER",
    },
    delayed: true,
  },
  court: {
    functions: { "setArbitrator(address)": "ARBITRATION", "setMinBond(uint256)": "PARAMETERS" },
    delayed: true,
  },
  committee: {
    functions: { "vote(uint256,uint256)": "COMMITTEE" },
    delayed: true,
  },
  gauges: {
    functions: { "setBudget(uint256)": "PARAMETERS" },
    delayed: false,
  },
};

/** Roles that reach stake. Who is to get one waits as long as slashers do, so that stakers can leave before. */
export const DELAYED_ROLES = ["SLASHER", "COMMITTEE", "ARBITRATION"] as const satisfies RoleName[];

/** First four bytes of a function's calls. */
export function selectorOf(signature: string): string {
  return id(signature).slice(0, 10);
}
