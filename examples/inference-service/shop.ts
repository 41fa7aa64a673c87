import type { CorpusText } from "../../scripts/demo/corpus.ts";
import type { Chain } from "./chain.ts";
import { createFacilitator } from "./facilitator.ts";
import { type Listener, listen } from "./listen.ts";
import { keyOf, type Market, openMarket } from "./market.ts";
import { NgramModel } from "./ngram.ts";
import { createService } from "./server.ts";

/** Length of the n-grams. */
const N = 4;

/** A service that takes calls over HTTP, and the facilitator that it sends payments to. */
export interface Shop {
  market: Market;
  model: NgramModel;
  service: Listener;
  facilitator: Listener;
  close: () => Promise<void>;
}

/** Registers everything that earns, trains the model, and starts both servers. */
export async function openShop({
  chain: { connection, protocol, rpcUrl },
  texts,
}: {
  chain: Chain;
  texts: CorpusText[];
}): Promise<Shop> {
  const market = await openMarket({ connection, protocol, texts });
  const model = new NgramModel({ texts: texts.map(({ text }) => text), n: N });
  const { chainId, operator, serviceId } = market;
  const facilitator = await listen(
    createFacilitator({ rpcUrl, chainId, key: keyOf(market.facilitator), token: await protocol.token.getAddress() }),
  );
  const service = await listen(
    await createService({ protocol, serviceId, operator, chainId, model, facilitatorUrl: facilitator.url }),
  );
  const close = async (): Promise<void> => {
    await service.close();
    await facilitator.close();
  };
  return { market, model, service, facilitator, close };
}
