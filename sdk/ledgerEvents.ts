import { Interface } from "ethers";

import type { LogPosition, RawLog } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";

/** A share that was released into another split. */
export interface Hop {
  splitId: string;
  toSplitId: string;
  index: number;
  amount: bigint;
}

/** What the AttributionLedger reports. Ids, accounts and hashes are 32 bytes of hex; amounts in the token's smallest unit. */
export type LedgerEvent =
  | { name: "Paid" | "PaidFromBalance"; splitId: string; payer: string; amount: bigint; calls: bigint; memo: string }
  | { name: "Credited"; splitId: string; account: string; index: number; amount: bigint }
  | { name: "Routed"; hops: Hop[] }
  | { name: "Deposited"; from: string; account: string; amount: bigint }
  | { name: "ClaimRelayed"; account: string; relayer: string; nonce: bigint; fee: bigint }
  | { name: "Withdrawn"; account: string; to: string; amount: bigint }
  | { name: "BalanceTransferred"; from: string; to: string; amount: bigint }
  | { name: "SpenderApproved"; account: string; spender: string; amount: bigint }
  | { name: "Redirected"; splitId: string; index: number; to: string };

/** A ledger event with its place on the chain. */
export type LoggedLedgerEvent = LedgerEvent & LogPosition;

/** The ledger's events, as ethers reads them. */
export const LEDGER_EVENTS = new Interface([
  "event Paid(bytes32 indexed splitId, bytes32 indexed payer, uint256 amount, uint256 calls, bytes32 memo)",
  "event PaidFromBalance(bytes32 indexed splitId, bytes32 indexed payer, uint256 amount, uint256 calls, bytes32 memo)",
  "event Credited(bytes32 indexed splitId, bytes32 indexed account, uint256 index, uint256 amount)",
  "event Routed((bytes32 splitId, bytes32 toSplitId, uint256 index, uint256 amount)[] hops)",
  "event Deposited(address indexed from, bytes32 indexed account, uint256 amount)",
  "event ClaimRelayed(address indexed account, address indexed relayer, uint256 nonce, uint256 fee)",
  "event Withdrawn(bytes32 indexed account, address indexed to, uint256 amount)",
  "event BalanceTransferred(bytes32 indexed from, bytes32 indexed to, uint256 amount)",
  "event SpenderApproved(bytes32 indexed account, address indexed spender, uint256 amount)",
  "event Redirected(bytes32 indexed splitId, uint256 indexed index, bytes32 to)",
]);

/**
 * Reads a log of the ledger; undefined if it is none of its events (an EIP-712 domain change, for instance).
 */
export function decodeLedgerLog(log: RawLog): LoggedLedgerEvent | undefined {
  const parsed = LEDGER_EVENTS.parseLog(log);
  if (parsed === null) return undefined;
  const event = decodeLedgerEvent(parsed.name, new EventArgs(parsed.args));
  return event && { ...event, blockNumber: log.blockNumber, logIndex: log.index };
}

function decodeLedgerEvent(name: string, args: EventArgs): LedgerEvent | undefined {
  switch (name) {
    case "Paid":
    case "PaidFromBalance":
      return {
        name,
        splitId: args.text("splitId"),
        payer: args.text("payer"),
        amount: args.uint("amount"),
        calls: args.uint("calls"),
        memo: args.text("memo"),
      };
    case "Credited":
      return {
        name,
        splitId: args.text("splitId"),
        account: args.text("account"),
        index: args.index("index"),
        amount: args.uint("amount"),
      };
    case "Routed":
      return {
        name,
        hops: args.structs("hops").map((hop) => ({
          splitId: hop.text("splitId"),
          toSplitId: hop.text("toSplitId"),
          index: hop.index("index"),
          amount: hop.uint("amount"),
        })),
      };
    case "Deposited":
      return { name, from: args.text("from"), account: args.text("account"), amount: args.uint("amount") };
    case "ClaimRelayed":
      return {
        name,
        account: args.text("account"),
        relayer: args.text("relayer"),
        nonce: args.uint("nonce"),
        fee: args.uint("fee"),
      };
    case "Withdrawn":
      return { name, account: args.text("account"), to: args.text("to"), amount: args.uint("amount") };
    case "BalanceTransferred":
      return { name, from: args.text("from"), to: args.text("to"), amount: args.uint("amount") };
    case "SpenderApproved":
      return { name, account: args.text("account"), spender: args.text("spender"), amount: args.uint("amount") };
    case "Redirected":
      return { name, splitId: args.text("splitId"), index: args.index("index"), to: args.text("to") };
    default:
      return undefined;
  }
}
