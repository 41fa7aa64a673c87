import { id, MaxUint256, Wallet, ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { walletAccount } from "../../sdk/account.ts";
import { domainOf, purposeNonce, signAuthorization } from "../../sdk/authorization.ts";
import { type Channel, channelId } from "../../sdk/channel.ts";
import { RegistryState } from "../../sdk/registryState.ts";
import { Sender } from "../../test/reference/sender.ts";
import { locateParameters, readParameters } from "../lib/parameters.ts";
import { stakeTransactions } from "../lib/stake.ts";
import { deployProtocol, getAddresses, getDeployer, type Protocol, type ProtocolAddresses } from "../lib/protocol.ts";

/** What is served, by whom, for which split. */
export interface LoadService {
  id: bigint;
  /** Index of the operator. */
  operator: number;
  splitId: string;
  assetSplitId: string;
}

/** The chain with everything that the traffic needs. */
export interface LoadWorld {
  connection: NetworkConnection;
  protocol: Protocol;
  addresses: ProtocolAddresses;
  chainId: bigint;
  operators: Wallet[];
  payers: Wallet[];
  /** Who built the models. */
  contributors: Wallet[];
  services: LoadService[];
  registry: RegistryState;
  sender: Sender;
  /** Deposits of all payers so far. */
  deposited: Map<string, bigint>;
  deposit: (request: { payer: Wallet; channel: Channel; amount: bigint }) => Promise<void>;
}

const MODELS = 5;
const BUILDERS_PER_MODEL = 4;
const GAS_MONEY = 10n ** 21n;
const PAYER_TOKENS = 100_000n * 10n ** 18n;
const LATER = 2n ** 40n;

/** Deploys the protocol, models on one another, services on the models, and gives everybody what they need. */
export async function createWorld({
  connection,
  seed,
  operators: operatorCount,
  payers: payerCount,
  services: serviceCount,
}: {
  connection: NetworkConnection;
  seed: number;
  operators: number;
  payers: number;
  services: number;
}): Promise<LoadWorld> {
  const make = (count: number, name: string): Wallet[] =>
    Array.from({ length: count }, (_, i) => new Wallet(id(`load ${seed}: ${name} ${i}`)));
  const operators = make(operatorCount, "operator");
  const payers = make(payerCount, "payer");
  const contributors = make(MODELS * BUILDERS_PER_MODEL, "builder");
  const [relayer] = make(1, "relayer");
  const protocol = await deploy(connection);
  const addresses = await getAddresses(protocol);
  const sender = await Sender.connect({ provider: connection.ethers.provider });
  for (const { address } of [...operators, ...contributors, ...payers, relayer]) {
    await connection.provider.request({
      method: "hardhat_setBalance",
      params: [address, `0x${GAS_MONEY.toString(16)}`],
    });
  }
  for (const payer of payers) await protocol.token.transfer(payer, PAYER_TOKENS);
  await registerModels({ protocol, sender, contributors });
  const amount = await protocol.staking.minSelfStake();
  for (const operator of operators) {
    await protocol.token.transfer(operator, amount);
    for (const transaction of await stakeTransactions({ protocol, operator: operator.address, amount })) {
      await sender.send({ from: operator, transaction });
    }
  }
  const chainId = sender.chainId;
  const registry = new RegistryState({ addresses, chainId });
  for (let i = 0; i < serviceCount; i++) {
    const transaction = await protocol.services.register.populateTransaction(
      addresses.models,
      BigInt((i % MODELS) + 1),
      1n,
      1_000n,
      3_000n,
      `https://service-${i}.example`,
    );
    await sender.send({ from: operators[i % operatorCount], transaction });
  }
  await registry.follow({
    provider: connection.ethers.provider,
    toBlock: await connection.ethers.provider.getBlockNumber(),
  });

  const deposited = new Map<string, bigint>();
  const token = await domainOf(protocol.token);
  let last: Promise<void> = Promise.resolve();
  return {
    connection,
    protocol,
    addresses,
    chainId,
    operators,
    payers,
    contributors,
    services: servicesOf({ registry, operators: operatorCount }),
    registry,
    sender,
    deposited,
    deposit: async ({ payer, channel, amount }) => {
      const authorization = await signAuthorization({
        token,
        signer: payer,
        to: addresses.channels,
        amount,
        nonce: (salt) => purposeNonce(channelId(channel), salt),
        validBefore: LATER,
      });
      const transaction = await protocol.channels.depositWithAuthorization.populateTransaction(
        channel,
        amount,
        authorization,
      );
      // One after the other: the relayer counts its own transactions.
      last = last.then(async () => {
        await sender.send({ from: relayer, transaction });
        deposited.set(payer.address, (deposited.get(payer.address) ?? 0n) + amount);
      });
      await last;
    },
  };
}

async function deploy(connection: NetworkConnection): Promise<Protocol> {
  const deployer = await getDeployer(connection);
  const parameters = await readParameters({ file: locateParameters("hardhat"), deployer });
  const protocol = await deployProtocol({ connection, parameters });
  await protocol.token.approve(protocol.ledger, MaxUint256);
  return protocol;
}

/** A base model, and others that owe it a fifth. Builders hold 1, 2, 3, … units, so that amounts differ and need rounding. */
async function registerModels({
  protocol,
  sender,
  contributors,
}: {
  protocol: Protocol;
  sender: Sender;
  contributors: readonly Wallet[];
}): Promise<void> {
  const models = await protocol.models.getAddress();
  for (let i = 0; i < MODELS; i++) {
    const builders = contributors.slice(i * BUILDERS_PER_MODEL, (i + 1) * BUILDERS_PER_MODEL);
    const lineage = {
      builders: builders.map(({ address }, j) => ({
        account: walletAccount(address),
        units: BigInt(1_000 + j),
        evidence: id(`work of builder ${j} on model ${i}`),
      })),
      upstreams: i === 0 ? [] : [{ registry: models, id: 1n, version: 1n, units: 1_001n }],
      arbiter: ZeroAddress,
      metadataURI: `https://model-${i}.example`,
      metadataHash: id(`model ${i}`),
    };
    const terms = { minShareBps: 0n, open: true };
    const transaction = await protocol.models.register.populateTransaction(terms, lineage);
    await sender.send({ from: builders[0], transaction });
  }
}

function servicesOf({ registry, operators }: { registry: RegistryState; operators: number }): LoadService[] {
  const services: LoadService[] = [];
  for (const split of registry.splits) {
    const origin = registry.originOf(split.id);
    if (origin?.kind !== "service") continue;
    const { assetSplitId } = origin;
    services.push({
      id: origin.id,
      operator: Number((origin.id - 1n) % BigInt(operators)),
      splitId: split.id,
      assetSplitId,
    });
  }
  return services.sort((a, b) => Number(a.id - b.id));
}
