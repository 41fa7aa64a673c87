import { AbiCoder, id, keccak256, toUtf8Bytes, ZeroAddress, ZeroHash } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type Content, ContentTree, evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import { ContributionLog } from "../../sdk/log.ts";
import type {
  AssetIndex,
  Contribution,
  DatanetIndex,
  Fees,
  PersonIndex,
  ServiceIndex,
} from "../../sdk/scenario/scenario.ts";
import type { PinnedUpstream, ServiceSplit, Step } from "../../sdk/scenario/step.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import { type ContractName, expectSame, type Stage } from "./stage.ts";
import type { Mined } from "./sender.ts";

const BPS = 10_000n;
/** Contributions that fit into one transaction. */
const BATCH = 1_200;
const LICENCE = id("CC-BY-4.0");
const ANYBODY = { minShareBps: 0n, open: true };
const REGISTER_AGENT =
  "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))";

/** A version of a Datanet that was published. */
export interface DatanetVersion {
  /** On the chain, where one acceptance can make several versions. */
  number: bigint;
  /** What is paid; undefined if no contribution has units. */
  split: Split | undefined;
  log: Split;
}

/** A contribution that is in a log. */
interface Entry {
  contributor: PersonIndex;
  content: Content;
}

/** A Datanet with its log mirrored off chain. */
export interface BookedDatanet {
  id: bigint;
  arbiter: string;
  log: ContributionLog;
  entries: Entry[];
  /** By the model's number, from 1. */
  versions: Map<number, DatanetVersion>;
}

interface BookedAsset {
  id: bigint;
  registry: ContractName;
  /** Version 1 first. The chain counts them alike. */
  versions: Split[];
}

