// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, MerkleSumTree} from "../../contracts/ledger/MerkleSumTree.sol";

/// @notice Compares the hashes that are laid out in assembly with their plain form, and sees that nothing else in
/// memory changes.
contract MerkleSumTreeTest {
    function testFuzz_leafHash(bool split, bytes32 recipient, uint128 units, bytes32 evidence) external pure {
        Kind kind = split ? Kind.Split : Kind.Account;
        bytes32 expected = keccak256(abi.encodePacked(uint8(0), uint8(kind), recipient, units, evidence));
        bytes memory before = _dirtyMemory();
        require(MerkleSumTree.leafHash(kind, recipient, units, evidence) == expected, "another leaf hash");
        _checkMemory(before);
    }

    function testFuzz_parent(bytes32 left, uint128 leftUnits, bytes32 right, uint128 rightUnits) external pure {
        leftUnits >>= 1;
        rightUnits >>= 1;
        bytes32 expected = keccak256(abi.encodePacked(uint8(1), left, leftUnits, right, rightUnits));
        bytes memory before = _dirtyMemory();
        (bytes32 hash, uint256 units) = MerkleSumTree.parent(left, leftUnits, right, rightUnits);
        require(hash == expected, "another node hash");
        require(units == uint256(leftUnits) + rightUnits, "other units");
        _checkMemory(before);
    }

    function testFuzz_splitId(bytes32 root, uint128 totalUnits, uint64 size, address arbiter) external pure {
        bytes32 expected = keccak256(abi.encodePacked(uint8(2), root, totalUnits, size, arbiter));
        bytes memory before = _dirtyMemory();
        require(MerkleSumTree.splitId(root, totalUnits, size, arbiter) == expected, "another split id");
        _checkMemory(before);
    }

    /// @dev Leaves ones where the next preimage goes, and keeps a value in front of it.
    function _dirtyMemory() private pure returns (bytes memory kept) {
        kept = hex"c0ffee";
        assembly ("memory-safe") {
            let free := mload(0x40)
            for {
                let i := 0
            } lt(i, 160) {
                i := add(i, 32)
            } {
                mstore(add(free, i), not(0))
            }
        }
    }

    function _checkMemory(bytes memory kept) private pure {
        require(keccak256(kept) == keccak256(hex"c0ffee"), "memory in use changed");
    }
}
