/** What the report uses of d3-sankey, which ships without types. */
declare module "d3-sankey" {
  /** A node as the layout leaves it. */
  export type LaidOutNode<Node> = Node & {
    x0: number;
    x1: number;
    y0: number;
    y1: number;
    value: number;
    layer: number;
  };

  /** A link as the layout leaves it. */
  export interface LaidOutLink<Node> {
    source: LaidOutNode<Node>;
    target: LaidOutNode<Node>;
    value: number;
    width: number;
    y0: number;
    y1: number;
  }

  /** Computes positions; `source` and `target` are ids. Writes into the objects it is given. */
  export interface SankeyLayout<Node> {
    (graph: { nodes: Node[]; links: { source: string; target: string; value: number }[] }): {
      nodes: LaidOutNode<Node>[];
      links: LaidOutLink<Node>[];
    };
    nodeId(id: (node: Node) => string): this;
    nodeWidth(width: number): this;
    nodePadding(padding: number): this;
    /** Order of the nodes within a column. */
    nodeSort(compare: (a: LaidOutNode<Node>, b: LaidOutNode<Node>) => number): this;
    extent(extent: [[number, number], [number, number]]): this;
  }

  export function sankey<Node>(): SankeyLayout<Node>;
  export function sankeyLinkHorizontal(): <Node>(link: LaidOutLink<Node>) => string;
}
