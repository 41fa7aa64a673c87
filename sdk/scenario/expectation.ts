import { SUPPLY } from "./limits.ts";
import type { Names } from "./lookup.ts";
import { didYouMean } from "./nearest.ts";
import type { Problems } from "./problem.ts";
import { readAmount, readDecimal } from "./quantities.ts";
import { type Expectation, type Figure, LAYERS, type Layer, type Subject, type Whole } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

const RELATIONS = ["at least", "at most", "exactly"] as const;

const MONEY_VERBS = {
  earns: "earns",
  earn: "earns",
  claims: "claims",
  claim: "claims",
  spends: "spends",
  spend: "spends",
} as const;
const VERBS = [...Object.keys(MONEY_VERBS), "serves", "is slashed by"];

type Unit = Expectation["unit"];

/** Figures of the whole run: their unit, and whether there is one for each period. */
const FIGURES = {
  payments: { unit: "count", perPeriod: true },
  calls: { unit: "count", perPeriod: true },
  "refused calls": { unit: "count", perPeriod: true },
  volume: { unit: "open", perPeriod: true },
  gini: { unit: "part", perPeriod: true },
  hhi: { unit: "part", perPeriod: true },
  nakamoto: { unit: "count", perPeriod: true },
  retention: { unit: "part", perPeriod: false },
  "gas share": { unit: "part", perPeriod: false },
} as const satisfies Record<string, { unit: Unit; perPeriod: boolean }>;

const isFigure = (text: string): text is keyof typeof FIGURES => Object.hasOwn(FIGURES, text);
const isLayer = (text: string): text is Layer => LAYERS.some((layer) => layer === text);

const EXAMPLES =
  "`alice earns at least 3 % of payments`, `north serves exactly 20 calls` or `refused calls are at most 5`";

const SENTENCE =
  /^(?<start>.+?) (?<relation>at least|at most|exactly) (?<value>[^ ]+?)(?: ?(?<unit>%|(?<= )OPEN|(?<= )calls))?(?: of (?<whole>.+?))?(?: in period (?<period>[^ ]+))?$/d;

/** Reads sentences about what must come out. */
export class ExpectationReader {
  readonly #names: Names;
  readonly #problems: Problems;
  readonly #periods: number;

  constructor({ names, problems, periods }: { names: Names; problems: Problems; periods: number }) {
    this.#names = names;
    this.#problems = problems;
    this.#periods = periods;
  }

