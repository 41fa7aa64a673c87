import {
  AbiCoder,
  getAddress,
  Interface,
  keccak256,
  type Log,
  type Provider,
  type TransactionRequest,
  ZeroAddress,
} from "ethers";

import { encodeAccount } from "../account.ts";
import { type LogPosition, readLogs } from "../chainLogs.ts";
import { EventArgs } from "../eventArgs.ts";
import { decodeRegistryLog } from "../registryEvents.ts";
import { RegistryState } from "../registryState.ts";
import { type Draw, encodeDraws, type Split, splitOfDraw } from "../split.ts";
import { ZERO_WORD } from "../bytes.ts";
import { decodeShareProof } from "../datanetProof.ts";
import type { Item, ItemKind } from "./faultProofs.ts";
import { ITEM_TYPE } from "./faultProofs.ts";
import {
  type Figures,
  type Inference,
  packFigures,
  type Pot,
  POT_TYPE,
  potId,
  type Report,
  REPORT_TYPE,
  reportId,
  unpackFigures,
} from "./report.ts";
import type { FaultVerifier } from "./reviewReport.ts";

const coder = AbiCoder.defaultAbiCoder();
const STEPS_TYPE = "tuple(uint64 size, uint64 index, address arbiter, bytes proof)[][]";

/** The functions and events of Pots that programs need. */
export const POTS_ABI = new Interface([
  "function datanets() view returns (address value)",
  "function epochSeconds() view returns (uint256 value)",
  `function addSource(${POT_TYPE} pot, bytes32 splitId, ${STEPS_TYPE} paths)`,
  "function fractionOf(bytes32 potId, bytes32 splitId, uint256 epoch) view returns (uint256 value)",
  `event PotCreated(bytes32 indexed potId, uint256 indexed datanetId, uint256 indexed version, ${POT_TYPE} pot)`,
  "event SourceAdded(bytes32 indexed potId, bytes32 indexed splitId, uint256 epoch, uint256 fraction)",
]);

/** Those of AttributionReports. */
export const REPORTS_ABI = new Interface([
  "function ledger() view returns (address value)",
  "function pots() view returns (address value)",
  "function openings() view returns (address value)",
  "function reportSeconds() view returns (uint256 value)",
  "function challengeSeconds() view returns (uint256 value)",
  "function demandBond() view returns (uint256 value)",
  "function sweepSeconds() view returns (uint256 value)",
  "function bondFor(uint256 total) view returns (uint256 value)",
  "function bondOf(bytes32 potId, address reporter) view returns (uint256 amount, uint256 exitAt)",
  "function reportOf(bytes32 potId) view returns (bytes24 reportId, uint256 epoch, uint256 deadline)",
  "function isReported(bytes32 potId, uint256 epoch) view returns (bool value)",
  "function markOf(bytes32 potId) view returns (uint256 amount, uint256 since)",
  "function openDemands(bytes24 reportId) view returns (uint256 value)",
  `function bond(${POT_TYPE} pot, uint256 amount)`,
  "function post(bytes32 potId, bytes32 inferencesRoot, bytes32 creditsRoot, bytes32 payoutRoot, uint256 amounts, uint256 counts)",
  "function challenge(address verifier, bytes proof)",
  `function demand(${REPORT_TYPE} report, ${POT_TYPE} pot, ${ITEM_TYPE} item)`,
  `function answer(${REPORT_TYPE} report, ${POT_TYPE} pot, ${ITEM_TYPE} item, bytes data)`,
  `function expire(${REPORT_TYPE} report, ${ITEM_TYPE} item)`,
  `function reclaim(${REPORT_TYPE} report, ${ITEM_TYPE} item)`,
  `function pay(${REPORT_TYPE} report, ${POT_TYPE} pot)`,
  `function drop(${REPORT_TYPE} report)`,
  `function sweep(${POT_TYPE} pot, ${REPORT_TYPE} pending)`,
  "event VerifierAdded(address indexed verifier)",
  "event ReportPosted(bytes32 indexed potId, address indexed reporter, bytes32 inferencesRoot, bytes32 creditsRoot, bytes32 payoutRoot, uint256 amounts, uint256 counts)",
  "event ReportDefeated(bytes32 indexed potId, bytes24 indexed reportId, address indexed challenger, address reporter, uint256 reward, uint256 burned)",
  `event DataDemanded(bytes24 indexed reportId, address indexed challenger, ${ITEM_TYPE} item, uint256 deadline)`,
  "event DemandEnded(bytes24 indexed reportId, bytes32 indexed demandId, bool answered)",
  "event ReportPaid(bytes32 indexed potId, bytes24 indexed reportId, bytes32 indexed splitId, uint256 amount, uint256 fee)",
  "event ReportDropped(bytes32 indexed potId, bytes24 indexed reportId)",
  "event PotSwept(bytes32 indexed potId, bytes32 indexed splitId, uint256 amount)",
]);

