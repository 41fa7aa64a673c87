import { encodeAccount } from "../../sdk/account.ts";
import { type Pot, potId } from "../../sdk/attribution/report.ts";
import { logEntry, logVersion, proveShare } from "../../sdk/datanetProof.ts";
import type { Split } from "../../sdk/split.ts";
import type { Catalogue } from "./catalogue.ts";
import { check } from "./checks.ts";
import { COMMONS, GRAM, type Library } from "./library.ts";
import { Registrar, type Service } from "./registrar.ts";
import type { Setting } from "./setting.ts";

const FEE_BPS = 200;
const BUILDER_UNITS = 3_000n;
const POT_UNITS = 5_000n;
/** For the licence: by units, whatever the model says. */
const VERSION_UNITS = 2_000n;
/** Place of the pot's share in the model's split. */
const POT_SHARE = 1;

/** A pot, and the service that fills it. */
export interface Source {
  pot: Pot;
  /** The pot's account in the ledger. */
  account: string;
  service: Service;
  model: Split;
}

/** Opens a pot for a version of a Datanet, and registers a model that was trained on it and pays it, with a service. */
export async function openPot({
  setting,
  catalogue,
  library: { datanet, version, texts },
}: {
  setting: Setting;
  catalogue: Catalogue;
  library: Library;
}): Promise<Source> {
  const { people, protocol, sender } = setting;
  const { pots, reports } = protocol;
  const [operator] = people.operators;
  const keeper = await reports.getAddress();
  const published = { datanetId: datanet.id, version: version.number, log: version.log, wrapping: version.split };
  const creation = await pots.createPot.populateTransaction(
    keeper,
    logVersion(published),
    logEntry(published, texts[0]),
    GRAM,
    COMMONS,
    FEE_BPS,
  );
  await sender.send({ from: people.lab.wallet, transaction: creation });
  const pot: Pot = {
    keeper,
    number: await pots.potCount(),
    datanetId: datanet.id,
    version: version.number,
    versionSplitId: version.split.id,
    logSplitId: version.log.id,
    logSize: version.log.tree.size,
    arbiter: version.log.arbiter,
    gram: GRAM,
    commons: COMMONS,
    feeBps: FEE_BPS,
  };
  check("whether the pot exists", 1n, BigInt(await pots.isPot(potId(pot))));

  const account = encodeAccount({ address: keeper, tag: pot.number });
  const registrar = new Registrar({ setting, catalogue });
  const model = await registrar.registerModel({
    name: "Echo",
    builder: people.lab,
    builderUnits: BUILDER_UNITS,
    pots: [{ account, units: POT_UNITS }],
    minShareBps: 0n,
    upstreams: [{ asset: await datanet.assetOf(version), units: VERSION_UNITS }],
  });
  const service = await registrar.registerService({ asset: model, operator, rateIn: 500n, rateOut: 15_000n });
  const transaction = await pots.addSource.populateTransaction(pot, service.split.id, [
    [stepOf(service.split, service.split.tree.size - 1), stepOf(model.split, POT_SHARE)],
  ]);
  await sender.send({ from: operator.wallet, transaction });
  return { pot, account, service, model: model.split };
}

/** A step of the way from a payment to a pot. */
function stepOf(split: Split, index: number): { size: number; index: number; arbiter: string; proof: string } {
  return { size: split.tree.size, index, arbiter: split.arbiter, proof: proveShare(split, index) };
}
