import { expect } from "chai";

import { toHex } from "../../../sdk/bytes.ts";
import { keccak256 } from "../../../sdk/keccak.ts";
import { randomScenario } from "../../helpers/randomScenario.ts";
import { playAll } from "../../helpers/scenario.ts";

/** Of steps and results of some scenarios, on every machine. Whoever changes it changes everybody's results. */
const GOLDEN = "0x2951f29ff0e7247ef72685d1e81289f6c4eed4b57e0ad7ff53a3d7ed465ec8ec";

const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1);

/** What the benches measure of gas changes with the contracts, and is left out. */
const GAS = new Set(["estimatedGas", "gasShare", "smallestClaim"]);

function bytesOf(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) =>
    GAS.has(key) ? undefined : typeof part === "bigint" ? `${part}` : part,
  );
}

describe("a run", () => {
  it("is the same for the same scenario, to the byte", () => {
    for (const seed of SEEDS) {
      expect(bytesOf(playAll(randomScenario(seed)))).to.equal(bytesOf(playAll(randomScenario(seed))));
    }
  });

  it("is another one for another seed", () => {
    const scenario = randomScenario(SEEDS[0]);
    const other = playAll({ ...scenario, seed: scenario.seed + 1 });
    expect(bytesOf(other.steps)).not.to.equal(bytesOf(playAll(scenario).steps));
  });

  it("is the same on every engine", () => {
    const all = SEEDS.map((seed) => bytesOf(playAll(randomScenario(seed)))).join("\n");
    expect(toHex(keccak256(new TextEncoder().encode(all)))).to.equal(GOLDEN);
  });
});
