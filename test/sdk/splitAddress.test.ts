import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { splitAddressOf } from "../../sdk/splitAddress.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";

describe("address of a split", () => {
  it("is the one that the contract computes", async () => {
    const connection = await network.create();
    const { splitAddresses } = await createProtocolFixture({ connection })();
    const contract = await splitAddresses.getAddress();
    const implementation = await splitAddresses.implementation();
    for (const splitId of [id("a split"), `0x${"00".repeat(32)}`, `0x${"ff".repeat(32)}`]) {
      const address = splitAddressOf({ splitId, splitAddresses: contract, implementation });
      expect(address).to.equal(await splitAddresses.addressOf(splitId));
    }
    await connection.close();
  });
});
