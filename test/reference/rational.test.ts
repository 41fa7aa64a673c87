import { expect } from "chai";

import { Random } from "./random.ts";
import { Rational } from "./rational.ts";

describe("Rational", () => {
  it("adds, subtracts and multiplies exactly", () => {
    const third = new Rational(1n, 3n);
    expect(third.plus(third).plus(third).compare(new Rational(1n))).to.equal(0n);
    expect(new Rational(1n, 2n).plus(third).toString()).to.equal("5/6");
    expect(third.minus(new Rational(1n, 2n)).toString()).to.equal("-1/6");
    expect(new Rational(5n).times(3n, 10n).toString()).to.equal("3/2");
  });

  it("reduces to lowest terms", () => {
    const { numerator, denominator } = new Rational(-6n, 4n).reduce();
    expect([numerator, denominator]).to.deep.equal([-3n, 2n]);
    expect(new Rational(0n, 7n).toString()).to.equal("0");
  });

  it("rounds down, for negative numbers too", () => {
    expect(new Rational(7n, 2n).floor()).to.equal(3n);
    expect(new Rational(-7n, 2n).floor()).to.equal(-4n);
    expect(new Rational(-8n, 2n).floor()).to.equal(-4n);
  });

  it("compares by value", () => {
    expect(new Rational(2n, 4n).compare(new Rational(1n, 2n))).to.equal(0n);
    expect(new Rational(1n, 3n).compare(new Rational(1n, 2n)) < 0n).to.be.true;
    expect(new Rational(1n, 3n).compare(new Rational(-1n, 2n)) > 0n).to.be.true;
  });

  it("refuses a denominator that is not positive", () => {
    expect(() => new Rational(1n, 0n)).to.throw(RangeError, "but is 0");
  });

  it("gives the same sum in any order", () => {
    const random = new Random(1);
    const terms = Array.from({ length: 60 }, () => new Rational(random.bigint(-99n, 99n), random.bigint(1n, 99n)));
    const sum = (numbers: Rational[]): string => numbers.reduce((a, b) => a.plus(b), Rational.ZERO).toString();
    expect(sum(random.shuffle(terms))).to.equal(sum(terms));
  });
});
