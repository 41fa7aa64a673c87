import { id, Wallet, ZeroHash } from "ethers";

import { domainOf, purposeNonce, signAuthorization } from "../../sdk/authorization.ts";
import { type Channel, channelId, packVouchers, signVoucher, termsId, type VoucherClaim } from "../../sdk/channel.ts";
import type { Figure } from "./figures.ts";
import { gasEach, gasFigure, gasOf, settle } from "./gas.ts";
import { splitOfWallets } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

const VOUCHER_BUDGET = 10_500;
const KEPT_VOUCHER_BUDGET = 10_800;
const CALLS_PER_VOUCHER = 1_000;
const DAY = 86_400n;
const LATER = 2n ** 40n;

/** Vouchers: what one costs in batches of any size, in the long run. */
export async function* measureChannels(bench: Bench): AsyncGenerator<Figure> {
  const { token, channels, connection, payer } = bench;
  const { chainId } = await connection.ethers.provider.getNetwork();
  const address = await channels.getAddress();
  const split = splitOfWallets({ name: "service", size: 3 });
  const deposit = 1_000n * AMOUNT;
  // The same keys each time, because zero bytes in addresses and signatures are cheaper than others.
  const wallets = Array.from({ length: 500 }, (_, i) => new Wallet(id(`voucher payer ${i}`)));
  const terms = (payerAddress: string): Channel => ({
    payer: payerAddress,
    signer: payerAddress,
    operator: payer.address,
    splitId: split.id,
    withdrawDelaySeconds: DAY,
    salt: ZeroHash,
  });
  const domain = await domainOf(token);
  for (const wallet of wallets) {
    await settle(token.transfer(wallet, deposit));
    const channel = terms(wallet.address);
    const authorization = await signAuthorization({
      token: domain,
      signer: wallet,
      to: address,
      amount: deposit,
      nonce: (salt) => purposeNonce(channelId(channel), salt),
      validBefore: LATER,
    });
    await settle(channels.depositWithAuthorization(channel, deposit, authorization));
  }
  let round = 0n;
  const settleMany = async (count: number, { kept = false } = {}) => {
    round += 1n;
    const claims: VoucherClaim[] = [];
    for (const wallet of wallets.slice(0, count)) {
      const channel = terms(wallet.address);
      const voucher = { termsId: termsId(channel), maxClaimableAmount: round * AMOUNT };
      const signature = await signVoucher({ signer: wallet, chainId, channels: address, voucher });
      claims.push({ channel, ...voucher, total: voucher.maxClaimableAmount, signature, contractSignature: false });
    }
    return channels.settle([
      {
        splitId: split.id,
        withdrawDelaySeconds: DAY,
        salt: ZeroHash,
        calls: BigInt(count * CALLS_PER_VOUCHER),
        memo: MEMO,
        kept,
        vouchers: packVouchers(claims),
      },
    ]);
  };
  await settle(settleMany(500));
  for (const count of [1, 10, 100, 500]) {
    const total = await gasOf(settleMany(count));
    yield gasEach(`settle ${count} vouchers, each`, { total, count, budget: count >= 100 ? VOUCHER_BUDGET : null });
    const perCall = Math.ceil((100 * total) / (count * CALLS_PER_VOUCHER)) / 100;
    yield gasFigure(`per inference, ${count} vouchers of 1,000 calls each`, perCall);
  }
  const total = await gasOf(settleMany(100, { kept: true }));
  yield gasEach("settle 100 vouchers, kept, each", { total, count: 100, budget: KEPT_VOUCHER_BUDGET });
}
