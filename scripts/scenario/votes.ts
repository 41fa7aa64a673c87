import { id } from "ethers";

import type { Fees } from "../../sdk/scenario/scenario.ts";
import type { Step } from "../../sdk/scenario/step.ts";
import type { Registries } from "./registries.ts";
import { expectSame, type Stage } from "./stage.ts";

const FOR = 1;
/** A block of slack around the governor's windows. */
const SLACK_SECONDS = 2;
const QUEUE = "queue(address[],uint256[],bytes[],bytes32)";
const EXECUTE = "execute(address[],uint256[],bytes[],bytes32)";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** What the governor takes to queue and to execute. */
type Operation = [targets: string[], values: bigint[], calldatas: string[], descriptionHash: string];

/** Votes about fees: proposed in one period, voted for when that is possible, in force in a later one. */
export class Votes {
  readonly #stage: Stage;
  readonly #registries: Registries;
  readonly #queued = new Map<number, { operation: Operation; time: number }>();

  constructor({ stage, registries }: { stage: Stage; registries: Registries }) {
    this.#stage = stage;
    this.#registries = registries;
  }

  async propose({ fees, voters, policy }: StepOf<"propose">): Promise<void> {
    const { contracts, clock, sender } = this.#stage;
    const { to, data } = contracts.call("feePolicy", "setPolicy", [this.#policyOf(fees)]);
    const description = `Policy ${this.#registries.policyOnChain(policy)} of ${this.#stage.wallets.bank.address}`;
    const operation: Operation = [[to], [0n], [data], id(description)];
    const [proposer] = voters;
    if (!sender.isBehind) await clock.tick();
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(proposer),
      operation: "governance: propose",
      contract: "governor",
      name: "propose",
      args: () => [...operation.slice(0, 3), description],
    });
    const event = contracts.event("governor", "ProposalCreated", mined);
    const [proposalId, start, end] = [event.uint("proposalId"), event.index("voteStart"), event.index("voteEnd")];
    clock.schedule({
      time: start + SLACK_SECONDS,
      work: async () => {
        for (const voter of voters) {
          await this.#stage.send({
            from: this.#stage.walletOf(voter),
            operation: "governance: vote",
            contract: "governor",
            name: "castVote",
            args: () => [proposalId, FOR],
          });
        }
      },
    });
    clock.schedule({
      time: end + SLACK_SECONDS,
      work: async () => {
        const queued = await this.#stage.send({
          from: this.#stage.wallets.bank,
          operation: "governance: queue",
          contract: "governor",
          name: QUEUE,
          args: () => operation,
        });
        const time = contracts.event("governor", "ProposalQueued", queued).index("etaSeconds");
        this.#queued.set(policy, { operation, time });
      },
    });
  }

  async enact({ fees, policy }: StepOf<"enact">): Promise<void> {
    const { contracts, clock } = this.#stage;
    const queued = this.#queued.get(policy);
    if (queued === undefined) throw new Error(`Policy ${policy} was not voted for in time.`);
    await clock.moveTo(queued.time + SLACK_SECONDS);
    const mined = await this.#stage.send({
      from: this.#stage.wallets.bank,
      operation: "governance: execute",
      contract: "governor",
      name: EXECUTE,
      args: () => queued.operation,
    });
    const chain = contracts.event("feePolicy", "PolicySet", mined).uint("version");
    const model = BigInt(this.#registries.policyOnChain(policy));
    expectSame({ what: "The fee policy in force", model, chain });
    this.#registries.enact(policy, fees);
  }

  #policyOf({ treasuryBps, operatorBps, stakersBps, perCall }: Fees): Record<string, unknown> {
    const { treasury } = this.#stage;
    return { treasury, treasuryBps, operatorBps, stakersBps, platformFee: perCall };
  }
}
