import { expect } from "chai";
import type { TransactionReceipt, TransactionResponse } from "ethers";
import { formatUnits, id, MaxUint256, parseUnits, Wallet, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { evidenceOf } from "../../sdk/content.ts";
import { signContribution } from "../../sdk/contribution.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { planClaim } from "../../sdk/planner.ts";
import { RegistryState, type SplitOrigin } from "../../sdk/registryState.ts";
import { encodeDraws, type Split } from "../../sdk/split.ts";
import { getAddresses, type Protocol } from "../../scripts/lib/protocol.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";
import { findRows, findSection, readDoc } from "./markdown.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const protocolFixture = createProtocolFixture({ connection });

/** A row of the example: a share of a split, and what it has drawn. */
interface Row {
  split: string;
  received: string;
  units: string;
  drawn: string;
}

describe("the example of docs/money-flow.md", () => {
  const [ada, ben, cyd] = ["Ada", "Ben", "Cyd"].map((name) => new Wallet(id(name)));

  async function exampleFixture(): Promise<{ protocol: Protocol; registries: RegistryState }> {
    const protocol = await protocolFixture();
    const { token, ledger, datanets, models, services } = protocol;
    const [payer] = await ethers.getSigners();
    await token.approve(services, MaxUint256);

    await datanets.create(
      { curator: payer, ownerBps: 500, curatorBps: 500 },
      { minShareBps: 0, open: true },
      ZeroAddress,
      "",
      id(""),
    );
    await accept(protocol, [
      { contributor: ada, units: 6n },
      { contributor: ben, units: 5n },
    ]);
    await accept(protocol, [{ contributor: cyd, units: 6n }]);

    const account = walletAccount(payer.address);
    const upstream = async (registry: typeof datanets | typeof models, version: bigint, units: bigint) => {
      return { registry: await registry.getAddress(), id: 1n, version, units };
    };
    const terms = { minShareBps: 0, open: true };
    const card = { arbiter: ZeroAddress, metadataURI: "", metadataHash: id("") };
    await models.register(terms, {
      builders: [{ account, units: 7_000n, evidence: id("base model") }],
      upstreams: [await upstream(datanets, 1n, 3_000n)],
      ...card,
    });
    await models.register(terms, {
      builders: [{ account, units: 6_000n, evidence: id("fine-tune") }],
      upstreams: [await upstream(models, 1n, 2_500n), await upstream(datanets, 2n, 1_500n)],
      ...card,
    });
    await services.register(models, 2n, 1n, parseUnits("0.2"), parseUnits("0.8"), "");

    const { chainId } = await ethers.provider.getNetwork();
    const registries = new RegistryState({ addresses: await getAddresses(protocol), chainId });
    await registries.follow({ provider: ethers.provider, toBlock: await ethers.provider.getBlockNumber() });
    expect(await ledger.balanceOf(account)).to.equal(0n);
    return { protocol, registries };
  }

  async function accept({ datanets }: Protocol, batch: { contributor: Wallet; units: bigint }[]): Promise<void> {
    const { chainId } = await ethers.provider.getNetwork();
    const registry = await datanets.getAddress();
    const content = { contentRoot: id("text"), byteLength: 4n, licenseHash: id("CC0-1.0"), uriHash: id("") };
    const signatures = await Promise.all(
      batch.map(({ contributor }) =>
        signContribution({ signer: contributor, contribution: { chainId, registry, datanetId: 1n, content } }),
      ),
    );
    const { size } = await datanets.logOf(1n);
    await datanets.acceptSigned(
      1n,
      size,
      batch.map(({ contributor, units }) => ({ contributor, units, evidence: evidenceOf(content) })),
      ethers.concat(signatures.flatMap((signature) => ["0x0041", signature])),
    );
  }

  async function payOneCall({ services }: Protocol): Promise<TransactionReceipt | null> {
    const paid: TransactionResponse = await services.pay(1n, 1_500n, 500n, 1n, id("receipt"), parseUnits("0.701"));
    return await paid.wait();
  }

  /** Releases every share of every split, services first. */
  async function releaseAll({ ledger }: Protocol, registries: RegistryState): Promise<void> {
    const order = ["platform fees", "service", "fine-tune", "base model", "version 1", "version 2"];
    const splits = [...order, "version 1's log", "version 2's log"].map((name) => findSplit(registries, name));
    await ledger.release(encodeDraws(splits.map((split) => split.draw({ first: 0, count: split.tree.size }))));
  }

  async function expectRows({ ledger }: Protocol, registries: RegistryState, section: string): Promise<void> {
    const rows = readRows(findSection(await readDoc("docs/money-flow.md"), section));
    const seen = new Map<string, number>();
    for (const row of rows) {
      const split = findSplit(registries, row.split);
      const index = seen.get(row.split) ?? 0;
      seen.set(row.split, index + 1);
      expect(row).to.deep.equal({
        split: row.split,
        received: formatUnits((await ledger.received(split.id)).amount),
        units: split.tree.share(index).units.toLocaleString("en"),
        drawn: formatUnits(await ledger.drawn(split.id, index)),
      });
    }
    for (const [name, shares] of seen) expect(findSplit(registries, name).tree.size, name).to.equal(shares);
  }

  it("shows what the contracts do with one call, and with a second", async () => {
    const { protocol, registries } = await networkHelpers.loadFixture(exampleFixture);
    await payOneCall(protocol);
    await releaseAll(protocol, registries);
    await expectRows(protocol, registries, "first call");

    await payOneCall(protocol);
    await releaseAll(protocol, registries);
    await expectRows(protocol, registries, "second call");
  });

  it("says how many draws bring Ada her money", async () => {
    const { protocol, registries } = await networkHelpers.loadFixture(exampleFixture);
    await payOneCall(protocol);
    const ledger = new LedgerState();
    await ledger.follow({
      provider: ethers.provider,
      ledger: await protocol.ledger.getAddress(),
      toBlock: await ethers.provider.getBlockNumber(),
    });
    const plan = planClaim({
      account: walletAccount(ada.address),
      splits: registries.splits,
      ledger,
      gasPrice: 0n,
      weiPerToken: 1n,
    });
    expect(plan.hops).to.have.length(7);
    expect(formatUnits(plan.yield)).to.equal("0.028084692513368983");
    expect(await readDoc("docs/money-flow.md")).to.contain("Ada claims with seven draws");
  });
});

function readRows(section: string): Row[] {
  let [split, received] = ["", ""];
  return findRows(section).map(([name, amount, , units, drawn]) => {
    if (name !== "") [split, received] = [name, amount];
    return { split, received, units, drawn };
  });
}

const ORIGINS: Record<string, Partial<SplitOrigin>> = {
  "platform fees": { kind: "platform" },
  service: { kind: "service" },
  "fine-tune": { kind: "model", id: 2n },
  "base model": { kind: "model", id: 1n },
  "version 1": { kind: "datanet", version: 1 },
  "version 1's log": { kind: "datanetLog", version: 1 },
  "version 2": { kind: "datanet", version: 2 },
  "version 2's log": { kind: "datanetLog", version: 2 },
};

function findSplit(registries: RegistryState, name: string): Split {
  const wanted = Object.entries(ORIGINS[name]);
  for (const split of registries.splits) {
    const origin = Object.entries(registries.originOf(split.id) ?? {});
    if (wanted.every(([key, value]) => origin.some(([k, v]) => k === key && v === value))) return split;
  }
  throw new Error(`There is no split "${name}".`);
}
