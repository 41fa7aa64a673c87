// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {SumNode} from "../../../contracts/ledger/MerkleSumTree.sol";

/// @notice A share as bytes have it: any kind.
struct RawShare {
    uint8 kind;
    bytes32 recipient;
    uint128 units;
    bytes32 evidence;
}

/// @notice A tree whose builder lies. `levels[l][p]` is node p of level l with the units that its parent's preimage
/// gives it, which need not be the units below it.
struct Forgery {
    RawShare[] shares;
    SumNode[][] levels;
    bytes32 id;
    bytes32 root;
    uint256 totalUnits;
    uint256 size;
    address arbiter;
}

/// @title Trees that no honest builder would make
/// @notice Units that do not add up, that overflow, that are all zero; leaves and subtrees twice or swapped; hashes of
/// nothing; a total and a size that are not the tree's.
library ForgedTree {
    using Random for Source;

    uint256 private constant MOST_LEAVES = 6;

    function forge(
        Source memory source,
        bytes32[] memory accounts,
        bytes32[] memory ids,
        address arbiter
    ) internal pure returns (Forgery memory forgery) {
        uint256 n = source.between(1, MOST_LEAVES);
        bool liar = !source.oneIn(4);
        forgery.shares = _shares(source, n, accounts, ids);
        forgery.levels = new SumNode[][](4);
        forgery.levels[0] = new SumNode[](n);
        for (uint256 i = 0; i < n; ++i) {
            forgery.levels[0][i] = SumNode(keccak256(packShare(0, forgery.shares[i])), forgery.shares[i].units);
        }
        if (liar) _tamper(source, forgery.levels[0]);
        for (uint256 level = 0; forgery.levels[level].length > 1; ++level) {
            forgery.levels[level + 1] = _parents(forgery.levels[level]);
            if (liar) _tamper(source, forgery.levels[level + 1]);
        }
        SumNode memory top = _top(forgery);
        forgery.root = top.hash;
        forgery.totalUnits = top.units;
        forgery.size = n;
        if (liar && source.oneIn(6)) forgery.totalUnits = _lie(source, top.units);
        if (liar && source.oneIn(6)) forgery.size = _otherSize(source, n);
        forgery.arbiter = arbiter;
        forgery.id = PlainTree.splitId(forgery.root, forgery.totalUnits, forgery.size, arbiter);
    }

    /// @notice A draw that tries to prove something about the forgery: half of the time the builder's best attempt, or
    /// one with another range, size, sibling or unit.
    function draw(Source memory source, Forgery memory forgery) internal pure returns (bytes memory packed) {
        uint256 n = forgery.shares.length;
        uint256 first = source.below(n);
        uint256 count = source.oneIn(2) ? 1 : source.between(1, n - first);
        bool best = source.oneIn(2);
        uint256 size = !best && source.oneIn(4) ? _otherSize(source, n) : forgery.size;
        uint256 claimedFirst = !best && source.oneIn(4) ? source.below(8) : first;
        packed = abi.encodePacked(forgery.arbiter, uint64(size), uint64(claimedFirst), uint32(count));
        for (uint256 i = first; i < first + count; ++i) {
            RawShare memory share = forgery.shares[i];
            // The units that the tree reports, under the leaf's own hash or not.
            if (!best && source.oneIn(4)) {
                share = RawShare(share.kind, share.recipient, uint128(forgery.levels[0][i].units), share.evidence);
            }
            packed = bytes.concat(packed, packShare(share));
        }
        packed = bytes.concat(packed, _siblings(source, forgery, claimedFirst, count, size, best));
    }

    function packShare(RawShare memory share) internal pure returns (bytes memory) {
        return abi.encodePacked(share.kind, share.recipient, share.units, share.evidence);
    }

    function packShare(uint8 prefix, RawShare memory share) internal pure returns (bytes memory) {
        return bytes.concat(bytes1(prefix), packShare(share));
    }

    function _shares(
        Source memory source,
        uint256 n,
        bytes32[] memory accounts,
        bytes32[] memory ids
    ) private pure returns (RawShare[] memory shares) {
        shares = new RawShare[](n);
        uint256 style = source.below(4);
        for (uint256 i = 0; i < n; ++i) {
            uint8 kind = source.oneIn(3) ? 1 : 0;
            bytes32 recipient = kind == 1 ? ids[source.below(ids.length)] : accounts[source.below(accounts.length)];
            if (source.oneIn(20)) kind = uint8(source.between(2, 255));
            uint128 units = uint128(source.below(4));
            if (style == 1) units = uint128(source.magnitude(type(uint128).max));
            if (style == 2) units = type(uint128).max;
            if (style == 3) units = uint128(source.magnitude(type(uint128).max / n));
            shares[i] = RawShare(kind, recipient, units, bytes32(source.below(3)));
            if (i != 0 && source.oneIn(6)) shares[i] = shares[source.below(i)];
        }
    }

    function _parents(SumNode[] memory children) private pure returns (SumNode[] memory parents) {
        parents = new SumNode[]((children.length + 1) / 2);
        for (uint256 i = 0; i < children.length / 2; ++i) {
            (SumNode memory left, SumNode memory right) = (children[2 * i], children[2 * i + 1]);
            parents[i] = SumNode(
                keccak256(abi.encodePacked(uint8(1), left.hash, uint128(left.units), right.hash, uint128(right.units))),
                uint128(left.units + right.units)
            );
        }
        if (children.length % 2 == 1) {
            SumNode memory promoted = children[children.length - 1];
            parents[parents.length - 1] = SumNode(promoted.hash, promoted.units);
        }
    }

    function _tamper(Source memory source, SumNode[] memory nodes) private pure {
        for (uint256 i = 0; i < nodes.length; ++i) {
            if (source.oneIn(6)) nodes[i].units = _lie(source, nodes[i].units);
            if (source.oneIn(16)) nodes[i].hash = bytes32(source.word());
            if (source.oneIn(12)) {
                SumNode memory other = nodes[source.below(nodes.length)];
                nodes[i] = SumNode(other.hash, other.units);
            }
        }
    }

    function _lie(Source memory source, uint256 truth) private pure returns (uint256) {
        uint256 choice = source.below(6);
        if (choice == 0) return 0;
        if (choice == 1) return 1;
        if (choice == 2) return type(uint128).max;
        if (choice == 3) return uint128(truth + 1);
        if (choice == 4) return truth / 2;
        return uint128(source.magnitude(type(uint128).max));
    }

    function _otherSize(Source memory source, uint256 n) private pure returns (uint256) {
        uint256 choice = source.below(6);
        if (choice == 0) return n - 1;
        if (choice == 1) return n + 1;
        if (choice == 2) return 2 * n;
        if (choice == 3) return 1;
        if (choice == 4) return type(uint64).max;
        return uint64(source.magnitude(type(uint64).max));
    }

    function _top(Forgery memory forgery) private pure returns (SumNode memory) {
        uint256 level = 0;
        while (forgery.levels[level].length > 1) ++level;
        return forgery.levels[level][0];
    }

    function _siblings(
        Source memory source,
        Forgery memory forgery,
        uint256 first,
        uint256 count,
        uint256 size,
        bool best
    ) private pure returns (bytes memory packed) {
        uint256 last = first + count - 1;
        for (uint256 level = 0; size > 1; ++level) {
            if (first % 2 == 1) packed = bytes.concat(packed, _node(source, forgery, level, first - 1, best));
            if (last % 2 == 0 && last + 1 < size) {
                packed = bytes.concat(packed, _node(source, forgery, level, last + 1, best));
            }
            (first, last, size) = (first / 2, last / 2, size / 2 + (size % 2));
        }
    }

    function _node(
        Source memory source,
        Forgery memory forgery,
        uint256 level,
        uint256 position,
        bool best
    ) private pure returns (bytes memory) {
        if (level >= 4 || position >= forgery.levels[level].length) return new bytes(48);
        SumNode memory node = forgery.levels[level][position];
        uint256 units = !best && source.oneIn(4) ? _lie(source, node.units) : node.units;
        return abi.encodePacked(node.hash, uint128(units));
    }
}
