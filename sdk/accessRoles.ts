import { id, Interface, type Provider, ZeroHash } from "ethers";

import { readLogs } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";

/** Everything that changes what an OpenZeppelin AccessManager lets anybody do. */
export const ACCESS_EVENTS = new Interface([
  "event RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 since, bool newMember)",
  "event RoleRevoked(uint64 indexed roleId, address indexed account)",
  "event RoleAdminChanged(uint64 indexed roleId, uint64 indexed admin)",
  "event RoleGuardianChanged(uint64 indexed roleId, uint64 indexed guardian)",
  "event RoleGrantDelayChanged(uint64 indexed roleId, uint32 delay, uint48 since)",
  "event TargetFunctionRoleUpdated(address indexed target, bytes4 selector, uint64 indexed roleId)",
  "event TargetAdminDelayUpdated(address indexed target, uint32 delay, uint48 since)",
  "event TargetClosed(address indexed target, bool closed)",
  "event OperationScheduled(bytes32 indexed operationId, uint32 indexed nonce, uint48 schedule, address caller, address target, bytes data)",
  "event OperationExecuted(bytes32 indexed operationId, uint32 indexed nonce)",
  "event OperationCanceled(bytes32 indexed operationId, uint32 indexed nonce)",
]);

/** Everything that changes what an OpenZeppelin TimelockController lets anybody do. */
export const TIMELOCK_EVENTS = new Interface([
  "event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
  "event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
  "event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)",
  "event MinDelayChange(uint256 oldDuration, uint256 newDuration)",
  "event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data, bytes32 predecessor, uint256 delay)",
  "event CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value, bytes data)",
  "event Cancelled(bytes32 indexed id)",
]);

/** Roles of a TimelockController by their hashes. */
export const TIMELOCK_ROLES: ReadonlyMap<string, string> = new Map([
  [ZeroHash, "DEFAULT_ADMIN"],
  ...["PROPOSER", "EXECUTOR", "CANCELLER"].map((name): [string, string] => [id(`${name}_ROLE`), name]),
]);

/** A role that somebody holds. */
export interface RoleMember {
  role: bigint;
  account: string;
  /** Seconds that each of its calls has to wait. */
  executionDelay: bigint;
}

/** A function that needs a role. What is not listed needs role 0. */
export interface FunctionRole {
  target: string;
  selector: string;
  role: bigint;
}

/** What an AccessManager lets whom do, as all its events together have it. Zeros, which it begins with, are left out. */
export interface AccessRoles {
  /** Members, also those whose role has not begun yet. */
  members: RoleMember[];
  functions: FunctionRole[];
  /** The role that grants a role, where it is not role 0. */
  admins: ReadonlyMap<bigint, bigint>;
  /** The role that cancels what a role has scheduled, where it is not role 0. */
  guardians: ReadonlyMap<bigint, bigint>;
  /** Seconds until a granted role begins. */
  grantDelays: ReadonlyMap<bigint, bigint>;
  /** Seconds until it changes which role a contract's functions need. */
  adminDelays: ReadonlyMap<string, bigint>;
  /** Contracts whose restricted functions nobody can call. */
  closed: string[];
  /** Operations that have been scheduled, but neither executed nor cancelled. */
  pending: string[];
}

/** What a TimelockController lets whom do. */
export interface TimelockRoles {
  /** Role by name (or by hash, if it is no role of OpenZeppelin's), and its members. The zero address is everybody. */
  members: { role: string; account: string }[];
  /** Roles whose admin is not DEFAULT_ADMIN. */
  admins: ReadonlyMap<string, string>;
  minDelay: bigint;
  pending: string[];
}

/** What to read, and how far. */
interface Range {
  provider: Provider;
  address: string;
  /** Not later than the contract's own block. */
  fromBlock: number;
  toBlock: number;
}

