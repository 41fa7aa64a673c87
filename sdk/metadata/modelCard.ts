import { stringify } from "yaml";

import type { RegistryState } from "../registryState.ts";
import { type ModelVersion, totalOf } from "./assetVersion.ts";
import { formatTime } from "./dates.ts";
import { isLicenseExpression, isLicenseId } from "./license.ts";
import { accountName, chainName, versionName } from "./names.ts";
import { formatPercent, partsOf, WHOLE } from "./parts.ts";
import type { UpstreamFacts } from "./spdx.ts";

/** What only people can say about a model, for its card. */
export interface CardFacts {
  name: string;
  description: string;
  /** Licence expression of SPDX. */
  license: string;
  /** Where the licence is, if it is none of those that Hugging Face has a name for. */
  licenseLink?: string;
  /** Languages by ISO 639-1. */
  languages?: string[];
  tags?: string[];
  /** Task, such as "text-generation". */
  pipelineTag?: string;
  libraryName?: string;
  /** Repositories on the Hub, by the names of asset versions (`versionName`). */
  repositories?: ReadonlyMap<string, string>;
}

/** A version of the model in its history. */
export interface PublishedVersion {
  version: number;
  publishedAt: bigint;
  splitId: string;
}

/** A service that serves the model. */
export interface OfferedService {
  id: bigint;
  /** Address of the ServiceRegistry. */
  registry: string;
  operator: string;
  endpoint: string;
}

