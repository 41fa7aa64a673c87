import { AbiCoder, getAddress, keccak256, type Provider } from "ethers";

import { encodeAccount, walletAccount } from "./account.ts";
import { ZERO_WORD } from "./bytes.ts";
import { type LogPosition, readLogs } from "./chainLogs.ts";
import { ContributionLog } from "./log.ts";
import { decodeRegistryLog, type FeePolicy, type LoggedRegistryEvent, type RegistryName } from "./registryEvents.ts";
import { type Share, ShareKind } from "./share.ts";
import { Split } from "./split.ts";

/** Where the registries stand. */
export interface RegistryAddresses {
  datanets: string;
  models: string;
  agents: string;
  feePolicy: string;
  services: string;
  /** `staking()` of the services. */
  staking: string;
}

/**
 * What a split stands for. A Datanet's log is the split of its contributions alone; its version has the owner's and the
 * curator's share beside it, if they take any, and is the same split otherwise.
 */
export type SplitOrigin =
  | { kind: "datanet" | "datanetLog" | "model" | "agent"; id: bigint; version: number }
  | { kind: "service"; id: bigint; policyVersion: number; assetSplitId: string }
  | { kind: "platform"; policyVersion: number };

/** A service as far as its split goes. */
interface Service {
  operator: string;
  /** Undefined until the version it serves is known, which is in the same transaction. */
  assetSplitId: string | undefined;
}

const ADDRESS_TAG_MASK = (1n << 96n) - 1n;
const BPS = 10_000n;

/** All splits that registries have made, rebuilt from their events alone. Every id is compared with the one on chain. */
export class RegistryState {
  readonly #addresses: RegistryAddresses;
  readonly #chainId: bigint;
  #nextBlock: number;
  #last: LogPosition | undefined;
  readonly #splits = new Map<string, Split>();
  readonly #origins = new Map<string, SplitOrigin>();
  readonly #logs = new Map<bigint, ContributionLog>();
  readonly #services = new Map<bigint, Service>();
  #policy: { version: number; policy: FeePolicy } | undefined;

  /**
   * @param chainId Of the chain the registries are on: services' evidence names it.
   * @param firstBlock Block in which the first registry was deployed, or any before it.
   */
  constructor({
    addresses,
    chainId,
    firstBlock = 0,
  }: {
    addresses: RegistryAddresses;
    chainId: bigint;
    firstBlock?: number;
  }) {
    this.#addresses = addresses;
    this.#chainId = chainId;
    this.#nextBlock = firstBlock;
  }

  /** First block whose events are still missing. */
  get nextBlock(): number {
    return this.#nextBlock;
  }

  /** All splits so far, those of old versions and policies too. */
  get splits(): Iterable<Split> {
    return this.#splits.values();
  }

  /** The split with this id. */
  split(splitId: string): Split | undefined {
    return this.#splits.get(splitId);
  }

  /** What a split stands for. */
  originOf(splitId: string): SplitOrigin | undefined {
    return this.#origins.get(splitId);
  }

  /** Who operates a service; undefined if there is no such service. */
  operatorOf(serviceId: bigint): string | undefined {
    return this.#services.get(serviceId)?.operator;
  }

  /**
   * The log of a Datanet, with all its versions and proofs.
   *
   * @throws RangeError if there is no such Datanet.
   */
  logOf(datanetId: bigint): ContributionLog {
    const log = this.#logs.get(datanetId);
    if (log === undefined) throw new RangeError(`There is no Datanet ${datanetId} up to block ${this.#nextBlock - 1}.`);
    return log;
  }

