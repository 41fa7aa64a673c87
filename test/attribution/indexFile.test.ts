import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import { Attributor } from "../../sdk/attribution/attribute.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { IndexFileError, loadIndex, saveIndex } from "../../sdk/attribution/indexFile.ts";
import { concatBytes } from "../../sdk/bytes.ts";
import { loadIndexFile, saveIndexFile } from "../../sdk/node/indexFile.ts";
import { randomFrom } from "../sdk/random.ts";
import { randomCorpus, toBytes } from "./corpora.ts";

const HEADER_BYTES = 112;
const TEXTS = ["the quick brown fox jumps over the lazy dog", undefined, "", "over the lazy dog and away"];

function smallIndex(): GramIndex {
  const index = GramIndex.create({ k: 3 });
  for (const text of TEXTS) {
    if (text === undefined) index.skip();
    else index.append(toBytes(text));
  }
  return index;
}

async function refusal(bytes: Uint8Array): Promise<IndexFileError> {
  try {
    await loadIndex([bytes]);
  } catch (error) {
    if (error instanceof IndexFileError) return error;
    throw error;
  }
  return expect.fail("The index was loaded.");
}

/** A copy in which a 32-bit number is another one. */
function withNumber(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

/** The file of an index whose parts were changed, with checksums that fit. */
function savedWith(change: (parts: GramIndex["parts"]) => GramIndex["parts"]): Uint8Array {
  return concatBytes([...saveIndex(GramIndex.fromParts({ parts: change(smallIndex().parts) }))]);
}

describe("index file", () => {
  const saved = concatBytes([...saveIndex(smallIndex())]);

  it("brings an index back, and goes on with it as if it had never been saved", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = randomFrom(seed);
      const { k, texts, outputs } = randomCorpus(random);
      const whole = GramIndex.create({ k, hashSeed: seed });
      let index = GramIndex.create({ k, hashSeed: seed });
      for (const text of texts) {
        for (const each of [whole, index]) {
          if (text === undefined) each.skip();
          else each.append(toBytes(text));
        }
        const bytes = concatBytes([...saveIndex(index)]);
        const pieceBytes = 1 + random.integer(5_000);
        const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
          bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
        );
        index = await loadIndex(pieces, { shared: random.integer(2) === 0 });
      }
      expect(concatBytes([...saveIndex(index)]), `seed ${seed}`).to.deep.equal(concatBytes([...saveIndex(whole)]));
      for (const output of outputs) {
        expect(new Attributor(index).attribute(toBytes(output)), `seed ${seed}`).to.deep.equal(
          new Attributor(whole).attribute(toBytes(output)),
        );
      }
    }
  });

  it("has the length that its format gives it", () => {
    const textBytes = TEXTS.reduce((sum, text) => sum + (text === undefined ? 0 : text.length + 1), 0);
    expect(saved.length).to.equal(HEADER_BYTES - 8 + 8 + 2 * (4 * 4 + 8) + textBytes + 8 + 8 * 2_048 + 8);
  });

  it("finds any byte that was changed, and says in which section", async () => {
    const sections: [number, string][] = [
      [HEADER_BYTES, "header"],
      [HEADER_BYTES + 24, "starts"],
      [HEADER_BYTES + 48, "lengths"],
      [saved.length - 8 * 2_048 - 8, "texts (segment 0)"],
      [saved.length, "table"],
    ];
    const random = randomFrom(1);
    for (let at = 0; at < saved.length; at += at < 600 ? 1 : 97) {
      const damaged = saved.slice();
      damaged[at] ^= 1 + random.integer(255);
      const section = sections.find(([end]) => at < end)?.[1];
      expect((await refusal(damaged)).section, `byte ${at}`).to.equal(section);
    }
  });

  it("finds where it ends early", async () => {
    for (let length = 0; length < saved.length; length += length < 600 ? 1 : 97) {
      const { message } = await refusal(saved.slice(0, length));
      expect(message).to.contain(`it ends after ${length} bytes, within its `);
    }
    expect((await refusal(saved.slice(0, 200))).message).to.equal(
      "This is no intact index: it ends after 200 bytes, within its texts (segment 0).",
    );
  });

  it("finds bytes behind its end", async () => {
    const { message, section } = await refusal(concatBytes([saved, Uint8Array.of(0)]));
    expect(section).to.equal("end");
    expect(message).to.contain(`it goes on after ${saved.length} bytes, where it should end`);
  });

  it("says so if it is no index at all", async () => {
    expect((await refusal(toBytes("x".repeat(500)))).message).to.contain("it does not begin like one");
  });

  it("refuses versions and sizes it does not know", async () => {
    const cases: [number, number, string][] = [
      [8, 2, "its version is 2, where 1 to 1 is known"],
      [12, 33, "its K is 33, where 2 to 32 is known"],
      [12, 1, "its K is 1, where 2 to 32 is known"],
      [16, 255, "its bound of K-grams is 255, where 254 to 254 is known"],
      [32, 10, "its table's size is 10, where 11 to 29 is known"],
      [32, 30, "its table's size is 30, where 11 to 29 is known"],
      [36, 17, "its number of segments is 17, where 0 to 16 is known"],
      [40, 0, "its segment's length is 0, where 1 to 268435456 is known"],
      [40, 2 ** 28 + 1, "its segment's length is 268435457, where 1 to 268435456 is known"],
    ];
    // An index that is made of a header only saves with a checksum that fits.
    for (const [at, value, reason] of cases) {
      const header = withNumber(saved, at, value).subarray(0, HEADER_BYTES - 8);
      const { message } = await refusal(concatBytes([header, await checksum(header), saved.subarray(HEADER_BYTES)]));
      expect(message).to.contain(reason);
    }
  });

  it("refuses contributions that contradict each other, though their checksums fit", async () => {
    const contradictions: ((starts: Uint32Array, lengths: Uint32Array) => void)[] = [
      (starts) => (starts[3] = 13),
      (starts) => (starts[0] = 2 ** 28),
      (_, lengths) => (lengths[3] += 1),
      (_, lengths) => (lengths[0] -= 1),
      (_, lengths) => (lengths[0] = 2 ** 31),
    ];
    for (const contradict of contradictions) {
      const bytes = savedWith((parts) => {
        contradict(parts.texts.starts, parts.texts.lengths);
        return parts;
      });
      expect((await refusal(bytes)).message).to.contain("its contributions contradict each other");
    }
  });

  it("refuses a table that contradicts its texts, though its checksum fits", async () => {
    const contradictions: ((parts: GramIndex["parts"]) => GramIndex["parts"])[] = [
      (parts) => ({ ...parts, grams: parts.grams - 1 }),
      (parts) => ({ ...parts, grams: parts.grams + 1 }),
      ({ table, texts, ...parts }) => {
        const used = table.findIndex((position, at) => at % 2 === 1 && position !== 0);
        table[used] = (texts.segmentLengths[0] ?? 0) + 1;
        return { ...parts, table, texts };
      },
      ({ table, ...parts }) => {
        const used = table.findIndex((position, at) => at % 2 === 1 && position !== 0);
        table[used] = 2 ** 28 + 1;
        return { ...parts, table };
      },
      ({ table, ...parts }) => ({ ...parts, table: table.fill(1), grams: table.length / 2 }),
    ];
    for (const contradict of contradictions) {
      expect((await refusal(savedWith(contradict))).message).to.contain("its table contradicts its texts");
    }
  });

  describe("on a disk", () => {
    let directory: string;
    let file: string;

    beforeEach(async () => {
      directory = await mkdtemp(path.join(tmpdir(), "index-"));
      file = path.join(directory, "index");
    });

    afterEach(() => rm(directory, { recursive: true }));

    it("is saved and loaded piece by piece", async () => {
      const index = GramIndex.create();
      const random = randomFrom(1);
      for (let i = 0; i < 40; i++) {
        index.append(toBytes(Array.from({ length: 5_000 }, () => random.hex(2)).join(" ")));
      }
      await saveIndexFile({ index, file });
      expect(await readdir(directory)).to.deep.equal(["index"]);
      const loaded = await loadIndexFile({ file });
      expect(loaded.memory).to.deep.equal(index.memory);
      expect(new Uint8Array(await readFile(file))).to.deep.equal(concatBytes([...saveIndex(loaded)]));
    });

    it("replaces what was saved before", async () => {
      await writeFile(file, "something else");
      await saveIndexFile({ index: smallIndex(), file });
      expect(new Uint8Array(await readFile(file))).to.deep.equal(saved);
    });

    it("is refused if it was cut off", async () => {
      await saveIndexFile({ index: smallIndex(), file });
      await truncate(file, 1_000);
      let refused: unknown;
      await loadIndexFile({ file }).catch((error: unknown) => (refused = error));
      expect(refused).to.be.instanceOf(IndexFileError);
      expect(refused).to.have.property("section", "table");
    });
  });
});

/** The checksum of these bytes, as a section's. */
async function checksum(bytes: Uint8Array): Promise<Uint8Array> {
  const { createXXHash64 } = await import("hash-wasm");
  return (await createXXHash64()).init().update(bytes).digest("binary");
}
