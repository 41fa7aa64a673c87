import { expect } from "chai";
import { formatEther, id, parseEther, toQuantity, Wallet } from "ethers";

import type { Question } from "./injectedWallet.ts";
import { InjectedWallet } from "./injectedWallet.ts";
import type { Connected, Pages, Stage } from "./walletDocs.ts";
import { openStage } from "./walletDocs.ts";

const SUPPLY = parseEther("1000000000");

/** Somebody who has opened the document's pages with a wallet. */
interface Visitor {
  address: string;
  injected: InjectedWallet;
  wallet: Connected;
}

describe("docs/wallets.md", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await openStage();
  });

  afterEach(async () => {
    await stage.dispose();
  });

  async function expectTokens(owners: Record<string, string>): Promise<void> {
    for (const [owner, amount] of Object.entries(owners)) {
      expect(await stage.tokensOf(owner), owner).to.equal(amount);
    }
  }

  describe("in a terminal with cast", () => {
    it("pays every party what it is owed", async () => {
      await stage.runCommands();

      // 0.701 went to the service and its fee, 1 to the model, and 1,000 are the operator's stake. What nobody has claimed is
      // the treasury's, the curator's and the stakers'.
      const accounts = (await stage.provider.send("eth_accounts", [])) as string[];
      const [payer, curator, contributor, builder, operator] = accounts;
      await expectTokens({
        [payer]: formatEther(SUPPLY - parseEther("1001.701")),
        [contributor]: "0.23985",
        [builder]: "1.066",
        [operator]: "0.28",
        [curator]: "0.0",
        [stage.deployment.contracts.ledger]: "1000.11515",
      });
    });
  });

  describe("in a page with an injected wallet", () => {
    const injectedWallets: InjectedWallet[] = [];
    let pages: Pages;

    beforeEach(async () => {
      pages = await stage.loadPages();
    });

    afterEach(() => {
      for (const wallet of injectedWallets.splice(0)) wallet.close();
      Reflect.deleteProperty(globalThis, "window");
    });

    /** Gives somebody ether for gas, and tokens if stated, and opens the pages with their wallet. */
    async function visit({
      name,
      tokens = "0",
      answer = () => true,
    }: {
      name: string;
      tokens?: string;
      answer?: (question: Question) => boolean;
    }): Promise<Visitor> {
      const wallet = new Wallet(id(name));
      await stage.node.request("anvil_setBalance", wallet.address, toQuantity(parseEther("1")));
      await stage.token.transfer(wallet.address, parseEther(tokens));
      const injected = new InjectedWallet({ wallet, url: stage.node.url, answer });
      injectedWallets.push(injected);
      Reflect.set(globalThis, "window", { ethereum: injected });
      return { address: wallet.address, injected, wallet: await pages.connect() };
    }

    it("pays every party what it is owed, and asks each before it signs or sends", async () => {
      const curator = await visit({ name: "curator" });
      const datanetId = await pages.createDatanet(curator.wallet);

      const ada = await visit({ name: "Ada" });
      const ben = await visit({ name: "Ben" });
      const size = await pages.sizeOf(curator.wallet, datanetId);
      await pages.accept(curator.wallet, datanetId, size, [
        { ...(await pages.contribute(ada.wallet, datanetId, "Ada's text", "https://example.org/ada")), units: 6n },
        { ...(await pages.contribute(ben.wallet, datanetId, "Ben's text", "https://example.org/ben")), units: 5n },
      ]);

      const builder = await visit({ name: "builder" });
      const modelId = await pages.registerModel(builder.wallet, datanetId);
      const operator = await visit({ name: "operator", tokens: "1000" });
      await pages.stake(operator.wallet);
      const serviceId = await pages.registerService(operator.wallet, modelId);
      const payer = await visit({ name: "payer", tokens: "1" });
      await pages.payForCall(payer.wallet, serviceId);

      for (const { wallet } of [ada, builder, operator]) await pages.claim(wallet);
      await expectTokens({
        [payer.address]: "0.299",
        [operator.address]: "0.28",
        [builder.address]: "0.266",
        [ada.address]: "0.032645454545454545",
        [ben.address]: "0.0",
        [curator.address]: "0.0",
      });
      await pages.claim(ben.wallet);
      await expectTokens({ [ben.address]: "0.027204545454545454" });

      const send = "eth_sendTransaction";
      expect(curator.injected.questions).to.deep.equal(["eth_requestAccounts", send, send]);
      expect(ada.injected.questions).to.deep.equal(["eth_requestAccounts", "eth_signTypedData_v4", send]);
      expect(builder.injected.questions).to.deep.equal(["eth_requestAccounts", send, send]);
      expect(payer.injected.questions).to.deep.equal(["eth_requestAccounts", send, send]);
    });

    it("does nothing that the person refuses", async () => {
      const answer = (question: Question): boolean => question === "eth_requestAccounts";
      const payer = await visit({ name: "payer", tokens: "1", answer });
      const error = await pages.payForCall(payer.wallet, 1n).catch((reason: unknown) => reason);
      expect(error).to.include({ code: "ACTION_REJECTED" });
      await expectTokens({ [payer.address]: "1.0" });
    });
  });
});
