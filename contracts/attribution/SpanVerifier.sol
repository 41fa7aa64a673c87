// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShareProofs} from "../disputes/ShareProofs.sol";
import {Fault, IFaultVerifier, Restitution} from "../disputes/IFaultVerifier.sol";
import {ContributionOpening, InferenceOpening, Pot, Report, Reports, Span, SpansOpening} from "./Reports.sol";
import {TextOpening, Texts} from "./Texts.sol";

/// @notice What is wrong with the spans of an output.
/// @param FalseSpan A span is no match: texts differ, it is too short or too long, or it cuts tokens (F1).
/// @param EarlierOwner An earlier contribution has the same words (F2).
/// @param MissingSpan A contribution has words of the output that no span covers (F3).
enum SpanFault {
    FalseSpan,
    EarlierOwner,
    MissingSpan
}

/// @notice Shows a fault in the spans of an output by the texts themselves.
/// @param spans For F1 and F2 the span; for F3 the spans on both sides of the gap, of which the first or the last span of
/// an output has one, and an output without spans none.
/// @param gap For F3: how many spans are before the gap.
/// @param start For F2 and F3: where in the output the words begin that the contribution has. For F1: a part of the match
/// in which texts differ.
/// @param length How many bytes they have. For F1 zero if the words of one text alone show that the span is no match.
/// @param sourceOffset For F2 and F3: where in the contribution they begin.
/// @param output Chunks of the output with all that is looked at, and the bytes on both sides of it. For F1 empty if the
/// contribution alone shows that the span is no match.
/// @param source Chunks of the contribution, likewise.
struct SpanProof {
    Report report;
    Pot pot;
    SpanFault fault;
    InferenceOpening inference;
    SpansOpening spans;
    uint32 gap;
    uint32 start;
    uint32 length;
    uint64 sourceOffset;
    TextOpening output;
    ContributionOpening contribution;
    TextOpening source;
}

