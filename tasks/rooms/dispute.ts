import { id as hashOfText, ZeroAddress } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { type Content, ContentTree } from "../../sdk/content.ts";
import { type ContractEvent, readEvents } from "../../sdk/contractEvents.ts";
import { readLogs } from "../../sdk/chainLogs.ts";
import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { CASE_EVENTS, casesIn } from "../../sdk/disputeCase.ts";
import type { SignedReceipt } from "../../sdk/receipt.ts";
import { encodeDraws, entitlementOf } from "../../sdk/split.ts";
import type { Context } from "../lib/context.ts";
import { Document, hashOf, readBytes } from "../lib/files.ts";
import { facts, open, openNumber, time } from "../lib/format.ts";
import { formatAsset, type AssetRef } from "../lib/references.ts";
import { knownSplit, splitNamed } from "../lib/splits.ts";
import { fromWallet } from "../lib/steps.ts";
import type { ArgsOf } from "../lib/verb.ts";
import type { Runs } from "../rooms.ts";
import type { DISPUTES } from "../verbs/power.ts";

const STATUSES = ["none", "open", "ruled", "ended"] as const;
const RULINGS = { nobody: 0n, respondent: 1n, claimant: 2n };
const VERIFIERS = ["equivocations", "duplicates", "settlements", "lineages"] as const;

type ProveArgs = ArgsOf<(typeof DISPUTES)["prove"]["options"]>;

async function checkCase(context: Context, caseId: bigint): Promise<void> {
  const count = await context.protocol.court.caseCount();
  if (caseId > 0n && caseId <= count) return;
  throw new UserError(
    `There is no case ${caseId}: this chain has ${count === 0n ? "none yet" : `cases 1 to ${count}`}.`,
  );
}

async function openedCases(context: Context): Promise<ContractEvent[]> {
  const events = await readEvents({ ...(await context.eventsOf("court")), events: CASE_EVENTS });
  return events.filter(({ name }) => name === "CaseOpened");
}

async function readReceipt(file: string): Promise<Pick<SignedReceipt, "receipt" | "signature">> {
  const document = await Document.read(file);
  const receipt = document.document("receipt");
  return {
    signature: document.bytes("signature"),
    receipt: {
      callId: receipt.bytes("callId"),
      payer: receipt.bytes("payer"),
      parentCallId: receipt.bytes("parentCallId"),
      serviceId: receipt.uint("serviceId"),
      inputHash: receipt.bytes("inputHash"),
      salt: receipt.bytes("salt"),
      childrenHash: receipt.bytes("childrenHash"),
      splitId: receipt.bytes("splitId"),
      assetSplitId: receipt.bytes("assetSplitId"),
      executor: receipt.bytes("executor"),
      outputRoot: receipt.bytes("outputRoot"),
      tokensIn: receipt.uint("tokensIn"),
      tokensOut: receipt.uint("tokensOut"),
      amount: receipt.uint("amount"),
      servedAt: receipt.uint("servedAt"),
    },
  };
}

async function duplicateProof(context: Context, args: ProveArgs): Promise<string> {
  const { datanet, first, later, content: file, license, uri } = args;
  if (datanet === undefined || first === undefined || later === undefined || file === undefined || uri === undefined) {
    throw new UserError("Say --datanet, --first, --later, --content and --uri.");
  }
  const asset: AssetRef & { version: bigint } = await context.version(datanet);
  const tree = ContentTree.from(await readBytes(file));
  const contentAt = (licence: string, at: string): Content => ({
    contentRoot: tree.contentRoot,
    byteLength: BigInt(tree.byteLength),
    licenseHash: hashOfText(licence),
    uriHash: hashOfText(at),
  });
  const registries = await context.registries();
  const log = registries.logOf(asset.id).version(Number(asset.version)).split;
  const splitId = await context.protocol.datanets.splitOf(asset.id, asset.version);
  const whole = knownSplit(registries, { splitId, name: formatAsset(asset) });
  return encodeDuplicateProof({
    version: {
      datanetId: asset.id,
      version: asset.version,
      log,
      ...(whole.id === log.id ? {} : { wrapping: whole }),
    },
    first: { index: Number(first), content: contentAt(license, uri) },
    later: { index: Number(later), content: contentAt(args.laterLicense ?? license, args.laterUri ?? uri) },
  });
}

