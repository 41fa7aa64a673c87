import { expect } from "chai";
import { network } from "hardhat";

import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, type Split } from "../../sdk/split.ts";
import { prepareClaim } from "../helpers/claims.ts";
import { accountOf } from "../helpers/shares.ts";
import { Random } from "../reference/random.ts";
import { ReferenceModel } from "../reference/referenceModel.ts";
import { deployRegistryWorld, POLICY, type RegistryWorld } from "../registry/registryWorld.ts";
import { splitOfPlatform } from "../registry/services.ts";
import { RAILS } from "./rails.ts";
import { buildSupplyChain, type SupplyChain } from "./supplyChain.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

/** What each earns of 100,000,000 units paid to the service. */
const OF_A_HUNDRED_MILLION = {
  governance: 2_500_000n,
  operator: 40_000_000n,
  carol: 23_750_000n,
  tuner: 12_825_000n,
  builder: 6_555_000n,
  owner: 437_000n,
  curator: 218_500n,
  alice: 2_785_875n,
  bob: 928_625n,
} as const;
type Earner = keyof typeof OF_A_HUNDRED_MILLION;
const EARNERS = Object.keys(OF_A_HUNDRED_MILLION) as Earner[];
const HUNDRED_MILLION = 100_000_000n;

/** What those earn of it who back the operator. */
const STAKERS_OF_A_HUNDRED_MILLION = 10_000_000n;

/** What waits for those who back the operator. */
async function stakersEarned({ ledger, staking, operator }: RegistryWorld): Promise<bigint> {
  return await ledger.balanceOf(await staking.rewardsAccount(operator));
}

describe("From contribution to claim", () => {
  it("adds up: the parts are the whole", () => {
    expect(
      Object.values<bigint>(OF_A_HUNDRED_MILLION).reduce((sum, part) => sum + part, STAKERS_OF_A_HUNDRED_MILLION),
    ).to.equal(HUNDRED_MILLION);
  });

  for (const [rail, pay] of Object.entries(RAILS)) {
    it(`pays everybody in the chain to the unit: by ${rail}`, async () => {
      const { world, chain } = await start();
      await pay({ world, service: chain.service, split: chain.serviceSplit, amount: HUNDRED_MILLION });
      await world.ledger.release(drawsOf(chain.splits));
      for (const earner of EARNERS) {
        expect(await world.ledger.balanceOf(accountOf(world[earner])), earner).to.equal(OF_A_HUNDRED_MILLION[earner]);
      }
      expect(await stakersEarned(world)).to.equal(STAKERS_OF_A_HUNDRED_MILLION);
    });
  }

  it("pays the same by all rails together, and only the stakers' part stays behind once all have claimed", async () => {
    const { world, chain } = await start();
    const { ledger, token, relayer, alice, bob, governance } = world;
    for (const pay of Object.values(RAILS)) {
      await pay({ world, service: chain.service, split: chain.serviceSplit, amount: HUNDRED_MILLION });
    }
    const times = BigInt(Object.keys(RAILS).length);
    expect((await ledger.received(chain.serviceSplit.id)).amount).to.equal(times * HUNDRED_MILLION);

    // Alice claims through all hops herself, Bob by a relayed signature, everybody else is paid out by a stranger.
    await ledger.connect(alice).claim(drawsOf(chain.splits), alice);
    const { draws, claim, signature } = await prepareClaim({ ledger, signer: bob, fee: 25n });
    await ledger.connect(relayer).claimWithSignature(draws, claim, signature);
    const platform = await splitOfPlatform({ world, policyVersion: 1n });
    await ledger.connect(relayer).payOut(drawsOf([platform]));
    for (const earner of EARNERS.filter((name) => name !== "alice" && name !== "bob")) {
      await ledger.connect(world[earner]).claim("0x", world[earner]);
    }

    for (const earner of EARNERS) {
      let earned = times * OF_A_HUNDRED_MILLION[earner];
      if (earner === "governance") earned += POLICY.platformFee;
      if (earner === "bob") earned -= 25n;
      expect(await token.balanceOf(world[earner]), earner).to.equal(earned);
    }
    expect(await token.balanceOf(relayer)).to.equal(25n);
    expect(await token.balanceOf(ledger)).to.equal(times * STAKERS_OF_A_HUNDRED_MILLION);
    expect(await stakersEarned(world)).to.equal(times * STAKERS_OF_A_HUNDRED_MILLION);
    expect(await ledger.balanceOf(accountOf(governance))).to.equal(0n);
  });

  it("does not depend on when and in which order shares are released", async () => {
    const { world, chain } = await start();
    const { ledger } = world;
    const random = new Random(8004);
    for (const pay of Object.values(RAILS)) {
      await pay({ world, service: chain.service, split: chain.serviceSplit, amount: HUNDRED_MILLION });
      for (const split of random.shuffle(chain.splits)) {
        if ((await ledger.received(split.id)).amount === 0n || random.chance(0.3)) continue;
        await ledger.release(encodeDraws([split.draw({ first: random.integer(0, split.tree.size - 1) })]));
      }
    }
    await ledger.release(drawsOf(chain.splits));
    const times = BigInt(Object.keys(RAILS).length);
    for (const earner of EARNERS) {
      expect(await ledger.balanceOf(accountOf(world[earner])), earner).to.equal(times * OF_A_HUNDRED_MILLION[earner]);
    }
    expect(await stakersEarned(world)).to.equal(times * STAKERS_OF_A_HUNDRED_MILLION);
  });

  for (const seed of [1, 2, 3]) {
    it(`agrees with the reference model on amounts that do not divide (seed ${seed})`, async () => {
      const { world, chain } = await start();
      const { ledger } = world;
      const random = new Random(seed);
      const reference = referenceOf(chain);
      for (const pay of Object.values(RAILS)) {
        const amount = random.bigint(3n, 10n ** random.bigint(1n, 20n));
        await pay({ world, service: chain.service, split: chain.serviceSplit, amount });
        reference.pay({ split: chain.serviceSplit.id, amount });
      }
      await ledger.release(drawsOf(chain.splits));
      const { earned, received } = reference.settle();
      for (const earner of EARNERS) {
        const account = accountOf(world[earner]);
        expect(await ledger.balanceOf(account), earner).to.equal(earned.get(account) ?? 0n);
      }
      const stakers = await world.staking.rewardsAccount(world.operator);
      expect(await stakersEarned(world)).to.equal(earned.get(stakers) ?? 0n);
      for (const { id } of chain.splits) {
        expect((await ledger.received(id)).amount).to.equal(received.get(id));
      }
    });
  }
});

async function start(): Promise<{ world: RegistryWorld; chain: SupplyChain }> {
  const world = await loadFixture(deployRegistryWorld);
  return { world, chain: await buildSupplyChain(world) };
}

function drawsOf(splits: readonly Split[]): string {
  return encodeDraws(splits.map((split) => split.draw({ first: 0, count: split.tree.size })));
}

function referenceOf({ splits }: SupplyChain): ReferenceModel {
  const reference = new ReferenceModel();
  for (const { id, tree } of splits.toReversed()) {
    const shares = tree
      .shares({ first: 0, count: tree.size })
      .map(({ kind, recipient, units }) =>
        kind === ShareKind.Split
          ? ({ kind: "split", split: recipient, units } as const)
          : ({ kind: "account", account: recipient, units } as const),
      );
    reference.defineSplit({ id, shares });
  }
  return reference;
}
