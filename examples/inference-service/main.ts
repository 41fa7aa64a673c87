import { formatEther, parseEther, Wallet } from "ethers";

import { readCorpus } from "../../scripts/demo/corpus.ts";
import { parseOptions, runScript } from "../../scripts/lib/script.ts";
import { recoverExecutor } from "../../sdk/receipt.ts";
import { type Chain, joinChain, startChain } from "./chain.ts";
import { createPayingFetch } from "./client.ts";
import { keyOf } from "./market.ts";
import { claim, openBooks, release, sweep } from "./payout.ts";
import { networkOf } from "./payment.ts";
import { parseReceipt } from "./receipt.ts";
import { type Answer, COMPLETIONS } from "./server.ts";
import { openShop, type Shop } from "./shop.ts";

/** The texts of the corpus from this year on. */
const FIRST_YEAR = 1961;
const PROMPTS = ["My fellow citizens", "The state of the Union is", "We will build"];
const TOKENS_OUT = 40;
const ALLOWANCE = parseEther("1");

await runScript(async () => {
  const { network } = parseOptions({
    usage: "npm run example -- [--network <name>]",
    options: { network: { type: "string" } },
  });
  const chain = network === undefined ? await startChain() : await joinChain(network);
  try {
    console.log(`The protocol is on a chain at ${chain.rpcUrl}.`);
    const texts = readCorpus().filter(({ year }) => year >= FIRST_YEAR);
    const shop = await openShop({ chain, texts });
    try {
      const { market, model, service, facilitator } = shop;
      console.log(`${market.contributors.size} authors have signed ${texts.length} texts for a Datanet.`);
      console.log(`A model has learned ${model.size} n-grams from them, and service ${market.serviceId} runs it.`);
      console.log(`The service is at ${service.url}, its facilitator at ${facilitator.url}.`);
      await payCalls({ chain, shop });
      await payOut({ chain, shop });
    } finally {
      await shop.close();
    }
  } finally {
    await chain.close();
  }
});

/** A client with OPEN, and no ether, pays for a few completions. */
async function payCalls({
  chain: { protocol, connection },
  shop: { market, service },
}: {
  chain: Chain;
  shop: Shop;
}): Promise<void> {
  const { token, services } = protocol;
  const client = new Wallet(Wallet.createRandom().privateKey);
  await (await token.transfer(client.address, ALLOWANCE)).wait();
  const payingFetch = createPayingFetch({
    key: keyOf(client),
    network: networkOf(market.chainId),
    token: await token.getAddress(),
    maxAmount: ALLOWANCE / 10n,
  });
  for (const [seed, prompt] of PROMPTS.entries()) {
    const response = await payingFetch(service.url + COMPLETIONS, {
      method: "POST",
      body: JSON.stringify({ prompt, maxTokens: TOKENS_OUT, seed }),
    });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    const { completion, receipt, signature } = (await response.json()) as Answer;
    const proof = { chainId: market.chainId, services: await services.getAddress(), receipt: parseReceipt(receipt) };
    if (recoverExecutor({ ...proof, signature }) !== market.operator.address) {
      throw new Error(`The receipt of call ${receipt.callId} is not signed by the operator.`);
    }
    console.log(`\n"${prompt} …"\n  ${completion}`);
    console.log(`  ${formatEther(receipt.amount)} OPEN for ${receipt.tokensIn} + ${receipt.tokensOut} tokens`);
    console.log(`  call ${receipt.callId}, receipt signed by the operator`);
  }
  const { ethers } = connection;
  const [open, ether] = [await token.balanceOf(client.address), await ethers.provider.getBalance(client.address)];
  console.log(
    `\nThe client has ${formatEther(open)} of ${formatEther(ALLOWANCE)} OPEN left, and has had ${ether} ether.`,
  );
}

/** The money that has arrived at the split's address goes to everybody upstream. */
async function payOut({ chain, shop: { market } }: { chain: Chain; shop: Shop }): Promise<void> {
  const { protocol } = chain;
  const { token, services, splitAddresses } = protocol;
  const { operator, builder, curator, contributors, chainId, serviceId } = market;
  const splitId = await services.splitOf(serviceId);
  const arrived = await token.balanceOf(await splitAddresses.addressOf(splitId));
  const swept = await sweep({ protocol, sender: operator, splitId });
  console.log(`${formatEther(arrived)} OPEN was at the split's address, and is swept for ${swept.gasUsed} gas.`);

  const books = await openBooks({ chain, chainId });
  const released = await release({ protocol, books, sender: operator, splitId });
  await books.update();
  console.log(`It is released down to the contributors for ${released.gasUsed} gas. Claimed, in OPEN:\n`);

  const earners = new Map([["operator", operator], ["builder", builder], ["curator", curator], ...contributors]);
  for (const [name, wallet] of earners) {
    const { amount } = await claim({ protocol, books, wallet });
    console.log(`  ${name.padEnd(24)} ${formatEther(amount)}`);
  }
}
