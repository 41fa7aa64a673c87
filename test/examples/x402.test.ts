import { setTimeout } from "node:timers/promises";

import { decodePaymentResponseHeader } from "@x402/core/http";
import type { PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { expect } from "chai";
import { getBytes, hexlify, keccak256, parseEther, toUtf8Bytes, Wallet, ZeroHash } from "ethers";
import { type Env, Hono } from "hono";
import { privateKeyToAccount } from "viem/accounts";

import { type Chain, startChain } from "../../examples/inference-service/chain.ts";
import { createPayingFetch } from "../../examples/inference-service/client.ts";
import { createFacilitator } from "../../examples/inference-service/facilitator.ts";
import { type Listener, listen } from "../../examples/inference-service/listen.ts";
import { keyOf } from "../../examples/inference-service/market.ts";
import { networkOf, type Payment } from "../../examples/inference-service/payment.ts";
import { claim, openBooks, release, sweep } from "../../examples/inference-service/payout.ts";
import { parseReceipt } from "../../examples/inference-service/receipt.ts";
import { type Answer, COMPLETIONS, createService, type Refusal } from "../../examples/inference-service/server.ts";
import { openShop, type Shop } from "../../examples/inference-service/shop.ts";
import { readCorpus } from "../../scripts/demo/corpus.ts";
import { walletAccount } from "../../sdk/account.ts";
import { ContentTree } from "../../sdk/content.ts";
import { callId, recoverExecutor } from "../../sdk/receipt.ts";
import { ShareKind } from "../../sdk/share.ts";
import type { Split } from "../../sdk/split.ts";
import { findRows, readDoc } from "../docs/markdown.ts";
import { asTimelock } from "../helpers/governance.ts";
import { type Authorization, signAuthorization, signCancellation } from "../helpers/signatures.ts";
import { ReferenceModel } from "../reference/referenceModel.ts";

const CALL = { prompt: "My fellow Americans", maxTokens: 20, seed: 7 };
const ALLOWANCE = parseEther("1");

describe("x402", () => {
  let chain: Chain;
  let shop: Shop;
  let client: Wallet;
  /** Of the service's split. */
  let payTo: string;
  /** The statuses and errors that the document lists. */
  let documented: string[];
  /** Open until all tests have ended. */
  const stage: (Chain | Shop)[] = [];
  /** Open until the test ends. */
  const listeners: Listener[] = [];

  before(async function () {
    documented = findRows(await readDoc("docs/x402.md")).map(([status, error]) => `${status} ${error}`);
    chain = await startChain();
    stage.push(chain);
    shop = await openShop({ chain, texts: readCorpus().filter(({ year }) => year >= 2009) });
    stage.push(shop);
    const { services, splitAddresses } = chain.protocol;
    payTo = await splitAddresses.addressOf(await services.splitOf(shop.market.serviceId));
  });

  after(async () => {
    for (const { close } of stage.reverse()) await close();
  });

  afterEach(async () => {
    for (const { close } of listeners.splice(0)) await close();
  });

  beforeEach(async () => {
    client = await enterClient(ALLOWANCE);
  });

  // ---------------------------------------------------------------- helpers

  /** Somebody with so many tokens, and no ether. */
  async function enterClient(tokens: bigint): Promise<Wallet> {
    const wallet = new Wallet(Wallet.createRandom().privateKey, chain.connection.ethers.provider);
    await (await chain.protocol.token.transfer(wallet, tokens)).wait();
    return wallet;
  }

  async function stockFetch(): Promise<typeof fetch> {
    return createPayingFetch({
      key: keyOf(client),
      network: networkOf(shop.market.chainId),
      token: await chain.protocol.token.getAddress(),
      maxAmount: parseEther("0.1"),
    });
  }

  /** Asks for a completion, with a payment if there is one. */
  async function ask({
    header,
    body = JSON.stringify(CALL),
    url = shop.service.url,
  }: {
    header?: string;
    body?: string;
    url?: string;
  } = {}): Promise<Response> {
    const headers = header === undefined ? {} : { "payment-signature": header };
    return await fetch(url + COMPLETIONS, { method: "POST", headers, body });
  }

  /** What the service asks for at this moment. */
  async function readTerms(): Promise<PaymentRequirements> {
    const { accepts = [] } = (await (await ask()).json()) as Refusal;
    return accepts[0];
  }

  /** A payment as the stock client makes it, but for what is stated otherwise. */
  async function sign({
    accepted = {},
    authorization: changes = {},
    signer = client,
  }: {
    accepted?: Partial<PaymentRequirements>;
    authorization?: Partial<Authorization>;
    signer?: Wallet;
  } = {}): Promise<Payment> {
    const terms = await readTerms();
    const authorization = {
      from: client.address,
      to: terms.payTo,
      value: BigInt(terms.amount),
      validAfter: 0n,
      validBefore: BigInt(secondsFromNow(60)),
      nonce: keccak256(client.address),
      ...changes,
    };
    const { token } = chain.protocol;
    const type = "TransferWithAuthorization";
    const { serialized } = await signAuthorization({ token, signer, type, authorization });
    return { x402Version: 2, accepted: { ...terms, ...accepted }, payload: toJson(authorization, serialized) };
  }

  async function balances(): Promise<Record<string, bigint>> {
    const { protocol, connection } = chain;
    return {
      client: await protocol.token.balanceOf(client),
      split: await protocol.token.balanceOf(payTo),
      facilitator: await connection.ethers.provider.getBalance(shop.market.facilitator),
    };
  }

  /** Expects that a request is refused with this status and error, and that nobody pays anything, not even gas. */
  async function expectRefusal({
    request,
    status,
    error,
    fields = [],
  }: {
    request: () => Promise<Response>;
    status: number;
    error: string;
    /** What the body says is wrong with the payment. */
    fields?: string[];
  }): Promise<Refusal> {
    const before = await balances();
    const response = await request();
    const body = (await response.json()) as Refusal;
    expect(body).not.to.have.property("completion");
    expect({ status: response.status, error: body.error }, body.message).to.deep.equal({ status, error });
    expect(documented).to.include(`${status} \`${error}\``);
    expect((body.differences ?? []).map(({ field }) => field)).to.deep.equal(fields);
    expect(await balances()).to.deep.equal(before);
    return body;
  }

  // ---------------------------------------------------------------- paid calls

  describe("when the stock client calls", () => {
    it("answers with a receipt, and the price is at the split's address", async () => {
      const before = await balances();
      const body = JSON.stringify(CALL);
      const payingFetch = await stockFetch();
      const response = await payingFetch(shop.service.url + COMPLETIONS, { method: "POST", body });
      expect(response.status).to.equal(200);
      const { completion, tokensIn, tokensOut, receipt: json, signature } = (await response.json()) as Answer;
      expect(completion).to.equal(shop.model.complete(CALL));
      expect({ tokensIn, tokensOut }).to.deep.equal({ tokensIn: 3, tokensOut: 20 });

      const { market } = shop;
      const { services, models, token } = chain.protocol;
      const { net, splitId } = await services.quote(market.serviceId, 3, 20, 1);
      const after = await balances();
      expect(after.client).to.equal(before.client - net);
      expect(after.split).to.equal(before.split + net);

      // The nonce that the client made up is in the token's event, and what it asked for is its own.
      const { transaction } = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
      const [used] = await token.queryFilter(token.filters.AuthorizationUsed(client.address));
      expect(used.transactionHash).to.equal(transaction);
      const receipt = parseReceipt(json);
      const registry = { chainId: market.chainId, services: await services.getAddress() };
      const inputHash = keccak256(toUtf8Bytes(body));
      const { serviceId } = market;
      const request = { payer: client.address, parentCallId: ZeroHash, serviceId, inputHash, salt: used.args.nonce };
      const { servedAt, ...facts } = receipt;
      expect(facts).to.deep.equal({
        ...request,
        callId: callId({ ...registry, request }),
        childrenHash: ZeroHash,
        splitId,
        assetSplitId: await models.splitOf(1n, 1n),
        executor: market.operator.address,
        outputRoot: ContentTree.from(toUtf8Bytes(completion)).contentRoot,
        tokensIn: 3n,
        tokensOut: 20n,
        amount: net,
      });
      expect(Number(servedAt)).to.be.closeTo(secondsFromNow(0), 5);
      expect(recoverExecutor({ ...registry, receipt, signature })).to.equal(market.operator.address);
    });

    it("answers calls side by side, each for a payment of its own", async () => {
      const before = await balances();
      const payingFetch = await stockFetch();
      const calls = Array.from({ length: 8 }, (_, seed) =>
        payingFetch(shop.service.url + COMPLETIONS, { method: "POST", body: JSON.stringify({ ...CALL, seed }) }),
      );
      const answers = await Promise.all(
        (await Promise.all(calls)).map((response) => response.json() as Promise<Answer>),
      );
      expect(answers.map(({ completion }) => completion)).to.deep.equal(
        answers.map((_, seed) => shop.model.complete({ ...CALL, seed })),
      );
      expect(new Set(answers.map(({ receipt }) => receipt.callId)).size).to.equal(8);
      const paid = answers.reduce((sum, { receipt }) => sum + BigInt(receipt.amount), 0n);
      const after = await balances();
      expect(before.client - after.client).to.equal(paid);
      expect(after.split - before.split).to.equal(paid);
    });

    it("tells it why, if it cannot pay", async () => {
      client = await enterClient(5n);
      const payingFetch = await stockFetch();
      const request = (): Promise<Response> =>
        payingFetch(shop.service.url + COMPLETIONS, { method: "POST", body: JSON.stringify(CALL) });
      const error = "invalid_exact_evm_transaction_simulation_failed";
      await expectRefusal({ request, status: 402, error, fields: ["balance"] });
    });

    it("is not paid by a client that was told of another maximum, and nothing is served", async () => {
      const payingFetch = createPayingFetch({
        key: keyOf(client),
        network: networkOf(shop.market.chainId),
        token: await chain.protocol.token.getAddress(),
        maxAmount: 1n,
      });
      const before = await balances();
      const call = payingFetch(shop.service.url + COMPLETIONS, { method: "POST", body: JSON.stringify(CALL) });
      expect(await call.catch((error: unknown) => String(error))).to.contain("maxAmountPerPayment");
      expect(await balances()).to.deep.equal(before);
    });
  });

  describe("when the split's address is swept and the money released", () => {
    it("lets everybody claim what the reference says, to the last unit", async () => {
      const payingFetch = await stockFetch();
      for (const maxTokens of [1, 17, 400]) {
        const body = JSON.stringify({ ...CALL, maxTokens });
        const response = await payingFetch(shop.service.url + COMPLETIONS, { method: "POST", body });
        expect(response.status).to.equal(200);
      }

      const { protocol } = chain;
      const { market } = shop;
      const splitId = await protocol.services.splitOf(market.serviceId);
      const amount = await protocol.token.balanceOf(payTo);
      await sweep({ protocol, sender: market.operator, splitId });
      expect(await protocol.token.balanceOf(payTo)).to.equal(0n);
      const books = await openBooks({ chain, chainId: market.chainId });
      await release({ protocol, books, sender: market.operator, splitId });
      await books.update();

      const reference = new ReferenceModel();
      for (const split of books.registries.splits) reference.defineSplit(referenceOf(split));
      reference.pay({ split: splitId, amount });
      const { earned } = reference.settle();
      const earners = [market.operator, market.builder, market.curator, ...market.contributors.values()];
      for (const wallet of earners) {
        await claim({ protocol, books, wallet });
        const expected = earned.get(walletAccount(wallet.address));
        expect(await protocol.token.balanceOf(wallet), wallet.address)
          .to.equal(expected)
          .and.above(0n);
      }
    });
  });

  // ---------------------------------------------------------------- refused payments

  describe("when there is no payment", () => {
    it("says what it takes", async () => {
      const { accepts } = await expectRefusal({ request: ask, status: 402, error: "Payment required" });
      const { net } = await chain.protocol.services.quote(shop.market.serviceId, 3, 20, 1);
      expect(accepts).to.deep.equal([
        {
          scheme: "exact",
          network: "eip155:31337",
          asset: await chain.protocol.token.getAddress(),
          amount: net.toString(),
          payTo,
          maxTimeoutSeconds: 300,
          extra: { name: "OPEN", version: "1" },
        },
      ]);
    });

    it("takes none in the header of x402's first version", async () => {
      const headers = { "x-payment": encode(await sign()) };
      const request = (): Promise<Response> =>
        fetch(shop.service.url + COMPLETIONS, { method: "POST", headers, body: JSON.stringify(CALL) });
      await expectRefusal({ request, status: 402, error: "Payment required" });
    });
  });

  describe("when a payment is malformed", () => {
    async function expectMalformed(header: string, message: string): Promise<void> {
      const refusal = await expectRefusal({ request: () => ask({ header }), status: 400, error: "malformed_payment" });
      expect(refusal.message).to.contain(message);
    }

    it("refuses what is no Base64, or no JSON", async () => {
      await expectMalformed("not a payment", "JSON in Base64");
      await expectMalformed(btoa("not a payment"), "JSON in Base64");
    });

    it("refuses other versions of x402", async () => {
      const payment = await sign();
      for (const x402Version of [1, 3, "2"]) {
        await expectMalformed(btoa(JSON.stringify({ ...payment, x402Version })), "x402Version");
      }
    });

    it("refuses what lacks a part, or has one of another form", async () => {
      const { accepted, payload, ...rest } = await sign();
      const { authorization, signature } = payload;
      const changed = (changes: object): string =>
        btoa(JSON.stringify({ ...rest, accepted, payload: { ...payload, ...changes } }));
      await expectMalformed(btoa(JSON.stringify({ ...rest, payload })), "accepted");
      await expectMalformed(changed({ authorization: undefined }), "payload.authorization");
      await expectMalformed(changed({ signature: signature.slice(0, -2) }), "payload.signature: not 65 bytes of hex");
      for (const [field, value] of [
        ["from", "0x00"],
        // A letter's case is wrong.
        ["from", "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
        ["to", "the service"],
        ["value", "-1"],
        ["value", 1],
        ["validAfter", "0x0"],
        ["validBefore", "1e9"],
        ["nonce", "0x01"],
      ]) {
        const header = changed({ authorization: { ...authorization, [field]: value } });
        await expectMalformed(header, `payload.authorization.${field}: `);
      }
    });
  });

  describe("when a payment is not what is asked for", () => {
    const UNMATCHED = "No matching payment requirements";

    /** Expects that a payment is refused. */
    async function expectDifferences(payment: object, error: string, fields: string[]): Promise<Refusal> {
      return await expectRefusal({ request: () => ask({ header: encode(payment) }), status: 402, error, fields });
    }

    it("refuses another amount, less or more, and names both", async () => {
      const { amount } = await readTerms();
      for (const value of [BigInt(amount) - 1n, BigInt(amount) + 1n]) {
        const agreed = await sign({ accepted: { amount: value.toString() }, authorization: { value } });
        const { message } = await expectDifferences(agreed, UNMATCHED, ["accepted.amount", "authorization.value"]);
        expect(message).to.contain(`accepted.amount must be ${amount}, but is ${value}.`);

        const error = "invalid_exact_evm_payload_authorization_value_mismatch";
        await expectDifferences(await sign({ authorization: { value } }), error, ["authorization.value"]);
      }
    });

    it("refuses another recipient", async () => {
      const to = shop.market.operator.address;
      const agreed = await sign({ accepted: { payTo: to }, authorization: { to } });
      await expectDifferences(agreed, UNMATCHED, ["accepted.payTo", "authorization.to"]);
      await expectDifferences(await sign({ authorization: { to } }), "invalid_exact_evm_recipient_mismatch", [
        "authorization.to",
      ]);
    });

    it("refuses another token", async () => {
      const asset = await chain.protocol.ledger.getAddress();
      await expectDifferences(await sign({ accepted: { asset } }), UNMATCHED, ["accepted.asset"]);
    });

    it("refuses another chain, agreed to or signed for", async () => {
      const agreed = await sign({ accepted: { network: "eip155:1" } });
      await expectDifferences(agreed, UNMATCHED, ["accepted.network"]);

      // The stock client's own signature for a server that names another chain.
      const accepted = await readTerms();
      const scheme = new ExactEvmScheme(privateKeyToAccount(keyOf(client)));
      const { payload } = await scheme.createPaymentPayload(2, { ...accepted, network: "eip155:1" });
      const foreign = { x402Version: 2, accepted, payload };
      await expectDifferences(foreign, "invalid_exact_evm_signature", ["signature"]);
    });

    it("refuses another scheme, and another name or version of the token", async () => {
      await expectDifferences(await sign({ accepted: { scheme: "upto" } }), UNMATCHED, ["accepted.scheme"]);
      const extra = { name: "CLOSED", version: "2" };
      const fields = ["accepted.extra.name", "accepted.extra.version"];
      await expectDifferences(await sign({ accepted: { extra } }), UNMATCHED, fields);
    });

    it("refuses one that has expired, or is about to", async () => {
      const error = "invalid_exact_evm_payload_authorization_valid_before";
      for (const seconds of [-3_600, 0, 3]) {
        const validBefore = BigInt(secondsFromNow(seconds));
        await expectDifferences(await sign({ authorization: { validBefore } }), error, ["authorization.validBefore"]);
      }
    });

    it("refuses one that is not valid yet", async () => {
      const validAfter = BigInt(secondsFromNow(30));
      const error = "invalid_exact_evm_payload_authorization_valid_after";
      await expectDifferences(await sign({ authorization: { validAfter } }), error, ["authorization.validAfter"]);
    });

    it("refuses one that somebody else has signed, or that was changed", async () => {
      const error = "invalid_exact_evm_signature";
      const signer = Wallet.createRandom();
      const stolen = await sign({ signer: new Wallet(signer.privateKey) });
      const { message } = await expectDifferences(stolen, error, ["signature"]);
      expect(message).to.contain(`signed by ${client.address}, but is signed by ${signer.address}`);

      const { payload, ...rest } = await sign();
      const bytes = getBytes(payload.signature);
      bytes[40] ^= 1;
      const signature = hexlify(bytes);
      await expectDifferences({ ...rest, payload: { ...payload, signature } }, error, ["signature"]);
    });

    it("refuses one that its payer cannot cover, and says what it has", async () => {
      client = await enterClient(5n);
      const payment = await sign();
      const error = "invalid_exact_evm_transaction_simulation_failed";
      const { differences } = await expectDifferences(payment, error, ["balance"]);
      expect(differences).to.deep.equal([
        { field: "balance", expected: `at least ${payment.accepted.amount}`, received: "5" },
      ]);
    });

    it("refuses one that the payer has cancelled", async () => {
      const payment = await sign();
      const { nonce } = payment.payload.authorization;
      const { token } = chain.protocol;
      const { v, r, s } = await signCancellation({ token, signer: client, nonce });
      await (await token.cancelAuthorization(client, nonce, v, r, s)).wait();
      await expectDifferences(payment, "invalid_exact_evm_transaction_simulation_failed", ["authorization.nonce"]);
    });
  });

  describe("when a payment is used again", () => {
    it("serves the first request only", async () => {
      const header = encode(await sign());
      expect((await ask({ header })).status).to.equal(200);
      const error = "invalid_exact_evm_transaction_simulation_failed";
      const { message } = await expectRefusal({
        request: () => ask({ header }),
        status: 402,
        error,
        fields: ["authorization.nonce"],
      });
      expect(message).to.contain(keccak256(client.address));
    });

    it("does not take it in other letters or for another call either", async () => {
      const { payload, ...rest } = await sign();
      expect((await ask({ header: encode({ payload, ...rest }) })).status).to.equal(200);
      const { from, nonce } = payload.authorization;
      const authorization = {
        ...payload.authorization,
        from: from.toLowerCase(),
        nonce: `0x${nonce.slice(2).toUpperCase()}`,
      };
      const header = encode({ ...rest, payload: { ...payload, authorization } });
      const error = "invalid_exact_evm_transaction_simulation_failed";
      const fields = ["authorization.nonce"];
      const body = JSON.stringify({ ...CALL, prompt: "Three other words" });
      await expectRefusal({ request: () => ask({ header, body }), status: 402, error, fields });
    });

    it("serves one of ten requests at the same time", async () => {
      const before = await balances();
      const payment = await sign();
      const header = encode(payment);
      const responses = await Promise.all(Array.from({ length: 10 }, () => ask({ header })));
      const bodies = await Promise.all(responses.map(async (response) => (await response.json()) as Answer | Refusal));
      expect(bodies.filter((body) => "completion" in body)).to.have.length(1);
      expect(responses.filter(({ status }) => status === 409)).to.have.length(9);
      const conflict = bodies.find((body) => "error" in body);
      expect(conflict).to.deep.equal({
        error: "payment_in_use",
        message: `Another request is using the payment of ${client.address} with the nonce ${keccak256(client.address)}.`,
      });
      const after = await balances();
      expect(before.client - after.client).to.equal(BigInt(payment.accepted.amount));
      expect(after.split - before.split).to.equal(BigInt(payment.accepted.amount));
    });

    it("is transferred once if it is used with two services of the same operator at the same time", async () => {
      const other = await openSecondService(shop.facilitator.url);
      const before = await balances();
      const payment = await sign();
      const header = encode(payment);
      const responses = await Promise.all([ask({ header }), ask({ header, url: other.url })]);
      const bodies = await Promise.all(responses.map(async (response) => (await response.json()) as Answer | Refusal));
      expect(responses.map(({ status }) => status)).to.have.members([200, 402]);
      expect(bodies.filter((body) => "completion" in body)).to.have.length(1);
      const after = await balances();
      expect(before.client - after.client).to.equal(BigInt(payment.accepted.amount));
      expect(after.split - before.split).to.equal(BigInt(payment.accepted.amount));
    });
  });

  describe("when the terms have changed since they were read", () => {
    it("refuses the old price", async () => {
      const { services } = chain.protocol;
      const { operator, serviceId } = shop.market;
      const { rateIn, rateOut } = await services.serviceOf(serviceId);
      const payment = await sign();
      await (await services.connect(operator).setRates(serviceId, rateIn, 2n * rateOut)).wait();
      const { accepts } = await expectRefusal({
        request: () => ask({ header: encode(payment) }),
        status: 402,
        error: "No matching payment requirements",
        fields: ["accepted.amount", "authorization.value"],
      });
      expect(BigInt(accepts?.[0].amount ?? 0)).to.be.above(BigInt(payment.accepted.amount));
      await (await services.connect(operator).setRates(serviceId, rateIn, rateOut)).wait();
    });

    it("refuses the split of an old fee policy", async () => {
      const { feePolicy, services, splitAddresses } = chain.protocol;
      const payment = await sign();
      const policy = await feePolicy.policyAt(await feePolicy.currentVersion());
      const { treasury, operatorBps, stakersBps, platformFee } = policy;
      const changed = { treasury, treasuryBps: 300n, operatorBps, stakersBps, platformFee };
      const timelock = await asTimelock(chain);
      await (await feePolicy.connect(timelock).setPolicy(changed)).wait();
      payTo = await splitAddresses.addressOf(await services.splitOf(shop.market.serviceId));
      await expectRefusal({
        request: () => ask({ header: encode(payment) }),
        status: 402,
        error: "No matching payment requirements",
        fields: ["accepted.payTo", "authorization.to"],
      });
      expect((await ask({ header: encode(await sign()) })).status).to.equal(200);
    });

    it("takes no calls when the service takes none", async () => {
      const { services } = chain.protocol;
      const { operator, serviceId } = shop.market;
      const header = encode(await sign());
      await (await services.connect(operator).setActive(serviceId, false)).wait();
      const { message } = await expectRefusal({ request: () => ask({ header }), status: 503, error: "not_in_service" });
      expect(message).to.equal("Service 1 takes no calls.");
      await (await services.connect(operator).setActive(serviceId, true)).wait();
    });
  });

  describe("when a payment was good, and cannot be settled any more", () => {
    it("keeps the answer to itself", async () => {
      // Between the check and the transfer, the client spends its tokens otherwise.
      const { token } = chain.protocol;
      const { operator } = shop.market;
      const forward = new Hono();
      forward.all("*", async (c) => {
        if (c.req.path === "/settle") {
          const authorization = {
            from: client.address,
            to: operator.address,
            value: await token.balanceOf(client),
            validAfter: 0n,
            validBefore: BigInt(secondsFromNow(60)),
            nonce: ZeroHash,
          };
          const type = "TransferWithAuthorization";
          const { v, r, s } = await signAuthorization({ token, signer: client, type, authorization });
          const { from, to, value, validAfter, validBefore, nonce } = authorization;
          await (
            await token.transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s)
          ).wait();
        }
        const { method } = c.req;
        const body = method === "POST" ? { body: await c.req.text() } : {};
        return await fetch(shop.facilitator.url + c.req.path, { method, headers: c.req.header(), ...body });
      });
      const between = await open(forward);
      const other = await openSecondService(between.url);
      const split = await token.balanceOf(payTo);

      const response = await ask({ header: encode(await sign()), url: other.url });
      const body = (await response.json()) as Refusal;
      expect(response.status).to.equal(402);
      expect(body).not.to.have.property("completion");
      expect(body).to.include({ error: "invalid_exact_evm_transaction_simulation_failed" });
      expect(body.differences?.map(({ field }) => field)).to.deep.equal(["balance"]);
      expect(await token.balanceOf(payTo)).to.equal(split);
    });
  });

  describe("when the transfer is slow to be mined", () => {
    const WAIT_MS = 500;

    /** A service whose facilitator waits this long, twice, while blocks have to be asked for. */
    async function openHastyService(): Promise<Listener> {
      const { chainId, facilitator } = shop.market;
      const token = await chain.protocol.token.getAddress();
      const { rpcUrl } = chain;
      const key = keyOf(facilitator);
      const hasty = createFacilitator({ rpcUrl, chainId, key, token, confirmationTimeoutMs: WAIT_MS });
      const service = await openSecondService((await open(hasty)).url);
      await chain.connection.provider.request({ method: "evm_setAutomine", params: [false] });
      return service;
    }

    async function mine(): Promise<void> {
      await chain.connection.provider.request({ method: "evm_mine" });
    }

    afterEach(async () => {
      await mine();
      await chain.connection.provider.request({ method: "evm_setAutomine", params: [true] });
    });

    it("asks once more, and serves what was paid once", async () => {
      const { url } = await openHastyService();
      const payment = await sign();
      const before = await balances();
      const request = ask({ header: encode(payment), url });
      await setTimeout(1.5 * WAIT_MS);
      await mine();
      expect(await (await request).json()).to.have.property("completion");
      expect(await balances()).to.include({
        client: before.client - BigInt(payment.accepted.amount),
        split: before.split + BigInt(payment.accepted.amount),
      });
    });

    it("serves nothing after that", async () => {
      const { url } = await openHastyService();
      const header = encode(await sign());
      await expectRefusal({ request: () => ask({ header, url }), status: 402, error: "settlement_pending" });
    });
  });

  describe("when the model fails", () => {
    it("takes nothing for it", async () => {
      const failures: unknown[] = [];
      const failure = new Error("out of words");
      const model = {
        complete: (): string => {
          throw failure;
        },
      };
      const { protocol } = chain;
      const facilitatorUrl = shop.facilitator.url;
      const onFailure = (error: unknown): void => void failures.push(error);
      const broken = await open(await createService({ protocol, ...shop.market, model, facilitatorUrl, onFailure }));
      const header = encode(await sign());
      const { url } = broken;
      await expectRefusal({ request: () => ask({ header, url }), status: 500, error: "internal_error" });
      expect(failures).to.deep.equal([failure]);
      expect((await ask({ header })).status, "the payment is still good").to.equal(200);
    });
  });

  describe("when the facilitator does not answer", () => {
    it("serves nothing", async () => {
      const facilitator = await listen(forwardTo(shop.facilitator.url));
      const other = await openSecondService(facilitator.url);
      await facilitator.close();
      const header = encode(await sign());
      await expectRefusal({ request: () => ask({ header, url: other.url }), status: 402, error: "fetch failed" });
      expect((await ask({ header })).status, "the payment is still good").to.equal(200);
    });
  });

  // ---------------------------------------------------------------- refused calls

  describe("when a call is malformed", () => {
    async function expectMalformed(body: string, message: string): Promise<void> {
      const header = encode(await sign());
      const refusal = await expectRefusal({
        request: () => ask({ header, body }),
        status: 400,
        error: "malformed_call",
      });
      expect(refusal.message).to.equal(message);
    }

    it("says what is wrong with it, and takes no payment", async () => {
      const changed = (changes: object): string => JSON.stringify({ ...CALL, ...changes });
      await expectMalformed("{", "The body must be JSON.");
      await expectMalformed("null", "The body must be a JSON object.");
      await expectMalformed(changed({ prompt: " " }), 'prompt must be a text with a word in it, but is " ".');
      await expectMalformed(changed({ prompt: 5 }), "prompt must be a text with a word in it, but is 5.");
      for (const maxTokens of [0, 513, 1.5, "1"]) {
        const given = JSON.stringify(maxTokens);
        await expectMalformed(
          changed({ maxTokens }),
          `maxTokens must be a whole number from 1 to 512, but is ${given}.`,
        );
      }
      await expectMalformed(changed({ seed: -1 }), "seed must be a whole number from 0 to 4294967295, but is -1.");
      await expectMalformed(changed({ parentCallId: "0x" }), 'parentCallId must be 32 bytes of hex, but is "0x".');
    });

    it("reads no more than it has to", async () => {
      const header = encode(await sign());
      const body = JSON.stringify({ ...CALL, prompt: "word ".repeat(4_000) });
      await expectRefusal({ request: () => ask({ header, body }), status: 413, error: "call_too_large" });
    });

    it("is paid under every spelling of its address", async () => {
      const headers = { "payment-signature": encode(await sign({ authorization: { value: 1n } })) };
      const body = JSON.stringify(CALL);
      const before = await balances();
      for (const path of [
        "/v1/%63ompletions",
        "/v1/completions/",
        "//v1/completions",
        "/V1/completions",
        "/v1/completions%2f",
      ]) {
        const response = await fetch(shop.service.url + path, { method: "POST", headers, body });
        expect(response.status, path).to.be.oneOf([402, 404]);
        expect(await response.json(), path).not.to.have.property("completion");
      }
      expect(await balances()).to.deep.equal(before);
    });

    it("answers under one address only", async () => {
      const header = encode(await sign());
      const headers = { "payment-signature": header };
      const request = (): Promise<Response> => fetch(`${shop.service.url}/v1/other`, { method: "POST", headers });
      await expectRefusal({ request, status: 404, error: "not_found" });
    });
  });

  describe("facilitator", () => {
    async function post(task: string, body: string): Promise<{ status: number; error: string }> {
      const before = await balances();
      const response = await fetch(`${shop.facilitator.url}/${task}`, { method: "POST", body });
      const { error } = (await response.json()) as { error: string };
      expect(await balances()).to.deep.equal(before);
      return { status: response.status, error };
    }

    it("transfers no other token, and takes nothing that is malformed", async () => {
      const paymentPayload = await sign();
      const asset = await chain.protocol.ledger.getAddress();
      const body = JSON.stringify({ paymentPayload, paymentRequirements: { ...paymentPayload.accepted, asset } });
      for (const task of ["verify", "settle"]) {
        const refused = await post(task, body);
        expect(refused.status).to.equal(400);
        expect(refused.error).to.match(new RegExp(`transfers 0x\\w+ and not ${asset}`));
        expect(await post(task, "{")).to.include({ status: 400 });
        expect((await post(task, JSON.stringify({ paymentPayload }))).error).to.contain("no requirements");
      }
    });
  });

  // ---------------------------------------------------------------- more helpers

  async function open<E extends Env>(app: Hono<E>): Promise<Listener> {
    const listener = await listen(app);
    listeners.push(listener);
    return listener;
  }

  /** Another server of the same service. */
  async function openSecondService(facilitatorUrl: string): Promise<Listener> {
    const { market, model } = shop;
    return await open(await createService({ protocol: chain.protocol, ...market, model, facilitatorUrl }));
  }
});

function forwardTo(url: string): Hono {
  const app = new Hono();
  app.all("*", (c) => fetch(url + c.req.path));
  return app;
}

function encode(payment: object): string {
  return btoa(JSON.stringify(payment));
}

function toJson(authorization: Authorization, signature: string): Payment["payload"] {
  const { value, validAfter, validBefore, ...words } = authorization;
  const amounts = { value: String(value), validAfter: String(validAfter), validBefore: String(validBefore) };
  return { signature, authorization: { ...words, ...amounts } };
}

function referenceOf({ id, tree }: Split): Parameters<ReferenceModel["defineSplit"]>[0] {
  const shares = tree.shares({ first: 0, count: tree.size }).map(({ kind, recipient, units }) => {
    return kind === ShareKind.Split
      ? { kind: "split" as const, split: recipient, units }
      : { kind: "account" as const, account: recipient, units };
  });
  return { id, shares };
}

function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
