import { expect } from "chai";
import { id, sha256, toUtf8Bytes } from "ethers";
import { readFile } from "node:fs/promises";

import { type CroissantReferences, checkCroissant, makeCroissant } from "../../../sdk/metadata/croissant.ts";
import { formatProblem } from "../../../sdk/metadata/problem.ts";
import { changed, CONTRIBUTIONS, croissantExample, DATANET_FACTS, EXAMPLE, PEOPLE, PUBLISHED_AT } from "./examples.ts";

const WORD = `0x${"ab".repeat(32)}`;
const SPLIT_ID = EXAMPLE.datanet.splitId;
const DID = `did:pkh:eip155:31337:${PEOPLE.alice}`;
const NAME = "eip155:31337/erc721:0x00000000000000000000000000000000000000DA/1#2";

/** Where a document is changed, to what (nothing: it is taken out), and what the check says. */
type Broken = [what: string, pointer: string, value: unknown, ...said: string[]];

const BROKEN: Broken[] = [
  [
    "a context without a term",
    "/@context/cr",
    undefined,
    '/@context/cr is missing: write "http://mlcommons.org/croissant/".',
  ],
  [
    "a context with another meaning",
    "/@context/sc",
    "https://schema.org/",
    '/@context/sc is "https://schema.org/": write "http://schema.org/".',
  ],
  ["another type", "/@type", "sc:CreativeWork", '/@type is "sc:CreativeWork": write "sc:Dataset".'],
  [
    "another version of the format",
    "/conformsTo",
    "http://mlcommons.org/croissant/1.0",
    '/conformsTo is "http://mlcommons.org/croissant/1.0": write "http://mlcommons.org/croissant/1.1".',
  ],
  ["no name", "/name", undefined, "/name is missing: write the dataset's name."],
  ["an empty description", "/description", "", '/description is "": write what the dataset holds.'],
  [
    "no licence",
    "/license",
    undefined,
    "/license is missing: write the page of a licence of the SPDX list, such as https://spdx.org/licenses/CC-BY-4.0.html.",
  ],
  [
    "a licence that SPDX does not know",
    "/license/0",
    "https://spdx.org/licenses/CC-BY-9.0.html",
    '/license/0 is "https://spdx.org/licenses/CC-BY-9.0.html": write the page of a licence of the SPDX list, such as https://spdx.org/licenses/CC-BY-4.0.html.',
  ],
  [
    "a licence on another page",
    "/license",
    "https://example.org/my-licence",
    '/license is "https://example.org/my-licence": write the page of a licence of the SPDX list, such as https://spdx.org/licenses/CC-BY-4.0.html.',
  ],
  [
    "a URL without a scheme",
    "/url",
    "example.org",
    '/url is "example.org": write a whole address, such as "https://example.org/data".',
  ],
  [
    "a day that no calendar has",
    "/datePublished",
    "2026-02-30T12:00:00Z",
    '/datePublished is "2026-02-30T12:00:00Z": write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".',
  ],
  [
    "a time without a zone",
    "/datePublished",
    "2026-03-01T12:00:00",
    '/datePublished is "2026-03-01T12:00:00": write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".',
  ],
  [
    "a number for a version",
    "/version",
    2,
    '/version is 2: write the version\'s number as MAJOR.MINOR.PATCH, such as "2.0.0".',
  ],
  ["another version than that on chain", "/version", "3.0.0", '/version is "3.0.0": write "2.0.0".'],
  ["a dataset that says it changes", "/isLiveDataset", true, "/isLiveDataset is true: write false."],
  [
    "another version's name",
    "/@id",
    "eip155:31337/erc721:0x00000000000000000000000000000000000000DA/1#1",
    `/@id is "eip155:31337/erc721:0x00000000000000000000000000000000000000DA/1#1": write "${NAME}", as oal:datanetVersion says.`,
  ],
  ["no creators", "/creator", [], "/creator is []: write the contributors."],
  [
    "a creator left out",
    "/creator/1",
    undefined,
    "/creator has 7 of 8 units: write all contributors, whose units add up to 100 %.",
  ],
  [
    "units as a number",
    "/creator/0/oal:units",
    7,
    '/creator/0/oal:units is 7: write units as a text of digits, such as "3".',
  ],
  [
    "units that do not add up",
    "/creator/0/oal:units",
    "6",
    '/creator/0/oal:units is "6": write "7", the sum of this creator\'s lines of the log.',
    "/creator has 7 of 8 units: write all contributors, whose units add up to 100 %.",
  ],
  [
    "a creator on another chain",
    "/creator/0/@id",
    `did:pkh:eip155:1:${PEOPLE.alice}`,
    `/creator/0/@id is "did:pkh:eip155:1:${PEOPLE.alice}": write an account on eip155:31337 with the right checksum.`,
  ],
  [
    "a creator twice",
    "/creator/1/@id",
    DID,
    `/creator/1/@id is "${DID}", which another creator has already: write each once.`,
  ],
  ["no files", "/distribution", [], "/distribution is []: write at least one cr:FileObject."],
  [
    "a file of another type",
    "/distribution/0/@type",
    "sc:DataDownload",
    '/distribution/0/@type is "sc:DataDownload": write "cr:FileObject".',
  ],
  [
    "a file without a SHA-256",
    "/distribution/0/sha256",
    undefined,
    "/distribution/0/sha256 is missing: write the SHA-256 of the file, 64 digits of hex in small letters without 0x.",
  ],
  [
    "a SHA-256 with 0x",
    "/distribution/0/sha256",
    WORD,
    `/distribution/0/sha256 is "${WORD}": write the SHA-256 of the file, 64 digits of hex in small letters without 0x.`,
  ],
  [
    "a file's id twice",
    "/distribution/1/@id",
    "contributions/0",
    '/distribution/1/@id is "contributions/0", which another file has already: write an id of its own.',
  ],
  [
    "a size in another unit",
    "/distribution/0/contentSize",
    "16 kB",
    '/distribution/0/contentSize is "16 kB": write the size in bytes, such as "123 B".',
  ],
  [
    "a file that is revoked",
    "/distribution/0/oal:index",
    1,
    "/distribution/0/oal:index is 1: write the index of a contribution that has units in the log.",
  ],
  [
    "a file that is not in the log",
    "/distribution/0/oal:index",
    4,
    "/distribution/0/oal:index is 4: write the index of a contribution that has units in the log.",
  ],
  [
    "a file of somebody else",
    "/distribution/0/creator/@id",
    `did:pkh:eip155:31337:${PEOPLE.carol}`,
    `/distribution/0/creator/@id is "did:pkh:eip155:31337:${PEOPLE.carol}": write "${DID}", who has this line of the log.`,
  ],
  [
    "a file's licence that was not signed",
    "/distribution/0/license",
    "https://spdx.org/licenses/MIT.html",
    '/distribution/0/license is "https://spdx.org/licenses/MIT.html", which is not what oal:licenseHash is the hash of: write the licence that was signed.',
  ],
  [
    "a file's licence that SPDX does not know",
    "/distribution/0/license",
    "MIT",
    '/distribution/0/license is "MIT": write the page of a licence of the SPDX list, such as https://spdx.org/licenses/CC-BY-4.0.html.',
  ],
  [
    "a line out of order",
    "/recordSet/0/data/2/contributions~1index",
    3,
    "/recordSet/0/data/2/contributions~1index is 3: write 2, as the lines are all there and in the order of the log.",
  ],
  [
    "another registry",
    "/oal:datanetVersion/oal:registry",
    "0x00000000000000000000000000000000000000dA",
    '/oal:datanetVersion/oal:registry is "0x00000000000000000000000000000000000000dA": write the address with the right checksum.',
  ],
  [
    "an arbiter with a wrong checksum",
    "/oal:datanetVersion/oal:arbiter",
    "0x00000000000000000000000000000000000000dA",
    '/oal:datanetVersion/oal:arbiter is "0x00000000000000000000000000000000000000dA": write the address with the right checksum.',
  ],
  [
    "a wrapping share for another split",
    "/oal:datanetVersion/oal:wrapping/0/oal:recipient",
    WORD,
    `/oal:datanetVersion/oal:wrapping/0/oal:recipient is "${WORD}": write an account, or the id of the log's split.`,
  ],
  [
    "units that no split can have",
    "/oal:datanetVersion/oal:wrapping/0/oal:units",
    "9".repeat(39),
    "/oal:datanetVersion is of units above 340282366920938463463374607431768211455: write the version's own lines, which no split can have more of.",
  ],
  [
    "another owner's part",
    "/oal:datanetVersion/oal:wrapping/1/oal:units",
    "999",
    `/oal:datanetVersion/oal:splitId is "${SPLIT_ID}", but the lines of this document make 0xe9b5a41696bf40d6474dfd28bb989f256e0c135b3c99c8f7cc1ec2f77954aaf7: write the version's own lines and ids.`,
  ],
  [
    "another split",
    "/oal:datanetVersion/oal:splitId",
    WORD,
    `/oal:datanetVersion/oal:splitId is "${WORD}", but the lines of this document make ${SPLIT_ID}: write the version's own lines and ids.`,
  ],
];

