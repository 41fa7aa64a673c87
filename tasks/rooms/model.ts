import { hashOf } from "../lib/files.ts";
import { facts, percentOfBps } from "../lib/format.ts";
import { describePublished, lineageFrom } from "../lib/lineages.ts";
import { formatAsset } from "../lib/references.ts";
import { knownSplit, shareTable, sharesOf } from "../lib/splits.ts";
import type { Runs } from "../rooms.ts";
import type { MODELS } from "../verbs/assets.ts";

export const runs: Runs<typeof MODELS> = {
  register: async (context, args) => {
    const terms = { minShareBps: args.minShare, open: !args.closed };
    const lineage = await lineageFrom(context, args);
    const transaction = await context.protocol.models.register.populateTransaction(terms, lineage);
    return {
      steps: [{ what: "Registers a model.", transaction }],
      report: async (done) => await describePublished({ context, done, kind: "model" }),
    };
  },

  fork: async (context, { parent, maxParent, uri, document }) => {
    const { models } = context.protocol;
    const { id, version } = await context.version(parent);
    const { minShareBps } = await models.termsOf(id);
    const least = await models.DEFAULT_FORK_BPS();
    const parentBps = minShareBps > least ? minShareBps : least;
    const transaction = await models.fork.populateTransaction(id, version, maxParent, uri, await hashOf(document));
    return {
      steps: [{ what: `Forks ${formatAsset({ kind: "model", id, version })}.`, transaction }],
      report: async (done) => {
        const { says, result } = await describePublished({ context, done, kind: "model" });
        return { says, result: { ...result, parentBps } };
      },
    };
  },

  publish: async (context, args) => {
    const { id } = await context.existing(args.model);
    const transaction = await context.protocol.models.publish.populateTransaction(id, await lineageFrom(context, args));
    return {
      steps: [{ what: `Publishes another version of model:${id}.`, transaction }],
      report: async (done) => await describePublished({ context, done, kind: "model", id }),
    };
  },

  show: async (context, { model }) => {
    const { models } = context.protocol;
    const { id, version } = await context.version(model);
    const [owner, terms, latest, splitId, registries] = await Promise.all([
      models.ownerOf(id),
      models.termsOf(id),
      models.latestVersion(id),
      models.splitOf(id, version),
      context.registries(),
    ]);
    const name = formatAsset({ kind: "model", id, version });
    const shares = sharesOf(context, registries, knownSplit(registries, { splitId, name }));
    return {
      says: [
        name,
        facts({
          owner: context.people.nameOf(owner),
          terms: `at least ${percentOfBps(terms.minShareBps)}, ${terms.open ? "open to everybody" : "licensees only"}`,
          versions: String(latest),
          split: splitId,
        }),
        shareTable(shares),
      ],
      result: { id, owner, minShareBps: terms.minShareBps, open: terms.open, latest, version, splitId, shares },
    };
  },
};
