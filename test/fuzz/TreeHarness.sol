// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Draw, Draws} from "../../contracts/ledger/Draws.sol";
import {MerkleSumTree, SumLog, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";

/// @notice Calls the internal functions of the tree and draw libraries from outside, so that a test can hand them
/// calldata and see what they revert with.
contract TreeHarness {
    using MerkleSumTree for SumLog;

    SumLog private log;

    function rootOfRange(
        bytes calldata data,
        uint256 cursor,
        uint256 count,
        uint256 first,
        uint256 size
    ) external pure returns (bytes32 hash, uint256 units, uint256 end) {
        return MerkleSumTree.rootOfRange(data, cursor, count, first, size);
    }

    function root(SumNode[] memory nodes) external pure returns (SumNode memory) {
        return MerkleSumTree.root(nodes);
    }

    function parent(
        bytes32 leftHash,
        uint256 leftUnits,
        bytes32 rightHash,
        uint256 rightUnits
    ) external pure returns (bytes32, uint256) {
        return MerkleSumTree.parent(leftHash, leftUnits, rightHash, rightUnits);
    }

    function append(SumNode[] memory leaves) external returns (SumNode memory) {
        return log.append(leaves);
    }

    function replace(
        uint256 index,
        SumNode memory oldLeaf,
        SumNode memory newLeaf,
        bytes calldata proof
    ) external returns (SumNode memory) {
        return log.replace(index, oldLeaf, newLeaf, proof);
    }

    function logRoot() external view returns (SumNode memory) {
        return log.logRoot();
    }

    function logSize() external view returns (uint256 size, uint256 units) {
        return (log.size, log.units);
    }

    function read(bytes calldata draws, uint256 cursor) external pure returns (Draw memory draw) {
        Draws.read(draws, cursor, draw);
    }

    function share(
        bytes calldata draws,
        uint256 position,
        uint256 index
    ) external pure returns (bool toSplit, bytes32 recipient, uint256 units) {
        return Draws.share(draws, position, index);
    }
}
