import { mkdir } from "node:fs/promises";
import path from "node:path";

import type { PublishedData } from "../attribution/dataStore.ts";
import type { ContributionText } from "../attribution/faultProofs.ts";
import { GramIndex } from "../attribution/gramIndex.ts";
import { IndexFileError } from "../attribution/indexFile.ts";
import type { Pot } from "../attribution/report.ts";
import type { ReportsChain } from "../attribution/reportsContract.ts";
import { IndexFullError } from "../attribution/texts.ts";
import { type Content, ContentTree } from "../content.ts";
import type { Split } from "../split.ts";
import { loadIndexFile, saveIndexFile } from "./indexFile.ts";

/** Data that is needed and not there, or of no use. */
export class MissingDataError extends Error {
  override readonly name = "MissingDataError";
}

/** Texts of a pot's Datanet version, and where each K-gram of them is first. */
export interface PotTexts {
  log: Split;
  index: GramIndex;
  contribution: (index: number) => ContributionText;
}

/**
 * Loads the texts of a pot. The index is kept in a file of `directory`, whose texts are checked against the chain.
 *
 * @throws MissingDataError if a contribution is not there or no index holds it, DamagedDataError if one is damaged.
 */
export async function loadPotTexts({
  pot,
  chain,
  data,
  directory,
  say,
}: {
  pot: Pot;
  chain: ReportsChain;
  data: PublishedData;
  directory: string;
  say: (line: string) => void;
}): Promise<PotTexts> {
  const log = chain.logOf(pot);
  const contents: (Content | undefined)[] = [];
  for (const [i, { evidence, units }] of log.tree.shares({ first: 0, count: log.tree.size }).entries()) {
    const content = units === 0n ? undefined : await data.content(evidence);
    if (units > 0n && content === undefined) {
      throw new MissingDataError(`Contribution ${i} of Datanet ${pot.datanetId} is not known: contents/${evidence}.`);
    }
    contents.push(content);
  }
  const file = path.join(directory, `index-${pot.logSplitId.slice(2, 18)}-${pot.gram}`);
  const index =
    (await readIndex({ pot, file, contents, say })) ?? (await makeIndex({ pot, file, contents, data, say }));
  const contribution = (i: number): ContributionText => {
    const [content, text] = [contents[i], index.textOf(i)];
    if (content === undefined || text === undefined) throw new RangeError(`Contribution ${i} has no units.`);
    return { index: i, content, text };
  };
  return { log, index, contribution };
}

/** The index of a file, if it is that of the texts. */
async function readIndex({
  pot,
  file,
  contents,
  say,
}: {
  pot: Pot;
  file: string;
  contents: readonly (Content | undefined)[];
  say: (line: string) => void;
}): Promise<GramIndex | undefined> {
  try {
    const index = await loadIndexFile({ file });
    const fits =
      index.k === pot.gram &&
      index.count === contents.length &&
      contents.every((content, i) => {
        const text = index.textOf(i);
        if (content === undefined || text === undefined) return content === text;
        return ContentTree.from(text).contentRoot === content.contentRoot;
      });
    if (fits) return index;
    say(`${file} is the index of other texts. It is made anew.`);
  } catch (error) {
    if (error instanceof IndexFileError) say(`${file}: ${error.message} It is made anew.`);
    else if (!isMissing(error)) throw error;
  }
  return undefined;
}

async function makeIndex({
  pot,
  file,
  contents,
  data,
  say,
}: {
  pot: Pot;
  file: string;
  contents: readonly (Content | undefined)[];
  data: PublishedData;
  say: (line: string) => void;
}): Promise<GramIndex> {
  const index = GramIndex.create({ k: pot.gram });
  for (const [i, content] of contents.entries()) {
    if (content === undefined) {
      index.skip();
      continue;
    }
    const text = await data.contribution(content.contentRoot);
    if (text === undefined) {
      throw new MissingDataError(
        `The text of contribution ${i} of Datanet ${pot.datanetId} is not there: contributions/${content.contentRoot}.`,
      );
    }
    try {
      index.append(text);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof IndexFullError)) throw error;
      throw new MissingDataError(`Contribution ${i} of Datanet ${pot.datanetId} cannot be indexed: ${error.message}`);
    }
  }
  await mkdir(path.dirname(file), { recursive: true });
  await saveIndexFile({ index, file });
  say(`Indexed ${contents.length} contributions of Datanet ${pot.datanetId}, version ${pot.version}.`);
  return index;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
