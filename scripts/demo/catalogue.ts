import type { FlowEnd } from "../../sdk/scenario/result.ts";
import { ShareKind } from "../../sdk/share.ts";
import type { Split } from "../../sdk/split.ts";
import type { ReferenceModel } from "../../test/reference/referenceModel.ts";

/** A split with the name and kind it has in the pictures. */
export interface CatalogueEntry extends FlowEnd {
  split: Split;
}

/** Every split and account of the demo by name. */
export class Catalogue {
  readonly #reference: ReferenceModel;
  readonly #entries = new Map<string, CatalogueEntry>();
  readonly #accounts = new Map<string, FlowEnd>();

  constructor(reference: ReferenceModel) {
    this.#reference = reference;
  }

  /** Splits behind those that pay them: money flows through them in this order. */
  get entries(): CatalogueEntry[] {
    return [...this.#entries.values()].reverse();
  }

  /** Whether an account has a name. */
  knowsAccount(account: string): boolean {
    return this.#accounts.has(account);
  }

  addAccount(account: string, node: FlowEnd): void {
    this.#accounts.set(account, node);
  }

  /**
   * Adds a split after those it pays, and tells the reference about it.
   *
   * @param onChain The id that the contracts have for it. Left out where another split, whose id is checked, contains it.
   * @throws Error if the contracts made another split of it.
   */
  async addSplit({ name, kind, split, onChain }: CatalogueEntry & { onChain?: Promise<string> }): Promise<void> {
    const splitId = await onChain;
    if (splitId !== undefined && splitId !== split.id) {
      throw new Error(`The contracts have split ${splitId} for "${name}", but its shares make ${split.id}.`);
    }
    this.#reference.defineSplit({
      id: split.id,
      shares: split.tree
        .shares({ first: 0, count: split.tree.size })
        .map(({ kind: shareKind, recipient, units }) =>
          shareKind === ShareKind.Split
            ? { kind: "split", split: recipient, units }
            : { kind: "account", account: recipient, units },
        ),
    });
    this.#entries.set(split.id, { name, kind, split });
  }

  /** What a split or an account is called. */
  nodeOf(recipient: string): FlowEnd {
    const node = this.#accounts.get(recipient) ?? this.#entries.get(recipient);
    if (node === undefined) throw new Error(`Nobody in the demo has the account or split ${recipient}.`);
    return { name: node.name, kind: node.kind };
  }
}
