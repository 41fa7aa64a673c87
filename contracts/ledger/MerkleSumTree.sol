// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What a share's recipient is: an account of the ledger, or another split.
enum Kind {
    Account,
    Split
}

/// @notice One line of a split.
/// @param kind How to read `recipient`.
/// @param recipient An account (12-byte tag ‖ 20-byte address) or a split id.
/// @param units The share's part of the split's total units.
/// @param evidence Commitment to why this recipient holds these units.
struct Share {
    Kind kind;
    bytes32 recipient;
    uint128 units;
    bytes32 evidence;
}

/// @notice A node of a sum tree: the hash that commits to a subtree and the units below it, at most 2^128 - 1.
struct SumNode {
    bytes32 hash;
    uint256 units;
}

/// @notice An append-only list of leaves, stored as the roots of its perfect subtrees.
/// @param size Leaves appended so far. Bit `l` is set when a perfect subtree of 2^l leaves is on the frontier.
/// @param units Sum of the units of all leaves.
/// @param hashes Frontier hash per level; meaningful only where the bit of `size` is set.
/// @param sums Frontier units per level.
struct SumLog {
    uint64 size;
    uint128 units;
    bytes32[64] hashes;
    uint128[64] sums;
}

/// @title Merkle sum trees in the shape of RFC 9162
/// @notice Every inner node commits to the hashes *and* the units of both children, so nobody can prove more units
/// below a root than the root carries, whoever built the tree.
///
///     leaf  = keccak256(0x00 ‖ kind ‖ recipient ‖ units ‖ evidence)                        82 bytes
///     node  = keccak256(0x01 ‖ leftHash ‖ leftUnits ‖ rightHash ‖ rightUnits)              97 bytes
///     split = keccak256(0x02 ‖ root ‖ totalUnits ‖ size ‖ arbiter)                         77 bytes
///
/// Shape: RFC 9162 §2.1. Pairing neighbours level by level and lifting a last odd node unchanged gives the same tree as
/// its recursive definition. Units are 16 bytes wide; a sum that does not fit reverts.
/// @dev Assembly lays out hash preimages in memory beyond the free pointer, without allocating it. Each such function
/// is compared with its plain `abi.encodePacked` form in the tests.
library MerkleSumTree {
    /// @dev Bytes of a sibling in a proof: hash (32) ‖ units (16).
    uint256 internal constant SIBLING_BYTES = 48;

    /// @dev Bytes of a share in a proof: kind (1) ‖ recipient (32) ‖ units (16) ‖ evidence (32).
    uint256 internal constant SHARE_BYTES = 81;

    /// @notice Thrown when two subtrees together hold more units than 16 bytes can carry.
    error MerkleSumTree_UnitsOverflow();

    /// @notice Thrown when a proof ends before the tree's shape says it should.
    /// @param length Bytes the proof has.
    /// @param needed Bytes it needs at least.
    error MerkleSumTree_ProofTooShort(uint256 length, uint256 needed);

    /// @notice Thrown when a proof is longer than the tree's shape says it should be.
    error MerkleSumTree_ProofTooLong(uint256 length, uint256 needed);

    /// @notice Thrown when a range of leaves is empty or reaches beyond the tree.
    error MerkleSumTree_BadRange(uint256 first, uint256 count, uint256 size);

    /// @notice Thrown when a leaf is not at the given index of the log.
    error MerkleSumTree_NotInLog(uint256 index, bytes32 leaf);

    /// @notice Thrown when a tree is to be built from no leaves.
    error MerkleSumTree_Empty();

    // ------------------------------------------------------------------ hashes

    /// @notice Hash of a share.
    function leafHash(
        Kind kind,
        bytes32 recipient,
        uint128 units,
        bytes32 evidence
    ) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, 0)
            mstore8(add(p, 1), kind)
            mstore(add(p, 2), recipient)
            mstore(add(p, 34), shl(128, units))
            mstore(add(p, 50), evidence)
            hash := keccak256(p, 82)
        }
    }

    /// @notice Hash and units of the parent of two nodes, each of at most 2^128 - 1 units.
    function parent(
        bytes32 leftHash,
        uint256 leftUnits,
        bytes32 rightHash,
        uint256 rightUnits
    ) internal pure returns (bytes32 hash, uint256 units) {
        unchecked {
            units = leftUnits + rightUnits;
        }
        if (units > type(uint128).max) revert MerkleSumTree_UnitsOverflow();
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, 1)
            mstore(add(p, 1), leftHash)
            mstore(add(p, 33), shl(128, leftUnits))
            mstore(add(p, 49), rightHash)
            mstore(add(p, 81), shl(128, rightUnits))
            hash := keccak256(p, 97)
        }
    }

    /// @notice Id of the split that a tree and an arbiter make.
    function splitId(
        bytes32 treeRoot,
        uint256 totalUnits,
        uint256 size,
        address arbiter
    ) internal pure returns (bytes32 id) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, 2)
            mstore(add(p, 1), treeRoot)
            mstore(add(p, 33), shl(128, totalUnits))
            mstore(add(p, 49), shl(192, size))
            mstore(add(p, 57), shl(96, arbiter))
            id := keccak256(p, 77)
        }
    }

    // ------------------------------------------------------------------ small trees in memory

    /// @notice Room for `n` nodes, in one piece and not zeroed: each is to be set before it is read.
    function list(uint256 n) internal pure returns (SumNode[] memory nodes) {
        assembly ("memory-safe") {
            nodes := mload(0x40)
            mstore(nodes, n)
            let pointer := add(nodes, 32)
            let node := add(pointer, shl(5, n))
            for {
                let end := node
            } lt(pointer, end) {
                pointer := add(pointer, 32)
                node := add(node, 64)
            } {
                mstore(pointer, node)
            }
            mstore(0x40, node)
        }
    }

    /// @notice The leaf of a share, as a node.
    function leaf(Share memory share) internal pure returns (SumNode memory) {
        return SumNode(leafHash(share.kind, share.recipient, share.units, share.evidence), share.units);
    }

    /// @notice Root of a list of leaves. Overwrites `nodes`.
    function root(SumNode[] memory nodes) internal pure returns (SumNode memory) {
        uint256 n = nodes.length;
        if (n == 0) revert MerkleSumTree_Empty();
        while (n > 1) {
            uint256 pairs = n >> 1;
            for (uint256 i = 0; i < pairs; ++i) {
                _join(nodes[2 * i], nodes[2 * i + 1]);
                nodes[i] = nodes[2 * i];
            }
            if (n & 1 == 1) nodes[pairs] = nodes[n - 1];
            n = pairs + (n & 1);
        }
        return nodes[0];
    }

    // ------------------------------------------------------------------ proofs

    /// @notice Root of a tree of `size` leaves of which `count` adjacent shares from index `first` on are known.
    /// @dev `data` holds, from `cursor` on, the shares and then the siblings of the range: bottom-up, on each level the
    /// left neighbour of the range first and then the right one, each only where the shape has one.
    ///
    /// Known nodes are kept in memory as hash (32) ‖ units (16), which is also how siblings arrive and how a parent's
    /// preimage wants them; each level overwrites the one below it. All of it lies beyond the free pointer.
    /// @param first At most 2^64 - 1, like `size`; `count` at most 2^32 - 1.
    /// @return hash Root hash.
    /// @return units Units below the root.
    /// @return end Position behind the last sibling.
    function rootOfRange(
        bytes calldata data,
        uint256 cursor,
        uint256 count,
        uint256 first,
        uint256 size
    ) internal pure returns (bytes32 hash, uint256 units, uint256 end) {
        unchecked {
            if (count == 0 || first + count > size) revert MerkleSumTree_BadRange(first, count, size);
            end = cursor + count * SHARE_BYTES;
        }
        if (end > data.length) revert MerkleSumTree_ProofTooShort(data.length, end);

        uint256 excess;
        assembly ("memory-safe") {
            // Writes the parent of the two nodes at `preimage + 1` to `to`; returns what its units exceed 16 bytes by.
            function join(preimage, to) -> over {
                let sum := add(shr(128, mload(add(preimage, 33))), shr(128, mload(add(preimage, 81))))
                over := shr(128, sum)
                mstore(add(to, 16), sum)
                mstore(to, keccak256(preimage, 97))
            }

            let preimage := mload(0x40)
            let nodes := add(preimage, 128)
            let top := nodes
            // The bytes of a share are the preimage of its leaf behind the prefix 0x00.
            mstore8(preimage, 0)
            for {
                let p := add(data.offset, cursor)
                let leavesEnd := add(data.offset, end)
            } lt(p, leavesEnd) {
                p := add(p, SHARE_BYTES)
                top := add(top, SIBLING_BYTES)
            } {
                calldatacopy(add(preimage, 1), p, SHARE_BYTES)
                mstore(add(top, 16), shr(128, calldataload(add(p, 33))))
                mstore(top, keccak256(preimage, 82))
            }

            mstore8(preimage, 1)
            let last := sub(add(first, count), 1)
            let sibling := add(data.offset, end)
            for {} gt(top, add(nodes, SIBLING_BYTES)) {} {
                let from := nodes
                let to := nodes
                if and(first, 1) {
                    calldatacopy(add(preimage, 1), sibling, SIBLING_BYTES)
                    sibling := add(sibling, SIBLING_BYTES)
                    mcopy(add(preimage, 49), from, SIBLING_BYTES)
                    excess := or(excess, join(preimage, to))
                    from := add(from, SIBLING_BYTES)
                    to := from
                }
                for {} lt(add(from, SIBLING_BYTES), top) {} {
                    mcopy(add(preimage, 1), from, 96)
                    excess := or(excess, join(preimage, to))
                    from := add(from, 96)
                    to := add(to, SIBLING_BYTES)
                }
                if lt(from, top) {
                    mcopy(add(preimage, 1), from, SIBLING_BYTES)
                    switch lt(last, sub(size, 1))
                    case 0 {
                        mcopy(to, add(preimage, 1), SIBLING_BYTES)
                    }
                    default {
                        calldatacopy(add(preimage, 49), sibling, SIBLING_BYTES)
                        sibling := add(sibling, SIBLING_BYTES)
                        excess := or(excess, join(preimage, to))
                    }
                    to := add(to, SIBLING_BYTES)
                }
                top := to
                first := shr(1, first)
                last := shr(1, last)
                size := shr(1, add(size, 1))
            }

            // The range has become one node: the rest of the way it needs no memory of its own. Its units only grow, so
            // one look at the end finds any overflow.
            hash := mload(nodes)
            units := shr(128, mload(add(nodes, 32)))
            for {
                let lastNode := sub(size, 1)
            } lastNode {
                first := shr(1, first)
                lastNode := shr(1, lastNode)
            } {
                switch and(first, 1)
                case 0 {
                    // The last node of a level has no sibling.
                    if eq(first, lastNode) {
                        continue
                    }
                    mstore(add(preimage, 33), shl(128, units))
                    mstore(add(preimage, 1), hash)
                    calldatacopy(add(preimage, 49), sibling, SIBLING_BYTES)
                }
                default {
                    mstore(add(preimage, 81), shl(128, units))
                    mstore(add(preimage, 49), hash)
                    calldatacopy(add(preimage, 1), sibling, SIBLING_BYTES)
                }
                units := add(units, shr(128, calldataload(add(sibling, 32))))
                hash := keccak256(preimage, 97)
                sibling := add(sibling, SIBLING_BYTES)
            }
            excess := or(excess, shr(128, units))
            end := sub(sibling, data.offset)
        }
        if (end > data.length) revert MerkleSumTree_ProofTooShort(data.length, end);
        if (excess != 0) revert MerkleSumTree_UnitsOverflow();
    }

    // ------------------------------------------------------------------ append-only log

    /// @notice Appends leaves to a log and returns its new root. Overwrites `nodes`.
    /// @dev Level by level: the frontier's node joins the first new one if it is a left sibling, neighbours join, and a
    /// last one without a right sibling becomes the frontier's. Each level is read and written at most once.
    function append(SumLog storage log, SumNode[] memory nodes) internal returns (SumNode memory node) {
        unchecked {
            uint256 first = log.size;
            uint256 count = nodes.length;
            log.size = uint64(first + count);
            for (uint256 level = 0; count != 0; ++level) {
                uint256 read = first & 1;
                uint256 write = read;
                if (read == 1) {
                    SumNode memory left = SumNode(log.hashes[level], log.sums[level]);
                    _join(left, _at(nodes, 0));
                    _put(nodes, 0, left);
                }
                for (; read + 1 < count; read += 2) {
                    SumNode memory left = _at(nodes, read);
                    _join(left, _at(nodes, read + 1));
                    _put(nodes, write++, left);
                }
                if (read < count) {
                    _store(log, level, _at(nodes, read).hash, _at(nodes, read).units);
                }
                count = write;
                first >>= 1;
            }
            node = logRoot(log);
            log.units = uint128(node.units);
        }
    }

    /// @notice Replaces one leaf of a log and returns its new root. Every other leaf keeps its place.
    /// @param proof Siblings from the leaf up to the frontier node above it, bottom-up, 48 bytes each.
    function replace(
        SumLog storage log,
        uint256 index,
        SumNode memory oldLeaf,
        SumNode memory newLeaf,
        bytes calldata proof
    ) internal returns (SumNode memory node) {
        uint256 size = log.size;
        if (index >= size) revert MerkleSumTree_BadRange(index, 1, size);

        // The frontier node above `index` is the one of the highest bit in which the log's size exceeds it.
        uint256 top = 0;
        for (uint256 rest = size ^ index; rest > 1; rest >>= 1) ++top;
        uint256 needed = top * SIBLING_BYTES;
        if (proof.length > needed) revert MerkleSumTree_ProofTooLong(proof.length, needed);

        (bytes32 oldHash, uint256 oldUnits) = (oldLeaf.hash, oldLeaf.units);
        (bytes32 newHash, uint256 newUnits) = (newLeaf.hash, newLeaf.units);
        for (uint256 level = 0; level < top; ++level) {
            (bytes32 hash, uint256 units) = _sibling(proof, level * SIBLING_BYTES);
            if ((index >> level) & 1 == 1) {
                (oldHash, oldUnits) = parent(hash, units, oldHash, oldUnits);
                (newHash, newUnits) = parent(hash, units, newHash, newUnits);
            } else {
                (oldHash, oldUnits) = parent(oldHash, oldUnits, hash, units);
                (newHash, newUnits) = parent(newHash, newUnits, hash, units);
            }
        }
        if (oldHash != log.hashes[top]) revert MerkleSumTree_NotInLog(index, oldLeaf.hash);

        _store(log, top, newHash, newUnits);
        node = logRoot(log);
        log.units = uint128(node.units);
    }

    /// @notice Root of a log: its frontier folded from the smallest perfect subtree to the largest.
    function logRoot(SumLog storage log) internal view returns (SumNode memory node) {
        uint256 size = log.size;
        if (size == 0) revert MerkleSumTree_Empty();
        uint256 level = 0;
        while ((size >> level) & 1 == 0) ++level;
        (bytes32 hash, uint256 units) = (log.hashes[level], log.sums[level]);
        for (++level; size >> level != 0; ++level) {
            if ((size >> level) & 1 == 1) (hash, units) = parent(log.hashes[level], log.sums[level], hash, units);
        }
        return SumNode(hash, units);
    }

    // ------------------------------------------------------------------ internals

    /// @dev Puts a node on the frontier. A leaf that was joined with no other has not been looked at before.
    function _store(SumLog storage log, uint256 level, bytes32 hash, uint256 units) private {
        if (units > type(uint128).max) revert MerkleSumTree_UnitsOverflow();
        log.hashes[level] = hash;
        log.sums[level] = uint128(units);
    }

    /// @dev Turns `left` into the parent of both.
    function _join(SumNode memory left, SumNode memory right) private pure {
        (left.hash, left.units) = parent(left.hash, left.units, right.hash, right.units);
    }

    /// @dev Element of an array whose bounds the caller has seen to.
    function _at(SumNode[] memory nodes, uint256 i) private pure returns (SumNode memory node) {
        assembly ("memory-safe") {
            node := mload(add(add(nodes, 32), shl(5, i)))
        }
    }

    /// @dev Sets an element of an array whose bounds the caller has seen to.
    function _put(SumNode[] memory nodes, uint256 i, SumNode memory node) private pure {
        assembly ("memory-safe") {
            mstore(add(add(nodes, 32), shl(5, i)), node)
        }
    }

    function _sibling(bytes calldata proof, uint256 cursor) private pure returns (bytes32 hash, uint256 units) {
        uint256 needed = cursor + SIBLING_BYTES;
        if (needed > proof.length) revert MerkleSumTree_ProofTooShort(proof.length, needed);
        assembly ("memory-safe") {
            let p := add(proof.offset, cursor)
            hash := calldataload(p)
            units := shr(128, calldataload(add(p, 32)))
        }
    }
}
