import { spawn } from "node:child_process";
import { once } from "node:events";

/** A node of its own, on a free port. */
export interface LocalNode {
  url: string;
  /** Sends a JSON-RPC request. */
  request: (method: string, ...params: unknown[]) => Promise<unknown>;
  stop: () => Promise<void>;
}

export const NODE_COMMANDS = {
  anvil: ["anvil", "--port", "0"],
  "hardhat node": ["hardhat", "node", "--hostname", "127.0.0.1", "--port", "0"],
};

/**
 * Starts a node and waits until it listens.
 *
 * @param command Program and arguments, one of {@link NODE_COMMANDS} and what else it should be told.
 */
export async function startNode([program, ...args]: string[]): Promise<LocalNode> {
  const child = spawn(`node_modules/.bin/${program}`, args, { stdio: ["ignore", "pipe", "inherit"] });

  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.once("exit", () => {
      reject(new Error(`${program} ended before it listened:\n${output}`));
    });
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const port = /127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
  });

  return {
    url,
    request: async (method, ...params) => {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    stop: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}