/** Licences that Hugging Face names by their SPDX identifiers in small letters. */
const HUB_LICENSES = new Set(
  [
    [
      "AFL-3.0",
      "AGPL-3.0",
      "GPL-2.0",
      "GPL-3.0",
      "LGPL-2.1",
      "LGPL-3.0",
      "Apache-2.0",
      "Artistic-2.0",
      "BSD-2-Clause",
      "BSD-3-Clause",
      "BSD-3-Clause-Clear",
      "BSL-1.0",
      "C-UDA-1.0",
    ],
    ["CC0-1.0", "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-2.0"],
    ["CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0"],
    ["CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "ECL-2.0"],
    ["EPL-1.0", "EPL-2.0", "etalab-2.0", "EUPL-1.1", "EUPL-1.2", "ISC", "LPPL-1.3c", "MIT", "MPL-2.0", "MS-PL", "NCSA"],
    ["OFL-1.1", "OSL-3.0", "PostgreSQL", "Unlicense", "WTFPL", "Zlib"],
  ].flat(),
);

/**
 * A model card: Markdown with the YAML front matter of Hugging Face, made from the model's lineage.
 *
 * @throws RangeError if the licence is no expression of SPDX, or the state has not seen a split of the lineage.
 */
export function makeModelCard({
  version,
  state,
  facts,
  upstream,
  terms,
  versions,
  ledger,
  services = [],
}: {
  version: ModelVersion;
  state: RegistryState;
  facts: CardFacts;
  upstream: UpstreamFacts;
  /** What the model asks of those who build on it. */
  terms: { minShareBps: bigint; open: boolean };
  /** All versions so far. */
  versions: readonly PublishedVersion[];
  /** Address of the AttributionLedger. */
  ledger: string;
  services?: readonly OfferedService[];
}): string {
  const nameOf = (name: string): string => upstream.models.get(name)?.name ?? upstream.datasets.get(name)?.name ?? name;
  const total = totalOf(version.builders) + totalOf(version.upstreams);
  const lineage = version.upstreams.map((line) => ({ ...line, name: versionName(line) }));
  const parts = partsOf(state, version.splitId);
  const sections = [
    `# ${plain(facts.name)}`,
    facts.description.trim(),
    table(
      ["On chain", ""],
      [
        ["Chain", `\`${chainName(version.chainId)}\``],
        ["Version", `\`${versionName(version)}\``],
        ["Split", `\`${version.splitId}\``],
      ],
    ),
    "## Built on",
    lineage.length === 0
      ? "Nothing that is registered."
      : table(
          ["What", "Version", "Part of each payment"],
          lineage.map(({ name, units }) => [nameOf(name), `\`${name}\``, formatPercent(units, total)]),
        ),
    "## Who is paid",
    "Each payment for this model is split so, for good: no later version changes it.",
    table(
      ["Who", "Part"],
      [
        ...version.builders.map(({ account, units }) => [
          `\`${accountName({ chainId: version.chainId, account })}\``,
          formatPercent(units, total),
        ]),
        ...lineage.map(({ name, units }) => [nameOf(name), formatPercent(units, total)]),
      ],
    ),
    "Followed through everything upstream, that is:",
    table(
      ["All together", "Part"],
      [
        ["Contributors of data", formatPercent(parts.contributors, WHOLE)],
        ["Owners and curators of Datanets", formatPercent(parts.curation, WHOLE)],
        ["Builders of this model and those before it", formatPercent(parts.builders, WHOLE)],
      ],
    ),
    "A service that serves the model keeps its own part and the fees before that.",
    "## Terms",
    `The licence is ${facts.license}. ${termsOf(terms)}`,
    "## How to pay",
    ...paymentsOf({ version, ledger, services }),
    "## Versions",
    table(
      ["Version", "Published", "Split"],
      versions.map(({ version: number, publishedAt, splitId }) => [
        String(number),
        formatTime(publishedAt),
        `\`${splitId}\``,
      ]),
    ),
  ];
  return `---\n${frontMatterOf({ version, facts })}---\n\n${sections.join("\n\n")}\n`;
}

function frontMatterOf({ version, facts }: { version: ModelVersion; facts: CardFacts }): string {
  const { license, licenseLink, languages, tags = [], pipelineTag, libraryName, repositories } = facts;
  const repositoriesOf = (kind: "datanet" | "model"): string[] =>
    version.upstreams
      .filter((line) => line.kind === kind)
      .flatMap((line) => repositories?.get(versionName(line)) ?? []);
  const models = repositoriesOf("model");
  const datasets = repositoriesOf("datanet");
  return stringify({
    ...(languages !== undefined && { language: languages }),
    ...licenseFields(license, licenseLink),
    ...(libraryName !== undefined && { library_name: libraryName }),
    ...(pipelineTag !== undefined && { pipeline_tag: pipelineTag }),
    tags: [...new Set([...tags, "open-attribution-ledger"])],
    ...(datasets.length > 0 && { datasets }),
    ...(models.length > 0 && { base_model: models.length === 1 ? models[0] : models }),
  });
}

function licenseFields(license: string, link: string | undefined): Record<string, string> {
  if (!isLicenseExpression(license)) {
    throw new RangeError(`"${license}" is no licence expression of SPDX, such as "Apache-2.0".`);
  }
  // The Hub has one name for each GNU licence, whether or not later versions may be used.
  const family = license.replace(/-(only|or-later)$/, "");
  if (HUB_LICENSES.has(family)) return { license: family.replace("C-UDA-1.0", "C-UDA").toLowerCase() };
  const page = link ?? (isLicenseId(license) ? `https://spdx.org/licenses/${license}.html` : undefined);
  const name = license.toLowerCase().replaceAll(/[^\w.+-]+/g, "-");
  return { license: "other", license_name: name, ...(page !== undefined && { license_link: page }) };
}

function termsOf({ minShareBps, open }: { minShareBps: bigint; open: boolean }): string {
  const who = open ? "Anybody may build on this model" : "Those whom the owner has named may build on this model";
  return minShareBps === 0n
    ? `${who}; it asks for no part of what they earn.`
    : `${who}; at least ${formatPercent(minShareBps, 10_000n)} of what they earn must go to it.`;
}

function paymentsOf({
  version,
  ledger,
  services,
}: {
  version: ModelVersion;
  ledger: string;
  services: readonly OfferedService[];
}): string[] {
  const direct = `Anybody can pay the version itself: \`pay(splitId, amount, calls, memo)\` of the AttributionLedger at \`${ledger}\` on \`${chainName(version.chainId)}\`, with the split above.`;
  if (services.length === 0) return [direct];
  const rows = services.map(({ id, registry, operator, endpoint }) => [
    `${id} of \`${registry}\``,
    `\`${operator}\``,
    plain(endpoint),
  ]);
  return [
    "Use one of these services and pay it for each call:",
    table(["Service", "Operator", "Endpoint"], rows),
    direct,
  ];
}

function table(head: string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => plain(cell)).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text that stays in its line and its cell. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}
