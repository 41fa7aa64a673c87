/**
 * An exact rational number, numerator over a positive denominator.
 *
 * Sums are put over the least common denominator but not reduced after every step, because a common divisor costs far
 * more than the addition itself; `reduce` gives lowest terms, and comparisons do not depend on it.
 */
export class Rational {
  static readonly ZERO = new Rational(0n);

  readonly numerator: bigint;
  readonly denominator: bigint;

  /** @throws RangeError unless the denominator is positive. */
  constructor(numerator: bigint, denominator = 1n) {
    if (denominator < 1n) throw new RangeError(`A rational's denominator must be positive, but is ${denominator}.`);
    this.numerator = numerator;
    this.denominator = denominator;
  }

  plus(other: Rational): Rational {
    if (this.denominator % other.denominator === 0n) {
      const factor = this.denominator / other.denominator;
      return new Rational(this.numerator + other.numerator * factor, this.denominator);
    }
    const common = greatestCommonDivisor(this.denominator, other.denominator);
    const [mine, theirs] = [other.denominator / common, this.denominator / common];
    return new Rational(this.numerator * mine + other.numerator * theirs, this.denominator * mine);
  }

  minus(other: Rational): Rational {
    return this.plus(new Rational(-other.numerator, other.denominator));
  }

  /** This number times `numerator / denominator`. */
  times(numerator: bigint, denominator = 1n): Rational {
    return new Rational(this.numerator * numerator, this.denominator * denominator);
  }

  /** Negative, zero or positive, as this number is less than, equal to or greater than the other. */
  compare(other: Rational): bigint {
    return this.numerator * other.denominator - other.numerator * this.denominator;
  }

  /** The same number in lowest terms. */
  reduce(): Rational {
    const common = greatestCommonDivisor(this.numerator < 0n ? -this.numerator : this.numerator, this.denominator);
    return new Rational(this.numerator / common, this.denominator / common);
  }

  /** The greatest integer that is not greater. */
  floor(): bigint {
    const quotient = this.numerator / this.denominator;
    return this.numerator < 0n && this.numerator % this.denominator !== 0n ? quotient - 1n : quotient;
  }

  toString(): string {
    const { numerator, denominator } = this.reduce();
    return denominator === 1n ? numerator.toString() : `${numerator}/${denominator}`;
  }
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
