// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger, Authorization, Payment} from "../ledger/AttributionLedger.sol";

/// @notice A payment by signature, as {AttributionLedger-payWithAuthorization} takes it.
struct AuthorizedPayment {
    address payer;
    Payment payment;
    Authorization authorization;
}

/// @title Payments by signature in batches
/// @notice Submits what many payers signed in one transaction. One that cannot be paid is skipped and costs the others
/// nothing. Holds no funds and knows no one: the ledger checks every payment by itself.
contract AuthorizationBatch {
    /// @notice Thrown when a batch has no entries.
    error AuthorizationBatch_Empty();

    /// @notice Thrown when the transaction has too little gas left to try a payment.
    error AuthorizationBatch_NotEnoughGas(uint256 index, uint256 gasLeft, uint256 needed);

    /// @notice Emitted when a payment was not made.
    /// @param index Its place in the batch.
    /// @param reason Error of the ledger or the token, as it came, up to its 256th byte.
    event PaymentSkipped(address indexed payer, bytes32 indexed splitId, uint256 index, bytes reason);

    /// @notice Most gas that one payment may use. Nothing a payer does can make the others run out of gas.
    uint256 public constant PAYMENT_GAS = 200_000;

    /// @dev What has to be left so that {PAYMENT_GAS} really is given: a call keeps back one 64th. Without it, the gas
    /// that a wallet estimates would be the one at which all payments are skipped.
    uint256 private constant GAS_NEEDED = (PAYMENT_GAS * 64) / 63 + 10_000;

    /// @dev Most bytes that are kept of an error; no error of the ledger or of OPEN has as many. A payer with code, which
    /// a token that calls its holders runs, could make the batch copy and log thousands of words.
    uint256 private constant MAX_REASON_BYTES = 256;

    /// @notice Where payments go.
    AttributionLedger public immutable ledger;

    constructor(AttributionLedger ledger_) {
        ledger = ledger_;
    }

    /// @notice Makes each payment that can be made. Anyone may call.
    /// @return errors For each payment the selector of the error that stopped it, 0xffffffff if it had none or zeros,
    /// zero if the payment was made.
    function pay(AuthorizedPayment[] calldata payments) external returns (bytes4[] memory errors) {
        if (payments.length == 0) revert AuthorizationBatch_Empty();
        errors = new bytes4[](payments.length);
        for (uint256 i = 0; i < payments.length; ++i) {
            AuthorizedPayment calldata p = payments[i];
            if (gasleft() < GAS_NEEDED) revert AuthorizationBatch_NotEnoughGas(i, gasleft(), GAS_NEEDED);
            try ledger.payWithAuthorization{gas: PAYMENT_GAS}(p.payer, p.payment, p.authorization) {} catch {
                bytes memory reason = _reason();
                errors[i] = bytes4(reason) == 0 ? bytes4(0xffffffff) : bytes4(reason);
                emit PaymentSkipped(p.payer, p.payment.splitId, i, reason);
            }
        }
    }

    /// @dev What the last call failed with.
    function _reason() private pure returns (bytes memory reason) {
        uint256 size;
        assembly ("memory-safe") {
            size := returndatasize()
        }
        reason = new bytes(size < MAX_REASON_BYTES ? size : MAX_REASON_BYTES);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 32), 0, mload(reason))
        }
    }
}
