import { id, toUtf8Bytes } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type Content, ContentTree, evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import { ContributionLog } from "../../sdk/log.ts";
import { encodeDraws, entitlementOf } from "../../sdk/split.ts";
import type { CopyResult } from "../report/sequel.ts";
import { check } from "./checks.ts";
import { proveFault } from "./court.ts";
import type { Person } from "./people.ts";
import type { Setting } from "./setting.ts";
import { walletShare } from "./shares.ts";

const PAYMENT = 100n * 10n ** 18n;

/** A poem is contributed, copied and paid for; once the copy is proven, its share is the first author's. */
export async function copy(setting: Setting): Promise<CopyResult> {
  const { people, protocol, sender } = setting;
  const { poet, copycat, workshop, watcher, curator } = people;
  const { ledger } = protocol;
  const { contents, log, datanetId } = await fillDatanet(setting);
  const { split } = log.latest;
  const pay = async (): Promise<void> => {
    const memo = id("licence of the poems");
    const transaction = await ledger.pay.populateTransaction(split.id, PAYMENT, 0n, memo);
    await sender.send({ from: people.payers[0].wallet, transaction });
  };
  const shares = split.tree.shares({ first: 0, count: split.tree.size });
  const entitlements = async (): Promise<bigint[]> => {
    const { amount: received } = await ledger.received(split.id);
    return shares.map(({ units }) => entitlementOf({ received, units, totalUnits: split.tree.totalUnits }));
  };

  await pay();
  const before = await entitlements();
  const slash = await proveFault({
    setting,
    prover: watcher,
    respondent: curator,
    harmed: poet,
    verifier: protocol.duplicates,
    proof: encodeDuplicateProof({
      version: { datanetId, version: await protocol.datanets.latestVersion(datanetId), log: split },
      first: { index: 0, content: contents[0] },
      later: { index: 2, content: contents[2] },
    }),
  });
  await pay();
  const promised = await entitlements();
  const persons = [poet, workshop, copycat];
  const balances = () => Promise.all(persons.map(({ wallet }) => ledger.balanceOf(walletAccount(wallet.address))));
  const start = await balances();
  const draws = encodeDraws([split.draw({ first: 0, count: split.tree.size })]);
  await sender.send({ from: people.relayer.wallet, transaction: await ledger.release.populateTransaction(draws) });
  const received = (await balances()).map((balance, i) => balance - start[i]);
  check("what the first author got", promised[0] + promised[2], received[0]);
  check("what the honest neighbour got", promised[1], received[1]);
  check("what the copycat got", 0n, received[2]);
  return {
    slash,
    paid: (await ledger.received(split.id)).amount,
    rows: persons.map(({ name }, i) => ({
      name,
      units: shares[i].units,
      before: before[i],
      withoutProof: promised[i],
      received: received[i],
    })),
  };
}

/** A Datanet whose arbiter is the court: a poem, an essay, and the poem again. */
async function fillDatanet({
  people,
  protocol,
  sender,
}: Setting): Promise<{ contents: Content[]; log: ContributionLog; datanetId: bigint }> {
  const { datanets, court } = protocol;
  const arbiter = await court.getAddress();
  const creation = await datanets.create.populateTransaction(
    { curator: people.curator.wallet.address, ownerBps: 0n, curatorBps: 0n },
    { minShareBps: 0n, open: true },
    arbiter,
    "https://example.org/poems/croissant.json",
    id("Croissant document of the poems"),
  );
  await sender.send({ from: people.archive.wallet, transaction: creation });
  const datanetId = await datanets.assetCount();
  const log = new ContributionLog({ arbiter });
  const contents: Content[] = [];
  const accept = async ({ by, text, units }: { by: Person; text: string; units: bigint }): Promise<void> => {
    const bytes = toUtf8Bytes(text);
    const content = {
      contentRoot: ContentTree.from(bytes).contentRoot,
      byteLength: BigInt(bytes.length),
      licenseHash: id("CC-BY-4.0"),
      uriHash: id(`https://example.org/poems/${contents.length}`),
    };
    const registry = await datanets.getAddress();
    const contribution = { chainId: sender.chainId, registry, datanetId, content };
    const signature = await signContribution({ signer: by.wallet, contribution });
    const evidence = evidenceOf(content);
    const transaction = await datanets.acceptSigned.populateTransaction(
      datanetId,
      contents.length,
      [{ contributor: by.wallet.address, units, evidence }],
      packSignatures([signature]),
    );
    await sender.send({ from: people.curator.wallet, transaction });
    log.append([walletShare({ person: by, units, evidence })]);
    contents.push(content);
  };
  await accept({ by: people.poet, text: "The State of the Union, in verse", units: 60n });
  await accept({ by: people.workshop, text: "On verse in politics", units: 80n });
  await accept({ by: people.copycat, text: "The State of the Union, in verse", units: 60n });
  check("split of the poems", BigInt(log.latest.split.id), BigInt(await datanets.splitOf(datanetId, 3n)));
  return { contents, log, datanetId };
}