  /** Folds all events up to `toBlock` that the state has not seen. May be called again after a failure. */
  async follow({
    provider,
    toBlock,
    blocksPerRequest,
  }: {
    provider: Provider;
    toBlock: number;
    blocksPerRequest?: number;
  }): Promise<void> {
    const { datanets, models, agents, feePolicy, services } = this.#addresses;
    const registries = new Map<string, RegistryName>([
      [getAddress(datanets), "datanet"],
      [getAddress(models), "model"],
      [getAddress(agents), "agent"],
      [getAddress(feePolicy), "policy"],
      [getAddress(services), "service"],
    ]);
    const range = { fromBlock: this.#nextBlock, toBlock, ...(blocksPerRequest !== undefined && { blocksPerRequest }) };
    for await (const logs of readLogs({ provider, addresses: [...registries.keys()], ...range })) {
      for (const log of logs) {
        const registry = registries.get(getAddress(log.address));
        const event = registry && decodeRegistryLog({ log, registry });
        if (event !== undefined && !this.#isBehind(event)) this.apply(event);
      }
    }
    this.#nextBlock = Math.max(this.#nextBlock, toBlock + 1);
  }

  /**
   * Folds one event. Events must come in the order of the chain and without gaps.
   *
   * @throws RangeError if the event was folded before, or a split that it leads to is not the one on chain: events are
   * missing then, or the addresses are of registries that do not belong together.
   */
  apply(event: LoggedRegistryEvent): void {
    if (this.#isBehind(event)) {
      throw new RangeError(`Log ${event.logIndex} of block ${event.blockNumber} comes before events folded already.`);
    }
    switch (event.name) {
      case "DatanetCreated":
        this.#logs.set(event.id, new ContributionLog({ arbiter: event.arbiter }));
        break;
      case "ContributionsAccepted": {
        const log = this.logOf(event.id);
        if (log.size !== event.firstIndex) {
          throw new RangeError(
            `Datanet ${event.id} has ${log.size} contributions, but the next one is number ${event.firstIndex}.`,
          );
        }
        log.append(
          event.contributions
            .filter(({ units }) => units > 0n)
            .map(({ contributor, units, evidence }) => accountShare(walletAccount(contributor), units, evidence)),
        );
        break;
      }
      case "ContributionRevoked":
        this.logOf(event.id).revoke(event.index);
        break;
      case "DatanetVersionPublished": {
        const { id, version, splitId, logSplitId, shares } = event;
        // A version without units cannot be paid and has no split.
        if (splitId === ZERO_WORD) break;
        const log = this.logOf(id);
        const { split } = log.version(version);
        this.#add({ split, expected: logSplitId, origin: { kind: "datanetLog", id, version } });
        const wrapped = shares.length === 0 ? split : Split.from({ shares, arbiter: log.arbiter });
        this.#add({ split: wrapped, expected: splitId, origin: { kind: "datanet", id, version } });
        break;
      }
      case "LineageVersionPublished": {
        const { registry, id, version, splitId, arbiter, shares } = event;
        this.#add({
          split: Split.from({ shares, arbiter }),
          expected: splitId,
          origin: { kind: registry, id, version },
        });
        break;
      }
      case "PolicySet": {
        this.#policy = event;
        const evidence = this.#serviceEvidence(0n, event.version);
        const split = Split.from({ shares: [accountShare(event.policy.treasury, 1n, evidence)] });
        this.#add({ split, expected: split.id, origin: { kind: "platform", policyVersion: event.version } });
        for (const [id, service] of this.#services) this.#addServiceSplit(id, service);
        break;
      }
      case "ServiceRegistered":
        this.#services.set(event.id, { operator: event.operator, assetSplitId: undefined });
        break;
      case "ServedVersionSet": {
        const service = this.#services.get(event.id);
        if (service === undefined)
          throw new RangeError(`Service ${event.id} serves a version, but was not registered.`);
        service.assetSplitId = event.assetSplitId;
        this.#addServiceSplit(event.id, service);
        break;
      }
    }
    this.#last = { blockNumber: event.blockNumber, logIndex: event.logIndex };
    this.#nextBlock = Math.max(this.#nextBlock, event.blockNumber);
  }

  #add({ split, expected, origin }: { split: Split; expected: string; origin: SplitOrigin }): void {
    if (split.id !== expected) {
      throw new RangeError(
        `The split of ${origin.kind} ${"id" in origin ? origin.id : origin.policyVersion} should be ${expected}, ` +
          `but its shares make ${split.id}.`,
      );
    }
    this.#splits.set(split.id, split);
    // Anybody can publish the same shares again under another name, so the first one stands for them; but a version without
    // owner's and curator's shares is its log.
    const known = this.#origins.get(split.id);
    const isOwnLog = known?.kind === "datanetLog" && origin.kind === "datanet" && known.id === origin.id;
    if (known === undefined || isOwnLog) this.#origins.set(split.id, origin);
  }

  /** Adds the split that a service's payments go to from now on. */
  #addServiceSplit(id: bigint, { operator, assetSplitId }: Service): void {
    if (this.#policy === undefined || assetSplitId === undefined) return;
    const { version, policy } = this.#policy;
    const evidence = this.#serviceEvidence(id, version);
    const { treasury, treasuryBps, operatorBps, stakersBps } = policy;
    const operatorAccount = walletAccount(operator);
    const stakers = encodeAccount({ address: this.#addresses.staking, tag: BigInt(operator) & ADDRESS_TAG_MASK });
    const asset = BPS - treasuryBps - operatorBps - stakersBps;
    const split = Split.from({
      shares: [
        accountShare(treasury, treasuryBps, evidence),
        accountShare(operatorAccount, operatorBps, evidence),
        accountShare(stakers, stakersBps, evidence),
        { kind: ShareKind.Split, recipient: assetSplitId, units: asset, evidence },
      ],
    });
    const origin = { kind: "service", id, policyVersion: version, assetSplitId } as const;
    this.#add({ split, expected: split.id, origin });
  }

  #serviceEvidence(serviceId: bigint, policyVersion: number): string {
    const types = ["uint256", "address", "uint256", "uint256"];
    const values = [this.#chainId, this.#addresses.services, serviceId, policyVersion];
    return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
  }

  #isBehind({ blockNumber, logIndex }: LogPosition): boolean {
    const last = this.#last ?? { blockNumber: this.#nextBlock, logIndex: -1 };
    return blockNumber < last.blockNumber || (blockNumber === last.blockNumber && logIndex <= last.logIndex);
  }
}

function accountShare(recipient: string, units: bigint, evidence: string): Share {
  return { kind: ShareKind.Account, recipient, units, evidence };
}
