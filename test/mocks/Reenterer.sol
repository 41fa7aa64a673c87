// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ITokenHook} from "./Tokens.sol";

/// @notice A contract account that makes planned calls when a HookToken calls it, once, and keeps what came of them.
contract Reenterer is ITokenHook {
    struct Call {
        address target;
        bytes data;
    }

    struct Attempt {
        bool success;
        bytes answer;
    }

    Call[] private planned;
    Attempt[] private made;

    function execute(address target, bytes calldata data) external returns (bytes memory) {
        return Address.functionCall(target, data);
    }

    function plan(Call[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            planned.push(calls[i]);
        }
    }

    function onTokens(address, address, uint256) external {
        Call[] memory calls = planned;
        delete planned;
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool success, bytes memory answer) = calls[i].target.call(calls[i].data);
            made.push(Attempt(success, answer));
        }
    }

    function attempts() external view returns (Attempt[] memory) {
        return made;
    }
}

/// @notice A recipient that spends all the gas a HookToken gives it.
contract GasBurner is ITokenHook {
    constructor(address token) {
        Address.functionCall(token, abi.encodeWithSignature("setHook(bool)", true));
    }

    function onTokens(address, address, uint256) external pure {
        while (true) {}
    }
}
