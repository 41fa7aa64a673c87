import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeDraws } from "../../sdk/split.ts";
import { accountOf } from "../helpers/shares.ts";
import {
  accept,
  acceptSigned,
  contributionOf,
  createDatanet,
  type Datanet,
  type DatanetVersion,
  offerOf,
  offersOf,
  revoke,
  rowsOf,
} from "./datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const MEMO = id("a data licence");

describe("DatanetRegistry: the shares of owner and curator", () => {
  for (const [ownerBps, curatorBps] of [
    [1_000n, 500n],
    [3_000n, 2_000n],
    [1n, 0n],
    [0n, 1n],
  ] as const) {
    it(`wrap the log: ${ownerBps} and ${curatorBps} basis points`, async () => {
      const { world, datanet } = await startDatanet({ ownerBps, curatorBps });
      const { datanets, alice, curator } = world;
      const offers = offersOf({ by: [alice], count: 3 });
      for (const { content, uri } of offers) await datanets.connect(alice).submit(datanet.id, content, uri);
      const accepted = datanets.connect(curator).accept(datanet.id, 0n, offers.map(contributionOf));
      const version = datanet.append(offers);
      await expect(accepted)
        .to.emit(datanets, "VersionPublished")
        .withArgs(datanet.id, 1n, version.split.id, version.log.id, 3n, 6n, rowsOf(version.wrapping));
      expect(version.wrapping.map(({ units }) => units)).to.deep.equal([
        10_000n - ownerBps - curatorBps,
        ownerBps,
        curatorBps,
      ]);
      expect(await datanets.splitOf(datanet.id, 1n)).to.equal(version.split.id);
      expect(version.split.id).to.not.equal(version.log.id);
    });
  }

  it("are paid to the unit, and the contributors share the rest by their units", async () => {
    const { world, datanet } = await startDatanet({ ownerBps: 1_000n, curatorBps: 500n });
    const { datanets, ledger, payer, owner, curator, alice, bob } = world;
    const version = await accept({ world, datanet, offers: offersOf({ by: [alice, bob], count: 2 }) });
    await datanets.connect(payer).pay(datanet.id, 10_000n, 1n, MEMO);
    await ledger.release(drawsOf(version));
    expect(await ledger.balanceOf(accountOf(owner))).to.equal(1_000n);
    expect(await ledger.balanceOf(accountOf(curator))).to.equal(500n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(2_833n);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(5_666n);
  });

  it("change for later versions only, also when a revocation makes the version", async () => {
    const { world, datanet } = await startDatanet({ ownerBps: 100n });
    const { datanets, owner, carol, alice, bob } = world;
    await accept({ world, datanet, offers: offersOf({ by: [alice, bob], count: 2 }) });
    await datanets.connect(owner).setCuration(datanet.id, { curator: carol, ownerBps: 200n, curatorBps: 300n });
    Object.assign(datanet, { curator: carol, curation: { curator: carol.address, ownerBps: 200n, curatorBps: 300n } });
    await revoke({ world, datanet, index: 0, by: carol });
    await datanets.connect(owner).setCuration(datanet.id, { curator: carol, ownerBps: 0n, curatorBps: 0n });
    datanet.curation = { curator: carol.address, ownerBps: 0n, curatorBps: 0n };
    await acceptSigned({ world, datanet, offers: [offerOf({ by: alice, text: "later" })] });
    for (const { number, split } of datanet.versions) {
      expect(await datanets.splitOf(datanet.id, number)).to.equal(split.id);
    }
    expect(datanet.versions.map(({ wrapping }) => wrapping.length)).to.deep.equal([3, 3, 0]);
  });

  it("go to the new owner from the next version on after the token was transferred", async () => {
    const { world, datanet } = await startDatanet({ ownerBps: 2_500n });
    const { datanets, ledger, payer, owner, carol, alice } = world;
    const before = await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    await datanets.connect(owner).transferFrom(owner, carol, datanet.id);
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(before.split.id);
    await datanets.connect(payer).pay(datanet.id, 100n, 1n, MEMO);

    datanet.owner = carol.address;
    const after = await acceptSigned({ world, datanet, offers: [offerOf({ by: alice, text: "later" })] });
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(before.split.id);
    expect(await datanets.splitOf(datanet.id, 2n)).to.equal(after.split.id);
    await datanets.connect(payer).pay(datanet.id, 1_000n, 1n, MEMO);

    for (const version of [before, after]) await ledger.release(drawsOf(version));
    expect(await ledger.balanceOf(accountOf(owner))).to.equal(25n);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(250n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(75n + 750n);
  });

  it("can both be one account's", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets, ledger, payer, owner, alice } = world;
    const datanet = await createDatanet({ world, curator: owner, ownerBps: 1_000n, curatorBps: 1_000n });
    const version = await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    await datanets.connect(payer).pay(datanet.id, 100n, 1n, MEMO);
    await ledger.release(drawsOf(version));
    expect(await ledger.balanceOf(accountOf(owner))).to.equal(20n);
  });
});

