import { toUtf8Bytes, keccak256, id as hashOfText } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { decodeAccount } from "../../sdk/account.ts";
import { type Content, ContentTree, evidenceOf } from "../../sdk/content.ts";
import { packSignatures, recoverContributor, signContribution } from "../../sdk/contribution.ts";
import { concatBytes, toHex } from "../../sdk/bytes.ts";
import { readSubmissions, type Submission } from "../../sdk/submissions.ts";
import { packSumNode } from "../../sdk/sumNode.ts";
import type { Context } from "../lib/context.ts";
import { Document, hashOf, readBytes, writeDocument } from "../lib/files.ts";
import { facts, integer, percent, percentOfBps } from "../lib/format.ts";
import { type AssetRef, formatAsset } from "../lib/references.ts";
import type { Runs } from "../rooms.ts";
import type { DATANETS } from "../verbs/assets.ts";

const KIND = "signed contribution";

/** A contribution for the curator to accept. */
interface Accepted {
  contributor: string;
  units: bigint;
  evidence: string;
  signature: string;
}

async function contentOf({ file, license, uri }: { file: string; license: string; uri: string }): Promise<Content> {
  const bytes = await readBytes(file);
  if (bytes.length === 0) throw new UserError(`${file} is empty. A contribution has at least one byte.`);
  const tree = ContentTree.from(bytes);
  return {
    contentRoot: tree.contentRoot,
    byteLength: BigInt(tree.byteLength),
    licenseHash: hashOfText(license),
    uriHash: keccak256(toUtf8Bytes(uri)),
  };
}

/** Submissions that are not decided yet. */
async function queueOf(context: Context, { id }: AssetRef): Promise<Submission[]> {
  const { decided } = await context.protocol.datanets.queueOf(id);
  const all = await readSubmissions({ ...(await context.eventsOf("datanets")), datanetId: id });
  return all.filter(({ number }) => number > decided);
}

async function readSigned(context: Context, { id }: AssetRef, file: string, units: bigint): Promise<Accepted> {
  const document = await Document.read(file);
  const { datanets } = context.deployment.contracts;
  document.expect({ kind: KIND, chainId: context.chainId, contract: datanets });
  if (document.uint("datanetId") !== id) throw new UserError(`${file} is for datanet:${document.uint("datanetId")}.`);
  const contributor = await context.people.find(document.text("contributor"));
  const signature = document.bytes("signature");
  const fields = document.document("content");
  const content = {
    contentRoot: fields.bytes("contentRoot"),
    byteLength: fields.uint("byteLength"),
    licenseHash: fields.bytes("licenseHash"),
    uriHash: fields.bytes("uriHash"),
  };
  const contribution = { chainId: context.chainId, registry: datanets, datanetId: id, content };
  const isContract = (await context.provider.getCode(contributor)) !== "0x";
  if (!isContract && recoverOrNobody(contribution, signature) !== contributor) {
    throw new UserError(`${file} is not signed by ${contributor}, or was changed since. Ask for it again.`);
  }
  return { contributor, units, evidence: evidenceOf(content), signature };
}

function recoverOrNobody(
  contribution: Parameters<typeof recoverContributor>[0]["contribution"],
  signature: string,
): string {
  try {
    return recoverContributor({ contribution, signature });
  } catch {
    return "";
  }
}

