import type { Step } from "../../sdk/scenario/step.ts";

/** How often a line is renewed, and how often there is one where it cannot be, in milliseconds. */
const RENEW_EVERY = 100;
const PRINT_EVERY = 5_000;

/** One line that says how far something has come: renewed in a terminal, now and then a new one elsewhere. */
export class Progress {
  readonly #periods: number;
  readonly #stream: NodeJS.WriteStream;
  #shownAt = -Infinity;
  #width = 0;

  constructor({ periods, stream = process.stderr }: { periods: number; stream?: NodeJS.WriteStream }) {
    this.#periods = periods;
    this.#stream = stream;
  }

  /**
   * @param what What is going on.
   * @param done How much of it, from 0 to 1, if that is known.
   */
  show({ what, step, done }: { what: string; step: Step; done?: number }): void {
    const isTerminal = this.#stream.isTTY;
    const now = performance.now();
    if (step.kind === "period") this.#period = step.period;
    if (now - this.#shownAt < (isTerminal ? RENEW_EVERY : PRINT_EVERY)) return;
    const isFirst = this.#shownAt === -Infinity;
    this.#shownAt = now;
    // What is over at once needs no line of its own.
    if (isFirst && !isTerminal) return;
    const where = this.#period === undefined ? "setting up" : `period ${this.#period + 1} of ${this.#periods}`;
    const part = done === undefined ? "" : `, ${Math.floor(100 * done)} %`;
    const line = `${what}: ${where}${part}`;
    this.#stream.write(isTerminal ? `\r${line.padEnd(this.#width)}` : `${line}\n`);
    this.#width = line.length;
  }

  /** Makes room for what is printed next. */
  clear(): void {
    if (this.#stream.isTTY && this.#width > 0) this.#stream.write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
    this.#shownAt = -Infinity;
    this.#period = undefined;
  }

  #period: number | undefined;
}
