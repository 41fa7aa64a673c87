import type { Edit, Twin } from "./twins.ts";

const STAKING = "contracts/staking/OperatorStaking.sol";
const COURT = "contracts/disputes/DisputeCourt.sol";

/** Something that staking or the court gets wrong on demand. */
export interface Slip {
  name: string;
  source: string;
  /** Occurs exactly once in the source. */
  find: string;
  /** What stands in its place; `OFF` is true while the slip is on. */
  replace: string;
}

/** A statement that is left out. */
function without({ name, source, find }: { name: string; source: string; find: string }): Slip {
  return { name, source, find, replace: `if (!OFF) {\n            ${find}\n        }` };
}

/** An expression that has another value. */
function wrong({ name, source, find, is }: { name: string; source: string; find: string; is: string }): Slip {
  return { name, source, find, replace: `(OFF ? ${is} : ${find})` };
}

/** One at a time can be made in {@link INCENTIVE_TWIN}, to show that the campaign finds it. */
export const SLIPS: readonly Slip[] = [
  // ------------------------------------------------------------------ staking: stake
  wrong({
    name: "sharesRoundUp",
    source: STAKING,
    find: "(amount * RATE_ONE) / rate",
    is: "Math.ceilDiv(amount * RATE_ONE, rate) + 1",
  }),
  without({
    name: "stakeOnNobody",
    source: STAKING,
    find: "if (uint96(uint160(operator)) == 0) revert OperatorStaking_BadOperator(operator);",
  }),
  without({
    name: "stakeInRuins",
    source: STAKING,
    find: "if (rate < MIN_RATE) revert OperatorStaking_PoolRuined(operator, rate);",
  }),
  without({
    name: "noThaw",
    source: STAKING,
    find: "revert OperatorStaking_StillThawing(operator, s.thawedAt, block.timestamp);",
  }),
  without({ name: "noHold", source: STAKING, find: "revert OperatorStaking_Held(operator, pool.holds);" }),
  wrong({
    name: "endlessHold",
    source: STAKING,
    find: "s.thawedAt + MAX_HOLD_SECONDS",
    is: "type(uint256).max",
  }),
  {
    name: "restakeStillThaws",
    source: STAKING,
    find: "(s.thawing, s.thawedAt) = (0, 0);\n        pool.thawing -= shares;\n        emit Restaked",
    replace:
      "(s.thawing, s.thawedAt) = (0, OFF ? s.thawedAt : 0);\n        pool.thawing -= shares;\n        emit Restaked",
  },
  {
    name: "withdrawalStaysInPool",
    source: STAKING,
    find: "pool.thawing -= shares;\n        _queue",
    replace: "pool.thawing -= OFF ? shares - 1 : shares;\n        _queue",
  },
  without({ name: "forgetsNoPool", source: STAKING, find: "if (s.shares == 0) _forget(msg.sender, operator);" }),
  wrong({ name: "keepsDust", source: STAKING, find: "before - _valueOf(pool) - amount", is: "before - before" }),

  // ------------------------------------------------------------------ staking: rewards
  wrong({ name: "countsCommissionTwice", source: STAKING, find: "amount - commission", is: "amount" }),
  without({ name: "claimsTwice", source: STAKING, find: "s.rewards = 0;" }),
  without({ name: "earnsFromTheBeginning", source: STAKING, find: "s.rewardPerShare = pool.rewardPerShare;" }),
  wrong({
    name: "dripsAtOnce",
    source: STAKING,
    find: "(pool.dripping * (time - pool.drippedAt)) / (pool.dripEnd - pool.drippedAt)",
    is: "pool.dripping",
  }),
  wrong({
    name: "dripsHalf",
    source: STAKING,
    find: "(amount << 128) / pool.shares",
    is: "(amount << 127) / pool.shares",
  }),
  {
    name: "longRounds",
    source: STAKING,
    find: "pool.dripEnd = uint40(block.timestamp + dripSeconds);",
    replace: "pool.dripEnd = uint40(block.timestamp + (OFF ? 2 : 1) * dripSeconds);",
  },
  {
    name: "roundsRestart",
    source: STAKING,
    find: "if (pool.dripping == 0 && pool.queued != 0) {\n            (pool.dripping, pool.queued) = (pool.queued, 0);",
    replace:
      "if ((OFF || pool.dripping == 0) && pool.queued != 0) {\n            (pool.dripping, pool.queued) = (pool.dripping + pool.queued, 0);",
  },
  {
    name: "dripsForNobody",
    source: STAKING,
    find: "_queue(pool, amount);",
    replace: "_queue(pool, OFF ? 0 : amount);",
  },
  wrong({
    name: "commissionAtOnce",
    source: STAKING,
    find: "more ? block.timestamp + thawSeconds : block.timestamp",
    is: "block.timestamp",
  }),

  // ------------------------------------------------------------------ staking: slashes
  {
    name: "thawingIsSafe",
    source: STAKING,
    find: "uint256 all = shares + pool.thawing;",
    replace: "uint256 all = OFF ? shares : shares + pool.thawing;",
  },
  {
    name: "takesOneMore",
    source: STAKING,
    find: "slashed = value - _value(all, newRate);",
    replace: "slashed = value - _value(all, newRate) + (OFF ? 1 : 0);",
  },
  without({ name: "slashesOneStake", source: STAKING, find: "pool.rate = uint64(newRate);" }),
  wrong({
    name: "rateRoundsUp",
    source: STAKING,
    find: "(rate * (value - amount)) / value",
    is: "Math.ceilDiv(rate * (value - amount), value)",
  }),
  wrong({
    name: "ownLossWithoutThawing",
    source: STAKING,
    find: "uint256(ofOperator.shares) + ofOperator.thawing",
    is: "ofOperator.shares",
  }),
  without({
    name: "slashesBeyondTheCap",
    source: STAKING,
    find: "if (amount > cap) revert OperatorStaking_AboveSlashCap(operator, amount, cap);",
  }),
  {
    name: "nothingLeftToTake",
    source: STAKING,
    find: "if (slashed != 0) _giveBack",
    replace: "if (OFF || slashed != 0) _giveBack",
  },

  // ------------------------------------------------------------------ staking: votes
  {
    name: "thawingVotes",
    source: STAKING,
    find: "address(0), s.shares - shares);",
    replace: "address(0), OFF ? 0 : s.shares - shares);",
  },
  without({
    name: "totalForgetsSlashes",
    source: STAKING,
    find: "_addToTotal(_value(shares, rate), _value(shares, newRate));",
  }),
  without({
    name: "votesForgetSlashes",
    source: STAKING,
    find: "_rates[operator].push(clock(), uint208(newRate));",
  }),
  wrong({
    name: "pastAtTodaysRate",
    source: STAKING,
    find: "_rates[operators[i]].upperLookupRecent(time)",
    is: "_rateNow(operators[i])",
  }),
  without({
    name: "delegatesNothing",
    source: STAKING,
    find: "if (shares != 0) _moveVotes(operators[i], from, to, shares);",
  }),

  {
    name: "thawingServes",
    source: STAKING,
    find: "return _value(_stakes[operator][operator].shares, ",
    replace: "return _value(_stakes[operator][operator].shares + (OFF ? _stakes[operator][operator].thawing : 0), ",
  },

  // ------------------------------------------------------------------ the court: proofs
  without({ name: "punishesTwice", source: COURT, find: "isPunished[fault.id] = true;" }),
  without({ name: "forgetsRanks", source: COURT, find: "_rankOf[splitId][r.index] = uint256(r.rank) + 1;" }),
  without({
    name: "anyVerifier",
    source: COURT,
    find: "if (!isVerifier[address(verifier)]) revert DisputeCourt_UnknownVerifier(address(verifier));",
  }),
  wrong({ name: "paysAllOfTheLoss", source: COURT, find: "(own * PAID_BPS) / BPS", is: "own" }),
  {
    name: "paysOfOthersLoss",
    source: COURT,
    find: "uint256 bounty = ",
    replace: "if (OFF) own = slashed;\n        uint256 bounty = ",
  },
  without({ name: "burnsNothing", source: COURT, find: "_pay(Accounts.NOBODY, burned);" }),

  // ------------------------------------------------------------------ the court: cases
  wrong({ name: "bondForTheSlashAlone", source: COURT, find: "(amount + escrowed)", is: "amount" }),
  without({
    name: "rulesEarly",
    source: COURT,
    find: "if (block.timestamp < from) revert DisputeCourt_TooEarly(caseId, from, block.timestamp);",
  }),
  without({
    name: "settlesEarly",
    source: COURT,
    find: "if (block.timestamp < deadline) revert DisputeCourt_TooEarly(caseId, deadline, block.timestamp);",
  }),
  without({
    name: "settlesOtherShares",
    source: COURT,
    find: "if (keccak256(abi.encode(shares)) != c.sharesHash) revert DisputeCourt_OtherShares(caseId);",
  }),
  without({ name: "settlesTwice", source: COURT, find: "stored.status = CaseStatus.Ended;" }),
  without({ name: "keepsBonds", source: COURT, find: "_pay(Accounts.wallet(c.claimant), toClaimant);" }),
  without({ name: "keepsHolds", source: COURT, find: "staking.unhold(c.respondent);" }),
  without({
    name: "holdsNothing",
    source: COURT,
    find: "if (claim.amount != 0) staking.hold(claim.respondent);",
  }),
  {
    name: "keepsShares",
    source: COURT,
    find: "if (ledger.redirectOf(splitId, share.index) ==",
    replace: "if (!OFF && ledger.redirectOf(splitId, share.index) ==",
  },
  {
    name: "undoesProofs",
    source: COURT,
    find: "== escrow) {\n            ledger",
    replace: "== escrow || OFF) {\n            ledger",
  },
  without({
    name: "keepsEscrows",
    source: COURT,
    find: "if (amount != 0) ledger.transferBalance(_tagOf(caseId, place), to, amount);",
  }),
  wrong({ name: "leavesRedirects", source: COURT, find: "won ? to : share.redirect", is: "to" }),
  wrong({
    name: "slashesAllThatIsAsked",
    source: COURT,
    find: "Math.min(c.amount, cap)",
    is: "Math.min(c.amount, 2 * cap)",
  }),
];

/** Neutral changes that make room for the others. */
const PREPARATIONS: readonly Edit[] = [STAKING, COURT].map((source) => ({
  source,
  find: "pragma solidity 0.8.37;\n",
  replace: 'pragma solidity 0.8.37;\n\nimport {Weakness} from "../../test/mocks/Weakness.sol";\n',
}));

/** Staking and the court once more, as `OperatorStaking_Slips` and `DisputeCourt_Slips`: the real ones until one is on. */
export const INCENTIVE_TWIN: Twin = {
  name: "DisputeCourt_Slips",
  ...PREPARATIONS[0],
  why: "any one of the slips can be switched on",
  also: [
    ...PREPARATIONS.slice(1),
    ...SLIPS.map(({ source, find, replace }, i) => ({
      source,
      find,
      replace: replace.replaceAll("OFF", `Weakness.on(${String(i + 1)})`),
    })),
  ],
};
