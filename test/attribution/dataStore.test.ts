import { mkdtemp, readdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { id, toUtf8Bytes, ZeroHash } from "ethers";

import { DamagedDataError, PublishedData } from "../../sdk/attribution/dataStore.ts";
import { ContentTree, evidenceOf } from "../../sdk/content.ts";
import { DirectoryStore } from "../../sdk/node/reportStore.ts";
import { callId, type Receipt } from "../../sdk/receipt.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";

const DOMAIN = { chainId: 31337n, services: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" };
const TEXT = toUtf8Bytes("the quick brown fox");
const ROOT = ContentTree.from(TEXT).contentRoot;
const CONTENT = { contentRoot: ROOT, byteLength: 19n, licenseHash: id("MIT"), uriHash: id("ipfs://") };

function receiptOf(salt: string): Receipt {
  const payer = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
  const request = { payer, parentCallId: ZeroHash, serviceId: 7n, inputHash: id("input"), salt: id(salt) };
  return {
    ...request,
    callId: callId({ ...DOMAIN, request }),
    childrenHash: ZeroHash,
    splitId: id("split"),
    assetSplitId: id("asset"),
    executor: DOMAIN.services,
    outputRoot: ROOT,
    tokensIn: 1n,
    tokensOut: 2n,
    amount: 3n,
    servedAt: 4n,
  };
}

const RECEIPTS = [receiptOf("a"), receiptOf("b"), receiptOf("c")];
const { memo: MEMO } = new ReceiptTree({ ...DOMAIN, receipts: RECEIPTS });

async function makeStore(): Promise<{ store: DirectoryStore; data: PublishedData }> {
  const store = new DirectoryStore({ directory: await mkdtemp(path.join(tmpdir(), "store-")) });
  return { store, data: new PublishedData({ ...DOMAIN, store }) };
}

/** All that can be read beside reports: its key, how it is put, and how it is read. */
const KINDS: {
  key: string;
  put: (data: PublishedData) => Promise<void>;
  get: (data: PublishedData) => Promise<unknown>;
}[] = [
  {
    key: `contents/${evidenceOf(CONTENT)}`,
    put: (data) => data.putContent(CONTENT),
    get: (data) => data.content(evidenceOf(CONTENT)),
  },
  { key: `contributions/${ROOT}`, put: (data) => data.putContribution(TEXT), get: (data) => data.contribution(ROOT) },
  { key: `outputs/${ROOT}`, put: (data) => data.putOutput(TEXT), get: (data) => data.output(ROOT) },
  { key: `receipts/${MEMO}`, put: (data) => data.putReceipts(RECEIPTS), get: (data) => data.receipts(MEMO) },
];

async function refusal(read: () => Promise<unknown>): Promise<DamagedDataError> {
  try {
    await read();
  } catch (error) {
    if (error instanceof DamagedDataError) return error;
    throw error;
  }
  return expect.fail("It was read.");
}

describe("published data", () => {
  it("is read as it was published", async () => {
    const { data } = await makeStore();
    for (const { put } of KINDS) await put(data);
    expect(await data.content(evidenceOf(CONTENT))).to.deep.equal(CONTENT);
    expect(Buffer.from((await data.contribution(ROOT)) ?? [])).to.deep.equal(Buffer.from(TEXT));
    expect(Buffer.from((await data.output(ROOT)) ?? [])).to.deep.equal(Buffer.from(TEXT));
    expect((await data.receipts(MEMO))?.receipts).to.deep.equal(RECEIPTS);
    expect(await data.output(ZeroHash)).to.deep.equal(new Uint8Array());
  });

  for (const { key, put, get } of KINDS) {
    const [kind] = key.split("/");

    it(`is undefined where there is none: ${kind}`, async () => {
      const { data } = await makeStore();
      expect(await get(data)).to.equal(undefined);
    });

    it(`is named when it is damaged: ${kind}`, async () => {
      const { store, data } = await makeStore();
      await put(data);
      const whole: Uint8Array[] = [];
      for await (const piece of (await store.get(key)) ?? []) whole.push(piece);
      const bytes = Buffer.concat(whole);
      for (let at = 0; at < bytes.length; at += bytes.length > 200 ? 37 : 1) {
        const copy = Buffer.from(bytes);
        copy[at] ^= 1 << (at % 8);
        await writeFile(path.join(store.directory, key), copy);
        expect((await refusal(() => get(data))).key).to.equal(key);
      }
      for (const other of [
        bytes.subarray(1),
        bytes.subarray(0, -1),
        Buffer.concat([bytes, Buffer.from([1])]),
        Buffer.of(),
      ]) {
        await writeFile(path.join(store.directory, key), other);
        expect((await refusal(() => get(data))).message).to.match(new RegExp(`^${key} is damaged: .*\\.$`));
      }
    });
  }

  it("is there as a whole or not at all, for everybody to read", async () => {
    const { store } = await makeStore();
    const broken = function* (): Generator<Uint8Array> {
      yield TEXT;
      throw new Error("The disk is full.");
    };
    await store.put(`outputs/${ROOT}`, broken()).catch(() => undefined);
    expect(await store.get(`outputs/${ROOT}`)).to.equal(undefined);
    await store.put(`outputs/${ROOT}`, [TEXT]);
    const directory = path.join(store.directory, "outputs");
    expect(await readdir(directory)).to.deep.equal([ROOT]);
    expect((await stat(path.join(directory, ROOT))).mode & 0o777).to.equal(0o644);
  });

  it("has no keys that lead out of its directory", async () => {
    const { store } = await makeStore();
    for (const key of ["../0x12", "outputs/../../0x12", "outputs/name", "0x12", "outputs/0x12/0x34"]) {
      let reason = "";
      await store.get(key).catch((error: unknown) => {
        reason = error instanceof RangeError ? error.message : "";
      });
      expect(reason).to.equal(`No data has the key ${key}.`);
    }
  });
});
