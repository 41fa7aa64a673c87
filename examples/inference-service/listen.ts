import type { AddressInfo } from "node:net";

import { serve } from "@hono/node-server";
import type { Env, Hono } from "hono";

/** A server on a free port. */
export interface Listener {
  url: string;
  close: () => Promise<void>;
}

export async function listen<E extends Env>({ fetch }: Hono<E>): Promise<Listener> {
  let server: ReturnType<typeof serve> | undefined;
  const { address, port } = await new Promise<AddressInfo>((resolve, reject) => {
    server = serve({ fetch, hostname: "127.0.0.1", port: 0 }, resolve).once("error", reject);
  });
  const close = async (): Promise<void> => {
    await new Promise((resolve) => server?.close(resolve));
  };
  return { url: `http://${address}:${port}`, close };
}
