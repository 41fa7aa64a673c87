import { act, flag, look, may, need, or } from "../lib/verb.ts";

const METADATA = {
  uri: or("text", "", "Where the document that describes it is."),
  document: may("file", "That document, whose hash is recorded; zero without it."),
};
const TERMS = {
  minShare: or("percent", "0", "Least part, in percent, that whoever builds on it has to give it."),
  closed: flag("Let only licensees build on it (asset:license)."),
};
const LINEAGE = {
  builders: or("builders", "me=8000", "Who made it, with units: alice=80,bob=20. `me` is who signs."),
  on: may("upstreams", "What it is built on, with units: datanet:1@1=20,model:2@1=10."),
  arbiter: or("arbiter", "none", "Who may redirect shares of it in a dispute: court, an address, or none."),
};
const CONTENT = {
  datanet: need("datanet", "The Datanet, such as datanet:1."),
  file: need("file", "The content."),
  license: or("text", "CC-BY-4.0", "The licence's name or text, whose hash is committed to."),
  uri: need("text", "Where the content can be found."),
};
const VERSION = { splitId: "hash", version: "uint" } as const;
const PUBLISHED = { id: "uint?", version: "uint?", splitId: "hash?" } as const;

export const DATANETS = {
  create: act({
    name: "datanet:create",
    description: "Creates a Datanet, where contributions go. Who signs owns it.",
    options: {
      curator: or("account", "me", "Who decides about contributions."),
      ownerPart: or("percent", "0", "What the owner takes of what it earns, in percent."),
      curatorPart: or("percent", "0", "What the curator takes of what it earns, in percent."),
      ...TERMS,
      arbiter: LINEAGE.arbiter,
      ...METADATA,
    },
    returns: { id: "uint?", owner: "address", curator: "address" },
    example: "datanet:create --curator-part 5 --min-share 10 --uri https://example.org/datanet.json",
  }),
  contribute: act({
    name: "datanet:contribute",
    description: "Submits a contribution by a transaction of the contributor's. The curator decides about it.",
    options: CONTENT,
    returns: { number: "uint?", contentRoot: "hash", byteLength: "uint", evidence: "hash", contributor: "address" },
    example:
      "datanet:contribute --datanet datanet:1 --file speech.txt --uri https://example.org/speech.txt --from alice",
  }),
  sign: act({
    name: "datanet:sign",
    description: "Signs a contribution, which costs nothing, into a file for the curator.",
    options: { ...CONTENT, out: need("file", "File to write.") },
    returns: { out: "text", contributor: "address", evidence: "hash", signature: "text" },
    example:
      "datanet:sign --datanet datanet:1 --file poem.txt --uri https://example.org/poem.txt --out poem.json --from bob",
  }),
  accept: act({
    name: "datanet:accept",
    description: "Accepts contributions, the next of the queue or signed ones, and publishes a version.",
    options: {
      datanet: CONTENT.datanet,
      units: need("uints", "Units of each, in their order; 0 rejects one of the queue: 7,0,5."),
      signed: may("files", "Files that contributors signed, instead of the queue."),
      size: may("uint", "Size of the log that was looked at. Without it, as it is now."),
    },
    returns: { version: "uint?", accepted: "uint", rejected: "uint" },
    example: "datanet:accept --datanet datanet:1 --units 7 --from carol",
  }),
  reject: act({
    name: "datanet:reject",
    description: "Rejects the next submissions of the queue unseen.",
    options: { datanet: CONTENT.datanet, count: need("uint", "How many.") },
    returns: { rejected: "uint" },
    example: "datanet:reject --datanet datanet:1 --count 3 --from carol",
  }),
  revoke: act({
    name: "datanet:revoke",
    description: "Takes a contribution out of versions to come. Its contributor may, and the curator.",
    options: { datanet: CONTENT.datanet, index: need("uint", "Its place in the log, from 0 (datanet:version).") },
    returns: { version: "uint?", index: "uint", contributor: "address" },
    example: "datanet:revoke --datanet datanet:1 --index 0 --from alice",
  }),
  curate: act({
    name: "datanet:curate",
    description: "Changes the curator, and what owner and curator take of versions to come.",
    options: {
      datanet: CONTENT.datanet,
      curator: need("account", "Who decides about contributions from now on."),
      ownerPart: or("percent", "0", "What the owner takes, in percent."),
      curatorPart: or("percent", "0", "What the curator takes, in percent."),
    },
    returns: { id: "uint", curator: "address", ownerBps: "uint", curatorBps: "uint" },
    example: "datanet:curate --datanet datanet:1 --curator dave --curator-part 5",
  }),
  version: look({
    name: "datanet:version",
    description: "Shows a version: its split, and the contributions in it.",
    options: { datanet: need("datanet", "The version, such as datanet:1@2; the newest one without a number.") },
    returns: {
      ...VERSION,
      logSplitId: "hash",
      units: "uint",
      contributions: [{ index: "number", contributor: "address", units: "uint", evidence: "hash" }],
    },
    example: "datanet:version --datanet datanet:1@1",
  }),
  show: look({
    name: "datanet:show",
    description: "Shows a Datanet: who runs it, its terms, its versions, and what waits in its queue.",
    options: { datanet: CONTENT.datanet },
    returns: {
      id: "uint",
      owner: "address",
      curator: "address",
      ownerBps: "uint",
      curatorBps: "uint",
      minShareBps: "uint",
      open: "flag",
      arbiter: "address",
      size: "uint",
      units: "uint",
      version: "uint",
      queue: [{ number: "uint", contributor: "address", bytes: "uint", uri: "text" }],
    },
    example: "datanet:show --datanet datanet:1",
  }),
} as const;