describe("DatanetRegistry: the arbiter", () => {
  it("is part of the ids of log and wrapping, and can redirect a share of either", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets, ledger, payer, relayer: arbiter, alice, bob, carol } = world;
    const datanet = await createDatanet({ world, ownerBps: 1_000n, arbiter: arbiter.address });
    const version = await accept({ world, datanet, offers: offersOf({ by: [alice, bob], count: 2 }) });
    await datanets.connect(payer).pay(datanet.id, 1_000n, 1n, MEMO);
    for (const [split, index] of [
      [version.split, 1n],
      [version.log, 0n],
    ] as const) {
      const { root, totalUnits, size } = split.header;
      await expect(ledger.connect(arbiter).redirect(root, totalUnits, size, index, accountOf(carol)))
        .to.emit(ledger, "Redirected")
        .withArgs(split.id, index, accountOf(carol));
    }
    await ledger.release(drawsOf(version));
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(100n + 300n);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(600n);
  });
});

describe("DatanetRegistry: pay", () => {
  it("pays the latest version from the caller's wallet", async () => {
    const { world, datanet } = await startDatanet({});
    const { datanets, ledger, token, payer, alice } = world;
    await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    const { split } = await acceptSigned({ world, datanet, offers: [offerOf({ by: alice, text: "later" })] });
    const paid = datanets.connect(payer).pay(datanet.id, 700n, 3n, MEMO);
    await expect(paid).to.emit(datanets, "DatanetPaid").withArgs(datanet.id, 2n, payer, 700n, MEMO);
    await expect(paid)
      .to.emit(ledger, "Paid")
      .withArgs(split.id, accountOf({ address: await datanets.getAddress() }), 700n, 3n, MEMO);
    await expect(paid).to.changeTokenBalances(ethers, token, [payer, datanets, ledger], [-700n, 0n, 700n]);
    const { amount, calls } = await ledger.received(split.id);
    expect([amount, calls]).to.deep.equal([700n, 3n]);
  });

  it("leaves what was paid to an earlier version there", async () => {
    const { world, datanet } = await startDatanet({});
    const { datanets, ledger, payer, alice } = world;
    const first = await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    await datanets.connect(payer).pay(datanet.id, 700n, 1n, MEMO);
    const second = await acceptSigned({ world, datanet, offers: [offerOf({ by: alice, text: "later" })] });
    await datanets.connect(payer).pay(datanet.id, 11n, 1n, MEMO);
    expect((await ledger.received(first.split.id)).amount).to.equal(700n);
    expect((await ledger.received(second.split.id)).amount).to.equal(11n);
  });

  it("reverts for a Datanet without a version", async () => {
    const { world, datanet } = await startDatanet({});
    for (const target of [datanet.id, 99n]) {
      await expect(world.datanets.connect(world.payer).pay(target, 1n, 1n, ZeroHash))
        .to.be.revertedWithCustomError(world.datanets, "AssetRegistry_NoSplit")
        .withArgs(target, 0n);
    }
  });

  it("reverts for nothing, with the ledger's error", async () => {
    const { world, datanet } = await startDatanet({});
    const { datanets, ledger, payer, alice } = world;
    await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    await expect(datanets.connect(payer).pay(datanet.id, 0n, 1n, MEMO)).to.be.revertedWithCustomError(
      ledger,
      "AttributionLedger_ZeroAmount",
    );
  });

  it("reverts without the payer's approval, with the token's error", async () => {
    const { world, datanet } = await startDatanet({});
    const { datanets, token, payer, alice } = world;
    await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    await token.connect(payer).transfer(alice, 10n);
    await expect(datanets.connect(alice).pay(datanet.id, 10n, 1n, MEMO))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(datanets, 0n, 10n);
  });
});

async function startDatanet(shares: {
  ownerBps?: bigint;
  curatorBps?: bigint;
}): Promise<{ world: RegistryWorld; datanet: Datanet }> {
  const world = await loadFixture(deployRegistryWorld);
  return { world, datanet: await createDatanet({ world, ...shares }) };
}

/** Everything of a version, from what is paid down to the contributors. */
function drawsOf({ split, log }: DatanetVersion): string {
  const splits = split === log ? [log] : [split, log];
  return encodeDraws(splits.map((one) => one.draw({ first: 0, count: one.tree.size })));
}
