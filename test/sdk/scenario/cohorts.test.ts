import { expect } from "chai";

import { cohortsOf, retentionOf } from "../../../sdk/scenario/cohorts.ts";

/** A row per period, a character per person: x for paid. */
function payroll(joined: number[], ...rows: string[]): Parameters<typeof cohortsOf>[0] {
  return {
    joined: Int32Array.from(joined),
    paid: rows.map((row) => Uint8Array.from(row, (mark) => (mark === "x" ? 1 : 0))),
  };
}

describe("cohortsOf", () => {
  it("counts who was paid since they came, by the period in which they came", () => {
    expect(cohortsOf(payroll([0, 0, 0, 2], "xx--", "x-x-", "xx-x"))).to.deep.equal([
      { joined: 0, members: 3, paid: [2, 2, 2] },
      { joined: 2, members: 1, paid: [1] },
    ]);
  });

  it("leaves out those who have contributed nothing", () => {
    expect(cohortsOf(payroll([-1, 1], "x-", "xx"))).to.deep.equal([{ joined: 1, members: 1, paid: [1] }]);
    expect(cohortsOf(payroll([-1], "x"))).to.deep.equal([]);
  });
});

describe("retentionOf", () => {
  it("is the part of those paid in the first half who are paid in the last period, too", () => {
    expect(retentionOf(payroll([0, 0, 0, 0], "x---", "-x--", "--x-", "x-xx"))).to.equal(500_000);
    expect(retentionOf(payroll([0, 0, 0], "xxx", "--x"))).to.equal(333_333);
  });

  it("counts the middle period of an odd number to the first half", () => {
    expect(retentionOf(payroll([0, 0], "x-", "-x", "-x"))).to.equal(500_000);
  });

  it("of a single period is complete", () => {
    expect(retentionOf(payroll([0, 0], "x-"))).to.equal(1_000_000);
  });

  it("is nothing if nobody was paid early, and leaves out those who have contributed nothing", () => {
    expect(retentionOf(payroll([0, 0], "--", "xx"))).to.equal(0);
    expect(retentionOf(payroll([-1, 0], "xx", "x-"))).to.equal(0);
    expect(retentionOf(payroll([]))).to.equal(0);
  });
});
