import type { LineCounter } from "yaml";

/** What is wrong with a file, where, and what to write instead. Lines and columns count from 1. */
export interface Problem {
  line: number;
  column: number;
  message: string;
}

/** All that is wrong with a scenario. The message has a line `file:line:column: message` for each problem. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join("\n"));
    this.file = file;
    this.problems = problems;
  }
}

/** The problems found so far, each once. */
export class Problems {
  readonly #lines: LineCounter;
  readonly #found = new Map<string, Problem>();

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  get size(): number {
    return this.#found.size;
  }

  /** @param offset Where it is in the file's text. */
  add(offset: number, message: string): void {
    const place = this.#lines.linePos(offset);
    const [line, column] = [Math.max(1, place.line), Math.max(1, place.col)];
    this.#found.set(`${line}:${column}:${message}`, { line, column, message });
  }

  line(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line);
  }

  /** In the order of the file. */
  inOrder(): Problem[] {
    return [...this.#found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
  }
}
