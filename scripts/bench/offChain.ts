import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Figure } from "./figures.ts";
import type { SumTreeCost } from "./sumTree.ts";

const SHARES = 1_000_000;
const SCRIPT = fileURLToPath(new URL("sumTree.ts", import.meta.url));

/** Time and memory that a large tree takes with all its proofs at hand, in a process of its own. */
export async function* measureOffChain(): AsyncGenerator<Figure> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(SHARES)]);
  const { buildSeconds, proofMicroseconds, peakRssBytes } = JSON.parse(stdout) as SumTreeCost;
  yield { name: "tree of 1,000,000 shares", unit: "seconds", value: round(buildSeconds), budget: 10 };
  yield { name: "tree of 1,000,000 shares, memory", unit: "bytes", value: peakRssBytes, budget: 1e9 };
  yield {
    name: "proof of one share of 1,000,000",
    unit: "seconds",
    value: round(proofMicroseconds / 1e6),
    budget: null,
  };
}

function round(seconds: number): number {
  return Number(seconds.toPrecision(3));
}