describe("Croissant documents", () => {
  it("of the example are as they have always been", async () => {
    const golden: unknown = JSON.parse(await readFile("test/sdk/metadata/golden/croissant.json", "utf8"));
    expect(croissantExample()).to.deep.equal(golden);
  });

  it("that were made are right, also when they are compared with the chain and with the texts", () => {
    const texts = new Map(CONTRIBUTIONS.map(({ index, bytes }) => [index, bytes]));
    const references = { version: EXAMPLE.datanet, publishedAt: PUBLISHED_AT, texts };
    expect(checkCroissant(JSON.parse(JSON.stringify(croissantExample())), references)).to.deep.equal([]);
  });

  it("may conform to other specifications too, and may say more", () => {
    const both = changed(croissantExample(), "/conformsTo", [
      "http://mlcommons.org/croissant/1.1",
      "http://mlcommons.org/croissant/RAI/1.0",
    ]);
    expect(checkCroissant(changed(both, "/rai:dataCollection", "By hand."))).to.deep.equal([]);
  });

  describe("that are no documents", () => {
    it("are refused", () => {
      expect(checkCroissant("[]").map(formatProblem)).to.deep.equal([
        'The document is "[]": write a Croissant document, which is an object.',
      ]);
    });
  });

  describe("with", () => {
    for (const [what, pointer, value, ...said] of BROKEN) {
      it(`${what} are refused`, () => {
        const problems = checkCroissant(changed(croissantExample(), pointer, value)).map(formatProblem);
        expect(problems).to.deep.equal(said);
      });
    }
  });

  describe("that do not fit the signed content", () => {
    for (const [pointer, value] of [
      ["/distribution/0/contentUrl", "ipfs://sea/9.txt"],
      ["/distribution/0/contentSize", "17 B"],
      ["/distribution/0/oal:contentRoot", WORD],
    ] as const) {
      it(`are refused for ${pointer}`, () => {
        const [problem, ...others] = checkCroissant(changed(croissantExample(), pointer, value));
        expect(others).to.deep.equal([]);
        expect(problem.pointer).to.equal("/distribution/0");
        expect(problem.message).to.match(
          /^has the evidence 0x\w{64}, but the log has 0x\w{64} at 0: write contentUrl, contentSize, oal:contentRoot and oal:licenseHash as they were signed\.$/,
        );
      });
    }
  });

  describe("compared with something else", () => {
    const refuses = (references: CroissantReferences, said: string[]): void => {
      expect(checkCroissant(croissantExample(), references).map(formatProblem)).to.deep.equal(said);
    };

    it("are refused for another version on the chain", () => {
      refuses({ version: { ...EXAMPLE.datanet, version: 3 } }, [
        `/@id is "${NAME}", but the chain was asked about "${NAME.replace("#2", "#3")}": write that, or check against the other version.`,
      ]);
    });

    it("are refused for another split on the chain", () => {
      refuses({ version: { ...EXAMPLE.datanet, splitId: WORD } }, [
        `/oal:datanetVersion/oal:splitId is "${SPLIT_ID}": write "${WORD}", which is this version's split on the chain.`,
      ]);
    });

    it("are refused for another time", () => {
      refuses({ publishedAt: PUBLISHED_AT + 1n }, [
        '/datePublished is "2026-03-01T12:00:00Z": write "2026-03-01T12:00:01Z", when the version was published.',
      ]);
    });

    it("are refused for a text of which one byte changed", () => {
      const bytes = toUtf8Bytes("The sea is Wide.");
      const [{ sha256: written, "oal:contentRoot": root }] = croissantExample().distribution;
      const problems = checkCroissant(croissantExample(), { texts: new Map([[0, bytes]]) });
      expect(problems.map(formatProblem)).to.deep.equal([
        `/distribution/0/sha256 is "${written}", but the file has "${sha256(bytes).slice(2)}": publish the content that was signed.`,
        problems.at(1) && formatProblem(problems[1]),
      ]);
      expect(problems[1].message).to.contain(`is "${root}", but the file has "0x`);
    });

    it("are refused for a text that is empty", () => {
      refuses({ texts: new Map([[0, new Uint8Array()]]) }, [
        "/distribution/0 has an empty file: publish the content that was signed.",
      ]);
    });
  });

  describe("cannot be made", () => {
    const make = (changes: Partial<Parameters<typeof makeCroissant>[0]>): (() => unknown) => {
      const args = {
        version: EXAMPLE.datanet,
        facts: DATANET_FACTS,
        contributions: CONTRIBUTIONS,
        publishedAt: PUBLISHED_AT,
      };
      return () => makeCroissant({ ...args, ...changes });
    };
    const [first] = CONTRIBUTIONS;

    it("with a licence that SPDX does not know", () => {
      expect(make({ facts: { ...DATANET_FACTS, licenses: ["CC-BY"] } })).to.throw(
        RangeError,
        '"CC-BY" is no licence of the SPDX list (https://spdx.org/licenses/), such as "CC-BY-4.0".',
      );
    });

    it("without any content", () => {
      expect(make({ contributions: [] })).to.throw(
        RangeError,
        "A Croissant document needs at least one published contribution.",
      );
    });

    it("with a contribution that is not in the log", () => {
      expect(make({ contributions: [{ ...first, index: 4 }] })).to.throw(
        RangeError,
        "Contribution 4 is not in the log, which has 4.",
      );
    });

    it("with a contribution that was revoked", () => {
      expect(make({ contributions: [{ ...first, index: 1 }] })).to.throw(
        RangeError,
        "Contribution 1 was revoked and is no part of version 2.",
      );
    });

    it("with another contribution's content", () => {
      expect(make({ contributions: [{ ...first, index: 2 }] })).to.throw(
        RangeError,
        "Contribution 2 is not the content that the log has there.",
      );
    });

    it("with another URI, other bytes or another licence than were signed", () => {
      expect(make({ contributions: [{ ...first, uri: "ipfs://else" }] })).to.throw(
        RangeError,
        "Contribution 0 was not signed with the URI ipfs://else.",
      );
      expect(make({ contributions: [{ ...first, bytes: toUtf8Bytes("The sea is Wide.") }] })).to.throw(
        RangeError,
        "Contribution 0 has other bytes than those that were signed.",
      );
      expect(make({ contributions: [{ ...first, license: "MIT" }] })).to.throw(
        RangeError,
        "Contribution 0 was not signed with the licence MIT.",
      );
    });
  });

  it("of a Datanet that nobody takes a part of have no wrapping", () => {
    const { logSplitId } = EXAMPLE.datanet;
    const version = { ...EXAMPLE.datanet, splitId: logSplitId, wrapping: [] };
    const document = makeCroissant({
      version,
      facts: DATANET_FACTS,
      contributions: CONTRIBUTIONS,
      publishedAt: PUBLISHED_AT,
    });
    expect(document["oal:datanetVersion"]).not.to.have.property("oal:wrapping");
    expect(checkCroissant(document, { version })).to.deep.equal([]);
    expect(document.distribution[0]["oal:licenseHash"]).to.equal(id("CC-BY-4.0"));
  });
});
