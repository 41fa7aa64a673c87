// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Merkle trees of plain hashes in the shape of RFC 9162
/// @notice Trees whose nodes carry no units: the chunks of a text, the spans of an output.
///
///     node = keccak256(prefix ‖ left ‖ right)
library MerkleRanges {
    /// @notice Thrown when a range of leaves is empty or reaches beyond the tree.
    error MerkleRanges_BadRange(uint256 first, uint256 count, uint256 size);

    /// @notice Thrown when a proof has fewer or more siblings than the tree's shape asks for.
    error MerkleRanges_BadSiblings(uint256 given, uint256 needed);

    /// @notice Root of a tree of `size` leaves of which adjacent ones from index `first` on are known. Overwrites `nodes`.
    /// @param siblings Bottom-up, on each level the left neighbour of the range first and then the right one, each only
    /// where the shape has one.
    function rootOf(
        bytes32[] memory nodes,
        uint256 first,
        uint256 size,
        bytes32[] calldata siblings,
        uint8 prefix
    ) internal pure returns (bytes32) {
        uint256 count = nodes.length;
        if (count == 0 || first >= size || count > size - first) revert MerkleRanges_BadRange(first, count, size);
        uint256 used = 0;
        // Nothing below can overflow: all numbers are of nodes.
        unchecked {
            for (uint256 last = size - 1; last != 0; last >>= 1) {
                uint256 behind = first + count - 1;
                uint256 read = first & 1;
                uint256 write = read;
                if (read == 1) nodes[0] = _parent(prefix, _sibling(siblings, used++), nodes[0]);
                for (; read + 1 < count; read += 2) nodes[write++] = _parent(prefix, nodes[read], nodes[read + 1]);
                if (read < count) {
                    // The last node of a level has no sibling.
                    bytes32 node = nodes[read];
                    nodes[write++] = behind == last ? node : _parent(prefix, node, _sibling(siblings, used++));
                }
                count = write;
                first >>= 1;
            }
        }
        if (used != siblings.length) revert MerkleRanges_BadSiblings(siblings.length, used);
        return nodes[0];
    }

    function _sibling(bytes32[] calldata siblings, uint256 i) private pure returns (bytes32) {
        if (i >= siblings.length) revert MerkleRanges_BadSiblings(siblings.length, i + 1);
        return siblings[i];
    }

    function _parent(uint8 prefix, bytes32 left, bytes32 right) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, prefix)
            mstore(add(p, 1), left)
            mstore(add(p, 33), right)
            hash := keccak256(p, 65)
        }
    }
}
