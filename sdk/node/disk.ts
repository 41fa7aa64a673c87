import { constants } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";

/** A file that only grows. */
export interface AppendFile {
  /** Writes bytes at the end. They may be lost until `sync` returns. */
  append: (bytes: Uint8Array) => Promise<void>;
  /** Returns once everything appended is on the disk. */
  sync: () => Promise<void>;
  close: () => Promise<void>;
}

/** What a journal needs of a file system; tests put one in its place that fails. */
export interface Disk {
  makeDirectory: (directory: string) => Promise<void>;
  /** Bytes of a file; undefined if there is none. */
  read: (file: string) => Promise<Uint8Array | undefined>;
  /** Opens a file, made if need be, behind its first `size` bytes; what comes after them is cut off. */
  open: (file: string, size: number) => Promise<AppendFile>;
  /** Renames a file and returns once that is on the disk. */
  replace: (from: string, to: string, directory: string) => Promise<void>;
  /** Returns once the names in a directory are on the disk. */
  syncDirectory: (directory: string) => Promise<void>;
  remove: (file: string) => Promise<void>;
}

/** The file system of this machine. */
export const LOCAL_DISK: Disk = {
  makeDirectory: async (directory) => {
    await mkdir(directory, { recursive: true });
  },
  read: async (file) => {
    try {
      return await readFile(file);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  open: async (file, size) => {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
    await handle.truncate(size);
    let end = size;
    return {
      append: async (bytes) => {
        for (let done = 0; done < bytes.length;) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, end + done);
          done += bytesWritten;
        }
        end += bytes.length;
      },
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  },
  replace: async (from, to, directory) => {
    await rename(from, to);
    await LOCAL_DISK.syncDirectory(directory);
  },
  syncDirectory: async (directory) => {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  remove: (file) => rm(file, { force: true }),
};

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
