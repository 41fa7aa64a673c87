import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, keccak256 } from "ethers";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { AssetVersion } from "./lineages.ts";
import type { RegistryWorld } from "./registryWorld.ts";

/** A service on the chain, with what it serves. */
export interface Service {
  id: bigint;
  operator: string;
  asset: AssetVersion;
}

export async function registerService({
  world,
  operator = world.operator,
  asset,
  rateIn = 1_000n,
  rateOut = 3_000n,
}: {
  world: Pick<RegistryWorld, "services" | "operator">;
  operator?: HardhatEthersSigner;
  asset: AssetVersion;
  rateIn?: bigint;
  rateOut?: bigint;
}): Promise<Service> {
  const { services } = world;
  const { registry, id, version } = asset;
  await services.connect(operator).register(registry, id, version, rateIn, rateOut, "https://serve.example");
  return { id: await services.serviceCount(), operator: operator.address, asset };
}

/** The service's split under a version of the policy, as it ought to be. */
export async function splitOfService({
  world: { services, feePolicy, connection },
  service: { id, operator, asset },
  policyVersion,
}: {
  world: Pick<RegistryWorld, "services" | "feePolicy" | "connection">;
  service: Service;
  policyVersion: bigint;
}): Promise<Split> {
  const { treasury, treasuryBps, operatorBps, stakersBps } = await feePolicy.policyAt(policyVersion);
  const stakers = await services.staking();
  // The low 12 bytes of the operator's address.
  const tag = BigInt(operator) % 2n ** 96n;
  const evidence = await evidenceOfService({ services, connection, id, policyVersion });
  const account = { kind: ShareKind.Account, evidence };
  const shares: Share[] = [
    { ...account, recipient: treasury, units: treasuryBps },
    { ...account, recipient: walletAccount(operator), units: operatorBps },
    { ...account, recipient: encodeAccount({ address: stakers, tag }), units: stakersBps },
    {
      kind: ShareKind.Split,
      recipient: asset.split.id,
      units: 10_000n - treasuryBps - operatorBps - stakersBps,
      evidence,
    },
  ];
  return Split.from({ shares });
}

/** The split of fixed fees under a version of the policy, as it ought to be. */
export async function splitOfPlatform({
  world: { services, feePolicy, connection },
  policyVersion,
}: {
  world: Pick<RegistryWorld, "services" | "feePolicy" | "connection">;
  policyVersion: bigint;
}): Promise<Split> {
  const { treasury } = await feePolicy.policyAt(policyVersion);
  const evidence = await evidenceOfService({ services, connection, id: 0n, policyVersion });
  return Split.from({ shares: [{ kind: ShareKind.Account, recipient: treasury, units: 1n, evidence }] });
}

async function evidenceOfService({
  services,
  connection,
  id,
  policyVersion,
}: Pick<RegistryWorld, "services" | "connection"> & { id: bigint; policyVersion: bigint }): Promise<string> {
  const { chainId } = await connection.ethers.provider.getNetwork();
  const types = ["uint256", "address", "uint256", "uint256"];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, [chainId, await services.getAddress(), id, policyVersion]));
}
