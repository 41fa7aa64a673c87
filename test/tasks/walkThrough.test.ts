import { expect } from "chai";

import { readDoc } from "../docs/markdown.ts";
import { findScenes, normalize, play, type Scene, WALK_THROUGH } from "./walkThrough.ts";

describe(WALK_THROUGH, () => {
  let scenes: Scene[];
  let outputs: string[];

  before(async function () {
    this.timeout(240_000);
    scenes = findScenes(await readDoc(WALK_THROUGH));
    outputs = await play(scenes);
  });

  it("is played from deployment to claim, each command a process of its own, and prints what it shows", () => {
    const shown = scenes.flatMap((scene, i) =>
      scene.shown === undefined ? [] : [normalize(scene.shown)].map((text) => [i, text]),
    );
    const printed = shown.map(([i]) => [i, normalize(outputs[Number(i)])]);
    expect(printed).to.deep.equal(shown);
    expect(shown.length).to.be.greaterThan(10);
  });

  it("uses nothing but verbs, files of its own and the deployment", () => {
    const programs = scenes.flatMap(({ commands }) =>
      commands
        .trim()
        .split("\n")
        .map((line) => line.split(" ").slice(0, 2).join(" ")),
    );
    const allowed = ["npx hardhat", "npm run", "export HARDHAT_NETWORK=localhost", "mkdir -p"];
    expect(programs.filter((program) => !allowed.includes(program) && !program.startsWith("echo "))).to.deep.equal([]);
  });
});
