import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, Signature, Wallet, ZeroHash } from "ethers";

import {
  callId,
  type CallRequest,
  childrenHash,
  isSignedByExecutor,
  type Receipt,
  receiptDigest,
  recoverExecutor,
  signatureForCourt,
  signReceipt,
} from "../../sdk/receipt.ts";

const executor = Wallet.createRandom();
const domain = { chainId: 31337n, services: `0x${"5e".repeat(20)}` };
const request: CallRequest = {
  payer: `0x${"a1".repeat(20)}`,
  parentCallId: id("parent"),
  serviceId: 7n,
  inputHash: id("input"),
  salt: id("salt"),
};
const receipt: Receipt = {
  ...request,
  callId: callId({ ...domain, request }),
  childrenHash: childrenHash([id("child")]),
  splitId: id("split"),
  assetSplitId: id("asset"),
  executor: executor.address,
  outputRoot: id("output"),
  tokensIn: 1_200n,
  tokensOut: 80n,
  amount: 10n ** 18n,
  servedAt: 1_800_000_000n,
};
const coder = AbiCoder.defaultAbiCoder();

/** EIP-712 by hand. */
function typedHash(type: string, types: string[], values: unknown[]): string {
  const domainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
  const separator = keccak256(
    coder.encode(
      ["bytes32", "bytes32", "bytes32", "uint256", "address"],
      [id(domainType), id("CallReceipts"), id("1"), domain.chainId, domain.services],
    ),
  );
  const struct = keccak256(coder.encode(["bytes32", ...types], [id(type), ...values]));
  return keccak256(concat(["0x1901", separator, struct]));
}

describe("call id", () => {
  it("is what EIP-712 defines", () => {
    const { payer, parentCallId, serviceId, inputHash, salt } = request;
    const type = "CallRequest(address payer,bytes32 parentCallId,uint256 serviceId,bytes32 inputHash,bytes32 salt)";
    const expected = typedHash(
      type,
      ["address", "bytes32", "uint256", "bytes32", "bytes32"],
      [payer, parentCallId, serviceId, inputHash, salt],
    );
    expect(callId({ ...domain, request })).to.equal(expected);
  });

  it("is another one for another request, registry or chain", () => {
    const others = [
      callId({ ...domain, chainId: 1n, request }),
      callId({ ...domain, services: executor.address, request }),
      callId({ ...domain, request: { ...request, payer: executor.address } }),
      callId({ ...domain, request: { ...request, parentCallId: ZeroHash } }),
      callId({ ...domain, request: { ...request, serviceId: 8n } }),
      callId({ ...domain, request: { ...request, inputHash: id("other") } }),
      callId({ ...domain, request: { ...request, salt: id("other") } }),
    ];
    expect(new Set([receipt.callId, ...others]).size).to.equal(8);
  });
});

describe("hash of children", () => {
  it("is zero for none, and depends on which they are and their order", () => {
    expect(childrenHash([])).to.equal(ZeroHash);
    expect(childrenHash([id("a"), id("b")])).to.equal(keccak256(concat([id("a"), id("b")])));
    expect(childrenHash([id("a"), id("b")])).not.to.equal(childrenHash([id("b"), id("a")]));
  });
});

describe("receipt", () => {
  it("has the digest that EIP-712 defines", () => {
    const type =
      "Receipt(bytes32 callId,address payer,bytes32 parentCallId,uint256 serviceId,bytes32 inputHash,bytes32 salt," +
      "bytes32 childrenHash,bytes32 splitId,bytes32 assetSplitId,address executor,bytes32 outputRoot," +
      "uint64 tokensIn,uint64 tokensOut,uint256 amount,uint64 servedAt)";
    const expected = typedHash(
      type,
      [
        ...["bytes32", "address", "bytes32", "uint256", "bytes32", "bytes32", "bytes32", "bytes32", "bytes32"],
        ...["address", "bytes32", "uint64", "uint64", "uint256", "uint64"],
      ],
      [
        receipt.callId,
        receipt.payer,
        receipt.parentCallId,
        receipt.serviceId,
        receipt.inputHash,
        receipt.salt,
        receipt.childrenHash,
        receipt.splitId,
        receipt.assetSplitId,
        receipt.executor,
        receipt.outputRoot,
        receipt.tokensIn,
        receipt.tokensOut,
        receipt.amount,
        receipt.servedAt,
      ],
    );
    expect(receiptDigest({ ...domain, receipt })).to.equal(expected);
  });

  it("tells who signed it", async () => {
    const signature = await signReceipt({ ...domain, signer: executor, receipt });
    expect(recoverExecutor({ ...domain, receipt, signature })).to.equal(executor.address);
  });

  it("tells what can be shown to the court: what the key of its executor signed", async () => {
    const signature = await signReceipt({ ...domain, signer: executor, receipt });
    const lower = { ...receipt, executor: receipt.executor.toLowerCase() };
    expect(isSignedByExecutor({ ...domain, receipt, signature })).to.equal(true);
    expect(isSignedByExecutor({ ...domain, receipt: lower, signature })).to.equal(true);
    expect(isSignedByExecutor({ ...domain, receipt: { ...receipt, executor: receipt.payer }, signature })).to.equal(
      false,
    );
    expect(isSignedByExecutor({ ...domain, receipt, signature: `${signature}00` })).to.equal(false);
  });

  it("shows the court signatures in one form, or refuses those that no key can have made", async () => {
    const signature = await signReceipt({ ...domain, signer: executor, receipt });
    expect(signatureForCourt(signature)).to.equal(signature);
    expect(signatureForCourt(Signature.from(signature).compactSerialized)).to.equal(signature);
    expect(() => signatureForCourt(`${signature}00`)).to.throw("invalid raw signature length");
  });

  it("is somebody else's once any field is another, or registry or chain", async () => {
    const signature = await signReceipt({ ...domain, signer: executor, receipt });
    const changes: Partial<Receipt>[] = [
      ...(
        [
          "callId",
          "parentCallId",
          "inputHash",
          "salt",
          "childrenHash",
          "splitId",
          "assetSplitId",
          "outputRoot",
        ] as const
      ).map((field) => ({ [field]: id("other") })),
      { payer: executor.address },
      { executor: receipt.payer },
      ...(["serviceId", "tokensIn", "tokensOut", "amount", "servedAt"] as const).map((field) => ({
        [field]: receipt[field] + 1n,
      })),
    ];
    expect(changes).to.have.lengthOf(Object.keys(receipt).length);
    for (const change of changes) {
      const signer = recoverExecutor({ ...domain, receipt: { ...receipt, ...change }, signature });
      expect(signer, Object.keys(change)[0]).not.to.equal(executor.address);
    }
    for (const other of [{ chainId: 1n }, { services: executor.address }]) {
      expect(recoverExecutor({ ...domain, ...other, receipt, signature })).not.to.equal(executor.address);
    }
  });
});
