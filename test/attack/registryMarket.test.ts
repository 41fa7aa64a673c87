import { id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import { accountOf } from "../helpers/shares.ts";
import { registerModel } from "../registry/lineages.ts";
import type { RegistryWorld } from "../registry/registryWorld.ts";
import { registerService, type Service } from "../registry/services.ts";
import { itStands } from "./registryAttack.ts";

const { ethers } = await network.getOrCreate();

const MEMO = id("a receipt");
const MAX = 2n ** 256n - 1n;

interface Served {
  service: Service;
}

async function serve(world: RegistryWorld): Promise<Served> {
  return { service: await registerService({ world, asset: await registerModel({ world, owner: world.builder }) }) };
}

describe("Attacks on the fee policy", () => {
  const isInForce =
    (version: bigint) =>
    async ({ feePolicy }: RegistryWorld): Promise<boolean> =>
      (await feePolicy.currentVersion()) === version;
  const none = { treasuryBps: 0n, operatorBps: 0n, stakersBps: 0n, platformFee: 0n };

  for (const [part, defence, parts, value, cap] of [
    ["treasuryBps", "noTreasuryCap", { treasuryBps: 1_001n }, 1_001n, 1_000n],
    ["operatorBps", "noOperatorCap", { operatorBps: 8_001n }, 8_001n, 8_000n],
    ["stakersBps", "noStakersCap", { stakersBps: 3_001n }, 3_001n, 3_000n],
    ["sumBps", "noSumCap", { treasuryBps: 1_000n, operatorBps: 8_000n, stakersBps: 1_000n }, 10_000n, 9_000n],
    ["platformFee", "noPlatformFeeCap", { platformFee: 10n ** 18n + 1n }, 10n ** 18n + 1n, 10n ** 18n],
  ] as const) {
    itStands({
      name: `governance goes one above the cap of ${part}`,
      defence,
      scene: async () => ({}),
      attack: async ({ feePolicy, governance }) => {
        await feePolicy.connect(governance).setPolicy({ treasury: accountOf(governance), ...none, ...parts });
      },
      refusal: { by: "feePolicy", error: "FeePolicy_AboveCap", args: () => [part, value, cap] },
      hasWorked: isInForce(2n),
    });
  }

  itStands({
    name: "governance sends the fees to nobody",
    defence: "noTreasury",
    scene: async () => ({}),
    attack: async ({ feePolicy, governance }) => {
      await feePolicy.connect(governance).setPolicy({ treasury: ZeroHash, ...none });
    },
    refusal: { by: "feePolicy", error: "FeePolicy_ZeroTreasury" },
    hasWorked: isInForce(2n),
  });

  itStands({
    name: "a stranger makes itself the treasury",
    defence: "anyoneGoverns",
    scene: async () => ({}),
    attack: async ({ feePolicy, mallory }) => {
      await feePolicy.connect(mallory).setPolicy({ treasury: accountOf(mallory), ...none, treasuryBps: 1_000n });
    },
    refusal: { by: "feePolicy", error: "AccessManagedUnauthorized", args: ({ mallory }) => [mallory] },
    hasWorked: isInForce(2n),
  });

  itStands({
    name: "governance changes what splits that have been paid stand for",
    defence: "onePolicy",
    scene: async (world) => {
      const { service } = await serve(world);
      await world.services.connect(world.payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
      return { service, paid: await world.services.splitAt(service.id, 1n) };
    },
    attack: async ({ feePolicy, governance, mallory }) => {
      await feePolicy.connect(governance).setPolicy({ treasury: accountOf(mallory), ...none, treasuryBps: 1_000n });
    },
    hasWorked: async ({ services }, { service, paid }) => (await services.splitAt(service.id, 1n)) !== paid,
  });
});

describe("Attacks on services", () => {
  itStands({
    name: "an operator that is not eligible registers a service",
    defence: "anyoneServes",
    scene: async (world) => ({ asset: await registerModel({ world, owner: world.builder }) }),
    attack: async (world, { asset }) => {
      await registerService({ world, operator: world.mallory, asset });
    },
    refusal: { by: "services", error: "ServiceRegistry_NotEligible", args: ({ mallory }) => [mallory] },
    hasWorked: async ({ services }) => (await services.serviceCount()) === 1n,
  });

  itStands({
    name: "an operator takes calls after it lost its eligibility",
    defence: "anyoneServes",
    scene: async (world) => {
      const scene = await serve(world);
      await world.allowList.set(world.operator, false);
      return scene;
    },
    attack: async ({ services, payer }, { service }) => {
      await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
    },
    refusal: { by: "services", error: "ServiceRegistry_NotEligible", args: ({ operator }) => [operator] },
    hasWorked: async ({ ledger, services }, { service }) =>
      (await ledger.received(await services.splitOf(service.id))).amount > 0n,
  });

  itStands({
    name: "an operator raises its price right in front of a payment",
    defence: "noMaximum",
    scene: serve,
    attack: async ({ services, operator, payer }, { service }) => {
      await services.connect(operator).setRates(service.id, 1_000_000n, 1_000_000n);
      await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, 1_010n);
    },
    refusal: { by: "services", error: "ServiceRegistry_AboveMaximum", args: () => [1_000_010n, 1_010n] },
    hasWorked: async ({ ledger, services }, { service }) =>
      (await ledger.received(await services.splitOf(service.id))).amount === 1_000_000n,
  });

  itStands({
    name: "governance raises the fixed fee right in front of a payment",
    defence: "noMaximum",
    scene: serve,
    attack: async ({ services, feePolicy, governance, payer }, { service }) => {
      const policy = { treasury: accountOf(governance), treasuryBps: 0n, operatorBps: 0n, stakersBps: 0n };
      await feePolicy.connect(governance).setPolicy({ ...policy, platformFee: 10n ** 18n });
      await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, 1_010n);
    },
    refusal: {
      by: "services",
      error: "ServiceRegistry_AboveMaximum",
      args: () => [10n ** 18n + 1_000n, 1_010n],
    },
    hasWorked: async ({ ledger, services }) => (await ledger.received(await services.platformSplitAt(2n))).amount > 0n,
  });

  for (const [what, call, hasWorked] of [
    [
      "sets its prices",
      async ({ services, mallory }: RegistryWorld, { service }: Served) =>
        await services.connect(mallory).setRates(service.id, 0n, 0n),
      async ({ services }: RegistryWorld, { service }: Served) => (await services.serviceOf(service.id)).rateIn === 0n,
    ],
    [
      "stops it",
      async ({ services, mallory }: RegistryWorld, { service }: Served) =>
        await services.connect(mallory).setActive(service.id, false),
      async ({ services }: RegistryWorld, { service }: Served) => !(await services.serviceOf(service.id)).active,
    ],
  ] as const) {
    itStands({
      name: `a rival ${what}`,
      defence: "anyoneOperates",
      scene: serve,
      attack: call,
      refusal: {
        by: "services",
        error: "ServiceRegistry_NotOperator",
        args: ({ mallory }, { service }) => [service.id, mallory],
      },
      hasWorked,
    });
  }

  itStands({
    name: "an operator serves an asset of its own registry, which pays whom it likes",
    defence: "anyServedRegistry",
    scene: async ({ operator }) => {
      const own = Split.from({
        shares: [
          { kind: ShareKind.Account, recipient: walletAccount(operator.address), units: 1n, evidence: ZeroHash },
        ],
      });
      return { registry: await (await ethers.deployContract("LookAlikeRegistry", [own.id])).getAddress() };
    },
    attack: async ({ services, operator }, { registry }) => {
      await services.connect(operator).register(registry, 1n, 1n, 1n, 1n, "");
    },
    refusal: {
      by: "services",
      error: "ServiceRegistry_UnknownRegistry",
      args: (_, { registry }) => [registry],
    },
    hasWorked: async ({ services }) => (await services.serviceCount()) === 1n,
  });

  itStands({
    name: "somebody is led to pay a service that takes no calls",
    defence: "neverInactive",
    scene: async (world) => {
      const scene = await serve(world);
      await world.services.connect(world.operator).setActive(scene.service.id, false);
      return scene;
    },
    attack: async ({ services, payer }, { service }) => {
      await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
    },
    refusal: { by: "services", error: "ServiceRegistry_Inactive", args: (_, { service }) => [service.id] },
    hasWorked: async ({ ledger, services }, { service }) =>
      (await ledger.received(await services.splitOf(service.id))).amount > 0n,
  });

  itStands({
    name: "a payer cuts its calls into pieces that cost less than one unit",
    defence: "quotesRoundDown",
    scene: async (world) => {
      const asset = await registerModel({ world, owner: world.builder });
      return { service: await registerService({ world, asset, rateIn: 1n, rateOut: 1n }) };
    },
    attack: async ({ services, payer }, { service }) => {
      await services.connect(payer).pay(service.id, 999n, 0n, 1n, MEMO, MAX);
    },
    hasWorked: async ({ ledger, services }, { service }) =>
      (await ledger.received(await services.splitOf(service.id))).amount === 0n,
  });

  itStands({
    name: "a payer states no calls to save the fixed fee",
    defence: "noCalls",
    scene: serve,
    attack: async ({ services, payer }, { service }) => {
      await services.connect(payer).pay(service.id, 1_000_000n, 0n, 0n, MEMO, MAX);
    },
    refusal: { by: "services", error: "ServiceRegistry_NoCalls", args: (_, { service }) => [service.id] },
    hasWorked: async ({ ledger, services }, { service }) =>
      (await ledger.received(await services.splitOf(service.id))).amount === 1_000_000n &&
      (await ledger.received(await services.platformSplitAt(1n))).amount === 0n,
  });
});
