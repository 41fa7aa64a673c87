import type { NetworkConnection } from "hardhat/types/network";

import type { ProtocolParameters } from "../../scripts/lib/parameters.ts";
import { locateParameters, readParameters } from "../../scripts/lib/parameters.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import { deployProtocol, getDeployer } from "../../scripts/lib/protocol.ts";

/**
 * A fixture for `loadFixture`: the whole protocol on an embedded chain, deployed as on every other network.
 *
 * @param parameters Replace those of `ignition/parameters/hardhat.json5`. Unless they say otherwise, operators serve
 * without a stake.
 */
export function createProtocolFixture({
  connection,
  parameters = {},
}: {
  connection: NetworkConnection;
  parameters?: Partial<ProtocolParameters>;
}): () => Promise<Protocol> {
  return async function protocolFixture() {
    const defaults = await readParameters({
      file: locateParameters("hardhat"),
      deployer: await getDeployer(connection),
    });
    return await deployProtocol({ connection, parameters: { ...defaults, minSelfStake: 0n, ...parameters } });
  };
}
