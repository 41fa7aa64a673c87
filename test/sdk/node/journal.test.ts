import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import { Journal, JournalCorruptError, JournalFailedError } from "../../../sdk/node/journal.ts";
import { FaultyDisk, PowerFailure } from "../../helpers/faultyDisk.ts";
import { Random } from "../../reference/random.ts";

interface Entry {
  id: number;
  amount: bigint;
}

/** A journal of entries, with what its owner would keep of them. */
class Owner {
  readonly entries: Entry[] = [];

  async open(options: Partial<Parameters<typeof Journal.open>[0]> & { directory: string }): Promise<Journal> {
    return Journal.open({
      onRecord: (record) => this.entries.push(record as Entry),
      snapshot: () => this.entries,
      ...options,
    });
  }

  add(journal: Journal, id: number): Promise<void> {
    const entry = { id, amount: 10n ** 30n + BigInt(id) };
    this.entries.push(entry);
    return journal.append([entry]);
  }
}

describe("journal", () => {
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "journal-"));
    file = path.join(directory, "journal");
  });

  afterEach(() => rm(directory, { recursive: true }));

  async function write(count: number): Promise<number[]> {
    const owner = new Owner();
    const journal = await owner.open({ directory });
    const ends: number[] = [];
    for (let id = 0; id < count; id++) {
      await owner.add(journal, id);
      ends.push(journal.size);
    }
    await journal.close();
    return ends;
  }

  async function recover(): Promise<Entry[]> {
    const owner = new Owner();
    await (await owner.open({ directory })).close();
    return owner.entries;
  }

  it("gives back what was appended, bigints included", async () => {
    await write(3);
    expect(await recover()).to.deep.equal([0, 1, 2].map((id) => ({ id, amount: 10n ** 30n + BigInt(id) })));
  });

  it("writes what comes in while the disk is busy as one group", async () => {
    const disk = new FaultyDisk({ random: new Random(1), failAt: Infinity });
    const owner = new Owner();
    const journal = await owner.open({ directory, disk });
    const before = disk.operations;
    await Promise.all(Array.from({ length: 100 }, (_, id) => owner.add(journal, id)));
    expect(disk.operations - before).to.equal(2);
    await journal.close();
    expect(await recover()).to.have.lengthOf(100);
  });

  it("loses the last record at most when the file ends anywhere in it, and goes on behind the one before", async () => {
    const ends = await write(4);
    const whole = await readFile(file);
    for (let length = ends[2]; length < ends[3]; length++) {
      await writeFile(file, whole.subarray(0, length));
      const owner = new Owner();
      const journal = await owner.open({ directory });
      expect(owner.entries.map(({ id }) => id)).to.deep.equal([0, 1, 2]);
      await owner.add(journal, 9);
      await journal.close();
      expect((await recover()).map(({ id }) => id)).to.deep.equal([0, 1, 2, 9]);
    }
  });

  it("takes any change of the last record for a torn write", async () => {
    const ends = await write(3);
    const whole = await readFile(file);
    for (let at = ends[1]; at < ends[2]; at++) {
      const changed = Buffer.from(whole);
      changed[at] ^= 0x20;
      await writeFile(file, changed);
      expect((await recover()).map(({ id }) => id)).to.deep.equal([0, 1]);
    }
  });

  it("refuses any change of an earlier record, says where, and leaves the file as it is", async () => {
    const ends = await write(4);
    const whole = await readFile(file);
    for (let at = 0; at < ends[2]; at++) {
      const changed = Buffer.from(whole);
      changed[at] ^= 0x20;
      await writeFile(file, changed);
      const error: unknown = await recover().catch((reason: unknown) => reason);
      expect(error, `byte ${at}`).to.be.instanceOf(JournalCorruptError);
      const offset = [0, ...ends].findLast((end) => end <= at);
      expect((error as JournalCorruptError).offset).to.equal(offset);
      expect((error as Error).message).to.contain(`${file} is damaged at byte ${offset}`);
      expect(await readFile(file)).to.deep.equal(changed);
    }
  });

  it("refuses a record that is missing or out of its order", async () => {
    const ends = await write(4);
    const whole = await readFile(file);
    await writeFile(file, Buffer.concat([whole.subarray(0, ends[0]), whole.subarray(ends[1])]));
    const error: unknown = await recover().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(JournalCorruptError);
    expect((error as Error).message).to.contain("a frame out of its order (number 2)");
  });

  it("takes nothing for a record that a record contains", async () => {
    const [end] = await write(1);
    const inner = await readFile(file);
    const owner = new Owner();
    const journal = await owner.open({ directory });
    await journal.append([{ text: inner.toString("latin1") }]);
    await journal.close();
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, -1));
    expect((await recover()).map(({ id }) => id)).to.deep.equal([0]);
    expect((await readFile(file)).length).to.equal(end);
  });

  it("accepts nothing more once the disk has refused", async () => {
    const disk = new FaultyDisk({ random: new Random(2), failAt: 8 });
    const owner = new Owner();
    const journal = await owner.open({ directory, disk });
    const failures: unknown[] = [];
    for (let id = 0; id < 10; id++) {
      await owner.add(journal, id).catch((error: unknown) => failures.push(error));
    }
    expect(failures).not.to.be.empty;
    for (const failure of failures) expect(failure).to.be.instanceOf(JournalFailedError);
    expect((failures[0] as Error).cause).to.be.instanceOf(PowerFailure);
    await journal.close();
    expect((await recover()).length).to.be.within(10 - failures.length, 10 - failures.length + 1);
  });

  it("is rewritten when it has grown, and has the same records before and after", async () => {
    const owner = new Owner();
    const journal = await owner.open({ directory, compactAbove: 2_000 });
    let greatest = 0;
    for (let id = 0; id < 500; id++) {
      await owner.add(journal, id);
      if (owner.entries.length > 10) owner.entries.splice(0, 8);
      greatest = Math.max(greatest, journal.size);
    }
    await journal.close();
    expect(greatest).to.be.below(3_000);
    const recovered = await recover();
    expect(recovered.slice(-owner.entries.length)).to.deep.equal(owner.entries);
  });

  it("has lost nothing that it acknowledged, and invents nothing, whichever operation the power fails in", async () => {
    // Every operation of opening, writing and rewriting is hit, each several times with other parts of it done.
    let operations = Infinity;
    for (let round = 0; round < 6; round++) {
      for (let failAt = 1; failAt <= operations; failAt++) {
        const random = new Random(1_000 * round + failAt);
        const place = path.join(directory, `${round}-${failAt}`);
        const disk = new FaultyDisk({ random, failAt });
        const owner = new Owner();
        let acknowledged = 0;
        let failed = false;
        try {
          const journal = await owner.open({ directory: place, disk, compactAbove: 500 });
          for (let id = 0; id < 24; id++) {
            await owner.add(journal, id);
            acknowledged += 1;
          }
          await journal.close();
        } catch {
          failed = true;
        }
        if (!failed) operations = failAt - 1;
        const recovered = new Owner();
        await (await recovered.open({ directory: place })).close();
        const ids = recovered.entries.map(({ id }) => id);
        expect(ids).to.deep.equal(ids.map((_, i) => i));
        expect(ids.length).to.be.within(acknowledged, acknowledged + 1);
      }
    }
    expect(operations).to.be.within(50, 200);
  });
});
