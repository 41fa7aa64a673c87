import { expect } from "chai";

import { allocator, SEGMENT_BYTES, Texts } from "../../sdk/attribution/texts.ts";
import { toBytes } from "./corpora.ts";

describe("texts of an index", () => {
  it("match where the same tokens stand, as a whole", () => {
    const texts = new Texts({ allocate: allocator(false) });
    texts.append(toBytes("a bc"));
    texts.append(toBytes("a b"));
    const bytes = toBytes("a b");
    const matches = (position: number): boolean => texts.matches(position, bytes, 0, bytes.length);
    // The first text only begins with the same bytes.
    expect([matches(0), matches(5), matches(2)]).to.deep.equal([false, true, false]);
    expect(texts.matches(5, toBytes("x a b x"), 2, 5)).to.be.true;
  });

  it("keep a space behind each, also at the end of a segment", () => {
    const parts = () => ({
      count: 0,
      starts: new Uint32Array(),
      lengths: new Uint32Array(),
      segments: [new Uint8Array()],
      segmentLengths: [SEGMENT_BYTES - 4],
    });
    const allocate = allocator(false);
    const fitting = new Texts({ allocate, parts: parts() });
    expect(fitting.append(toBytes("a b"))).to.equal(SEGMENT_BYTES - 4);
    expect(fitting.end).to.equal(SEGMENT_BYTES);
    const tooLong = new Texts({ allocate, parts: parts() });
    expect(tooLong.append(toBytes("a bc"))).to.equal(SEGMENT_BYTES);
    expect(tooLong.parts.segmentLengths).to.deep.equal([SEGMENT_BYTES - 4, 5]);
  });
});
