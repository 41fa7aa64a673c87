import type { AssetRef, Upstream, WeightedAccount } from "./references.ts";

/** What the text of an option is read as. */
export interface Kinds {
  text: string;
  /** Separated by commas. */
  texts: string[];
  file: string;
  files: string[];
  /** OPEN with up to 18 decimals, as its smallest unit. */
  amount: bigint;
  uint: bigint;
  uints: bigint[];
  /** Percent with up to two decimals, as basis points. */
  percent: bigint;
  /** 90s, 15m, 2h, 7d, as seconds. */
  duration: bigint;
  /** Address of somebody, who may be named as `--from` takes it. */
  account: string;
  accounts: string[];
  /** Address of somebody, or nobody: the zero address. */
  arbiter: string;
  datanet: AssetRef;
  model: AssetRef;
  agent: AssetRef;
  asset: AssetRef;
  /** Assets with units: `datanet:1@1=20`. */
  upstreams: Upstream[];
  /** Accounts with units: `alice=80`. */
  builders: WeightedAccount[];
  hash: string;
  bytes: string;
  flag: boolean;
}
export type Kind = keyof Kinds;

/** An option of a verb. */
export interface Option {
  kind: Kind;
  description: string;
  required?: true;
  default?: string;
  /** The only values it takes. */
  choices?: readonly string[];
}
export type Options = Record<string, Option>;

/** What a run gets of a verb's options. */
export type ArgsOf<O extends Options> = {
  [Name in keyof O]: O[Name] extends { required: true } | { default: string } | { kind: "flag" }
    ? Kinds[O[Name]["kind"]]
    : Kinds[O[Name]["kind"]] | undefined;
};

/** What the fields of a result are; amounts are in OPEN's smallest unit, and "?" says that it may be null. */
interface FieldTypes {
  text: string;
  uint: bigint;
  amount: bigint;
  number: number;
  flag: boolean;
  address: string;
  hash: string;
}
export type FieldType = keyof FieldTypes;
export type Field = FieldType | `${FieldType}?` | Shape | readonly [FieldType | Shape];
export interface Shape {
  readonly [name: string]: Field;
}

type ValueOf<F> = F extends FieldType
  ? FieldTypes[F]
  : F extends `${infer T extends FieldType}?`
    ? FieldTypes[T] | null
    : F extends readonly [infer Item]
      ? ValueOf<Item>[]
      : F extends Shape
        ? ResultOf<F>
        : never;

/** What a verb with this shape answers. */
export type ResultOf<S extends Shape> = { -readonly [Name in keyof S]: ValueOf<S[Name]> };

/** One thing that can be done from the command line. */
export interface Verb<O extends Options = Options, S extends Shape = Shape> {
  name: string;
  description: string;
  options: O;
  /** What `result` of its JSON document holds. */
  returns: S;
  /** Whether it sends transactions or signs. */
  signs: boolean;
  /** Without `npx hardhat` and the network. */
  example: string;
}

/** A verb that only looks. */
export function look<const O extends Options, const S extends Shape>(verb: Omit<Verb<O, S>, "signs">): Verb<O, S> {
  return { ...verb, signs: false };
}

/** A verb that somebody has to sign or send. */
export function act<const O extends Options, const S extends Shape>(verb: Omit<Verb<O, S>, "signs">): Verb<O, S> {
  return { ...verb, signs: true };
}

export function need<const K extends Kind>(
  kind: K,
  description: string,
): { kind: K; description: string; required: true } {
  return { kind, description, required: true };
}

export function may<const K extends Kind>(kind: K, description: string): { kind: K; description: string } {
  return { kind, description };
}

/** An option with a value if it is left out. */
export function or<const K extends Kind>(
  kind: K,
  value: string,
  description: string,
): { kind: K; description: string; default: string } {
  return { kind, description, default: value };
}

/** One of a few words. */
export function choice(
  choices: readonly string[],
  value: string,
  description: string,
): { kind: "text"; description: string; default: string; choices: readonly string[] } {
  return { kind: "text", description, default: value, choices };
}

export function flag(description: string): { kind: "flag"; description: string } {
  return { kind: "flag", description };
}
