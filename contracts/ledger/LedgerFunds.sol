// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Accounts} from "./Accounts.sol";
import {AttributionLedger, Authorization} from "./AttributionLedger.sol";

/// @title Money that a contract keeps for others, in its ledger account
/// @notice Ways in and out that every such contract shares. The contract itself holds no tokens: what it keeps is its
/// balance in the ledger, so paying a split from it moves no tokens, and giving it back cannot be refused.
abstract contract LedgerFunds {
    using SafeERC20 for IERC20;

    /// @notice Where the money is kept and splits are paid.
    AttributionLedger public immutable ledger;

    IERC20 private immutable _token;
    bytes32 private immutable _account;

    constructor(AttributionLedger ledger_) {
        ledger = ledger_;
        _token = ledger_.token();
        _account = Accounts.wallet(address(this));
        _token.forceApprove(address(ledger_), type(uint256).max);
    }

    /// @dev Takes tokens of the caller's wallet, which approved this contract.
    function _takeFromWallet(uint256 amount) internal {
        _token.safeTransferFrom(msg.sender, address(this), amount);
        ledger.deposit(_account, amount);
    }

    /// @dev Takes tokens that `payer` signed away for `purpose` (ERC-3009), which together with the authorization's salt
    /// is the nonce.
    function _takeAuthorized(
        address payer,
        uint256 amount,
        bytes32 purpose,
        Authorization calldata authorization
    ) internal {
        IERC3009(address(_token)).receiveWithAuthorization(
            payer,
            address(this),
            amount,
            authorization.validAfter,
            authorization.validBefore,
            keccak256(abi.encode(purpose, authorization.salt)),
            authorization.v,
            authorization.r,
            authorization.s
        );
        ledger.deposit(_account, amount);
    }

    /// @dev Takes balance of one of the caller's ledger accounts, which approved this contract as spender.
    function _takeFromBalance(uint96 tag, uint256 amount) internal {
        ledger.transferBalanceFrom(Accounts.sub(msg.sender, tag), _account, amount);
    }

    /// @dev Gives money back: into the owner's ledger account.
    function _giveBack(address owner, uint256 amount) internal {
        ledger.transferBalance(0, Accounts.wallet(owner), amount);
    }
}
