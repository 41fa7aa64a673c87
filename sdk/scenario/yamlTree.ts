import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";

import { MAX_ALIASES, MAX_DEPTH, MAX_FILE_BYTES, MAX_NODES } from "./limits.ts";
import { Problems } from "./problem.ts";

/** A value of a file, and where it is. */
export interface Tree {
  /** As JSON has it; maps have no prototype, so that no key means anything. */
  value: unknown;
  /** Where it begins in the file's text. */
  offset: number;
  /** Where its key begins; where it begins itself, if it has none. */
  keyOffset: number;
  /** Of a scalar: as it is written. */
  source: string | undefined;
  /** Of a map. */
  entries: ReadonlyMap<string, Tree>;
  /** Of a list. */
  items: readonly Tree[];
  /** Whether its form is wrong, so that it says nothing. */
  isBroken: boolean;
}

/** What is written in a file. Without a tree, it is no YAML at all, and `problems` say why. */
export interface ParsedYaml {
  tree: Tree | undefined;
  problems: Problems;
}

const DECIMAL = /^-?[0-9]+(\.[0-9]+)?$/;

/** Types that plain values have anyway. */
const CORE_TAGS = new Set(
  ["map", "seq", "str", "int", "float", "bool", "null"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Control characters that text does not have. */
const BINARY = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Reads YAML 1.2 without tags, with few aliases, and with the place of everything. */
export function parseYaml(file: string | Uint8Array): ParsedYaml {
  const lines = new LineCounter();
  const problems = new Problems(lines);
  const refuse = (offset: number, message: string): ParsedYaml => {
    problems.add(offset, message);
    return { tree: undefined, problems };
  };

  const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
  if (bytes.length > MAX_FILE_BYTES) {
    const mostBytes = MAX_FILE_BYTES.toLocaleString("en");
    return refuse(
      0,
      `The file has ${bytes.length.toLocaleString("en")} bytes; it may have ${mostBytes} at most. Put texts into files of their own.`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse(0, "The file is not text in UTF-8. Save it as UTF-8.");
  }
  const control = BINARY.exec(text);
  if (control !== null) {
    indexLines(lines, text);
    return refuse(
      control.index,
      "There is a control character here, so this is no text. Name a scenario file, or remove the character.",
    );
  }

  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    uniqueKeys: true,
    merge: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  const twice = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  // What the parser says after its first error is most often because of it.
  const first = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  for (const { code, message, pos } of first === undefined ? twice : [...twice, first]) {
    problems.add(pos[0], explain(code, message));
  }
  if (first !== undefined) return { tree: undefined, problems };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return refuse(
      0,
      "The file is empty. A scenario has at least `name`, `periods`, `people`, `operators` and `traffic`.",
    );
  }
  const tree = new Grower(document, problems).grow();
  return { tree, problems };
}

/** The parser counts lines only of what it parses. */
function indexLines(lines: LineCounter, text: string): void {
  lines.addNewLine(0);
  for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) lines.addNewLine(i + 1);
}

function explain(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "This key is there twice; keep one of them, or give the other another name.";
    case "TAB_AS_INDENT":
      return "There is a tab here; indent with spaces.";
    case "MULTIPLE_DOCS":
      return "A second document begins here; a file has one scenario. Remove `---` and put the other into a file of its own.";
    case "BAD_INDENT":
    case "BLOCK_IN_FLOW":
      return `The indentation is wrong here (${message}); everything of one list or map begins in the same column.`;
    case "MISSING_CHAR":
      return `Something is missing here (${message}); quotes, brackets and braces come in pairs, and keys end with a colon.`;
    default:
      return `This is not YAML (${message}). Put text with special characters in quotes.`;
  }
}

/** Makes a tree of a document. */
class Grower {
  readonly #document: Document;
  readonly #problems: Problems;
  readonly #open = new Set<Node>();
  #aliases = 0;
  #nodes = 0;
  #isRefused = false;

  constructor(document: Document, problems: Problems) {
    this.#document = document;
    this.#problems = problems;
  }

  /** Nothing if the document is too large or has no end. */
  grow(): Tree | undefined {
    const tree = this.#tree(this.#document.contents, 0, undefined);
    return this.#isRefused ? undefined : tree;
  }

