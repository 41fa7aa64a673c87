/**
 * Starts of a text's suffixes in the order of these suffixes, by induced sorting (SA-IS; Nong, Zhang, Chan 2009): in time
 * that grows with the text's length, whatever it repeats. A suffix that another one begins with comes first.
 *
 * @param text Numbers from 0 to `alphabet - 1`, fewer than 2^31.
 */
export function suffixArray(text: Int32Array, alphabet: number): Int32Array {
  const length = text.length;
  if (length === 0) return new Int32Array();
  const isSmall = findSmall(text);
  const sorter = new Inducer({ text, alphabet, isSmall });
  const cuts = findCuts(isSmall);
  const byPiece = sorter.induce(cuts);
  const ordered = orderCuts({ text, isSmall, cuts, suffixes: byPiece });
  return sorter.induce(ordered);
}

/** For each suffix whether it is smaller than the one that begins behind its first number. */
function findSmall(text: Int32Array): Uint8Array {
  const isSmall = new Uint8Array(text.length);
  for (let i = text.length - 2; i >= 0; i--) {
    if (text[i] < text[i + 1] || (text[i] === text[i + 1] && isSmall[i + 1] === 1)) isSmall[i] = 1;
  }
  return isSmall;
}

/** Starts of the suffixes that are small while the one before is not. They cut the text into pieces. */
function findCuts(isSmall: Uint8Array): Int32Array {
  let count = 0;
  for (let i = 1; i < isSmall.length; i++) count += isSmall[i] & ~isSmall[i - 1];
  const cuts = new Int32Array(count);
  for (let i = 1, at = 0; i < isSmall.length; i++) if ((isSmall[i] & ~isSmall[i - 1]) === 1) cuts[at++] = i;
  return cuts;
}

/** Derives the order of all suffixes from that of those at the cuts. */
class Inducer {
  readonly #text: Int32Array;
  readonly #isSmall: Uint8Array;
  /** Where the suffixes that begin with a number begin, and where the small ones among them do. */
  readonly #bucketStarts: Int32Array;
  readonly #smallStarts: Int32Array;

  constructor({ text, alphabet, isSmall }: { text: Int32Array; alphabet: number; isSmall: Uint8Array }) {
    this.#text = text;
    this.#isSmall = isSmall;
    this.#bucketStarts = new Int32Array(alphabet + 1);
    this.#smallStarts = new Int32Array(alphabet);
    for (let i = 0; i < text.length; i++) {
      this.#bucketStarts[text[i] + 1]++;
      if (isSmall[i] === 0) this.#smallStarts[text[i]]++;
    }
    for (let number = 0; number < alphabet; number++) {
      this.#bucketStarts[number + 1] += this.#bucketStarts[number];
      this.#smallStarts[number] += this.#bucketStarts[number];
    }
  }

  /** @param cuts In the order that is known of them; in any, their pieces come out sorted. */
  induce(cuts: Int32Array): Int32Array {
    const text = this.#text;
    const isSmall = this.#isSmall;
    const length = text.length;
    const suffixes = new Int32Array(length).fill(-1);
    const next = this.#smallStarts.slice();
    for (const cut of cuts) suffixes[next[text[cut]]++] = cut;

    next.set(this.#bucketStarts.subarray(0, next.length));
    suffixes[next[text[length - 1]]++] = length - 1;
    for (let i = 0; i < length; i++) {
      const before = suffixes[i] - 1;
      if (before >= 0 && isSmall[before] === 0) suffixes[next[text[before]]++] = before;
    }

    next.set(this.#bucketStarts.subarray(1));
    for (let i = length - 1; i >= 0; i--) {
      const before = suffixes[i] - 1;
      if (before >= 0 && isSmall[before] === 1) suffixes[--next[text[before]]] = before;
    }
    return suffixes;
  }
}

/** The cuts in the order of the suffixes that begin there, given an order in which equal pieces stand together. */
function orderCuts({
  text,
  isSmall,
  cuts,
  suffixes,
}: {
  text: Int32Array;
  isSmall: Uint8Array;
  cuts: Int32Array;
  suffixes: Int32Array;
}): Int32Array {
  if (cuts.length === 0) return cuts;
  const isCut = (at: number): boolean => at > 0 && (isSmall[at] & ~isSmall[at - 1]) === 1;

  // Two cuts are at least two apart, so half of their position tells them apart.
  const names = new Int32Array((text.length >> 1) + 1).fill(-1);
  let name = -1;
  let last = -1;
  for (const at of suffixes) {
    if (!isCut(at)) continue;
    if (last < 0 || !isSamePiece({ text, isCut, a: last, b: at })) name++;
    names[at >> 1] = name;
    last = at;
  }

  const ordered = new Int32Array(cuts.length);
  if (name + 1 === cuts.length) {
    for (const cut of cuts) ordered[names[cut >> 1]] = cut;
    return ordered;
  }
  const reduced = new Int32Array(cuts.length);
  for (let i = 0; i < cuts.length; i++) reduced[i] = names[cuts[i] >> 1];
  const order = suffixArray(reduced, name + 1);
  for (let i = 0; i < order.length; i++) ordered[i] = cuts[order[i]];
  return ordered;
}

/** Whether the pieces from two cuts to the next ones, those included, are the same. */
function isSamePiece({
  text,
  isCut,
  a,
  b,
}: {
  text: Int32Array;
  isCut: (at: number) => boolean;
  a: number;
  b: number;
}): boolean {
  for (let i = 0; ; i++) {
    if (a + i >= text.length || b + i >= text.length || text[a + i] !== text[b + i]) return false;
    if (i === 0) continue;
    const ends = isCut(a + i);
    if (ends !== isCut(b + i)) return false;
    if (ends) return true;
  }
}
