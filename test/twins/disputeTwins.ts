import type { Twin } from "./twins.ts";

const COURT = "contracts/disputes/DisputeCourt.sol";

export const DISPUTE_TWINS: readonly Twin[] = [
  // ------------------------------------------------------------------ which shares a case can hold
  {
    name: "DisputeCourt_HoldsAnybodys",
    source: COURT,
    find: `        if (Accounts.ownerOf(share.holder) != respondent) {
            revert DisputeCourt_NotRespondents(splitId, share.index, share.holder);
        }
`,
    replace: "",
    why: "a case can hold shares of somebody who is not accused, and shares that are held already",
  },
  {
    name: "DisputeCourt_AccusesItself",
    source: COURT,
    find: " || respondent == address(this)",
    replace: "",
    why: "what another case holds is the court's, and can be claimed from it",
  },
  {
    name: "DisputeCourt_SharedEscrow",
    source: COURT,
    find: "return uint96(caseId * MAX_SHARES + place);",
    replace: "return uint96(MAX_SHARES + place + 0 * caseId);",
    why: "cases have their shares' money in the same accounts",
  },
  {
    name: "DisputeCourt_SettlesAnyShares",
    source: COURT,
    find: "        if (keccak256(abi.encode(shares)) != c.sharesHash) revert DisputeCourt_OtherShares(caseId);\n",
    replace: "",
    why: "whoever settles a case says whose shares it held",
  },

  // ------------------------------------------------------------------ what a case costs
  {
    name: "DisputeCourt_NoBond",
    source: COURT,
    find: '        _bounded("bond", bond, needed, type(uint96).max);\n',
    replace: "        needed;\n",
    why: "cases are for free",
    also: [{ source: COURT, find: "        _takeFromWallet(bond);\n", replace: "" }],
  },
  {
    name: "DisputeCourt_BondOfClaimOnly",
    source: COURT,
    find: "(amount + escrowed) * BOND_BPS",
    replace: "(amount + 0 * escrowed) * BOND_BPS",
    why: "holding any amount of money costs the least bond",
  },

  // ------------------------------------------------------------------ rulings
  {
    name: "DisputeCourt_AnyoneRules",
    source: COURT,
    find: "uint256 caseId = _caseOf[IArbitrator(msg.sender)][disputeId];",
    replace: "uint256 caseId = _caseOf[IArbitrator(address(0))][disputeId];",
    why: "rulings count whoever makes them",
    also: [
      {
        source: COURT,
        find: "_caseOf[judge][disputeId] = caseId;",
        replace: "_caseOf[IArbitrator(address(0))][disputeId] = caseId;",
      },
    ],
  },
  {
    name: "DisputeCourt_RulesEarly",
    source: COURT,
    find: "        if (block.timestamp < from) revert DisputeCourt_TooEarly(caseId, from, block.timestamp);\n",
    replace: "",
    why: "a case is decided before the other side has been heard",
  },
  {
    name: "DisputeCourt_RulesLate",
    source: COURT,
    find: `        if (block.timestamp >= deadline) revert DisputeCourt_TooLate(caseId, deadline, block.timestamp);
        if (ruling > FOR_CLAIMANT)`,
    replace: "        deadline;\n        if (ruling > FOR_CLAIMANT)",
    why: "an arbitrator waits until the sides believe that nothing comes of it",
  },
  {
    name: "DisputeCourt_RulesAgain",
    source: COURT,
    find: "        Case storage c = _openCase(caseId);\n        uint256 from",
    replace: "        Case storage c = _cases[caseId];\n        uint256 from",
    why: "an arbitrator can sell its ruling twice, and wake cases that have ended",
  },

  // ------------------------------------------------------------------ the end of a case
  {
    name: "DisputeCourt_SettlesEarly",
    source: COURT,
    find: "            if (block.timestamp < deadline) revert DisputeCourt_TooEarly(caseId, deadline, block.timestamp);\n",
    replace: "            deadline;\n",
    why: "a respondent ends a case before anybody can rule on it",
  },
  {
    name: "DisputeCourt_SettlesTwice",
    source: COURT,
    find: "        stored.status = CaseStatus.Ended;\n",
    replace: "",
    why: "a bond is given back as often as somebody asks, out of those of other cases",
  },
  {
    name: "DisputeCourt_FreesBlindly",
    source: COURT,
    find: "if (ledger.redirectOf(splitId, share.index) == escrow) {",
    replace: "{",
    why: "a case undoes what a proof has decided meanwhile",
  },
  {
    name: "DisputeCourt_NoHold",
    source: COURT,
    find: "        if (claim.amount != 0) staking.hold(claim.respondent);\n",
    replace: "",
    why: "stake leaves while the arbitrator thinks",
    also: [{ source: COURT, find: "            staking.unhold(c.respondent);\n", replace: "" }],
  },

  // ------------------------------------------------------------------ slashes
  {
    name: "DisputeCourt_NoRulingCap",
    source: COURT,
    find: "Math.min(c.amount, cap)",
    replace: "Math.min(c.amount, cap + type(uint96).max)",
    why: "a ruling takes as much of a pool as a claimant dares to ask for",
  },
  {
    name: "DisputeCourt_PaysDelegatedStake",
    source: COURT,
    find: "uint256 left = (own * PAID_BPS) / BPS - bounty;",
    replace: "uint256 left = (slashed * PAID_BPS) / BPS - bounty;",
    why: "an operator has itself slashed and is paid with the stake of those who trusted it",
  },
  {
    name: "DisputeCourt_PunishesAgain",
    source: COURT,
    find: `        if (known) {
            if (!restored) revert DisputeCourt_NothingNew(fault.id);
            return;
        }
`,
    replace: "        (known, restored);\n",
    why: "one proof slashes again and again",
  },
  {
    name: "DisputeCourt_PunishesByVerifier",
    source: COURT,
    find: `        bool known = isPunished[fault.id];
        isPunished[fault.id] = true;
`,
    replace: `        bytes32 named = keccak256(abi.encode(verifier, fault.id));
        bool known = isPunished[named];
        isPunished[named] = true;
`,
    why: "a fault that two verifiers can show is punished twice",
  },
  {
    name: "DisputeCourt_RestoresOthers",
    source: COURT,
    find: "fault.restitution.arbiter == address(this)",
    replace: "fault.restitution.size != 0",
    why: "a proof about a split of another arbiter's moves a share of the court's split with the same shares",
  },
  {
    name: "DisputeCourt_LastProofWins",
    source: COURT,
    find: "        if (rank != 0 && rank <= uint256(r.rank) + 1) return false;\n",
    replace: "        rank;\n",
    why: "a worse proof takes a share from whom a better one has given it",
  },
  {
    name: "DisputeCourt_AnyVerifier",
    source: COURT,
    find: "        if (!isVerifier[address(verifier)]) revert DisputeCourt_UnknownVerifier(address(verifier));\n",
    replace: "",
    why: "anybody says what a fault is, and who is at fault",
  },
];
