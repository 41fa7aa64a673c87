import path from "node:path";

import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import { listTransactions } from "@nomicfoundation/ignition-core";
import { formatEther } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import {
  DEFAULT_DEPLOYMENTS,
  display,
  forgetDeployment,
  hasBegun,
  identifyChain,
  locateDeployment,
  openJournal,
  writeDeployment,
} from "./lib/deployments.ts";
import { connectToNetwork, isEmbedded } from "./lib/network.ts";
import type { ProtocolParameters } from "./lib/parameters.ts";
import { locateParameters, readParameters } from "./lib/parameters.ts";
import { deployProtocol, getAddresses, getDeployer } from "./lib/protocol.ts";
import { describeOutsideError, parseOptions, runScript, UserError } from "./lib/script.ts";

const USAGE = "npm run deploy -- --network <name> [--parameters <file>] [--deployments <directory>] [--reset]";

await runScript(async () => {
  const options = parseOptions({
    usage: USAGE,
    options: {
      network: { type: "string" },
      parameters: { type: "string" },
      deployments: { type: "string", default: DEFAULT_DEPLOYMENTS },
      reset: { type: "boolean", default: false },
    },
  });

  const connection = await connectToNetwork(options.network);
  try {
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });

    const deployer = await getDeployer(connection);
    const parameters = await readParameters({
      file: options.parameters ?? locateParameters(connection.networkName),
      deployer,
    });
    if (isEmbedded(connection)) {
      await deployProtocol({ connection, parameters, onDeployed: printContract });
      console.log("Deployed to the embedded chain, which ends here: nothing is recorded.");
    } else {
      await deployToChain({ ...options, connection, deployer, parameters });
    }
  } finally {
    await connection.close();
  }
});

async function deployToChain({
  connection,
  deployer,
  parameters,
  deployments,
  reset,
}: {
  connection: NetworkConnection;
  deployer: string;
  parameters: ProtocolParameters;
  deployments: string;
  reset: boolean;
}): Promise<void> {
  const chain = await identifyChain(connection);
  const paths = locateDeployment({ directory: path.resolve(deployments), chainId: chain.chainId });

  if (reset || !(await hasBegun({ connection, chain, paths }))) {
    await rehearse({ connection, deployer, parameters });
    await forgetDeployment(paths);
    await openJournal({ journal: paths.journal, chain });
  }

  const deployed: string[] = [];
  const protocol = await deployProtocol({
    connection,
    parameters,
    journal: paths.journal,
    onDeployed: (contract, address) => {
      deployed.push(contract);
      printContract(contract, address);
    },
  }).catch(async (error: unknown) => {
    const reason = describeOutsideError(error);
    if (reason === undefined) throw error;
    throw new UserError(
      `The deployment stopped. ${reason} Put this right (${await describeFunds({ connection, deployer })}), ` +
        "then run the same command again to continue.",
    );
  });

  await writeDeployment(paths.record, {
    network: connection.networkName,
    ...chain,
    deployer,
    block: await findFirstBlock({ connection, journal: paths.journal }),
    contracts: await getAddresses(protocol),
    parameters,
  });
  console.log(
    `${deployed.length > 0 ? "Deployed" : "Already deployed"}: the addresses are in ${display(paths.record)}.`,
  );
}

/** Deploys on the embedded chain first: what that costs is what the deployer must own, and bad parameters fail there. */
async function rehearse({
  connection,
  deployer,
  parameters,
}: {
  connection: NetworkConnection;
  deployer: string;
  parameters: ProtocolParameters;
}): Promise<void> {
  const rehearsal = await hre.network.create("hardhat");
  await deployProtocol({ connection: rehearsal, parameters });
  const blocks = await rehearsal.ethers.provider.getBlockNumber();
  let gas = 0n;
  for (let number = 1; number <= blocks; number++) {
    gas += (await rehearsal.ethers.provider.getBlock(number))?.gasUsed ?? 0n;
  }
  await rehearsal.close();

  const { provider } = connection.ethers;
  const { maxFeePerGas, gasPrice } = await provider.getFeeData();
  const cost = gas * (maxFeePerGas ?? gasPrice ?? 0n);
  const balance = await provider.getBalance(deployer);
  if (balance < cost) {
    throw new UserError(
      `The deployment may cost up to ${formatEther(cost)} ether, but ${deployer} has ${formatEther(balance)} on ` +
        `"${connection.networkName}". Send it more, then run the same command again.`,
    );
  }
}

async function describeFunds({
  connection,
  deployer,
}: {
  connection: NetworkConnection;
  deployer: string;
}): Promise<string> {
  try {
    const balance = await connection.ethers.provider.getBalance(deployer);
    return `${deployer} has ${formatEther(balance)} ether left`;
  } catch {
    return `no node answers at "${connection.networkName}" any more`;
  }
}

async function findFirstBlock({
  connection: { ethers },
  journal,
}: {
  connection: NetworkConnection;
  journal: string;
}): Promise<number> {
  const transactions = await listTransactions(journal, new HardhatArtifactResolver(hre.artifacts));
  const receipts = await Promise.all(transactions.map(({ txHash }) => ethers.provider.getTransactionReceipt(txHash)));
  return Math.min(...receipts.flatMap((receipt) => (receipt === null ? [] : [receipt.blockNumber])));
}

function printContract(contract: string, address: string): void {
  console.log(`${contract.padEnd(18)} ${address}`);
}
