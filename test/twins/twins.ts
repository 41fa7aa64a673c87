/** One change to one source. */
export interface Edit {
  /** Source that is changed, relative to the project. */
  source: string;
  /** Occurs exactly once in it. */
  find: string;
  replace: string;
}

/** A deliberately vulnerable contract: the real one with one defence taken away. */
export interface Twin extends Edit {
  /** The contract, an underscore and what it lacks. */
  name: string;
  /** What the defence is there for. */
  why: string;
  /** Further edits: where two defences stand behind each other, or one takes more than one place. */
  also?: Edit[];
}

const LEDGER = "contracts/ledger/AttributionLedger.sol";

export const TWINS: readonly Twin[] = [
  {
    name: "AttributionLedger_NoDrawnRecord",
    source: LEDGER,
    find: "if (amount != 0) _drawn[splitId][index >> 1] = word + (amount << shift);",
    replace: "",
    why: "nothing is written down, so a share can be drawn again and again",
  },
];
