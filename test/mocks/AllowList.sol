// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IOperatorEligibility} from "../../contracts/registry/IOperatorEligibility.sol";

/// @notice Operators that somebody vouches for, one by one.
contract AllowList is IOperatorEligibility, Ownable(msg.sender) {
    mapping(address operator => bool) public isEligible;

    function set(address operator, bool eligible) external onlyOwner {
        isEligible[operator] = eligible;
    }
}
