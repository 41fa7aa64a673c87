import type { Twin } from "./twins.ts";

const STAKING = "contracts/staking/OperatorStaking.sol";

export const STAKING_TWINS: readonly Twin[] = [
  // ------------------------------------------------------------------ stake
  {
    name: "OperatorStaking_ValuesBalance",
    source: STAKING,
    find: "uint256 shares = (amount * RATE_ONE) / rate;",
    replace:
      "uint256 shares = pool.shares == 0 ? amount : (amount * pool.shares) / ledger.balanceOf(Accounts.wallet(address(this)));",
    why: "a share is a part of all the contract holds, so that a gift to it raises the price of the next ones",
    also: [
      {
        source: STAKING,
        find: "amount = _value(shares, _rateOf(pool));",
        replace:
          "amount = (shares * ledger.balanceOf(Accounts.wallet(address(this)))) / (uint256(pool.shares) + pool.thawing);",
      },
      { source: STAKING, find: "_queue(pool, before - _valueOf(pool) - amount);", replace: "" },
      { source: STAKING, find: "uint256 before = _valueOf(pool);\n        amount", replace: "amount" },
      { source: STAKING, find: "_queue(pool, before + amount - _valueOf(pool));", replace: "before;" },
    ],
  },
  {
    name: "OperatorStaking_RoundsSharesUp",
    source: STAKING,
    find: "uint256 shares = (amount * RATE_ONE) / rate;",
    replace: "uint256 shares = (amount * RATE_ONE) / rate + 2;",
    why: "each time a little is staked it is worth more than was paid, at the others' expense",
    also: [{ source: STAKING, find: "_queue(pool, before + amount - _valueOf(pool));", replace: "before;" }],
  },
  {
    name: "OperatorStaking_NoThaw",
    source: STAKING,
    find: "if (block.timestamp < s.thawedAt) {",
    replace: "if (false) {",
    why: "who sees a slash coming is gone before it is there",
  },
  {
    name: "OperatorStaking_ThawingIsSafe",
    source: STAKING,
    find: "amount = _value(shares, _rateOf(pool));",
    replace: "amount = shares;",
    why: "who has asked for its stake cannot be slashed any more",
    also: [
      { source: STAKING, find: "_queue(pool, before - _valueOf(pool) - amount);", replace: "" },
      { source: STAKING, find: "uint256 before = _valueOf(pool);\n        amount", replace: "amount" },
    ],
  },
  {
    name: "OperatorStaking_NoHold",
    source: STAKING,
    find: "if (pool.holds != 0 && block.timestamp < s.thawedAt + MAX_HOLD_SECONDS) {",
    replace: "if (false) {",
    why: "stake that thaws while a case is open has left when it is decided",
  },
  {
    name: "OperatorStaking_AnyoneUnholds",
    source: STAKING,
    find: `        if (own == 0) revert OperatorStaking_NotHeld(operator, msg.sender);
        holdsOf[msg.sender][operator] = own - 1;
`,
    replace: "        own;\n",
    why: "who is accused ends the holds of the court",
  },
  {
    name: "OperatorStaking_EndlessHold",
    source: STAKING,
    find: "if (pool.holds != 0 && block.timestamp < s.thawedAt + MAX_HOLD_SECONDS) {",
    replace: "if (pool.holds != 0) {",
    why: "whoever keeps bringing cases keeps stakers from leaving for ever",
  },

  // ------------------------------------------------------------------ rewards
  {
    name: "OperatorStaking_PaysAtOnce",
    source: STAKING,
    find: "_queue(pool, amount - commission);",
    replace: "pool.rewardPerShare += ((amount - commission) << 128) / pool.shares;",
    why: "who stakes for one transaction has a part of what others waited for",
  },
  {
    name: "OperatorStaking_SharedTags",
    source: STAKING,
    find: "if (holder != address(0)) revert OperatorStaking_TagTaken(operator, tag, holder);",
    replace: "",
    why: "whoever harvests first has the rewards of all operators whose addresses end alike",
  },
  {
    name: "OperatorStaking_RestartsRounds",
    source: STAKING,
    find: "_queue(pool, amount - commission);",
    replace: "_queue(pool, amount - commission + pool.dripping);\n        pool.dripping = 0;",
    why: "whoever pays a unit now and then puts everybody's rewards off",
  },
  {
    name: "OperatorStaking_LosesIdleRewards",
    source: STAKING,
    find: "if (pool.dripping == 0) return pool;",
    replace: "if (pool.dripping == 0) return pool;\n        if (pool.shares == 0) pool.shares = 1;",
    why: "what drips while nobody has staked is lost",
  },
  {
    name: "OperatorStaking_CommissionAtOnce",
    source: STAKING,
    find: "uint256 from = more ? block.timestamp + thawSeconds : block.timestamp;",
    replace: "uint256 from = block.timestamp;",
    why: "an operator takes half of what its stakers have earned just before it is harvested",
  },
  {
    name: "OperatorStaking_ThawingEarns",
    source: STAKING,
    find: "s.rewards += uint128((s.shares * (pool.rewardPerShare - s.rewardPerShare)) >> 128);",
    replace:
      "s.rewards += uint128(((uint256(s.shares) + s.thawing) * (pool.rewardPerShare - s.rewardPerShare)) >> 128);",
    why: "stake on its way out earns what belongs to those who stay",
  },

  // ------------------------------------------------------------------ votes
  {
    name: "OperatorStaking_ThawingVotes",
    source: STAKING,
    find: "else _moveVotes(operator, delegates(staker), address(0), s.shares - shares);",
    replace: "",
    why: "stake votes that has left or is about to",
  },
  {
    name: "OperatorStaking_VotesOfNow",
    source: STAKING,
    find: "uint256 shares = _votes[account][operators[i]].upperLookupRecent(time);",
    replace: "uint256 shares = _votes[account][operators[i]].latest();",
    why: "the same stake votes for one, is delegated, and votes for the next",
  },
  {
    name: "OperatorStaking_PoolsTwice",
    source: STAKING,
    find: "if (operators[i] <= operators[i - 1]) revert OperatorStaking_NotAscending(i);",
    replace: "",
    why: "naming a pool twice counts its votes twice",
  },
  {
    name: "OperatorStaking_VotesBeforeTheEnd",
    source: STAKING,
    find: "if (timepoint >= block.timestamp) revert ERC5805FutureLookup(timepoint, clock());",
    replace: "",
    why: "stake of one transaction votes",
  },
  {
    name: "OperatorStaking_UnslashedVotes",
    source: STAKING,
    find: "_rates[operator].push(clock(), uint208(newRate));",
    replace: "",
    why: "stake that was slashed votes as if it were still there",
  },
  {
    name: "OperatorStaking_ListsDelegated",
    source: STAKING,
    find: "if (to != address(0)) _addVotes(_votes[to][operator], shares, true);",
    replace:
      "if (to != address(0)) {\n            _addVotes(_votes[to][operator], shares, true);\n            if (from != address(0)) _remember(to, operator);\n        }",
    why: "strangers fill an account's list with dust they delegate to it, and it cannot stake any more",
  },
  {
    name: "OperatorStaking_NoDelegationNonce",
    source: STAKING,
    find: "_useCheckedNonce(signer, nonce);",
    replace: "",
    why: "a delegation that was ended comes back whenever somebody submits it again",
  },

  // ------------------------------------------------------------------ roles
  {
    name: "OperatorStaking_AnyoneSlashes",
    source: STAKING,
    find: "function slash(address operator, uint256 amount) external restricted returns",
    replace: "function slash(address operator, uint256 amount) external returns",
    why: "whoever calls first has half of any pool",
  },
];
