import { UserError } from "../../scripts/lib/script.ts";
import { hashOf } from "../lib/files.ts";
import { percentOfBps } from "../lib/format.ts";
import { formatAsset } from "../lib/references.ts";
import type { Runs } from "../rooms.ts";
import type { ASSETS } from "../verbs/assets.ts";

export const runs: Runs<typeof ASSETS> = {
  terms: async (context, { asset, minShare, closed }) => {
    const { id } = await context.existing(asset);
    const terms = { minShareBps: minShare, open: !closed };
    const transaction = await context.registryOf(asset).setTerms.populateTransaction(id, terms);
    return {
      steps: [{ what: `Sets the terms of ${formatAsset({ kind: asset.kind, id })}.`, transaction }],
      report: () => ({
        says: [`Whoever builds on it from now on gives it at least ${percentOfBps(minShare)}.`],
        result: terms,
      }),
    };
  },

  license: async (context, { asset, licensee, end }) => {
    const { id } = await context.existing(asset);
    const transaction = await context.registryOf(asset).setLicensee.populateTransaction(id, licensee, !end);
    const name = context.people.nameOf(licensee);
    const what = `${end ? "Ends" : "Gives"} ${name}'s licence of ${formatAsset({ kind: asset.kind, id })}.`;
    return {
      steps: [{ what, transaction }],
      report: () => ({
        says: [end ? `${name} can build no new versions on it.` : `${name} may build on it.`],
        result: { licensee, allowed: !end },
      }),
    };
  },

  describe: async (context, { asset, uri, document }) => {
    const { id } = await context.existing(asset);
    if (uri === "" && document === undefined) throw new UserError("Name the document: by --uri, --document, or both.");
    const metadataHash = await hashOf(document);
    const transaction = await context.registryOf(asset).describe.populateTransaction(id, uri, metadataHash);
    return {
      steps: [{ what: `Describes ${formatAsset({ kind: asset.kind, id })}.`, transaction }],
      report: () => ({ says: [`The document is at ${uri}, with the hash ${metadataHash}.`], result: { metadataHash } }),
    };
  },

  transfer: async (context, { asset, to }) => {
    const { id } = await context.existing(asset);
    const registry = context.registryOf(asset);
    const transaction = await registry.transferFrom.populateTransaction(await registry.ownerOf(id), to, id);
    return {
      steps: [{ what: `Gives ${formatAsset({ kind: asset.kind, id })} to ${context.people.nameOf(to)}.`, transaction }],
      report: () => ({ says: [`It is ${context.people.nameOf(to)}'s.`], result: { to } }),
    };
  },
};
