import type { NetworkConnection } from "hardhat/types/network";

import { play, type PlayOptions } from "../../sdk/scenario/play.ts";
import type { RunResult } from "../../sdk/scenario/result.ts";
import type { Scenario } from "../../sdk/scenario/scenario.ts";
import type { Step } from "../../sdk/scenario/step.ts";
import { UserError } from "../lib/script.ts";
import { Books } from "./books.ts";
import type { ChainResult } from "./chainResult.ts";
import { Channels } from "./channels.ts";
import { Claims } from "./claims.ts";
import { Clock } from "./clock.ts";
import { compare } from "./compare.ts";
import { Court } from "./court.ts";
import { describeStep } from "./describeStep.ts";
import { FlowLog } from "./flowLog.ts";
import { Funds } from "./funds.ts";
import { etherOfBank, gasOfRun } from "./gas.ts";
import { identityOf } from "./identity.ts";
import { NodeLostError, RefusedError } from "./node.ts";
import { Payments } from "./payments.ts";
import { Plan } from "./plan.ts";
import { Registries } from "./registries.ts";
import { openRun, type RunBegin, type RunJournal } from "./runJournal.ts";
import { sendBack } from "./sendBack.ts";
import { Sender, ShortageError } from "./sender.ts";
import { Stage } from "./stage.ts";
import { StakeBook } from "./stakes.ts";
import { checkTarget, openTarget, requireTokens, type Target } from "./target.ts";
import { Votes } from "./votes.ts";
import { Wallets } from "./wallets.ts";

/** Claims that are made one by one where only some payments are repeated. */
const MOST_CLAIMS = 500;

/** A run that stopped in the middle: the node died, or money ran out. What had been sent counts; it can be continued. */
export class RunStoppedError extends Error {
  override readonly name = "RunStoppedError";
}

/** How far a run has come. */
export interface ChainProgress {
  step: Step;
  /** Counts steps from 1. */
  number: number;
  steps: number;
}

/** A run in memory, before it is repeated. */
export interface Rehearsal {
  plan: Plan;
  /** How many steps there are. */
  steps: number;
  result: RunResult;
}

/** Plays a scenario in memory, and notes what a chain will be asked to do. */
export async function rehearse({
  scenario,
  payments,
  onStep = () => undefined,
}: {
  scenario: Scenario;
  /** Traffic ends after so many payments. */
  payments?: number | undefined;
  /** Can take its time. */
  onStep?: (step: Step) => void | Promise<void>;
}): Promise<Rehearsal> {
  const plan = new Plan(scenario);
  const run = play(scenario, optionsOf(payments));
  let steps = 0;
  for (; ; steps++) {
    const next = run.next();
    if (next.done === true) return { plan, steps, result: next.value };
    plan.add(next.value);
    // Most often there is nothing to wait for, and waiting takes longer than a step.
    const pause = onStep(next.value);
    if (pause !== undefined) await pause;
  }
}

function optionsOf(payments: number | undefined): PlayOptions {
  return payments === undefined ? {} : { maxPayments: payments };
}

export interface RepeatOptions {
  scenario: Scenario;
  connection: NetworkConnection;
  /** Where deployments are recorded. */
  deployments: string;
  /** Where the run's journal is kept, unless the chain ends with the process. */
  folder: string;
  /** Repeats so many payments, and sets up no more than they need. */
  payments?: number | undefined;
  /** The same run in memory, if there was one already. */
  rehearsal?: Rehearsal;
  resume?: boolean;
  fresh?: boolean;
  /** Told once there is something that can be continued. */
  onBegin?: () => void;
  onProgress?: (progress: ChainProgress) => void;
}

/**
 * Repeats a run of the model on a chain: every step with real transactions of real wallets, and compares what comes out, at
 * each step and in the end.
 *
 * @throws UserError if that is not possible, or a step comes out otherwise; RunStoppedError if it can be continued.
 */
