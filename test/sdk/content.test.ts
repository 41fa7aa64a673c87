import { expect } from "chai";
import { AbiCoder, id, keccak256 } from "ethers";

import { CHUNK_BYTES, ContentTree, evidenceOf, proveChunk, verifyChunk } from "../../sdk/content.ts";
import { naiveContentRoot } from "./naive.ts";
import { randomFrom } from "./random.ts";

const LENGTHS = [1, 2, 255, 256, 257, 511, 512, 513, 768, 769, 1_024, 1_280, 1_281, 5_000, 10_239, 10_240, 10_241];

describe("ContentTree", () => {
  it("has the root that the definition gives, whatever the length", () => {
    const random = randomFrom(1);
    for (const length of LENGTHS) {
      const content = random.bytes(length);
      const tree = ContentTree.from(content);
      expect(tree.contentRoot, `${length} bytes`).to.equal(naiveContentRoot(content));
      expect(tree.byteLength).to.equal(length);
      expect(tree.size).to.equal(Math.ceil(length / CHUNK_BYTES));
    }
  });

  it("has the same root when the content comes in pieces", async () => {
    const random = randomFrom(2);
    for (const length of LENGTHS) {
      const content = random.bytes(length);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < length;) {
        const piece = content.subarray(at, at + random.integer(700));
        pieces.push(piece);
        at += piece.length;
      }
      expect((await ContentTree.read(pieces)).contentRoot).to.equal(naiveContentRoot(content));
      async function* stream(): AsyncGenerator<Uint8Array> {
        yield* pieces;
      }
      expect((await ContentTree.read(stream())).contentRoot).to.equal(naiveContentRoot(content));
    }
  });

  it("binds the length: a content and the same content with a zero byte differ", () => {
    const content = new Uint8Array(300);
    expect(ContentTree.from(content).contentRoot).to.not.equal(ContentTree.from(new Uint8Array(301)).contentRoot);
  });

  it("refuses an empty content", async () => {
    expect(() => ContentTree.from(new Uint8Array())).to.throw(RangeError, "at least one byte");
    const error: unknown = await ContentTree.read([]).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RangeError);
  });
});

describe("proveChunk", () => {
  it("proves every chunk", () => {
    const random = randomFrom(3);
    for (const length of LENGTHS) {
      const content = random.bytes(length);
      const { contentRoot, size } = ContentTree.from(content);
      for (let index = 0; index < size; index++) {
        const proof = proveChunk({ content, index });
        expect(proof.chunk).to.deep.equal(content.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
        expect(verifyChunk({ contentRoot, byteLength: length, ...proof }), `chunk ${index} of ${length} bytes`).to.be
          .true;
      }
    }
  });

  it("refuses a chunk that does not exist", () => {
    expect(() => proveChunk({ content: new Uint8Array(512), index: 2 })).to.throw(RangeError, "index 2");
  });
});

describe("verifyChunk", () => {
  const random = randomFrom(4);
  const content = random.bytes(1_500);
  const { contentRoot } = ContentTree.from(content);
  const good = { contentRoot, byteLength: 1_500, ...proveChunk({ content, index: 3 }) };

  it("rejects other bytes, another place, another length and other siblings", () => {
    const chunk = good.chunk.slice();
    chunk[17] ^= 1;
    const [first, ...others] = good.siblings;
    for (const wrong of [
      { ...good, chunk },
      { ...good, chunk: good.chunk.slice(0, 255) },
      { ...good, index: 2 },
      { ...good, byteLength: 1_499 },
      { ...good, byteLength: 1_800 },
      { ...good, contentRoot: random.hex(32) },
      { ...good, siblings: others },
      { ...good, siblings: [...good.siblings, first] },
      { ...good, siblings: [random.hex(32), ...others] },
    ]) {
      expect(verifyChunk(wrong)).to.be.false;
    }
    expect(verifyChunk(good)).to.be.true;
  });

  it("says which chunk the content cannot have", () => {
    expect(() => verifyChunk({ ...good, index: 6 })).to.throw(
      RangeError,
      "6 leaves has no range of 1 leaves from index 6",
    );
  });
});

describe("evidenceOf", () => {
  it("is the EIP-712 struct hash of the content", () => {
    const random = randomFrom(5);
    const content = {
      contentRoot: random.hex(32),
      byteLength: 12_345n,
      licenseHash: id("CC-BY-4.0"),
      uriHash: id("ipfs://example"),
    };
    const typeHash = id("Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)");
    const encoded = AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "bytes32", "uint64", "bytes32", "bytes32"],
      [typeHash, content.contentRoot, content.byteLength, content.licenseHash, content.uriHash],
    );
    expect(evidenceOf(content)).to.equal(keccak256(encoded));
  });
});
