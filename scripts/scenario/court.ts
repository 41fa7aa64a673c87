import { id } from "ethers";

import { ZERO_WORD } from "../../sdk/bytes.ts";
import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { callId, childrenHash, type Receipt, signReceipt } from "../../sdk/receipt.ts";
import type { DatanetIndex } from "../../sdk/scenario/scenario.ts";
import { bondFor } from "../../sdk/scenario/stakes.ts";
import type { Slash, Step } from "../../sdk/scenario/step.ts";
import type { DatanetVersion, Registries } from "./registries.ts";
import type { Mined } from "./sender.ts";
import { expectSame, type Stage } from "./stage.ts";

const RULINGS = { none: 0n, respondent: 1n, claimant: 2n };
const NO_SLASH: Slash = { taken: 0n, bounty: 0n, compensation: 0n };
/** A block of slack around the court's windows. */
const SLACK_SECONDS = 2;

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Proofs of faults, and cases that the committee rules on. */
export class Court {
  readonly #stage: Stage;
  readonly #registries: Registries;
  /** Members of the committee whose votes the node can sign. */
  readonly #committee: readonly string[];
  /** Versions in which a copy was shown, as `Datanet place version`. */
  readonly #shown = new Set<string>();

  constructor({
    stage,
    registries,
    committee,
  }: {
    stage: Stage;
    registries: Registries;
    committee: readonly string[];
  }) {
    this.#stage = stage;
    this.#registries = registries;
    this.#committee = committee;
  }

  // ---------------------------------------------------------------- by proof

