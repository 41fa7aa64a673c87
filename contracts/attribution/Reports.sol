// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShareProofs} from "../disputes/ShareProofs.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {Content} from "../registry/DatanetRegistry.sol";
import {MerkleRanges} from "./MerkleRanges.sol";

/// @notice What a pot's revenue is divided by: the texts of one version of a Datanet.
/// @param keeper Contract that has the pot's account in the ledger.
/// @param number Tag of that account.
/// @param datanetId The Datanet.
/// @param version Its version.
/// @param versionSplitId The version's split, which gets what is attributed to nobody.
/// @param logSplitId Split of the version's log.
/// @param logSize How many contributions the log has.
/// @param arbiter Arbiter of both splits.
/// @param gram Tokens that must be the same for a match.
/// @param commons How many contributions, the first ones of the log, are nobody's.
/// @param feeBps What the reporter earns, in basis points of what a report pays.
struct Pot {
    address keeper;
    uint96 number;
    uint256 datanetId;
    uint256 version;
    bytes32 versionSplitId;
    bytes32 logSplitId;
    uint64 logSize;
    address arbiter;
    uint8 gram;
    uint64 commons;
    uint16 feeBps;
}

/// @notice How the revenue of an epoch is divided.
/// @param potId Hash of the {Pot}.
/// @param inferencesRoot Root of the sum tree of inferences; units are their data shares.
/// @param creditsRoot Root of the sum tree of credits; units are what each earns. Zero without credits.
/// @param payoutRoot Root of the split's sum tree.
/// @param total What is paid out, in the token's smallest unit: units of all inferences, and of the split.
/// @param credited Units of all credits.
/// @param epoch The epoch.
/// @param inferences Number of inferences.
/// @param credits Number of credits.
/// @param shares Number of shares of the split.
struct Figures {
    bytes32 potId;
    bytes32 inferencesRoot;
    bytes32 creditsRoot;
    bytes32 payoutRoot;
    uint96 total;
    uint96 credited;
    uint32 epoch;
    uint32 inferences;
    uint32 credits;
    uint32 shares;
}

/// @notice A posted report.
/// @param reporter Whose bond answers for it.
/// @param postedAt When, in seconds since 1970.
struct Report {
    Figures figures;
    address reporter;
    uint64 postedAt;
}

/// @notice A paid call and what its output was made of.
/// @param receiptDigest What its executor signed. Inferences are in ascending order of it.
/// @param operator Who settled it.
/// @param splitId The split that was paid.
/// @param memo Commitment to the receipts that were settled together.
/// @param settled What was settled together.
/// @param receipts How many receipts the memo commits to.
/// @param place Place of this one among them.
/// @param amount What the call cost.
/// @param outputRoot Content root of the output.
/// @param outputLength Bytes of the output.
/// @param spansRoot Root over the output's spans, zero without any.
/// @param spans Number of spans.
struct Inference {
    bytes32 receiptDigest;
    address operator;
    bytes32 splitId;
    bytes32 memo;
    uint128 settled;
    uint64 receipts;
    uint64 place;
    uint128 amount;
    bytes32 outputRoot;
    uint64 outputLength;
    bytes32 spansRoot;
    uint32 spans;
}

/// @notice Bytes of an output that are credited to a contribution.
/// @param creditStart First byte that is credited.
/// @param creditEnd Behind the space behind the last token that is credited.
/// @param matchStart First byte of what is the same in the contribution.
/// @param matchEnd Behind its last byte.
/// @param contribution Index in the Datanet's log.
/// @param sourceOffset Where in the contribution's text the match begins.
/// @param credit Index among the credits; {Reports-NO_CREDIT} for commons.
struct Span {
    uint32 creditStart;
    uint32 creditEnd;
    uint32 matchStart;
    uint32 matchEnd;
    uint64 contribution;
    uint64 sourceOffset;
    uint32 credit;
}

