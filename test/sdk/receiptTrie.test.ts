import { expect } from "chai";
import { decodeRlp, keccak256 } from "ethers";

import { ListTrie } from "../../sdk/receiptTrie.ts";

const values = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) =>
      `0x${(i + 1)
        .toString(16)
        .padStart(4, "0")
        .repeat(1 + (i % 30))}`,
  );

describe("trie of a list", () => {
  for (const count of [1, 2, 3, 16, 17, 127, 128, 129, 200, 255, 256, 257, 300]) {
    it(`leads from its root to each of ${count} values`, () => {
      const trie = new ListTrie(values(count));
      values(count).forEach((value, index) => {
        const nodes = trie.prove(index);
        expect(keccak256(nodes[0])).to.equal(trie.root);
        nodes.slice(1).forEach((node, i) => {
          expect(nodes[i]).to.contain(keccak256(node).slice(2));
        });
        expect(JSON.stringify(decodeRlp(nodes[nodes.length - 1]))).to.contain(value);
      });
    });
  }

  it("has another root for other values, or another order", () => {
    const [a, b, ...others] = values(20);
    const roots = [values(20), values(19), [b, a, ...others], [b, b, ...others]].map((list) => new ListTrie(list).root);
    expect(new Set(roots).size).to.equal(4);
  });

  it("refuses an empty list, and places that it does not have", () => {
    expect(() => new ListTrie([])).to.throw(RangeError, "at least one value");
    for (const index of [-1, 2, 0.5]) {
      expect(() => new ListTrie(values(2)).prove(index)).to.throw(RangeError, `2 values, none at ${index}`);
    }
  });
});
