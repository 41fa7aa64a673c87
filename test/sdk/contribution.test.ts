import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, Wallet } from "ethers";

import { evidenceOf } from "../../sdk/content.ts";
import { contributionDigest, packSignatures, recoverContributor, signContribution } from "../../sdk/contribution.ts";
import { randomFrom } from "./random.ts";

const random = randomFrom(1);
const REGISTRY = `0x${"5b".repeat(20)}`;
const contribution = {
  chainId: 31337n,
  registry: REGISTRY,
  datanetId: 7n,
  content: { contentRoot: random.hex(32), byteLength: 999n, licenseHash: random.hex(32), uriHash: random.hex(32) },
};

describe("contribution", () => {
  it("has the digest that EIP-712 defines", () => {
    const coder = AbiCoder.defaultAbiCoder();
    const domainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const domain = keccak256(
      coder.encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [id(domainType), id("DatanetRegistry"), id("1"), 31337n, REGISTRY],
      ),
    );
    const type =
      "Contribution(uint256 datanetId,Content content)" +
      "Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)";
    const struct = keccak256(
      coder.encode(["bytes32", "uint256", "bytes32"], [id(type), 7n, evidenceOf(contribution.content)]),
    );
    expect(contributionDigest(contribution)).to.equal(keccak256(concat(["0x1901", domain, struct])));
  });

  it("recovers the signer, and nobody else once anything is changed", async () => {
    const signer = Wallet.createRandom();
    const signature = await signContribution({ signer, contribution });
    expect(recoverContributor({ contribution, signature })).to.equal(signer.address);
    for (const other of [
      { ...contribution, chainId: 1n },
      { ...contribution, datanetId: 8n },
      { ...contribution, registry: `0x${"5c".repeat(20)}` },
      { ...contribution, content: { ...contribution.content, byteLength: 998n } },
    ]) {
      expect(recoverContributor({ contribution: other, signature })).to.not.equal(signer.address);
    }
  });

  it("packs signatures of any length, each behind its length", () => {
    expect(packSignatures(["0x112233", "0x", `0x${"ab".repeat(300)}`])).to.equal(
      `0x00031122330000012c${"ab".repeat(300)}`,
    );
    expect(() => packSignatures([`0x${"ab".repeat(65_536)}`])).to.throw(RangeError, "65536");
    expect(() => packSignatures(["signature"])).to.throw(TypeError, "signature");
  });
});
