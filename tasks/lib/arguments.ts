import { getAddress, isHexString, parseUnits, ZeroAddress } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { ASSET_KINDS, type AssetRef } from "./references.ts";
import type { ArgsOf, Kind, Kinds, Option, Options } from "./verb.ts";

/** Finds an address by what a person calls somebody. */
export type FindAddress = (who: string) => Promise<string>;

/** Raw values of options, as Hardhat hands them on. */
export type RawArguments = Record<string, unknown>;

const DECIMALS = 18;
const SECONDS = { s: 1n, m: 60n, h: 3_600n, d: 86_400n };
const MAX_BPS = 10_000n;

/**
 * Reads the options of a verb.
 *
 * @throws UserError about the first one that is missing or cannot be read.
 */
export async function readArguments<O extends Options>({
  options,
  raw,
  find,
}: {
  options: O;
  raw: RawArguments;
  find: FindAddress;
}): Promise<ArgsOf<O>> {
  const read: [string, unknown][] = [];
  for (const [name, option] of Object.entries(options)) {
    read.push([name, await readOption({ name, option, given: raw[name], find })]);
  }
  return Object.fromEntries(read) as ArgsOf<O>;
}

/** An option as it is typed. */
export function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

async function readOption({
  name,
  option,
  given,
  find,
}: {
  name: string;
  option: Option;
  given: unknown;
  find: FindAddress;
}): Promise<unknown> {
  if (option.kind === "flag") return given === true;
  const text = typeof given === "string" ? given : option.default;
  if (text === undefined) {
    if (option.required) throw new UserError(`${optionName(name)} is missing: ${lowered(option.description)}`);
    return undefined;
  }
  if (option.choices !== undefined && !option.choices.includes(text)) {
    throw new UserError(`${optionName(name)} is "${text}", but can only be ${option.choices.join(", ")}.`);
  }
  const wrong = (wanted: string): UserError =>
    new UserError(`${optionName(name)} is "${text}", but must be ${wanted}.`);
  return await READERS[option.kind](text, { wrong, find });
}

interface Reading {
  wrong: (wanted: string) => UserError;
  find: FindAddress;
}

const READERS: { [K in Exclude<Kind, "flag">]: (text: string, reading: Reading) => Kinds[K] | Promise<Kinds[K]> } = {
  text: (text) => text,
  texts: (text) => list(text),
  file: (text) => text,
  files: (text) => list(text),
  amount: readAmount,
  uint: readUint,
  uints: (text, reading) => list(text).map((item) => readUint(item, reading)),
  percent: (text, { wrong }) => {
    if (!/^\d+(\.\d{1,2})?$/.test(text)) throw wrong("percent with up to two decimals, such as 12.5");
    const bps = parseUnits(text, 2);
    if (bps > MAX_BPS) throw wrong("at most 100");
    return bps;
  },
  duration: (text, { wrong }) => {
    const match = /^(\d+)([smhd])$/.exec(text);
    if (match === null) throw wrong("a time such as 90s, 15m, 2h or 7d");
    return BigInt(match[1]) * SECONDS[match[2] as keyof typeof SECONDS];
  },
  account: async (text, { find }) => await find(text),
  accounts: async (text, { find }) => await Promise.all(list(text).map(find)),
  arbiter: async (text, { find }) => (text === "none" ? ZeroAddress : await find(text)),
  datanet: (text, reading) => readAsset(text, reading, "datanet"),
  model: (text, reading) => readAsset(text, reading, "model"),
  agent: (text, reading) => readAsset(text, reading, "agent"),
  asset: (text, reading) => readAsset(text, reading),
  upstreams: (text, reading) =>
    list(text).map((item) => {
      const [asset, units] = pair(item, reading, "assets with units, such as datanet:1@1=20,model:2@1=10");
      return { asset: readAsset(asset, reading), units: readUint(units, reading) };
    }),
  builders: async (text, reading) =>
    await Promise.all(
      list(text).map(async (item) => {
        const [who, units] = pair(item, reading, "accounts with units, such as alice=80,bob=20");
        return { account: await reading.find(who), units: readUint(units, reading) };
      }),
    ),
  hash: (text, { wrong }) => {
    if (!isHexString(text, 32)) throw wrong("32 bytes of hex");
    return text.toLowerCase();
  },
  bytes: (text, { wrong }) => {
    if (!isHexString(text) || text.length % 2 !== 0) throw wrong("bytes of hex");
    return text;
  },
};

function readAmount(text: string, { wrong }: Reading): bigint {
  if (!/^\d+(\.\d+)?$/.test(text)) throw wrong("an amount of OPEN, such as 0.25");
  if ((text.split(".")[1] ?? "").length > DECIMALS) throw wrong(`an amount with up to ${DECIMALS} decimals`);
  return parseUnits(text, DECIMALS);
}

function readUint(text: string, { wrong }: Reading): bigint {
  if (!/^\d+$/.test(text)) throw wrong("a whole number, or several with commas between them");
  return BigInt(text);
}

function readAsset(text: string, { wrong }: Reading, only?: AssetRef["kind"]): AssetRef {
  const whose = only === undefined ? "an asset" : only === "agent" ? "an agent" : `a ${only}`;
  const wanted = `${whose}, such as ${only ?? "datanet"}:1 or ${only ?? "model"}:2@3`;
  const match = /^(?:([a-z]+):)?([1-9]\d*)(?:@([1-9]\d*))?$/.exec(text);
  if (match === null) throw wrong(wanted);
  const [, kind, id, version] = match as (string | undefined)[];
  const found = ASSET_KINDS.find((one) => one === (kind ?? only));
  if (found === undefined || (only !== undefined && found !== only)) throw wrong(wanted);
  return { kind: found, id: BigInt(id ?? 0), version: version === undefined ? undefined : BigInt(version) };
}

function pair(text: string, { wrong }: Reading, wanted: string): [string, string] {
  const parts = text.split("=");
  if (parts.length !== 2) throw wrong(wanted);
  return [parts[0], parts[1]];
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** An address as it is typed; undefined if it is none. @throws UserError about one with a wrong checksum. */
export function readAddress(text: string): string | undefined {
  if (!/^0x[0-9a-f]{40}$/i.test(text)) return undefined;
  try {
    return getAddress(text);
  } catch {
    throw new UserError(`${text} has a wrong checksum. Copy the address once more.`);
  }
}
