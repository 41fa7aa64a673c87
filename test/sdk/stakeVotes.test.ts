import { expect } from "chai";
import { getAddress } from "ethers";

import { sortOperators, voteParams } from "../../sdk/stakeVotes.ts";

const LOW = "0x00000000000000000000000000000000000000aa";
const HIGH = getAddress(`0x${"fe".repeat(20)}`);

describe("operators whose pools vote", () => {
  it("are named in ascending order, each once, however they are written", () => {
    const sorted = sortOperators([HIGH, LOW, HIGH.toLowerCase()]);
    expect(sorted.map((operator) => operator.toLowerCase())).to.deep.equal([LOW, HIGH.toLowerCase()]);
    expect(sortOperators([])).to.deep.equal([]);
  });

  it("have to be addresses", () => {
    expect(() => voteParams(["0x12"])).to.throw(TypeError, "invalid address");
  });
});
