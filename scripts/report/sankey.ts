import { type LaidOutLink, type LaidOutNode, sankey, sankeyLinkHorizontal } from "d3-sankey";

import type { FlowEnd, FlowResult } from "../../sdk/scenario/result.ts";
import { formatOpen, formatShort, openAsNumber } from "./format.ts";
import { escapeMarkup } from "./markup.ts";

const WIDTH = 1240;
const LEAST_HEIGHT = 240;
const MOST_HEIGHT = 860;
/** Of a node and its label. */
const NODE_HEIGHT = 44;
const LABEL_WIDTH = 210;
const NODE_WIDTH = 12;
const NODE_PADDING = 14;
const LABEL_GAP = 6;
const LINE_HEIGHT = 14;
/** Characters in a line of a label between two columns. */
const LINE_CHARACTERS = 16;

/** From top to bottom of a column. */
const KINDS: FlowEnd["kind"][] = [
  "payer",
  "datanet",
  "contributor",
  "agent",
  "service",
  "model",
  "builder",
  "operator",
  "staker",
  "protocol",
];

type Node = LaidOutNode<FlowEnd>;

/** Tells somebody from an asset of the same name. */
export function keyOf({ kind, name }: FlowEnd): string {
  return `${kind} ${name}`;
}

/** Draws flows of money as a Sankey diagram: inline SVG whose colours come from the page (`--<kind>`). No cycles, please. */
export function drawSankey(flows: readonly FlowResult[]): string {
  const rough = layOut(flows, MOST_HEIGHT);
  const most = Math.max(...countByLayer(rough.nodes));
  const height = Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, most * NODE_HEIGHT));
  const { nodes, links } = layOut(flows, height);
  const amounts = new Map(flows.map(({ from, to, amount }) => [`${keyOf(from)} → ${keyOf(to)}`, amount]));
  // Wide links first, so that thin ones stay visible and can be pointed at.
  const bands = links
    .toSorted((a, b) => b.width - a.width)
    .map((link) => drawLink(link, amounts.get(`${keyOf(link.source)} → ${keyOf(link.target)}`) ?? 0n));
  const totals = totalsOf(flows);
  const lastLayer = Math.max(...nodes.map(({ layer }) => layer));
  return [
    `<svg class="sankey" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Where the money went">`,
    `<g class="links">${bands.join("")}</g>`,
    `<g class="nodes">${nodes.map((node) => drawNode(node, totals.get(keyOf(node)) ?? 0n)).join("")}</g>`,
    `<g class="labels">${nodes
      .map((node) =>
        drawLabel({
          node,
          amount: totals.get(keyOf(node)) ?? 0n,
          room: roomOf(node, nodes),
          isLast: node.layer === lastLayer,
        }),
      )
      .join("")}</g>`,
    "</svg>",
  ].join("\n");
}

function layOut(flows: readonly FlowResult[], height: number): { nodes: Node[]; links: LaidOutLink<FlowEnd>[] } {
  const ends = new Map(flows.flatMap(({ from, to }) => [from, to]).map((end) => [keyOf(end), end]));
  const layout = sankey<FlowEnd>()
    .nodeId(keyOf)
    .nodeWidth(NODE_WIDTH)
    .nodePadding(NODE_PADDING)
    .nodeSort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.value - a.value)
    .extent([
      [1, 8],
      [WIDTH - LABEL_WIDTH, height - 8],
    ]);
  return layout({
    nodes: Array.from(ends.values(), (end) => ({ ...end })),
    links: flows.map(({ from, to, amount }) => ({
      source: keyOf(from),
      target: keyOf(to),
      value: openAsNumber(amount),
    })),
  });
}

function countByLayer(nodes: readonly Node[]): number[] {
  const counts: number[] = [];
  for (const { layer } of nodes) counts[layer] = (counts[layer] ?? 0) + 1;
  return counts;
}

/** What went through everybody: what arrived, or what left if that is more. */
function totalsOf(flows: readonly FlowResult[]): Map<string, bigint> {
  const arrived = new Map<string, bigint>();
  const left = new Map<string, bigint>();
  for (const { from, to, amount } of flows) {
    left.set(keyOf(from), (left.get(keyOf(from)) ?? 0n) + amount);
    arrived.set(keyOf(to), (arrived.get(keyOf(to)) ?? 0n) + amount);
  }
  const most = (key: string): bigint => {
    const [a, b] = [arrived.get(key) ?? 0n, left.get(key) ?? 0n];
    return a > b ? a : b;
  };
  return new Map([...arrived.keys(), ...left.keys()].map((key) => [key, most(key)]));
}

/** Distance to the next label of the same column. */
function roomOf(node: Node, nodes: readonly Node[]): number {
  const middle = (node.y0 + node.y1) / 2;
  const others = nodes.filter((other) => other.layer === node.layer && other !== node);
  return Math.min(...others.map(({ y0, y1 }) => Math.abs((y0 + y1) / 2 - middle)));
}

function drawLink(link: LaidOutLink<FlowEnd>, amount: bigint): string {
  const path = sankeyLinkHorizontal()(link).replace(/-?\d+\.\d+/g, round);
  const width = Math.max(1, link.width).toFixed(1);
  return (
    `<path d="${path}" stroke="var(--${link.target.kind})" stroke-width="${width}">` +
    `<title>${escapeMarkup(`${link.source.name} → ${link.target.name}: ${formatOpen(amount)} OPEN`)}</title></path>`
  );
}

function drawNode({ name, kind, x0, x1, y0, y1 }: Node, amount: bigint): string {
  const height = Math.max(1, y1 - y0).toFixed(1);
  return (
    `<rect x="${x0.toFixed(1)}" y="${y0.toFixed(1)}" width="${(x1 - x0).toFixed(1)}" height="${height}" ` +
    `fill="var(--${kind})"><title>${escapeMarkup(`${name}: ${formatOpen(amount)} OPEN`)}</title></rect>`
  );
}

/** Name and amount beside a node: in one line in the last column, which has room to the right, else in several if they fit. */
function drawLabel({
  node: { name, x1, y0, y1 },
  amount,
  room,
  isLast,
}: {
  node: Node;
  amount: bigint;
  room: number;
  isLast: boolean;
}): string {
  const sum = `<tspan class="amount">${formatShort(amount)}</tspan>`;
  const wrapped = wrap(name).map(escapeMarkup);
  const fits = (wrapped.length + 1) * LINE_HEIGHT <= room;
  const lines = isLast ? [`${escapeMarkup(name)} ${sum}`] : fits ? [...wrapped, sum] : [escapeMarkup(clip(name))];

  const x = (x1 + LABEL_GAP).toFixed(1);
  const top = (y0 + y1) / 2 - ((lines.length - 1) * LINE_HEIGHT) / 2;
  return lines.map((line, i) => `<text x="${x}" y="${(top + i * LINE_HEIGHT).toFixed(1)}">${line}</text>`).join("");
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = [...lines.slice(-1), word].join(" ");
    if (lines.length > 0 && longer.length <= LINE_CHARACTERS) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function clip(text: string): string {
  return text.length <= LINE_CHARACTERS ? text : `${text.slice(0, LINE_CHARACTERS - 1)}…`;
}

function round(number: string): string {
  return Number(number).toFixed(1);
}
