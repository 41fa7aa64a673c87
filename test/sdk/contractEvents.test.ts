import { expect } from "chai";
import type { Interface } from "ethers";
import hre, { network } from "hardhat";

import { CHANNEL_EVENTS } from "../../sdk/channelTerms.ts";
import { readEvents } from "../../sdk/contractEvents.ts";
import { LEDGER_EVENTS } from "../../sdk/ledgerEvents.ts";
import { PROPOSAL_EVENTS, PROPOSAL_STATE } from "../../sdk/proposals.ts";
import { SUBMISSION_EVENTS } from "../../sdk/submissions.ts";
import { accountOf } from "../helpers/shares.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { loadFixture } = connection.networkHelpers;

const READ: Record<string, Interface> = {
  DatanetRegistry: SUBMISSION_EVENTS,
  PaymentChannels: CHANNEL_EVENTS,
  OpenGovernor: PROPOSAL_EVENTS,
};

const deploy = async (): Promise<World> => await deployWorld(connection);

describe("events of contracts", () => {
  for (const [contract, events] of Object.entries(READ)) {
    it(`are those of ${contract}, with the same names`, async () => {
      const { abi } = await hre.artifacts.readArtifact(contract);
      const known = new Map<string, string>();
      for (const item of abi as { type: string; name: string; inputs: { name: string }[] }[]) {
        if (item.type === "event") known.set(item.name, item.inputs.map(({ name }) => name).join());
      }
      events.forEachEvent(({ name, inputs }) => {
        expect(inputs.map((input) => input.name).join()).to.equal(known.get(name));
      });
    });
  }

  it("are read in the order of the chain, within a range of blocks", async () => {
    const { ledger, payer, alice, bob } = await loadFixture(deploy);
    for (const [amount, to] of [
      [1n, alice],
      [2n, bob],
      [3n, alice],
    ] as const) {
      await ledger.connect(payer).deposit(accountOf(to), amount);
    }
    const { provider } = connection.ethers;
    const toBlock = await provider.getBlockNumber();
    const range = { events: LEDGER_EVENTS, provider, address: await ledger.getAddress(), toBlock };
    const amounts = async (fromBlock: number): Promise<bigint[]> =>
      (await readEvents({ ...range, fromBlock })).map(({ args }) => args.uint("amount"));
    expect(await amounts(1)).to.deep.equal([1n, 2n, 3n]);
    expect(await amounts(toBlock)).to.deep.equal([3n]);
  });

  it("tell a proposal's state by its name, in the governor's order", () => {
    expect(PROPOSAL_STATE).to.have.length(8);
    expect(PROPOSAL_STATE[7]).to.equal("executed");
  });
});
