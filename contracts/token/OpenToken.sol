// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title OPEN
/// @notice The token of payments, rewards, bonds, stake and votes. Fixed supply, nobody can mint, pause or freeze.
/// Holders can approve (EIP-2612) and transfer (ERC-3009) by signature.
contract OpenToken is ERC20, ERC20Permit, ERC3009 {
    /// @notice All OPEN there will ever be, in the smallest unit (18 decimals).
    uint256 public constant SUPPLY = 1_000_000_000e18;

    /// @param holder Receives the whole supply.
    constructor(address holder) ERC20("OPEN", "OPEN") ERC20Permit("OPEN") {
        _mint(holder, SUPPLY);
    }
}
