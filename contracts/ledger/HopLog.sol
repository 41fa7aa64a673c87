// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A share that was released into another split.
/// @param splitId The split the share belongs to.
/// @param toSplitId The split that received.
/// @param index The share's index.
/// @param amount In the token's smallest unit.
struct Hop {
    bytes32 splitId;
    bytes32 toSplitId;
    uint256 index;
    uint256 amount;
}

/// @title One event for all hops of a release
/// @notice Collects hops in memory in the layout in which `Routed(Hop[])` carries them, and emits them together, which
/// halves what each further hop would cost with an event of its own.
library HopLog {
    bytes32 private constant ROUTED = keccak256("Routed((bytes32,bytes32,uint256,uint256)[])");

    /// @notice Makes room for up to `capacity` hops.
    /// @return log Where they are kept: an offset word, a length word, then four words per hop.
    function open(uint256 capacity) internal pure returns (uint256 log) {
        assembly ("memory-safe") {
            log := mload(0x40)
            mstore(0x40, add(log, add(64, shl(7, capacity))))
            mstore(log, 32)
            mstore(add(log, 32), 0)
        }
    }

    /// @notice Adds a hop. There must be room.
    function add(uint256 log, bytes32 splitId, bytes32 toSplitId, uint256 index, uint256 amount) internal pure {
        assembly ("memory-safe") {
            let length := mload(add(log, 32))
            mstore(add(log, 32), add(length, 1))
            let hop := add(log, add(64, shl(7, length)))
            mstore(hop, splitId)
            mstore(add(hop, 32), toSplitId)
            mstore(add(hop, 64), index)
            mstore(add(hop, 96), amount)
        }
    }

    /// @notice Emits the hops, if there are any.
    function close(uint256 log) internal {
        bytes32 topic = ROUTED;
        assembly ("memory-safe") {
            let length := mload(add(log, 32))
            if length {
                log1(log, add(64, shl(7, length)), topic)
            }
        }
    }
}