/// @title Faults in the spans of a report, decided by comparing bytes
/// @notice What a correct report says of an output: a K-gram is K tokens next to each other, of at most
/// {MAX_MATCH_BYTES} bytes. A token of the output is credited to the first contribution of the log that has, anywhere in
/// its text, one of the K-grams of the output that cover the token. Tokens that are covered by none are nobody's.
///
/// Contributions without units own nothing. Which contribution is first is all that is paid by, so of several matches in
/// one contribution each is right.
contract SpanVerifier is IFaultVerifier {
    using Texts for TextOpening;
    using ShareProofs for bytes;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a span is right.
    error SpanVerifier_RightSpan(uint256 inference, uint256 span);

    /// @notice Thrown when a contribution is another one than the span's.
    error SpanVerifier_OtherContribution(uint256 index, uint256 expected);

    /// @notice Thrown when a contribution is not before the one that is credited.
    error SpanVerifier_NotEarlier(uint256 index, uint256 credited);

    /// @notice Thrown when a contribution has no units, and so owns nothing.
    error SpanVerifier_OwnsNothing(uint256 index);

    /// @notice Thrown when words are not within the tokens that a span credits, or in the gap between two, or a part is not
    /// within a span's match.
    error SpanVerifier_Elsewhere(uint256 start, uint256 end, uint256 from, uint256 to);

    /// @notice Thrown when output and contribution do not have the same words at the places given.
    error SpanVerifier_NoMatch(uint256 start, uint256 length, uint256 sourceOffset);

    /// @notice Thrown when spans are not those on both sides of a gap.
    error SpanVerifier_OtherGap(uint256 gap, uint256 first, uint256 count);

    // ------------------------------------------------------------------ constants

    /// @notice Most bytes of a match: with the bytes on both sides of it, two chunks have them all.
    uint256 public constant MAX_MATCH_BYTES = 254;

    // ------------------------------------------------------------------ views

    /// @inheritdoc IFaultVerifier
    /// @dev A report is answered for by its bond, and by no stake.
    function slashBps() external pure returns (uint16) {
        return 0;
    }

    /// @inheritdoc IFaultVerifier
    /// @param proof An encoded {SpanProof}.
    function verify(bytes calldata proof) external pure returns (Fault memory) {
        SpanProof calldata p = _decode(proof);
        Reports.checkPot(p.report, p.pot);
        Reports.open(p.report, p.inference);
        Span[] memory spans;
        if (p.spans.spans.length != 0) spans = Reports.open(p.inference.inference, p.spans);

        if (p.fault == SpanFault.FalseSpan) _checkFalse(p, spans[0]);
        else if (p.fault == SpanFault.EarlierOwner) _checkEarlier(p, spans[0]);
        else _checkMissing(p, spans);
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

    function _checkFalse(SpanProof calldata p, Span memory span) private pure {
        if (_isMalformed(span, p.inference.inference.outputLength)) return;
        uint64 index = p.contribution.index;
        if (index != span.contribution) revert SpanVerifier_OtherContribution(index, span.contribution);
        Reports.open(p.pot, p.contribution);
        uint256 matchLength = span.matchEnd - span.matchStart;
        if (uint256(span.sourceOffset) + matchLength > p.contribution.content.byteLength) return;
        bool isFalse;
        if (p.length != 0) isFalse = _isOther(p, span);
        else if (p.output.chunks.length != 0) isFalse = _isOutputWrong(p, span);
        else isFalse = _isSourceWrong(p, span, matchLength);
        if (!isFalse) revert SpanVerifier_RightSpan(p.inference.index, p.spans.first);
    }

    function _checkEarlier(SpanProof calldata p, Span memory span) private pure {
        uint64 index = p.contribution.index;
        if (index >= span.contribution) revert SpanVerifier_NotEarlier(index, span.contribution);
        _checkWithin(p, span.creditStart, span.creditEnd);
        _checkGram(p);
    }

    function _checkMissing(SpanProof calldata p, Span[] memory spans) private pure {
        uint256 all = p.inference.inference.spans;
        uint256 gap = p.gap;
        bool isFirst = gap == 0;
        bool isLast = gap == all;
        uint256 count = (isFirst ? 0 : 1) + (isLast ? 0 : 1);
        if (gap > all || spans.length != count || (count != 0 && p.spans.first != (isFirst ? 0 : gap - 1))) {
            revert SpanVerifier_OtherGap(gap, p.spans.first, spans.length);
        }
        uint256 from = isFirst ? 0 : spans[0].creditEnd;
        uint256 to = isLast ? uint256(p.inference.inference.outputLength) + 1 : spans[count - 1].creditStart;
        _checkWithin(p, from, to);
        _checkGram(p);
    }

    // ------------------------------------------------------------------ internals: texts

    /// @dev Whether a span cannot be right, whatever the texts are.
    function _isMalformed(Span memory span, uint64 outputLength) private pure returns (bool) {
        return
            span.matchEnd > outputLength ||
            span.matchStart >= span.matchEnd ||
            span.matchEnd - span.matchStart > MAX_MATCH_BYTES ||
            span.creditStart < span.matchStart ||
            span.creditEnd <= span.creditStart ||
            span.creditEnd - 1 > span.matchEnd;
    }

    /// @dev Whether output and contribution differ in a part of a span's match.
    function _isOther(SpanProof calldata p, Span memory span) private pure returns (bool) {
        uint256 end = uint256(p.start) + p.length;
        if (p.start < span.matchStart || end > span.matchEnd) {
            revert SpanVerifier_Elsewhere(p.start, end, span.matchStart, span.matchEnd);
        }
        _openOutput(p);
        _openSource(p);
        return !_isSame(p, p.start, p.length, uint256(span.sourceOffset) + p.start - span.matchStart);
    }

    /// @dev Whether a span's match has too few tokens, or it or what is credited cuts tokens of the output.
    function _isOutputWrong(SpanProof calldata p, Span memory span) private pure returns (bool) {
        _openOutput(p);
        uint256 length = p.inference.inference.outputLength;
        return
            Texts.tokensIn(p.output.slice(span.matchStart, span.matchEnd)) < p.pot.gram ||
            !p.output.isTokens(span.matchStart, span.matchEnd, length) ||
            !p.output.isTokens(span.creditStart, span.creditEnd - 1, length);
    }

    /// @dev Whether a span's match cuts tokens of the contribution.
    function _isSourceWrong(SpanProof calldata p, Span memory span, uint256 matchLength) private pure returns (bool) {
        _openSource(p);
        uint256 start = span.sourceOffset;
        return !p.source.isTokens(start, start + matchLength, p.contribution.content.byteLength);
    }

    /// @dev Checks that the words given have one of the tokens from `from` to `to`, each with the space behind it. Between
    /// spans without a gap there is none.
    function _checkWithin(SpanProof calldata p, uint256 from, uint256 to) private pure {
        uint256 end = uint256(p.start) + p.length;
        if (from >= to || p.start >= to || end < from) revert SpanVerifier_Elsewhere(p.start, end, from, to);
    }

    /// @dev Checks that the words given are a K-gram of the output that the contribution has, too.
    function _checkGram(SpanProof calldata p) private pure {
        uint64 index = p.contribution.index;
        Reports.open(p.pot, p.contribution);
        _openOutput(p);
        _openSource(p);
        if (p.contribution.proof.unitsOf() == 0) revert SpanVerifier_OwnsNothing(index);
        uint256 end = uint256(p.start) + p.length;
        uint256 sourceEnd = uint256(p.sourceOffset) + p.length;
        if (
            p.length == 0 ||
            p.length > MAX_MATCH_BYTES ||
            end > p.inference.inference.outputLength ||
            sourceEnd > p.contribution.content.byteLength ||
            !_isMatch(p, p.start, p.length, p.sourceOffset) ||
            Texts.tokensIn(p.output.slice(p.start, end)) != p.pot.gram
        ) revert SpanVerifier_NoMatch(p.start, p.length, p.sourceOffset);
    }

    /// @dev Whether output and contribution have the same whole tokens at the places given.
    function _isMatch(
        SpanProof calldata p,
        uint256 start,
        uint256 length,
        uint256 sourceOffset
    ) private pure returns (bool) {
        return
            _isSame(p, start, length, sourceOffset) &&
            p.output.isTokens(start, start + length, p.inference.inference.outputLength) &&
            p.source.isTokens(sourceOffset, sourceOffset + length, p.contribution.content.byteLength);
    }

    function _isSame(
        SpanProof calldata p,
        uint256 start,
        uint256 length,
        uint256 sourceOffset
    ) private pure returns (bool) {
        bytes calldata source = p.source.slice(sourceOffset, sourceOffset + length);
        return keccak256(p.output.slice(start, start + length)) == keccak256(source);
    }

    function _openOutput(SpanProof calldata p) private pure {
        p.output.check(p.inference.inference.outputRoot, p.inference.inference.outputLength);
    }

    function _openSource(SpanProof calldata p) private pure {
        p.source.check(p.contribution.content.contentRoot, p.contribution.content.byteLength);
    }

    // ------------------------------------------------------------------ internals: encoding

    /// @dev What lies in an encoding is checked where it is read.
    function _decode(bytes calldata proof) private pure returns (SpanProof calldata p) {
        assembly ("memory-safe") {
            p := add(proof.offset, calldataload(proof.offset))
        }
    }
}
