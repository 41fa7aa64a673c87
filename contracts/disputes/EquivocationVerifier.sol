// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fault, IFaultVerifier, Restitution} from "./IFaultVerifier.sol";
import {Receipt, Receipts} from "./Receipts.sol";

/// @notice Shows that an executor signed two receipts for one call.
struct EquivocationProof {
    Receipt receipt;
    Receipt other;
    bytes signature;
    bytes otherSignature;
}

/// @title An executor signed two different receipts for one call
/// @notice A call's id is the hash of what was asked for, so whoever asks for the same twice has chosen the same salt
/// twice. The executor answers, and the payer of the call is compensated.
contract EquivocationVerifier is IFaultVerifier {
    /// @notice What equivocation costs an executor, in basis points of its pool.
    uint16 public constant SLASH_BPS = 3_000;

    /// @notice The registry whose services the receipts are of.
    address public immutable services;

    constructor(address services_) {
        services = services_;
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IFaultVerifier
    function slashBps() external pure returns (uint16) {
        return SLASH_BPS;
    }

    /// @inheritdoc IFaultVerifier
    /// @param proof An encoded {EquivocationProof}.
    function verify(bytes calldata proof) external view returns (Fault memory) {
        EquivocationProof calldata p = _decode(proof);
        (bytes32 digest, bytes32 otherDigest) = Receipts.checkContradiction(
            Receipts.domainOf(services),
            p.receipt,
            p.other
        );
        address executor = p.receipt.executor;
        Receipts.checkSigned(executor, digest, p.signature);
        Receipts.checkSigned(executor, otherDigest, p.otherSignature);
        return
            Fault({
                id: Receipts.faultIdOf(services, p.receipt),
                respondent: executor,
                harmed: p.receipt.payer,
                harm: Receipts.harmOf(p.receipt, p.other),
                restitution: Restitution(0, 0, 0, 0, address(0), 0, 0)
            });
    }

    // ------------------------------------------------------------------ internals

    /// @dev What lies in an encoding is checked where it is read.
    function _decode(bytes calldata proof) private pure returns (EquivocationProof calldata p) {
        assembly ("memory-safe") {
            p := add(proof.offset, calldataload(proof.offset))
        }
    }
}