/// @notice An inference of a report.
/// @param proof Proof ({ShareProofs}) of its share among the inferences.
struct InferenceOpening {
    uint32 index;
    Inference inference;
    bytes proof;
}

/// @notice Adjacent spans of an inference.
/// @param first Index of the first one.
/// @param spans Their bytes, {Reports-SPAN_BYTES} each.
/// @param siblings As {MerkleRanges-rootOf} wants them.
struct SpansOpening {
    uint32 first;
    bytes spans;
    bytes32[] siblings;
}

/// @notice A share of a tree of a report.
/// @param proof Proof ({ShareProofs}) of it.
struct ShareOpening {
    uint32 index;
    bytes proof;
}

/// @notice A contribution of a pot's Datanet version.
/// @param proof Proof ({ShareProofs}) of its share in the log.
struct ContributionOpening {
    uint64 index;
    Content content;
    bytes proof;
}

/// @title What a report commits to
/// @notice Three trees, all of them Merkle sum trees of shares, and a list of spans for each inference.
///
/// - **Inferences**, by receipt digest: recipient = receipt digest, units = data share, evidence = hash of the {Inference}.
/// - **Spans** of an inference, in the order of its output: leaf = keccak256(0x20 ‖ span), node = keccak256(0x21 ‖ …).
/// - **Credits**, the spans that earn something by who earns it: recipient = contributor's account, units = what it earns,
///   evidence = index of the inference (low 32 bits above) ‖ index of the span (lowest 32 bits).
/// - **Payout**, the split: one share for each contributor over the same units as its credits, in their order, with the
///   root of the credits as evidence; then what is left to the Datanet version's split.
library Reports {
    using ShareProofs for bytes;

    /// @notice Thrown when an opening does not lead to the tree of a report.
    error Reports_NotInReport(uint256 index, bytes32 root, bytes32 proven);

    /// @notice Thrown when a pot is not the report's.
    error Reports_OtherPot(bytes32 potId, bytes32 given);

    /// @notice Thrown when an inference is not the one its share commits to.
    error Reports_OtherInference(uint256 index, bytes32 evidence, bytes32 given);

    /// @notice Thrown when the bytes of spans are not whole spans.
    error Reports_BadSpans(uint256 length);

    /// @notice Thrown when a contribution is not in the log of a pot's Datanet version.
    error Reports_NotInLog(uint256 index, bytes32 logSplitId, bytes32 proven);

    /// @notice Thrown when a contribution has another content.
    error Reports_OtherContent(uint256 index, bytes32 evidence, bytes32 given);

    /// @notice Bytes of a span: its fields, packed in their order.
    uint256 internal constant SPAN_BYTES = 36;

    /// @notice In place of the index of a credit: the span earns nothing.
    uint32 internal constant NO_CREDIT = type(uint32).max;

    /// @dev As in the DatanetRegistry, which is the one to ask if there is gas to spare.
    bytes32 private constant CONTENT_TYPEHASH = keccak256(
        "Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)"
    );

    /// @notice Id of a pot.
    function idOf(Pot memory pot) internal pure returns (bytes32) {
        return keccak256(abi.encode(pot));
    }

    /// @notice The account that a model's split gives units to.
    function accountOf(Pot memory pot) internal pure returns (bytes32) {
        return Accounts.sub(pot.keeper, pot.number);
    }

    /// @notice Id of a report, as short as it is kept: hash of its figures as they are posted, the reporter and the time.
    function idOf(Report calldata report) internal pure returns (bytes24) {
        Figures calldata f = report.figures;
        uint256 amounts = (uint256(f.total) << 96) | f.credited;
        uint256 counts =
            (uint256(f.epoch) << 96) | (uint256(f.inferences) << 64) | (uint256(f.credits) << 32) | f.shares;
        bytes32 hash = keccak256(
            abi.encode(
                f.potId,
                f.inferencesRoot,
                f.creditsRoot,
                f.payoutRoot,
                amounts,
                counts,
                report.reporter,
                report.postedAt
            )
        );
        return bytes24(hash);
    }

    /// @notice Checks that a pot is the one a report is about.
    function checkPot(Report calldata report, Pot calldata pot) internal pure {
        bytes32 given = idOf(pot);
        if (given != report.figures.potId) revert Reports_OtherPot(report.figures.potId, given);
    }

    /// @notice Opens an inference.
    /// @return units Its data share.
    function open(Report calldata report, InferenceOpening calldata o) internal pure returns (uint128 units) {
        Figures calldata f = report.figures;
        checkShare(o.proof, o.index, f.inferencesRoot, f.inferences);
        bytes32 evidence = o.proof.evidenceOf();
        bytes32 given = keccak256(abi.encode(o.inference));
        if (given != evidence) revert Reports_OtherInference(o.index, evidence, given);
        return o.proof.unitsOf();
    }

    /// @notice Opens spans of an inference.
    function open(Inference calldata inference, SpansOpening calldata o) internal pure returns (Span[] memory spans) {
        bytes calldata packed = o.spans;
        if (packed.length % SPAN_BYTES != 0) revert Reports_BadSpans(packed.length);
        spans = new Span[](packed.length / SPAN_BYTES);
        bytes32[] memory nodes = new bytes32[](spans.length);
        for (uint256 i = 0; i < spans.length; ++i) {
            bytes calldata one = packed[i * SPAN_BYTES:(i + 1) * SPAN_BYTES];
            nodes[i] = keccak256(abi.encodePacked(uint8(0x20), one));
            spans[i] = Span({
                creditStart: uint32(bytes4(one)),
                creditEnd: uint32(bytes4(one[4:])),
                matchStart: uint32(bytes4(one[8:])),
                matchEnd: uint32(bytes4(one[12:])),
                contribution: uint64(bytes8(one[16:])),
                sourceOffset: uint64(bytes8(one[24:])),
                credit: uint32(bytes4(one[32:]))
            });
        }
        bytes32 proven = MerkleRanges.rootOf(nodes, o.first, inference.spans, o.siblings, 0x21);
        if (proven != inference.spansRoot) revert Reports_NotInReport(o.first, inference.spansRoot, proven);
    }

    /// @notice Checks that a share stands in a tree of a report.
    function checkShare(bytes calldata proof, uint256 index, bytes32 root, uint256 size) internal pure {
        SumNode memory node = proof.rootOf(uint64(index), uint64(size));
        if (node.hash != root) revert Reports_NotInReport(index, root, node.hash);
    }

    /// @notice Units of all shares before one that {checkShare} has checked.
    function unitsBefore(bytes calldata proof, uint256 index, uint256 size) internal pure returns (uint256 units) {
        uint256 cursor = MerkleSumTree.SHARE_BYTES;
        for (uint256 last = size - 1; last != 0; last >>= 1) {
            bool isRight = index & 1 == 1;
            if (isRight) units += uint128(bytes16(proof[cursor + 32:]));
            if (isRight || index != last) cursor += MerkleSumTree.SIBLING_BYTES;
            index >>= 1;
        }
    }

    /// @notice Opens a contribution's share in the log of a pot.
    function checkInLog(Pot calldata pot, uint64 index, bytes calldata proof) internal pure {
        SumNode memory node = proof.rootOf(index, pot.logSize);
        bytes32 proven = MerkleSumTree.splitId(node.hash, node.units, pot.logSize, pot.arbiter);
        if (proven != pot.logSplitId) revert Reports_NotInLog(index, pot.logSplitId, proven);
    }

    /// @notice Opens a contribution of a pot.
    function open(Pot calldata pot, ContributionOpening calldata o) internal pure {
        checkInLog(pot, o.index, o.proof);
        bytes32 evidence = o.proof.evidenceOf();
        bytes32 given = keccak256(abi.encode(CONTENT_TYPEHASH, o.content));
        if (given != evidence) revert Reports_OtherContent(o.index, evidence, given);
    }
}
