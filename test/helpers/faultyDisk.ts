import { truncate } from "node:fs/promises";

import { type AppendFile, type Disk, LOCAL_DISK } from "../../sdk/node/disk.ts";
import type { Random } from "../reference/random.ts";

/** The machine stopped. */
export class PowerFailure extends Error {
  override readonly name = "PowerFailure";
}

/**
 * The disk of this machine, which stops in the middle of one of its operations. Bytes that were not synced by then are
 * there, gone or there in part, as chance has it.
 */
export class FaultyDisk implements Disk {
  readonly #random: Random;
  /** Operations until the failure. */
  #left: number;
  /** Operations begun. */
  operations = 0;
  readonly #files: { name: string; synced: number; size: number; close: () => Promise<void> }[] = [];

  constructor({ random, failAt }: { random: Random; failAt: number }) {
    this.#random = random;
    this.#left = failAt;
  }

  /** Whether the failure has happened. */
  get failed(): boolean {
    return this.#left <= 0;
  }

  async makeDirectory(directory: string): Promise<void> {
    await this.#operate({ whole: () => LOCAL_DISK.makeDirectory(directory) });
  }

  async read(file: string): Promise<Uint8Array | undefined> {
    return LOCAL_DISK.read(file);
  }

  async open(file: string, size: number): Promise<AppendFile> {
    const real = await this.#operate({ whole: () => LOCAL_DISK.open(file, size) });
    let open = true;
    const close = async (): Promise<void> => {
      if (open) await real.close();
      open = false;
    };
    const state = { name: file, synced: size, size, close };
    this.#files.push(state);
    return {
      append: (bytes) =>
        this.#operate({
          whole: async () => {
            await real.append(bytes);
            state.size += bytes.length;
          },
          part: async () => {
            const written = this.#random.integer(0, bytes.length);
            await real.append(bytes.subarray(0, written));
            state.size += written;
          },
        }),
      sync: () =>
        this.#operate({
          // Only this process forgets what is not synced, so there is nothing that the real disk would have to do.
          whole: async () => {
            state.synced = state.size;
          },
        }),
      close,
    };
  }

  async replace(from: string, to: string, directory: string): Promise<void> {
    const whole = async (): Promise<void> => {
      await LOCAL_DISK.replace(from, to, directory);
      for (const file of this.#files) if (file.name === from) file.name = to;
    };
    await this.#operate({ whole, part: () => (this.#random.chance(0.5) ? whole() : Promise.resolve()) });
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#operate({ whole: () => LOCAL_DISK.syncDirectory(directory) });
  }

  async remove(file: string): Promise<void> {
    await this.#operate({ whole: () => LOCAL_DISK.remove(file) });
  }

  async #operate<Value>({
    whole,
    part = () => Promise.resolve(),
  }: {
    whole: () => Promise<Value>;
    part?: () => Promise<void>;
  }): Promise<Value> {
    if (this.failed) throw new PowerFailure();
    this.operations += 1;
    this.#left -= 1;
    const goesOn = this.#left > 0;
    if (goesOn) return whole();
    await part();
    await this.#forgetUnsynced();
    throw new PowerFailure();
  }

  async #forgetUnsynced(): Promise<void> {
    for (const { name, synced, size, close } of this.#files) {
      await close();
      // A draft may have taken this file's place.
      const bytes = await LOCAL_DISK.read(name);
      if (bytes?.length === size && size > synced) await truncate(name, this.#random.integer(synced, size));
    }
  }
}