const CHANNELS_ABI = new Interface([
  "function settledAt(address operator, bytes32 splitId, bytes32 memo, uint256 amount) view returns (uint256 value)",
  "event SettlementKept(address indexed operator, bytes32 indexed splitId, bytes32 memo, uint256 amount)",
]);

const LEDGER_ABI = new Interface([
  "function token() view returns (address value)",
  "function balanceOf(bytes32 account) view returns (uint256 value)",
  "function received(bytes32 splitId) view returns (uint256 amount, uint256 calls, uint256 lastPaidAt)",
  "function drawn(bytes32 splitId, uint256 index) view returns (uint256 value)",
  "function release(bytes draws) returns (uint256 value)",
]);

const VERIFIER_ABI = new Interface([
  "function channels() view returns (address value)",
  "function services() view returns (address value)",
]);

const TOKEN_ABI = new Interface([
  "function balanceOf(address account) view returns (uint256 value)",
  "function allowance(address owner, address spender) view returns (uint256 value)",
  "function approve(address spender, uint256 amount) returns (bool)",
]);

/** Where the contracts stand. All follow from AttributionReports. */
export interface ReportsAddresses {
  reports: string;
  pots: string;
  openings: string;
  spanVerifier: string;
  payoutVerifier: string;
  ledger: string;
  token: string;
  datanets: string;
  channels: string;
  services: string;
}

/** What can be set at deployment only. */
export interface ReportsTimes {
  epochSeconds: number;
  reportSeconds: number;
  challengeSeconds: number;
  sweepSeconds: number;
  demandBond: bigint;
}

/** A settlement that is on record. */
export interface KeptSettlement {
  operator: string;
  splitId: string;
  memo: string;
  amount: bigint;
  /** When it was settled, in seconds since 1970. */
  settledAt: number;
  transactionHash: string;
}

/** A split of whose payments a part reaches a pot. */
export interface PotSource {
  splitId: string;
  /** Releases that lead its payments to the pot; undefined if they cannot be read from the transaction that showed it. */
  draws: Draw[] | undefined;
}

/** What became of a report. */
export type ReportStatus = "pending" | "defeated" | "paid" | "dropped";

/** A report and what happened to it. */
export interface PostedReport {
  id: string;
  report: Report;
  status: ReportStatus;
  transactionHash: string;
  /** Once it was paid. */
  payment?: { splitId: string; amount: bigint; fee: bigint; transactionHash: string };
}

/** A demand for data. */
export interface PostedDemand {
  id: string;
  reportId: string;
  item: Item;
  challenger: string;
  deadline: number;
  open: boolean;
  /** Whether it was answered. */
  answered: boolean;
  /** The transaction that ended it. */
  endedBy?: string;
}

/** A pot and everything that is known of it. */
export interface KnownPot {
  id: string;
  pot: Pot;
  sources: Map<string, PotSource>;
  reports: PostedReport[];
}

/** What an event did not come with. */
const NO_REPORT: Report = {
  figures: {
    potId: ZERO_WORD,
    inferencesRoot: ZERO_WORD,
    creditsRoot: ZERO_WORD,
    payoutRoot: ZERO_WORD,
    total: 0n,
    credited: 0n,
    epoch: 0,
    inferences: 0,
    credits: 0,
    shares: 0,
  },
  reporter: ZeroAddress,
  postedAt: 0n,
};

/** Reports, pots, settlements and Datanets, read through a node and rebuilt from events. */
export class ReportsChain {
  readonly provider: Provider;
  readonly chainId: bigint;
  readonly addresses: ReportsAddresses;
  readonly times: ReportsTimes;
  readonly #registry: RegistryState;
  readonly #pots = new Map<string, KnownPot>();
  readonly #reports = new Map<string, PostedReport>();
  readonly #demands = new Map<string, PostedDemand>();
  /** By split. */
  readonly #settlements = new Map<string, KeptSettlement[]>();
  readonly #times = new Map<number, number>();
  #nextBlock: number;
  #last: LogPosition = { blockNumber: -1, logIndex: -1 };