export async function repeatOnChain(options: RepeatOptions): Promise<ChainResult> {
  const { scenario, payments } = options;
  const { plan, steps: count, result } = options.rehearsal ?? (await rehearse({ scenario, payments }));
  const start = performance.now();
  const where = { text: "before the first step" };
  let journal: RunJournal | undefined;
  try {
    const target = await openTarget({ connection: options.connection, scenario, directory: options.deployments });
    const opened = await open({ ...options, target, plan });
    journal = opened.journal;
    if (journal !== undefined) options.onBegin?.();
    const repetition = new Repetition({ ...opened, target, scenario, plan });
    await repetition.repeat({
      steps: play(scenario, optionsOf(payments)),
      isPart: payments !== undefined,
      onStep: (step, number) => {
        where.text = `in step ${number} of ${count} (${describeStep(scenario, step)}), ${periodOf(repetition.period, scenario)}`;
        options.onProgress?.({ step, number, steps: count });
      },
    });
    where.text = "while results were compared";
    let compared = journal?.compared;
    if (compared === undefined) {
      compared = await repetition.compare(result);
      await journal?.noteComparison(compared);
    }
    where.text = "while what was left was sent back";
    await repetition.finish();
    await journal?.finish();
    const { sender } = repetition;
    return {
      network: target.node.name,
      chainId: target.node.chainId,
      deployedBlock: target.block,
      transactions: sender.transactions,
      gasByOperation: sender.gasByOperation,
      gasUsed: sender.gasUsed,
      seconds: (performance.now() - start) / 1_000,
      compared,
    };
  } catch (error) {
    if (error instanceof NodeLostError) {
      throw new RunStoppedError(
        `The node of "${options.connection.networkName}" does not answer any more. The run stopped ${where.text}.`,
        { cause: error },
      );
    }
    if (error instanceof ShortageError) {
      throw new RunStoppedError(`${error.message} The run stopped ${where.text}.`, { cause: error });
    }
    if (error instanceof RefusedError) {
      throw new UserError(`The node refused something, and the run stopped ${where.text}: ${error.message}`);
    }
    if (error instanceof UserError && where.text.startsWith("in step")) {
      throw new UserError(`${error.message} The run stopped ${where.text}.`);
    }
    throw error;
  } finally {
    await journal?.close();
  }
}

function periodOf(period: number | undefined, { periods }: Scenario): string {
  return period === undefined ? "before period 1" : `period ${period + 1} of ${periods}`;
}

/** What a run goes on with: its journal, its wallets and where it began. */
interface OpenedRun {
  journal: RunJournal | undefined;
  wallets: Wallets;
  begin: RunBegin;
  treasury: string;
}

