import { expect } from "chai";

import { canonicalText, CanonicalTextError, MAX_TEXT_BYTES } from "../../sdk/attribution/canonical.ts";
import { CodePointClass, codePointClasses } from "../../sdk/attribution/unicode.ts";
import { randomFrom } from "../sdk/random.ts";

function canonical(text: Uint8Array | string): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(canonicalText(text));
}

function refusal(text: Uint8Array | string): { offset: number; reason: string } {
  try {
    canonicalText(text);
  } catch (error) {
    if (error instanceof CanonicalTextError) return { offset: error.offset, reason: error.reason };
    throw error;
  }
  return expect.fail("The text was accepted.");
}

describe("canonical text", () => {
  it("joins tokens by one space", () => {
    expect(canonical("  Hello,\tworld!\r\n\n  It's 3.14 (snake_case) ")).to.equal(
      "Hello , world ! It ' s 3 . 14 ( snake_case )",
    );
    expect(canonical("a+=b[0];")).to.equal("a + = b [ 0 ] ;");
  });

  it("takes characters beyond ASCII for parts of words", () => {
    expect(canonical("Straße naïve_x “quoted” 漢字。")).to.equal("Straße naïve_x “quoted” 漢字。");
  });

  it("takes every white space for one, and nothing else", () => {
    const spaces = [0x9, 0xa, 0xb, 0xc, 0xd, 0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000];
    for (let codePoint = 0x2000; codePoint <= 0x200a; codePoint++) spaces.push(codePoint);
    const classes = codePointClasses();
    const known = [...classes.keys()].filter((codePoint) => classes[codePoint] === CodePointClass.Space);
    expect(known).to.deep.equal(spaces.sort((a, b) => a - b));
    for (const space of spaces) {
      expect(canonical(`a${String.fromCodePoint(space)}b`), space.toString(16)).to.equal("a b");
    }
    expect(canonical("a\u200bb\u180ec\ufeffd")).to.equal("a\u200bb\u180ec\ufeffd");
  });

  it("composes characters", () => {
    expect(canonical("e\u0301 u\u0323\u0308 \u1100\u1161 \u212b")).to.equal("\u00e9 \u1ee5\u0308 \uac00 \u00c5");
    // Also of ASCII that would be tokens of their own.
    expect(canonical("a<\u0338b")).to.equal("a\u226eb");
  });

  it("leaves text as it is that is canonical", () => {
    const random = randomFrom(1);
    const pieces = [
      "a",
      "Z_9",
      " ",
      "\n",
      ".",
      "\u0301",
      "\u0323",
      "\u0344",
      "\u0958",
      "é",
      "\u3000",
      "\u1100",
      "漢",
      "😀",
    ];
    for (let round = 0; round < 3_000; round++) {
      const text = Array.from({ length: 1 + random.integer(20) }, () => pieces[random.integer(pieces.length)]).join("");
      if (text.trim() === "") continue;
      const once = canonicalText(`x${text}`);
      expect(canonicalText(once), `round ${round}`).to.deep.equal(once);
    }
  });

  it("reads bytes as it reads strings", () => {
    const text = "Grüße, 世界 — 😀\u2003done.\ufeff";
    expect(canonicalText(new TextEncoder().encode(text))).to.deep.equal(canonicalText(text));
    expect(canonical("\ufeffa")).to.equal("\ufeffa");
  });

  it("knows the characters of Unicode 15.1, whatever the engine knows", () => {
    const classes = codePointClasses();
    const unassigned = classes.filter((kind) => kind === CodePointClass.Unassigned).length;
    // What Unicode counts: neither control characters, private use nor surrogates.
    expect(0x110000 - unassigned - 65 - 137_468 - 2_048).to.equal(149_813);
    const wrong: string[] = [];
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      const kind = classes[codePoint];
      const isWrong =
        (/\p{Unassigned}/u.test(character) && kind !== CodePointClass.Unassigned) ||
        (kind === CodePointClass.Mark && !/\p{Mark}/u.test(character)) ||
        (kind === CodePointClass.Control) !== /(?=\p{Control})\P{White_Space}/u.test(character);
      if (isWrong) wrong.push(codePoint.toString(16));
    }
    expect(wrong).to.deep.equal([]);
    expect(classes.filter((kind) => kind === CodePointClass.Mark).length).to.equal(2_450);
  });

  it("refuses what Unicode 15.1 had not assigned", () => {
    // Assigned in Unicode 16 and 17, never, and a noncharacter.
    for (const [character, name] of [
      ["\u{1c89}", "U+1C89"],
      ["\u{1fae9}", "U+1FAE9"],
      ["\u0378", "U+0378"],
      ["\uffff", "U+FFFF"],
      ["\u{10ffff}", "U+10FFFF"],
    ]) {
      expect(refusal(`é ${character}`)).to.deep.equal({
        offset: 3,
        reason: `${name} is not a character of Unicode 15.1`,
      });
    }
    // New in Unicode 15.1, and private use.
    expect(canonical("\u{2ebf0} \ue000")).to.equal("\u{2ebf0} \ue000");
  });

  it("refuses control characters", () => {
    for (const character of ["\0", "\x08", "\x1b", "\x7f", "\x80", "\x9f"]) {
      const { offset, reason } = refusal(`ä${character}`);
      expect(offset).to.equal(2);
      expect(reason).to.match(/^U\+00[0-9A-F]{2} is a control character, as in binary data$/);
    }
  });

  it("refuses what is not UTF-8, with the offset", () => {
    const invalid = {
      "a lone continuation": [0x80],
      "a lead without its continuation": [0xc3],
      "a lead before ASCII": [0xe4, 0xb8, 0x61],
      "two bytes for ASCII": [0xc1, 0xbf],
      "three bytes for two": [0xe0, 0x9f, 0xbf],
      "four bytes for three": [0xf0, 0x8f, 0xbf, 0xbf],
      "a surrogate": [0xed, 0xa0, 0x80],
      "a code point above U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
      "a byte that UTF-8 does not have": [0xff],
    };
    for (const [name, bytes] of Object.entries(invalid)) {
      expect(refusal(Uint8Array.of(0x61, 0xc3, 0xa4, ...bytes)), name).to.deep.equal({
        offset: 3,
        reason: "it is not UTF-8",
      });
    }
  });

  it("takes for UTF-8 what the engine takes for it", () => {
    const random = randomFrom(2);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 1 + random.integer(5) }, () =>
        random.integer(3) === 0
          ? random.integer(256)
          : [0x61, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4][random.integer(8)],
      );
      let valid = true;
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {
        valid = false;
      }
      let refusedAsUtf8 = false;
      try {
        canonicalText(bytes);
      } catch (error) {
        refusedAsUtf8 = error instanceof CanonicalTextError && error.reason === "it is not UTF-8";
        // The first trouble is told of; another may stand before it.
        if (!valid && !refusedAsUtf8) continue;
      }
      expect(refusedAsUtf8, bytes.join(" ")).to.equal(!valid);
    }
  });

  it("refuses half of a surrogate pair", () => {
    for (const half of ["\ud83d", "\ude00"]) {
      expect(refusal(`é${half}a`)).to.deep.equal({ offset: 2, reason: "half of a surrogate pair stands alone" });
    }
  });

  it("refuses more than 30 combining marks in a row, before and after composition", () => {
    expect(canonical(`a${"\u0316".repeat(30)}`)).to.equal(`a${"\u0316".repeat(30)}`);
    const reason = "more than 30 combining marks follow each other";
    expect(refusal(`éa${"\u0316".repeat(31)}`)).to.deep.equal({ offset: 3 + 2 * 30, reason });
    // One mark that NFC takes apart into two, and a letter that it takes apart into a letter and a mark.
    expect(refusal(`éa${"\u0344".repeat(16)}`)).to.deep.equal({ offset: 2, reason });
    expect(refusal(`é\u0958${"\u0316".repeat(30)}`)).to.deep.equal({ offset: 2, reason });
    expect(canonical(`a${"\u0344".repeat(15)}`)).to.equal(`a${"\u0308\u0301".repeat(15)}`.normalize("NFC"));
  });

  it("refuses text without tokens", () => {
    for (const text of ["", " \n\u3000", new Uint8Array()]) {
      expect(refusal(text)).to.deep.equal({ offset: 0, reason: "it holds nothing but white space" });
    }
  });

  it("refuses text that is too long", () => {
    const tooLong = { offset: MAX_TEXT_BYTES, reason: `it has more than ${MAX_TEXT_BYTES} bytes` };
    expect(refusal(new Uint8Array(MAX_TEXT_BYTES + 1))).to.deep.equal(tooLong);
    expect(refusal("ab".repeat(MAX_TEXT_BYTES / 2 + 1))).to.deep.equal(tooLong);
    const half = MAX_TEXT_BYTES / 2;
    expect(canonicalText(new Uint8Array(half).fill(0x2e)).length).to.equal(MAX_TEXT_BYTES - 1);
    expect(refusal(new Uint8Array(half + 1).fill(0x2e))).to.deep.equal({
      offset: half + 1,
      reason: `its canonical form has more than ${MAX_TEXT_BYTES} bytes`,
    });
  });

  it("says in its message what is wrong and where", () => {
    expect(() => canonicalText("a\0")).to.throw(
      CanonicalTextError,
      "The text has no canonical form: U+0000 is a control character, as in binary data (at byte 1).",
    );
  });
});
