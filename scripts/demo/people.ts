import { id, Wallet } from "ethers";

/** Whoever has a name in the demo. Keys follow from the seed and are good for an embedded chain only. */
export interface Person {
  name: string;
  wallet: Wallet;
}

/** Whoever gets paid. The treasury is a contract, without a key. */
export interface Payee {
  name: string;
  wallet: { address: string };
}

/** How a payer pays. */
export type Rail =
  | "approval"
  | "permit"
  | "batch"
  | "balance"
  | "balance batch"
  | "transfer"
  | "signed transfer"
  | "registry"
  | "licence"
  | "authorization"
  | "authorization batch"
  | "voucher"
  | "job";

export type Payer = Person & { rail: Rail };

export interface People {
  archive: Person;
  curator: Person;
  lab: Person;
  studio: Person;
  workshop: Person;
  agent: Person;
  operators: [Person, Person];
  /** Cheats. */
  rogue: Person;
  /** Stake on operators. */
  backers: [Person, Person, Person];
  /** Write a poem, and copy it. */
  poet: Person;
  copycat: Person;
  /** Looks for faults. */
  watcher: Person;
  /** Says whose words are in outputs. */
  reporter: Person;
  relayer: Person;
  /** Signs vouchers for payers who keep their own keys away. */
  sessionKey: Person;
  payers: Payer[];
  /** One per author of the corpus, by name. */
  contributors: Map<string, Person>;
}

const PAYERS_PER_RAIL: Record<Rail, number> = {
  approval: 12,
  permit: 12,
  batch: 6,
  balance: 10,
  "balance batch": 4,
  transfer: 8,
  "signed transfer": 6,
  registry: 6,
  licence: 4,
  authorization: 6,
  "authorization batch": 6,
  voucher: 8,
  job: 4,
};

/** Makes everybody up. */
export function castPeople({ seed, authors }: { seed: number; authors: string[] }): People {
  const person = (name: string): Person => ({ name, wallet: new Wallet(id(`demo ${seed}: ${name}`)) });
  const rails = Object.keys(PAYERS_PER_RAIL) as Rail[];
  return {
    archive: person("Address Archive"),
    curator: person("Archive curator"),
    lab: person("Rostrum Lab"),
    studio: person("Plain Words Studio"),
    workshop: person("Speech Workshop"),
    agent: person("Speechwriter"),
    operators: [person("North Compute"), person("South Compute")],
    rogue: person("East Compute"),
    backers: [person("Northern Pension"), person("Harbour Fund"), person("River Union")],
    poet: person("Poet"),
    copycat: person("Copycat"),
    watcher: person("Watcher"),
    reporter: person("Daily Reporter"),
    relayer: person("Relayer"),
    sessionKey: person("Session key"),
    payers: rails.flatMap((rail) =>
      Array.from({ length: PAYERS_PER_RAIL[rail] }, (_, i) => ({ ...person(`Payer ${rail} ${i + 1}`), rail })),
    ),
    contributors: new Map(authors.map((author) => [author, person(author)])),
  };
}

/** @throws Error if nobody wrote under this name. */
export function contributorOf({ contributors }: People, author: string): Person {
  const person = contributors.get(author);
  if (person === undefined) throw new Error(`${author} has no wallet.`);
  return person;
}

/** Everybody who sends transactions. */
export function everybody(people: People): Person[] {
  const { payers, contributors, operators, backers, ...others } = people;
  return [...Object.values(others), ...operators, ...backers, ...payers, ...contributors.values()];
}
