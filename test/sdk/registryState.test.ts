import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { EventFragment, getAddress, id, type Interface, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { verifyConsistency } from "../../sdk/log.ts";
import { planClaim } from "../../sdk/planner.ts";
import { DATANET_EVENTS, LINEAGE_EVENTS, POLICY_EVENTS, SERVICE_EVENTS } from "../../sdk/registryEvents.ts";
import { RegistryState } from "../../sdk/registryState.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import type {
  AgentRegistry,
  AttributionLedger,
  DatanetRegistry,
  FeePolicy,
  ModelRegistry,
  OpenToken,
  ServiceRegistry,
} from "../../typechain-types/index.ts";

const OPEN_TERMS = { minShareBps: 500n, open: true };
const RATE = 10n ** 15n;

interface Registries {
  ethers: Awaited<ReturnType<typeof network.create>>["ethers"];
  token: OpenToken;
  ledger: AttributionLedger;
  datanets: DatanetRegistry;
  models: ModelRegistry;
  agents: AgentRegistry;
  feePolicy: FeePolicy;
  services: ServiceRegistry;
  owner: HardhatEthersSigner;
  curator: HardhatEthersSigner;
  operator: HardhatEthersSigner;
  contributors: HardhatEthersSigner[];
  staking: string;
}

async function deployRegistries(): Promise<Registries> {
  const { ethers } = await network.create();
  const [owner, curator, operator, ...others] = await ethers.getSigners();
  const token = await ethers.deployContract("OpenToken", [owner]);
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  const datanets = await ethers.deployContract("DatanetRegistry", [ledger]);
  const models = await ethers.deployContract("ModelRegistry", [datanets]);
  const agents = await ethers.deployContract("AgentRegistry", [datanets, models]);
  // The owner governs: what no role is named for, the administrator may do.
  const access = await ethers.deployContract("AccessManager", [owner]);
  const feePolicy = await ethers.deployContract("FeePolicy", [access, owner, policyOf(owner, 100n)]);
  const eligible = await ethers.deployContract("AllowList");
  await eligible.set(operator, true);
  const services = await ethers.deployContract("ServiceRegistry", [ledger, feePolicy, models, agents, eligible]);
  const contributors = others.slice(0, 5);
  return {
    ethers,
    token,
    ledger,
    datanets,
    models,
    agents,
    feePolicy,
    services,
    owner,
    curator,
    operator,
    contributors,
    staking: await eligible.getAddress(),
  };
}

function policyOf(
  treasury: { address: string },
  treasuryBps: bigint,
): { treasury: string; treasuryBps: bigint; operatorBps: bigint; stakersBps: bigint; platformFee: bigint } {
  return {
    treasury: walletAccount(treasury.address),
    treasuryBps,
    operatorBps: 2_000n,
    stakersBps: 500n,
    platformFee: 7n,
  };
}

/** Registries in use: two Datanets, models on top of each other, an agent, and services under two fee policies. */
async function useRegistries(registries: Registries): Promise<void> {
  const { datanets, models, agents, services, feePolicy, owner, curator, operator, contributors } = registries;
  await datanets.create({ curator, ownerBps: 1_000n, curatorBps: 500n }, OPEN_TERMS, operator, "uri", ZeroHash);
  await datanets.create({ curator, ownerBps: 0n, curatorBps: 0n }, OPEN_TERMS, ZeroAddress, "uri", ZeroHash);
  for (const round of [0, 1, 2]) {
    await acceptSigned({ registries, datanetId: 1n, round, count: 4 });
    await submitAndAccept({ registries, datanetId: 2n, round });
  }
  const { contributor, evidence } = contributionOf({ contributors, round: 1, position: 2 });
  const state = await follow(registries);
  const { siblings } = state.logOf(1n).revocationProof(6);
  await datanets
    .connect(curator)
    .revoke(1n, 6n, { contributor, units: unitsOf({ round: 1, position: 2 }), evidence }, encodeSumNodes(siblings));

  const builders = [{ account: walletAccount(owner.address), units: 3_000n, evidence: id("card") }];
  const noText = { metadataURI: "", metadataHash: ZeroHash };
  const upstream = (registry: DatanetRegistry | ModelRegistry, assetId: bigint, version: bigint, units: bigint) => ({
    registry,
    id: assetId,
    version,
    units,
  });
  await models.register(OPEN_TERMS, {
    builders,
    upstreams: [upstream(datanets, 1n, 2n, 4_000n), upstream(datanets, 2n, 3n, 3_000n)],
    arbiter: operator,
    ...noText,
  });
  await models.connect(operator).fork(1n, 1n, 10_000n, "fork", ZeroHash);
  await models.publish(1n, { builders, upstreams: [upstream(datanets, 1n, 4n, 7_000n)], arbiter: operator, ...noText });
  await agents[
    "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))"
  ]("agent", OPEN_TERMS, { builders, upstreams: [upstream(models, 2n, 1n, 5_000n)], arbiter: ZeroAddress, ...noText });
  await services.connect(operator).register(models, 1n, 1n, RATE, RATE, "https://example.org");
  await services.connect(operator).register(agents, 1n, 1n, RATE, RATE, "https://example.org");
  await feePolicy.setPolicy(policyOf(curator, 300n));
  await services.connect(operator).setVersion(1n, 2n);
}

