import type { Channels } from "./channels.ts";
import type { Stage } from "./stage.ts";

/**
 * Sends what the run's wallets still have to whom it came from: unspent deposits and balances, tokens and ether. Stake
 * stays, as it takes weeks to thaw.
 */
export async function sendBack({
  stage,
  channels,
  to,
}: {
  stage: Stage;
  channels: Channels;
  to: string;
}): Promise<void> {
  const { contracts, sender, wallets, scenario } = stage;
  sender.begin("close");
  await channels.close();
  const used = [...scenario.people.entries()].flatMap(([person, { name }]) => (wallets.knows(name) ? [person] : []));
  const all = [...used.map((person) => ({ key: `person ${person}`, wallet: stage.walletOf(person) }))];
  for (const { key, wallet } of [...all, { key: "bank", wallet: wallets.bank }]) {
    const balanceOf = (): Promise<bigint> => contracts.readUint("token", "balanceOf", [wallet.address]);
    const account = `0x${wallet.address.slice(2).toLowerCase().padStart(64, "0")}`;
    sender.begin(`withdraw ${key}`);
    if ((await contracts.readUint("ledger", "balanceOf", [account])) > 0n) {
      await stage.send({
        from: wallet,
        operation: "send back",
        contract: "ledger",
        name: "claim",
        args: () => ["0x", wallet.address],
      });
    }
    sender.begin(`return tokens of ${key}`);
    if ((await balanceOf()) > 0n) {
      await stage.send({
        from: wallet,
        operation: "send back",
        contract: "token",
        name: "transfer",
        args: async () => [to, await balanceOf()],
      });
    }
    sender.begin(`return ether of ${key}`);
    await sender.sendEther({ from: wallet, to, amount: "all" });
  }
}
