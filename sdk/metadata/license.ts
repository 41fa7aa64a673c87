import parse from "spdx-expression-parse";

const LICENSE_PAGES = "https://spdx.org/licenses/";
const LICENSE_PAGE = /^https:\/\/spdx\.org\/licenses\/(.+?)(?:\.html)?$/;

/** Whether a text is a licence expression of SPDX, with identifiers of its list. */
export function isLicenseExpression(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a text is one identifier of the SPDX list. */
export function isLicenseId(text: string): boolean {
  return /^[\w.-]+$/.test(text) && !text.startsWith("LicenseRef-") && isLicenseExpression(text);
}

/**
 * The page of the SPDX list about a licence.
 *
 * @throws RangeError if the list has no such identifier.
 */
export function licensePage(id: string): string {
  if (!isLicenseId(id)) {
    throw new RangeError(`"${id}" is no licence of the SPDX list (https://spdx.org/licenses/), such as "CC-BY-4.0".`);
  }
  return `${LICENSE_PAGES}${id}.html`;
}

/** The licence that a page of the SPDX list is about; undefined if it is none of them. */
export function licenseOfPage(url: string): string | undefined {
  const id = LICENSE_PAGE.exec(url)?.[1];
  return id !== undefined && isLicenseId(id) ? id : undefined;
}
