import { createReadStream } from "node:fs";
import { access, chmod } from "node:fs/promises";
import path from "node:path";

import type { DataStore } from "../attribution/dataStore.ts";
import { type Disk, LOCAL_DISK } from "./disk.ts";

/** Bytes that are read at a time. */
const READ_BYTES = 1 << 20;

/** Whoever serves the directory may run as somebody else. */
const READABLE = 0o644;

const KEY = /^[a-z]+\/0x[0-9a-f]+$/;

/** A directory with a file for each key, as any web server or IPFS node can mirror it. */
export class DirectoryStore implements DataStore {
  readonly directory: string;
  readonly #disk: Disk;

  constructor({ directory, disk = LOCAL_DISK }: { directory: string; disk?: Disk }) {
    this.directory = directory;
    this.#disk = disk;
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = this.#fileOf(key);
    try {
      await access(file);
    } catch {
      return undefined;
    }
    return createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>;
  }

  /** The file is there as a whole or as it was before, whatever happens meanwhile. */
  async put(key: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = this.#fileOf(key);
    const directory = path.dirname(file);
    await this.#disk.makeDirectory(directory);
    const draft = `${file}.draft`;
    const target = await this.#disk.open(draft, 0);
    try {
      for await (const piece of pieces) await target.append(piece);
      await target.sync();
    } finally {
      await target.close();
    }
    await chmod(draft, READABLE);
    await this.#disk.replace(draft, file, directory);
  }

  #fileOf(key: string): string {
    if (!KEY.test(key)) throw new RangeError(`No data has the key ${key}.`);
    return path.join(this.directory, key);
  }
}
