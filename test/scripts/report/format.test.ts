import { expect } from "chai";

import {
  formatCoefficient,
  formatCount,
  formatDuration,
  formatExact,
  formatPart,
  formatShort,
} from "../../../scripts/report/format.ts";

const OPEN = 10n ** 18n;

describe("figures of reports", () => {
  it("have as many decimals as tell something", () => {
    expect([0n, OPEN / 3n, OPEN, 1_234n * OPEN].map(formatShort)).to.deep.equal(["0.0", "0.3333", "1.0", "1,234.0"]);
    expect([0, 1, 9_999, 10_000, 456_700, 1_000_000].map(formatPart)).to.deep.equal([
      "0.0 %",
      "0.0001 %",
      "0.9999 %",
      "1.0 %",
      "45.7 %",
      "100.0 %",
    ]);
    expect([0, 250_000, 1_000_000].map(formatCoefficient)).to.deep.equal(["0.0000", "0.2500", "1.0000"]);
  });

  it("are exact for other programs", () => {
    expect([0n, 1n, OPEN, 105n * 10n ** 16n, -OPEN / 4n].map(formatExact)).to.deep.equal([
      "0",
      "0.000000000000000001",
      "1",
      "1.05",
      "-0.25",
    ]);
  });

  it("are times in a unit that fits", () => {
    expect([0, 1, 59, 60, 5_400, 86_400, 302_400, 604_800, 700_000, 1_209_600].map(formatDuration)).to.deep.equal([
      "0 seconds",
      "1 second",
      "59 seconds",
      "1 minute",
      "1.5 hours",
      "1 day",
      "3.5 days",
      "1 week",
      "8.1 days",
      "2 weeks",
    ]);
  });

  it("say how many there are", () => {
    expect([formatCount(1, "call"), formatCount(0, "call"), formatCount(1_000, "call")]).to.deep.equal([
      "1 call",
      "0 calls",
      "1,000 calls",
    ]);
  });
});
