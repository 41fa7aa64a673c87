import type { AddressLike } from "ethers";
import { id, ZeroAddress } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { acceptSigned, contribute, createDatanet, URI } from "./contributions.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, gasOf, settle, steadyGasOf } from "./gas.ts";
import { addressOf } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

/** A version of another asset, with the units it gets. */
interface Upstream {
  registry: AddressLike;
  id: bigint;
  version: bigint;
  units: bigint;
}

/** What makes a version, as the registries take it. */
interface Lineage {
  builders: { account: string; units: bigint; evidence: string }[];
  upstreams: Upstream[];
  arbiter: string;
  metadataURI: string;
  metadataHash: string;
}

/** Modest enough for a child with a thousand parents. */
export const TERMS = { minShareBps: 5, open: true };

const REGISTER_ON_LINEAGE =
  "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))";

/** What builders and operators register, and what it costs to pay a service. */
export async function* measureRegistries(bench: Bench): AsyncGenerator<Figure> {
  const { models, agents, services } = bench;

  const registerBase = () => models.register(TERMS, lineageOf({ builders: 2 }));
  yield gasFigure("register a model, 2 builders", await steadyGasOf(registerBase));
  const parents = [await publishModel(bench), await publishDatanet(bench), await publishDatanet(bench)];
  const lineage = lineageOf({ builders: 5, upstreams: parents });
  const register = () => models.register(TERMS, lineage);
  yield gasFigure("register a model, 5 builders on a model and 2 Datanets", await steadyGasOf(register), 200_000);
  const modelId = await models.assetCount();
  yield gasFigure("publish another version of that model", await gasOf(models.publish(modelId, lineage)));
  const upstreamHeavy = lineageOf({ builders: 4, upstreams: [...parents, await publishModel(bench)] });
  const registerUpstreamHeavy = () => models.register(TERMS, upstreamHeavy);
  yield gasFigure("register a model, 4 builders on 2 models and 2 Datanets", await steadyGasOf(registerUpstreamHeavy));
  yield gasFigure("fork a model", await steadyGasOf(() => models.fork(modelId, 1, 10_000, URI, id("fork"))));

  yield gasFigure("register an agent", await steadyGasOf(() => agents["register(string)"](URI)));
  const upstreams = [{ registry: models, id: modelId, version: 1n, units: 5_000n }];
  const registerAgent = () => agents[REGISTER_ON_LINEAGE](URI, TERMS, lineageOf({ builders: 1, upstreams }));
  yield gasFigure("register an agent, 1 builder on a model", await steadyGasOf(registerAgent));

  const registerService = () => services.register(models, modelId, 1, AMOUNT, 3n * AMOUNT, URI);
  yield gasFigure("register a service", await steadyGasOf(registerService));
  const pay = () => services.pay(1, 1_000, 500, 1, MEMO, 100n * AMOUNT);
  yield gasFigure("pay a service, with its platform fee", await steadyGasOf(pay));
}

/** Lineage of as many builders, who take what the upstream assets leave. */
export function lineageOf({ builders, upstreams = [] }: { builders: number; upstreams?: Upstream[] }): Lineage {
  return {
    builders: Array.from({ length: builders }, (_, i) => ({
      account: walletAccount(addressOf(`builder ${i}`)),
      units: 1_000n,
      evidence: id(`work of builder ${i}`),
    })),
    upstreams,
    arbiter: ZeroAddress,
    metadataURI: URI,
    metadataHash: id("model card"),
  };
}

/** Registers a model that others can build on. */
export async function publishModel({ models }: Bench): Promise<Upstream> {
  await settle(models.register(TERMS, lineageOf({ builders: 1 })));
  return { registry: models, id: await models.assetCount(), version: 1n, units: 1_000n };
}

async function publishDatanet(bench: Bench): Promise<Upstream> {
  const datanetId = await createDatanet(bench);
  await acceptSigned({ bench, datanetId, batch: contribute({ name: "training data", count: 2 }) });
  return { registry: bench.datanets, id: datanetId, version: 1n, units: 1_000n };
}
