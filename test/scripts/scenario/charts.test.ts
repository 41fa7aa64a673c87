import { expect } from "chai";

import { drawPeriods, HALF, ticksFor, WIDE } from "../../../scripts/scenario/report/charts/frame.ts";

describe("charts", () => {
  it("have round numbers beside them, up to the most or a little above", () => {
    expect(ticksFor([456, 12])).to.deep.equal([0, 200, 400, 600]);
    expect(ticksFor([40])).to.deep.equal([0, 10, 20, 30, 40]);
    expect(ticksFor([0.25, 0.31])).to.deep.equal([0, 0.1, 0.2, 0.30000000000000004, 0.4]);
  });

  it("have whole numbers beside whole numbers", () => {
    expect(ticksFor([1, 2])).to.deep.equal([0, 1, 2]);
    expect(ticksFor([1.5])).to.deep.equal([0, 0.5, 1, 1.5]);
  });

  it("have a scale even if there is nothing", () => {
    expect(ticksFor([])).to.deep.equal([0, 1]);
    expect(ticksFor([0, 0])).to.deep.equal([0, 1]);
  });

  it("number as many periods as there is room for", () => {
    const periods = Array.from({ length: 60 }, (_, i) => i);
    const numbers = (frame: typeof WIDE): string[] =>
      Array.from(drawPeriods({ frame, periods }).matchAll(/>(\d+)</g), ([, number]) => number);
    expect(numbers(WIDE)).to.deep.equal(Array.from({ length: 20 }, (_, i) => String(3 * i + 1)));
    expect(numbers(HALF)).to.deep.equal(Array.from({ length: 12 }, (_, i) => String(5 * i + 1)));
  });
});
