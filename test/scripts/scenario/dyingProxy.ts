import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** When a proxy dies, counted in requests from 1. */
export interface Death {
  /** The last request that gets an answer is the one before. */
  at: number;
  /** Whether the node still hears that request, so that only its answer is lost. */
  heard: boolean;
  /** Counts only requests of this method. */
  method?: string;
}

/** A node's address that stops answering at some time, as RPC services do. */
export interface DyingProxy {
  url: string;
  /** Requests that were counted. */
  requests: () => number;
  isDead: () => boolean;
  stop: () => Promise<void>;
}

/**
 * Starts a proxy in front of a node.
 *
 * @param refuses Methods that the node shall not know, as nodes of public chains do not.
 */
export async function startProxy({
  node,
  death,
  refuses = /^$/,
  losesEvery = Infinity,
}: {
  node: string;
  death?: Death | undefined;
  refuses?: RegExp;
  /** The answer to each so-manieth request is lost, though the node has heard it. */
  losesEvery?: number;
}): Promise<DyingProxy> {
  let requests = 0;
  let all = 0;
  let dead = false;
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const { method, id } = JSON.parse(body) as { method: string; id: number };
      if (dead) {
        request.socket.destroy();
        return;
      }
      if (death?.method === undefined || death.method === method) requests++;
      if (requests === death?.at) {
        dead = true;
        if (death.heard) await forward(node, body);
        request.socket.destroy();
        return;
      }
      if (++all % losesEvery === 0) {
        await forward(node, body);
        request.socket.destroy();
        return;
      }
      response.setHeader("content-type", "application/json");
      if (refuses.test(method)) {
        const error = { code: -32601, message: `the method ${method} does not exist` };
        response.end(JSON.stringify({ jsonrpc: "2.0", id, error }));
      } else {
        response.end(await forward(node, body));
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    isDead: () => dead,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function forward(url: string, body: string): Promise<string> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return response.text();
}
