import { id } from "ethers";

import type { Split } from "../../sdk/split.ts";
import { walletAccount } from "../../sdk/account.ts";
import { signAuthorization, signPermit } from "../helpers/signatures.ts";
import type { RegistryWorld } from "../registry/registryWorld.ts";
import type { Service } from "../registry/services.ts";

const MEMO = id("a receipt");
const FAR = 2n ** 40n;

/** A way for the payer's tokens to get into a service's split. */
export type Rail = (payment: { world: RegistryWorld; service: Service; split: Split; amount: bigint }) => Promise<void>;

/** Every rail there is, by name. */
export const RAILS: Record<string, Rail> = {
  "the service registry": async ({ world: { services, payer }, service, amount }) => {
    // At a rate of one unit per token.
    await services.connect(payer).pay(service.id, amount, 0n, 1n, MEMO, 2n * amount + 1_000n);
  },
  "an approval": async ({ world: { ledger, token, payer }, split, amount }) => {
    await token.connect(payer).approve(ledger, amount);
    await ledger.connect(payer).pay(split.id, amount, 1n, MEMO);
  },
  "a permit": async ({ world: { ledger, token, payer }, split, amount }) => {
    const permit = await signPermit({ token, owner: payer, spender: ledger, value: amount });
    await ledger.connect(payer).payWithPermit(split.id, amount, 1n, MEMO, ...permit);
  },
  "a batch": async ({ world: { ledger, token, payer }, split, amount }) => {
    await token.connect(payer).approve(ledger, amount);
    const [first, second] = [amount / 3n, amount - amount / 3n];
    const payment = { splitId: split.id, calls: 1n, memo: MEMO };
    await ledger.connect(payer).payMany([
      { ...payment, amount: first },
      { ...payment, amount: second },
    ]);
  },
  "a plain transfer to the split's address": async ({ world, split, amount }) => {
    const { token, splitAddresses, payer, relayer } = world;
    await token.connect(payer).transfer(await splitAddresses.addressOf(split.id), amount);
    await splitAddresses.connect(relayer).sweep(split.id);
  },
  "a signed transfer to the split's address": async ({ world, split, amount }) => {
    const { token, splitAddresses, payer, relayer } = world;
    const to = await splitAddresses.addressOf(split.id);
    const authorization = { from: payer.address, to, value: amount, validAfter: 0n, validBefore: FAR, nonce: split.id };
    const type = "TransferWithAuthorization";
    const { v, r, s } = await signAuthorization({ token, signer: payer, type, authorization });
    await token.connect(relayer).transferWithAuthorization(payer, to, amount, 0n, FAR, split.id, v, r, s);
    await splitAddresses.connect(relayer).sweep(split.id);
  },
  "a balance": async ({ world: { ledger, token, payer }, split, amount }) => {
    await token.connect(payer).approve(ledger, amount);
    await ledger.connect(payer).deposit(walletAccount(payer.address), amount);
    await ledger.connect(payer).payFromBalance(0n, split.id, amount, 1n, MEMO);
  },
  "a batch from a balance": async ({ world: { ledger, token, payer }, split, amount }) => {
    await token.connect(payer).approve(ledger, amount);
    await ledger.connect(payer).deposit(walletAccount(payer.address), amount);
    await ledger.connect(payer).payManyFromBalance(0n, [{ splitId: split.id, amount, calls: 1n, memo: MEMO }]);
  },
};
