// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipt, Receipts} from "../disputes/Receipts.sol";
import {ShareProofs} from "../disputes/ShareProofs.sol";
import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {
    ContributionOpening,
    Inference,
    InferenceOpening,
    Pot,
    Report,
    Reports,
    ShareOpening,
    Span,
    SpansOpening
} from "./Reports.sol";
import {TextOpening, Texts} from "./Texts.sol";

/// @notice What of a report, or of what it rests on, can be demanded.
enum ItemKind {
    Inference,
    Span,
    Credit,
    Share,
    OutputChunk,
    Receipt,
    ContentChunk
}

/// @notice A piece of data.
/// @param first Index of the inference, the credit, the share or the contribution.
/// @param second Index of the span or the chunk.
struct Item {
    ItemKind kind;
    uint64 first;
    uint64 second;
}

/// @notice Shows an inference, and for some items more of it.
/// @param spans The span; empty where the inference has no such span.
/// @param output The chunk; empty where the output has no such chunk.
/// @param receipt What the executor signed.
/// @param settled Proof ({ShareProofs}) of the receipt's share in the tree to which the settlement's memo commits.
struct InferenceAnswer {
    InferenceOpening inference;
    SpansOpening spans;
    TextOpening output;
    Receipt receipt;
    bytes settled;
}

/// @notice Shows a chunk of a contribution.
/// @param text The chunk; empty where the contribution has no such chunk, or has no units and so need not be known.
struct ContentAnswer {
    ContributionOpening contribution;
    TextOpening text;
}

/// @title What answers a demand for data
contract Openings {
    using Texts for TextOpening;
    using ShareProofs for bytes;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a report has no such item, whatever its data is.
    error Openings_NoSuchItem(Item item);

    /// @notice Thrown when an answer is to another demand.
    error Openings_OtherItem(uint256 given, uint256 demanded);

    /// @notice Thrown when more or less than the one span or chunk is shown.
    error Openings_NotOne(uint256 count);

    /// @notice Thrown when a receipt is not the inference's.
    error Openings_OtherReceipt(bytes32 digest, bytes32 given);

    /// @notice Thrown when a receipt is not one of those to which a settlement commits.
    error Openings_NotInSettlement(bytes32 memo, bytes32 proven);

    // ------------------------------------------------------------------ storage

    /// @notice The registry whose services the receipts are of.
    address public immutable services;

    // ------------------------------------------------------------------ constructor

    constructor(address services_) {
        services = services_;
    }

    // ------------------------------------------------------------------ views

    /// @notice Checks that an item can be demanded. What a report's trees hide is seen when it is answered.
    function checkDemand(Report calldata report, Pot calldata pot, Item calldata item) external pure {
        Reports.checkPot(report, pot);
        uint256 size = report.figures.inferences;
        if (item.kind == ItemKind.Credit) size = report.figures.credits;
        else if (item.kind == ItemKind.Share) size = report.figures.shares;
        else if (item.kind == ItemKind.ContentChunk) size = pot.logSize;
        if (item.first >= size) revert Openings_NoSuchItem(item);
    }

    /// @notice Checks that data shows an item.
    /// @param data A {ShareOpening}, an {InferenceAnswer} or a {ContentAnswer}, encoded.
    function checkAnswer(
        Report calldata report,
        Pot calldata pot,
        Item calldata item,
        bytes calldata data
    ) external view {
        Reports.checkPot(report, pot);
        if (item.kind == ItemKind.Credit) {
            _checkShare(item, _share(data), report.figures.creditsRoot, report.figures.credits);
        } else if (item.kind == ItemKind.Share) {
            _checkShare(item, _share(data), report.figures.payoutRoot, report.figures.shares);
        } else if (item.kind == ItemKind.ContentChunk) {
            _checkContent(pot, item, _content(data));
        } else {
            _checkInference(report, item, _inference(data));
        }
    }

    // ------------------------------------------------------------------ internals

    function _checkShare(Item calldata item, ShareOpening calldata o, bytes32 root, uint256 size) private pure {
        _checkIndex(o.index, item.first);
        Reports.checkShare(o.proof, o.index, root, size);
    }

    function _checkInference(Report calldata report, Item calldata item, InferenceAnswer calldata a) private view {
        _checkIndex(a.inference.index, item.first);
        Reports.open(report, a.inference);
        Inference calldata inference = a.inference.inference;
        if (item.kind == ItemKind.Span) {
            if (item.second >= inference.spans) return;
            _checkIndex(a.spans.first, item.second);
            Span[] memory spans = Reports.open(inference, a.spans);
            if (spans.length != 1) revert Openings_NotOne(spans.length);
        } else if (item.kind == ItemKind.OutputChunk) {
            _checkChunk(a.output, item.second, inference.outputRoot, inference.outputLength);
        } else if (item.kind == ItemKind.Receipt) {
            _checkReceipt(inference, a.receipt, a.settled);
        }
    }

    function _checkReceipt(
        Inference calldata inference,
        Receipt calldata receipt,
        bytes calldata settled
    ) private view {
        bytes32 digest = Receipts.digestOf(Receipts.domainOf(services), receipt);
        if (digest != inference.receiptDigest) revert Openings_OtherReceipt(inference.receiptDigest, digest);
        SumNode memory node = settled.rootOf(inference.place, inference.receipts);
        bytes32 proven = MerkleSumTree.splitId(node.hash, node.units, inference.receipts, address(0));
        if (proven != inference.memo) revert Openings_NotInSettlement(inference.memo, proven);
    }

    function _checkContent(Pot calldata pot, Item calldata item, ContentAnswer calldata a) private pure {
        _checkIndex(a.contribution.index, item.first);
        Reports.open(pot, a.contribution);
        if (a.contribution.proof.unitsOf() == 0) return;
        _checkChunk(a.text, item.second, a.contribution.content.contentRoot, a.contribution.content.byteLength);
    }

    /// @dev A text that has no such chunk has nothing to show.
    function _checkChunk(TextOpening calldata o, uint256 index, bytes32 contentRoot, uint256 byteLength) private pure {
        if (index * Texts.CHUNK_BYTES >= byteLength) return;
        _checkIndex(o.firstChunk, index);
        if (o.chunks.length > Texts.CHUNK_BYTES) revert Openings_NotOne(o.chunks.length);
        o.check(contentRoot, byteLength);
    }

    function _checkIndex(uint256 given, uint256 demanded) private pure {
        if (given != demanded) revert Openings_OtherItem(given, demanded);
    }

    // ------------------------------------------------------------------ internals: encoding

    /// @dev What lies in an encoding is checked where it is read.
    function _share(bytes calldata data) private pure returns (ShareOpening calldata o) {
        assembly ("memory-safe") {
            o := add(data.offset, calldataload(data.offset))
        }
    }

    function _inference(bytes calldata data) private pure returns (InferenceAnswer calldata a) {
        assembly ("memory-safe") {
            a := add(data.offset, calldataload(data.offset))
        }
    }

    function _content(bytes calldata data) private pure returns (ContentAnswer calldata a) {
        assembly ("memory-safe") {
            a := add(data.offset, calldataload(data.offset))
        }
    }
}
