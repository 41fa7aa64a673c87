import { readFileSync } from "node:fs";

import { canonicalText } from "../../sdk/attribution/canonical.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";

/** Licences that borrow from each other, in an order that they may have been written in. */
export const LICENCES = [
  "GPL-1",
  "GPL-2",
  "LGPL-2",
  "LGPL-2.1",
  "GFDL-1.2",
  "Apache-2.0",
  "Artistic",
  "BSD",
  "MPL-1.1",
  "GPL-3",
  "LGPL-3",
  "GFDL-1.3",
  "CC0-1.0",
  "MPL-2.0",
] as const;

export type Licence = (typeof LICENCES)[number];

/** Canonical text of a licence. */
export function readLicence(licence: Licence): Uint8Array {
  return canonicalText(readFileSync(new URL(`../fixtures/licences/${licence}`, import.meta.url)));
}

/** An index of all licences. */
export function indexLicences({ k }: { k: number }): GramIndex {
  const index = GramIndex.create({ k });
  for (const licence of LICENCES) index.append(readLicence(licence));
  return index;
}
