import { expect } from "chai";
import { network } from "hardhat";

import { repeatOnChain } from "../../../scripts/scenario/chain.ts";
import { RAILS } from "../../../sdk/scenario/scenario.ts";
import { randomFile } from "../../helpers/randomFile.ts";

/** Between them they have every rail and every event. */
const SEEDS = [1, 2, 3, 53, 131, 223];
const EVENTS = "contribute copy dispute equivocate outage price publish revoke vote".split(" ");

describe("random scenario files", function () {
  this.timeout(60_000);

  it("have between them whatever a scenario can have", () => {
    const scenarios = SEEDS.map((seed) => randomFile(seed).scenario);
    const rails = scenarios.flatMap(({ traffic }) => traffic.map(({ rail }) => rail));
    const events = scenarios.flatMap((scenario) => scenario.events.map(({ kind }) => kind));
    expect(new Set(rails)).to.have.all.keys(...RAILS);
    expect(new Set(events)).to.have.all.keys(...EVENTS);
    expect(scenarios.some(({ assets }) => assets.some(({ kind }) => kind === "agent"))).to.equal(true);
  });

  for (const seed of SEEDS) {
    it(`come out of the embedded chain as out of the model, with seed ${seed}`, async () => {
      const { text, scenario } = randomFile(seed);
      const connection = await network.create("hardhat");
      try {
        const { compared } = await repeatOnChain({ scenario, connection, deployments: "", folder: "" });
        expect(compared.differences, text).to.deep.equal([]);
        expect(compared.accounts + compared.splits).to.be.greaterThan(0);
      } finally {
        await connection.close();
      }
    });
  }
});
