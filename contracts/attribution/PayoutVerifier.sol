// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fault, IFaultVerifier, Restitution} from "../disputes/IFaultVerifier.sol";
import {Receipt, Receipts} from "../disputes/Receipts.sol";
import {ShareProofs} from "../disputes/ShareProofs.sol";
import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {PaymentChannels} from "../payments/PaymentChannels.sol";
import {Pots} from "./Pots.sol";
import {
    Figures,
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

/// @notice What is wrong with the sums of a report.
/// @param Payee A contribution owns nothing, or a credit is not the contributor's, or there is none for what earns
/// something, or one for commons (F4).
/// @param InferenceOrder Two inferences are the same call, or not in their order (F5).
/// @param SpanOrder Two spans credit the same bytes, or are not in their order (F5).
/// @param LostCredit A credit's span has another credit, or there is no such span (F5).
/// @param Sum The units of a tree are not what the report says (F5).
/// @param DataShare An inference stands under another receipt than its own, was not settled in the epoch, or its data
/// share is not what the pot got by it (F6).
/// @param Receipt An inference is not what its receipt says (F6).
/// @param Settlement A receipt is not where the settlement has it, or is there with another amount (F6).
/// @param Credit A credit is not that of its span, or not its part of the data share (F6).
/// @param Payout A share of the payout is not that of who has the credits (F6).
/// @param Remainder A share of the payout takes what nobody has credits for, and is not the Datanet version's (F6).
/// @param OutputLength An output has another length (F6).
enum PayoutFault {
    Payee,
    InferenceOrder,
    SpanOrder,
    LostCredit,
    Sum,
    DataShare,
    Receipt,
    Settlement,
    Credit,
    Payout,
    Remainder,
    OutputLength
}

/// @notice The sum trees of a report.
enum Tree {
    Inferences,
    Credits,
    Payout
}

/// @notice Shows a fault in the sums of a report.
/// @param witness What the fault needs, encoded: {CallWitness} unless said otherwise.
struct PayoutProof {
    Report report;
    Pot pot;
    PayoutFault fault;
    bytes witness;
}

/// @notice An inference, and for some faults more of it.
/// @param spans For {PayoutFault-Payee}, {PayoutFault-LostCredit} and {PayoutFault-Credit} the span, for
/// {PayoutFault-SpanOrder} two next to each other.
/// @param credit The span's credit; for {PayoutFault-LostCredit} the credit that names the span.
/// @param contribution Proof ({ShareProofs}) of the contribution's share in the log, for {PayoutFault-Payee}.
struct CallWitness {
    InferenceOpening inference;
    SpansOpening spans;
    ShareOpening credit;
    bytes contribution;
}

/// @notice For {PayoutFault-InferenceOrder} the shares of two inferences next to each other; for {PayoutFault-Payout} a
/// credit and a share of the payout over the same units; for {PayoutFault-Remainder} the share of the payout twice.
struct PairWitness {
    ShareOpening first;
    ShareOpening second;
}

/// @notice For {PayoutFault-Sum} any share of a tree.
struct SumWitness {
    Tree tree;
    ShareOpening share;
}

/// @notice For {PayoutFault-Receipt} what the executor signed, for {PayoutFault-Settlement} the share that the memo's tree
/// has at the inference's place.
struct ReceiptWitness {
    InferenceOpening inference;
    Receipt receipt;
    bytes settled;
}

/// @notice For {PayoutFault-OutputLength} chunks of the output.
struct LengthWitness {
    InferenceOpening inference;
    TextOpening output;
    uint64 outputLength;
}

/// @title Faults in the sums of a report, decided by arithmetic
/// @notice What a correct report says:
///
/// - data share of an inference = ⌊amount × the pot's fraction of what its split is paid⌋
/// - credit of a span = ⌊data share × credited bytes / (bytes of the output + 1)⌋, whose payee is the contributor
/// - payout: to each contributor its credits, and what is left to the Datanet version's split
///
/// Credits and payout are lists of shares over the same units: the smallest unit at any place belongs to one share of
/// either, so a sum needs no second proof.
contract PayoutVerifier is IFaultVerifier {
    using Texts for TextOpening;
    using ShareProofs for bytes;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when what a proof shows is as it should be.
    error PayoutVerifier_NoFault(PayoutFault fault);

    /// @notice Thrown when shares do not stand where the fault would have them.
    error PayoutVerifier_OtherPlace(uint256 index, uint256 expected);

    /// @notice Thrown when a receipt is not the inference's.
    error PayoutVerifier_OtherReceipt(bytes32 digest, bytes32 given);

    /// @notice Thrown when a share is not one of those to which a settlement commits.
    error PayoutVerifier_NotInSettlement(bytes32 memo, bytes32 proven);

    /// @notice Thrown when two shares have no unit in common.
    error PayoutVerifier_Apart(uint256 creditStart, uint256 creditEnd, uint256 start, uint256 end);

    // ------------------------------------------------------------------ storage

    /// @notice The registry whose services the receipts are of.
    address public immutable services;

    /// @notice Where operators settle.
    PaymentChannels public immutable channels;

    /// @notice Where the pots are described.
    Pots public immutable pots;

    // ------------------------------------------------------------------ constructor

    constructor(address services_, PaymentChannels channels_, Pots pots_) {
        services = services_;
        channels = channels_;
        pots = pots_;
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IFaultVerifier
    /// @dev A report is answered for by its bond, and by no stake.
    function slashBps() external pure returns (uint16) {
        return 0;
    }

    /// @inheritdoc IFaultVerifier
    /// @param proof An encoded {PayoutProof}.
    function verify(bytes calldata proof) external view returns (Fault memory) {
        PayoutProof calldata p = _decode(proof);
        Reports.checkPot(p.report, p.pot);
        if (!_isFault(p)) revert PayoutVerifier_NoFault(p.fault);
        return
            Fault({
                id: Reports.idOf(p.report),
                respondent: p.report.reporter,
                harmed: address(0),
                harm: 0,
                restitution: Restitution(0, 0, 0, 0, address(0), 0, 0)
            });
    }

    // ------------------------------------------------------------------ internals: faults

    function _isFault(PayoutProof calldata p) private view returns (bool) {
        PayoutFault fault = p.fault;
        Figures calldata f = p.report.figures;
        if (fault == PayoutFault.InferenceOrder) return _isOrderWrong(f, _pair(p.witness));
        if (fault == PayoutFault.Payout) return _isPayoutWrong(f, _pair(p.witness));
        if (fault == PayoutFault.Remainder) return _isRemainderWrong(f, p.pot, _pair(p.witness).first);
        if (fault == PayoutFault.Sum) return _isSumWrong(f, _sum(p.witness));
        if (fault == PayoutFault.Receipt) return _isReceiptWrong(p.report, _receipt(p.witness));
        if (fault == PayoutFault.Settlement) return _isSettlementWrong(p.report, _receipt(p.witness));
        if (fault == PayoutFault.OutputLength) return _isLengthWrong(p.report, _length(p.witness));

        CallWitness calldata w = _call(p.witness);
        if (fault == PayoutFault.LostCredit) return _isCreditLost(p.report, w);
        uint256 units = Reports.open(p.report, w.inference);
        if (fault == PayoutFault.DataShare) return _isDataShareWrong(f, w.inference, units);
        Span[] memory spans = Reports.open(w.inference.inference, w.spans);
        if (fault == PayoutFault.SpanOrder) return spans[1].creditStart < spans[0].creditEnd;
        if (fault == PayoutFault.Payee) return _isPayeeWrong(p, w, spans[0]);
        return _isCreditWrong(f, w, spans[0], units);
    }

    function _isPayeeWrong(
        PayoutProof calldata p,
        CallWitness calldata w,
        Span memory span
    ) private pure returns (bool) {
        if (span.contribution >= p.pot.logSize) return true;
        Reports.checkInLog(p.pot, span.contribution, w.contribution);
        if (w.contribution.unitsOf() == 0) return true;
        if (span.contribution < p.pot.commons) return span.credit != Reports.NO_CREDIT;
        if (span.credit == Reports.NO_CREDIT) return true;
        _checkPlace(w.credit.index, span.credit);
        _openCredit(p.report.figures, w.credit);
        return w.credit.proof.isSplit() || w.credit.proof.recipientOf() != w.contribution.recipientOf();
    }

    function _isCreditWrong(
        Figures calldata f,
        CallWitness calldata w,
        Span memory span,
        uint256 units
    ) private pure returns (bool) {
        if (span.credit == Reports.NO_CREDIT) return false;
        if (span.credit >= f.credits) return true;
        _checkPlace(w.credit.index, span.credit);
        _openCredit(f, w.credit);
        uint256 length = uint256(w.inference.inference.outputLength) + 1;
        uint256 credited = uint256(span.creditEnd) - span.creditStart;
        return
            uint256(w.credit.proof.evidenceOf()) != _reference(w.inference.index, w.spans.first) ||
            w.credit.proof.unitsOf() != (units * credited) / length;
    }

    function _isCreditLost(Report calldata report, CallWitness calldata w) private pure returns (bool) {
        _openCredit(report.figures, w.credit);
        uint256 named = uint256(w.credit.proof.evidenceOf());
        if (named >> 32 >= report.figures.inferences) return true;
        _checkPlace(w.inference.index, named >> 32);
        Reports.open(report, w.inference);
        uint256 place = uint32(named);
        if (place >= w.inference.inference.spans) return true;
        _checkPlace(w.spans.first, place);
        return Reports.open(w.inference.inference, w.spans)[0].credit != w.credit.index;
    }

    function _isOrderWrong(Figures calldata f, PairWitness calldata w) private pure returns (bool) {
        _checkPlace(w.second.index, uint256(w.first.index) + 1);
        Reports.checkShare(w.first.proof, w.first.index, f.inferencesRoot, f.inferences);
        Reports.checkShare(w.second.proof, w.second.index, f.inferencesRoot, f.inferences);
        return w.first.proof.recipientOf() >= w.second.proof.recipientOf();
    }

    function _isSumWrong(Figures calldata f, SumWitness calldata w) private pure returns (bool) {
        (bytes32 root, uint256 size, uint256 units) = (f.inferencesRoot, f.inferences, f.total);
        if (w.tree == Tree.Credits) (root, size, units) = (f.creditsRoot, f.credits, f.credited);
        if (w.tree == Tree.Payout) (root, size) = (f.payoutRoot, f.shares);
        Reports.checkShare(w.share.proof, w.share.index, root, size);
        return w.share.proof.rootOf(w.share.index, uint64(size)).units != units;
    }

    function _isDataShareWrong(
        Figures calldata f,
        InferenceOpening calldata o,
        uint256 units
    ) private view returns (bool) {
        Inference calldata inference = o.inference;
        // The order by which no call is there twice is that of the shares.
        if (o.proof.recipientOf() != inference.receiptDigest) return true;
        uint256 settledAt = channels.settledAt(
            inference.operator,
            inference.splitId,
            inference.memo,
            inference.settled
        );
        if (settledAt == 0 || pots.epochOf(settledAt) != f.epoch) return true;
        return units != (inference.amount * pots.fractionOf(f.potId, inference.splitId, f.epoch)) / 1e18;
    }

    function _isReceiptWrong(Report calldata report, ReceiptWitness calldata w) private view returns (bool) {
        Reports.open(report, w.inference);
        Inference calldata inference = w.inference.inference;
        bytes32 digest = Receipts.digestOf(Receipts.domainOf(services), w.receipt);
        if (digest != inference.receiptDigest) {
            revert PayoutVerifier_OtherReceipt(inference.receiptDigest, digest);
        }
        return
            w.receipt.executor != inference.operator ||
            w.receipt.splitId != inference.splitId ||
            w.receipt.amount != inference.amount ||
            w.receipt.outputRoot != inference.outputRoot;
    }

    function _isSettlementWrong(Report calldata report, ReceiptWitness calldata w) private pure returns (bool) {
        Reports.open(report, w.inference);
        Inference calldata inference = w.inference.inference;
        SumNode memory node = w.settled.rootOf(inference.place, inference.receipts);
        bytes32 proven = MerkleSumTree.splitId(node.hash, node.units, inference.receipts, address(0));
        if (proven != inference.memo) revert PayoutVerifier_NotInSettlement(inference.memo, proven);
        return
            node.units != inference.settled ||
            w.settled.evidenceOf() != inference.receiptDigest ||
            w.settled.unitsOf() != inference.amount;
    }

    function _isPayoutWrong(Figures calldata f, PairWitness calldata w) private pure returns (bool) {
        _openCredit(f, w.first);
        _openPayout(f, w.second);
        (uint256 start, uint256 end) = _interval(w.first, f.credits);
        (uint256 shareStart, uint256 shareEnd) = _interval(w.second, f.shares);
        if (start >= shareEnd || shareStart >= end) {
            revert PayoutVerifier_Apart(start, end, shareStart, shareEnd);
        }
        return
            w.second.proof.isSplit() ||
            w.second.proof.recipientOf() != w.first.proof.recipientOf() ||
            w.second.proof.evidenceOf() != f.creditsRoot;
    }

    function _isRemainderWrong(
        Figures calldata f,
        Pot calldata pot,
        ShareOpening calldata share
    ) private pure returns (bool) {
        _openPayout(f, share);
        (uint256 start, uint256 end) = _interval(share, f.shares);
        if (end <= f.credited) return share.proof.isSplit();
        return start < f.credited || !share.proof.isSplit() || share.proof.recipientOf() != pot.versionSplitId;
    }

    function _isLengthWrong(Report calldata report, LengthWitness calldata w) private pure returns (bool) {
        Reports.open(report, w.inference);
        Inference calldata inference = w.inference.inference;
        w.output.check(inference.outputRoot, w.outputLength);
        return w.outputLength != inference.outputLength;
    }

    // ------------------------------------------------------------------ internals: openings

    function _openCredit(Figures calldata f, ShareOpening calldata o) private pure {
        Reports.checkShare(o.proof, o.index, f.creditsRoot, f.credits);
    }

    function _openPayout(Figures calldata f, ShareOpening calldata o) private pure {
        Reports.checkShare(o.proof, o.index, f.payoutRoot, f.shares);
    }

    /// @dev The units of its tree that a share has.
    function _interval(ShareOpening calldata o, uint256 size) private pure returns (uint256 start, uint256 end) {
        start = Reports.unitsBefore(o.proof, o.index, size);
        end = start + o.proof.unitsOf();
    }

    /// @dev How a credit names its span.
    function _reference(uint256 inference, uint256 span) private pure returns (uint256) {
        return (inference << 32) | span;
    }

    function _checkPlace(uint256 index, uint256 expected) private pure {
        if (index != expected) revert PayoutVerifier_OtherPlace(index, expected);
    }

    // ------------------------------------------------------------------ internals: encoding

    /// @dev What lies in an encoding is checked where it is read.
    function _decode(bytes calldata data) private pure returns (PayoutProof calldata p) {
        assembly ("memory-safe") {
            p := add(data.offset, calldataload(data.offset))
        }
    }

    function _call(bytes calldata data) private pure returns (CallWitness calldata w) {
        assembly ("memory-safe") {
            w := add(data.offset, calldataload(data.offset))
        }
    }

    function _pair(bytes calldata data) private pure returns (PairWitness calldata w) {
        assembly ("memory-safe") {
            w := add(data.offset, calldataload(data.offset))
        }
    }

    function _sum(bytes calldata data) private pure returns (SumWitness calldata w) {
        assembly ("memory-safe") {
            w := add(data.offset, calldataload(data.offset))
        }
    }

    function _receipt(bytes calldata data) private pure returns (ReceiptWitness calldata w) {
        assembly ("memory-safe") {
            w := add(data.offset, calldataload(data.offset))
        }
    }

    function _length(bytes calldata data) private pure returns (LengthWitness calldata w) {
        assembly ("memory-safe") {
            w := add(data.offset, calldataload(data.offset))
        }
    }
}
