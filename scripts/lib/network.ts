import hre from "hardhat";
import type { HttpNetworkConfig, ResolvedConfigurationVariable } from "hardhat/types/config";
import type { NetworkConnection } from "hardhat/types/network";

import { UnreachableError, UserError } from "./script.ts";

/** The networks a person can name. Hardhat's `default` and `node` are the embedded chain under other names. */
const NETWORK_NAMES = Object.keys(hre.config.networks).filter((name) => name !== "default" && name !== "node");

/** Connects to a network by its name, and makes sure that somebody answers there. */
export async function connectToNetwork(networkName: string | undefined): Promise<NetworkConnection> {
  if (networkName === undefined) {
    throw new UserError(`Name a network: --network ${NETWORK_NAMES.join("|")}.`);
  }
  if (!NETWORK_NAMES.includes(networkName)) {
    throw new UserError(
      `There is no network "${networkName}" in hardhat.config.ts, use ${formatChoice(NETWORK_NAMES)}.`,
    );
  }

  const config = hre.config.networks[networkName];
  if (config.type === "edr-simulated") {
    return await hre.network.create(networkName);
  }

  const url = await readSettings(config);
  const connection = await hre.network.create(networkName);
  try {
    await connection.provider.request({ method: "eth_chainId" });
  } catch {
    await connection.close();
    // Only the origin: the path or query of an RPC address often is a secret key.
    throw new UnreachableError(`No node answers at ${new URL(url).origin}. ${adviseOnSilence(networkName)}`);
  }
  return connection;
}

export function isEmbedded(connection: NetworkConnection): boolean {
  return connection.networkConfig.type === "edr-simulated";
}

function adviseOnSilence(networkName: string): string {
  return networkName === "localhost"
    ? 'Start one with "npm run node" in another terminal, or set LOCALHOST_RPC_URL in .env.'
    : "Check its address in .env or the keystore.";
}

/** Reads every setting of the network once, so that a missing one is reported before anything happens. */
async function readSettings({ url, accounts }: HttpNetworkConfig): Promise<string> {
  const address = await readSetting({ variable: url, read: () => url.getUrl() });

  if (Array.isArray(accounts)) {
    for (const account of accounts) {
      await readSetting({ variable: account, read: () => account.getHexString(), pattern: /^0x[0-9a-f]{64}$/ });
    }
  }
  return address;
}

async function readSetting({
  variable,
  read,
  pattern = /./,
}: {
  variable: ResolvedConfigurationVariable;
  read: () => Promise<string>;
  pattern?: RegExp;
}): Promise<string> {
  const value = await read().catch((error: unknown) => {
    // Hardhat says this of a variable it cannot find or read. A wrong password of the keystore is another matter.
    if (error instanceof Error && /configuration variable/i.test(error.message)) return "";
    throw error;
  });
  if (!pattern.test(value)) {
    const name = "name" in variable ? String(variable.name) : "A setting in hardhat.config.ts";
    throw new UserError(
      `${name} is missing or malformed. ` +
        `Set it in .env (.env.example shows how) or with "npx hardhat keystore set ${name}".`,
    );
  }
  return value;
}

function formatChoice(names: string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names[names.length - 1]}`;
}
