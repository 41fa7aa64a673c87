import { ZeroAddress } from "ethers";

import { ZERO_WORD } from "../bytes.ts";
import { CHUNK_BYTES } from "../content.ts";
import { encodeShareProof, proveShare } from "../datanetProof.ts";
import type { Receipt } from "../receipt.ts";
import { shareOfReceipt } from "../receiptTree.ts";
import type { Split } from "../split.ts";
import type { PublishedData } from "./dataStore.ts";
import {
  type ContributionText,
  encodeContentAnswer,
  encodeInferenceAnswer,
  encodeShareAnswer,
  type Item,
  ItemKind,
  NO_TEXT,
  openChunks,
  type TextOpening,
} from "./faultProofs.ts";
import type { ReportData } from "./reportData.ts";

/** Where no receipt is asked for. */
const NO_RECEIPT: Receipt = {
  callId: ZERO_WORD,
  payer: ZeroAddress,
  parentCallId: ZERO_WORD,
  serviceId: 0n,
  inputHash: ZERO_WORD,
  salt: ZERO_WORD,
  childrenHash: ZERO_WORD,
  splitId: ZERO_WORD,
  assetSplitId: ZERO_WORD,
  executor: ZeroAddress,
  outputRoot: ZERO_WORD,
  tokensIn: 0n,
  tokensOut: 0n,
  amount: 0n,
  servedAt: 0n,
};

/** What shows an item of a report; undefined if the data for it is not there. */
export async function answerOf({
  data,
  item: { kind, first, second },
  texts,
  published,
}: {
  data: ReportData;
  item: Item;
  texts: { log: Split; contribution: (index: number) => ContributionText };
  published: PublishedData;
}): Promise<string | undefined> {
  switch (kind) {
    case ItemKind.Credit:
      return encodeShareAnswer(data.openCredit(first));
    case ItemKind.Share:
      return encodeShareAnswer(data.openShare(first));
    case ItemKind.ContentChunk:
      return answerContent({ log: texts.log, contribution: texts.contribution, published, first, second });
    case ItemKind.Receipt:
      return answerReceipt({ data, first, published });
    case ItemKind.OutputChunk: {
      const { outputRoot, outputLength } = data.lists.inferences[first].inference;
      const output = await published.output(outputRoot);
      if (output === undefined) return undefined;
      const inference = data.openInference(first);
      const chunk = second * CHUNK_BYTES < outputLength ? chunkOf(output, second) : NO_TEXT;
      return encodeInferenceAnswer({ inference, output: chunk, receipt: NO_RECEIPT });
    }
    case ItemKind.Inference:
      return encodeInferenceAnswer({ inference: data.openInference(first), receipt: NO_RECEIPT });
    case ItemKind.Span: {
      const count = second < data.lists.spans[first].length ? 1 : 0;
      const spans = data.openSpans(first, { first: second, count });
      return encodeInferenceAnswer({ inference: data.openInference(first), spans, receipt: NO_RECEIPT });
    }
  }
}

async function answerReceipt({
  data,
  first,
  published,
}: {
  data: ReportData;
  first: number;
  published: PublishedData;
}): Promise<string | undefined> {
  const { memo, place } = data.lists.inferences[first].inference;
  const found = await published.receipts(memo);
  const receipt = found?.receipts.at(place);
  if (found === undefined || receipt === undefined) return undefined;
  const share = shareOfReceipt({ ...published.domain, receipt });
  const settled = encodeShareProof({ share, siblings: found.tree.prove(place).siblings });
  return encodeInferenceAnswer({ inference: data.openInference(first), receipt, settled });
}

async function answerContent({
  log,
  contribution,
  published,
  first,
  second,
}: {
  log: Split;
  contribution: (index: number) => ContributionText;
  published: PublishedData;
  first: number;
  second: number;
}): Promise<string | undefined> {
  const share = log.tree.share(first);
  const proof = proveShare(log, first);
  if (share.units === 0n) {
    const content = await published.content(share.evidence);
    return content && encodeContentAnswer({ contribution: { index: first, content, proof }, text: NO_TEXT });
  }
  const { content, text } = contribution(first);
  const chunk = second * CHUNK_BYTES < text.length ? chunkOf(text, second) : NO_TEXT;
  return encodeContentAnswer({ contribution: { index: first, content, proof }, text: chunk });
}

function chunkOf(text: Uint8Array, index: number): TextOpening {
  return openChunks(text, { firstChunk: index, count: 1 });
}
