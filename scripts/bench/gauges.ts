import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, MaxUint256, ZeroAddress } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";
import type { IncentiveGauges } from "../../typechain-types/index.ts";
import { budgeted, grown } from "./budgets.ts";
import { BESIDE_CROWD, bringCrowd } from "./crowd.ts";
import type { Figure } from "./figures.ts";
import { gasOf, settle, steadyGasOf } from "./gas.ts";
import { lineageOf, publishModel, TERMS } from "./registries.ts";
import { addressOf } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

const DAY = 86_400n;

/** Incentives from the count of fees to the payment of an asset. No vote depends on how many others stake. */
export async function* measureGauges(bench: Bench): AsyncGenerator<Figure> {
  const { ledger, models, services, staking, access, timelock, payer, people, connection } = bench;
  const { ethers, networkHelpers } = connection;
  const gauges = await ethers.deployContract("IncentiveGauges", [
    ...[services, staking, timelock, access],
    ...[7n * DAY, 1_000n * AMOUNT],
  ]);
  const treasury = await impersonate(bench);
  await settle(ledger.deposit(walletAccount(treasury.address), 1_000n * AMOUNT));
  await settle(ledger.connect(treasury).approveSpender(0, gauges, MaxUint256));

  const base = await publishModel(bench);
  const { registry, ...upstream } = base;
  await settle(models.register(TERMS, lineageOf({ builders: 1, upstreams: [{ registry, ...upstream }] })));
  const assetId = await models.assetCount();
  const split = await models.splitOf(assetId, 1);
  const builder = lineageOf({ builders: 1 }).builders[0];
  const evidence = ethers.keccak256(
    ethers.AbiCoder.defaultAbiCoder().encode(
      ["address", "uint256", "uint256"],
      [await models.getAddress(), base.id, base.version],
    ),
  );
  const draws = encodeDraws([
    Split.from({
      shares: [
        {
          kind: ShareKind.Account,
          recipient: walletAccount(addressOf("builder 0")),
          units: builder.units,
          evidence: builder.evidence,
        },
        { kind: ShareKind.Split, recipient: await models.splitOf(base.id, base.version), units: base.units, evidence },
      ],
      arbiter: ZeroAddress,
    }).draw({ first: 1 }),
  ]);
  await settle(services.register(models, assetId, 1, AMOUNT, AMOUNT, "https://serve.example"));

  const earn = async () => {
    await settle(ledger.pay(await services.splitOf(1), 100n * AMOUNT, 1, MEMO));
  };
  const count = async () => {
    await earn();
    return gauges.count(1, 1, 1);
  };
  yield budgeted("count fees, first of the epoch", await gasOf(count()));
  yield budgeted("count fees", await steadyGasOf(count));
  yield budgeted("pass fees on, first of the epoch", await gasOf(gauges.passOn(0, draws)));
  const passOn = async () => {
    await settle(count());
    return gauges.passOn(0, draws);
  };
  yield budgeted("pass fees on", await steadyGasOf(passOn));

  const before = await measureVotes({ bench, gauges, split });
  for (const [name, value] of Object.entries(before)) yield budgeted(name, value);
  await networkHelpers.time.increaseTo(await gauges.startOf(2));
  yield budgeted("pay an asset its incentive", await gasOf(gauges.pay(0, split)));

  await bringCrowd({ bench, operator: payer.address, respondent: people[1].address });
  await networkHelpers.time.increaseTo(await gauges.startOf((await gauges.currentEpoch()) + 1n));
  const after = await measureVotes({ bench, gauges, split });
  for (const [name, value] of Object.entries(after))
    yield grown(`${name}${BESIDE_CROWD}`, { before: before[name], value });
}

/** Gas of votes in the epoch that runs and the one behind it, by the name of the figure. */
async function measureVotes({
  bench: { connection },
  gauges,
  split,
}: {
  bench: Bench;
  gauges: IncentiveGauges;
  split: string;
}): Promise<Record<string, number>> {
  const one = await gasOf(gauges.vote([split], [10_000], []));
  const many = Array.from({ length: 16 }, (_, i) => (i === 0 ? split : id(`asset ${i}`)));
  const voteForMany = () => gauges.vote(many, Array<number>(16).fill(625), []);
  const instead = await gasOf(voteForMany());
  await connection.networkHelpers.time.increaseTo(await gauges.startOf((await gauges.currentEpoch()) + 1n));
  const sixteen = await gasOf(voteForMany());
  return { "vote for 1 asset": one, "vote for 16 assets instead": instead, "vote for 16 assets": sixteen };
}

/** Signs as the Timelock. */
async function impersonate({ connection, timelock }: Bench): Promise<HardhatEthersSigner> {
  const { ethers, networkHelpers } = connection;
  const address = await timelock.getAddress();
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, ethers.parseEther("1"));
  return await ethers.getSigner(address);
}
