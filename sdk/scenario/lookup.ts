import { didYouMean } from "./nearest.ts";
import type { Problems } from "./problem.ts";
import { LAYERS } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

/** What a name stands for. Places are those in the scenario's lists. */
export type Named =
  | { kind: "person"; person: number }
  /** Members `<name> 1` to `<name> <count>`, one behind the other. */
  | { kind: "group"; first: number; count: number }
  | { kind: "datanet"; datanet: number }
  | { kind: "model"; asset: number }
  | { kind: "agent"; asset: number; wallet: number }
  | { kind: "family"; asset: number; count: number }
  | { kind: "operator"; operator: number; person: number };

/** The same for a name with its number already resolved: nothing in the plural. */
type One = Exclude<Named, { kind: "group" | "family" }>;

const SAID: Record<Named["kind"], string> = {
  person: "a person",
  group: "a group",
  datanet: "a Datanet",
  model: "a model",
  agent: "an agent",
  family: "a family of models",
  operator: "an operator",
};

/** Words that mean something in expectations. */
const RESERVED = new Set<string>([...LAYERS, "payments", "at"]);

/** All names of a scenario, and what they stand for. */
export class Names {
  readonly #problems: Problems;
  readonly #named = new Map<string, { named: Named; offset: number }>();
  readonly #services = new Map<string, number>();
  readonly #operatorNames: string[] = [];
  readonly #assetNames: string[] = [];
  /** Whether sections of the file could not be read, so that names may be missing here that are in the file. */
  isIncomplete = false;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** @returns Whether the name is new and can be used. */
  declare(name: string, { keyOffset }: Tree, named: Named): boolean {
    const other = this.#named.get(name);
    if (other !== undefined) {
      const line = this.#problems.line(other.offset);
      this.#problems.add(
        keyOffset,
        `\`${name}\` is ${SAID[other.named.kind]} already, in line ${line}; give one of them another name.`,
      );
      return false;
    }
    if (RESERVED.has(name)) {
      this.#problems.add(keyOffset, `\`${name}\` has a meaning in expectations; choose another name.`);
    }
    this.#named.set(name, { named, offset: keyOffset });
    if (named.kind === "operator") this.#operatorNames[named.operator] = name;
    if (named.kind === "model" || named.kind === "agent") this.#assetNames[named.asset] = name;
    if (named.kind === "family") {
      for (let i = 0; i < named.count; i++) this.#assetNames[named.asset + i] = `${name} ${i + 1}`;
    }
    return true;
  }

  serviceName(asset: number, operator: number): string {
    return `${this.#assetNames[asset]} at ${this.#operatorNames[operator]}`;
  }

  assetName(asset: number): string {
    return this.#assetNames[asset];
  }

  /** @returns Whether the service is new. */
  declareService(name: string, service: number): boolean {
    if (this.#services.has(name)) return false;
    this.#services.set(name, service);
    return true;
  }

  /** The place in `people` of an agent that is declared. */
  walletOf(agent: string): number {
    const named = this.peek(agent);
    if (named?.kind !== "agent") throw new RangeError(`There is no agent ${agent}.`);
    return named.wallet;
  }

  /** What is declared under a name itself, without saying anything. */
  peek(name: string): Named | undefined {
    return this.#named.get(name)?.named;
  }

  /** What a name stands for, members of groups and families included. Says what is wrong with one that is unknown. */
  find(name: string, offset: number): Named | undefined {
    const whole = this.peek(name);
    if (whole !== undefined) return whole;
    const member = /^(.+) ([1-9][0-9]{0,6})$/.exec(name);
    const group = member === null ? undefined : this.peek(member[1]);
    if (member !== null && (group?.kind === "group" || group?.kind === "family")) {
      const place = Number(member[2]) - 1;
      if (place < group.count) return memberOf(group, place);
      this.#problems.add(
        offset,
        `There is no \`${name}\`: the last of \`${member[1]}\` is \`${member[1]} ${group.count}\`.`,
      );
      return undefined;
    }
    if (member !== null && group !== undefined) {
      this.#problems.add(
        offset,
        `There is no \`${name}\`: \`${member[1]}\` is ${SAID[group.kind]} and has no members.`,
      );
      return undefined;
    }
    if (!this.isIncomplete) {
      const hint = didYouMean(name, this.#named.keys()) || " Declare it, or write another name.";
      this.#problems.add(offset, `Nobody and nothing here is called \`${name}\`.${hint}`);
    }
    return undefined;
  }

  /** A single person, or an operator's wallet. */
  person(name: string, offset: number): number | undefined {
    const one = this.#one(name, offset, "a person or operator");
    if (one === undefined) return undefined;
    if (one.kind === "person" || one.kind === "operator") return one.person;
    this.#mismatch(name, offset, one, "a person or operator");
    return undefined;
  }

  /** A person, an operator's wallet, or all members of a group. */
  persons(name: string, offset: number): number[] | undefined {
    const named = this.find(name, offset);
    if (named?.kind === "group") return Array.from({ length: named.count }, (_, i) => named.first + i);
    if (named === undefined) return undefined;
    if (named.kind === "person" || named.kind === "operator") return [named.person];
    this.#mismatch(name, offset, named, "a person, group or operator");
    return undefined;
  }

  datanet(name: string, offset: number): number | undefined {
    const one = this.#one(name, offset, "a Datanet");
    if (one === undefined || one.kind === "datanet") return one?.datanet;
    this.#mismatch(name, offset, one, "a Datanet");
    return undefined;
  }

  operator(name: string, offset: number): number | undefined {
    const one = this.#one(name, offset, "an operator");
    if (one === undefined || one.kind === "operator") return one?.operator;
    this.#mismatch(name, offset, one, "an operator");
    return undefined;
  }

  asset(name: string, offset: number): number | undefined {
    const one = this.#one(name, offset, "a model or agent");
    if (one === undefined) return undefined;
    if (one.kind === "model" || one.kind === "agent") return one.asset;
    this.#mismatch(name, offset, one, "a model or agent");
    return undefined;
  }

  /** A model or agent, or all of a family. */
  assets(name: string, offset: number): number[] | undefined {
    const named = this.find(name, offset);
    if (named?.kind === "family") return Array.from({ length: named.count }, (_, i) => named.asset + i);
    if (named === undefined) return undefined;
    if (named.kind === "model" || named.kind === "agent") return [named.asset];
    this.#mismatch(name, offset, named, "a model or agent");
    return undefined;
  }

  /** What a model or agent can build on; a model cannot build on an agent. */
  upstream(
    name: string,
    offset: number,
    downstream: "model" | "agent",
  ): { datanet: number } | { asset: number } | undefined {
    const wanted = downstream === "model" ? "a Datanet or model" : "a Datanet, model or agent";
    const one = this.#one(name, offset, wanted);
    if (one === undefined) return undefined;
    if (one.kind === "datanet") return { datanet: one.datanet };
    if (one.kind === "model") return { asset: one.asset };
    if (one.kind === "agent" && downstream === "agent") return { asset: one.asset };
    this.#mismatch(name, offset, one, wanted);
    return undefined;
  }

  /** `<asset> at <operator>`. */
  service(name: string, offset: number): number | undefined {
    const service = this.#services.get(name);
    if (service !== undefined) return service;
    const [assetName, operatorName] = splitService(name);
    const before = this.#problems.size;
    const asset = this.asset(assetName, offset);
    const operator = this.operator(operatorName, offset);
    if (asset !== undefined && operator !== undefined && before === this.#problems.size && !this.isIncomplete) {
      const served = [...this.#services.keys()].filter((known) => known.startsWith(`${assetName} at `));
      const instead =
        served.length === 0 ? `add it to \`serves\` of \`${operatorName}\`` : `add it there, or write \`${served[0]}\``;
      this.#problems.add(offset, `\`${operatorName}\` does not serve \`${assetName}\`; ${instead}.`);
    }
    return undefined;
  }

  #one(name: string, offset: number, wanted: string): One | undefined {
    const named = this.find(name, offset);
    if (named?.kind !== "group" && named?.kind !== "family") return named;
    this.#problems.add(
      offset,
      `\`${name}\` is ${SAID[named.kind]}, and ${wanted} is needed here; write one of \`${name} 1\` to \`${name} ${named.count}\`.`,
    );
    return undefined;
  }

  #mismatch(name: string, offset: number, { kind }: Named, wanted: string): void {
    this.#problems.add(offset, `\`${name}\` is ${SAID[kind]}, and ${wanted} is needed here.`);
  }
}

/** Name of the asset and of the operator. */
export function splitService(name: string): [string, string] {
  const at = name.lastIndexOf(" at ");
  return [name.slice(0, at), name.slice(at + 4)];
}

function memberOf(group: Extract<Named, { kind: "group" | "family" }>, place: number): One {
  if (group.kind === "group") return { kind: "person", person: group.first + place };
  return { kind: "model", asset: group.asset + place };
}
