import type { ReportedSpan } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import type { ModelResult, OutputResult, Piece, ReasonResult } from "../report/attribution.ts";
import type { Served, ServedCall } from "./inference.ts";
import { type Library, trainingTexts } from "./library.ts";
import { LanguageModel } from "./model.ts";

const decoder = new TextDecoder();

/** What the model has learned, and what it would not have from the version before. */
export function describeModel({ library, served: { model } }: { library: Library; served: Served }): ModelResult {
  const texts = trainingTexts(library, library.version);
  const earlier = trainingTexts(library, library.earlier);
  return {
    texts: texts.length,
    vocabulary: model.vocabulary,
    earlierTexts: earlier.length,
    earlierVocabulary: LanguageModel.train(earlier).vocabulary,
  };
}

/** Outputs in the order they were served in, cut where another contribution begins. */
export function showOutputs({
  library,
  served: { calls },
  data,
}: {
  library: Library;
  served: Served;
  data: ReportData;
}): OutputResult[] {
  return calls.map((call) => {
    const pieces: Piece[] = [];
    let at = 0;
    const addUpTo = (end: number, source?: Piece["source"]): void => {
      if (end <= at) return;
      const text = decoder.decode(call.output.subarray(at, end));
      pieces.push(source === undefined ? { text } : { text, source });
      at = end;
    };
    for (const { creditStart, creditEnd, contribution } of spansOf(data, call)) {
      addUpTo(creditStart);
      const { by, title } = library.texts[contribution];
      addUpTo(creditEnd, { name: contribution < data.pot.commons ? undefined : by.name, title });
    }
    addUpTo(call.output.length);
    return { prompt: call.prompt, pieces };
  });
}

/** Why whoever is paid most for one passage is paid for it. */
export function explainMost({
  library,
  served: { calls },
  data: { lists, figures },
  data,
  paid,
}: {
  library: Library;
  served: Served;
  data: ReportData;
  paid: bigint;
}): ReasonResult {
  const [credit] = lists.credits.toSorted((a, b) => (a.amount > b.amount ? -1 : 1));
  const output = calls.findIndex((call) => indexOf(data, call) === credit.inference);
  const { creditStart, creditEnd, matchStart, contribution, sourceOffset } = lists.spans[credit.inference][credit.span];
  const { by, title } = library.texts[contribution];
  return {
    name: by.name,
    amount: (paid * credit.amount) / figures.total,
    words: decoder.decode(calls[output].output.subarray(creditStart, creditEnd)).trimEnd(),
    output: output + 1,
    contribution,
    title,
    offset: sourceOffset + creditStart - matchStart,
  };
}

function spansOf(data: ReportData, call: ServedCall): readonly ReportedSpan[] {
  return data.lists.spans[indexOf(data, call)];
}

/** Place of a call in a report, which has its own order. */
function indexOf({ lists: { inferences } }: ReportData, { settlement: { memo, place } }: ServedCall): number {
  return inferences.findIndex(({ inference }) => inference.memo === memo && inference.place === place);
}
