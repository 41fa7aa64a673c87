import hre from "hardhat";

import { runScript, UserError } from "./lib/script.ts";

/** Most bytes that a contract's code may have (EIP-170), and that may create it (EIP-3860). */
const RUNTIME_LIMIT = 24_576;
const CREATION_LIMIT = 49_152;

await runScript(async () => {
  await hre.tasks.getTask("build").run({ quiet: true });

  const tooLarge: string[] = [];
  for (const name of await hre.artifacts.getAllFullyQualifiedNames()) {
    const { contractName, sourceName, abi, bytecode, deployedBytecode } = await hre.artifacts.readArtifact(name);
    const runtime = countBytes(deployedBytecode);
    const creation = countBytes(bytecode);
    const isDeployable = creation > 0 && abi.some(({ type }) => type === "function");
    if (!isDeployable || !sourceName.startsWith("contracts/")) continue;

    console.log(`${contractName.padEnd(18)} ${format(runtime)} of ${RUNTIME_LIMIT}, created by ${format(creation)}`);
    if (runtime > RUNTIME_LIMIT || creation > CREATION_LIMIT) tooLarge.push(contractName);
  }

  if (tooLarge.length > 0) {
    throw new UserError(`Too large to deploy: ${tooLarge.join(", ")}. Move code to a library or another contract.`);
  }
});

function countBytes(code: string): number {
  return (code.length - 2) / 2;
}

function format(bytes: number): string {
  return String(bytes).padStart(6);
}