  /** @param at Where to say that something is wrong: the alias through which it came here. */
  #tree(node: unknown, offset: number, at: number | undefined): Tree {
    if (isAlias(node)) return this.#alias(node, at);
    const content = node as Node | null;
    const place = at ?? content?.range?.[0] ?? offset;
    const tree = { value: null as unknown, offset: place, keyOffset: place, source: undefined, isBroken: false };
    const leaf: Tree = { ...tree, entries: new Map(), items: [] };
    if (content === null || this.#isRefused) return leaf;
    if (++this.#nodes > MAX_NODES)
      return this.#refuse(
        leaf,
        `There are more than ${MAX_NODES.toLocaleString("en")} values in this file, those that aliases stand for included. Write less, with groups and families.`,
      );
    if (this.#open.size > MAX_DEPTH)
      return this.#refuse(leaf, "This is nested too deeply; a scenario has no such place.");
    if (content.tag !== undefined && !CORE_TAGS.has(content.tag)) {
      return this.#flaw(leaf, `Tags such as \`${content.tag}\` are not used in scenarios; remove it.`);
    }
    if (isScalar(content)) return this.#scalar({ ...leaf, value: content.value, source: content.source });

    this.#open.add(content);
    const grown = isMap(content)
      ? this.#map(content.items, leaf, at)
      : isSeq(content)
        ? this.#list(content.items, leaf, at)
        : leaf;
    this.#open.delete(content);
    return grown;
  }

  #alias(alias: Alias, at: number | undefined): Tree {
    const place = at ?? alias.range?.[0] ?? 0;
    const leaf: Tree = {
      value: null,
      offset: place,
      keyOffset: place,
      source: undefined,
      isBroken: false,
      entries: new Map(),
      items: [],
    };
    if (this.#isRefused) return leaf;
    if (++this.#aliases > MAX_ALIASES)
      return this.#refuse(
        leaf,
        `This is the alias number ${MAX_ALIASES + 1}, those within what aliases stand for included; a file can have ${MAX_ALIASES}. Write groups and families instead.`,
      );
    const node = alias.resolve(this.#document);
    if (node === undefined) {
      return this.#flaw(
        leaf,
        `There is no anchor \`${alias.source}\` above; write the value itself, or put text with \`*\` in quotes.`,
      );
    }
    if (this.#open.has(node))
      return this.#refuse(leaf, "This alias stands for something that contains it; write the value itself.");
    return this.#tree(node, place, place);
  }

  #scalar(leaf: Tree): Tree {
    const { value, source } = leaf;
    if (typeof value !== "number" || (source !== undefined && DECIMAL.test(source))) return leaf;
    const instead = Number.isFinite(value)
      ? `, here ${new Intl.NumberFormat("en", { useGrouping: false, maximumFractionDigits: 18 }).format(value)}`
      : "";
    return this.#flaw(
      leaf,
      `Numbers are written in digits, without exponent, sign or other base${instead}, and not as ${source ?? "this"}.`,
    );
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], leaf: Tree, at: number | undefined): Tree {
    const value = Object.create(null) as Record<string, unknown>;
    const entries = new Map<string, Tree>();
    for (const { key, value: node } of pairs) {
      const keyNode = key as Node | null;
      const keyOffset = at ?? keyNode?.range?.[0] ?? leaf.offset;
      const name = isScalar(keyNode) ? keyNode.value : undefined;
      if (typeof name !== "string" || name === "") {
        this.#problems.add(
          keyOffset,
          typeof name === "number" && node === null
            ? "A comma ends what is before it; numbers have a point before their decimals, such as `0.5`, and nothing between thousands."
            : "Names are words here; write one that begins with a letter, in quotes if need be.",
        );
        continue;
      }
      const entry = { ...this.#tree(node, keyOffset, at), keyOffset };
      entries.set(name, entry);
      value[name] = entry.value;
    }
    return { ...leaf, value, entries };
  }

  #list(nodes: readonly unknown[], leaf: Tree, at: number | undefined): Tree {
    const items = nodes.map((node) => this.#tree(node, leaf.offset, at));
    return { ...leaf, value: items.map(({ value }) => value), items };
  }

  #flaw(leaf: Tree, message: string): Tree {
    this.#problems.add(leaf.offset, message);
    return { ...leaf, isBroken: true };
  }

  #refuse(leaf: Tree, message: string): Tree {
    if (!this.#isRefused) this.#problems.add(leaf.offset, message);
    this.#isRefused = true;
    return { ...leaf, isBroken: true };
  }
}
