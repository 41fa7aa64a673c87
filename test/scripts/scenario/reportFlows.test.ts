import { expect } from "chai";

import { drawSankey } from "../../../scripts/report/sankey.ts";
import { simplifyFlows } from "../../../scripts/scenario/report/flows.ts";
import type { FlowEnd, FlowResult } from "../../../sdk/scenario/result.ts";
import { randomFrom } from "../../sdk/random.ts";
import { OPEN, runOf } from "./runs.ts";

const end = (kind: FlowEnd["kind"], name: string): FlowEnd => ({ kind, name });
const flow = (from: FlowEnd, to: FlowEnd, amount: bigint): FlowResult => ({ from, to, amount });

function named(flows: readonly FlowResult[]): string[] {
  return flows.map(({ from, to, amount }) => `${from.name} → ${to.name}: ${amount}`);
}

/** What arrives at those who pay nobody. */
function arrived(flows: readonly FlowResult[], kind: FlowEnd["kind"]): bigint {
  return flows.filter(({ to }) => to.kind === kind).reduce((sum, { amount }) => sum + amount, 0n);
}

describe("flows of a picture", () => {
  const reader = end("payer", "reader");
  const service = end("service", "model at north");
  const model = end("model", "model");

  it("stay as they are if they are few", () => {
    const { flows } = runOf();
    expect(simplifyFlows(flows)).to.deep.equal(flows);
    expect(simplifyFlows([])).to.deep.equal([]);
    const models = ["a", "b", "c"].flatMap((name) => [
      flow(reader, end("model", name), 2n),
      flow(end("model", name), end("builder", "lab"), 2n),
    ]);
    expect(simplifyFlows(models)).to.deep.equal(models);
  });

  it("put those together that have little, and lose nothing", () => {
    const people = Array.from({ length: 30 }, (_, i) =>
      flow(end("datanet", "recipes"), end("contributor", `${i}`), BigInt(i + 1)),
    );
    const flows = [flow(reader, end("datanet", "recipes"), 465n), ...people];
    const simple = simplifyFlows(flows);
    expect(named(simple)).to.include("recipes → 22 other contributors: 253");
    expect(named(simple)).to.include("recipes → 22: 23");
    expect(simple).to.have.lengthOf(10);
    expect(arrived(simple, "contributor")).to.equal(465n);
  });

  it("leave somebody alone who would be the only other", () => {
    const people = Array.from({ length: 9 }, (_, i) => flow(reader, end("contributor", `${i}`), 1n));
    expect(simplifyFlows(people)).to.deep.equal(people);
  });

  it("put steps of a deep lineage together", () => {
    const { flows } = runOf({ models: 40 });
    const simple = simplifyFlows(flows);
    const models = new Set(simple.flatMap(({ from, to }) => [from, to]).filter(({ kind }) => kind === "model"));
    expect([...new Set(Array.from(models, ({ name }) => name))]).to.deep.equal([
      "7 models, steps 1 to 7",
      "7 models, steps 8 to 14",
      "6 models, steps 15 to 20",
      "7 models, steps 21 to 27",
      "7 models, steps 28 to 34",
      "6 models, steps 35 to 40",
    ]);
  });

  it("have no cycles: who is paid by those it pays leaves from a place of its own", () => {
    const helper = end("agent", "helper");
    const flows = [flow(reader, service, 10n), flow(service, helper, 10n), flow(helper, service, 4n)];
    expect(named(simplifyFlows(flows))).to.deep.equal([
      "reader → model at north: 10",
      "model at north → helper: 10",
      "helper, again → model at north: 4",
    ]);
  });

  it("tell a model from a Datanet and somebody of the same name", () => {
    const flows = [
      flow(reader, model, 5n),
      flow(model, end("datanet", "model"), 3n),
      flow(model, end("builder", "model"), 2n),
    ];
    expect(simplifyFlows(flows)).to.deep.equal(flows);
    expect(drawSankey(simplifyFlows(flows)).match(/<rect /g)).to.have.lengthOf(4);
  });

  it("can be drawn, whoever pays whom, and lose nothing that leaves the lineage", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = randomFrom(seed);
      const models = Array.from({ length: 1 + random.integer(60) }, (_, i) =>
        end((["model", "agent", "service"] as const)[random.integer(3)], `${i}`),
      );
      const flows = Array.from({ length: 5 + random.integer(200) }, (_, i) => {
        const amount = BigInt(1 + random.integer(1_000)) * OPEN;
        const any = models[random.integer(models.length)];
        const other = models[random.integer(models.length)];
        if (i % 3 === 0) return flow(end("payer", `payer ${random.integer(20)}`), any, amount);
        if (i % 3 === 1) return flow(any, end("builder", `builder ${random.integer(20)}`), amount);
        return any === other ? flow(any, end("datanet", "recipes"), amount) : flow(any, other, amount);
      });
      const simple = simplifyFlows(flows);
      for (const kind of ["builder", "datanet"] as const) expect(arrived(simple, kind)).to.equal(arrived(flows, kind));
      expect(drawSankey(simple), `seed ${seed}`).not.to.match(/NaN|undefined/);
    }
  });
});
