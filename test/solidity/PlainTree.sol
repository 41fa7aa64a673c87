// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Share, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";

/// @title Sum trees as RFC 9162 defines them
/// @notice Recursive and without assembly: short enough to be checked against the definition by reading. What the
/// contracts compute is compared with this.
library PlainTree {
    function leafHash(Share memory share) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), uint8(share.kind), share.recipient, share.units, share.evidence));
    }

    function leaf(Share memory share) internal pure returns (SumNode memory) {
        return SumNode(leafHash(share), share.units);
    }

    function leaves(Share[] memory shares) internal pure returns (SumNode[] memory nodes) {
        nodes = new SumNode[](shares.length);
        for (uint256 i = 0; i < shares.length; ++i) nodes[i] = leaf(shares[i]);
    }

    function parent(SumNode memory left, SumNode memory right) internal pure returns (SumNode memory) {
        return
            SumNode(
                keccak256(abi.encodePacked(uint8(1), left.hash, uint128(left.units), right.hash, uint128(right.units))),
                left.units + right.units
            );
    }

    function splitId(bytes32 rootHash, uint256 units, uint256 size, address arbiter) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), rootHash, uint128(units), uint64(size), arbiter));
    }

    function splitIdOf(Share[] memory shares, address arbiter) internal pure returns (bytes32) {
        SumNode memory top = root(leaves(shares));
        return splitId(top.hash, top.units, shares.length, arbiter);
    }

    function root(SumNode[] memory nodes) internal pure returns (SumNode memory) {
        return subtree(nodes, 0, nodes.length);
    }

    /// @notice RFC 9162 §2.1.1: the left part holds the largest power of two smaller than the number of leaves.
    function subtree(SumNode[] memory nodes, uint256 start, uint256 end) internal pure returns (SumNode memory) {
        uint256 n = end - start;
        if (n == 1) return nodes[start];
        uint256 k = 1;
        while (2 * k < n) k *= 2;
        return parent(subtree(nodes, start, start + k), subtree(nodes, start + k, end));
    }

    /// @notice Node number `position` of a level; level 0 are the leaves.
    function nodeAt(SumNode[] memory nodes, uint256 level, uint256 position) internal pure returns (SumNode memory) {
        uint256 start = position << level;
        uint256 end = (position + 1) << level;
        return subtree(nodes, start, end < nodes.length ? end : nodes.length);
    }

    /// @notice What a range proof needs besides the leaves: bottom-up, on each level first the left neighbour of the
    /// range if it is a left child's missing half, then the right one.
    function siblings(
        SumNode[] memory nodes,
        uint256 first,
        uint256 count
    ) internal pure returns (SumNode[] memory proof) {
        proof = new SumNode[](128);
        uint256 used = 0;
        uint256 low = first;
        uint256 high = first + count - 1;
        uint256 width = nodes.length;
        for (uint256 level = 0; width > 1; ++level) {
            if (low % 2 == 1) proof[used++] = nodeAt(nodes, level, low - 1);
            if (high % 2 == 0 && high + 1 < width) proof[used++] = nodeAt(nodes, level, high + 1);
            low /= 2;
            high /= 2;
            width = (width + 1) / 2;
        }
        assembly ("memory-safe") {
            mstore(proof, used)
        }
    }

    /// @notice What replacing one leaf of a log needs: the other half on every level below the perfect subtree that
    /// holds the leaf.
    function path(SumNode[] memory nodes, uint256 index) internal pure returns (SumNode[] memory proof) {
        uint256 height = 0;
        uint256 start = 0;
        for (uint256 level = 64; level > 0; --level) {
            uint256 width = uint256(1) << (level - 1);
            if (nodes.length & width == 0) continue;
            if (index < start + width) {
                height = level - 1;
                break;
            }
            start += width;
        }
        proof = new SumNode[](height);
        for (uint256 level = 0; level < height; ++level) proof[level] = nodeAt(nodes, level, (index >> level) ^ 1);
    }
}
