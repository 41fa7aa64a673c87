import { expect } from "chai";
import { id, keccak256, toUtf8Bytes, ZeroHash } from "ethers";

import { canonicalBytes, checkMetadata, metadataHash } from "../../../sdk/metadata/canonical.ts";
import { checkDocument } from "../../../sdk/metadata/document.ts";
import { formatProblem } from "../../../sdk/metadata/problem.ts";
import { cardExample, croissantExample, EXAMPLE, spdxExample } from "./examples.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("Canonical bytes", () => {
  it("have their names in order, no spaces, and numbers as RFC 8785 writes them", () => {
    const document = { b: [1e21, 0.000_001, -0, true], a: { "\u20ac": null, "1": "\u000f\n\u00f6" } };
    expect(text(canonicalBytes(document))).to.equal('{"a":{"1":"\\u000f\\nö","€":null},"b":[1e+21,0.000001,0,true]}');
  });

  it("do not depend on the order in which a document was written", () => {
    expect(metadataHash({ b: 1, a: 2 })).to.equal(metadataHash({ a: 2, b: 1 }));
    expect(metadataHash({ a: 2, b: 1 })).to.equal(id('{"a":2,"b":1}'));
  });

  it("are those of JSON only", () => {
    expect(() => canonicalBytes(undefined)).to.throw(TypeError, "A document must be JSON.");
  });
});

describe("The hash on chain", () => {
  const bytes = canonicalBytes(croissantExample());
  const hash = metadataHash(croissantExample());

  it("is that of the canonical bytes", () => {
    expect(hash).to.equal(keccak256(bytes));
    expect(checkMetadata({ bytes, metadataHash: hash.toUpperCase().replace("0X", "0x") })).to.deep.equal([]);
  });

  it("refuses a document of which one byte changed", () => {
    const other = Uint8Array.from(bytes);
    other[100] ^= 1;
    expect(checkMetadata({ bytes: other, metadataHash: hash }).map(formatProblem)).to.deep.equal([
      `The document has the hash ${keccak256(other)}, but the registry commits to ${hash}: publish the document it was made for.`,
    ]);
  });

  it("refuses the same content in another form, and says so", () => {
    const pretty = toUtf8Bytes(JSON.stringify(croissantExample(), null, 2));
    expect(checkMetadata({ bytes: pretty, metadataHash: hash }).map(formatProblem)).to.deep.equal([
      `The document has the right content in another form: publish its canonical bytes (RFC 8785), whose hash is ${hash}.`,
    ]);
  });

  it("refuses any document if the registry has none", () => {
    expect(checkMetadata({ bytes, metadataHash: ZeroHash }).map(formatProblem)).to.deep.equal([
      `The document is not committed to: the registry has no hash. Describe the asset with ${hash}.`,
    ]);
  });
});

describe("A document as it was found", () => {
  it("is checked for what it is", () => {
    const croissant = canonicalBytes(croissantExample());
    expect(checkDocument({ bytes: croissant, croissant: { version: EXAMPLE.datanet } })).to.deep.equal({
      kind: "croissant",
      problems: [],
    });
    expect(checkDocument({ bytes: canonicalBytes(spdxExample()), model: EXAMPLE.fork })).to.deep.equal({
      kind: "spdx",
      problems: [],
    });
    const card = toUtf8Bytes(cardExample());
    expect(checkDocument({ bytes: card, metadataHash: keccak256(card) })).to.deep.equal({
      kind: "other",
      problems: [],
    });
  });

  it("is refused for its hash and for what it says", () => {
    const bytes = canonicalBytes({ ...croissantExample(), version: "3.0.0" });
    const { problems } = checkDocument({ bytes, metadataHash: metadataHash(croissantExample()) });
    expect(problems.map(({ pointer }) => pointer)).to.deep.equal(["", "/version"]);
  });

  it("is refused if it is neither JSON nor committed to", () => {
    for (const bytes of [toUtf8Bytes("# A card"), Uint8Array.of(0xff), toUtf8Bytes("1")]) {
      expect(checkDocument({ bytes }).problems.map(formatProblem)).to.deep.equal([
        "The document is neither a Croissant nor an SPDX document: write JSON, or give the hash that the registry has.",
      ]);
    }
  });
});