/** A service as it was registered. */
interface BookedService {
  id: bigint;
  splits: Map<string, Split>;
}

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Datanets, models, agents and services, each with the splits that the contracts must have made of it. */
export class Registries {
  readonly #stage: Stage;
  readonly #datanets = new Map<DatanetIndex, BookedDatanet>();
  readonly #assets = new Map<AssetIndex, BookedAsset>();
  readonly #services = new Map<ServiceIndex, BookedService>();
  readonly #fees = new Map<number, { fees: Fees; platform: Split }>();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.enact(1, stage.scenario.fees);
  }

  // ---------------------------------------------------------------- Datanets

  async createDatanet({ datanet }: StepOf<"createDatanet">): Promise<void> {
    const { scenario, contracts } = this.#stage;
    const { name, owner, curator, ownerBps, curatorBps, court } = scenario.datanets[datanet];
    const arbiter = court ? contracts.addresses.court : ZeroAddress;
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(owner),
      operation: "Datanet: create",
      contract: "datanets",
      name: "create",
      args: () => [
        { curator: this.#stage.walletOf(curator).address, ownerBps, curatorBps },
        ANYBODY,
        arbiter,
        uriOf(name),
        id(name),
      ],
    });
    this.#datanets.set(datanet, {
      id: contracts.event("datanets", "DatanetCreated", mined).uint("id"),
      arbiter,
      log: new ContributionLog({ arbiter }),
      entries: [],
      versions: new Map(),
    });
  }

  /** Has contributors sign, and the curator accept it all in one transaction if it is not too much for that. */
  async accept({ datanet, version, contributions }: StepOf<"accept">): Promise<void> {
    const booked = this.datanet(datanet);
    for (let first = 0; first < contributions.length; first += BATCH) {
      const mined = await this.#acceptBatch({ datanet, booked, batch: contributions.slice(first, first + BATCH) });
      if (first + BATCH >= contributions.length) this.#addVersion({ datanet, version, mined });
    }
  }

  async #acceptBatch({
    datanet,
    booked,
    batch,
  }: {
    datanet: DatanetIndex;
    booked: BookedDatanet;
    batch: readonly Contribution[];
  }): Promise<Mined> {
    const { scenario, contracts, chainId } = this.#stage;
    const size = booked.entries.length;
    const offers = batch.map(({ contributor, units, text }, i) => {
      const content = contentOf({ text, place: `${scenario.datanets[datanet].name}/${size + i}` });
      return { contributor, units, content, evidence: evidenceOf(content) };
    });
    const sign = ({ contributor, content }: (typeof offers)[number]): Promise<string> => {
      const contribution = { chainId, registry: contracts.addresses.datanets, datanetId: booked.id, content };
      return signContribution({ signer: this.#stage.walletOf(contributor), contribution });
    };
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(scenario.datanets[datanet].curator),
      operation: "Datanet: accept contributions",
      contract: "datanets",
      name: "acceptSigned",
      args: async () => [
        booked.id,
        size,
        offers.map(({ contributor, units, evidence }) => ({
          contributor: this.#stage.walletOf(contributor).address,
          units,
          evidence,
        })),
        packSignatures(await Promise.all(offers.map(sign))),
      ],
    });
    booked.log.append(
      offers.map(({ contributor, units, evidence }) => ({
        kind: ShareKind.Account,
        recipient: this.#stage.accountOf(contributor),
        units,
        evidence,
      })),
    );
    booked.entries.push(...offers);
    return mined;
  }

  /** Has a contributor take its contributions out of versions to come. */
  async revoke({ datanet, version, places }: StepOf<"revoke">): Promise<void> {
    const booked = this.datanet(datanet);
    for (const [i, place] of places.entries()) {
      const wallet = this.#stage.walletOf(booked.entries[place].contributor);
      const { share, siblings } = booked.log.revocationProof(place);
      const mined = await this.#stage.send({
        from: wallet,
        operation: "Datanet: revoke a contribution",
        contract: "datanets",
        name: "revoke",
        args: () => [
          booked.id,
          place,
          { contributor: wallet.address, units: share.units, evidence: share.evidence },
          encodeSumNodes(siblings),
        ],
      });
      booked.log.revoke(place);
      this.#addVersion({ datanet, version: version - places.length + 1 + i, mined });
    }
  }

  datanet(datanet: DatanetIndex): BookedDatanet {
    return found(this.#datanets.get(datanet), `Datanet ${datanet}`);
  }

  /** What versions of a Datanet are paid at, if anybody can be. */
  datanetSplits(datanet: DatanetIndex): Split[] {
    const versions = [...(this.#datanets.get(datanet)?.versions.values() ?? [])];
    return versions.flatMap(({ split }) => (split === undefined ? [] : [split]));
  }

  /** The version that the log makes as it is now: its split, wrapped with the shares of owner and curator if they have any. */
  #addVersion({ datanet, version, mined }: { datanet: DatanetIndex; version: number; mined: Mined }): void {
    const { scenario, contracts, books } = this.#stage;
    const { name, owner, curator, ownerBps, curatorBps } = scenario.datanets[datanet];
    const booked = this.datanet(datanet);
    const { split: log } = booked.log.latest;
    const event = contracts.event("datanets", "VersionPublished", mined);
    const number = event.uint("version");
    if (log.tree.totalUnits === 0n) {
      expectSame({ what: `The split of ${name} v${version}`, model: ZeroHash, chain: event.text("splitId") });
      booked.versions.set(version, { number, split: undefined, log });
      return;
    }
    const takenBps = BigInt(ownerBps + curatorBps);
    let split = log;
    books.add({ name: takenBps > 0n ? `${name} v${version} log` : `${name} v${version}`, split: log });
    if (takenBps > 0n) {
      const shares: Share[] = [
        { kind: ShareKind.Split, recipient: log.id, units: BPS - takenBps, evidence: ZeroHash },
        this.#walletShare(owner, BigInt(ownerBps), id("datanet owner")),
        this.#walletShare(curator, BigInt(curatorBps), id("datanet curator")),
      ];
      split = Split.from({ shares, arbiter: booked.arbiter });
      books.add({ name: `${name} v${version}`, split });
    }
    expectSame({ what: `The log of ${name} v${version}`, model: log.id, chain: event.text("logSplitId") });
    expectSame({ what: `The split of ${name} v${version}`, model: split.id, chain: event.text("splitId") });
    booked.versions.set(version, { number, split, log });
  }

  // ---------------------------------------------------------------- models and agents

  async publish({ asset, version, ownerUnits, budgetUnits, upstreams }: StepOf<"publish">): Promise<void> {
    const { scenario, contracts, books } = this.#stage;
    const { name, kind, owner, agent } = scenario.assets[asset];
    const registry: ContractName = kind === "model" ? "models" : "agents";
    const card = id(`${name} v${version}`);
    const builders = [
      { person: owner, units: ownerUnits },
      ...(agent === undefined ? [] : [{ person: agent.wallet, units: budgetUnits }]),
    ].filter(({ units }) => units > 0n);
    const lineage = {
      builders: builders.map(({ person, units }) => ({
        account: this.#stage.accountOf(person),
        units,
        evidence: card,
      })),
      upstreams: upstreams.map((upstream) => this.#upstreamOf(upstream)),
      arbiter: ZeroAddress,
      metadataURI: uriOf(`${name}/v${version}`),
      metadataHash: card,
    };
    const shares: Share[] = [
      ...builders.map(({ person, units }) => this.#walletShare(person, units, card)),
      ...upstreams.map((upstream) => this.#upstreamShare(upstream)),
    ];
    const known = this.#assets.get(asset);
    const from = this.#stage.walletOf(owner);
    let mined: Mined;
    if (known !== undefined) {
      const args = (): unknown[] => [known.id, lineage];
      mined = await this.#stage.send({
        from,
        operation: `${kind}: publish`,
        contract: registry,
        name: "publish",
        args,
      });
    } else if (kind === "model") {
      const args = (): unknown[] => [ANYBODY, lineage];
      mined = await this.#stage.send({
        from,
        operation: "model: register",
        contract: registry,
        name: "register",
        args,
      });
    } else {
      const args = (): unknown[] => [uriOf(name), ANYBODY, lineage];
      const call = { operation: "agent: register", contract: registry, name: REGISTER_AGENT, args };
      mined = await this.#stage.send({ from, ...call });
    }
    const event = contracts.event(registry, "VersionPublished", mined);
    const booked = known ?? { id: event.uint("id"), registry, versions: [] };
    const split = Split.from({ shares });
    books.add({ name: `${name} v${version}`, split });
    expectSame({ what: `The split of ${name} v${version}`, model: split.id, chain: event.text("splitId") });
    expectSame({ what: `The version of ${name}`, model: BigInt(version), chain: event.uint("version") });
    booked.versions.push(split);
    this.#assets.set(asset, booked);
  }

  /** What versions of an asset are paid at. */
  assetSplits(asset: AssetIndex): readonly Split[] {
    return this.#assets.get(asset)?.versions ?? [];
  }

  #upstreamOf(upstream: PinnedUpstream): { registry: string; id: bigint; version: bigint; units: bigint } {
    const { addresses } = this.#stage.contracts;
    const { units } = upstream;
    if ("datanet" in upstream) {
      const { id: datanetId } = this.datanet(upstream.datanet);
      return { registry: addresses.datanets, id: datanetId, version: this.#datanetVersion(upstream).number, units };
    }
    const { id: assetId, registry } = this.#asset(upstream.asset);
    return { registry: addresses[registry], id: assetId, version: BigInt(upstream.version), units };
  }

  /** The share that a registry gives an upstream asset. */
  #upstreamShare(upstream: PinnedUpstream): Share {
    const { registry, id: assetId, version, units } = this.#upstreamOf(upstream);
    const split =
      "datanet" in upstream
        ? found(this.#datanetVersion(upstream).split, "A Datanet's split")
        : this.#asset(upstream.asset).versions[upstream.version - 1];
    const evidence = keccak256(
      AbiCoder.defaultAbiCoder().encode(["address", "uint256", "uint256"], [registry, assetId, version]),
    );
    return { kind: ShareKind.Split, recipient: split.id, units, evidence };
  }

  #datanetVersion({ datanet, version }: { datanet: DatanetIndex; version: number }): DatanetVersion {
    return found(this.datanet(datanet).versions.get(version), `Version ${version} of Datanet ${datanet}`);
  }

  #asset(asset: AssetIndex): BookedAsset {
    return found(this.#assets.get(asset), `Asset ${asset}`);
  }

  // ---------------------------------------------------------------- services

  async serve({ service, version }: StepOf<"serve">): Promise<void> {
    const { scenario, contracts } = this.#stage;
    const { name, asset, rateIn, rateOut } = scenario.services[service];
    const { id: assetId, registry, versions } = this.#asset(asset);
    const mined = await this.#operate(service, "service: register", "register", () => [
      contracts.addresses[registry],
      assetId,
      version,
      rateIn,
      rateOut,
      uriOf(name),
    ]);
    const serviceId = contracts.event("services", "ServiceRegistered", mined).uint("serviceId");
    this.#services.set(service, { id: serviceId, splits: new Map() });
    this.#expectServed({ service, split: versions[version - 1], mined });
  }

  async serveVersion({ service, version }: StepOf<"serveVersion">): Promise<void> {
    const { versions } = this.#asset(this.#stage.scenario.services[service].asset);
    const mined = await this.#operate(service, "service: serve a version", "setVersion", () => [
      this.serviceId(service),
      version,
    ]);
    this.#expectServed({ service, split: versions[version - 1], mined });
  }

  async setRates({ service, rateIn, rateOut }: StepOf<"setRates">): Promise<void> {
    await this.#operate(service, "service: set rates", "setRates", () => [this.serviceId(service), rateIn, rateOut]);
  }

  async setActive({ service, active }: StepOf<"setActive">): Promise<void> {
    await this.#operate(service, "service: set active", "setActive", () => [this.serviceId(service), active]);
  }

  serviceId(service: ServiceIndex): bigint {
    return found(this.#services.get(service), `Service ${service}`).id;
  }

  #operate(service: ServiceIndex, operation: string, name: string, args: () => unknown[]): Promise<Mined> {
    const from = this.#stage.operatorWallet(this.#stage.scenario.services[service].operator);
    return this.#stage.send({ from, operation, contract: "services", name, args });
  }

  #expectServed({ service, split, mined }: { service: ServiceIndex; split: Split; mined: Mined }): void {
    const chain = this.#stage.contracts.event("services", "ServedVersionSet", mined).text("assetSplitId");
    expectSame({ what: `What ${this.#stage.scenario.services[service].name} serves`, model: split.id, chain });
  }

  // ---------------------------------------------------------------- fees

  /** Takes in a policy, by the model's number. */
  enact(policy: number, fees: Fees): void {
    const evidence = this.#serviceEvidence(0n, policy);
    const shares = [{ kind: ShareKind.Account, recipient: this.#stage.treasury, units: 1n, evidence }];
    const platform = Split.from({ shares });
    this.#stage.books.add({ name: `Fixed fees under policy ${policy}`, split: platform, isShared: true });
    this.#fees.set(policy, { fees, platform });
  }

  /** The treasury's split, which receives the fixed fees. */
  platformSplit(policy: number): Split {
    return this.#policy(policy).platform;
  }

  /** Number that a policy of the model has on the chain. */
  policyOnChain(policy: number): number {
    return this.#stage.firstPolicy + policy - 1;
  }

  /** What a service is paid at. */
  splitOf({ service, version, policy }: ServiceSplit): Split {
    const { scenario, books, contracts } = this.#stage;
    const { asset, operator, name } = scenario.services[service];
    const booked = found(this.#services.get(service), `Service ${service}`);
    const key = `${version} ${policy}`;
    const known = booked.splits.get(key);
    if (known !== undefined) return known;
    const { treasuryBps, operatorBps, stakersBps } = this.#policy(policy).fees;
    const evidence = this.#serviceEvidence(booked.id, policy);
    const staking = contracts.addresses.staking;
    const { address } = this.#stage.operatorWallet(operator);
    const share = (recipient: string, units: number): Share => {
      return { kind: ShareKind.Account, recipient, units: BigInt(units), evidence };
    };
    const split = Split.from({
      shares: [
        share(this.#stage.treasury, treasuryBps),
        share(walletAccount(address), operatorBps),
        share(stakersAccount({ staking, operator: address }), stakersBps),
        {
          kind: ShareKind.Split,
          recipient: this.#asset(asset).versions[version - 1].id,
          units: BPS - BigInt(treasuryBps + operatorBps + stakersBps),
          evidence,
        },
      ],
    });
    books.add({ name: `${name} v${version} under policy ${policy}`, split });
    booked.splits.set(key, split);
    return split;
  }

  #policy(policy: number): { fees: Fees; platform: Split } {
    return found(this.#fees.get(policy), `Policy ${policy}`);
  }

  /** Evidence of a service's shares: the service and a version of the fee policy. */
  #serviceEvidence(serviceId: bigint, policy: number): string {
    const { chainId, contracts } = this.#stage;
    return keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "uint256", "uint256"],
        [chainId, contracts.addresses.services, serviceId, this.policyOnChain(policy)],
      ),
    );
  }

  #walletShare(person: PersonIndex, units: bigint, evidence: string): Share {
    return { kind: ShareKind.Account, recipient: this.#stage.accountOf(person), units, evidence };
  }
}

/** The ledger account of those who back an operator: a sub-account whose tag is the low 12 bytes of the operator's address. */
export function stakersAccount({ staking, operator }: { staking: string; operator: string }): string {
  return `0x${operator.slice(-24)}${staking.slice(2)}`.toLowerCase();
}

function contentOf({ text, place }: { text: string; place: string }): Content {
  const bytes = toUtf8Bytes(text);
  return {
    contentRoot: ContentTree.from(bytes).contentRoot,
    byteLength: BigInt(bytes.length),
    licenseHash: LICENCE,
    uriHash: id(uriOf(place)),
  };
}

function uriOf(name: string): string {
  return `urn:scenario:${encodeURIComponent(name)}`;
}

/** What a step needs and an earlier one has made. */
function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`${what} is not on the chain.`);
  return value;
}