export const runs: Runs<typeof DATANETS> = {
  create: async (context, args) => {
    const { datanets } = context.protocol;
    const { curator, ownerPart, curatorPart, minShare, closed, arbiter, uri, document } = args;
    const transaction = await datanets.create.populateTransaction(
      { curator, ownerBps: ownerPart, curatorBps: curatorPart },
      { minShareBps: minShare, open: !closed },
      arbiter,
      uri,
      await hashOf(document),
    );
    return {
      steps: [{ what: "Creates a Datanet.", transaction }],
      report: (done) => {
        const id = done.uint("DatanetCreated", "id");
        const owner = context.me;
        const names = [owner, curator].map((address) => context.people.nameOf(address));
        return {
          says: [`datanet:${id} is ${names[0]}'s, and ${names[1]} decides about contributions.`],
          result: { id, owner, curator },
        };
      },
    };
  },

  contribute: async (context, { datanet, file, license, uri }) => {
    const { id } = await context.existing(datanet);
    const content = await contentOf({ file, license, uri });
    const evidence = evidenceOf(content);
    const transaction = await context.protocol.datanets.submit.populateTransaction(id, content, uri);
    return {
      steps: [{ what: `Submits ${integer(content.byteLength)} bytes to datanet:${id}.`, transaction }],
      report: (done) => {
        const number = done.uint("ContributionSubmitted", "number");
        return {
          says: [`It is number ${number} in the queue.`, facts({ "content root": content.contentRoot, evidence })],
          result: {
            number,
            contentRoot: content.contentRoot,
            byteLength: content.byteLength,
            evidence,
            contributor: context.me,
          },
        };
      },
    };
  },

  sign: async (context, { datanet, file, license, uri, out }) => {
    const { id } = await context.existing(datanet);
    const content = await contentOf({ file, license, uri });
    const registry = context.deployment.contracts.datanets;
    const contribution = { chainId: context.chainId, registry, datanetId: id, content };
    return {
      steps: [],
      report: async ({ dry }) => {
        const signature = dry ? "" : await signContribution({ signer: context.signer, contribution });
        const contributor = context.me;
        const head = { kind: KIND, chainId: context.chainId, contract: registry, datanetId: id };
        if (!dry) await writeDocument(out, { ...head, contributor, content, uri, signature });
        const evidence = evidenceOf(content);
        return {
          says: [
            dry
              ? `${context.people.nameOf(contributor)} would sign ${integer(content.byteLength)} bytes for datanet:${id} into ${out}.`
              : `${context.people.nameOf(contributor)} signed ${integer(content.byteLength)} bytes for datanet:${id}. Give ${out} to the curator.`,
          ],
          result: { out, contributor, evidence, signature },
        };
      },
    };
  },

  accept: async (context, { datanet, units, signed, size }) => {
    const { datanets } = context.protocol;
    const { id } = await context.existing(datanet);
    const expected = size ?? (await datanets.logOf(id)).size;
    const accepted: Accepted[] = [];
    if (signed !== undefined) {
      if (signed.length !== units.length) {
        throw new UserError(`There are ${signed.length} files, but units for ${units.length}.`);
      }
      for (const [i, file] of signed.entries()) accepted.push(await readSigned(context, datanet, file, units[i]));
    } else {
      const queue = await queueOf(context, datanet);
      if (queue.length < units.length) {
        throw new UserError(`The queue of datanet:${id} has ${queue.length}, but there are units for ${units.length}.`);
      }
      accepted.push(...units.map((given, i) => ({ ...queue[i], units: given, signature: "" })));
    }
    const entries = accepted.map(({ contributor, units: given, evidence }) => ({
      contributor,
      units: given,
      evidence,
    }));
    const transaction =
      signed === undefined
        ? await datanets.accept.populateTransaction(id, expected, entries)
        : await datanets.acceptSigned.populateTransaction(
            id,
            expected,
            entries,
            packSignatures(accepted.map(({ signature }) => signature)),
          );
    const rejected = BigInt(entries.filter((entry) => entry.units === 0n).length);
    return {
      steps: [{ what: `Decides about ${entries.length} contribution(s) to datanet:${id}.`, transaction }],
      report: (done) => {
        const version = done.uint("VersionPublished", "version");
        return {
          says: [
            `datanet:${id}@${version} is published.`,
            {
              columns: ["contributor", "#units"],
              rows: entries.map((entry) => [
                context.people.nameOf(entry.contributor),
                entry.units === 0n ? "rejected" : integer(entry.units),
              ]),
            },
          ],
          result: { version, accepted: BigInt(entries.length) - rejected, rejected },
        };
      },
    };
  },

  reject: async (context, { datanet, count }) => {
    const { id } = await context.existing(datanet);
    const transaction = await context.protocol.datanets.reject.populateTransaction(id, count);
    return {
      steps: [{ what: `Rejects the next ${count} submission(s) to datanet:${id}.`, transaction }],
      report: () => ({ says: ["They are decided."], result: { rejected: count } }),
    };
  },

  revoke: async (context, { datanet, index }) => {
    const { id } = await context.existing(datanet);
    const log = (await context.registries()).logOf(id);
    if (index >= BigInt(log.size)) {
      throw new UserError(`datanet:${id} has ${log.size} contribution(s), so there is none at ${index}.`);
    }
    const { share, siblings } = log.revocationProof(Number(index));
    const contributor = decodeAccount(share.recipient).address;
    const transaction = await context.protocol.datanets.revoke.populateTransaction(
      id,
      index,
      { contributor, units: share.units, evidence: share.evidence },
      toHex(concatBytes(siblings.map(packSumNode))),
    );
    return {
      steps: [{ what: `Takes contribution ${index} out of datanet:${id}, for versions to come.`, transaction }],
      report: (done) => {
        const version = done.uint("VersionPublished", "version");
        return {
          says: [`datanet:${id}@${version} pays it no more. Older versions go on paying it.`],
          result: { version, index, contributor },
        };
      },
    };
  },

  curate: async (context, { datanet, curator, ownerPart, curatorPart }) => {
    const { id } = await context.existing(datanet);
    const curation = { curator, ownerBps: ownerPart, curatorBps: curatorPart };
    const transaction = await context.protocol.datanets.setCuration.populateTransaction(id, curation);
    return {
      steps: [{ what: `Sets who runs datanet:${id}, for versions to come.`, transaction }],
      report: () => ({
        says: [`${context.people.nameOf(curator)} decides about contributions from now on.`],
        result: { id, curator, ownerBps: ownerPart, curatorBps: curatorPart },
      }),
    };
  },

  version: async (context, { datanet }) => {
    const asset = await context.version(datanet);
    const { split } = (await context.registries()).logOf(asset.id).version(Number(asset.version));
    const splitId = await context.protocol.datanets.splitOf(asset.id, asset.version);
    const { tree } = split;
    const contributions = tree.shares({ first: 0, count: tree.size }).map((share, index) => ({
      index,
      contributor: decodeAccount(share.recipient).address,
      units: share.units,
      evidence: share.evidence,
    }));
    return {
      says: [
        `${formatAsset(asset)} has ${contributions.length} contribution(s).`,
        facts({ split: splitId, "split of the contributions": split.id }),
        {
          columns: ["#no.", "contributor", "#units", "#part"],
          rows: contributions.map(({ index, contributor, units }) => [
            String(index),
            context.people.nameOf(contributor),
            units === 0n ? "revoked" : integer(units),
            percent(Number(units) / Number(tree.totalUnits)),
          ]),
        },
      ],
      result: {
        splitId,
        version: asset.version,
        logSplitId: split.id,
        units: tree.totalUnits,
        contributions,
      },
    };
  },

  show: async (context, { datanet }) => {
    const { datanets } = context.protocol;
    const { id } = await context.existing(datanet);
    const [owner, curation, terms, arbiter, log, version, waiting] = await Promise.all([
      datanets.ownerOf(id),
      datanets.curationOf(id),
      datanets.termsOf(id),
      datanets.arbiterOf(id),
      datanets.logOf(id),
      datanets.latestVersion(id),
      queueOf(context, datanet),
    ]);
    const { curator, ownerBps, curatorBps } = curation;
    const nameOf = (address: string): string => context.people.nameOf(address);
    return {
      says: [
        `datanet:${id}`,
        facts({
          owner: `${nameOf(owner)}, takes ${percentOfBps(ownerBps)}`,
          curator: `${nameOf(curator)}, takes ${percentOfBps(curatorBps)}`,
          terms: `at least ${percentOfBps(terms.minShareBps)}, ${terms.open ? "open to everybody" : "licensees only"}`,
          contributions: `${log.size}, ${integer(log.units)} units`,
          versions: String(version),
          waiting: String(waiting.length),
        }),
        ...(waiting.length === 0
          ? []
          : [
              {
                columns: ["#no.", "contributor", "#bytes", "where"],
                rows: waiting.map(({ number, contributor, content, uri }) => [
                  String(number),
                  nameOf(contributor),
                  integer(content.byteLength),
                  uri,
                ]),
              },
            ]),
      ],
      result: {
        id,
        owner,
        curator,
        ownerBps,
        curatorBps,
        minShareBps: terms.minShareBps,
        open: terms.open,
        arbiter,
        size: log.size,
        units: log.units,
        version,
        queue: waiting.map(({ number, contributor, content, uri }) => ({
          number,
          contributor,
          bytes: content.byteLength,
          uri,
        })),
      },
    };
  },
};
