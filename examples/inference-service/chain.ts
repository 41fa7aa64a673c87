import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { DEFAULT_DEPLOYMENTS, identifyChain, locateDeployment, readDeployment } from "../../scripts/lib/deployments.ts";
import { connectToNetwork } from "../../scripts/lib/network.ts";
import { locateParameters, readParameters } from "../../scripts/lib/parameters.ts";
import { attachProtocol, deployProtocol, getDeployer, type Protocol } from "../../scripts/lib/protocol.ts";
import { UserError } from "../../scripts/lib/script.ts";

/** A chain that answers over HTTP, with the protocol on it. Its first account holds OPEN. */
export interface Chain {
  connection: NetworkConnection;
  protocol: Protocol;
  rpcUrl: string;
  /** Nothing of the protocol is older than this block. */
  firstBlock: number;
  close: () => Promise<void>;
}

/** Starts a node in this process and deploys to it. */
export async function startChain(): Promise<Chain> {
  await hre.tasks.getTask("build").run({ quiet: true });
  // Payments expire by the clock, and blocks come faster than its seconds.
  const override = { allowBlocksWithSameTimestamp: true };
  const node = await hre.network.createServer({ network: "node", override }, "127.0.0.1", 0);
  const { address, port } = await node.listen();
  const rpcUrl = `http://${address}:${port}`;
  const connection = await hre.network.create({ network: "localhost", override: { url: rpcUrl } });
  const deployer = await getDeployer(connection);
  const parameters = await readParameters({ file: locateParameters("localhost"), deployer });
  const protocol = await deployProtocol({ connection, parameters });
  const close = async (): Promise<void> => {
    await connection.close();
    await node.close();
  };
  return { connection, protocol, rpcUrl, firstBlock: 0, close };
}

/** Connects to a network that `npm run deploy` has deployed to. */
export async function joinChain(networkName: string): Promise<Chain> {
  const connection = await connectToNetwork(networkName);
  const { networkConfig } = connection;
  if (networkConfig.type !== "http") {
    throw new UserError(`"${networkName}" is no network that others reach over HTTP. Leave --network out instead.`);
  }
  const chain = await identifyChain(connection);
  const { record } = locateDeployment({ directory: DEFAULT_DEPLOYMENTS, chainId: chain.chainId });
  const { contracts, block } = await readDeployment({ record, chain, networkName });
  const protocol = await attachProtocol({ connection, addresses: contracts });
  const rpcUrl = await networkConfig.url.getUrl();
  return { connection, protocol, rpcUrl, firstBlock: block, close: () => connection.close() };
}
