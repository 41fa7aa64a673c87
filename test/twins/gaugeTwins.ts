import type { Twin } from "./twins.ts";

const GAUGES = "contracts/governance/IncentiveGauges.sol";

export const GAUGE_TWINS: readonly Twin[] = [
  // ------------------------------------------------------------------ fees
  {
    name: "IncentiveGauges_CountsAgain",
    source: GAUGES,
    find: "        countedOf[serviceSplitId] = earned;\n",
    replace: "",
    why: "the same fees are counted as often as one likes",
  },
  {
    name: "IncentiveGauges_AnyTreasury",
    source: GAUGES,
    find: `        if (shares[0].recipient != treasury) {
            revert IncentiveGauges_OtherTreasury(policyVersion, shares[0].recipient);
        }
`,
    replace: "",
    why: "fees count that went to somebody else",
  },
  {
    name: "IncentiveGauges_AnyOperator",
    source: GAUGES,
    find: "        if (!eligibility.isEligible(service.operator)) revert IncentiveGauges_NotEligible(service.operator);\n",
    replace: "",
    why: "operators without stake make an asset look as if many served it",
  },
  {
    name: "IncentiveGauges_NoDiversity",
    source: GAUGES,
    find: "Math.min(fees, fees + fees / 2 - gauge.largest) +",
    replace: "fees +",
    why: "what one operator brings counts in full",
  },
  // ------------------------------------------------------------------ lineage
  {
    name: "IncentiveGauges_PassesOnAgain",
    source: GAUGES,
    find: "            passedOf[epoch][splitId][index] = part;\n",
    replace: "",
    why: "the same fees are passed on as often as one likes",
  },
  {
    name: "IncentiveGauges_KeepsWhatItPassesOn",
    source: GAUGES,
    find: "        _gauges[epoch][splitId].passedOut += passed.toUint128();\n",
    replace: "",
    why: "an asset keeps what it has passed on, so that every hop makes more of the same fees",
  },
  {
    name: "IncentiveGauges_PassesOnLate",
    source: GAUGES,
    find: "        _checkNotLater(epoch, epoch + 1);\n",
    replace: "",
    why: "an asset is paid for fees first and passes them on then",
  },
  {
    name: "IncentiveGauges_PassesOnToLogs",
    source: GAUGES,
    find: "toSplit && Draws.evidence(draws, draw.position) != 0",
    replace: "toSplit",
    why: "anybody moves a Datanet's base to its log, where voters do not look for it",
  },
  // ------------------------------------------------------------------ votes
  {
    name: "IncentiveGauges_AddsVotes",
    source: GAUGES,
    find: "        _tally(epoch, _ballots[epoch][msg.sender], false);\n",
    replace: "",
    why: "who votes again has voted twice",
  },
  {
    name: "IncentiveGauges_VotesOfToday",
    source: GAUGES,
    find: "uint256 timepoint = startOf(epoch) - 1;",
    replace: "uint256 timepoint = block.timestamp - 1;",
    why: "stake that came for a vote votes",
  },
  {
    name: "IncentiveGauges_AnyWeights",
    source: GAUGES,
    find: "        if (sum != BPS) revert IncentiveGauges_BadWeights(sum, BPS);\n",
    replace: "",
    why: "a vote can weigh more than all of it",
  },
  // ------------------------------------------------------------------ payment
  {
    name: "IncentiveGauges_NoCap",
    source: GAUGES,
    find: "return Math.min(share, (baseOf(epoch, splitId) * REBATE_BPS) / BPS);",
    replace: "return share;",
    why: "who has the votes has the budget",
  },
  {
    name: "IncentiveGauges_WholeBudget",
    source: GAUGES,
    find: "(budgetOf(epoch) * votes) / totalVotes[epoch]",
    replace: "budgetOf(epoch)",
    why: "every asset with a vote has the whole budget",
  },
  {
    name: "IncentiveGauges_PaysAgain",
    source: GAUGES,
    find: "        if (_gauges[epoch][splitId].paid != 0) revert IncentiveGauges_AlreadyPaid(epoch, splitId);\n",
    replace: "",
    why: "an asset is paid as often as one likes",
  },
  {
    name: "IncentiveGauges_PaysEarly",
    source: GAUGES,
    find: "        if (current < epoch + 2) revert IncentiveGauges_TooEarly(epoch, epoch + 2, current);\n",
    replace: "",
    why: "who is paid before all have voted gets a larger part of the budget",
  },
];
