import { act, choice, flag, look, may, need, or } from "../lib/verb.ts";

const SERVICE = { service: need("uint", "The service's number.") };
const USE = {
  tokensIn: or("uint", "0", "Tokens in, over all calls."),
  tokensOut: or("uint", "0", "Tokens out, over all calls."),
  calls: or("uint", "1", "How many calls."),
};
const TAG = or("uint", "0", "Which account of the owner's: 0 is the wallet's own.");
/** What a split can be named by. */
const OF = {
  service: may("uint", "A service's split."),
  asset: may("asset", "An asset's split, such as datanet:1@1."),
  split: may("hash", "A split by its id."),
};
const CHANNEL = { channel: need("text", "The channel's number, or its id.") };

export const SERVICES = {
  register: act({
    name: "service:register",
    description: "Offers a version of a model or an agent at a price. Who signs operates it, with stake.",
    options: {
      asset: need("asset", "What is served: model:1@1 or agent:1@1."),
      rateIn: need("amount", "OPEN per 1,000 tokens in."),
      rateOut: need("amount", "OPEN per 1,000 tokens out."),
      endpoint: need("text", "Where it answers."),
    },
    returns: { id: "uint?", operator: "address" },
    example:
      "service:register --asset model:1@1 --rate-in 0.2 --rate-out 0.8 --endpoint https://example.org/v1 --from grace",
  }),
  price: act({
    name: "service:price",
    description: "Changes the price of calls to come.",
    options: {
      ...SERVICE,
      rateIn: need("amount", "OPEN per 1,000 tokens in."),
      rateOut: need("amount", "OPEN per 1,000 tokens out."),
    },
    returns: { rateIn: "amount", rateOut: "amount" },
    example: "service:price --service 1 --rate-in 0.1 --rate-out 0.4 --from grace",
  }),
  serve: act({
    name: "service:serve",
    description: "Serves another version of the service's asset.",
    options: { ...SERVICE, assetVersion: need("uint", "The version.") },
    returns: { version: "uint" },
    example: "service:serve --service 1 --asset-version 2 --from grace",
  }),
  active: act({
    name: "service:active",
    description: "Begins or ceases to take calls.",
    options: { ...SERVICE, off: flag("Cease.") },
    returns: { active: "flag" },
    example: "service:active --service 1 --off --from grace",
  }),
  quote: look({
    name: "service:quote",
    description: "Says what calls cost now.",
    options: { ...SERVICE, ...USE },
    returns: { net: "amount", platformFee: "amount", cost: "amount", splitId: "hash", platformSplitId: "hash" },
    example: "service:quote --service 1 --tokens-in 1500 --tokens-out 500",
  }),
  show: look({
    name: "service:show",
    description: "Shows a service: its operator, its price, and who gets what of it.",
    options: SERVICE,
    returns: {
      operator: "address",
      active: "flag",
      eligible: "flag",
      asset: "text",
      rateIn: "amount",
      rateOut: "amount",
      splitId: "hash",
      shares: [{ to: "text", kind: "text", part: "number" }],
    },
    example: "service:show --service 1",
  }),
} as const;

export const TOKENS = {
  balance: look({
    name: "token:balance",
    description: "Shows what somebody has: OPEN in the wallet and in the ledger, and ether for gas.",
    options: { of: need("account", "Whose.") },
    returns: { address: "address", wallet: "amount", ledger: "amount", ether: "uint" },
    example: "token:balance --of alice",
  }),
  transfer: act({
    name: "token:transfer",
    description: "Sends OPEN to somebody.",
    options: { to: need("account", "Who gets it."), amount: need("amount", "How much.") },
    returns: { to: "address", amount: "amount" },
    example: "token:transfer --to grace --amount 2000",
  }),
  approve: act({
    name: "token:approve",
    description:
      "Lets somebody, as a rule a contract, take OPEN from the wallet. The other verbs do so when they have to.",
    options: {
      spender: need("account", "Who may take it: ledger, services, staking, …"),
      amount: need("amount", "How much."),
    },
    returns: { spender: "address", amount: "amount" },
    example: "token:approve --spender ledger --amount 10",
  }),
  permit: act({
    name: "token:permit",
    description: "Signs an approval that anybody can submit (EIP-2612), or submits one from a file.",
    options: {
      spender: may("account", "Who may take OPEN."),
      amount: may("amount", "How much."),
      validFor: or("duration", "1h", "How long it is good."),
      out: may("file", "File to write the signed permit to."),
      submit: may("file", "File with a signed permit to send."),
    },
    returns: { owner: "address", spender: "address", amount: "amount", deadline: "uint" },
    example: "token:permit --spender ledger --amount 10 --out permit.json --from alice",
  }),
} as const;

