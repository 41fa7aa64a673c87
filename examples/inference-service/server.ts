import { decodePaymentRequiredHeader, decodePaymentResponseHeader } from "@x402/core/http";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddleware, x402ResourceServer } from "@x402/hono";
import { type Signer, ZeroHash } from "ethers";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";

import type { Protocol } from "../../scripts/lib/protocol.ts";
import { type NgramModel, tokenize } from "./ngram.ts";
import { type Difference, findDifferences, networkOf, parsePayment, type Payment } from "./payment.ts";
import { receiptFor, type ReceiptJson } from "./receipt.ts";

export const COMPLETIONS = "/v1/completions";

const MAX_BODY_BYTES = 16_384;
const MAX_TOKENS = 512;
const MAX_SEED = 2 ** 32 - 1;
/** How long a payment is good for. */
const PAYMENT_SECONDS = 300;

/** An answer. */
export interface Answer {
  completion: string;
  tokensIn: number;
  tokensOut: number;
  receipt: ReceiptJson;
  /** The operator's, of the receipt. */
  signature: string;
}

/** Why a call is not answered. With status 402 there are `accepts`, and `differences` if there was a payment. */
export interface Refusal {
  error: string;
  message: string;
  differences?: Difference[];
  accepts?: PaymentRequirements[];
}

/** What a client asks for. */
export interface Call {
  prompt: string;
  maxTokens: number;
  seed: number;
  /** The call that this one is made for; the zero word if it is made for itself. */
  parentCallId: string;
  /** The request's body. */
  input: Uint8Array;
  tokensIn: number;
}

/** What the call costs at this moment, and where the money goes. */
export interface Terms {
  splitId: string;
  assetSplitId: string;
  amount: bigint;
  requirements: PaymentRequirements;
}

interface Env {
  Variables: { call: Call; terms: Terms; payment: Payment | undefined };
}

/**
 * A service that answers a call once it is paid for. The payment is the stock middleware's business; what stands around
 * it turns away what is malformed, and tells the payer what is wrong with a payment.
 *
 * @param operator Of the service; signs receipts.
 * @param onFailure Told of what should not happen, such as a node that does not answer.
 */
