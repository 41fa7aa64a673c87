import { toUtf8Bytes, ZeroAddress } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { signWalletConsent } from "../../sdk/agentWallet.ts";
import { facts, percentOfBps } from "../lib/format.ts";
import { describePublished, lineageFrom } from "../lib/lineages.ts";
import { formatAsset } from "../lib/references.ts";
import { knownSplit, shareTable, sharesOf } from "../lib/splits.ts";
import type { Runs } from "../rooms.ts";
import type { AGENTS } from "../verbs/assets.ts";

/** How long a wallet's consent is good; the registry takes five minutes at most. */
const CONSENT_SECONDS = 240n;

export const runs: Runs<typeof AGENTS> = {
  register: async (context, args) => {
    const { agents } = context.protocol;
    if (args.on === undefined) {
      const transaction = await agents["register(string)"].populateTransaction(args.agentUri);
      return {
        steps: [{ what: "Registers an agent.", transaction }],
        report: (done) => {
          const id = done.uint("Registered", "agentId");
          return {
            says: [`agent:${id} is registered, without a version yet: agent:publish makes one.`],
            result: { id, version: null, splitId: null },
          };
        },
      };
    }
    const terms = { minShareBps: args.minShare, open: !args.closed };
    const lineage = await lineageFrom(context, args);
    const register =
      agents[
        "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))"
      ];
    const transaction = await register.populateTransaction(args.agentUri, terms, lineage);
    return {
      steps: [{ what: "Registers an agent.", transaction }],
      report: async (done) => await describePublished({ context, done, kind: "agent" }),
    };
  },

  publish: async (context, args) => {
    const { id } = await context.existing(args.agent);
    const transaction = await context.protocol.agents.publish.populateTransaction(id, await lineageFrom(context, args));
    return {
      steps: [{ what: `Publishes another version of agent:${id}.`, transaction }],
      report: async (done) => await describePublished({ context, done, kind: "agent", id }),
    };
  },

  wallet: async (context, { agent, to, clear }) => {
    const { agents } = context.protocol;
    const { id } = await context.existing(agent);
    if (clear === (to !== undefined)) throw new UserError("Say either --to, or --clear.");
    if (to === undefined) {
      const transaction = await agents.unsetAgentWallet.populateTransaction(id);
      return {
        steps: [{ what: `Clears the wallet of agent:${id}.`, transaction }],
        report: () => ({ says: [`agent:${id} has no wallet.`], result: { wallet: ZeroAddress } }),
      };
    }
    const signer = to === context.me ? context.signer : context.people.unlocked(to);
    if (signer === undefined) throw new UserError(`Nothing here can sign for ${to}, and the wallet has to agree.`);
    const consent = {
      agentId: id,
      newWallet: to,
      owner: await agents.ownerOf(id),
      deadline: (await context.now()) + CONSENT_SECONDS,
    };
    const domain = { chainId: context.chainId, agents: context.deployment.contracts.agents };
    const signature = await signWalletConsent({ ...domain, signer, consent });
    const transaction = await agents.setAgentWallet.populateTransaction(id, to, consent.deadline, signature);
    const name = context.people.nameOf(to);
    return {
      steps: [{ what: `Makes ${name} the wallet of agent:${id}, which signed that it agrees.`, transaction }],
      report: () => ({ says: [`agent:${id} is paid at ${name}.`], result: { wallet: to } }),
    };
  },

  set: async (context, { agent, agentUri, key, value }) => {
    const { agents } = context.protocol;
    const { id } = await context.existing(agent);
    if ((key === undefined) !== (value === undefined)) throw new UserError("--key and --value belong together.");
    const steps = [];
    if (agentUri !== undefined) {
      const transaction = await agents.setAgentURI.populateTransaction(id, agentUri);
      steps.push({ what: `Moves the registration file of agent:${id} to ${agentUri}.`, transaction });
    }
    if (key !== undefined && value !== undefined) {
      const transaction = await agents.setMetadata.populateTransaction(id, key, toUtf8Bytes(value));
      steps.push({ what: `Sets "${key}" of agent:${id} to "${value}".`, transaction });
    }
    if (steps.length === 0) throw new UserError("Say what to set: --agent-uri, or --key and --value.");
    return { steps, report: () => ({ says: [`agent:${id} is up to date.`], result: { id } }) };
  },

  show: async (context, { agent }) => {
    const { agents } = context.protocol;
    const { id } = await context.existing(agent);
    const [owner, wallet, agentUri, terms, latest] = await Promise.all([
      agents.ownerOf(id),
      agents.getAgentWallet(id),
      agents.tokenURI(id),
      agents.termsOf(id),
      agents.latestVersion(id),
    ]);
    const head = { id, owner, wallet, agentUri, minShareBps: terms.minShareBps, open: terms.open, latest };
    const known = facts({
      owner: context.people.nameOf(owner),
      wallet: wallet === ZeroAddress ? "none" : context.people.nameOf(wallet),
      "registration file": agentUri === "" ? "none" : agentUri,
      terms: `at least ${percentOfBps(terms.minShareBps)}, ${terms.open ? "open to everybody" : "licensees only"}`,
      versions: String(latest),
    });
    if (latest === 0n) {
      return { says: [`agent:${id}`, known], result: { ...head, version: null, splitId: null, shares: [] } };
    }
    const { version } = await context.version(agent);
    const splitId = await agents.splitOf(id, version);
    const registries = await context.registries();
    const name = formatAsset({ kind: "agent", id, version });
    const shares = sharesOf(context, registries, knownSplit(registries, { splitId, name }));
    return { says: [name, known, shareTable(shares)], result: { ...head, version, splitId, shares } };
  },
};
