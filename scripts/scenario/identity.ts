import { id } from "ethers";

import { encodeRecord } from "../../sdk/node/journal.ts";
import type { Scenario } from "../../sdk/scenario/scenario.ts";
import type { ChainNode } from "./node.ts";
import type { RunIdentity } from "./runJournal.ts";

/** What a run is of. */
export function identityOf({
  scenario,
  payments,
  node,
  genesis,
  ledger,
}: {
  scenario: Scenario;
  payments: number | undefined;
  node: ChainNode;
  genesis: string;
  ledger: string;
}): RunIdentity {
  const { seed, ...content } = scenario;
  return { scenario: id(encodeRecord(content)), seed, payments, chainId: Number(node.chainId), genesis, ledger };
}
