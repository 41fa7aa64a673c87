import type { Twin } from "./twins.ts";

const LOGS = "contracts/disputes/DatanetLogs.sol";
const RECEIPTS = "contracts/disputes/Receipts.sol";
const DUPLICATE = "contracts/disputes/DuplicateVerifier.sol";
const SETTLEMENT = "contracts/disputes/SettlementVerifier.sol";
const LINEAGE = "contracts/disputes/RevokedLineageVerifier.sol";

const DUPLICATE_ID = "id: keccak256(abi.encode(block.chainid, datanets, id, later)),";
const EVIDENCE_CHECK = "given != evidence";
const UPSTREAM_CHECK = "!p.upstream.isSplit() || p.upstream.evidenceOf() != evidence";
const SHARE_CHECK = `p.share.isSplit() ||
            p.share.recipientOf() != Accounts.wallet(p.settled.payer) ||
            p.share.unitsOf() != p.settled.amount ||
            evidence != digest`;

export const VERIFIER_TWINS: readonly Twin[] = [
  // ------------------------------------------------------------------ duplicates
  {
    name: "DuplicateVerifier_CurrentCurator",
    source: DUPLICATE,
    find: "datanets.curatorOf(id, later)",
    replace: "_curatorNow(id)",
    why: "whoever is named curator afterwards answers for what others accepted",
    also: [
      {
        source: DUPLICATE,
        find: "    /// @dev What lies in an encoding",
        replace: `    function _curatorNow(uint256 id) private view returns (address curator) {
        (curator, , ) = datanets.curationOf(id);
    }

    /// @dev What lies in an encoding`,
      },
    ],
  },
  {
    name: "DuplicateVerifier_OneIsTwo",
    source: DUPLICATE,
    find: "p.first.index >= later",
    replace: "p.first.index > later",
    why: "a contribution is a duplicate of itself",
  },
  {
    name: "DuplicateVerifier_AnyOrder",
    source: DUPLICATE,
    find: "p.first.index >= later",
    replace: "p.first.index == later",
    why: "read backwards, a duplicate is another fault, and the first contributor loses its share",
  },
  {
    name: "DuplicateVerifier_AnyContent",
    source: LOGS,
    find: EVIDENCE_CHECK,
    replace: "given == 0",
    why: "any two contributions are said to have the same content",
  },
  {
    name: "DuplicateVerifier_OtherContents",
    source: DUPLICATE,
    find: "_checkSame(p.first.content, p.later.content);",
    replace: "",
    why: "any two contributions are duplicates",
    also: [
      { source: DUPLICATE, find: "revert DuplicateVerifier_DifferentContent(", replace: "require(false); abi.encode(" },
    ],
  },
  {
    name: "DuplicateVerifier_RevokedCounts",
    source: LOGS,
    find: "entry.proof.unitsOf() == 0",
    replace: "false",
    why: "a contribution that was revoked before it was accepted again counts as paid twice",
  },
  {
    name: "DuplicateVerifier_AnyLog",
    source: LOGS,
    find: "if (proven != log.splitId) revert DatanetLogs_NotInLog(entry.index, log.splitId, proven);",
    replace: "proven;",
    why: "a made-up log passes for a Datanet's",
  },
  {
    name: "DuplicateVerifier_FaultPerVersion",
    source: DUPLICATE,
    find: DUPLICATE_ID,
    replace: "id: keccak256(abi.encode(block.chainid, datanets, id, p.version.version, later)),",
    why: "each version makes the same duplicate a fault of its own",
  },
  // ------------------------------------------------------------------ receipts
  {
    name: "EquivocationVerifier_SameReceipt",
    source: RECEIPTS,
    find: "digest == otherDigest",
    replace: "false",
    why: "one receipt, signed once, contradicts itself",
  },
  {
    name: "EquivocationVerifier_Unsigned",
    source: RECEIPTS,
    find: "!Signatures.isByKey(executor, digest, signature)",
    replace: "signature.length == 0",
    why: "anybody writes receipts in an executor's name",
  },
  {
    name: "EquivocationVerifier_AnyCalls",
    source: RECEIPTS,
    find: "r.callId != other.callId",
    replace: "false",
    why: "receipts of two calls are a contradiction",
  },
  {
    name: "EquivocationVerifier_AnyCallId",
    source: RECEIPTS,
    find: "r.callId != expected",
    replace: "expected == 0",
    why: "receipts of two calls are a contradiction if an executor counts its calls in a way of its own",
  },
  {
    name: "EquivocationVerifier_FirstChain",
    source: RECEIPTS,
    find: 'keccak256("1"), block.chainid, services',
    replace: 'keccak256("1"), 1, services',
    why: "what was signed for another chain counts on this one",
  },
  {
    name: "EquivocationVerifier_FaultPerPair",
    source: RECEIPTS,
    find: "services, r.executor, r.callId));",
    replace: "services, r.executor, r.callId, r.amount));",
    why: "the same two receipts the other way round are a fault of their own",
  },
  // ------------------------------------------------------------------ settlements
  {
    name: "SettlementVerifier_AnyEmitter",
    source: SETTLEMENT,
    find: "emitter != address(channels) || topic != PaymentChannels.Settled.selector",
    replace: "topic != PaymentChannels.Settled.selector",
    why: "a made-up contract settles in an operator's name",
    also: [{ source: SETTLEMENT, find: "emitter != address(ledger) ||\n            ", replace: "" }],
  },
  {
    name: "SettlementVerifier_AnyOperator",
    source: SETTLEMENT,
    find: "if (operator != p.signed.executor) revert SettlementVerifier_OtherOperator(operator, p.signed.executor);",
    replace: "operator = p.signed.executor;",
    why: "whoever settles a made-up receipt has its executor slashed",
  },
  {
    name: "SettlementVerifier_AnyHeader",
    source: SETTLEMENT,
    find: "given != expected",
    replace: "given == 0",
    why: "a made-up block holds any settlement",
  },
  {
    name: "SettlementVerifier_AnyShare",
    source: SETTLEMENT,
    find: SHARE_CHECK,
    replace: "evidence == 0 && digest == 0",
    why: "any receipt is said to stand in a settlement that has another one",
  },
  {
    name: "SettlementVerifier_AnyMemo",
    source: SETTLEMENT,
    find: "memo != paidMemo",
    replace: "false",
    why: "any receipt is said to be settled by any settlement",
  },
  // ------------------------------------------------------------------ lineage
  {
    name: "RevokedLineageVerifier_CurrentOwner",
    source: LINEAGE,
    find: "publication.publisher",
    replace: "p.registry.ownerOf(p.assetId)",
    why: "whoever is given the asset answers for what another published",
  },
  {
    name: "RevokedLineageVerifier_NewestPublisher",
    source: LINEAGE,
    find: "p.registry.publicationOf(p.assetId, p.assetVersion)",
    replace: "p.registry.publicationOf(p.assetId, p.registry.latestVersion(p.assetId))",
    why: "who publishes the next version of an asset answers for those before it",
  },
  {
    name: "RevokedLineageVerifier_NoGrace",
    source: LINEAGE,
    find: "publishedAt <= revokedAt + GRACE_SECONDS",
    replace: "publishedAt <= revokedAt",
    why: "a revocation in front of a publication has its owner slashed",
  },
  {
    name: "RevokedLineageVerifier_NotRevoked",
    source: LINEAGE,
    find: "revokedAt == 0",
    replace: "false",
    why: "every contribution that a version builds on counts as revoked long ago",
  },
  {
    name: "RevokedLineageVerifier_SplitIdOnly",
    source: LINEAGE,
    find: UPSTREAM_CHECK,
    replace: "p.upstream.recipientOf() != datanets.splitOf(v.datanetId, v.version)",
    why: "a revocation in a copy of a Datanet counts against those who build on the original",
  },
  {
    name: "RevokedLineageVerifier_BuildersCount",
    source: LINEAGE,
    find: UPSTREAM_CHECK,
    replace: "p.upstream.evidenceOf() != evidence",
    why: "a builder that names a Datanet as its evidence counts as the Datanet",
  },
  {
    name: "RevokedLineageVerifier_WrappingIsLog",
    source: LOGS,
    find: EVIDENCE_CHECK,
    replace: "given == 0",
    why: "a share of the Datanet's owner counts as the contribution of that index",
  },
  {
    name: "RevokedLineageVerifier_FaultPerDatanetVersion",
    source: LINEAGE,
    find: "assetVersion, datanetId, p.revoked.index",
    replace: "assetVersion, datanetId, p.version.version, p.revoked.index",
    why: "a model that builds on two versions of a Datanet is punished twice for one contribution",
  },
];