export const LEDGERS = {
  deposit: act({
    name: "ledger:deposit",
    description: "Puts OPEN of the wallet into an account of the ledger.",
    options: {
      amount: need("amount", "How much."),
      account: or("account", "me", "Whose account."),
      tag: TAG,
    },
    returns: { account: "hash", amount: "amount" },
    example: "ledger:deposit --amount 5 --from frank",
  }),
  withdraw: act({
    name: "ledger:withdraw",
    description: "Takes OPEN out of an own account of the ledger.",
    options: { amount: need("amount", "How much."), to: or("account", "me", "Where to."), tag: TAG },
    returns: { to: "address", amount: "amount" },
    example: "ledger:withdraw --amount 1 --from frank",
  }),
  transfer: act({
    name: "ledger:transfer",
    description: "Moves balance to another account of the ledger.",
    options: {
      amount: need("amount", "How much."),
      to: need("account", "Whose account."),
      tag: TAG,
      toTag: or("uint", "0", "Which account of theirs."),
      owner: may("account", "Whose balance it is, for a spender that the owner approved."),
    },
    returns: { amount: "amount", to: "hash" },
    example: "ledger:transfer --amount 1 --to bob --from frank",
  }),
  approve: act({
    name: "ledger:approve",
    description: "Lets somebody move balance out of an own account of the ledger.",
    options: { spender: need("account", "Who."), amount: need("amount", "How much."), tag: TAG },
    returns: { spender: "address", amount: "amount" },
    example: "ledger:approve --spender channels --amount 10 --from frank",
  }),
} as const;

export const PAYMENTS = {
  pay: act({
    name: "pay",
    description: "Pays for calls of a service, or an amount to any asset or split.",
    options: {
      ...OF,
      ...USE,
      amount: may("amount", "How much; a service's is what the tokens cost."),
      maximum: may("amount", "Most to pay, should the price change. Without it, what it costs now."),
      rail: choice(
        ["wallet", "balance", "signed", "transfer"],
        "wallet",
        "How: from the wallet, from the balance in the ledger, by a signed transfer that somebody else may " +
          "submit, or by a plain transfer to the split's address.",
      ),
      relayer: may("account", "Who submits the signed transfer."),
      memo: may("hash", "Hash of the call's receipt, or any other reference."),
    },
    returns: {
      payer: "address",
      rail: "text",
      splitId: "hash",
      amount: "amount",
      platformFee: "amount",
      calls: "uint",
    },
    example: "pay --service 1 --tokens-in 1500 --tokens-out 500 --from frank",
  }),
  release: act({
    name: "release",
    description: "Moves what shares of a split have earned to their recipients. Anybody may.",
    options: {
      ...OF,
      shares: may("uints", "Which shares, by their index; all without it."),
      payOut: flag("Send shares of wallets as tokens."),
    },
    returns: { splitId: "hash", shares: "number", expected: "amount", released: "amount?" },
    example: "release --service 1 --from bob",
  }),
  claim: act({
    name: "claim",
    description: "Plans which shares to release on the way to the claimant, and claims what arrives.",
    options: {
      to: or("account", "me", "Where the OPEN goes."),
      openPerEther: or("amount", "1000", "What an ether costs in OPEN, to tell whether it is worth the gas."),
      anyway: flag("Claim even at a loss, and release everything."),
    },
    returns: {
      account: "address",
      yield: "amount",
      balance: "amount",
      claimed: "amount?",
      gas: "number",
      costWei: "uint",
      worthwhile: "flag",
      hops: [{ split: "text", splitId: "hash", shares: "number", released: "amount" }],
    },
    example: "claim --from alice",
  }),
  redirect: act({
    name: "redirect",
    description: "Redirects what a share of a split earns, as the split's arbiter; nobody ends that.",
    options: {
      ...OF,
      index: need("uint", "The share."),
      to: or("arbiter", "none", "Who gets it from now on."),
    },
    returns: { splitId: "hash", index: "uint", to: "address" },
    example: "redirect --asset model:1@1 --index 0 --to bob",
  }),
} as const;

