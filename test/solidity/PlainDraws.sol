// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Share, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";
import {PlainTree} from "./PlainTree.sol";

/// @title Packs draws, field by field
library PlainDraws {
    /// @notice The draw of `count` adjacent shares from `first` on.
    function encode(
        Share[] memory shares,
        address arbiter,
        uint256 first,
        uint256 count
    ) internal pure returns (bytes memory) {
        SumNode[] memory proof = PlainTree.siblings(PlainTree.leaves(shares), first, count);
        Share[] memory range = new Share[](count);
        for (uint256 i = 0; i < count; ++i) range[i] = shares[first + i];
        return pack(arbiter, shares.length, first, range, proof);
    }

    function pack(
        address arbiter,
        uint256 size,
        uint256 first,
        Share[] memory range,
        SumNode[] memory proof
    ) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(arbiter, uint64(size), uint64(first), uint32(range.length));
        for (uint256 i = 0; i < range.length; ++i) packed = bytes.concat(packed, packShare(range[i]));
        packed = bytes.concat(packed, packProof(proof));
    }

    function packShare(Share memory share) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(share.kind), share.recipient, share.units, share.evidence);
    }

    function packProof(SumNode[] memory proof) internal pure returns (bytes memory packed) {
        for (uint256 i = 0; i < proof.length; ++i) {
            packed = abi.encodePacked(packed, proof[i].hash, uint128(proof[i].units));
        }
    }
}
