// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Draw, Draws} from "../../contracts/ledger/Draws.sol";
import {Kind, MerkleSumTree, Share} from "../../contracts/ledger/MerkleSumTree.sol";
import {PlainDraws} from "../solidity/PlainDraws.sol";
import {PlainTree} from "../solidity/PlainTree.sol";
import {Random, Source} from "../solidity/Random.sol";
import {RandomShares} from "../solidity/RandomShares.sol";
import {VM} from "../solidity/Vm.sol";
import {TreeHarness} from "./TreeHarness.sol";

contract DrawsFuzz {
    using Random for Source;
    using RandomShares for Source;

    uint256 private constant KIND_OFFSET = 40;

    TreeHarness private draws;

    /// @dev A random range of a random split, and its packed form.
    struct Sample {
        Share[] shares;
        address arbiter;
        uint256 first;
        uint256 count;
        bytes packed;
    }

    function setUp() public {
        draws = new TreeHarness();
    }

    /// hardhat-config: default.fuzz.runs = 5000
    /// hardhat-config: deep.fuzz.runs = 100000
    function testFuzz_D01_readComputesTheSplitAndTheRange(uint256 seed) public view {
        Source memory source = Random.from(seed);
        Sample memory sample = _sample(source, 24);
        uint256 cursor = source.below(200);
        bytes memory bytesAround = bytes.concat(new bytes(cursor), sample.packed, bytes32(source.word()));
        Draw memory draw = draws.read(bytesAround, cursor);
        require(draw.splitId == PlainTree.splitIdOf(sample.shares, sample.arbiter), "D01 split");
        require(draw.totalUnits == PlainTree.root(PlainTree.leaves(sample.shares)).units, "D01 units");
        require(draw.first == sample.first && draw.last == sample.first + sample.count - 1, "D01 range");
        require(draw.position == cursor + 40 && draw.end == cursor + sample.packed.length, "D01 position");
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_D02_shareReturnsTheFieldsOfEachShare(uint256 seed) public view {
        Sample memory sample = _sample(Random.from(seed), 12);
        Draw memory draw = draws.read(sample.packed, 0);
        for (uint256 i = 0; i < sample.count; ++i) {
            Share memory expected = sample.shares[sample.first + i];
            (bool toSplit, bytes32 recipient, uint256 units) = draws.share(
                sample.packed,
                draw.position + 81 * i,
                sample.first + i
            );
            require(toSplit == (expected.kind == Kind.Split), "D02 kind");
            require(recipient == expected.recipient && units == expected.units, "D02");
        }
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_D03_concatenatedDrawsAreReadOneAfterTheOther(uint256 seed) public view {
        Source memory source = Random.from(seed);
        Sample[] memory samples = new Sample[](source.between(2, 5));
        bytes memory packed;
        for (uint256 i = 0; i < samples.length; ++i) {
            samples[i] = _sample(source, 6);
            packed = bytes.concat(packed, samples[i].packed);
        }
        uint256 cursor = 0;
        for (uint256 i = 0; i < samples.length; ++i) {
            Draw memory draw = draws.read(packed, cursor);
            require(draw.splitId == PlainTree.splitIdOf(samples[i].shares, samples[i].arbiter), "D03");
            cursor = draw.end;
        }
        require(cursor == packed.length, "D03 end");
    }

    function test_D04_everyCorruptedByteOfEverySmallTreeLeadsElsewhere() public view {
        Source memory source = Random.from(4);
        for (uint256 n = 1; n <= 5; ++n) {
            for (uint256 first = 0; first < n; ++first) {
                for (uint256 count = 1; count <= n - first; ++count) {
                    Share[] memory shares = source.list(n);
                    bytes memory packed = PlainDraws.encode(shares, address(7), first, count);
                    bytes32 id = PlainTree.splitIdOf(shares, address(7));
                    for (uint256 i = 0; i < packed.length; ++i) {
                        _corrupt(packed, i, uint8(source.between(1, 255)), id);
                    }
                }
            }
        }
    }

    function test_D04_everyBitOfOneDrawMatters() public view {
        Source memory source = Random.from(44);
        Share[] memory shares = source.list(3);
        bytes memory packed = PlainDraws.encode(shares, address(44), 1, 1);
        bytes32 id = PlainTree.splitIdOf(shares, address(44));
        for (uint256 i = 0; i < packed.length; ++i) {
            for (uint256 bit = 0; bit < 8; ++bit) _corrupt(packed, i, uint8(1 << bit), id);
        }
    }

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_D05_anyCorruptedByteLeadsElsewhere(uint256 seed, uint256 position, uint8 change) public view {
        Sample memory sample = _sample(Random.from(seed), 12);
        bytes32 id = PlainTree.splitIdOf(sample.shares, sample.arbiter);
        _corrupt(sample.packed, position % sample.packed.length, change == 0 ? 1 : change, id);
    }

    /// hardhat-config: default.fuzz.runs = 5000
    function testFuzz_D06_aTruncatedDrawReverts(uint256 seed, uint256 length) public view {
        Sample memory sample = _sample(Random.from(seed), 12);
        bytes memory cut = new bytes(length % sample.packed.length);
        for (uint256 i = 0; i < cut.length; ++i) cut[i] = sample.packed[i];
        try draws.read(cut, 0) returns (Draw memory) {
            revert("D06");
        } catch (bytes memory reason) {
            require(
                bytes4(reason) ==
                    (
                        cut.length < 40
                            ? Draws.Draws_Truncated.selector
                            : MerkleSumTree.MerkleSumTree_ProofTooShort.selector
                    ),
                "D06 reason"
            );
        }
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_D07_anUnknownKindReverts(uint256 seed, uint8 kind) public {
        if (kind < 2) kind += 2;
        Sample memory sample = _sample(Random.from(seed), 4);
        sample.packed[KIND_OFFSET] = bytes1(kind);
        VM.expectRevert(abi.encodeWithSelector(Draws.Draws_UnknownKind.selector, sample.first, kind));
        draws.share(sample.packed, KIND_OFFSET, sample.first);
    }

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_D08_arbitraryBytesAreReadOrRefusedByName(
        bytes memory data,
        uint64 size,
        uint64 first,
        uint32 count,
        bool near
    ) public view {
        if (near) (size, first, count) = (size % 9, first % 9, count % 4);
        _readOrNamed(bytes.concat(bytes20(0), bytes8(size), bytes8(first), bytes4(count), data), 0);
        _readOrNamed(data, 0);
    }

    /// hardhat-config: default.fuzz.runs = 5000
    function testFuzz_D09_theArbiterAndTheSizeArePartOfTheId(uint256 seed, address other) public view {
        Sample memory sample = _sample(Random.from(seed), 8);
        if (other == sample.arbiter) return;
        bytes memory packed = PlainDraws.encode(sample.shares, other, sample.first, sample.count);
        require(draws.read(packed, 0).splitId != draws.read(sample.packed, 0).splitId, "D09");
    }

    /// hardhat-config: default.fuzz.runs = 2000
    function testFuzz_D10_everyRangeOfASplitLeadsToTheSameId(uint256 seed) public view {
        Source memory source = Random.from(seed);
        Share[] memory shares = source.list(source.between(1, 20));
        bytes32 id = PlainTree.splitIdOf(shares, address(0));
        for (uint256 i = 0; i < 4; ++i) {
            uint256 first = source.below(shares.length);
            uint256 count = source.between(1, shares.length - first);
            bytes memory packed = PlainDraws.encode(shares, address(0), first, count);
            require(draws.read(packed, 0).splitId == id, "D10");
        }
    }

    // ------------------------------------------------------------------ checks

    function _sample(Source memory source, uint256 most) private pure returns (Sample memory sample) {
        uint256 n = source.between(1, most);
        sample.shares = source.list(n);
        sample.arbiter = source.oneIn(2) ? address(0) : address(uint160(source.word()));
        sample.first = source.below(n);
        sample.count = source.between(1, n - sample.first);
        sample.packed = PlainDraws.encode(sample.shares, sample.arbiter, sample.first, sample.count);
    }

    function _corrupt(bytes memory packed, uint256 position, uint8 change, bytes32 id) private view {
        packed[position] ^= bytes1(change);
        _readOrNamed(packed, id);
        packed[position] ^= bytes1(change);
    }

    /// @dev Either another split, or a refusal with a name. A panic would be a bug.
    function _readOrNamed(bytes memory packed, bytes32 id) private view {
        try draws.read(packed, 0) returns (Draw memory draw) {
            require(draw.splitId != id, "a corrupted draw was taken for the real one");
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            require(
                selector == Draws.Draws_Truncated.selector ||
                    selector == MerkleSumTree.MerkleSumTree_BadRange.selector ||
                    selector == MerkleSumTree.MerkleSumTree_ProofTooShort.selector ||
                    selector == MerkleSumTree.MerkleSumTree_UnitsOverflow.selector,
                "refused without a name"
            );
        }
    }
}
