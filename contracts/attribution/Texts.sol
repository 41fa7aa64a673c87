// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleRanges} from "./MerkleRanges.sol";

/// @notice Adjacent chunks of a text, with their proof.
/// @param firstChunk Index of the first one.
/// @param chunks Their bytes, one behind the other: 256 each, the last chunk of a text as many as are left.
/// @param siblings As {MerkleRanges-rootOf} wants them.
struct TextOpening {
    uint64 firstChunk;
    bytes chunks;
    bytes32[] siblings;
}

/// @title Texts that are committed to in chunks
/// @notice A text is bytes; its tokens are the pieces between its spaces (0x20). Its content root is
///
///     leaf        = keccak256(0x10 ‖ chunk)                     256 bytes, the last one what is left
///     node        = keccak256(0x11 ‖ left ‖ right)              shape of RFC 9162
///     contentRoot = keccak256(0x12 ‖ byteLength (8) ‖ root)
library Texts {
    /// @notice Thrown when chunks and siblings do not lead to a text's root.
    error Texts_NotInText(bytes32 contentRoot, bytes32 proven);

    /// @notice Thrown when chunks other than the last one of a text do not have 256 bytes.
    error Texts_BadChunks(uint256 firstChunk, uint256 length, uint256 byteLength);

    /// @notice Thrown when the opened chunks do not have all bytes that are looked at.
    error Texts_NotOpened(uint256 start, uint256 end);

    uint256 internal constant CHUNK_BYTES = 256;

    uint256 private constant SPACE = 0x20;
    uint256 private constant SPACES = 0x2020202020202020202020202020202020202020202020202020202020202020;
    uint256 private constant LOW_BITS = 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f;
    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @notice Content root of the text of `byteLength` bytes in which the opened chunks stand.
    function rootOf(TextOpening calldata o, uint256 byteLength) internal pure returns (bytes32) {
        bytes calldata chunks = o.chunks;
        uint256 end = uint256(o.firstChunk) * CHUNK_BYTES + chunks.length;
        if (end > byteLength || (end != byteLength && chunks.length % CHUNK_BYTES != 0)) {
            revert Texts_BadChunks(o.firstChunk, chunks.length, byteLength);
        }
        bytes32[] memory nodes = new bytes32[](_chunksOf(chunks.length));
        for (uint256 i = 0; i < nodes.length; ++i) {
            uint256 start = i * CHUNK_BYTES;
            uint256 stop = i == nodes.length - 1 ? chunks.length : start + CHUNK_BYTES;
            nodes[i] = keccak256(abi.encodePacked(uint8(0x10), chunks[start:stop]));
        }
        bytes32 root = MerkleRanges.rootOf(nodes, o.firstChunk, _chunksOf(byteLength), o.siblings, 0x11);
        return keccak256(abi.encodePacked(uint8(0x12), uint64(byteLength), root));
    }

    /// @notice Checks that the opened chunks stand in a text.
    function check(TextOpening calldata o, bytes32 contentRoot, uint256 byteLength) internal pure {
        bytes32 proven = rootOf(o, byteLength);
        if (proven != contentRoot) revert Texts_NotInText(contentRoot, proven);
    }

    /// @notice The bytes of a text from `start` to `end`.
    function slice(TextOpening calldata o, uint256 start, uint256 end) internal pure returns (bytes calldata) {
        uint256 base = uint256(o.firstChunk) * CHUNK_BYTES;
        if (start < base || end > base + o.chunks.length || start > end) revert Texts_NotOpened(start, end);
        return o.chunks[start - base:end - base];
    }

    /// @notice Whether tokens begin at `start` and end at `end`: there is a space, or an end of the text, on either side.
    function isTokens(
        TextOpening calldata o,
        uint256 start,
        uint256 end,
        uint256 byteLength
    ) internal pure returns (bool) {
        return
            (start == 0 || uint8(slice(o, start - 1, start)[0]) == SPACE) &&
            (end == byteLength || uint8(slice(o, end, end + 1)[0]) == SPACE);
    }

    /// @notice How many tokens a slice has that begins and ends with one.
    /// @dev Counts spaces word by word: a byte of `x` is zero where there is one, and then, and only then, the high bit of
    /// its byte of `marks` is set.
    function tokensIn(bytes calldata text) internal pure returns (uint256 count) {
        count = 1;
        for (uint256 i = 0; i < text.length; i += 32) {
            uint256 word = uint256(bytes32(text[i:_min(i + 32, text.length)]));
            uint256 x = word ^ SPACES;
            uint256 marks = ~(((x & LOW_BITS) + LOW_BITS) | x | LOW_BITS);
            unchecked {
                count += ((marks >> 7) * ONES) >> 248;
            }
        }
    }

    function _chunksOf(uint256 byteLength) private pure returns (uint256) {
        return (byteLength + CHUNK_BYTES - 1) / CHUNK_BYTES;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
