// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, MerkleSumTree, Share, SumLog, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";

/// @notice Exposes the library, and one log kept with it. Memory beyond the free pointer is full of ones when the library
/// is called, as it may be in contracts that have done something before.
contract MerkleSumTreeHarness {
    SumLog private log;

    modifier onDirtyMemory() {
        assembly ("memory-safe") {
            let free := mload(0x40)
            for {
                let i := 0
            } lt(i, 2048) {
                i := add(i, 32)
            } {
                mstore(add(free, i), not(0))
            }
        }
        _;
    }

    function append(SumNode[] memory leaves) external onDirtyMemory returns (SumNode memory) {
        return MerkleSumTree.append(log, leaves);
    }

    function replace(
        uint256 index,
        SumNode memory oldLeaf,
        SumNode memory newLeaf,
        bytes calldata proof
    ) external onDirtyMemory returns (SumNode memory) {
        return MerkleSumTree.replace(log, index, oldLeaf, newLeaf, proof);
    }

    function logRoot() external view onDirtyMemory returns (SumNode memory) {
        return MerkleSumTree.logRoot(log);
    }

    function logTotals() external view returns (uint64 size, uint128 units) {
        return (log.size, log.units);
    }

    function frontierAt(uint256 level) external view returns (SumNode memory) {
        return SumNode(log.hashes[level], log.sums[level]);
    }

    /// @notice Copies nodes into a list, behind which other memory is in use.
    function copyIntoList(
        SumNode[] memory nodes
    ) external pure onDirtyMemory returns (SumNode[] memory copies, uint256[2] memory behind) {
        copies = MerkleSumTree.list(nodes.length);
        behind = [type(uint256).max, type(uint256).max];
        for (uint256 i = 0; i < nodes.length; ++i) {
            (copies[i].hash, copies[i].units) = (nodes[i].hash, nodes[i].units);
        }
    }

    function leafHash(
        Kind kind,
        bytes32 recipient,
        uint128 units,
        bytes32 evidence
    ) external pure onDirtyMemory returns (bytes32) {
        return MerkleSumTree.leafHash(kind, recipient, units, evidence);
    }

    function leaf(Share memory share) external pure onDirtyMemory returns (SumNode memory) {
        return MerkleSumTree.leaf(share);
    }

    function parent(
        SumNode memory left,
        SumNode memory right
    ) external pure onDirtyMemory returns (SumNode memory node) {
        (node.hash, node.units) = MerkleSumTree.parent(left.hash, left.units, right.hash, right.units);
    }

    function splitId(
        bytes32 root_,
        uint256 units,
        uint256 size,
        address arbiter
    ) external pure onDirtyMemory returns (bytes32) {
        return MerkleSumTree.splitId(root_, units, size, arbiter);
    }

    function root(SumNode[] memory nodes) external pure onDirtyMemory returns (SumNode memory) {
        return MerkleSumTree.root(nodes);
    }

    function rootOfRange(
        bytes calldata data,
        uint256 cursor,
        uint256 count,
        uint256 first,
        uint256 size
    ) external pure onDirtyMemory returns (bytes32 hash, uint256 units, uint256 end) {
        return MerkleSumTree.rootOfRange(data, cursor, count, first, size);
    }
}
