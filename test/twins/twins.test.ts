import { expect } from "chai";

import { generateTwins } from "./generate.ts";

describe("the vulnerable twins", () => {
  it("differ from the contracts by their named changes, each of which occurs exactly once", () => {
    expect(generateTwins()).to.deep.equal([]);
  });
});
