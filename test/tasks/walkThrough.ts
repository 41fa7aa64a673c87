import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { findCodeBlocks } from "../docs/markdown.ts";
import { NODE_COMMANDS, startNode } from "../helpers/node.ts";

export const WALK_THROUGH = "docs/walk-through.md";

/** Where the document's commands put their files. */
const FILES = "out/walk";

/** Commands of the document, with what it says that they print. */
export interface Scene {
  commands: string;
  /** Undefined if the document does not show it. */
  shown: string | undefined;
}

/** Its commands in their order. */
export function findScenes(markdown: string): Scene[] {
  const blocks = findCodeBlocks(markdown);
  return blocks.flatMap(({ language, code }, i) => {
    if (language !== "sh") return [];
    const next = blocks.at(i + 1);
    return [{ commands: code, shown: next?.language === "text" ? next.code : undefined }];
  });
}

/**
 * Runs the commands, each as a process of its own, against a new node.
 *
 * @returns What each scene prints.
 */
export async function play(scenes: readonly Scene[]): Promise<string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "walk-"));
  const node = await startNode(NODE_COMMANDS["hardhat node"]);
  const outputs: string[] = [];
  try {
    for (const { commands } of scenes) {
      const script = [
        // Of Node and Hardhat those that run the tests, and records that nobody else writes.
        `npx() { node_modules/.bin/"$1" "\${@:2}" --deployments "${directory}"; }`,
        `npm() { node scripts/deploy.ts "\${@:4}" --deployments "${directory}"; }`,
        "export HARDHAT_NETWORK=localhost",
        commands.replaceAll(FILES, path.join(directory, "files")),
      ].join("\n");
      const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", `exec 2>&1\n${script}`], {
        env: {
          ...process.env,
          PATH: `${path.dirname(process.execPath)}:${process.env.PATH ?? ""}`,
          LOCALHOST_RPC_URL: node.url,
          NODE_NO_WARNINGS: "1",
          NODE_COMPILE_CACHE: path.join(directory, "compiled"),
        },
      });
      outputs.push(stdout.replaceAll(path.join(directory, "files"), FILES));
    }
  } finally {
    await node.stop();
    await rm(directory, { recursive: true });
  }
  return outputs;
}

/** What a command prints, without what differs from chain to chain. */
export function normalize(output: string): string {
  return output
    .replace(/0x[0-9a-f]{40,}/gi, "0x…")
    .replace(/[\d,]+ gas/g, "… gas")
    .replace(/\bblock \d+/g, "block …")
    .replace(/Blocks \d+ to \d+/g, "Blocks … to …")
    .replace(/[\d.]+ ether/g, "… ether")
    .replace(/time: \d+/g, "time: …")
    .trimEnd();
}
