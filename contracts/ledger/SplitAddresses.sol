// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AttributionLedger} from "./AttributionLedger.sol";

/// @title The contract behind a split's address
/// @notice Holds tokens in transit; all it can do is pay everything it holds into its one split. The split's id is part
/// of its code, and so of its address.
contract SplitAddress {
    using SafeERC20 for IERC20;

    AttributionLedger private immutable ledger;
    IERC20 private immutable token;

    constructor(AttributionLedger ledger_) {
        ledger = ledger_;
        token = ledger_.token();
    }

    /// @notice Pays all tokens held here into the split. Anyone may call.
    /// @return amount Tokens paid. The ledger refuses zero.
    function flush() external returns (uint256 amount) {
        amount = token.balanceOf(address(this));
        bytes32 splitId = abi.decode(Clones.fetchCloneArgs(address(this)), (bytes32));
        if (token.allowance(address(this), address(ledger)) < amount) {
            token.forceApprove(address(ledger), type(uint256).max);
        }
        ledger.pay(splitId, amount, 0, 0);
    }
}

/// @title An address for every split
/// @notice A plain token transfer to a split's address, from any wallet, exchange or payment facilitator, is a payment
/// to that split. The address is known before anything is deployed; {sweep} moves what has arrived into the ledger.
/// @dev Nobody attests how many calls a plain transfer was for, so a sweep counts none.
contract SplitAddresses {
    /// @notice Emitted when the transfers that had arrived at a split's address were paid into the split.
    event Swept(bytes32 indexed splitId, address indexed splitAddress, uint256 amount);

    /// @notice Code that every split's address runs.
    address public immutable implementation;

    /// @param ledger The ledger that is paid.
    constructor(AttributionLedger ledger) {
        implementation = address(new SplitAddress(ledger));
    }

    /// @notice Pays what has arrived at a split's address into the split. Anyone may call; the first call deploys.
    /// @return amount Tokens paid.
    function sweep(bytes32 splitId) external returns (uint256 amount) {
        address splitAddress = addressOf(splitId);
        if (splitAddress.code.length == 0) {
            Clones.cloneDeterministicWithImmutableArgs(implementation, abi.encode(splitId), 0);
        }
        amount = SplitAddress(splitAddress).flush();
        emit Swept(splitId, splitAddress, amount);
    }

    /// @notice The address that stands for a split.
    function addressOf(bytes32 splitId) public view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, abi.encode(splitId), 0);
    }
}
