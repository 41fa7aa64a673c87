import { id, parseEther, Wallet, ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { type Hex, isHex } from "viem";

import { walletAccount } from "../../sdk/account.ts";
import { evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import type { CorpusText } from "../../scripts/demo/corpus.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import { stakeTransactions } from "../../scripts/lib/stake.ts";

const GAS_MONEY = parseEther("0.02");
const CARD_URI = "https://example.org/card.json";
const MILLI_OPEN = 10n ** 15n;

/** Who takes part. All keys are new ones. */
export interface Market {
  chainId: bigint;
  curator: Wallet;
  builder: Wallet;
  operator: Wallet;
  /** Pays the gas of the transfers that payers sign. */
  facilitator: Wallet;
  /** By their names. */
  contributors: ReadonlyMap<string, Wallet>;
  serviceId: bigint;
}

/** A wallet's key as viem wants it. */
export function keyOf({ privateKey }: Wallet): Hex {
  if (!isHex(privateKey)) throw new TypeError("A private key must be hex.");
  return privateKey;
}

/** Makes the texts a Datanet, a model that was trained on it, and a service that runs the model. */
export async function openMarket({
  connection: { ethers },
  protocol,
  texts,
}: {
  connection: NetworkConnection;
  protocol: Protocol;
  texts: CorpusText[];
}): Promise<Market> {
  const { provider } = ethers;
  const [bank] = await ethers.getSigners();
  const enter = async (): Promise<Wallet> => {
    const wallet = new Wallet(Wallet.createRandom().privateKey, provider);
    await (await bank.sendTransaction({ to: wallet.address, value: GAS_MONEY })).wait();
    return wallet;
  };
  const [curator, builder, operator, facilitator] = [await enter(), await enter(), await enter(), await enter()];
  const contributors = new Map<string, Wallet>();
  for (const { author } of texts) if (!contributors.has(author)) contributors.set(author, await enter());

  const { chainId } = await provider.getNetwork();
  const datanet = await createDatanet({ protocol, chainId, curator, texts, contributors });
  const modelId = await registerModel({ protocol, builder, datanet });
  await stake({ protocol, operator });
  const serviceId = await registerService({ protocol, operator, modelId });
  return { chainId, curator, builder, operator, facilitator, contributors, serviceId };
}

/** Has the authors sign their texts and the curator accept them, a unit per word. */
async function createDatanet({
  protocol: { datanets },
  chainId,
  curator,
  texts,
  contributors,
}: {
  protocol: Protocol;
  chainId: bigint;
  curator: Wallet;
  texts: CorpusText[];
  contributors: ReadonlyMap<string, Wallet>;
}): Promise<{ registry: string; id: bigint; version: bigint }> {
  const registry = await datanets.getAddress();
  const registered = datanets.connect(curator);
  await (
    await registered.create(
      { curator: curator.address, ownerBps: 0n, curatorBps: 500n },
      { minShareBps: 2_000n, open: true },
      ZeroAddress,
      CARD_URI,
      id("Croissant document of the Datanet"),
    )
  ).wait();
  const datanetId = await datanets.assetCount();

  const offers = await Promise.all(
    texts.map(async ({ author, words, content }) => {
      const signer = contributors.get(author);
      if (signer === undefined) throw new Error(`${author} has no wallet.`);
      const signature = await signContribution({ signer, contribution: { chainId, registry, datanetId, content } });
      const contribution = { contributor: signer.address, units: BigInt(words), evidence: evidenceOf(content) };
      return { contribution, signature };
    }),
  );
  const signatures = packSignatures(offers.map(({ signature }) => signature));
  const contributions = offers.map(({ contribution }) => contribution);
  await (await registered.acceptSigned(datanetId, 0n, contributions, signatures)).wait();
  return { registry, id: datanetId, version: await datanets.latestVersion(datanetId) };
}

async function registerModel({
  protocol: { models },
  builder,
  datanet,
}: {
  protocol: Protocol;
  builder: Wallet;
  datanet: { registry: string; id: bigint; version: bigint };
}): Promise<bigint> {
  const card = id("Model card");
  const lineage = {
    builders: [{ account: walletAccount(builder.address), units: 6_000n, evidence: card }],
    upstreams: [{ ...datanet, units: 4_000n }],
    arbiter: ZeroAddress,
    metadataURI: CARD_URI,
    metadataHash: card,
  };
  await (await models.connect(builder).register({ minShareBps: 1_000n, open: true }, lineage)).wait();
  return await models.assetCount();
}

/** Who serves has something at stake. */
async function stake({
  protocol,
  protocol: { token, staking },
  operator,
}: {
  protocol: Protocol;
  operator: Wallet;
}): Promise<void> {
  const amount = await staking.minSelfStake();
  await (await token.transfer(operator.address, amount)).wait();
  for (const transaction of await stakeTransactions({ protocol, operator: operator.address, amount })) {
    await (await operator.sendTransaction(transaction)).wait();
  }
}

async function registerService({
  protocol: { models, services },
  operator,
  modelId,
}: {
  protocol: Protocol;
  operator: Wallet;
  modelId: bigint;
}): Promise<bigint> {
  const rates = [50n * MILLI_OPEN, 160n * MILLI_OPEN] as const;
  const endpoint = "https://example.org/v1/completions";
  await (await services.connect(operator).register(models, modelId, 1n, ...rates, endpoint)).wait();
  return await services.serviceCount();
}