  /** Two receipts for one call, both signed, are shown to the court. */
  async equivocate({ operator, payer, prover, harm, slash }: StepOf<"equivocate">): Promise<void> {
    const { contracts, scenario, chainId } = this.#stage;
    const executor = this.#stage.operatorWallet(operator);
    const service = scenario.services.findIndex((candidate) => candidate.operator === operator);
    const domain = { chainId, services: contracts.addresses.services };
    const request = {
      payer: this.#stage.walletOf(payer).address,
      parentCallId: ZERO_WORD,
      serviceId: service === -1 ? 0n : BigInt(service),
      inputHash: id("the question"),
      salt: id(`equivocation of ${scenario.operators[operator].name}, ${this.#shown.size}`),
    };
    this.#shown.add(request.salt);
    const receipt: Receipt = {
      ...request,
      callId: callId({ ...domain, request }),
      childrenHash: childrenHash([]),
      splitId: ZERO_WORD,
      assetSplitId: ZERO_WORD,
      executor: executor.address,
      outputRoot: id("the answer"),
      tokensIn: 0n,
      tokensOut: 0n,
      amount: harm,
      servedAt: 1n,
    };
    const sign = async (signed: Receipt): Promise<{ receipt: Receipt; signature: string }> => ({
      receipt: signed,
      signature: await signReceipt({ ...domain, signer: executor, receipt: signed }),
    });
    const other = { ...receipt, outputRoot: id("another answer") };
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(prover),
      operation: "court: prove an equivocation",
      contract: "court",
      name: "prove",
      args: async () => [
        contracts.addresses.equivocations,
        encodeEquivocationProof(await sign(receipt), await sign(other)),
      ],
    });
    this.#expectSlash({ who: scenario.operators[operator].name, slash, mined });
  }

  /** The same content at two places of a log is shown to the court, for each version that has units of both. */
  async duplicate({ datanet, earlier, later, prover, slash }: StepOf<"duplicate">): Promise<void> {
    const { contracts, scenario, books } = this.#stage;
    const { name, court, curator } = scenario.datanets[datanet];
    const booked = this.#registries.datanet(datanet);
    const isKnown = this.#shown.has(`${datanet} ${later}`);
    this.#shown.add(`${datanet} ${later}`);
    let isFirst = !isKnown;
    for (const version of this.#versionsWith({ datanet, earlier, later, isKnown })) {
      if (!court && !isFirst) break;
      const { number, split, log } = version;
      const wrapping = split === undefined || split.id === log.id ? {} : { wrapping: split };
      const entry = (index: number) => ({ index, content: booked.entries[index].content });
      const mined = await this.#stage.send({
        from: this.#stage.walletOf(prover),
        operation: "court: prove a duplicate",
        contract: "court",
        name: "prove",
        args: () => [
          contracts.addresses.duplicates,
          encodeDuplicateProof({
            version: { datanetId: booked.id, version: number, log, ...wrapping },
            first: entry(earlier),
            later: entry(later),
          }),
        ],
      });
      if (isFirst) this.#expectSlash({ who: this.#stage.nameOf(curator), slash: slash ?? NO_SLASH, mined });
      isFirst = false;
      if (!court) continue;
      const to = this.#stage.accountOf(booked.entries[earlier].contributor);
      const restored = contracts.event("court", "ShareRestored", mined);
      expectSame({ what: `The split that a copy in ${name} is in`, model: log.id, chain: restored.text("splitId") });
      expectSame({ what: `Who gets the share of a copy in ${name}`, model: to, chain: restored.text("to") });
      books.redirect({ splitId: log.id, index: later, to });
    }
  }

  /** All versions that pay both contributions; only the latest if the copy was shown of those before. */
  #versionsWith({
    datanet,
    earlier,
    later,
    isKnown,
  }: {
    datanet: DatanetIndex;
    earlier: number;
    later: number;
    isKnown: boolean;
  }): DatanetVersion[] {
    const versions = [...this.#registries.datanet(datanet).versions.values()];
    return (isKnown ? versions.slice(-1) : versions).filter(
      ({ log: { tree } }) => later < tree.size && tree.share(earlier).units > 0n && tree.share(later).units > 0n,
    );
  }

  // ---------------------------------------------------------------- by ruling

  /** A case for a slash: a bond, time for evidence, the committee's votes, and what follows from them. */
  async dispute({ claimant, operator, asked, ruling, slash }: StepOf<"dispute">): Promise<void> {
    const { contracts, scenario, clock, sender, wallets } = this.#stage;
    await this.#stage.funds.provide(claimant, "court");
    const respondent = this.#stage.operatorWallet(operator).address;
    const harmed = this.#stage.walletOf(claimant).address;
    const evidence = id("evidence");
    const opened = await this.#stage.send({
      from: this.#stage.walletOf(claimant),
      operation: "court: open a case",
      contract: "court",
      name: "open",
      args: () => [
        { respondent, harmed, amount: asked, evidenceHash: evidence, evidenceURI: "urn:scenario:evidence" },
        bondFor(asked),
        "0x",
      ],
    });
    const event = contracts.event("court", "CaseOpened", opened);
    const [caseId, disputeId] = [event.uint("caseId"), event.uint("disputeId")];
    const openedAt = await sender.node.timeOf(opened.block);
    const evidenceSeconds = Number(await contracts.readUint("court", "evidenceSeconds"));
    const rulingSeconds = Number(await contracts.readUint("court", "rulingSeconds"));
    if (ruling === "none") {
      await clock.moveTo(openedAt + evidenceSeconds + rulingSeconds + SLACK_SECONDS);
    } else {
      await clock.moveTo(openedAt + evidenceSeconds + SLACK_SECONDS);
      for (const member of this.#committee) {
        await sender.sendThroughNode({
          from: member,
          operation: "committee: vote",
          call: () => contracts.call("committee", "vote", [disputeId, RULINGS[ruling]]),
        });
      }
    }
    const mined = await this.#stage.send({
      from: wallets.bank,
      operation: "court: settle a case",
      contract: "court",
      name: "settle",
      args: () => [caseId, []],
    });
    const ended = contracts.event("court", "CaseEnded", mined);
    const who = scenario.operators[operator].name;
    expectSame({ what: `The ruling on ${who}`, model: RULINGS[ruling], chain: ended.uint("ruling") });
    this.#expectSlash({ who, slash: slash ?? NO_SLASH, mined });
  }

  // ---------------------------------------------------------------- internals

  #expectSlash({ who, slash, mined }: { who: string; slash: Slash; mined: Mined }): void {
    const { contracts } = this.#stage;
    const slashed = contracts.events("staking", "Slashed", mined);
    const divided = contracts.events("court", "SlashDivided", mined);
    const sum = (events: typeof slashed, field: string): bigint =>
      events.reduce((total, event) => total + event.uint(field), 0n);
    expectSame({ what: `What the stake of ${who} loses`, model: slash.taken, chain: sum(slashed, "amount") });
    expectSame({ what: `The bounty for a slash of ${who}`, model: slash.bounty, chain: sum(divided, "bounty") });
    const chain = sum(divided, "compensation");
    expectSame({ what: `The compensation for a slash of ${who}`, model: slash.compensation, chain });
  }
}