/** Rebuilds from the chain what an AccessManager lets whom do. */
export async function readAccessRoles(range: Range): Promise<AccessRoles> {
  const members = new Map<string, RoleMember>();
  const functions = new Map<string, FunctionRole>();
  const admins = new Map<bigint, bigint>();
  const guardians = new Map<bigint, bigint>();
  const grantDelays = new Map<bigint, bigint>();
  const adminDelays = new Map<string, bigint>();
  const closed = new Set<string>();
  const pending = new Set<string>();

  for await (const { name, args } of readEvents({ ...range, events: ACCESS_EVENTS })) {
    switch (name) {
      case "RoleGranted": {
        const [role, account] = [args.uint("roleId"), args.text("account")];
        members.set(`${role} ${account}`, { role, account, executionDelay: args.uint("delay") });
        break;
      }
      case "RoleRevoked":
        members.delete(`${args.uint("roleId")} ${args.text("account")}`);
        break;
      case "RoleAdminChanged":
        setUnlessZero(admins, args.uint("roleId"), args.uint("admin"));
        break;
      case "RoleGuardianChanged":
        setUnlessZero(guardians, args.uint("roleId"), args.uint("guardian"));
        break;
      case "RoleGrantDelayChanged":
        setUnlessZero(grantDelays, args.uint("roleId"), args.uint("delay"));
        break;
      case "TargetAdminDelayUpdated":
        setUnlessZero(adminDelays, args.text("target"), args.uint("delay"));
        break;
      case "TargetFunctionRoleUpdated": {
        const [target, selector, role] = [args.text("target"), args.text("selector"), args.uint("roleId")];
        if (role === 0n) functions.delete(`${target} ${selector}`);
        else functions.set(`${target} ${selector}`, { target, selector, role });
        break;
      }
      case "TargetClosed":
        if (args.flag("closed")) closed.add(args.text("target"));
        else closed.delete(args.text("target"));
        break;
      case "OperationScheduled":
        pending.add(args.text("operationId"));
        break;
      case "OperationExecuted":
      case "OperationCanceled":
        pending.delete(args.text("operationId"));
        break;
    }
  }
  return {
    members: [...members.values()],
    functions: [...functions.values()],
    admins,
    guardians,
    grantDelays,
    adminDelays,
    closed: [...closed],
    pending: [...pending],
  };
}

/** Rebuilds from the chain what a TimelockController lets whom do. */
export async function readTimelockRoles(range: Range): Promise<TimelockRoles> {
  const members = new Map<string, { role: string; account: string }>();
  const admins = new Map<string, string>();
  const pending = new Set<string>();
  let minDelay = 0n;

  const nameOf = (hash: string): string => TIMELOCK_ROLES.get(hash) ?? hash;
  for await (const { name, args } of readEvents({ ...range, events: TIMELOCK_EVENTS })) {
    switch (name) {
      case "RoleGranted": {
        const [role, account] = [nameOf(args.text("role")), args.text("account")];
        members.set(`${role} ${account}`, { role, account });
        break;
      }
      case "RoleRevoked":
        members.delete(`${nameOf(args.text("role"))} ${args.text("account")}`);
        break;
      case "RoleAdminChanged":
        if (args.text("newAdminRole") === ZeroHash) admins.delete(nameOf(args.text("role")));
        else admins.set(nameOf(args.text("role")), nameOf(args.text("newAdminRole")));
        break;
      case "MinDelayChange":
        minDelay = args.uint("newDuration");
        break;
      case "CallScheduled":
        pending.add(args.text("id"));
        break;
      case "CallExecuted":
      case "Cancelled":
        pending.delete(args.text("id"));
        break;
    }
  }
  return { members: [...members.values()], admins, minDelay, pending: [...pending] };
}

async function* readEvents({
  provider,
  address,
  events,
  fromBlock,
  toBlock,
}: Range & { events: Interface }): AsyncGenerator<{ name: string; args: EventArgs }> {
  for await (const logs of readLogs({ provider, addresses: [address], fromBlock, toBlock })) {
    for (const log of logs) {
      const event = events.parseLog(log);
      if (event !== null) yield { name: event.name, args: new EventArgs(event.args) };
    }
  }
}

function setUnlessZero<Key>(values: Map<Key, bigint>, key: Key, value: bigint): void {
  if (value === 0n) values.delete(key);
  else values.set(key, value);
}