export const CHANNELS = {
  open: act({
    name: "channel:open",
    description: "Opens a channel to a service's operator with a deposit. Vouchers then cost nothing.",
    options: {
      ...SERVICE,
      deposit: need("amount", "How much."),
      delay: or("duration", "1h", "How long the operator has to settle once the payer wants its money back."),
      signer: or("account", "me", "Whose key signs vouchers."),
      salt: may("hash", "Tells channels apart that are otherwise the same."),
      fromBalance: flag("Deposit from the balance in the ledger."),
    },
    returns: { channelId: "hash", number: "uint?", deposit: "amount", operator: "address" },
    example: "channel:open --service 1 --deposit 5 --from frank",
  }),
  topUp: act({
    name: "channel:top-up",
    description: "Deposits more into a channel. Ends a wish to withdraw.",
    options: { ...CHANNEL, amount: need("amount", "How much."), fromBalance: flag("From the balance in the ledger.") },
    returns: { channelId: "hash", amount: "amount" },
    example: "channel:top-up --channel 1 --amount 2 --from frank",
  }),
  voucher: act({
    name: "channel:voucher",
    description: "Signs how much the operator may claim in total so far, into a file for it.",
    options: {
      ...CHANNEL,
      total: need("amount", "In total since the channel exists: what was spent before, too."),
      out: need("file", "File to write."),
    },
    returns: { channelId: "hash", total: "amount", out: "text", signature: "text" },
    example: "channel:voucher --channel 1 --total 1.5 --out voucher.json --from frank",
  }),
  settle: act({
    name: "channel:settle",
    description: "Settles vouchers of one channel or several, as their operator. Their splits are paid.",
    options: {
      vouchers: need("files", "Files that payers signed."),
      calls: or("uint", "1", "How many calls they pay for."),
      memo: may("hash", "Commitment to the receipts of all of them."),
      kept: flag("Put the settlement on record for other contracts."),
    },
    returns: {
      settled: "amount",
      vouchers: [{ channelId: "hash", total: "amount", status: "text" }],
    },
    example: "channel:settle --vouchers voucher.json --calls 3 --from grace",
  }),
  close: act({
    name: "channel:close",
    description: "Gives back what is left in a channel, as its operator. Settle first.",
    options: CHANNEL,
    returns: { channelId: "hash", amount: "amount", payer: "address" },
    example: "channel:close --channel 1 --from grace",
  }),
  withdraw: act({
    name: "channel:withdraw",
    description:
      "Takes back what is left in a channel, as its payer: first --request it, then, after the delay, take it.",
    options: { ...CHANNEL, request: flag("Ask for it.") },
    returns: { channelId: "hash", amount: "amount", requested: "flag" },
    example: "channel:withdraw --channel 1 --request --from frank",
  }),
  cap: act({
    name: "channel:cap",
    description: "Limits what an own operator may get in all, or lifts the limit.",
    options: {
      operator: need("account", "The operator."),
      amount: may("amount", "Most that channels with it may hold and have paid; no limit without it."),
    },
    returns: { operator: "address", capped: "flag", cap: "amount" },
    example: "channel:cap --operator grace --amount 100 --from frank",
  }),
  show: look({
    name: "channel:show",
    description: "Shows a channel, or all there are.",
    options: { channel: may("text", "Its number or its id.") },
    returns: {
      channels: [
        {
          number: "uint",
          channelId: "hash",
          payer: "address",
          signer: "address",
          operator: "address",
          splitId: "hash",
          delaySeconds: "uint",
          balance: "amount",
          settled: "amount",
          withdrawableAt: "uint",
        },
      ],
    },
    example: "channel:show",
  }),
} as const;

const JOB = { job: need("hash", "The job's id.") };

