// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";

/// @title Proofs of a single share
/// @notice Such a proof is
///
///     kind (1) ‖ recipient (32) ‖ units (16) ‖ evidence (32) ‖ siblings × [ hash (32) ‖ units (16) ]
///
/// with as many siblings as the tree's shape says, and nothing behind them. What a function reads of it is a share of a
/// tree only if the root that {rootOf} returns is that tree's.
library ShareProofs {
    /// @notice Root of the tree of `size` shares in which the share stands at `index`.
    /// @dev Ensures that the proof has all of the share's bytes.
    function rootOf(bytes calldata proof, uint64 index, uint64 size) internal pure returns (SumNode memory root) {
        uint256 end;
        (root.hash, root.units, end) = MerkleSumTree.rootOfRange(proof, 0, 1, index, size);
        if (end != proof.length) revert MerkleSumTree.MerkleSumTree_ProofTooLong(proof.length, end);
    }

    /// @notice Whether the recipient is a split.
    function isSplit(bytes calldata proof) internal pure returns (bool) {
        return uint8(proof[0]) == uint8(Kind.Split);
    }

    /// @notice Who gets the share: an account or a split.
    function recipientOf(bytes calldata proof) internal pure returns (bytes32) {
        return bytes32(proof[1:33]);
    }

    /// @notice The share's part of the split's total units.
    function unitsOf(bytes calldata proof) internal pure returns (uint128) {
        return uint128(bytes16(proof[33:49]));
    }

    /// @notice Why the recipient holds the share.
    function evidenceOf(bytes calldata proof) internal pure returns (bytes32) {
        return bytes32(proof[49:81]);
    }
}
