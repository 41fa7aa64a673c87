import { id } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { Split } from "../../sdk/split.ts";
import {
  accept,
  acceptSigned,
  createDatanet,
  type Datanet,
  type DatanetVersion,
  offerOf,
} from "../registry/datanets.ts";
import { type AssetVersion, assetVersion, lineageOf, registerAgent, registerModel } from "../registry/lineages.ts";
import type { RegistryWorld } from "../registry/registryWorld.ts";
import { registerService, type Service, splitOfService } from "../registry/services.ts";

/** Everything between a contributor and a payer. */
export interface SupplyChain {
  datanet: Datanet;
  data: DatanetVersion;
  base: AssetVersion;
  fineTune: AssetVersion;
  agent: AssetVersion;
  service: Service;
  serviceSplit: Split;
  /** From the service down to the contributors: each split's money comes from those before it. */
  splits: Split[];
}

/**
 * Alice submits and Bob signs data worth 3 and 1 units; of the Datanet's money the owner takes a tenth and the curator a
 * twentieth. The builder's base model pays the data two fifths, the tuner's fork pays the base model a tenth, Carol's
 * agent half to herself, 30 % to the fork and 20 % to the base model. The operator serves the agent.
 */
export async function buildSupplyChain(world: RegistryWorld): Promise<SupplyChain> {
  const { models, alice, bob, carol, builder, tuner } = world;
  const datanet = await createDatanet({ world, ownerBps: 1_000n, curatorBps: 500n });
  await accept({ world, datanet, offers: [offerOf({ by: alice, text: "by Alice", units: 3n })] });
  const data = await acceptSigned({ world, datanet, offers: [offerOf({ by: bob, text: "by Bob", units: 1n })] });

  const base = await registerModel({
    world,
    owner: builder,
    builders: [{ account: walletAccount(builder.address), units: 60n }],
    upstreams: [{ asset: await versionOf(world, datanet, data), units: 40n }],
  });

  await models.connect(tuner).fork(base.id, base.version, 1_000n, "ipfs://fine-tune", id("fine-tune"));
  const forked = lineageOf({
    builders: [
      {
        account: walletAccount(tuner.address),
        units: 9_000n,
        evidence: id("fine-tune"),
      },
    ],
    upstreams: [{ asset: base, units: 1_000n }],
  });
  const fineTune = await assetVersion({ registry: models, id: 2n, version: 1n, split: forked.split });

  const agent = await registerAgent({
    world,
    owner: carol,
    builders: [{ account: walletAccount(carol.address), units: 50n }],
    upstreams: [
      { asset: fineTune, units: 30n },
      { asset: base, units: 20n },
    ],
  });
  const service = await registerService({ world, asset: agent, rateIn: 1_000n, rateOut: 0n });
  const serviceSplit = await splitOfService({ world, service, policyVersion: 1n });
  const splits = [serviceSplit, agent.split, fineTune.split, base.split, data.split, data.log];
  return { datanet, data, base, fineTune, agent, service, serviceSplit, splits };
}

/** A version of a Datanet as others build on it. */
export async function versionOf(
  { datanets }: RegistryWorld,
  { id }: Datanet,
  { number, split }: DatanetVersion,
): Promise<AssetVersion> {
  return await assetVersion({ registry: datanets, id, version: number, split });
}
