import { act, choice, flag, look, may, need, or } from "../lib/verb.ts";

const OPERATOR = { operator: or("account", "me", "On whom.") };

export const STAKES = {
  add: act({
    name: "stake:add",
    description: "Stakes OPEN on an operator: at first on oneself, to serve.",
    options: { ...OPERATOR, amount: need("amount", "How much."), fromBalance: flag("From the balance in the ledger.") },
    returns: { operator: "address", amount: "amount" },
    example: "stake:add --amount 1000 --from grace",
  }),
  thaw: act({
    name: "stake:thaw",
    description: "Begins to take stake out. It stays at risk until it has thawed.",
    options: { ...OPERATOR, shares: may("uint", "How many shares of the pool (stake:show); all without it.") },
    returns: { operator: "address", shares: "uint" },
    example: "stake:thaw --from grace",
  }),
  restake: act({
    name: "stake:restake",
    description: "Makes all that thaws stake again.",
    options: OPERATOR,
    returns: { operator: "address" },
    example: "stake:restake --from grace",
  }),
  withdraw: act({
    name: "stake:withdraw",
    description: "Takes thawed stake into the balance in the ledger.",
    options: OPERATOR,
    returns: { operator: "address", amount: "amount?" },
    example: "stake:withdraw --from grace",
  }),
  rewards: act({
    name: "stake:rewards",
    description: "Claims rewards into the balance in the ledger; or takes in what services have left to stakers.",
    options: { ...OPERATOR, harvest: flag("Take in what services have left. Anybody may.") },
    returns: { operator: "address", amount: "amount?" },
    example: "stake:rewards --harvest --operator grace",
  }),
  commission: act({
    name: "stake:commission",
    description: "Sets what an operator keeps of its stakers' rewards. More is in force after the time of a thaw.",
    options: { part: need("percent", "In percent.") },
    returns: { commissionBps: "uint" },
    example: "stake:commission --part 10 --from grace",
  }),
  delegate: act({
    name: "stake:delegate",
    description: "Lets somebody else vote with one's stake.",
    options: { to: need("account", "Who votes; oneself ends it.") },
    returns: { to: "address" },
    example: "stake:delegate --to alice --from grace",
  }),
  show: look({
    name: "stake:show",
    description: "Shows an operator's pool, and what somebody has in it.",
    options: {
      operator: need("account", "The operator."),
      staker: may("account", "The staker; the operator without it."),
    },
    returns: {
      operator: "address",
      staker: "address",
      pool: "amount",
      slashable: "amount",
      commissionBps: "uint",
      holds: "uint",
      eligible: "flag",
      staked: "amount",
      shares: "uint",
      thawing: "amount",
      thawedAt: "uint",
      votes: "uint",
    },
    example: "stake:show --operator grace",
  }),
} as const;

const CASE = { case: need("uint", "The case's number.") };

export const DISPUTES = {
  prove: act({
    name: "dispute:prove",
    description: "Punishes a fault that a proof shows.",
    options: {
      verifier: choice(
        ["equivocations", "duplicates", "settlements", "lineages"],
        "equivocations",
        "What the proof is of.",
      ),
      receipts: may("files", "Two signed receipts of one call, for equivocations."),
      datanet: may("datanet", "The version that holds one content twice, for duplicates."),
      first: may("uint", "Place in its log that the content stood at first."),
      later: may("uint", "Place that it stands at again."),
      content: may("file", "The content."),
      license: or("text", "CC-BY-4.0", "Its licence, as in datanet:contribute."),
      uri: may("text", "Where it can be found, as in datanet:contribute."),
      laterLicense: may("text", "Licence of the second one, if another."),
      laterUri: may("text", "Where the second one can be found, if elsewhere."),
      proof: may("bytes", "Any other proof, as the SDK encodes it."),
    },
    returns: { verifier: "text", slashed: "amount?" },
    example: "dispute:prove --verifier equivocations --receipts one.json,other.json",
  }),
  open: act({
    name: "dispute:open",
    description: "Brings a case before the committee, with a bond.",
    options: {
      respondent: need("account", "Whose stake and shares it is about."),
      harmed: or("arbiter", "none", "Whom the shares and the slash are to go to; none burns them."),
      amount: or("amount", "0", "What to slash."),
      service: may("uint", "Split whose shares the case is to hold: a service's,"),
      asset: may("asset", "an asset's,"),
      split: may("hash", "or by its id."),
      shares: may("uints", "Which of its shares, by their index."),
      bond: may("amount", "The bond; the least that the court asks for without it."),
      evidenceUri: or("text", "", "Where the evidence is."),
      evidence: may("file", "The evidence, whose hash is recorded."),
    },
    returns: { caseId: "uint?", bond: "amount", respondent: "address" },
    example: "dispute:open --respondent grace --harmed alice --amount 100 --evidence-uri https://example.org/evidence",
  }),
  evidence: act({
    name: "dispute:evidence",
    description: "Adds evidence to a case while it is collected.",
    options: {
      ...CASE,
      evidenceUri: need("text", "Where the evidence is."),
      evidence: may("file", "The evidence, whose hash is recorded."),
    },
    returns: { caseId: "uint", evidenceHash: "hash" },
    example: "dispute:evidence --case 1 --evidence-uri https://example.org/more --from grace",
  }),
  rule: act({
    name: "dispute:rule",
    description: "Votes on a case, as a member of the committee. The vote that completes the quorum rules.",
    options: { ...CASE, for: choice(["claimant", "respondent", "nobody"], "nobody", "For whom.") },
    returns: { caseId: "uint", ruling: "uint" },
    example: "dispute:rule --case 1 --for claimant --from grace",
  }),
  settle: act({
    name: "dispute:settle",
    description: "Carries out the ruling of a case, or ends one that was not ruled on in time. Anybody may.",
    options: CASE,
    returns: { caseId: "uint", shares: "number" },
    example: "dispute:settle --case 1",
  }),
  show: look({
    name: "dispute:show",
    description: "Shows a case, or all there are.",
    options: { case: may("uint", "The case's number.") },
    returns: {
      cases: [
        {
          caseId: "uint",
          status: "text",
          claimant: "address",
          respondent: "address",
          harmed: "address",
          amount: "amount",
          bond: "amount",
          shares: "number",
          evidenceUntil: "uint",
          rulingUntil: "uint",
          ruling: "uint",
        },
      ],
    },
    example: "dispute:show",
  }),
} as const;

