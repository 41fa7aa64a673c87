import { JsonRpcProvider, Network } from "ethers";

import { VoucherError, type VoucherErrorCode } from "../../sdk/voucherCheck.ts";
import { type ChannelReport, type LoadCall, LoadOperator, type OperatorSetup } from "./operator.ts";
import type { SignedReceipt } from "../../sdk/receipt.ts";

/** What the process is asked. */
export type Question =
  | { kind: "start"; url: string; setup: OperatorSetup }
  | { kind: "call"; call: LoadCall }
  | { kind: "settle"; all: boolean };

/** What it answers: channels to a start, a receipt to a call. */
export type Answer =
  | { channels: ChannelReport[] }
  | { signed: SignedReceipt }
  | { done: true }
  | { refused: VoucherErrorCode; values: Readonly<Record<string, bigint | string>> }
  | { failed: string };

let operator: LoadOperator | undefined;

async function answer(question: Question): Promise<Answer> {
  if (question.kind === "start") {
    const { url, setup } = question;
    const network = Network.from(setup.chainId);
    // Without a cache: the settler asks about what has just changed.
    const provider = new JsonRpcProvider(url, network, { staticNetwork: network, cacheTimeout: -1 });
    operator = await LoadOperator.start({ setup, provider });
    return { channels: operator.report() };
  }
  if (operator === undefined) throw new Error("The operator has not started.");
  if (question.kind === "call") return { signed: await operator.call(question.call) };
  await operator.settle(question);
  return { done: true };
}

process.on("message", ({ id, question }: { id: number; question: Question }) => {
  answer(question)
    .catch((error: unknown): Answer => {
      if (error instanceof VoucherError) return { refused: error.code, values: error.values };
      return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    })
    .then((reply) => process.send?.({ id, reply }))
    .catch(() => {
      process.exit(1);
    });
});
process.once("disconnect", () => process.exit(0));
