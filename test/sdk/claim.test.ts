import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, Wallet } from "ethers";

import { claimDigest, recoverClaimer, signClaim } from "../../sdk/claim.ts";

const LEDGER = `0x${"1e".repeat(20)}`;
const signer = Wallet.createRandom();
const request = {
  chainId: 31337n,
  ledger: LEDGER,
  draws: "0x1234",
  claim: {
    account: signer.address,
    to: `0x${"70".repeat(20)}`,
    minAmount: 100n,
    fee: 3n,
    nonce: 2n,
    deadline: 1_900_000_000n,
  },
};

describe("claim", () => {
  it("has the digest that EIP-712 defines", () => {
    const coder = AbiCoder.defaultAbiCoder();
    const domainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const domain = keccak256(
      coder.encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [id(domainType), id("AttributionLedger"), id("1"), 31337n, LEDGER],
      ),
    );
    const type =
      "Claim(address account,address to,bytes32 drawsHash,uint256 minAmount,uint256 fee,uint256 nonce,uint256 deadline)";
    const { account, to, minAmount, fee, nonce, deadline } = request.claim;
    const struct = keccak256(
      coder.encode(
        ["bytes32", "address", "address", "bytes32", "uint256", "uint256", "uint256", "uint256"],
        [id(type), account, to, keccak256("0x1234"), minAmount, fee, nonce, deadline],
      ),
    );
    expect(claimDigest(request)).to.equal(keccak256(concat(["0x1901", domain, struct])));
  });

  it("recovers the signer, and nobody else once anything is changed", async () => {
    const signature = await signClaim({ signer, request });
    expect(recoverClaimer({ request, signature })).to.equal(signer.address);
    for (const other of [
      { ...request, chainId: 1n },
      { ...request, draws: "0x" },
      { ...request, ledger: `0x${"1f".repeat(20)}` },
      { ...request, claim: { ...request.claim, fee: 4n } },
    ]) {
      expect(recoverClaimer({ request: other, signature })).to.not.equal(signer.address);
    }
  });
});
