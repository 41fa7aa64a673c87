// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, MerkleSumTree} from "./MerkleSumTree.sol";

/// @notice A range of adjacent shares of one split whose inclusion has been checked.
/// @param splitId The split the proof leads to.
/// @param totalUnits Units of the whole split.
/// @param first Index of the first share.
/// @param last Index of the last share.
/// @param position Where the first share's bytes are.
/// @param end Where the next draw begins.
struct Draw {
    bytes32 splitId;
    uint256 totalUnits;
    uint256 first;
    uint256 last;
    uint256 position;
    uint256 end;
}

/// @title Packed draws: which shares to release, with one range proof per split
/// @notice A draw is
///
///     arbiter (20) ‖ size (8) ‖ first (8) ‖ count (4)
///     ‖ count × [ kind (1) ‖ recipient (32) ‖ units (16) ‖ evidence (32) ]
///     ‖ siblings × [ hash (32) ‖ units (16) ]
///
/// and several are simply concatenated. The number of siblings follows from (size, first, count); their order is that
/// of {MerkleSumTree-rootOfRange}. The split's id is computed, never given, so a wrong byte anywhere leads to another
/// split, which as a rule never received anything.
library Draws {
    uint256 internal constant HEADER_BYTES = 40;

    /// @notice Thrown when the bytes end inside a draw.
    /// @param length Bytes given.
    /// @param needed Bytes needed at least.
    error Draws_Truncated(uint256 length, uint256 needed);

    /// @notice Thrown when a share's kind is neither account (0) nor split (1).
    error Draws_UnknownKind(uint256 index, uint256 kind);

    /// @notice Reads the draw at `cursor` into `draw` and computes the split it belongs to.
    function read(bytes calldata draws, uint256 cursor, Draw memory draw) internal pure {
        unchecked {
            uint256 position = cursor + HEADER_BYTES;
            if (position > draws.length) revert Draws_Truncated(draws.length, position);
            address arbiter;
            uint256 size;
            uint256 first;
            uint256 count;
            assembly ("memory-safe") {
                let header := add(draws.offset, cursor)
                arbiter := shr(96, calldataload(header))
                let range := calldataload(add(header, 20))
                size := shr(192, range)
                first := and(shr(128, range), 0xffffffffffffffff)
                count := and(shr(96, range), 0xffffffff)
            }
            (bytes32 root, uint256 totalUnits, uint256 end) = MerkleSumTree.rootOfRange(
                draws,
                position,
                count,
                first,
                size
            );
            draw.splitId = MerkleSumTree.splitId(root, totalUnits, size, arbiter);
            draw.totalUnits = totalUnits;
            draw.first = first;
            draw.last = first + count - 1;
            draw.position = position;
            draw.end = end;
        }
    }

    /// @notice Reads the share at `position`.
    /// @param index Its index in the split, for the error.
    /// @return toSplit Whether the recipient is a split, not an account.
    function share(
        bytes calldata draws,
        uint256 position,
        uint256 index
    ) internal pure returns (bool toSplit, bytes32 recipient, uint256 units) {
        uint256 kind;
        assembly ("memory-safe") {
            let p := add(draws.offset, position)
            kind := byte(0, calldataload(p))
            recipient := calldataload(add(p, 1))
            units := shr(128, calldataload(add(p, 33)))
        }
        if (kind > uint256(type(Kind).max)) revert Draws_UnknownKind(index, kind);
        toSplit = kind == uint256(Kind.Split);
    }

    /// @notice Reads the evidence of the share at `position`.
    function evidence(bytes calldata draws, uint256 position) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := calldataload(add(add(draws.offset, position), 49))
        }
    }
}