function unitsOf({ round, position }: { round: number; position: number }): bigint {
  return BigInt(10 * (round + 1) + position);
}

function contributionOf({
  contributors,
  round,
  position,
}: {
  contributors: HardhatEthersSigner[];
  round: number;
  position: number;
}): { signer: HardhatEthersSigner; contributor: string; content: Parameters<typeof evidenceOf>[0]; evidence: string } {
  const signer = contributors[(round + position) % contributors.length];
  const content = {
    contentRoot: id(`content ${round} ${position}`),
    byteLength: 100n,
    licenseHash: id("CC0-1.0"),
    uriHash: id("uri"),
  };
  return { signer, contributor: signer.address, content, evidence: evidenceOf(content) };
}

async function acceptSigned({
  registries: { ethers, datanets, contributors, curator },
  datanetId,
  round,
  count,
}: {
  registries: Registries;
  datanetId: bigint;
  round: number;
  count: number;
}): Promise<void> {
  const { chainId } = await ethers.provider.getNetwork();
  const registry = await datanets.getAddress();
  const offered = Array.from({ length: count }, (_, position) => contributionOf({ contributors, round, position }));
  const signatures = await Promise.all(
    offered.map(({ signer, content }) =>
      signContribution({ signer, contribution: { chainId, registry, datanetId, content } }),
    ),
  );
  const contributions = offered.map(({ contributor, evidence }, position) => ({
    contributor,
    units: unitsOf({ round, position }),
    evidence,
  }));
  const { size } = await datanets.logOf(datanetId);
  await datanets.connect(curator).acceptSigned(datanetId, size, contributions, packSignatures(signatures));
}

/** Submits three contributions, of which the second is rejected. */
async function submitAndAccept({
  registries: { datanets, contributors, curator },
  datanetId,
  round,
}: {
  registries: Registries;
  datanetId: bigint;
  round: number;
}): Promise<void> {
  const offered = [0, 1, 2].map((position) => contributionOf({ contributors, round, position }));
  for (const { signer, content } of offered) await datanets.connect(signer).submit(datanetId, content, "uri");
  const contributions = offered.map(({ contributor, evidence }, position) => ({
    contributor,
    units: position === 1 ? 0n : unitsOf({ round, position }),
    evidence,
  }));
  const { size } = await datanets.logOf(datanetId);
  await datanets.connect(curator).accept(datanetId, size, contributions);
}

async function follow(registries: Registries): Promise<RegistryState> {
  const { provider } = registries.ethers;
  const { chainId } = await provider.getNetwork();
  const [datanets, models, agents, feePolicy, services] = await Promise.all(
    [registries.datanets, registries.models, registries.agents, registries.feePolicy, registries.services].map(
      (contract) => contract.getAddress(),
    ),
  );
  const addresses = { datanets, models, agents, feePolicy, services, staking: registries.staking };
  const state = new RegistryState({ addresses, chainId });
  await state.follow({ provider, toBlock: await provider.getBlockNumber(), blocksPerRequest: 9 });
  return state;
}

