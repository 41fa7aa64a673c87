import { expect } from "chai";

import { runScript, type ScriptResult } from "../helpers/script.ts";

/** The line of JSON at the end; amounts are decimal strings. */
interface LoadJson {
  digest: string;
  receipts: number;
  settled: string;
  claimed: string;
  settlements: number;
  crashes: number;
  retries: number;
  topUps: number;
  violations: string[];
}

async function runLoad(...args: string[]): Promise<{ result: ScriptResult; load: LoadJson }> {
  // When Node collects what a simulated power failure left behind is not what is tested.
  const result = await runScript({ script: "load", args, env: { NODE_NO_WARNINGS: "1" } });
  expect(result.errors).to.equal("");
  return { result, load: JSON.parse(result.output.trim().split("\n").at(-1) ?? "") as LoadJson };
}

describe("load", function () {
  this.timeout(180_000);

  describe("of operators whose disks fail", () => {
    const args = ["--in-process", "--calls", "2000", "--payers", "24", "--crashes", "30"];
    let load: LoadJson;

    before(async () => {
      ({ load } = await runLoad(...args));
    });

    it("settles every call that was answered, once, and leaves everybody with what is theirs", () => {
      expect(load.violations).to.deep.equal([]);
      expect(load.receipts).to.equal(2_000);
      expect(BigInt(load.claimed) > 0n && BigInt(load.claimed) < BigInt(load.settled)).to.be.true;
    });

    it("crashes dozens of times, in calls as in settlements, and payers deposit again", () => {
      expect(load.crashes).to.be.greaterThan(18);
      expect(load.retries).to.be.greaterThan(18);
      expect(load.settlements).to.be.greaterThan(8);
      expect(load.topUps).to.be.greaterThan(0);
    });
  });

  it("repeats itself for the same seed, crashes and settlements included", async () => {
    const args = ["--in-process", "--calls", "300", "--payers", "10", "--services", "4", "--crashes", "30"];
    const [first, second] = [await runLoad(...args), await runLoad(...args)].map(({ load }) => ({
      ...load,
      callsPerSecond: 0,
    }));
    expect(second).to.deep.equal(first);
    const other = await runLoad(...args, "--seed", "2");
    expect(other.load.digest).not.to.equal(first.digest);
  });

  it("answers, charges and pays the same calls with processes that are killed", async () => {
    const args = ["--calls", "600", "--payers", "20", "--services", "8"];
    const { load } = await runLoad(...args, "--crashes", "6");
    expect(load.violations).to.deep.equal([]);
    expect(load.crashes).to.equal(6);
    const calm = await runLoad(...args, "--in-process", "--crashes", "0");
    expect(load.digest).to.equal(calm.load.digest);
    expect([load.receipts, load.settled, load.claimed]).to.deep.equal([
      calm.load.receipts,
      calm.load.settled,
      calm.load.claimed,
    ]);
  });

  it("refuses options that it does not understand", async () => {
    const { errors, exitCode } = await runScript({ script: "load", args: ["--services", "3"] });
    expect(exitCode).to.equal(1);
    expect(errors).to.equal('--services must be a whole number from 4 to 10000000, but is "3".\n');
  });
});
