/**
 * What a scenario must keep to because the contracts do, and what a deployment starts with (ignition/parameters). A test compares these
 * with both.
 */
export const OPEN = 10n ** 18n;

/** All OPEN there is. */
export const SUPPLY = 1_000_000_000n * OPEN;

/** Caps of FeePolicy. */
export const MAX_TREASURY_BPS = 1_000;
export const MAX_OPERATOR_BPS = 8_000;
export const MAX_STAKERS_BPS = 3_000;
export const MAX_SUM_BPS = 9_000;
export const MAX_PLATFORM_FEE = OPEN;

/** Caps of DatanetRegistry. */
export const MAX_OWNER_BPS = 3_000;
export const MAX_CURATOR_BPS = 2_000;

/** Caps of OperatorStaking, and what operators must have staked themselves. */
export const MAX_COMMISSION_BPS = 5_000;
export const MAX_OPERATORS = 16;
export const MIN_SELF_STAKE = 1_000n * OPEN;

/** What faults cost, in basis points of the operator's pool, and the most that a ruling can. */
export const EQUIVOCATION_SLASH_BPS = 3_000n;
export const DUPLICATE_SLASH_BPS = 1_000n;
export const RULING_SLASH_BPS = 2_000n;

/** Governance: votes of a proposer, part of all stake that has to vote, and how long it takes. */
export const PROPOSAL_THRESHOLD = 100_000n * OPEN;
export const QUORUM_PERCENT = 25n;
export const VOTING_DELAY_SECONDS = 86_400;
export const VOTING_PERIOD_SECONDS = 1_209_600;
export const TIMELOCK_SECONDS = 172_800;
/** From a proposal to the moment from which new fees can be in force, with a day for transactions in between. */
export const VOTE_SECONDS = VOTING_DELAY_SECONDS + VOTING_PERIOD_SECONDS + TIMELOCK_SECONDS + 86_400;

/** Fees of a new deployment. */
export const DEFAULT_FEES = { treasuryBps: 250, operatorBps: 4_000, stakersBps: 1_000, perCall: OPEN / 1_000n };

/** What a unit of gas and an OPEN cost, unless a scenario says otherwise. */
export const DEFAULT_PRICES = { gasPrice: 20_000_000n, weiPerToken: 10n ** 14n };

/** Claims below this are not worth a transaction. */
export const DEFAULT_CLAIM = { every: 1, atLeast: OPEN / 1_000_000n };

/** What a run in memory can take. */
export const MAX_FILE_BYTES = 1 << 20;
export const MAX_TEXT_BYTES = 1 << 20;
export const MAX_ALL_TEXT_BYTES = 1 << 26;
export const MAX_ALIASES = 100;
export const MAX_NODES = 200_000;
export const MAX_DEPTH = 16;
export const MAX_PEOPLE = 1_000_000;
export const MAX_CONTRIBUTIONS = 1_000_000;
export const MAX_ASSETS = 10_000;
export const MAX_SERVICES = 10_000;
export const MAX_SHARES = 1_000;
export const MAX_PAYMENTS = 10_000_000;
export const MIN_PERIOD_SECONDS = 3_600;
export const MAX_PERIOD_SECONDS = 52 * 7 * 86_400;