describe("RegistryState", () => {
  it("reads events as the registries write them", async () => {
    const { datanets, models, agents, feePolicy, services } = await deployRegistries();
    const topicsOf = (contract: Interface): string[] =>
      contract.fragments.filter((fragment) => fragment instanceof EventFragment).map((event) => event.format("full"));
    const pairs: [Interface, Interface][] = [
      [DATANET_EVENTS, datanets.interface],
      [LINEAGE_EVENTS, models.interface],
      [LINEAGE_EVENTS, agents.interface],
      [POLICY_EVENTS, feePolicy.interface],
      [SERVICE_EVENTS, services.interface],
    ];
    for (const [known, onChain] of pairs) expect(topicsOf(onChain)).to.include.members(topicsOf(known));
  });

  it("rebuilds every split", async () => {
    const registries = await deployRegistries();
    await useRegistries(registries);
    const state = await follow(registries);
    const { datanets, models, agents, services } = registries;
    for (const [kind, registry, versions] of [
      ["datanet", datanets, [4, 3]],
      ["model", models, [2, 1]],
      ["agent", agents, [1]],
    ] as const) {
      for (const [i, count] of versions.entries()) {
        for (let version = 1; version <= count; version++) {
          const splitId = await registry.splitOf(i + 1, version);
          expect(state.originOf(splitId), `${kind} ${i + 1} version ${version}`).to.deep.equal({
            kind,
            id: BigInt(i + 1),
            version,
          });
        }
      }
    }
    for (const serviceId of [1n, 2n]) {
      for (const policyVersion of [1, 2]) {
        // Service 1 serves another version of its model since the policy changed.
        const splitId = await services.splitAt(serviceId, policyVersion);
        if (serviceId === 1n && policyVersion === 1) continue;
        expect(state.originOf(splitId)).to.include({ kind: "service", id: serviceId, policyVersion });
      }
    }
    for (const policyVersion of [1, 2]) {
      const splitId = await services.platformSplitAt(policyVersion);
      expect(state.originOf(splitId)).to.deep.equal({ kind: "platform", policyVersion });
    }
    const ofService = [...state.splits].filter(({ id: splitId }) => {
      const origin = state.originOf(splitId);
      return origin?.kind === "service" && origin.id === 1n;
    });
    expect(ofService).to.have.length(3);
  });

  it("keeps the logs of Datanets, with every version's proofs", async () => {
    const registries = await deployRegistries();
    await useRegistries(registries);
    const log = (await follow(registries)).logOf(1n);
    expect(log.size).to.equal(12);
    expect(log.versions).to.have.length(4);
    expect([12n, log.latest.split.tree.totalUnits]).to.deep.equal([...(await registries.datanets.logOf(1n))]);
    const claim = { from: log.version(2).split.header, to: log.version(4).split.header };
    expect(verifyConsistency({ ...claim, proof: log.consistencyProof({ from: 2, to: 4 }) })).to.deep.equal({
      consistent: true,
      revoked: [6],
    });
  });

  it("is enough, with the ledger's events, to plan a claim from a service down to a contributor", async () => {
    const registries = await deployRegistries();
    await useRegistries(registries);
    const { ethers, token, ledger, services, contributors } = registries;
    await token.approve(services, ethers.MaxUint256);
    await services.pay(1n, 10n ** 9n, 10n ** 9n, 3n, ZeroHash, ethers.MaxUint256);
    await services.pay(2n, 10n ** 9n, 10n ** 9n, 3n, ZeroHash, ethers.MaxUint256);

    const state = await follow(registries);
    for (const contributor of contributors) {
      const ledgerState = new LedgerState();
      const toBlock = await ethers.provider.getBlockNumber();
      await ledgerState.follow({ provider: ethers.provider, ledger: await ledger.getAddress(), toBlock });
      const plan = planClaim({
        account: walletAccount(contributor.address),
        splits: state.splits,
        ledger: ledgerState,
        gasPrice: 10n ** 9n,
        weiPerToken: 10n ** 15n,
      });
      expect(plan.yield > 0n).to.be.true;
      expect(plan.hops.length).to.be.at.least(4);
      await ledger.connect(contributor).claim(plan.draws, contributor);
      expect(await token.balanceOf(contributor)).to.equal(plan.yield + plan.balance);
    }
  });

  it("goes on where it stopped", async () => {
    const registries = await deployRegistries();
    const state = await follow(registries);
    await useRegistries(registries);
    const { provider } = registries.ethers;
    await state.follow({ provider, toBlock: await provider.getBlockNumber() });
    const ids = (one: RegistryState): string[] => [...one.splits].map(({ id: splitId }) => splitId);
    expect(ids(state)).to.deep.equal(ids(await follow(registries)));
    expect(() => state.logOf(3n)).to.throw(RangeError, "There is no Datanet 3");
  });

  it("refuses a split that is not the one on chain", () => {
    const zero = getAddress(ZeroAddress);
    const addresses = { datanets: zero, models: zero, agents: zero, feePolicy: zero, services: zero, staking: zero };
    const state = new RegistryState({ addresses, chainId: 1n });
    expect(() => {
      state.apply({
        name: "LineageVersionPublished",
        registry: "model",
        id: 5n,
        version: 1,
        splitId: ZeroHash,
        arbiter: zero,
        shares: [{ kind: 0, recipient: walletAccount(zero), units: 1n, evidence: ZeroHash }],
        blockNumber: 1,
        logIndex: 0,
      });
    }).to.throw(RangeError, `The split of model 5 should be ${ZeroHash}, but its shares make 0x`);
  });
});
