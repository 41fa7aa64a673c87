import { network } from "hardhat";

import type { Scenario } from "../../sdk/scenario/scenario.ts";
import { repeatOnChain } from "../scenario/chain.ts";
import type { Comparison } from "../scenario/chainResult.ts";

/** What repeating a scenario's first payments on the embedded chain took. */
export interface ChainMeasurement {
  payments: number;
  transactions: number;
  /** From the deployment to the comparison. */
  seconds: number;
  /** Of that, from the first payment to the last. */
  paymentSeconds: number;
  paymentsPerSecond: number;
  compared: Comparison;
}

/** Repeats the first payments of a scenario on an embedded chain of its own and compares them with the model. */
export async function measureOnChain({
  scenario,
  payments,
}: {
  scenario: Scenario;
  payments: number;
}): Promise<ChainMeasurement> {
  const connection = await network.create("hardhat");
  const times: number[] = [];
  try {
    const { transactions, seconds, compared } = await repeatOnChain({
      scenario,
      connection,
      deployments: "",
      folder: "",
      payments,
      onProgress: ({ step }) => {
        if (step.kind === "pay") times.push(performance.now());
      },
    });
    const first = times.at(0) ?? 0;
    const paymentSeconds = ((times.at(-1) ?? 0) - first) / 1_000;
    const paymentsPerSecond = paymentSeconds === 0 ? 0 : (times.length - 1) / paymentSeconds;
    return { payments: times.length, transactions, seconds, paymentSeconds, paymentsPerSecond, compared };
  } finally {
    await connection.close();
  }
}