const PROPOSAL = { proposal: may("uint", "The proposal's id; the newest one without it.") };

export const GOVERNANCE = {
  proposeFees: act({
    name: "gov:propose-fees",
    description: "Proposes another fee policy. What is left out stays as it is.",
    options: {
      treasury: may("percent", "The treasury's part, in percent."),
      operator: may("percent", "Operators' part, in percent."),
      stakers: may("percent", "Their stakers' part, in percent."),
      platformFee: may("amount", "Fixed fee per call."),
      description: need("text", "Why."),
    },
    returns: {
      proposalId: "uint?",
      treasuryBps: "uint",
      operatorBps: "uint",
      stakersBps: "uint",
      platformFee: "amount",
    },
    example: 'gov:propose-fees --operator 35 --description "More for models" --from grace',
  }),
  propose: act({
    name: "gov:propose",
    description: "Proposes any other call of one of the protocol's contracts.",
    options: {
      contract: need("text", "The contract as the deployment calls it: staking, court, governor, …"),
      call: need("text", 'What it is told, such as "setMinSelfStake(uint256)".'),
      values: or("texts", "", "Its values, separated by commas."),
      description: need("text", "Why."),
    },
    returns: { proposalId: "uint?" },
    example:
      'gov:propose --contract staking --call "setMinSelfStake(uint256)" --values 2000000000000000000000 --description "More at stake"',
  }),
  vote: act({
    name: "gov:vote",
    description: "Votes on a proposal.",
    options: {
      ...PROPOSAL,
      support: choice(["for", "against", "abstain"], "for", "How."),
      reason: or("text", "", "Why."),
      pools: may("accounts", "Operators in whose pools others gave their votes to the voter."),
    },
    returns: { proposalId: "uint", weight: "uint?" },
    example: "gov:vote --support for --from grace",
  }),
  queue: act({
    name: "gov:queue",
    description: "Queues what passed in the Timelock. Anybody may.",
    options: PROPOSAL,
    returns: { proposalId: "uint" },
    example: "gov:queue",
  }),
  execute: act({
    name: "gov:execute",
    description: "Carries out what the Timelock has held long enough. Anybody may.",
    options: PROPOSAL,
    returns: { proposalId: "uint" },
    example: "gov:execute",
  }),
  cancel: act({
    name: "gov:cancel",
    description: "Cancels a proposal: its proposer until voting begins, the guardian in its time.",
    options: PROPOSAL,
    returns: { proposalId: "uint" },
    example: "gov:cancel --from grace",
  }),
  show: look({
    name: "gov:show",
    description: "Shows a proposal, or all there are, and the fee policy in force.",
    options: { proposal: may("uint", "The proposal's id.") },
    returns: {
      policyVersion: "uint",
      treasuryBps: "uint",
      operatorBps: "uint",
      stakersBps: "uint",
      platformFee: "amount",
      proposals: [
        {
          proposalId: "uint",
          state: "text",
          proposer: "address",
          description: "text",
          for: "uint",
          against: "uint",
          abstain: "uint",
          snapshot: "uint",
          deadline: "uint",
          eta: "uint",
        },
      ],
    },
    example: "gov:show",
  }),
} as const;
