import { createReadStream } from "node:fs";
import path from "node:path";

import type { GramIndex } from "../attribution/gramIndex.ts";
import { loadIndex, saveIndex } from "../attribution/indexFile.ts";
import { type Disk, LOCAL_DISK } from "./disk.ts";

/** Bytes that are read at a time. */
const READ_BYTES = 1 << 20;

/** Saves an index. The file is there as a whole or as it was before, whatever happens meanwhile. */
export async function saveIndexFile({
  index,
  file,
  disk = LOCAL_DISK,
}: {
  index: GramIndex;
  file: string;
  disk?: Disk;
}): Promise<void> {
  const draft = `${file}.draft`;
  const target = await disk.open(draft, 0);
  try {
    for (const piece of saveIndex(index)) await target.append(piece);
    await target.sync();
  } finally {
    await target.close();
  }
  await disk.replace(draft, file, path.dirname(file));
}

/**
 * Loads an index that was saved.
 *
 * @param shared Whether workers are to share it.
 * @throws IndexFileError if it is not there as it was saved.
 */
export async function loadIndexFile({ file, shared = false }: { file: string; shared?: boolean }): Promise<GramIndex> {
  return loadIndex(createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>, { shared });
}
