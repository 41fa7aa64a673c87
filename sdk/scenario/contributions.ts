import { type Fields, writtenOf } from "./fields.ts";
import { MAX_ALL_TEXT_BYTES, MAX_CONTRIBUTIONS, MAX_TEXT_BYTES } from "./limits.ts";
import type { Names } from "./lookup.ts";
import type { Problems } from "./problem.ts";
import { readRange } from "./quantities.ts";
import { RandomStream } from "./randomness.ts";
import type { Contribution, Person, Range } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

/** Where texts beside a scenario come from. Paths are relative to the scenario's folder, with `/` in between. */
export interface TextSource {
  /** @throws Error with a sentence for people, if there is no such file. */
  readText: (path: string) => Uint8Array;
  /** Names of the files in a folder. @throws Error with a sentence for people, if there is no such folder. */
  listFolder: (path: string) => string[];
}

const WORDS =
  `salt river copper window morning letter garden silver market winter bridge answer candle forest harbour island
   journey kitchen lantern meadow number orchard pepper quarter ribbon shadow thunder valley whistle yellow anchor basket
   carpet danger engine feather glacier hammer insect jacket kettle ladder mirror needle onion pocket rabbit saddle ticket
   umbrella village walnut barley cinnamon dough ember flour ginger honey ivory juniper kernel lemon mustard`.split(
    /\s+/,
  );

const MADE_UP_WORDS: Range = { least: 8, most: 40 };

/** Reads contributions: whose they are, what they say, what they count for. */
export class ContributionReader {
  readonly #fields: Fields;
  readonly #names: Names;
  readonly #problems: Problems;
  readonly #people: readonly Person[];
  readonly #seed: number;
  readonly #source: TextSource;
  /** By Datanet: whose turn it is in a group. */
  readonly #turns = new Map<string, number>();
  /** By Datanet: where a text is for the first time. */
  readonly #texts = new Map<string, number>();
  /** By Datanet and person. */
  readonly #counts = new Map<string, number>();
  #total = 0;
  #bytes = 0;
  #isTooMuch = false;

  constructor({
    fields,
    names,
    problems,
    people,
    seed,
    source,
  }: {
    fields: Fields;
    names: Names;
    problems: Problems;
    people: readonly Person[];
    seed: number;
    source: TextSource;
  }) {
    this.#fields = fields;
    this.#names = names;
    this.#problems = problems;
    this.#people = people;
    this.#seed = seed;
    this.#source = source;
  }

  /** @param datanet Name of the Datanet. */
  read(list: Tree | undefined, datanet: string): Contribution[] {
    if (list === undefined) return [];
    return list.items.filter(({ isBroken }) => !isBroken).flatMap((tree) => this.#entry(tree, datanet));
  }

  #entry(tree: Tree, datanet: string): Contribution[] {
    const by = this.#fields.get(tree, "by");
    const persons = by === undefined ? undefined : this.#names.persons(writtenOf(by), by.offset);
    const members = persons ?? [];
    const unitsTree = this.#fields.get(tree, "units");
    const { entries } = tree;

    if (entries.has("each")) {
      const each = this.#fields.integer(tree, "each") ?? 0;
      if (!this.#count(each * members.length, tree)) return [];
      return members.flatMap((contributor) =>
        Array.from({ length: each }, () => {
          const number = this.#next(datanet, contributor);
          const text = this.#makeUp(datanet, contributor, number);
          return { contributor, text, units: this.#units({ unitsTree, datanet, contributor, number, text }) };
        }),
      );
    }

    const texts = entries.has("folder") ? this.#folder(tree) : [this.#single(tree)];
    if (!this.#count(texts.length, tree)) return [];
    return texts.flatMap((found) => {
      if (found === undefined || members.length === 0) return [];
      const contributor = this.#turn(datanet, by === undefined ? "" : writtenOf(by), members);
      this.#refuseTwice(found, datanet);
      const number = this.#next(datanet, contributor);
      const { text } = found;
      return [
        {
          contributor,
          text,
          units: this.#units({ unitsTree, datanet, contributor, number, text, offset: found.offset }),
        },
      ];
    });
  }

  #single(tree: Tree): { text: string; offset: number } | undefined {
    const file = this.#fields.get(tree, "file");
    if (file !== undefined) return this.#file(writtenOf(file), file.offset);
    const text = this.#fields.get(tree, "text");
    return text === undefined ? undefined : { text: writtenOf(text), offset: text.offset };
  }

  #folder(tree: Tree): ({ text: string; offset: number } | undefined)[] {
    const folder = this.#fields.get(tree, "folder");
    if (folder === undefined || !this.#isInside(writtenOf(folder), folder.offset)) return [];
    const path = writtenOf(folder).replace(/\/$/, "");
    const names = this.#try(folder.offset, () => this.#source.listFolder(path));
    if (names?.length === 0)
      this.#problems.add(folder.offset, `The folder ${path} is empty; put a file for each contribution into it.`);
    return (names ?? []).sort().map((name) => this.#file(`${path}/${name}`, folder.offset));
  }

  #file(path: string, offset: number): { text: string; offset: number } | undefined {
    if (!this.#isInside(path, offset)) return undefined;
    const bytes = this.#try(offset, () => this.#source.readText(path));
    if (bytes === undefined) return undefined;
    if (bytes.length === 0) {
      this.#problems.add(offset, `The file ${path} is empty; write a text into it.`);
      return;
    }
    if (bytes.length > MAX_TEXT_BYTES) {
      this.#problems.add(
        offset,
        `The file ${path} has ${bytes.length.toLocaleString("en")} bytes; a text can have ${MAX_TEXT_BYTES.toLocaleString("en")}. Make several contributions of it.`,
      );
      return;
    }
    try {
      return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), offset };
    } catch {
      this.#problems.add(offset, `The file ${path} is not text in UTF-8. Save it as UTF-8.`);
      return;
    }
  }

