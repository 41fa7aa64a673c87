// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Draw, Draws} from "../../contracts/ledger/Draws.sol";
import {Kind, MerkleSumTree, Share, SumLog, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";

interface Vm {
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonAddressArray(string calldata json, string calldata key) external pure returns (address[] memory);
    function parseJsonBytesArray(string calldata json, string calldata key) external pure returns (bytes[] memory);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
}

/// @notice The contracts' hashes against the golden vectors, which come from the plain definitions.
contract GoldenVectorsTest {
    using MerkleSumTree for SumLog;

    Vm private constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @dev One log per row of a file.
    mapping(uint256 row => SumLog) private _logs;

    function test_leaves() external view {
        (Share[] memory shares, bytes32[] memory hashes) = _shares();
        for (uint256 i = 0; i < shares.length; ++i) {
            Share memory s = shares[i];
            require(MerkleSumTree.leafHash(s.kind, s.recipient, s.units, s.evidence) == hashes[i], "leaf");
        }
    }

    function test_nodes() external view {
        string memory json = VM.readFile("test/vectors/nodes.json");
        bytes32[] memory leftHashes = VM.parseJsonBytes32Array(json, ".leftHashes");
        uint256[] memory leftUnits = VM.parseJsonUintArray(json, ".leftUnits");
        bytes32[] memory rightHashes = VM.parseJsonBytes32Array(json, ".rightHashes");
        uint256[] memory rightUnits = VM.parseJsonUintArray(json, ".rightUnits");
        bytes32[] memory hashes = VM.parseJsonBytes32Array(json, ".hashes");
        uint256[] memory units = VM.parseJsonUintArray(json, ".units");
        for (uint256 i = 0; i < hashes.length; ++i) {
            (bytes32 hash, uint256 sum) = MerkleSumTree.parent(
                leftHashes[i],
                leftUnits[i],
                rightHashes[i],
                rightUnits[i]
            );
            require(hash == hashes[i] && sum == units[i], "node");
        }
    }

    function test_trees() external view {
        string memory json = VM.readFile("test/vectors/trees.json");
        uint256[] memory sizes = VM.parseJsonUintArray(json, ".sizes");
        bytes32[] memory roots = VM.parseJsonBytes32Array(json, ".roots");
        uint256[] memory totalUnits = VM.parseJsonUintArray(json, ".totalUnits");
        address[] memory arbiters = VM.parseJsonAddressArray(json, ".arbiters");
        bytes32[] memory splitIds = VM.parseJsonBytes32Array(json, ".splitIds");
        for (uint256 i = 0; i < sizes.length; ++i) {
            SumNode memory root = MerkleSumTree.root(_leaves(0, sizes[i]));
            require(root.hash == roots[i] && root.units == totalUnits[i], "root");
            require(MerkleSumTree.splitId(roots[i], totalUnits[i], sizes[i], arbiters[i]) == splitIds[i], "split id");
        }
    }

    function test_frontiers() external {
        string memory json = VM.readFile("test/vectors/frontiers.json");
        uint256[] memory sizes = VM.parseJsonUintArray(json, ".sizes");
        uint256[] memory levels = VM.parseJsonUintArray(json, ".levels");
        bytes32[] memory hashes = VM.parseJsonBytes32Array(json, ".hashes");
        uint256[] memory units = VM.parseJsonUintArray(json, ".units");
        for (uint256 i = 0; i < sizes.length; ++i) {
            SumLog storage log = _logs[sizes[i]];
            // In two batches, so that the second one meets a frontier.
            uint256 half = sizes[i] / 2;
            if (log.size == 0) {
                if (half != 0) log.append(_leaves(0, half));
                log.append(_leaves(half, sizes[i]));
            }
            require(log.hashes[levels[i]] == hashes[i] && log.sums[levels[i]] == units[i], "frontier");
        }
    }

    function test_draws() external view {
        string memory json = VM.readFile("test/vectors/draws.json");
        uint256[] memory firsts = VM.parseJsonUintArray(json, ".firsts");
        uint256[] memory counts = VM.parseJsonUintArray(json, ".counts");
        bytes32[] memory splitIds = VM.parseJsonBytes32Array(json, ".splitIds");
        bytes[] memory draws = VM.parseJsonBytesArray(json, ".draws");
        for (uint256 i = 0; i < draws.length; ++i) {
            Draw memory draw = this.read(draws[i]);
            require(draw.splitId == splitIds[i], "split id");
            require(draw.first == firsts[i] && draw.last == firsts[i] + counts[i] - 1, "range");
            require(draw.end == draws[i].length, "end");
        }
    }

    function test_revocations() external {
        string memory json = VM.readFile("test/vectors/revocations.json");
        uint256[] memory sizes = VM.parseJsonUintArray(json, ".sizes");
        uint256[] memory indexes = VM.parseJsonUintArray(json, ".indexes");
        bytes[] memory proofs = VM.parseJsonBytesArray(json, ".proofs");
        bytes32[] memory roots = VM.parseJsonBytes32Array(json, ".roots");
        uint256[] memory totalUnits = VM.parseJsonUintArray(json, ".totalUnits");
        (Share[] memory shares, ) = _shares();
        for (uint256 i = 0; i < sizes.length; ++i) {
            _logs[i].append(_leaves(0, sizes[i]));
            Share memory share = shares[indexes[i]];
            Share memory revoked = Share(share.kind, share.recipient, 0, share.evidence);
            SumNode memory root = this.replace(
                i,
                indexes[i],
                MerkleSumTree.leaf(share),
                MerkleSumTree.leaf(revoked),
                proofs[i]
            );
            require(root.hash == roots[i] && root.units == totalUnits[i], "root");
        }
    }

    function read(bytes calldata draws) external pure returns (Draw memory draw) {
        Draws.read(draws, 0, draw);
    }

    function replace(
        uint256 row,
        uint256 index,
        SumNode memory oldLeaf,
        SumNode memory newLeaf,
        bytes calldata proof
    ) external returns (SumNode memory) {
        return _logs[row].replace(index, oldLeaf, newLeaf, proof);
    }

    function _leaves(uint256 from, uint256 to) private view returns (SumNode[] memory leaves) {
        (Share[] memory shares, ) = _shares();
        leaves = new SumNode[](to - from);
        for (uint256 i = from; i < to; ++i) leaves[i - from] = MerkleSumTree.leaf(shares[i]);
    }

    function _shares() private view returns (Share[] memory shares, bytes32[] memory leafHashes) {
        string memory json = VM.readFile("test/vectors/shares.json");
        uint256[] memory kinds = VM.parseJsonUintArray(json, ".kinds");
        bytes32[] memory recipients = VM.parseJsonBytes32Array(json, ".recipients");
        uint256[] memory units = VM.parseJsonUintArray(json, ".units");
        bytes32[] memory evidences = VM.parseJsonBytes32Array(json, ".evidences");
        leafHashes = VM.parseJsonBytes32Array(json, ".leafHashes");
        shares = new Share[](kinds.length);
        for (uint256 i = 0; i < kinds.length; ++i) {
            shares[i] = Share(Kind(kinds[i]), recipients[i], uint128(units[i]), evidences[i]);
        }
    }
}
