// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @notice A token with so large a supply that one split can be filled, and that refuses some recipients.
contract WideToken is ERC20, ERC20Permit, ERC3009 {
    error WideToken_Refused(address to);

    uint256 public constant SUPPLY = 2 ** 133;

    mapping(address holder => bool) public refuses;

    constructor(address holder) ERC20("WIDE", "WIDE") ERC20Permit("WIDE") {
        _mint(holder, SUPPLY);
    }

    function refuse(address holder) external {
        refuses[holder] = true;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (refuses[to]) revert WideToken_Refused(to);
        super._update(from, to, amount);
    }
}
