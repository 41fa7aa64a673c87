import { AbiCoder, id, keccak256, ZeroAddress } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Person } from "./people.ts";
import type { Setting } from "./setting.ts";
import { splitShare, walletShare } from "./shares.ts";

const BPS = 10_000n;
const MILLI_OPEN = 10n ** 15n;
const CONSENT_SECONDS = 240;

/** A version of a Datanet, a model or an agent. */
export interface Asset {
  name: string;
  registry: string;
  id: bigint;
  version: bigint;
  split: Split;
}

/** An asset served by an operator at a price per 1,000 tokens. */
export interface Service {
  id: bigint;
  name: string;
  operator: Person;
  rateIn: bigint;
  rateOut: bigint;
  split: Split;
}

/** Registers assets and services, and checks that each contract made the split it should have made. */
export class Registrar {
  readonly #setting: Setting;
  readonly #catalogue: Catalogue;

  constructor({ setting, catalogue }: { setting: Setting; catalogue: Catalogue }) {
    this.#setting = setting;
    this.#catalogue = catalogue;
  }

  async registerModel({
    name,
    builder,
    builderUnits,
    pots = [],
    minShareBps,
    upstreams,
  }: {
    name: string;
    builder: Person;
    builderUnits: bigint;
    pots?: { account: string; units: bigint }[];
    minShareBps: bigint;
    upstreams: { asset: Asset; units: bigint }[];
  }): Promise<Asset> {
    const { protocol, sender, gas } = this.#setting;
    const card = id(`Model card of ${name}`);
    const builders = [{ account: walletAccount(builder.wallet.address), units: builderUnits }, ...pots].map((part) => ({
      ...part,
      evidence: card,
    }));
    const lineage = lineageOf({ builders, upstreams, metadataHash: card });
    const transaction = await protocol.models.register.populateTransaction({ minShareBps, open: true }, lineage);
    await gas.note("model: register", sender.send({ from: builder.wallet, transaction }));

    const modelId = await protocol.models.assetCount();
    const split = Split.from({
      shares: [
        ...builders.map(({ account, units, evidence }) => ({
          kind: ShareKind.Account,
          recipient: account,
          units,
          evidence,
        })),
        ...upstreams.map(upstreamShare),
      ],
    });
    const onChain = protocol.models.splitOf(modelId, 1n);
    await this.#catalogue.addSplit({ name, kind: "model", split, onChain });
    return { name, registry: await protocol.models.getAddress(), id: modelId, version: 1n, split };
  }

  /** Registers an agent with its owner, and gives it its own wallet, which signs that it agrees. */
  async registerAgent({
    name,
    ownerUnits,
    budget,
    budgetUnits,
    upstreams,
  }: {
    name: string;
    ownerUnits: bigint;
    budget: string;
    budgetUnits: bigint;
    upstreams: { asset: Asset; units: bigint }[];
  }): Promise<Asset> {
    const { protocol, sender, gas, provider, people } = this.#setting;
    const owner = people.workshop;
    const card = id(`Registration file of ${name}`);
    const builders = [
      { account: walletAccount(owner.wallet.address), units: ownerUnits, evidence: card },
      { account: budget, units: budgetUnits, evidence: card },
    ];
    const registration = await protocol.agents
      .getFunction(
        "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))",
      )
      .populateTransaction(
        "https://example.org/speechwriter/agent.json",
        { minShareBps: 0n, open: false },
        lineageOf({ builders, upstreams, metadataHash: card }),
      );
    await gas.note("agent: register", sender.send({ from: owner.wallet, transaction: registration }));

    const agentId = await protocol.agents.assetCount();
    const registry = await protocol.agents.getAddress();
    const newWallet = people.agent.wallet.address;
    const deadline = ((await provider.getBlock("latest"))?.timestamp ?? 0) + CONSENT_SECONDS;
    const consent = await people.agent.wallet.signTypedData(
      { name: "ERC8004IdentityRegistry", version: "1", chainId: sender.chainId, verifyingContract: registry },
      {
        AgentWalletSet: [
          { name: "agentId", type: "uint256" },
          { name: "newWallet", type: "address" },
          { name: "owner", type: "address" },
          { name: "deadline", type: "uint256" },
        ],
      },
      { agentId, newWallet, owner: owner.wallet.address, deadline },
    );
    const transaction = await protocol.agents.setAgentWallet.populateTransaction(agentId, newWallet, deadline, consent);
    await gas.note("agent: set wallet", sender.send({ from: owner.wallet, transaction }));

    const split = Split.from({
      shares: [
        walletShare({ person: owner, units: ownerUnits, evidence: card }),
        { kind: ShareKind.Account, recipient: budget, units: budgetUnits, evidence: card },
        ...upstreams.map(upstreamShare),
      ],
    });
    const onChain = protocol.agents.splitOf(agentId, 1n);
    await this.#catalogue.addSplit({ name, kind: "agent", split, onChain });
    return { name, registry, id: agentId, version: 1n, split };
  }

