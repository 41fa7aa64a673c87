import { expect } from "chai";
import { getBytes } from "ethers";

import { claimDigest, recoverClaimer } from "../../sdk/claim.ts";
import { ContentTree, evidenceOf, verifyChunk } from "../../sdk/content.ts";
import { contributionDigest, recoverContributor } from "../../sdk/contribution.ts";
import { ContributionLog } from "../../sdk/log.ts";
import { callId, type Receipt, receiptDigest, recoverExecutor } from "../../sdk/receipt.ts";
import { leafHash, type Share, ShareKind } from "../../sdk/share.ts";
import { decodeDraws, encodeDraws, Split, splitOfDraw } from "../../sdk/split.ts";
import { combineSumNodes, encodeSumNodes, packSumNode, unpackSumNode } from "../../sdk/sumNode.ts";
import claims from "../vectors/claims.json" with { type: "json" };
import chunks from "../vectors/chunks.json" with { type: "json" };
import contents from "../vectors/contents.json" with { type: "json" };
import contributions from "../vectors/contributions.json" with { type: "json" };
import draws from "../vectors/draws.json" with { type: "json" };
import frontiers from "../vectors/frontiers.json" with { type: "json" };
import nodes from "../vectors/nodes.json" with { type: "json" };
import receipts from "../vectors/receipts.json" with { type: "json" };
import revocations from "../vectors/revocations.json" with { type: "json" };
import shareVectors from "../vectors/shares.json" with { type: "json" };
import trees from "../vectors/trees.json" with { type: "json" };

const shares: Share[] = shareVectors.kinds.map((kind, i) => ({
  kind: kind === 0 ? ShareKind.Account : ShareKind.Split,
  recipient: shareVectors.recipients[i],
  units: BigInt(shareVectors.units[i]),
  evidence: shareVectors.evidences[i],
}));

function splitOf(size: number): Split {
  return Split.from({ shares: shares.slice(0, size), arbiter: trees.arbiters[trees.sizes.indexOf(size)] });
}

