import { type LaidOutLink, type LaidOutNode, sankey, sankeyLinkHorizontal } from "d3-sankey";

import { formatOpen, openAsNumber } from "./format.ts";
import { escapeMarkup } from "./markup.ts";
import type { Flow, FlowKind, FlowNode } from "./report.ts";

const WIDTH = 1240;
const HEIGHT = 860;
const LABEL_WIDTH = 210;
const NODE_WIDTH = 12;
const NODE_PADDING = 14;
const LABEL_GAP = 6;
const LINE_HEIGHT = 14;
/** Characters in a line of a label between two columns. */
const LINE_CHARACTERS = 16;

/** From top to bottom of a column. */
const KINDS: FlowKind[] = [
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

/** Draws flows of money as a Sankey diagram: inline SVG whose colours come from the page (`--<kind>`). */
export function drawSankey(flows: Flow[]): string {
  const nodes = new Map<string, FlowNode>();
  for (const { from, to } of flows) {
    nodes.set(from.name, from);
    nodes.set(to.name, to);
  }
  const layout = sankey<FlowNode>()
    .nodeId(({ name }) => name)
    .nodeWidth(NODE_WIDTH)
    .nodePadding(NODE_PADDING)
    .nodeSort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.value - a.value)
    .extent([
      [1, 8],
      [WIDTH - LABEL_WIDTH, HEIGHT - 8],
    ]);
  const graph = layout({
    nodes: [...nodes.values()].map((node) => ({ ...node })),
    links: flows.map(({ from, to, amount }) => ({ source: from.name, target: to.name, value: openAsNumber(amount) })),
  });
  const amounts = new Map(flows.map(({ from, to, amount }) => [`${from.name} → ${to.name}`, amount]));
  // Wide links first, so that thin ones stay visible and can be pointed at.
  const links = graph.links
    .toSorted((a, b) => b.width - a.width)
    .map((link) => {
      const title = `${link.source.name} → ${link.target.name}`;
      return drawLink(link, `${title}: ${formatOpen(amounts.get(title) ?? 0n)} OPEN`);
    });
  const lastLayer = Math.max(...graph.nodes.map(({ layer }) => layer));
  return [
    `<svg class="sankey" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Where the money went">`,
    `<g class="links">${links.join("")}</g>`,
    `<g class="nodes">${graph.nodes.map(drawNode).join("")}</g>`,
    `<g class="labels">${graph.nodes.map((node) => drawLabel({ node, flows, isLast: node.layer === lastLayer })).join("")}</g>`,
    "</svg>",
  ].join("\n");
}

function drawLink(link: LaidOutLink<FlowNode>, title: string): string {
  const path = sankeyLinkHorizontal()(link).replace(/-?\d+\.\d+/g, round);
  const width = Math.max(1, link.width).toFixed(1);
  return (
    `<path d="${path}" stroke="var(--${link.target.kind})" stroke-width="${width}">` +
    `<title>${escapeMarkup(title)}</title></path>`
  );
}

function drawNode({ kind, x0, x1, y0, y1 }: LaidOutNode<FlowNode>): string {
  const height = Math.max(1, y1 - y0).toFixed(1);
  return (
    `<rect x="${x0.toFixed(1)}" y="${y0.toFixed(1)}" width="${(x1 - x0).toFixed(1)}" height="${height}" ` +
    `fill="var(--${kind})"/>`
  );
}

/** Name and amount beside a node: in one line in the last column, which has room, else in several. */
function drawLabel({ node, flows, isLast }: { node: LaidOutNode<FlowNode>; flows: Flow[]; isLast: boolean }): string {
  const { name, x1, y0, y1 } = node;
  const sum = (side: Flow[]): bigint => side.reduce((total, { amount }) => total + amount, 0n);
  const arrived = sum(flows.filter(({ to }) => to.name === name));
  const left = sum(flows.filter(({ from }) => from.name === name));
  const amount = `<tspan class="amount">${formatOpen(arrived > left ? arrived : left, 1)}</tspan>`;
  const lines = isLast ? [`${escapeMarkup(name)} ${amount}`] : [...wrap(name).map(escapeMarkup), amount];

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

function round(number: string): string {
  return Number(number).toFixed(1);
}