  #isInside(path: string, offset: number): boolean {
    const isInside =
      !path.includes("\\") &&
      !path.includes("\0") &&
      !/^([/~]|[A-Za-z]:)/.test(path) &&
      !path.split("/").includes("..");
    if (!isInside)
      this.#problems.add(
        offset,
        `"${path}" leads out of the scenario's folder; write a path from there, with \`/\`, such as \`texts/soup.txt\`.`,
      );
    return isInside;
  }

  #units({
    unitsTree,
    datanet,
    contributor,
    number,
    text,
    offset,
  }: {
    unitsTree: Tree | undefined;
    datanet: string;
    contributor: number;
    number: number;
    text: string;
    offset?: number;
  }): bigint {
    if (unitsTree === undefined) return 1n;
    if (unitsTree.value === "words") {
      const words = text.split(/\s+/).filter((word) => word !== "").length;
      if (words === 0 && offset !== undefined)
        this.#problems.add(offset, "This text has no words to count; write some, or give a number of units.");
      return BigInt(Math.max(1, words));
    }
    const range = readRange(writtenOf(unitsTree));
    if ("problem" in range) {
      this.#problems.add(unitsTree.offset, range.problem);
      return 1n;
    }
    const { least, most } = range.value;
    if (least < 1 || most > 1_000_000_000) {
      this.#problems.add(
        unitsTree.offset,
        `\`units\` is ${writtenOf(unitsTree)}; write numbers from 1 to 1,000,000,000.`,
      );
      return 1n;
    }
    if (least === most) return BigInt(least);
    return BigInt(this.#random("units", `${datanet}/${this.#people[contributor].name}/${number}`).between(range.value));
  }

  /** A text like no other of the Datanet. */
  #makeUp(datanet: string, contributor: number, number: number): string {
    const { name } = this.#people[contributor];
    const random = this.#random("words", `${datanet}/${name}/${number}`);
    const words = Array.from({ length: random.between(MADE_UP_WORDS) }, () => WORDS[random.below(WORDS.length)]);
    return `${name} for ${datanet}, number ${number} of seed ${this.#seed}: ${words.join(" ")}`;
  }

  #random(purpose: "units" | "words", name: string): RandomStream {
    return new RandomStream({ seed: this.#seed, purpose, number: numberOf(name) });
  }

  /** How many contributions a person has made to a Datanet, this one included. */
  #next(datanet: string, contributor: number): number {
    const key = `${datanet}/${contributor}`;
    const number = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, number);
    return number;
  }

  #turn(datanet: string, by: string, members: readonly number[]): number {
    const key = `${datanet}/${by}`;
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    return members[turn % members.length];
  }

  #refuseTwice({ text, offset }: { text: string; offset: number }, datanet: string): void {
    const key = `${datanet}/${text}`;
    const first = this.#texts.get(key);
    if (first === undefined) this.#texts.set(key, offset);
    else
      this.#problems.add(
        offset,
        `This text is in \`${datanet}\` already, from line ${this.#problems.line(first)}; write another one, or an event with \`do: copy\`.`,
      );
    this.#bytes += text.length;
    if (this.#bytes > MAX_ALL_TEXT_BYTES && !this.#isTooMuch) {
      this.#isTooMuch = true;
      this.#problems.add(
        offset,
        `With this text they have more than ${MAX_ALL_TEXT_BYTES.toLocaleString("en")} characters together; use fewer or shorter ones.`,
      );
    }
  }

  #count(contributions: number, tree: Tree): boolean {
    this.#total += contributions;
    if (this.#total <= MAX_CONTRIBUTIONS) return true;
    if (!this.#isTooMuch)
      this.#problems.add(
        tree.offset,
        `With these ${contributions.toLocaleString("en")} there are ${this.#total.toLocaleString("en")} contributions; a scenario can have ${MAX_CONTRIBUTIONS.toLocaleString("en")}.`,
      );
    this.#isTooMuch = true;
    return false;
  }

  #try<T>(offset: number, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#problems.add(offset, error instanceof Error ? error.message : String(error));
      return;
    }
  }
}

/** A number of 24 bits from a name (FNV-1a), so that what is drawn for somebody does not depend on others. */
export function numberOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 24)) & 0xffffff;
}
