import { expect } from "chai";

import { Attributor } from "../../sdk/attribution/attribute.ts";
import { canonicalText } from "../../sdk/attribution/canonical.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { saveIndex } from "../../sdk/attribution/indexFile.ts";
import { concatBytes, toHex } from "../../sdk/bytes.ts";
import { keccak256 } from "../../sdk/keccak.ts";
import { packAttributions } from "../../sdk/node/attributionMessages.ts";
import { randomFrom } from "../sdk/random.ts";
import { randomCorpus, toBytes } from "./corpora.ts";
import { indexLicences, LICENCES, readLicence } from "./licences.ts";

/** Bytes that every engine has to come to. Whoever changes one of these changes what other machines find. */
const GOLDEN = {
  canonical: "0xfdbff26fc0e113172bb593d4553b0b2a75a05f5b595f878588bcebe0363b955f",
  licences: "0xe1c29ce86d9f55c95e82284f53aa8b3c8167b958ddccb02feab8a7e5c14ee8c9",
  attributions: "0xe650032064e198acf5478bfb48252f70825102150c4da7e7d33a9eb2614604c1",
  random: "0xb22c11c901830a1edac7713f20a321d2fe81c54b3ce0e6c259e6b07758415ee8",
};

function hash(bytes: Uint8Array): string {
  return toHex(keccak256(bytes));
}

/** Characters of many scripts that NFC composes, reorders or takes apart. */
function multilingualText(): string {
  const random = randomFrom(7);
  const ranges = [
    [0x20, 0x7e],
    [0xa0, 0x17f],
    [0x300, 0x33f],
    [0x3a3, 0x3ce],
    [0x5d0, 0x5ea],
    [0x5b0, 0x5bc],
    [0x958, 0x95f],
    [0x1100, 0x1112],
    [0x1161, 0x1175],
    [0x11a8, 0x11c2],
    [0x2126, 0x212b],
    [0x3041, 0x3096],
    [0xac00, 0xd7a3],
    [0xfb1d, 0xfb36],
    [0x1d15e, 0x1d164],
    [0x1f600, 0x1f64f],
  ];
  return Array.from({ length: 20_000 }, () => {
    const [first, last] = ranges[random.integer(ranges.length)];
    return random.integer(5) === 0 ? " " : String.fromCodePoint(first + random.integer(last - first + 1));
  }).join("");
}

describe("golden bytes", () => {
  it("are the same for canonical text in many scripts", () => {
    expect(hash(canonicalText(multilingualText()))).to.equal(GOLDEN.canonical);
  });

  it("are the same for the licences' index, and for what each is credited with", () => {
    const index = indexLicences({ k: 5 });
    expect(hash(concatBytes([...saveIndex(index)]))).to.equal(GOLDEN.licences);
    const attributor = new Attributor(index);
    const attributions = LICENCES.map((licence, contributions) =>
      attributor.attribute(readLicence(licence), { contributions }),
    );
    expect(hash(new Uint8Array(packAttributions(attributions).buffer))).to.equal(GOLDEN.attributions);
  });

  it("are the same for random corpora", () => {
    const hashes: Uint8Array[] = [];
    for (let seed = 1; seed <= 300; seed++) {
      const { k, texts, outputs } = randomCorpus(randomFrom(seed));
      const index = GramIndex.create({ k });
      for (const text of texts) {
        if (text === undefined) index.skip();
        else index.append(toBytes(text));
      }
      const attributor = new Attributor(index);
      const attributions = outputs.map((output) => attributor.attribute(toBytes(output)));
      hashes.push(keccak256(concatBytes([...saveIndex(index)])));
      hashes.push(keccak256(new Uint8Array(packAttributions(attributions).buffer)));
    }
    expect(hash(concatBytes(hashes))).to.equal(GOLDEN.random);
  });
});
