import { id } from "ethers";

import { canonicalText } from "../../sdk/attribution/canonical.ts";
import type { ContributionText } from "../../sdk/attribution/faultProofs.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { noveltyOfText } from "../../sdk/attribution/novelty.ts";
import { ContentTree } from "../../sdk/content.ts";
import type { Catalogue } from "./catalogue.ts";
import { findCommons } from "./commons.ts";
import type { CorpusText } from "./corpus.ts";
import { Datanet, type DatanetVersion } from "./datanet.ts";
import { contributorOf, type People, type Person } from "./people.ts";
import type { Setting } from "./setting.ts";

/** Tokens that must be the same for a match. */
export const GRAM = 5;

/** How many contributions, the first ones, are nobody's. */
export const COMMONS = 1;

const FIRST_YEAR = 1961;
const LAST_YEAR_OF_VERSION_1 = 2000;
/** What so many authors have said belongs to nobody. */
const COMMON_AUTHORS = 4;

/** A contribution whose content is its canonical text. */
export interface LibraryText extends ContributionText {
  by: Person;
  title: string;
}

/** A Datanet of texts that outputs can be held against. */
export interface Library {
  datanet: Datanet;
  /** What models are trained on, and before. */
  version: DatanetVersion;
  earlier: DatanetVersion;
  /** In the order of the log. */
  texts: LibraryText[];
  index: GramIndex;
}

/**
 * Fills a Datanet with what is in all mouths, with addresses, and last with the copy of one, which nobody notices. A
 * contribution's units are what it has that was not there before.
 */
export async function fillLibrary({
  setting,
  catalogue,
  corpus,
}: {
  setting: Setting;
  catalogue: Catalogue;
  corpus: CorpusText[];
}): Promise<Library> {
  const { people } = setting;
  const sources = sourcesOf({ people, corpus });
  const datanet = await Datanet.create({ name: "Library", setting, catalogue });
  const index = GramIndex.create({ k: GRAM });
  const texts: LibraryText[] = [];
  const accept = async (batch: Source[]): Promise<DatanetVersion> => {
    const offers = batch.map(({ by, title, text }) => {
      const { novelUnits } = noveltyOfText({ index, text });
      const content = {
        contentRoot: ContentTree.from(text).contentRoot,
        byteLength: BigInt(text.length),
        licenseHash: id("Apache-2.0"),
        uriHash: id(`https://example.org/library/${index.append(text)}`),
      };
      texts.push({ index: texts.length, by, title, text, content });
      // The registry takes nothing without units.
      return { by, content, units: BigInt(Math.max(novelUnits, 1)) };
    });
    return datanet.accept(offers);
  };
  const earlier = await accept(sources.filter(({ year }) => year <= LAST_YEAR_OF_VERSION_1));
  const version = await accept(sources.filter(({ year }) => year > LAST_YEAR_OF_VERSION_1));
  return { datanet, version, earlier, texts, index };
}

/** What a model learns from: the commons are phrases of the same texts. */
export function trainingTexts({ texts }: Library, { log }: DatanetVersion): Uint8Array[] {
  return texts.slice(COMMONS, log.tree.size).map(({ text }) => text);
}

interface Source {
  by: Person;
  year: number;
  title: string;
  text: Uint8Array;
}

function sourcesOf({ people, corpus }: { people: People; corpus: CorpusText[] }): Source[] {
  const recent = corpus
    .filter(({ year }) => year >= FIRST_YEAR)
    .map(({ author, year, text }) => ({ author, year, text: canonicalText(text) }));
  const [{ year, author, text: copied }] = recent;
  const commons = findCommons({ texts: recent, gram: GRAM, least: COMMON_AUTHORS });
  const lastYear = Math.max(...recent.map((text) => text.year));
  return [
    { by: people.archive, year, title: "the commons", text: commons },
    ...recent.map((text) => ({
      by: contributorOf(people, text.author),
      year: text.year,
      title: `${text.author}, ${text.year}`,
      text: text.text,
    })),
    { by: people.copycat, year: lastYear, title: `a copy of ${author}, ${year}`, text: copied },
  ];
}
