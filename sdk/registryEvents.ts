import { Interface } from "ethers";

import type { LogPosition, RawLog } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";
import { type Share, ShareKind } from "./share.ts";

const SHARES = "(uint8 kind, bytes32 recipient, uint128 units, bytes32 evidence)[] shares";

/** The DatanetRegistry's events that make splits, as ethers reads them. */
export const DATANET_EVENTS = new Interface([
  "event DatanetCreated(uint256 indexed id, address indexed owner, address arbiter)",
  "event ContributionsAccepted(uint256 indexed id, uint256 firstIndex, uint256 firstNumber, (address contributor, uint128 units, bytes32 evidence)[] contributions)",
  "event ContributionRevoked(uint256 indexed id, uint256 indexed index, address indexed by)",
  `event VersionPublished(uint256 indexed id, uint256 indexed version, bytes32 indexed splitId, bytes32 logSplitId, uint256 size, uint256 units, ${SHARES})`,
]);

/** The event of ModelRegistry and AgentRegistry that makes splits. */
export const LINEAGE_EVENTS = new Interface([
  `event VersionPublished(uint256 indexed id, uint256 indexed version, bytes32 indexed splitId, address arbiter, ${SHARES}, string metadataURI, bytes32 metadataHash)`,
]);

/** The FeePolicy's event. */
export const POLICY_EVENTS = new Interface([
  "event PolicySet(uint256 indexed version, (bytes32 treasury, uint16 treasuryBps, uint16 operatorBps, uint16 stakersBps, uint128 platformFee) policy)",
]);

/** The ServiceRegistry's events that make splits. */
export const SERVICE_EVENTS = new Interface([
  "event ServiceRegistered(uint256 indexed serviceId, address indexed operator, address indexed registry, uint256 assetId, string endpoint)",
  "event ServedVersionSet(uint256 indexed serviceId, uint256 assetVersion, bytes32 assetSplitId)",
]);

/** A contribution as a curator accepted it. */
export interface AcceptedContribution {
  contributor: string;
  /** Zero if it was rejected; it is not in the log then. */
  units: bigint;
  evidence: string;
}

/** A policy in force. Parts in basis points. */
export interface FeePolicy {
  /** Account. */
  treasury: string;
  treasuryBps: bigint;
  operatorBps: bigint;
  stakersBps: bigint;
}

/** What the registries report about splits. */
export type RegistryEvent =
  | { name: "DatanetCreated"; id: bigint; arbiter: string }
  | {
      name: "ContributionsAccepted";
      id: bigint;
      firstIndex: number;
      firstNumber: number;
      contributions: AcceptedContribution[];
    }
  | { name: "ContributionRevoked"; id: bigint; index: number }
  | {
      name: "DatanetVersionPublished";
      id: bigint;
      version: number;
      splitId: string;
      logSplitId: string;
      shares: Share[];
    }
  | {
      name: "LineageVersionPublished";
      registry: "model" | "agent";
      id: bigint;
      version: number;
      splitId: string;
      arbiter: string;
      shares: Share[];
    }
  | { name: "PolicySet"; version: number; policy: FeePolicy }
  | { name: "ServiceRegistered"; id: bigint; operator: string }
  | { name: "ServedVersionSet"; id: bigint; assetSplitId: string };

/** A registry's event with its place on the chain. */
export type LoggedRegistryEvent = RegistryEvent & LogPosition;

/** Which contract a log comes from. */
export type RegistryName = "datanet" | "model" | "agent" | "policy" | "service";

const INTERFACES: Record<RegistryName, Interface> = {
  datanet: DATANET_EVENTS,
  model: LINEAGE_EVENTS,
  agent: LINEAGE_EVENTS,
  policy: POLICY_EVENTS,
  service: SERVICE_EVENTS,
};

/** Reads a log of a registry; undefined if it has nothing to do with splits. */
export function decodeRegistryLog({
  log,
  registry,
}: {
  log: RawLog;
  registry: RegistryName;
}): LoggedRegistryEvent | undefined {
  const parsed = INTERFACES[registry].parseLog(log);
  if (parsed === null) return undefined;
  const event = decodeRegistryEvent({ registry, name: parsed.name, args: new EventArgs(parsed.args) });
  return { ...event, blockNumber: log.blockNumber, logIndex: log.index };
}

function decodeRegistryEvent({
  registry,
  name,
  args,
}: {
  registry: RegistryName;
  name: string;
  args: EventArgs;
}): RegistryEvent {
  switch (name) {
    case "DatanetCreated":
      return { name, id: args.uint("id"), arbiter: args.text("arbiter") };
    case "ContributionsAccepted":
      return {
        name,
        id: args.uint("id"),
        firstIndex: args.index("firstIndex"),
        firstNumber: args.index("firstNumber"),
        contributions: args.structs("contributions").map((contribution) => ({
          contributor: contribution.text("contributor"),
          units: contribution.uint("units"),
          evidence: contribution.text("evidence"),
        })),
      };
    case "ContributionRevoked":
      return { name, id: args.uint("id"), index: args.index("index") };
    case "VersionPublished": {
      const version = {
        id: args.uint("id"),
        version: args.index("version"),
        splitId: args.text("splitId"),
        shares: args.structs("shares").map(decodeShare),
      };
      return registry === "model" || registry === "agent"
        ? { name: "LineageVersionPublished", registry, arbiter: args.text("arbiter"), ...version }
        : { name: "DatanetVersionPublished", logSplitId: args.text("logSplitId"), ...version };
    }
    case "PolicySet": {
      const policy = args.struct("policy");
      return {
        name,
        version: args.index("version"),
        policy: {
          treasury: policy.text("treasury"),
          treasuryBps: policy.uint("treasuryBps"),
          operatorBps: policy.uint("operatorBps"),
          stakersBps: policy.uint("stakersBps"),
        },
      };
    }
    case "ServiceRegistered":
      return { name, id: args.uint("serviceId"), operator: args.text("operator") };
    case "ServedVersionSet":
      return { name, id: args.uint("serviceId"), assetSplitId: args.text("assetSplitId") };
    default:
      throw new TypeError(`There is no reader for the event ${name} of the ${registry} registry.`);
  }
}

function decodeShare(share: EventArgs): Share {
  return {
    kind: share.uint("kind") === BigInt(ShareKind.Account) ? ShareKind.Account : ShareKind.Split,
    recipient: share.text("recipient"),
    units: share.uint("units"),
    evidence: share.text("evidence"),
  };
}