export const ASSETS = {
  terms: act({
    name: "asset:terms",
    description: "Sets what those who build on an asset from now on have to give it.",
    options: { asset: need("asset", "The asset."), ...TERMS },
    returns: { minShareBps: "uint", open: "flag" },
    example: "asset:terms --asset model:1 --min-share 10",
  }),
  license: act({
    name: "asset:license",
    description: "Lets somebody build on a closed asset, or ends that for what is to come.",
    options: {
      asset: need("asset", "The asset."),
      licensee: need("account", "Who may build on it."),
      end: flag("End it instead."),
    },
    returns: { licensee: "address", allowed: "flag" },
    example: "asset:license --asset model:1 --licensee bob",
  }),
  describe: act({
    name: "asset:describe",
    description: "Points to another document that describes an asset.",
    options: { asset: need("asset", "The asset."), ...METADATA },
    returns: { metadataHash: "hash" },
    example: "asset:describe --asset datanet:1 --uri https://example.org/datanet.json --document datanet.json",
  }),
  transfer: act({
    name: "asset:transfer",
    description: "Gives an asset to another owner. Shares of versions that exist stay whose they are.",
    options: { asset: need("asset", "The asset."), to: need("account", "The new owner.") },
    returns: { to: "address" },
    example: "asset:transfer --asset model:1 --to bob",
  }),
} as const;

export const MODELS = {
  register: act({
    name: "model:register",
    description: "Registers a model with its first version: who made it, and on what it is built.",
    options: { ...LINEAGE, ...TERMS, ...METADATA },
    returns: PUBLISHED,
    example: "model:register --on datanet:1@1=2000 --min-share 5 --uri https://example.org/model.json --from dave",
  }),
  fork: act({
    name: "model:fork",
    description: "Registers a model built on one version of another, with the parent's terms.",
    options: {
      parent: need("model", "What it is a fork of, such as model:1@1."),
      maxParent: or("percent", "50", "Most that the parent may get, in percent."),
      ...METADATA,
    },
    returns: { ...PUBLISHED, parentBps: "uint" },
    example: "model:fork --parent model:1@1 --uri https://example.org/fork.json --from erin",
  }),
  publish: act({
    name: "model:publish",
    description: "Publishes another version of a model.",
    options: { model: need("model", "The model."), ...LINEAGE, ...METADATA },
    returns: PUBLISHED,
    example: "model:publish --model model:1 --on datanet:1@2=2000 --from dave",
  }),
  show: look({
    name: "model:show",
    description: "Shows a model: its owner, its terms, and what its versions pay.",
    options: { model: need("model", "The model, with a version if not the newest.") },
    returns: {
      id: "uint",
      owner: "address",
      minShareBps: "uint",
      open: "flag",
      latest: "uint",
      ...VERSION,
      shares: [{ to: "text", kind: "text", part: "number" }],
    },
    example: "model:show --model model:1",
  }),
} as const;

export const AGENTS = {
  register: act({
    name: "agent:register",
    description: "Registers an agent (ERC-8004), with a first version if it says what it is built on.",
    options: {
      ...LINEAGE,
      ...TERMS,
      agentUri: or("text", "", "Where the agent's registration file is."),
      ...METADATA,
    },
    returns: PUBLISHED,
    example: "agent:register --on model:2@1=4000 --agent-uri https://example.org/agent.json --from frank",
  }),
  publish: act({
    name: "agent:publish",
    description: "Publishes another version of an agent.",
    options: { agent: need("agent", "The agent."), ...LINEAGE, ...METADATA },
    returns: PUBLISHED,
    example: "agent:publish --agent agent:1 --on model:2@1=5000 --from frank",
  }),
  wallet: act({
    name: "agent:wallet",
    description: "Sets the wallet that an agent is paid at, which signs that it agrees; or clears it.",
    options: {
      agent: need("agent", "The agent."),
      to: may("account", "The wallet, one of the node's accounts."),
      clear: flag("Clear it instead."),
    },
    returns: { wallet: "address" },
    example: "agent:wallet --agent agent:1 --to grace --from frank",
  }),
  set: act({
    name: "agent:set",
    description: "Moves an agent's registration file, or sets a piece of its metadata (ERC-8004).",
    options: {
      agent: need("agent", "The agent."),
      agentUri: may("text", "Where the registration file is now."),
      key: may("text", "Name of the metadata."),
      value: may("text", "Its text."),
    },
    returns: { id: "uint" },
    example: "agent:set --agent agent:1 --key region --value eu",
  }),
  show: look({
    name: "agent:show",
    description: "Shows an agent: its owner, its wallet, its terms, and what its versions pay.",
    options: { agent: need("agent", "The agent, with a version if not the newest.") },
    returns: {
      id: "uint",
      owner: "address",
      wallet: "address",
      agentUri: "text",
      minShareBps: "uint",
      open: "flag",
      latest: "uint",
      version: "uint?",
      splitId: "hash?",
      shares: [{ to: "text", kind: "text", part: "number" }],
    },
    example: "agent:show --agent agent:1",
  }),
} as const;
