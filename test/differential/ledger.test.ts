import { network } from "hardhat";

import LedgerModule from "../../ignition/modules/Ledger.ts";
import { BookedLedger } from "../reference/bookedLedger.ts";
import { Random } from "../reference/random.ts";
import { Sender } from "../reference/sender.ts";
import { LedgerRun } from "./ledgerRun.ts";

/** Seeds 1 to SEEDS, or just SEED; STEPS random acts each. */
const { SEED, SEEDS = "12", STEPS = "200" } = process.env;
const COMPARE_EVERY = 100;
const MAX_DEPTH = 12;

const seeds = SEED === undefined ? Array.from({ length: Number(SEEDS) }, (_, i) => i + 1) : [Number(SEED)];

describe("AttributionLedger against the reference model, releases in any order", () => {
  for (const seed of seeds) {
    const depth = 1 + ((seed * 5) % MAX_DEPTH);
    it(`pays everybody to the unit at depth ${depth} (SEED=${seed} STEPS=${STEPS})`, async function () {
      this.timeout(0);
      const random = new Random(seed);
      const { ethers, ignition, networkHelpers } = await network.create();
      const [holder] = await ethers.getSigners();
      const deployed = await ignition.deploy(LedgerModule, { parameters: { Token: { tokenHolder: holder.address } } });
      const ledger = await ethers.getContractAt("AttributionLedger", await deployed.ledger.getAddress());
      const booked = new BookedLedger({
        ledger,
        token: await ethers.getContractAt("OpenToken", await ledger.token()),
        splitAddresses: await ethers.getContractAt("SplitAddresses", await deployed.splitAddresses.getAddress()),
        sender: await Sender.connect({ provider: ethers.provider }),
      });
      const run = await LedgerRun.start({ random, depth, booked, holder, provider: ethers.provider, networkHelpers });
      for (let step = 1; step <= Number(STEPS); step++) {
        await run.step();
        if (step % COMPARE_EVERY === 0) await run.compareUnderWay();
      }
      await run.settleAndCompare();
    });
  }
});
