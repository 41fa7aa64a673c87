// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, Share, SumNode} from "../../contracts/ledger/MerkleSumTree.sol";
import {Random, Source} from "./Random.sol";

/// @title Lists of shares that tests make up
library RandomShares {
    using Random for Source;

    /// @notice Units of a list, in one of the styles that have gone wrong elsewhere: small ones with tombstones among
    /// them, a single unit in all, as many as fit, one giant next to dwarfs, all alike.
    function units(Source memory source, uint256 count) internal pure returns (uint128[] memory counted) {
        counted = new uint128[](count);
        uint256 style = source.below(5);
        uint256 share = type(uint128).max / count;
        uint256 chosen = source.below(count);
        uint256 alike = source.magnitude(share);
        for (uint256 i = 0; i < count; ++i) {
            if (style == 0) counted[i] = uint128(source.below(12));
            else if (style == 1) counted[i] = i == chosen ? 1 : 0;
            else if (style == 2) counted[i] = uint128(source.magnitude(share));
            else if (style == 3) counted[i] = i == chosen ? uint128(share) : uint128(source.below(3));
            else counted[i] = uint128(alike);
        }
    }

    /// @notice Shares of arbitrary recipients.
    function list(Source memory source, uint256 count) internal pure returns (Share[] memory shares) {
        uint128[] memory counted = units(source, count);
        shares = new Share[](count);
        for (uint256 i = 0; i < count; ++i) {
            shares[i] = Share({
                kind: source.oneIn(2) ? Kind.Split : Kind.Account,
                recipient: bytes32(source.word()),
                units: counted[i],
                evidence: bytes32(source.word())
            });
        }
    }

    /// @notice Leaves without shares behind them.
    function nodes(Source memory source, uint256 count) internal pure returns (SumNode[] memory leaves) {
        uint128[] memory counted = units(source, count);
        leaves = new SumNode[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = SumNode(bytes32(source.word()), counted[i]);
    }
}
