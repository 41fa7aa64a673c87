import { formatEther } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { walletAccount } from "../../sdk/account.ts";
import { domainOf } from "../../sdk/authorization.ts";
import { signPermit } from "../../sdk/permit.ts";
import { Document, writeDocument } from "../lib/files.ts";
import { facts, open, time } from "../lib/format.ts";
import { checkTokens } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { TOKENS } from "../verbs/money.ts";

const KIND = "signed permit";

export const runs: Runs<typeof TOKENS> = {
  balance: async (context, { of }) => {
    const { token, ledger } = context.protocol;
    const [wallet, balance, ether] = await Promise.all([
      token.balanceOf(of),
      ledger.balanceOf(walletAccount(of)),
      context.provider.getBalance(of),
    ]);
    return {
      says: [
        `${context.people.nameOf(of)} has`,
        facts({
          "in the wallet": open(wallet),
          "in the ledger": open(balance),
          "for gas": `${formatEther(ether)} ether`,
        }),
      ],
      result: { address: of, wallet, ledger: balance, ether },
    };
  },

  transfer: async (context, { to, amount }) => {
    await checkTokens(context, { owner: context.me, amount });
    const transaction = await context.protocol.token.transfer.populateTransaction(to, amount);
    const name = context.people.nameOf(to);
    return {
      steps: [{ what: `Sends ${open(amount)} to ${name}.`, transaction }],
      report: () => ({ says: [`${name} has it.`], result: { to, amount } }),
    };
  },

  approve: async (context, { spender, amount }) => {
    const transaction = await context.protocol.token.approve.populateTransaction(spender, amount);
    const name = context.people.nameOf(spender);
    return {
      steps: [{ what: `Lets ${name} take ${open(amount)} from the wallet.`, transaction }],
      report: () => ({ says: [`${name} may take that, and no more.`], result: { spender, amount } }),
    };
  },

  permit: async (context, { spender, amount, validFor, out, submit }) => {
    const { token } = context.protocol;
    const contract = context.deployment.contracts.token;
    if (submit !== undefined) {
      const document = await Document.read(submit);
      document.expect({ kind: KIND, chainId: context.chainId, contract });
      const permit = {
        owner: await context.people.find(document.text("owner")),
        spender: await context.people.find(document.text("spender")),
        amount: document.uint("amount"),
        deadline: document.uint("deadline"),
      };
      const transaction = await token.permit.populateTransaction(
        permit.owner,
        permit.spender,
        permit.amount,
        permit.deadline,
        document.uint("v"),
        document.bytes("r"),
        document.bytes("s"),
      );
      const [ownerName, spenderName] = [permit.owner, permit.spender].map((one) => context.people.nameOf(one));
      return {
        steps: [{ what: `Submits ${ownerName}'s permit for ${spenderName}.`, transaction }],
        report: () => ({ says: [`${spenderName} may take ${open(permit.amount)}.`], result: permit }),
      };
    }
    if (spender === undefined || amount === undefined || out === undefined) {
      throw new UserError("To sign, say --spender, --amount and --out; to send what was signed, say --submit.");
    }
    const owner = context.me;
    const deadline = (await context.now()) + validFor;
    return {
      steps: [],
      report: async ({ dry }) => {
        const name = context.people.nameOf(spender);
        const result = { owner, spender, amount, deadline };
        if (dry) return { says: [`Would sign that ${name} may take ${open(amount)} until ${time(deadline)}.`], result };
        const domain = await domainOf(token);
        const nonce = await token.nonces(owner);
        const permit = await signPermit({ token: domain, signer: context.signer, spender, amount, nonce, deadline });
        await writeDocument(out, { kind: KIND, chainId: context.chainId, contract, ...result, ...permit });
        return { says: [`Whoever sends ${out} lets ${name} take ${open(amount)}, until ${time(deadline)}.`], result };
      },
    };
  },
};