/** Looks whether the run is possible, and begins or continues it. Nothing is sent yet. */
async function open({
  scenario,
  payments,
  folder,
  resume = false,
  fresh = false,
  target,
  plan,
}: RepeatOptions & { target: Target; plan: Plan }): Promise<OpenedRun> {
  const { node, contracts, deployer, genesis } = target;
  const unlock = (run: number): Promise<Wallets> => Wallets.unlock({ node, deployer, scenario: scenario.name, run });
  const beginning = async (run: number): Promise<RunBegin> => {
    await checkTarget({ target, scenario, plan });
    const version = await contracts.readUint("feePolicy", "currentVersion");
    return { run, time: await node.time(), policy: Number(version) };
  };
  const treasuryOf = async (begin: RunBegin): Promise<string> =>
    (await contracts.readStruct("feePolicy", "policyAt", [begin.policy])).text("treasury");

  if (node.isEmbedded) {
    const begin = await beginning(1);
    return { journal: undefined, wallets: await unlock(1), begin, treasury: await treasuryOf(begin) };
  }
  const identity = identityOf({ scenario, payments, node, genesis, ledger: contracts.addresses.ledger });
  const { journal, run } = await openRun({
    folder,
    identity,
    resume,
    fresh,
    isUsed: async (candidate) => (await node.transactionCount((await unlock(candidate)).bank.address)) > 0,
  });
  try {
    let { begin } = journal;
    if (begin === undefined) {
      begin = { ...identity, ...(await beginning(run)) };
      await journal.start(begin);
    }
    return { journal, wallets: await unlock(begin.run), begin, treasury: await treasuryOf(begin) };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** One run on a chain, step by step. */
class Repetition {
  readonly sender: Sender;
  /** The period that it is in; undefined before the first one. */
  period: number | undefined;
  readonly #stage: Stage;
  readonly #target: Target;
  readonly #begin: RunBegin;
  readonly #flows: FlowLog;
  readonly #registries: Registries;
  readonly #payments: Payments;
  readonly #channels: Channels;
  readonly #stakes: StakeBook;
  readonly #court: Court;
  readonly #votes: Votes;
  readonly #claims: Claims;

  constructor({
    target,
    scenario,
    plan,
    journal,
    wallets,
    begin,
    treasury,
  }: OpenedRun & { target: Target; scenario: Scenario; plan: Plan }) {
    const { node, contracts, committee } = target;
    const persons = new Map<string, number>();
    const flows = new FlowLog({ ledger: contracts.addresses.ledger, treasury });
    const sender = new Sender({
      node,
      journal,
      bank: wallets.bank,
      expected: (address) => plan.transactionsOf(persons.get(address) ?? -1),
      runGas: gasOfRun(plan),
      onMined: (logs) => {
        flows.read(logs);
      },
    });
    const nameOf = (person: number): string => {
      const { name } = scenario.people[person];
      return name;
    };
    const funds = new Funds({ plan, sender, wallets, contracts, nameOf });
    this.#stage = new Stage({
      scenario,
      contracts,
      sender,
      wallets,
      books: new Books(),
      clock: new Clock(node),
      funds,
      plan,
      firstPolicy: begin.policy,
      treasury,
      onWallet: (person, { address }) => persons.set(address, person),
    });
    this.sender = sender;
    this.#target = target;
    this.#begin = begin;
    this.#flows = flows;
    this.#registries = new Registries(this.#stage);
    const room = { stage: this.#stage, registries: this.#registries };
    this.#payments = new Payments(room);
    this.#channels = new Channels(room);
    this.#stakes = new StakeBook(this.#stage);
    this.#court = new Court({ ...room, committee });
    this.#votes = new Votes(room);
    this.#claims = new Claims(this.#stage);
  }

  /**
   * @param isPart Whether only what payments need is set up.
   * @param onStep Told of each step before it happens, and of its number.
   */
  async repeat({
    steps,
    isPart,
    onStep,
  }: {
    steps: Generator<Step, RunResult>;
    isPart: boolean;
    onStep: (step: Step, number: number) => void;
  }): Promise<void> {
    await this.#fillBank();
    let number = 0;
    for (const step of steps) {
      number++;
      if (step.kind === "period") this.period = step.period;
      onStep(step, number);
      if (isPart && !this.#isNeeded(step)) continue;
      this.sender.begin(String(number));
      await this.#carryOut(step);
    }
  }

  async compare(result: RunResult): Promise<ChainResult["compared"]> {
    return compare({
      stage: this.#stage,
      registries: this.#registries,
      result,
      flows: this.#flows,
    });
  }

  /** What is left goes back to where it came from. Chains for development are not worth it. */
  async finish(): Promise<void> {
    if (this.#target.node.isLocal) return;
    await sendBack({ stage: this.#stage, channels: this.#channels, to: this.#target.deployer });
  }

  /** Brings the bank what everybody will need, with as few transactions as there can be. */
  async #fillBank(): Promise<void> {
    const { contracts, plan, wallets } = this.#stage;
    const { node, deployer } = this.#target;
    this.sender.begin("bank");
    await this.sender.sendThroughNode({
      from: deployer,
      operation: "fund the bank",
      call: async () => {
        await requireTokens(this.#target, plan);
        return contracts.call("token", "transfer", [wallets.bank.address, plan.total]);
      },
    });
    if (node.isLocal) return;
    const value = etherOfBank(plan, await this.sender.gasPrice());
    await this.sender.sendThroughNode({
      from: deployer,
      operation: "fund the bank",
      call: () => ({ to: wallets.bank.address, data: "0x", value }),
    });
  }

  /** Where nothing is redirected, it does not matter when a share is drawn: too many claims are left to the last release. */
  get #claimsMatter(): boolean {
    const { plan, scenario } = this.#stage;
    return plan.claims <= MOST_CLAIMS || scenario.events.some(({ kind }) => kind === "copy");
  }

  #isNeeded(step: Step): boolean {
    const { plan } = this.#stage;
    switch (step.kind) {
      case "createDatanet":
      case "accept":
      case "revoke":
        return plan.usesDatanet(step.datanet);
      case "publish":
        return plan.usesAsset(step.asset);
      case "serve":
      case "serveVersion":
      case "setRates":
      case "setActive":
        return plan.usesService(step.service);
      case "stake":
      case "setCommission":
        return plan.usesOperator(step.operator);
      case "claim":
        return this.#claimsMatter || plan.deposits(step.person);
      default:
        return true;
    }
  }

  async #carryOut(step: Step): Promise<void> {
    switch (step.kind) {
      case "period":
        return this.#stage.clock.moveTo(this.#begin.time + step.period * this.#stage.scenario.periodSeconds);
      case "createDatanet":
        return this.#registries.createDatanet(step);
      case "accept":
        return this.#registries.accept(step);
      case "revoke":
        return this.#registries.revoke(step);
      case "publish":
        return this.#registries.publish(step);
      case "serve":
        return this.#registries.serve(step);
      case "serveVersion":
        return this.#registries.serveVersion(step);
      case "setRates":
        return this.#registries.setRates(step);
      case "setActive":
        return this.#registries.setActive(step);
      case "stake":
        return this.#stakes.stake(step);
      case "setCommission":
        return this.#stakes.setCommission(step);
      case "propose":
        return this.#votes.propose(step);
      case "enact":
        return this.#votes.enact(step);
      case "deposit":
        return this.#payments.deposit(step);
      case "fundChannel":
        return this.#channels.fund(step);
      case "pay":
        return this.#pay(step);
      case "settle":
        return this.#channels.settle(step);
      case "sweep":
        return this.#payments.sweep(step);
      case "release":
        return this.#claims.release(step);
      case "claim":
        return this.#claims.claim(step);
      case "equivocate":
        return this.#court.equivocate(step);
      case "duplicate":
        return this.#court.duplicate(step);
      case "dispute":
        return this.#court.dispute(step);
      case "releaseAll":
        return this.#claims.releaseAll();
    }
  }

  async #pay(step: Extract<Step, { kind: "pay" }>): Promise<void> {
    // Whoever pays through the registry is told the price by its event. What was paid before cannot be asked for again.
    if (step.rail !== "wallet" && !this.sender.isBehind) await this.#payments.quote(step);
    if (step.rail !== "vouchers") await this.#payments.pay(step);
  }
}