describe("golden vectors", () => {
  it("agree on leaves", () => {
    expect(shares.map(leafHash)).to.deep.equal(shareVectors.leafHashes);
  });

  it("agree on nodes", () => {
    nodes.hashes.forEach((hash, i) => {
      const left = packSumNode({ hash: nodes.leftHashes[i], units: BigInt(nodes.leftUnits[i]) });
      const right = packSumNode({ hash: nodes.rightHashes[i], units: BigInt(nodes.rightUnits[i]) });
      expect(unpackSumNode(combineSumNodes(Uint8Array.of(...left, ...right)))).to.deep.equal({
        hash,
        units: BigInt(nodes.units[i]),
      });
    });
  });

  it("agree on trees and split ids", () => {
    trees.sizes.forEach((size, i) => {
      const { id, header } = splitOf(size);
      expect(header.root).to.equal(trees.roots[i]);
      expect(header.totalUnits).to.equal(BigInt(trees.totalUnits[i]));
      expect(id).to.equal(trees.splitIds[i]);
    });
  });

  it("agree on frontiers", () => {
    const found = trees.sizes.flatMap((size) =>
      splitOf(size)
        .tree.frontier()
        .reverse()
        .map((node) => ({ size, ...node })),
    );
    expect(found).to.deep.equal(
      frontiers.hashes.map((hash, i) => ({
        size: frontiers.sizes[i],
        level: frontiers.levels[i],
        hash,
        units: BigInt(frontiers.units[i]),
      })),
    );
  });

  it("agree on draws", () => {
    draws.draws.forEach((encoded, i) => {
      const draw = splitOf(draws.sizes[i]).draw({ first: draws.firsts[i], count: draws.counts[i] });
      expect(encodeDraws([draw])).to.equal(encoded);
      expect(decodeDraws(encoded)).to.deep.equal([draw]);
      expect(splitOfDraw(draw).id).to.equal(draws.splitIds[i]);
    });
  });

  it("agree on revocations", () => {
    revocations.indexes.forEach((index, i) => {
      const log = new ContributionLog();
      log.append(shares.slice(0, revocations.sizes[i]));
      expect(encodeSumNodes(log.revocationProof(index).siblings)).to.equal(revocations.proofs[i]);
      if (shares[index].units === 0n) return;
      const { root, totalUnits } = log.revoke(index).split.tree;
      expect(root).to.equal(revocations.roots[i]);
      expect(totalUnits).to.equal(BigInt(revocations.totalUnits[i]));
    });
  });

  it("agree on content roots and evidence", () => {
    contents.contents.forEach((content, i) => {
      const { contentRoot, byteLength } = ContentTree.from(getBytes(content));
      expect(contentRoot).to.equal(contents.contentRoots[i]);
      expect(byteLength).to.equal(contents.byteLengths[i]);
      expect(evidenceOf(contentAt(i))).to.equal(contents.evidences[i]);
    });
  });

  it("agree on chunks", () => {
    chunks.indexes.forEach((index, i) => {
      const siblings = chunks.siblings[i].slice(2).match(/.{64}/g) ?? [];
      const claim = { contentRoot: chunks.contentRoots[i], byteLength: chunks.byteLengths[i] };
      const proof = { index, chunk: getBytes(chunks.chunks[i]), siblings: siblings.map((hex) => `0x${hex}`) };
      expect(verifyChunk({ ...claim, ...proof })).to.be.true;
    });
  });

  it("agree on contributions", () => {
    contributions.digests.forEach((digest, i) => {
      const contribution = {
        chainId: BigInt(contributions.chainId),
        registry: contributions.registry,
        datanetId: BigInt(contributions.datanetIds[i]),
        content: contentAt(i),
      };
      expect(contributionDigest(contribution)).to.equal(digest);
      expect(recoverContributor({ contribution, signature: contributions.signatures[i] })).to.equal(
        contributions.signer,
      );
    });
  });

  it("agree on claims", () => {
    claims.digests.forEach((digest, i) => {
      const request = {
        chainId: BigInt(claims.chainId),
        ledger: claims.ledger,
        draws: claims.draws[i],
        claim: {
          account: claims.account,
          to: claims.tos[i],
          minAmount: BigInt(claims.minAmounts[i]),
          fee: BigInt(claims.fees[i]),
          nonce: BigInt(claims.nonces[i]),
          deadline: BigInt(claims.deadlines[i]),
        },
      };
      expect(claimDigest(request)).to.equal(digest);
      expect(recoverClaimer({ request, signature: claims.signatures[i] })).to.equal(claims.account);
    });
  });

  it("agree on receipts", () => {
    const domain = { chainId: BigInt(receipts.chainId), services: receipts.services };
    receipts.digests.forEach((digest, i) => {
      const receipt: Receipt = {
        callId: receipts.callIds[i],
        payer: receipts.payers[i],
        parentCallId: receipts.parentCallIds[i],
        serviceId: BigInt(receipts.serviceIds[i]),
        inputHash: receipts.inputHashes[i],
        salt: receipts.salts[i],
        childrenHash: receipts.childrenHashes[i],
        splitId: receipts.splitIds[i],
        assetSplitId: receipts.assetSplitIds[i],
        executor: receipts.executors[i],
        outputRoot: receipts.outputRoots[i],
        tokensIn: BigInt(receipts.tokensIn[i]),
        tokensOut: BigInt(receipts.tokensOut[i]),
        amount: BigInt(receipts.amounts[i]),
        servedAt: BigInt(receipts.servedAts[i]),
      };
      expect(callId({ ...domain, request: receipt })).to.equal(receipt.callId);
      expect(receiptDigest({ ...domain, receipt })).to.equal(digest);
      expect(recoverExecutor({ ...domain, receipt, signature: receipts.signatures[i] })).to.equal(receipt.executor);
    });
  });
});

function contentAt(i: number): { contentRoot: string; byteLength: bigint; licenseHash: string; uriHash: string } {
  return {
    contentRoot: contents.contentRoots[i],
    byteLength: BigInt(contents.byteLengths[i]),
    licenseHash: contents.licenseHashes[i],
    uriHash: contents.uriHashes[i],
  };
}
