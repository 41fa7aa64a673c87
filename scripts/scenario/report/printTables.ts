import type { RunResult } from "../../../sdk/scenario/result.ts";
import type { ChapterText } from "../../report/chapter.ts";
import { indent, layOutChapter, layOutSection } from "../../report/terminal.ts";
import type { ChainResult } from "../chainResult.ts";
import {
  describeChain,
  describeConservation,
  describeEarners,
  describeExpectations,
  describeHealth,
  describeLayers,
  describeOperators,
  describeRails,
  describeServices,
  describeUsage,
  summarize,
} from "./chapters.ts";

/** Periods of which a terminal shows all. */
const MOST_PERIODS = 15;
/** Of a line of text, in a terminal of 100 columns. */
const WIDTH = 96;

/** Prints what came out of a run, in columns that need no colour to be read. */
export function printTables(run: { result: RunResult; chain: ChainResult | undefined }): void {
  for (const line of layOutTables(run)) console.log(line);
}

/** What is printed, line by line. */
export function layOutTables({ result, chain }: { result: RunResult; chain: ChainResult | undefined }): string[] {
  const chapters = chaptersOf(result, chain).filter(({ rows }) => rows.length > 0);
  return [
    ...layOutSection(result.scenario),
    ...(result.teaches === "" ? [] : wrapText(result.teaches).map(indent)),
    ...wrapText(summarize(result)).map(indent),
    ...chapters.flatMap((chapter) => layOutChapter({ ...chapter, notes: chapter.notes.flatMap(wrapText) })),
  ];
}

function chaptersOf(result: RunResult, chain: ChainResult | undefined): ChapterText[] {
  return [
    describeUsage(result, MOST_PERIODS),
    describeLayers(result),
    describeEarners(result),
    describeServices(result),
    describeRails(result),
    describeOperators(result),
    describeHealth(result),
    describeConservation(result),
    ...(chain === undefined ? [] : [describeChain(chain)]),
    describeExpectations(result),
  ];
}

function wrapText(text: string): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