  private constructor({
    provider,
    chainId,
    addresses,
    times,
    firstBlock,
  }: {
    provider: Provider;
    chainId: bigint;
    addresses: ReportsAddresses;
    times: ReportsTimes;
    firstBlock: number;
  }) {
    this.provider = provider;
    this.chainId = chainId;
    this.addresses = addresses;
    this.times = times;
    this.#nextBlock = firstBlock;
    const none = { models: ZeroAddress, agents: ZeroAddress, feePolicy: ZeroAddress, staking: ZeroAddress };
    const { datanets, services } = addresses;
    this.#registry = new RegistryState({ addresses: { datanets, services, ...none }, chainId, firstBlock });
  }

  /**
   * @param firstBlock The block of the first contract: no event is older.
   * @throws Error if there is no AttributionReports at the address.
   */
  static async open({
    provider,
    reports,
    firstBlock = 0,
  }: {
    provider: Provider;
    reports: string;
    firstBlock?: number;
  }): Promise<ReportsChain> {
    const read = async (to: string, abi: Interface, name: string): Promise<EventArgs> =>
      new EventArgs(abi.decodeFunctionResult(name, await provider.call({ to, data: abi.encodeFunctionData(name) })));
    const address = async (to: string, abi: Interface, name: string): Promise<string> =>
      (await read(to, abi, name)).text("value");
    const [pots, openings, ledger] = await Promise.all(
      ["pots", "openings", "ledger"].map((name) => address(reports, REPORTS_ABI, name)),
    );
    const [datanets, token, services, { chainId }] = await Promise.all([
      address(pots, POTS_ABI, "datanets"),
      address(ledger, LEDGER_ABI, "token"),
      address(openings, VERIFIER_ABI, "services"),
      provider.getNetwork(),
    ]);
    const verifiers = await findVerifiers({ provider, reports, firstBlock });
    const addresses = { reports: getAddress(reports), pots, openings, ledger, token, datanets, services, ...verifiers };
    const number = async (to: string, abi: Interface, name: string): Promise<number> =>
      Number((await read(to, abi, name)).uint("value"));
    const [epochSeconds, reportSeconds, challengeSeconds, sweepSeconds, bond] = await Promise.all([
      number(pots, POTS_ABI, "epochSeconds"),
      number(reports, REPORTS_ABI, "reportSeconds"),
      number(reports, REPORTS_ABI, "challengeSeconds"),
      number(reports, REPORTS_ABI, "sweepSeconds"),
      read(reports, REPORTS_ABI, "demandBond"),
    ]);
    const times = { epochSeconds, reportSeconds, challengeSeconds, sweepSeconds, demandBond: bond.uint("value") };
    return new ReportsChain({ provider, chainId, addresses, times, firstBlock });
  }

