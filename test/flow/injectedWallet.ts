import { type Eip1193Provider, JsonRpcProvider, type TransactionRequest, type Wallet } from "ethers";

/** What a wallet asks a person before it does it. */
export type Question = "eth_requestAccounts" | "eth_sendTransaction" | "eth_signTypedData_v4";

/** A transaction as a page passes it. */
interface RpcTransaction {
  from: string;
  to: string;
  data: string;
  value?: string;
  gas?: string;
}

/** EIP-712 data as a page passes it. */
interface TypedDataMessage {
  domain: Record<string, unknown>;
  types: Record<string, { name: string; type: string }[]>;
  message: Record<string, unknown>;
}

/** An error as EIP-1193 wants it. */
class ProviderError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Stands in for a wallet in a browser: the EIP-1193 provider that it injects into pages. It holds one key, shows its
 * account only to whom the person lets see it, asks the person before it signs or sends, and leaves all else to a node.
 */
export class InjectedWallet implements Eip1193Provider {
  /** Everything the person was asked, in order. */
  readonly questions: Question[] = [];
  readonly #wallet: Wallet;
  readonly #provider: JsonRpcProvider;
  readonly #answer: (question: Question) => boolean;
  #connected = false;

  /** @param answer What the person says: yes to everything unless told otherwise. */
  constructor({
    wallet,
    url,
    answer = () => true,
  }: {
    wallet: Wallet;
    url: string;
    answer?: (question: Question) => boolean;
  }) {
    this.#provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
    this.#wallet = wallet.connect(this.#provider);
    this.#answer = answer;
  }

  async request({ method, params = [] }: { method: string; params?: unknown[] }): Promise<unknown> {
    switch (method) {
      case "eth_requestAccounts":
        if (!this.#connected) this.#ask(method);
        this.#connected = true;
        return this.#accounts();
      case "eth_accounts":
        return this.#accounts();
      case "wallet_switchEthereumChain":
        if ((params[0] as { chainId: string }).chainId === (await this.#provider.send("eth_chainId", []))) return null;
        throw new ProviderError(4902, "The wallet does not know this chain.");
      case "eth_sendTransaction":
        this.#checkAccount((params[0] as RpcTransaction).from);
        this.#ask(method);
        return (await this.#wallet.sendTransaction(readTransaction(params[0] as RpcTransaction))).hash;
      case "eth_signTypedData_v4":
        this.#checkAccount(params[0] as string);
        this.#ask(method);
        return await this.#sign(JSON.parse(params[1] as string) as TypedDataMessage);
      default:
        if (/^(eth_sign|personal_|wallet_)/.test(method)) throw new ProviderError(4200, `${method} is not supported.`);
        return (await this.#provider.send(method, params)) as unknown;
    }
  }

  close(): void {
    this.#provider.destroy();
  }

  #accounts(): string[] {
    return this.#connected ? [this.#wallet.address.toLowerCase()] : [];
  }

  #ask(question: Question): void {
    this.questions.push(question);
    if (!this.#answer(question)) throw new ProviderError(4001, "The person refused.");
  }

  #checkAccount(account: string): void {
    if (!this.#accounts().includes(account.toLowerCase())) {
      throw new ProviderError(4100, `The page may not use ${account}.`);
    }
  }

  async #sign({ domain, types, message }: TypedDataMessage): Promise<string> {
    const ownTypes = Object.entries(types).filter(([name]) => name !== "EIP712Domain");
    return await this.#wallet.signTypedData(domain, Object.fromEntries(ownTypes), message);
  }
}

/** A page's transaction as the wallet's library wants it; nonce and fees are the wallet's business. */
function readTransaction({ gas, ...transaction }: RpcTransaction): TransactionRequest {
  return { ...transaction, ...(gas !== undefined && { gasLimit: gas }) };
}
