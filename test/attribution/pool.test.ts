import { expect } from "chai";

import { Attributor } from "../../sdk/attribution/attribute.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { AttributionPool } from "../../sdk/node/attributionPool.ts";
import { randomFrom } from "../sdk/random.ts";
import { randomCorpus, toBytes } from "./corpora.ts";

/** Contributions and outputs of many random corpora, with so many outputs that each worker gets several batches. */
function largeCorpus(): { index: GramIndex; outputs: Uint8Array[] } {
  const index = GramIndex.create({ k: 3, shared: true });
  const outputs: Uint8Array[] = [];
  for (let seed = 1; seed <= 300; seed++) {
    const corpus = randomCorpus(randomFrom(seed));
    for (const text of corpus.texts) {
      if (text === undefined) index.skip();
      else index.append(toBytes(text));
    }
    outputs.push(...corpus.outputs.map(toBytes));
  }
  outputs.push(new Uint8Array(), toBytes("a ".repeat(200_000)));
  return { index, outputs };
}

describe("attribution pool", function () {
  this.timeout(30_000);

  const { index, outputs } = largeCorpus();
  const attributor = new Attributor(index);
  const expected = outputs.map((output) => attributor.attribute(output));

  for (const workers of [1, 2, 3]) {
    it(`finds the same with ${workers} as without`, async () => {
      const pool = new AttributionPool({ index, workers });
      try {
        expect(await pool.attributeAll(outputs)).to.deep.equal(expected);
        const contributions = 500;
        const [some, none, again] = await Promise.all([
          pool.attributeAll(outputs, { contributions }),
          pool.attributeAll([]),
          pool.attributeAll(outputs),
        ]);
        expect(some).to.deep.equal(outputs.map((output) => attributor.attribute(output, { contributions })));
        expect(none).to.deep.equal([]);
        expect(again).to.deep.equal(expected);
      } finally {
        await pool.close();
      }
    });
  }

  it("leaves the outputs as they are", async () => {
    const pool = new AttributionPool({ index, workers: 1 });
    const output = toBytes("a b c d");
    await pool.attributeAll([output, output.subarray(2)]);
    expect(output).to.deep.equal(toBytes("a b c d"));
    await pool.close();
  });

  it("does not see what is appended to its index later", async () => {
    const growing = GramIndex.create({ k: 3, shared: true });
    growing.append(toBytes("a b c d"));
    const pool = new AttributionPool({ index: growing, workers: 1 });
    const output = toBytes("b c d e f g h");
    const before = new Attributor(growing).attribute(output);
    growing.append(toBytes("c d e f g h"));
    // Also in a segment that the pool does not know.
    for (let i = 0; i < 5; i++) growing.append(new Uint8Array(60 << 20));
    growing.append(toBytes("f g h"));
    expect(new Attributor(growing).attribute(output)).not.to.deep.equal(before);
    expect(await pool.attributeAll([output])).to.deep.equal([before]);
    await pool.close();
  });

  it("refuses an index that cannot be shared", () => {
    const own = GramIndex.create();
    expect(() => new AttributionPool({ index: own })).to.throw(TypeError, "Make or load it with `shared: true`.");
  });

  it("refuses a number of workers that is none", () => {
    for (const workers of [0, -1, 1.5]) {
      expect(() => new AttributionPool({ index, workers })).to.throw(RangeError, `but not ${workers}.`);
    }
  });

  it("tells those who wait when it is closed", async () => {
    const pool = new AttributionPool({ index, workers: 1 });
    const waiting = pool.attributeAll(outputs).catch((error: unknown) => error);
    await pool.close();
    expect(await waiting)
      .to.be.instanceOf(Error)
      .with.property("message", "The pool of workers was closed.");
    const later = await pool.attributeAll(outputs).catch((error: unknown) => error);
    expect(later).to.be.instanceOf(Error).with.property("message", "The pool of workers was closed.");
  });
});
