// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Accounts of the ledger: a 12-byte tag and a 20-byte address in one word
/// @notice Tag 0 is the wallet itself. Any other tag is a sub-account that only the address can spend from.
library Accounts {
    /// @notice An account that nobody can spend from: what goes there is burned.
    bytes32 internal constant NOBODY = bytes32(uint256(1) << 160);

    /// @notice The account of `owner` under `tag`.
    function sub(address owner, uint96 tag) internal pure returns (bytes32) {
        return bytes32((uint256(tag) << 160) | uint160(owner));
    }

    /// @notice The wallet account of `owner`.
    function wallet(address owner) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(owner)));
    }

    /// @notice The address that may spend from `account`.
    function ownerOf(bytes32 account) internal pure returns (address) {
        return address(uint160(uint256(account)));
    }

    /// @notice Whether `account` is a wallet itself and not a sub-account.
    function isWallet(bytes32 account) internal pure returns (bool) {
        return uint256(account) >> 160 == 0;
    }
}