async function proofFrom(context: Context, args: ProveArgs): Promise<string> {
  if (args.proof !== undefined) return args.proof;
  if (args.verifier === "equivocations") {
    if (args.receipts?.length !== 2)
      throw new UserError("Name two receipts of one call: --receipts one.json,other.json.");
    const [one, other] = await Promise.all(args.receipts.map(readReceipt));
    return encodeEquivocationProof(one, other);
  }
  if (args.verifier === "duplicates") return await duplicateProof(context, args);
  throw new UserError(`Proofs for ${args.verifier} are made with the SDK. Give one with --proof.`);
}

/** What an arbitrator charges for a case, in wei (ERC-792). */
async function feeOf({ protocol: { committee }, provider }: Context, arbitrator: string): Promise<bigint> {
  const data = committee.interface.encodeFunctionData("arbitrationCost", ["0x"]);
  return BigInt(await provider.call({ to: arbitrator, data }));
}

export const runs: Runs<typeof DISPUTES> = {
  prove: async (context, args) => {
    const verifier = VERIFIERS.find((name) => name === args.verifier) ?? "equivocations";
    const proof = await proofFrom(context, args);
    const address = context.deployment.contracts[verifier];
    const transaction = await context.protocol.court.prove.populateTransaction(address, proof);
    return {
      steps: [{ what: `Proves a fault to the court, by ${verifier}.`, transaction }],
      report: (done) => {
        const slashed = done.sum("FaultPunished", "slashed");
        return {
          says: [slashed === null ? "The proof is good." : `The operator's pool lost ${open(slashed)}.`],
          result: { verifier, slashed },
        };
      },
    };
  },

  open: async (context, args) => {
    const { court } = context.protocol;
    const { respondent, harmed, amount, shares = [] } = args;
    let draws = "0x";
    let escrowed = 0n;
    if (shares.length > 0) {
      const named = await splitNamed(context, args);
      const split = knownSplit(await context.registries(), named);
      const { size, totalUnits } = split.tree;
      const missing = shares.find((index) => index >= BigInt(size));
      if (missing !== undefined)
        throw new UserError(`${named.name} has ${size} shares, so there is none at ${missing}.`);
      const state = await context.ledgerState();
      const received = state.received(split.id).amount;
      for (const index of shares.map(Number)) {
        const { units } = split.tree.share(index);
        escrowed += entitlementOf({ received, units, totalUnits }) - state.drawn(split.id, index);
      }
      draws = encodeDraws(shares.map((index) => split.draw({ first: Number(index) })));
    }
    const bond = args.bond ?? (await court.bondFor(amount, escrowed));
    const evidenceHash = await hashOf(args.evidence);
    const claim = { respondent, harmed, amount, evidenceHash, evidenceURI: args.evidenceUri };
    const arbitrator = await court.arbitrator();
    const fee = arbitrator === ZeroAddress ? 0n : await feeOf(context, arbitrator);
    const { approvals, allowed } = await fromWallet(context, { spender: "court", amount: bond });
    const transaction = await court.open.populateTransaction(claim, bond, draws, { value: fee });
    const name = context.people.nameOf(respondent);
    return {
      steps: [
        ...approvals,
        { what: `Brings a case against ${name}, with a bond of ${open(bond)}.`, transaction, allowed },
      ],
      report: (done) => {
        const caseId = done.uint("CaseOpened", "caseId");
        return {
          says: [`Case ${caseId} against ${name} is open.`],
          result: { caseId, bond, respondent },
        };
      },
    };
  },

  evidence: async (context, { case: caseId, evidenceUri, evidence }) => {
    await checkCase(context, caseId);
    const evidenceHash = await hashOf(evidence);
    const transaction = await context.protocol.court.submitEvidence.populateTransaction(
      caseId,
      evidenceHash,
      evidenceUri,
    );
    return {
      steps: [{ what: `Adds evidence to case ${caseId}.`, transaction }],
      report: () => ({ says: [`It is at ${evidenceUri}.`], result: { caseId, evidenceHash } }),
    };
  },

  rule: async (context, { case: caseId, for: winner }) => {
    await checkCase(context, caseId);
    const opened = (await openedCases(context)).find(({ args }) => args.uint("caseId") === caseId);
    if (opened === undefined) throw new UserError(`The chain's logs do not have case ${caseId}.`);
    const ruling = RULINGS[winner as keyof typeof RULINGS];
    const { committee } = context.protocol;
    const transaction = await committee.vote.populateTransaction(opened.args.uint("disputeId"), ruling);
    return {
      steps: [{ what: `Votes for ${winner} in case ${caseId}.`, transaction }],
      report: async () => {
        const { status } = await context.protocol.court.caseOf(caseId);
        const state = STATUSES[Number(status)];
        const says = state === "ruled" ? "The case is decided: dispute:settle carries it out." : "The vote is counted.";
        return { says: [says], result: { caseId, ruling } };
      },
    };
  },

  settle: async (context, { case: caseId }) => {
    await checkCase(context, caseId);
    const { address, ...range } = await context.eventsOf("court");
    const logs = [];
    for await (const some of readLogs({ ...range, addresses: [address] })) logs.push(...some);
    const shares = casesIn({ logs, court: address }).find((one) => one.caseId === caseId)?.shares ?? [];
    const transaction = await context.protocol.court.settle.populateTransaction(caseId, shares);
    return {
      steps: [{ what: `Ends case ${caseId}.`, transaction }],
      report: () => ({
        says: [`${shares.length} share(s) are free, and the bond is divided.`],
        result: { caseId, shares: shares.length },
      }),
    };
  },

  show: async (context, { case: wanted }) => {
    const { court } = context.protocol;
    if (wanted !== undefined) await checkCase(context, wanted);
    const [evidenceSeconds, rulingSeconds, opened] = await Promise.all([
      court.evidenceSeconds(),
      court.rulingSeconds(),
      openedCases(context),
    ]);
    const held = await readEvents({ ...(await context.eventsOf("court")), events: CASE_EVENTS });
    const ids = opened.map(({ args }) => args.uint("caseId")).filter((id) => wanted === undefined || id === wanted);
    const cases = await Promise.all(
      ids.map(async (caseId) => {
        const { claimant, openedAt, status, ruling, respondent, bond, harmed, amount } = await court.caseOf(caseId);
        const shares = held.filter(({ name, args }) => name === "ShareHeld" && args.uint("caseId") === caseId).length;
        const evidenceUntil = openedAt + evidenceSeconds;
        const rulingUntil = evidenceUntil + rulingSeconds;
        const parties = { claimant, respondent, harmed };
        const state = STATUSES[Number(status)];
        return { caseId, status: state, ...parties, amount, bond, shares, evidenceUntil, rulingUntil, ruling };
      }),
    );
    const nameOf = (address: string): string => (address === ZeroAddress ? "nobody" : context.people.nameOf(address));
    return {
      says: [
        cases.length === 0 ? "There is no case yet." : `${cases.length} case(s)`,
        {
          columns: ["#no.", "status", "claimant", "respondent", "harmed", "#slash OPEN", "#bond OPEN", "#shares"],
          rows: cases.map(({ caseId, status, claimant, respondent, harmed, amount, bond, shares }) => [
            String(caseId),
            status,
            nameOf(claimant),
            nameOf(respondent),
            nameOf(harmed),
            openNumber(amount),
            openNumber(bond),
            String(shares),
          ]),
        },
        ...(wanted === undefined || cases.length === 0
          ? []
          : [facts({ "evidence until": time(cases[0].evidenceUntil), "ruling until": time(cases[0].rulingUntil) })]),
      ],
      result: { cases },
    };
  },
};
