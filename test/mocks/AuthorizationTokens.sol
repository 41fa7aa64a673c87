// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {FeeToken, HookToken, ITokenHook, MockToken} from "./Tokens.sol";

/// @notice Calls holders that asked for it, also when tokens move by signature.
contract HookAuthorizationToken is HookToken, ERC3009 {
    constructor() EIP712("Hook", "1") {}

    function decimals() public view override(ERC20, MockToken) returns (uint8) {
        return super.decimals();
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, HookToken) {
        super._update(from, to, amount);
    }
}

/// @notice Keeps a part of what arrives, also when tokens move by signature.
contract FeeAuthorizationToken is FeeToken, ERC3009 {
    constructor() FeeToken(false) EIP712("Fee", "1") {}

    function decimals() public view override(ERC20, MockToken) returns (uint8) {
        return super.decimals();
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, FeeToken) {
        super._update(from, to, amount);
    }
}

/// @notice Knows no authorizations, and says nothing when asked for what it does not know.
contract SilentFallbackToken is MockToken(18) {
    fallback() external {}
}

/// @notice A holder that fails with as many bytes as it was made with, all of them zero.
contract RevertBomb is ITokenHook {
    uint256 private immutable size;

    constructor(uint256 size_) {
        size = size_;
    }

    function onTokens(address, address, uint256) external view {
        uint256 length = size;
        assembly ("memory-safe") {
            revert(mload(0x40), length)
        }
    }
}

/// @notice Takes any call that comes with enough gas, and fails otherwise.
contract GasMeter {
    uint256 private immutable enough;

    constructor(uint256 enough_) {
        enough = enough_;
    }

    fallback() external {
        require(gasleft() >= enough, "too little");
    }
}
