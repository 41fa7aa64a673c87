// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, MerkleSumTree, Share, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";
import {PlainDraws} from "../solidity/PlainDraws.sol";
import {PlainTree} from "../solidity/PlainTree.sol";
import {Random, Source} from "../solidity/Random.sol";
import {RandomShares} from "../solidity/RandomShares.sol";
import {VM} from "../solidity/Vm.sol";
import {TreeHarness} from "./TreeHarness.sol";

contract MerkleSumTreeFuzz {
    using Random for Source;
    using RandomShares for Source;

    TreeHarness private tree;

    function setUp() public {
        tree = new TreeHarness();
    }

    // ------------------------------------------------------------------ hashes

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_T01_leafHashIsTheHashOfThePackedShare(
        bool isSplit,
        bytes32 recipient,
        uint128 units,
        bytes32 evidence
    ) public pure {
        Share memory share = Share(isSplit ? Kind.Split : Kind.Account, recipient, units, evidence);
        bytes32 hash = MerkleSumTree.leafHash(share.kind, recipient, units, evidence);
        require(hash == PlainTree.leafHash(share), "T01");
        SumNode memory leaf = MerkleSumTree.leaf(share);
        require(leaf.hash == hash && leaf.units == units, "T01 leaf");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_T02_parentIsTheHashOfBothPackedChildren(
        SumNode memory left,
        SumNode memory right,
        uint128 total,
        uint128 part
    ) public pure {
        left.units = part < total ? part : total;
        right.units = total - left.units;
        (bytes32 hash, uint256 units) = MerkleSumTree.parent(left.hash, left.units, right.hash, right.units);
        SumNode memory plain = PlainTree.parent(left, right);
        require(hash == plain.hash && units == plain.units, "T02");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_T03_parentRefusesASumBeyondSixteenBytes(
        SumNode memory left,
        SumNode memory right,
        uint128 excess
    ) public {
        left.units = (left.units % 2 ** 128) + 1;
        right.units = 2 ** 128 - left.units + excess;
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_UnitsOverflow.selector));
        tree.parent(left.hash, left.units, right.hash, right.units);
    }

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_T04_splitIdIsTheHashOfItsPackedParts(
        bytes32 root,
        uint128 units,
        uint64 size,
        address arbiter
    ) public pure {
        require(
            MerkleSumTree.splitId(root, units, size, arbiter) == PlainTree.splitId(root, units, size, arbiter),
            "T04"
        );
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_T05_hashingLeavesMemoryAlone(bytes memory data, SumNode memory left, uint128 units) public pure {
        left.units = units / 2;
        bytes32 before = keccak256(data);
        uint256 free;
        uint256 freeAfter;
        assembly ("memory-safe") {
            free := mload(0x40)
        }
        MerkleSumTree.leafHash(Kind.Split, left.hash, units, before);
        MerkleSumTree.parent(left.hash, left.units, before, left.units);
        MerkleSumTree.splitId(left.hash, units, units, address(uint160(units)));
        assembly ("memory-safe") {
            freeAfter := mload(0x40)
        }
        require(keccak256(data) == before && free == freeAfter, "T05");
    }

    // ------------------------------------------------------------------ trees

    function test_T06_rootIsTheRecursiveDefinitionUpTo130Leaves() public view {
        Source memory source = Random.from(6);
        for (uint256 n = 1; n <= 130; ++n) _checkRoot(source.nodes(n));
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T06_rootIsTheRecursiveDefinition(uint256 seed) public view {
        Source memory source = Random.from(seed);
        _checkRoot(source.nodes(source.between(1, 80)));
    }

    function test_T07_rootOfNoLeavesReverts() public {
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_Empty.selector));
        tree.root(new SumNode[](0));
    }

    /// hardhat-config: default.fuzz.runs = 1000
    function testFuzz_T08_aTreeWithTooManyUnitsHasNoRoot(uint256 seed) public {
        Source memory source = Random.from(seed);
        SumNode[] memory nodes = source.nodes(source.between(2, 20));
        uint256 heavy = source.below(nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) nodes[i].units = i == heavy ? type(uint128).max : 0;
        nodes[(heavy + 1) % nodes.length].units = source.magnitude(type(uint128).max);
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_UnitsOverflow.selector));
        tree.root(nodes);
    }

    // ------------------------------------------------------------------ range proofs

    function test_T09_everyRangeOfEverySmallTreeIsProven() public view {
        Source memory source = Random.from(9);
        for (uint256 n = 1; n <= 17; ++n) {
            Share[] memory shares = source.list(n);
            for (uint256 first = 0; first < n; ++first) {
                for (uint256 count = 1; count <= n - first; ++count) _checkRange(shares, first, count, 0);
            }
        }
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T09_rangeProofsLeadToTheRoot(uint256 seed) public view {
        Source memory source = Random.from(seed);
        uint256 n = source.between(1, 70);
        uint256 first = source.below(n);
        _checkRange(source.list(n), first, source.between(1, n - first), source.below(100));
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T10_aShortenedProofReverts(uint256 seed) public {
        Source memory source = Random.from(seed);
        uint256 n = source.between(1, 40);
        Share[] memory shares = source.list(n);
        uint256 first = source.below(n);
        uint256 count = source.between(1, n - first);
        bytes memory data = _rangeData(shares, first, count);
        uint256 kept = source.below(data.length);
        VM.expectRevert(
            abi.encodeWithSelector(
                MerkleSumTree.MerkleSumTree_ProofTooShort.selector,
                kept,
                kept < count * 81 ? count * 81 : data.length
            )
        );
        tree.rootOfRange(_cut(data, kept), 0, count, first, n);
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T11_aRangeOutsideTheTreeReverts(uint64 first, uint64 size, uint32 count, bool near) public {
        if (near) (first, size, count) = (first % 99, size % 99, count % 99);
        if (count != 0 && uint256(first) + count <= size) first = size;
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_BadRange.selector, first, count, size));
        tree.rootOfRange("", 0, count, first, size);
    }

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_T12_noOtherIndexCountOrSizeProvesTheSameLeaves(uint256 seed) public view {
        Source memory source = Random.from(seed);
        uint256 n = source.between(1, 12);
        Share[] memory shares = source.list(n);
        uint256 first = source.below(n);
        uint256 count = source.between(1, n - first);
        uint256 otherFirst = source.below(n + 2);
        uint256 otherCount = source.oneIn(2) ? count : source.between(1, n);
        uint256 otherSize = source.between(1, 2 * n + 1);
        if (otherFirst == first && otherSize == n && otherCount == count) return;
        bytes memory data = _rangeData(shares, first, count);
        try tree.rootOfRange(data, 0, otherCount, otherFirst, otherSize) returns (
            bytes32 hash,
            uint256 units,
            uint256
        ) {
            require(
                PlainTree.splitId(hash, units, otherSize, address(0)) != PlainTree.splitIdOf(shares, address(0)),
                "T12"
            );
        } catch (bytes memory reason) {
            _requireNamed(bytes4(reason));
        }
    }

    // ------------------------------------------------------------------ log

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T13_appendingInAnyBatchesGivesTheRootOfTheWholeList(uint256 seed) public {
        Source memory source = Random.from(seed);
        SumNode[] memory nodes = source.nodes(source.between(1, 70));
        uint256 done = 0;
        while (done < nodes.length) {
            uint256 batch = source.magnitude(nodes.length - done);
            SumNode memory root = tree.append(_slice(nodes, done, batch));
            done += batch;
            _requireSame(root, PlainTree.subtree(nodes, 0, done), "T13");
            _requireSame(tree.logRoot(), root, "T13 logRoot");
            (uint256 size, uint256 units) = tree.logSize();
            require(size == done && units == root.units, "T13 size");
        }
    }

    function test_T13_everyTwoBatchesUpTo33Leaves() public {
        Source memory source = Random.from(13);
        SumNode[] memory nodes = source.nodes(33);
        for (uint256 a = 0; a <= 33; ++a) {
            for (uint256 b = a == 0 ? 1 : 0; a + b <= 33; ++b) {
                TreeHarness log = new TreeHarness();
                if (a != 0) log.append(_slice(nodes, 0, a));
                _requireSame(log.append(_slice(nodes, a, b)), PlainTree.subtree(nodes, 0, a + b), "T13");
            }
        }
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T14_replacingALeafGivesTheRootOfTheChangedList(uint256 seed) public {
        Source memory source = Random.from(seed);
        SumNode[] memory nodes = source.nodes(source.between(1, 70));
        tree.append(nodes);
        for (uint256 round = 0; round < 3; ++round) {
            uint256 index = source.below(nodes.length);
            SumNode memory changed = SumNode(bytes32(source.word()), source.magnitude(nodes[index].units + 1) - 1);
            bytes memory proof = PlainDraws.packProof(PlainTree.path(nodes, index));
            SumNode memory root = tree.replace(index, nodes[index], changed, proof);
            nodes[index] = changed;
            _requireSame(root, PlainTree.root(nodes), "T14");
            (uint256 size, uint256 units) = tree.logSize();
            require(size == nodes.length && units == root.units, "T14 size");
        }
        SumNode[] memory more = source.nodes(1);
        more[0].units = 0;
        SumNode memory longer = tree.append(more);
        SumNode[] memory all = new SumNode[](nodes.length + 1);
        for (uint256 i = 0; i < nodes.length; ++i) all[i] = nodes[i];
        all[nodes.length] = more[0];
        _requireSame(longer, PlainTree.root(all), "T14 append after");
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_T15_replacingWhatIsNotThereReverts(uint256 seed) public {
        Source memory source = Random.from(seed);
        SumNode[] memory nodes = source.nodes(source.between(1, 40));
        tree.append(nodes);
        SumNode memory before = tree.logRoot();
        uint256 index = source.below(nodes.length);
        SumNode memory old = SumNode(nodes[index].hash, nodes[index].units);
        bytes memory proof = PlainDraws.packProof(PlainTree.path(nodes, index));
        uint256 wrong = source.below(4);
        if (wrong == 0) old.hash = bytes32(source.word());
        else if (wrong == 1) index = nodes.length + source.below(1000);
        else if (wrong == 2) proof = bytes.concat(proof, new bytes(source.between(1, 96)));
        else if (proof.length == 0) return;
        else proof[source.below(proof.length)] ^= bytes1(uint8(source.between(1, 255)));
        try tree.replace(index, old, SumNode(bytes32(source.word()), 0), proof) returns (SumNode memory) {
            revert("T15");
        } catch (bytes memory reason) {
            _requireNamed(bytes4(reason));
        }
        _requireSame(tree.logRoot(), before, "T15 root");
    }

    /// hardhat-config: default.fuzz.runs = 1000
    function testFuzz_T16_aLogNeverHoldsMoreUnitsThanFit(uint256 seed) public {
        Source memory source = Random.from(seed);
        SumNode[] memory nodes = source.nodes(source.between(1, 20));
        SumNode memory root = tree.append(nodes);
        SumNode[] memory more = new SumNode[](source.between(1, 5));
        // Units of a share are 16 bytes wide, so no single leaf can be heavier than that.
        for (uint256 i = 0; i < more.length; ++i) more[i].units = root.units == 0 ? 0 : type(uint128).max;
        if (root.units == 0) return;
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_UnitsOverflow.selector));
        tree.append(more);
        _requireSame(tree.logRoot(), root, "T16");
    }

    function test_T17_anEmptyLogHasNoRoot() public {
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_Empty.selector));
        tree.append(new SumNode[](0));
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_Empty.selector));
        tree.logRoot();
    }

    /// hardhat-config: default.fuzz.runs = 1000
    function testFuzz_T18_replacingNeverPushesTheUnitsBeyondWhatFits(uint256 seed) public {
        Source memory source = Random.from(seed);
        SumNode[] memory nodes = source.nodes(source.between(2, 20));
        SumNode memory root = tree.append(nodes);
        uint256 index = source.below(nodes.length);
        uint256 rest = root.units - nodes[index].units;
        if (rest == 0) return;
        SumNode memory heavy = SumNode(bytes32(source.word()), type(uint128).max - rest + source.magnitude(rest));
        bytes memory proof = PlainDraws.packProof(PlainTree.path(nodes, index));
        VM.expectRevert(abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_UnitsOverflow.selector));
        tree.replace(index, nodes[index], heavy, proof);
    }

    // ------------------------------------------------------------------ checks

    function _checkRoot(SumNode[] memory nodes) private view {
        SumNode memory plain = PlainTree.root(nodes);
        _requireSame(tree.root(nodes), plain, "T06");
    }

    function _checkRange(Share[] memory shares, uint256 first, uint256 count, uint256 cursor) private view {
        bytes memory data = _rangeData(shares, first, count);
        (bytes32 hash, uint256 units, uint256 end) = tree.rootOfRange(
            bytes.concat(new bytes(cursor), data, "whatever follows"),
            cursor,
            count,
            first,
            shares.length
        );
        _requireSame(SumNode(hash, units), PlainTree.root(PlainTree.leaves(shares)), "T09");
        require(end == cursor + data.length, "T09 end");
    }

    /// @dev The shares of a range, then its siblings.
    function _rangeData(Share[] memory shares, uint256 first, uint256 count) private pure returns (bytes memory data) {
        for (uint256 i = first; i < first + count; ++i) data = bytes.concat(data, PlainDraws.packShare(shares[i]));
        return bytes.concat(data, PlainDraws.packProof(PlainTree.siblings(PlainTree.leaves(shares), first, count)));
    }

    function _slice(
        SumNode[] memory nodes,
        uint256 first,
        uint256 count
    ) private pure returns (SumNode[] memory slice) {
        slice = new SumNode[](count);
        for (uint256 i = 0; i < count; ++i) slice[i] = SumNode(nodes[first + i].hash, nodes[first + i].units);
    }

    function _cut(bytes memory data, uint256 length) private pure returns (bytes memory cut) {
        cut = new bytes(length);
        for (uint256 i = 0; i < length; ++i) cut[i] = data[i];
    }

    function _requireSame(SumNode memory a, SumNode memory b, string memory name) private pure {
        require(a.hash == b.hash && a.units == b.units, name);
    }

    /// @dev A refusal has a name; a panic would be a bug.
    function _requireNamed(bytes4 selector) private pure {
        require(
            selector == MerkleSumTree.MerkleSumTree_BadRange.selector ||
                selector == MerkleSumTree.MerkleSumTree_ProofTooShort.selector ||
                selector == MerkleSumTree.MerkleSumTree_ProofTooLong.selector ||
                selector == MerkleSumTree.MerkleSumTree_UnitsOverflow.selector ||
                selector == MerkleSumTree.MerkleSumTree_NotInLog.selector,
            "refused without a name"
        );
    }
}
