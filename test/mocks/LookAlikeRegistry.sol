// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Answers what others ask a registry of assets, with whatever its maker likes: any split, no terms.
contract LookAlikeRegistry {
    bytes32 private splitId;

    constructor(bytes32 splitId_) {
        splitId = splitId_;
    }

    function setSplit(bytes32 splitId_) external {
        splitId = splitId_;
    }

    function splitOf(uint256, uint256) external view returns (bytes32) {
        return splitId;
    }

    function arbiterOf(uint256) external pure returns (address) {
        return address(0);
    }

    function licensedSplit(uint256, uint256, address) external view returns (bytes32, uint16) {
        return (splitId, 0);
    }
}