  /** Rates are in thousandths of an OPEN per 1,000 tokens. */
  async registerService({
    asset,
    operator,
    ...rates
  }: {
    asset: Asset;
    operator: Person;
    rateIn: bigint;
    rateOut: bigint;
  }): Promise<Service> {
    const { protocol, sender, gas, treasury } = this.#setting;
    const { services, feePolicy } = protocol;
    const [rateIn, rateOut] = [rates.rateIn * MILLI_OPEN, rates.rateOut * MILLI_OPEN];
    const transaction = await services.register.populateTransaction(
      asset.registry,
      asset.id,
      asset.version,
      rateIn,
      rateOut,
      "https://example.org/v1/chat/completions",
    );
    await gas.note("service: register", sender.send({ from: operator.wallet, transaction }));

    const serviceId = await services.serviceCount();
    const policy = await feePolicy.currentVersion();
    const evidence = await this.#serviceEvidence(serviceId, policy);
    const { treasuryBps, operatorBps, stakersBps } = await feePolicy.policyAt(policy);
    const split = Split.from({
      shares: [
        walletShare({ person: treasury, units: treasuryBps, evidence }),
        walletShare({ person: operator, units: operatorBps, evidence }),
        {
          kind: ShareKind.Account,
          recipient: await services.stakersAccount(operator.wallet),
          units: stakersBps,
          evidence,
        },
        splitShare({ to: asset.split, units: BPS - treasuryBps - operatorBps - stakersBps, evidence }),
      ],
    });
    const name = `${asset.name} at ${operator.name}`;
    await this.#catalogue.addSplit({ name, kind: "service", split, onChain: services.splitOf(serviceId) });
    return { id: serviceId, name, operator, rateIn, rateOut, split };
  }

  /** The treasury's split, which receives the fixed fee per call. */
  async platformSplit(): Promise<Split> {
    const { protocol, treasury } = this.#setting;
    const evidence = await this.#serviceEvidence(0n, 1n);
    const split = Split.from({ shares: [walletShare({ person: treasury, units: 1n, evidence })] });
    const onChain = protocol.services.platformSplitAt(1n);
    await this.#catalogue.addSplit({ name: "Platform fees", kind: "protocol", split, onChain });
    return split;
  }

  /** Evidence of a service's shares: the service and a version of the fee policy. */
  async #serviceEvidence(serviceId: bigint, policy: bigint): Promise<string> {
    const { protocol, sender } = this.#setting;
    return keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "uint256", "uint256"],
        [sender.chainId, await protocol.services.getAddress(), serviceId, policy],
      ),
    );
  }
}

function lineageOf({
  builders,
  upstreams,
  metadataHash,
}: {
  builders: { account: string; units: bigint; evidence: string }[];
  upstreams: { asset: Asset; units: bigint }[];
  metadataHash: string;
}): {
  builders: { account: string; units: bigint; evidence: string }[];
  upstreams: { registry: string; id: bigint; version: bigint; units: bigint }[];
  arbiter: string;
  metadataURI: string;
  metadataHash: string;
} {
  return {
    builders,
    upstreams: upstreams.map(({ asset: { registry, id, version }, units }) => ({ registry, id, version, units })),
    arbiter: ZeroAddress,
    metadataURI: "https://example.org/card.json",
    metadataHash,
  };
}

/** The share that a registry gives an upstream asset. */
function upstreamShare({ asset, units }: { asset: Asset; units: bigint }): Share {
  const { registry, id: assetId, version, split } = asset;
  const evidence = keccak256(
    AbiCoder.defaultAbiCoder().encode(["address", "uint256", "uint256"], [registry, assetId, version]),
  );
  return splitShare({ to: split, units, evidence });
}
