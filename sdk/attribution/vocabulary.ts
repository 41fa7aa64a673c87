/** Numbers for the different tokens of texts: 1, 2, 3 and so on, in the order of their first occurrence. */
export class Vocabulary {
  #bytes: Uint8Array = new Uint8Array(1 << 12);
  /** Where each token ends in `#bytes`; the one before it begins there. */
  #ends = new Uint32Array(1 << 8);
  #size = 0;
  /** Hash and number by slot; number 0 means that the slot is empty. */
  #table = new Uint32Array(1 << 10);

  /** Different tokens. */
  get size(): number {
    return this.#size;
  }

  /** The number of the token `bytes[start, end)`, which it is given if it has none. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const slot = this.#slotOf({ bytes, start, end, hash });
    if (this.#table[slot + 1] !== 0) return this.#table[slot + 1];
    const from = this.#ends[this.#size];
    const to = from + end - start;
    if (to > this.#bytes.length) {
      const larger = new Uint8Array(2 * to);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (let i = 0; i < end - start; i++) this.#bytes[from + i] = bytes[start + i];
    this.#size++;
    if (this.#size === this.#ends.length) this.#ends = enlarge(this.#ends);
    this.#ends[this.#size] = to;
    this.#table[slot] = hash;
    this.#table[slot + 1] = this.#size;
    const number = this.#size;
    if (4 * this.#size > this.#table.length) this.#grow();
    return number;
  }

  /** The number of the token `bytes[start, end)`, -1 if it has none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const number = this.#table[this.#slotOf({ bytes, start, end, hash: hashOf(bytes, start, end) }) + 1];
    return number === 0 ? -1 : number;
  }

  #slotOf({ bytes, start, end, hash }: { bytes: Uint8Array; start: number; end: number; hash: number }): number {
    const table = this.#table;
    const mask = table.length - 1;
    let at = (2 * hash) & mask;
    for (; table[at + 1] !== 0; at = (at + 2) & mask) {
      if (table[at] === hash && this.#isToken({ number: table[at + 1], bytes, start, end })) break;
    }
    return at;
  }

  #isToken({ number, bytes, start, end }: { number: number; bytes: Uint8Array; start: number; end: number }): boolean {
    const from = this.#ends[number - 1];
    if (this.#ends[number] - from !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#bytes[from + i - start] !== bytes[i]) return false;
    return true;
  }

  #grow(): void {
    const old = this.#table;
    const table = new Uint32Array(2 * old.length);
    const mask = table.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let at = (2 * old[from]) & mask;
      while (table[at + 1] !== 0) at = (at + 2) & mask;
      table[at] = old[from];
      table[at + 1] = old[from + 1];
    }
    this.#table = table;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ bytes[i], 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

function enlarge(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
