import type { Attribution, Span } from "../attribution/attribute.ts";

/** Outputs on their way to a worker: one piece of memory that is handed over, not copied. */
export interface PackedOutputs {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where each output ends; it begins where the one before it ends. */
  ends: Uint32Array<ArrayBuffer>;
  contributions: number;
}

/** What a worker found, output by output: how many spans there are, and six numbers for each. */
export type PackedAttributions = Uint32Array<ArrayBuffer>;

const NUMBERS_PER_SPAN = 6;

export function packOutputs(outputs: readonly Uint8Array[], contributions: number): PackedOutputs {
  const bytes = new Uint8Array(outputs.reduce((sum, { length }) => sum + length, 0));
  const ends = new Uint32Array(outputs.length);
  let end = 0;
  outputs.forEach((output, i) => {
    bytes.set(output, end);
    end += output.length;
    ends[i] = end;
  });
  return { bytes, ends, contributions };
}

export function unpackOutputs({ bytes, ends }: PackedOutputs): Uint8Array[] {
  return Array.from(ends, (end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

export function packAttributions(attributions: readonly Attribution[]): PackedAttributions {
  const spans = attributions.reduce((sum, attribution) => sum + attribution.spans.length, 0);
  const packed = new Uint32Array(attributions.length + NUMBERS_PER_SPAN * spans);
  let at = 0;
  for (const attribution of attributions) {
    packed[at++] = attribution.spans.length;
    for (const span of attribution.spans) {
      packed[at++] = span.creditStart;
      packed[at++] = span.creditEnd;
      packed[at++] = span.matchStart;
      packed[at++] = span.matchEnd;
      packed[at++] = span.contribution;
      packed[at++] = span.sourceOffset;
    }
  }
  return packed;
}

/** @param outputs Those that were attributed. */
export function unpackAttributions(packed: PackedAttributions, outputs: readonly Uint8Array[]): Attribution[] {
  let at = 0;
  return outputs.map((output) => {
    const spans: Span[] = Array.from({ length: packed[at++] }, () => ({
      creditStart: packed[at++],
      creditEnd: packed[at++],
      matchStart: packed[at++],
      matchEnd: packed[at++],
      contribution: packed[at++],
      sourceOffset: packed[at++],
    }));
    return { units: output.length + 1, spans };
  });
}