  read(tree: Tree): Expectation | undefined {
    const text = String(tree.value).trim();
    const match = SENTENCE.exec(text);
    const parts = match?.groups;
    if (match === null || parts === undefined) {
      this.#problems.add(tree.offset, explainForm(text));
      return;
    }
    // What is optional in the sentence is undefined here, whatever the type says.
    const { start, relation, value, unit, whole, period } = parts as Record<string, string | undefined>;
    const places = match.indices?.groups ?? {};
    const offset = (part: string): number => offsetWithin(tree, text, places[part][0]);

    const subject = this.#start(start ?? "", offset("start"));
    if (subject === undefined) return undefined;
    const { figure, units, perPeriod, most } = subject;
    const read = this.#value({ value: value ?? "", unit, units, most, figure, offset: offset("value") });
    if (read === undefined) return undefined;

    const isPeriodFine = this.#period({ period, perPeriod, offset: period === undefined ? 0 : offset("period") });
    const isMoney = figure.kind === "earns" || figure.kind === "claims" || figure.kind === "spends";
    if (whole === undefined && unit === "%" && (isMoney || figure.kind === "serves")) {
      const instead = figure.kind === "serves" ? "of calls" : "of payments";
      this.#problems.add(offset("value"), `This is a part of nothing; write \`${value ?? ""} % ${instead}\`.`);
      return;
    }
    if (whole !== undefined && !this.#whole({ whole, figure, unit, offset: offset("whole") })) return undefined;
    if (!isPeriodFine) return undefined;
    return {
      text,
      line: this.#problems.line(tree.offset),
      figure: isMoney && whole !== undefined ? { ...figure, of: whole as Whole } : figure,
      relation: relation as Expectation["relation"],
      value: read.value,
      unit: read.unit,
      period: period === undefined ? undefined : Number(period) - 1,
    };
  }

  /** What stands before the relation: a figure, or somebody and a verb. */
  #start(
    start: string,
    offset: number,
  ): { figure: Figure; units: Unit[]; perPeriod: boolean; most: "whole" | "any" } | undefined {
    const whole = /^(.+) (?:is|are)$/.exec(start);
    if (whole !== null) {
      const [, name] = whole;
      if (isFigure(name)) {
        const { unit, perPeriod } = FIGURES[name];
        return { figure: { kind: name }, units: [unit], perPeriod, most: name === "gas share" ? "any" : "whole" };
      }
      const hint = didYouMean(name, Object.keys(FIGURES));
      this.#problems.add(offset, `"${name}" is no figure.${hint} Figures are ${list(Object.keys(FIGURES))}.`);
      return;
    }

    const action = /^(.+) (earns?|claims?|spends?|serves|is slashed by)$/.exec(start);
    if (action === null) {
      const verb = start.split(" ").slice(1).join(" ");
      const hint = didYouMean(start.split(" ").at(-1) ?? "", VERBS);
      this.#problems.add(
        offset,
        `"${verb === "" ? start : verb}" says nothing here.${hint} Write somebody and one of ${list(VERBS)}; or a figure with \`is\` or \`are\`.`,
      );
      return;
    }
    const [, name, verb] = action;
    if (verb === "serves" || verb === "is slashed by") {
      const operator = this.#names.operator(name, offset);
      if (operator === undefined) return undefined;
      if (verb === "serves")
        return { figure: { kind: "serves", operator }, units: ["part", "count"], perPeriod: true, most: "whole" };
      return { figure: { kind: "slashed", operator }, units: ["open"], perPeriod: true, most: "whole" };
    }
    const who = this.#subject(name, offset);
    if (who === undefined) return undefined;
    const kind = MONEY_VERBS[verb as keyof typeof MONEY_VERBS];
    return { figure: { kind, who, of: "payments" }, units: ["open", "part"], perPeriod: true, most: "whole" };
  }

  #subject(name: string, offset: number): Subject | undefined {
    if (isLayer(name)) return { layer: name };
    const named = this.#names.find(name, offset);
    switch (named?.kind) {
      case "person":
      case "operator":
        return { person: named.person };
      case "group":
        return { group: name };
      case "datanet":
        return { datanet: named.datanet };
      case "model":
      case "agent":
        return { asset: named.asset };
      case "family": {
        this.#problems.add(offset, `\`${name}\` is a family of models; write one of them, such as \`${name} 1\`.`);
        return;
      }
      case undefined:
        return undefined;
    }
  }

  #value({
    value,
    unit,
    units,
    most,
    figure,
    offset,
  }: {
    value: string;
    unit: string | undefined;
    units: readonly Unit[];
    most: "whole" | "any";
    figure: Figure;
    offset: number;
  }): { value: bigint; unit: Unit } | undefined {
    const wants = (instead: string): void => {
      this.#problems.add(
        offset,
        `"${[value, unit].filter((word) => word !== undefined).join(" ")}" has the wrong unit; write ${instead}.`,
      );
    };
    const asked: Unit | undefined =
      unit === "OPEN" ? "open" : unit === "%" ? "part" : unit === "calls" ? "count" : undefined;

    if (units.length === 2) {
      const instead = figure.kind === "serves" ? "`60 % of calls` or `20 calls`" : "`20 OPEN` or `3 % of payments`";
      if (asked === undefined || !units.includes(asked)) {
        wants(instead);
        return;
      }
    } else if (units[0] === "open" && asked !== "open") {
      wants("an amount such as `20 OPEN`");
      return;
    } else if (units[0] === "count" && asked !== undefined) {
      wants("a number such as `20`");
      return;
    } else if (units[0] === "part" && asked !== undefined && asked !== "part") {
      wants("a part such as `0.6` or `60 %`");
      return;
    }

    const chosen = asked ?? units[0];
    const read =
      chosen === "open"
        ? readAmount(value)
        : readDecimal({
            written: value,
            decimals: chosen === "count" ? 0 : asked === "part" ? 4 : 6,
            what: "a part",
          });
    if ("problem" in read && chosen === "count") {
      this.#problems.add(offset, `"${value}" is no whole number; write one, such as \`20\`.`);
      return;
    }
    if ("problem" in read) {
      this.#problems.add(offset, read.problem);
      return;
    }
    const isTooMuch =
      chosen === "part" ? most === "whole" && read.value > 1_000_000n : chosen === "open" && read.value > SUPPLY;
    if (isTooMuch) {
      this.#problems.add(
        offset,
        chosen === "part"
          ? "This can never be more than all, 100 %; write less."
          : "This is more than all OPEN that there is; write less.",
      );
      return;
    }
    return { value: read.value, unit: chosen };
  }

  #whole({
    whole,
    figure,
    unit,
    offset,
  }: {
    whole: string;
    figure: Figure;
    unit: string | undefined;
    offset: number;
  }): boolean {
    if (figure.kind === "serves") {
      if (whole === "calls" && unit === "%") return true;
      this.#problems.add(offset, "Operators serve a part of calls; write `% of calls`, or a number of `calls` alone.");
      return false;
    }
    if (unit === "%" && "of" in figure) {
      if (whole === "payments" || isLayer(whole)) return true;
      const wholes = ["payments", ...LAYERS];
      this.#problems.add(
        offset,
        `"${whole}" is nothing that parts are of.${didYouMean(whole, wholes)} Write one of ${list(wholes)}.`,
      );
      return false;
    }
    this.#problems.add(offset, `There is no "of ${whole}" here; remove it.`);
    return false;
  }

  #period({ period, perPeriod, offset }: { period: string | undefined; perPeriod: boolean; offset: number }): boolean {
    if (period === undefined) return true;
    if (!perPeriod) {
      this.#problems.add(offset, "This figure is of the whole run only; remove `in period`.");
      return false;
    }
    if (/^[0-9]{1,4}$/.test(period) && Number(period) >= 1 && Number(period) <= this.#periods) return true;
    this.#problems.add(offset, `There is no period ${period}; write a number from 1 to ${this.#periods}.`);
    return false;
  }
}

function explainForm(text: string): string {
  if (!RELATIONS.some((relation) => `${text} `.includes(` ${relation} `))) {
    return `This sentence has none of \`at least\`, \`at most\` and \`exactly\`; write it like ${EXAMPLES}.`;
  }
  return `This sentence does not say how much of what; write it like ${EXAMPLES}.`;
}

function list(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}

/** Where a part of a sentence is in the file; its begin, if it is not written in one piece. */
function offsetWithin(tree: Tree, text: string, place: number): number {
  const isPlain = tree.source === text && !text.includes("\n");
  return tree.offset + (isPlain ? place : 0);
}