export const JOBS = {
  fund: act({
    name: "job:fund",
    description: "Asks a provider for a job that is paid on delivery, and puts the money aside.",
    options: {
      ...OF,
      provider: need("account", "Who delivers."),
      budget: need("amount", "What it is worth."),
      description: need("text", "What is asked for; its hash is recorded."),
      expires: or("duration", "1d", "How long the provider has."),
      acceptance: or("duration", "0s", "How long the client may dispute a delivery."),
      evaluator: or("arbiter", "none", "Who decides disputes."),
      evaluation: or("duration", "0s", "How long the evaluator has for it."),
      fromBalance: flag("From the balance in the ledger."),
    },
    returns: { jobId: "hash", budget: "amount", splitId: "hash" },
    example: 'job:fund --asset agent:1@1 --provider grace --budget 3 --description "a summary" --from frank',
  }),
  submit: act({
    name: "job:submit",
    description: "Delivers, as the job's provider.",
    options: {
      ...JOB,
      file: need("file", "What is delivered; its content root is recorded."),
      receipt: may("hash", "Hash of the receipt."),
    },
    returns: { jobId: "hash", deliverable: "hash" },
    example: "job:submit --job 0x… --file summary.txt --from grace",
  }),
  dispute: act({
    name: "job:dispute",
    description: "Disputes a delivery, as the job's client.",
    options: { ...JOB, reason: need("text", "Why; its hash is recorded.") },
    returns: { jobId: "hash" },
    example: 'job:dispute --job 0x… --reason "not what was asked for" --from frank',
  }),
  complete: act({
    name: "job:complete",
    description: "Has a delivery paid: as the client, as anybody after the acceptance window, or as the evaluator.",
    options: { ...JOB, reason: or("text", "", "Why; its hash is recorded.") },
    returns: { jobId: "hash", amount: "amount" },
    example: "job:complete --job 0x… --from frank",
  }),
  reject: act({
    name: "job:reject",
    description: "Gives the money back: as the provider before delivery, or as the evaluator.",
    options: { ...JOB, reason: or("text", "", "Why; its hash is recorded.") },
    returns: { jobId: "hash", amount: "amount" },
    example: "job:reject --job 0x… --from grace",
  }),
  refund: act({
    name: "job:refund",
    description: "Gives the money back to the client because nobody acted in time. Anybody may.",
    options: JOB,
    returns: { jobId: "hash", amount: "amount" },
    example: "job:refund --job 0x…",
  }),
  show: look({
    name: "job:show",
    description: "Shows a job, or all there are.",
    options: { job: may("hash", "The job's id.") },
    returns: {
      jobs: [
        {
          jobId: "hash",
          status: "text",
          client: "address",
          provider: "address",
          budget: "amount",
          splitId: "hash",
          expiredAt: "uint",
        },
      ],
    },
    example: "job:show",
  }),
} as const;

export const VIEWS = {
  lineage: look({
    name: "lineage",
    description: "Shows what stands behind a split or an asset, down to the contributors, with everybody's part.",
    options: {
      ...OF,
      depth: or("uint", "64", "How many splits deep to look."),
      top: or("uint", "20", "How many accounts to list."),
    },
    returns: {
      splitId: "hash",
      accounts: [{ account: "hash", name: "text", percent: "number" }],
      tree: [{ depth: "number", name: "text", splitId: "hash?", account: "hash?", index: "number", percent: "number" }],
    },
    example: "lineage --service 1",
  }),
  earnings: look({
    name: "earnings",
    description: "Shows what an account has earned, drawn and can claim, split by split.",
    options: { of: need("account", "Whose."), tag: TAG },
    returns: {
      account: "hash",
      earned: "amount",
      drawn: "amount",
      claimable: "amount",
      balance: "amount",
      splits: [
        { split: "text", splitId: "hash", shares: "number", earned: "amount", drawn: "amount", claimable: "amount" },
      ],
    },
    example: "earnings --of alice",
  }),
  usage: look({
    name: "usage",
    description: "Shows calls, payments and payouts to contributors, per service and asset and per period of blocks.",
    options: {
      blocks: may("uint", "Length of a period in blocks; one period without it."),
      since: may("uint", "First block; that of the deployment without it."),
    },
    returns: {
      periods: [
        {
          fromBlock: "number",
          toBlock: "number",
          calls: "uint",
          payments: "number",
          paid: "amount",
          contributorPayouts: "number",
          contributorAmount: "amount",
          contributors: "number",
          splits: [
            {
              split: "text",
              splitId: "hash",
              calls: "uint",
              payments: "number",
              paid: "amount",
              payouts: "number",
              paidOut: "amount",
            },
          ],
        },
      ],
    },
    example: "usage",
  }),
} as const;