  /** In the order of their numbers. */
  get pots(): KnownPot[] {
    return [...this.#pots.values()];
  }

  report(id: string): PostedReport | undefined {
    return this.#reports.get(id);
  }

  /** Demands for a report's data, in their order. */
  demandsOf(id: string): PostedDemand[] {
    return [...this.#demands.values()].filter((demand) => demand.reportId === id);
  }

  get demands(): PostedDemand[] {
    return [...this.#demands.values()];
  }

  /** Settlements of a pot's sources that count for an epoch, in the order of the chain. */
  settlementsOf({ sources }: KnownPot, epoch: number): KeptSettlement[] {
    return [...sources.keys()]
      .flatMap((splitId) => this.#settlements.get(splitId) ?? [])
      .filter(({ settledAt }) => this.epochOf(settledAt) === epoch);
  }

  /** Epochs in which a pot's sources settled something, in ascending order. */
  epochsOf({ sources }: KnownPot): number[] {
    const settlements = [...sources.keys()].flatMap((splitId) => this.#settlements.get(splitId) ?? []);
    return [...new Set(settlements.map(({ settledAt }) => this.epochOf(settledAt)))].sort((a, b) => a - b);
  }

  /** The settlement that an inference names, if it is on record. */
  settlementOf({ operator, splitId, memo, settled }: Inference): KeptSettlement | undefined {
    return this.#settlements
      .get(splitId)
      ?.find((kept) => kept.operator === operator && kept.memo === memo && kept.amount === settled);
  }

  epochOf(time: number): number {
    return Math.floor(time / this.times.epochSeconds);
  }

  /**
   * Log of a pot's Datanet version.
   *
   * @throws RangeError if its events do not make the log that the pot names.
   */
  logOf(pot: Pot): Split {
    const { split } = this.#registry.logOf(pot.datanetId).version(Number(pot.version));
    if (split.id !== pot.logSplitId) {
      throw new RangeError(`Pot ${pot.number} is for the log ${pot.logSplitId}, but its Datanet has ${split.id}.`);
    }
    return split;
  }

  /** Folds all events up to `toBlock` that were not seen. */
  async follow({ toBlock, blocksPerRequest }: { toBlock: number; blocksPerRequest?: number }): Promise<void> {
    const { reports, pots, channels, datanets } = this.addresses;
    const range = { fromBlock: this.#nextBlock, toBlock, ...(blocksPerRequest !== undefined && { blocksPerRequest }) };
    const addresses = [reports, pots, channels, datanets];
    for await (const logs of readLogs({ provider: this.provider, addresses, ...range })) {
      for (const log of logs) await this.#apply(log);
      this.#nextBlock = Math.max(this.#nextBlock, this.#last.blockNumber);
    }
    this.#nextBlock = Math.max(this.#nextBlock, toBlock + 1);
  }

  // ------------------------------------------------------------------ views

  async now(): Promise<{ blockNumber: number; time: number }> {
    const block = await this.provider.getBlock("latest");
    if (block === null) throw new Error("The node has no block.");
    return { blockNumber: block.number, time: block.timestamp };
  }

  /** Part of what a split is paid that reaches a pot, as known at the end of an epoch. */
  async fractionOf(id: string, splitId: string, epoch: number): Promise<bigint> {
    return (await this.#view("pots", POTS_ABI, "fractionOf", [id, splitId, epoch])).uint("value");
  }

  /** When a settlement was put on record, zero if it was not. */
  async settledAt({ operator, splitId, memo, settled }: Inference): Promise<number> {
    const args = [operator, splitId, memo, settled];
    return Number((await this.#view("channels", CHANNELS_ABI, "settledAt", args)).uint("value"));
  }

  async stateOf(id: string): Promise<{ reportId: string | undefined; epoch: number; deadline: number }> {
    const state = await this.#view("reports", REPORTS_ABI, "reportOf", [id]);
    const pending = state.text("reportId");
    const isNone = BigInt(pending) === 0n;
    return { reportId: isNone ? undefined : pending, epoch: state.index("epoch"), deadline: state.index("deadline") };
  }

  /** Whether an epoch has a report that stands, or is too long ago for one. */
  async isReported(id: string, epoch: number): Promise<boolean> {
    return (await this.#view("reports", REPORTS_ABI, "isReported", [id, epoch])).flag("value");
  }

  async openDemands(id: string): Promise<number> {
    return (await this.#view("reports", REPORTS_ABI, "openDemands", [id])).index("value");
  }

  async bondFor(total: bigint): Promise<bigint> {
    return (await this.#view("reports", REPORTS_ABI, "bondFor", [total])).uint("value");
  }

  async bondOf(id: string, reporter: string): Promise<{ amount: bigint; exitAt: bigint }> {
    const bond = await this.#view("reports", REPORTS_ABI, "bondOf", [id, reporter]);
    return { amount: bond.uint("amount"), exitAt: bond.uint("exitAt") };
  }

  async markOf(id: string): Promise<{ amount: bigint; since: number }> {
    const mark = await this.#view("reports", REPORTS_ABI, "markOf", [id]);
    return { amount: mark.uint("amount"), since: mark.index("since") };
  }

  /** What a pot has in the ledger. */
  async balanceOf({ keeper, number }: Pot): Promise<bigint> {
    const account = encodeAccount({ address: keeper, tag: number });
    return (await this.#view("ledger", LEDGER_ABI, "balanceOf", [account])).uint("value");
  }

  /** What a split has received, and what a share of it has been released. */
  async receivedBy(splitId: string): Promise<bigint> {
    return (await this.#view("ledger", LEDGER_ABI, "received", [splitId])).uint("amount");
  }

  async drawn(splitId: string, index: number): Promise<bigint> {
    return (await this.#view("ledger", LEDGER_ABI, "drawn", [splitId, index])).uint("value");
  }

  /** What a release would move. */
  async released(draws: readonly Draw[]): Promise<bigint> {
    return (await this.#view("ledger", LEDGER_ABI, "release", [encodeDraws(draws)])).uint("value");
  }

  /** Tokens in a wallet, and what of them AttributionReports may take. */
  async wallet(owner: string): Promise<{ balance: bigint; allowance: bigint }> {
    const balance = await this.#view("token", TOKEN_ABI, "balanceOf", [owner]);
    const allowance = await this.#view("token", TOKEN_ABI, "allowance", [owner, this.addresses.reports]);
    return { balance: balance.uint("value"), allowance: allowance.uint("value") };
  }

  /** The data of the answer that ended a demand; undefined if it cannot be read from the transaction that gave it. */
  async answerTo({ endedBy, id }: PostedDemand): Promise<string | undefined> {
    if (endedBy === undefined) return undefined;
    const transaction = await this.provider.getTransaction(endedBy);
    if (transaction?.to !== this.addresses.reports) return undefined;
    const parsed = REPORTS_ABI.parseTransaction(transaction);
    if (parsed?.name !== "answer") return undefined;
    const args = new EventArgs(parsed.args);
    const report = args.struct("report");
    const posted = { figures: readFigureStruct(report.struct("figures")), reporter: report.text("reporter") };
    const answered = reportId({ ...posted, postedAt: report.uint("postedAt") });
    return demandIdOf(answered, readItem(args.struct("item"))) === id ? args.text("data") : undefined;
  }

  // ------------------------------------------------------------------ transactions

  approve(amount: bigint): TransactionRequest {
    const data = TOKEN_ABI.encodeFunctionData("approve", [this.addresses.reports, amount]);
    return { to: this.addresses.token, data };
  }

  release(draws: readonly Draw[]): TransactionRequest {
    return { to: this.addresses.ledger, data: LEDGER_ABI.encodeFunctionData("release", [encodeDraws(draws)]) };
  }

  bond(pot: Pot, amount: bigint): TransactionRequest {
    return this.#call("bond", [pot, amount]);
  }

  post(figures: Figures): TransactionRequest {
    return this.#call("post", packFigures(figures));
  }

  challenge(verifier: FaultVerifier, proof: string): TransactionRequest {
    const { spanVerifier, payoutVerifier } = this.addresses;
    return this.#call("challenge", [verifier === "span" ? spanVerifier : payoutVerifier, proof]);
  }

  demand(report: Report, pot: Pot, item: Item): TransactionRequest {
    return this.#call("demand", [report, pot, item]);
  }

  answer(report: Report, pot: Pot, item: Item, data: string): TransactionRequest {
    return this.#call("answer", [report, pot, item, data]);
  }

  expire(report: Report, item: Item): TransactionRequest {
    return this.#call("expire", [report, item]);
  }

  reclaim(report: Report, item: Item): TransactionRequest {
    return this.#call("reclaim", [report, item]);
  }

  pay(report: Report, pot: Pot): TransactionRequest {
    return this.#call("pay", [report, pot]);
  }

  drop(report: Report): TransactionRequest {
    return this.#call("drop", [report]);
  }

  sweep(pot: Pot, pending: Report = NO_REPORT): TransactionRequest {
    return this.#call("sweep", [pot, pending]);
  }

  #call(name: string, args: unknown[]): TransactionRequest {
    return { to: this.addresses.reports, data: REPORTS_ABI.encodeFunctionData(name, args) };
  }

  async #view(contract: keyof ReportsAddresses, abi: Interface, name: string, args: unknown[]): Promise<EventArgs> {
    const data = abi.encodeFunctionData(name, args);
    const answer = await this.provider.call({ to: this.addresses[contract], data });
    return new EventArgs(abi.decodeFunctionResult(name, answer));
  }

  // ------------------------------------------------------------------ events

  async #apply(log: Log): Promise<void> {
    // A batch that failed is read again.
    if (log.blockNumber < this.#last.blockNumber) return;
    if (log.blockNumber === this.#last.blockNumber && log.index <= this.#last.logIndex) return;
    await this.#applyNew(log);
    this.#last = { blockNumber: log.blockNumber, logIndex: log.index };
  }

  async #applyNew(log: Log): Promise<void> {
    const address = getAddress(log.address);
    if (address === this.addresses.datanets) {
      const event = decodeRegistryLog({ log, registry: "datanet" });
      if (event !== undefined) this.#registry.apply(event);
    } else if (address === this.addresses.channels) {
      await this.#applySettlement(log);
    } else {
      const abi = address === this.addresses.pots ? POTS_ABI : REPORTS_ABI;
      const parsed = abi.parseLog(log);
      if (parsed !== null) await this.#applyReportEvent(parsed.name, new EventArgs(parsed.args), log);
    }
  }

  async #applySettlement(log: Log): Promise<void> {
    const parsed = CHANNELS_ABI.parseLog(log);
    if (parsed === null) return;
    const args = new EventArgs(parsed.args);
    const splitId = args.text("splitId");
    const kept = {
      operator: args.text("operator"),
      splitId,
      memo: args.text("memo"),
      amount: args.uint("amount"),
      settledAt: await this.#timeOf(log.blockNumber),
      transactionHash: log.transactionHash,
    };
    const known = this.#settlements.get(splitId);
    if (known === undefined) this.#settlements.set(splitId, [kept]);
    else known.push(kept);
  }

  async #applyReportEvent(name: string, args: EventArgs, log: Log): Promise<void> {
    const { transactionHash } = log;
    switch (name) {
      case "PotCreated": {
        const pot = readPot(args.struct("pot"));
        if (pot.keeper !== this.addresses.reports) break;
        this.#pots.set(potId(pot), { id: potId(pot), pot, sources: new Map(), reports: [] });
        break;
      }
      case "SourceAdded": {
        const known = this.#pots.get(args.text("potId"));
        if (known === undefined) break;
        const splitId = args.text("splitId");
        const draws = await this.#drawsOf(transactionHash);
        known.sources.set(splitId, { splitId, draws });
        break;
      }
      case "ReportPosted": {
        const postedAt = BigInt(await this.#timeOf(log.blockNumber));
        const report = { figures: readFigures(args), reporter: args.text("reporter"), postedAt };
        const posted: PostedReport = { id: reportId(report), report, status: "pending", transactionHash };
        this.#reports.set(posted.id, posted);
        this.#pots.get(report.figures.potId)?.reports.push(posted);
        break;
      }
      case "ReportDefeated":
        this.#setStatus(args.text("reportId"), "defeated");
        break;
      case "ReportDropped":
        this.#setStatus(args.text("reportId"), "dropped");
        break;
      case "ReportPaid": {
        const posted = this.#setStatus(args.text("reportId"), "paid");
        const payment = { splitId: args.text("splitId"), amount: args.uint("amount"), fee: args.uint("fee") };
        if (posted !== undefined) posted.payment = { ...payment, transactionHash };
        break;
      }
      case "DataDemanded": {
        const id = args.text("reportId");
        const item = readItem(args.struct("item"));
        const demand = { reportId: id, item, challenger: args.text("challenger"), deadline: args.index("deadline") };
        const demandId = demandIdOf(id, item);
        this.#demands.set(demandId, { id: demandId, ...demand, open: true, answered: false });
        break;
      }
      case "DemandEnded": {
        const demand = this.#demands.get(args.text("demandId"));
        if (demand === undefined) break;
        demand.open = false;
        demand.answered = args.flag("answered");
        demand.endedBy = transactionHash;
        break;
      }
    }
  }

  #setStatus(id: string, status: ReportStatus): PostedReport | undefined {
    const posted = this.#reports.get(id);
    if (posted !== undefined) posted.status = status;
    return posted;
  }

  async #timeOf(blockNumber: number): Promise<number> {
    const known = this.#times.get(blockNumber);
    if (known !== undefined) return known;
    const block = await this.provider.getBlock(blockNumber);
    if (block === null) throw new Error(`The node has no block ${blockNumber}.`);
    this.#times.set(blockNumber, block.timestamp);
    return block.timestamp;
  }

  /** The steps of a source's paths are shares with their proofs: what a release needs. */
  async #drawsOf(transactionHash: string): Promise<Draw[] | undefined> {
    const transaction = await this.provider.getTransaction(transactionHash);
    if (transaction?.to !== this.addresses.pots) return undefined;
    const parsed = POTS_ABI.parseTransaction(transaction);
    return parsed?.name === "addSource" ? drawsOfPaths(parsed.args.getValue("paths") as StepFields[][]) : undefined;
  }
}

type StepFields = [size: bigint, index: bigint, arbiter: string, proof: string];

/** Releases of all steps, each split's after those that lead money to it. */
function drawsOfPaths(paths: StepFields[][]): Draw[] {
  const draws = new Map<string, { depth: number; draw: Draw }>();
  for (const path of paths) {
    for (const [depth, [size, index, arbiter, proof]] of path.entries()) {
      const { share, siblings } = decodeShareProof(proof);
      const draw = { arbiter, size: Number(size), first: Number(index), shares: [share], siblings };
      const key = `${splitOfDraw(draw).id} ${index}`;
      const known = draws.get(key);
      draws.set(key, { draw, depth: Math.max(depth, known?.depth ?? 0) });
    }
  }
  return [...draws.values()].sort((a, b) => a.depth - b.depth).map(({ draw }) => draw);
}

/** Id of a demand, as the contract makes it. */
export function demandIdOf(id: string, item: Item): string {
  return keccak256(coder.encode(["bytes24", ITEM_TYPE], [id, item]));
}

/** Which verifier decides what: only one of them asks where operators settle. */
async function findVerifiers({
  provider,
  reports,
  firstBlock,
}: {
  provider: Provider;
  reports: string;
  firstBlock: number;
}): Promise<Pick<ReportsAddresses, "spanVerifier" | "payoutVerifier" | "channels">> {
  const topic = REPORTS_ABI.getEvent("VerifierAdded")?.topicHash ?? null;
  let found: Log[] = [];
  const last = await provider.getBlockNumber();
  // They are the first events of the contract.
  for (let start = firstBlock; start <= last && found.length === 0; start += 5_000) {
    const range = { fromBlock: start, toBlock: Math.min(start + 4_999, last) };
    found = await provider.getLogs({ address: reports, topics: [topic], ...range });
  }
  const addresses = { spanVerifier: "", payoutVerifier: "", channels: "" };
  for (const { topics } of found) {
    const verifier = getAddress(`0x${topics[1].slice(26)}`);
    try {
      const data = VERIFIER_ABI.encodeFunctionData("channels");
      const answer = VERIFIER_ABI.decodeFunctionResult("channels", await provider.call({ to: verifier, data }));
      addresses.channels = new EventArgs(answer).text("value");
      addresses.payoutVerifier = verifier;
    } catch {
      addresses.spanVerifier = verifier;
    }
  }
  if (addresses.spanVerifier === "" || addresses.payoutVerifier === "") {
    throw new Error(`${reports} has no two verifiers: it is no AttributionReports contract of this kind.`);
  }
  return addresses;
}

/** A pot that was decoded. */
export function readPot(fields: EventArgs): Pot {
  return {
    keeper: fields.text("keeper"),
    number: fields.uint("number"),
    datanetId: fields.uint("datanetId"),
    version: fields.uint("version"),
    versionSplitId: fields.text("versionSplitId"),
    logSplitId: fields.text("logSplitId"),
    logSize: fields.index("logSize"),
    arbiter: fields.text("arbiter"),
    gram: fields.index("gram"),
    commons: fields.index("commons"),
    feeBps: fields.index("feeBps"),
  };
}

function readFigures(posted: EventArgs): Figures {
  const roots = ["potId", "inferencesRoot", "creditsRoot", "payoutRoot"].map((name) => posted.text(name));
  const [potId, inferencesRoot, creditsRoot, payoutRoot] = roots;
  return unpackFigures([potId, inferencesRoot, creditsRoot, payoutRoot, posted.uint("amounts"), posted.uint("counts")]);
}

function readFigureStruct(fields: EventArgs): Figures {
  return {
    potId: fields.text("potId"),
    inferencesRoot: fields.text("inferencesRoot"),
    creditsRoot: fields.text("creditsRoot"),
    payoutRoot: fields.text("payoutRoot"),
    total: fields.uint("total"),
    credited: fields.uint("credited"),
    epoch: fields.index("epoch"),
    inferences: fields.index("inferences"),
    credits: fields.index("credits"),
    shares: fields.index("shares"),
  };
}

function readItem(fields: EventArgs): Item {
  return { kind: fields.index("kind") as ItemKind, first: fields.index("first"), second: fields.index("second") };
}