export async function createService({
  protocol: { token, models, services, splitAddresses },
  serviceId,
  operator,
  chainId,
  model,
  facilitatorUrl,
  onFailure = console.error,
}: {
  protocol: Protocol;
  serviceId: bigint;
  operator: Signer;
  chainId: bigint;
  model: Pick<NgramModel, "complete">;
  facilitatorUrl: string;
  onFailure?: (error: unknown) => void;
}): Promise<Hono<Env>> {
  const network = networkOf(chainId);
  const asset = await token.getAddress();
  const { name, version } = await token.eip712Domain();
  const resourceServer = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl }));
  resourceServer.register(network, new ExactEvmScheme());
  await resourceServer.initialize();

  /** The registry quotes the price. The split under the fee policy in force is paid, at its address. */
  const findTerms = async ({ tokensIn, maxTokens }: Call): Promise<Terms | undefined> => {
    const service = await services.serviceOf(serviceId);
    if (!service.active) return undefined;
    const { splitId, net: amount } = await services.quote(serviceId, tokensIn, maxTokens, 1n);
    const [payTo, assetSplitId] = await Promise.all([
      splitAddresses.addressOf(splitId),
      // Models and agents are looked up alike.
      (models.attach(service.registry) as typeof models).splitOf(service.assetId, service.assetVersion),
    ]);
    const requirements: PaymentRequirements = {
      scheme: "exact",
      network,
      asset,
      amount: amount.toString(),
      payTo,
      maxTimeoutSeconds: PAYMENT_SECONDS,
      extra: { name, version },
    };
    return { splitId, assetSplitId, amount, requirements };
  };

  const readCall: MiddlewareHandler<Env> = async (c, next) => {
    const call = parseCall(new Uint8Array(await c.req.arrayBuffer()));
    if ("problem" in call) return c.json({ error: "malformed_call", message: call.problem }, 400);
    c.set("call", call);
    const terms = await findTerms(call);
    if (terms === undefined) {
      return c.json({ error: "not_in_service", message: `Service ${serviceId} takes no calls.` }, 503);
    }
    c.set("terms", terms);
    await next();
    return undefined;
  };

  const readPayment: MiddlewareHandler<Env> = async (c, next) => {
    const header = c.req.header("payment-signature");
    const result = header === undefined ? { payment: undefined } : parsePayment(header);
    if ("problems" in result) {
      return c.json({ error: "malformed_payment", message: result.problems.join(" ") }, 400);
    }
    c.set("payment", result.payment);
    await next();
    return undefined;
  };

  /** The stock middleware says why it takes no payment in a header, with a code. The body says it with the values. */
  const explainRefusal: MiddlewareHandler<Env> = async (c, next) => {
    await next();
    if (c.res.status !== 402) return;
    const { requirements } = c.get("terms");
    const refusal = { error: reasonOf(c.res), accepts: [requirements] };
    const headers = Object.fromEntries(c.res.headers);
    const payment = c.get("payment");
    c.res = undefined;
    if (payment === undefined) {
      const message = `The call costs ${requirements.amount} of the token's smallest unit.`;
      c.res = c.json({ ...refusal, message }, 402, headers);
    } else {
      const differences = await findDifferences({ payment, requirements, token });
      c.res = c.json({ ...refusal, message: describe(differences), differences }, 402, headers);
    }
  };

  /**
   * A payment pays for one request. The chain sees to that once a transfer is on it; until then, a second request with
   * the same payment would keep the model busy for nothing.
   */
  const inUse = new Set<string>();
  const refuseSecondUse: MiddlewareHandler<Env> = async (c, next) => {
    const payment = c.get("payment");
    if (payment === undefined) {
      await next();
      return undefined;
    }
    const { from, nonce } = payment.payload.authorization;
    const key = `${from}/${nonce}`.toLowerCase();
    if (inUse.has(key)) {
      const message = `Another request is using the payment of ${from} with the nonce ${nonce}.`;
      return c.json({ error: "payment_in_use", message }, 409);
    }
    inUse.add(key);
    try {
      await next();
    } finally {
      inUse.delete(key);
    }
    return undefined;
  };

  /** Checks the payment, lets the call be served, and sends the answer only if the transfer has succeeded. */
  const takePayment: MiddlewareHandler<Env> = async (c, next) => {
    const { amount, extra, ...terms } = c.get("terms").requirements;
    const accepts = { ...terms, price: { asset, amount, extra } };
    // For every path: what is routed here is not free under any other spelling of its address.
    const route = { accepts, description: "Completes a text", mimeType: "application/json" };
    return await paymentMiddleware(route, resourceServer, undefined, undefined, false)(c, next);
  };

  const serve = async (c: Context<Env>): Promise<Response> => {
    const { call, terms, payment } = c.var;
    if (payment === undefined) throw new Error("The payment middleware let an unpaid request pass.");
    const completion = model.complete(call);
    const { authorization } = payment.payload;
    const signed = await receiptFor({ call, terms, authorization, completion, serviceId, operator, chainId, services });
    const answer: Answer = { completion, tokensIn: call.tokensIn, tokensOut: call.maxTokens, ...signed };
    return c.json(answer);
  };

  const app = new Hono<Env>();
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => c.json({ error: "call_too_large", message: `At most ${MAX_BODY_BYTES} bytes.` }, 413),
  });
  app.post(COMPLETIONS, limit, readCall, readPayment, explainRefusal, refuseSecondUse, takePayment, serve);
  app.notFound((c) => c.json({ error: "not_found", message: `Use POST ${COMPLETIONS}.` }, 404));
  app.onError((error, c) => {
    onFailure(error);
    return c.json({ error: "internal_error", message: "The call was not answered." }, 500);
  });
  return app;
}

function describe(differences: Difference[]): string {
  if (differences.length === 0) return "Nothing is wrong with the payment itself.";
  return differences
    .map(({ field, expected, received }) => `${field} must be ${expected}, but is ${received}.`)
    .join(" ");
}

/** Why the stock middleware took no payment: before it was settled, or when that failed. */
function reasonOf({ headers }: Response): string {
  const [required, settled] = [headers.get("payment-required"), headers.get("payment-response")];
  const reason = required === null ? undefined : decodePaymentRequiredHeader(required).error;
  return (
    reason ?? (settled === null ? undefined : decodePaymentResponseHeader(settled).errorReason) ?? "Settlement failed"
  );
}

/** Reads a request's body, or says what is wrong with it. */
function parseCall(input: Uint8Array): Call | { problem: string } {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(input));
  } catch {
    return { problem: "The body must be JSON." };
  }
  if (typeof body !== "object" || body === null) return { problem: "The body must be a JSON object." };
  const { prompt, maxTokens, seed = 0, parentCallId = ZeroHash } = body as Record<string, unknown>;
  const received = JSON.stringify;
  if (typeof prompt !== "string" || tokenize(prompt).length === 0) {
    return { problem: `prompt must be a text with a word in it, but is ${received(prompt)}.` };
  }
  if (!isWhole(maxTokens, { least: 1, most: MAX_TOKENS })) {
    return { problem: `maxTokens must be a whole number from 1 to ${MAX_TOKENS}, but is ${received(maxTokens)}.` };
  }
  if (!isWhole(seed, { least: 0, most: MAX_SEED })) {
    return { problem: `seed must be a whole number from 0 to ${MAX_SEED}, but is ${received(seed)}.` };
  }
  if (typeof parentCallId !== "string" || !/^0x[0-9a-f]{64}$/i.test(parentCallId)) {
    return { problem: `parentCallId must be 32 bytes of hex, but is ${received(parentCallId)}.` };
  }
  return { prompt, maxTokens, seed, parentCallId, input, tokensIn: tokenize(prompt).length };
}

function isWhole(value: unknown, { least, most }: { least: number; most: number }): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
