// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fault, IFaultVerifier} from "../../../contracts/disputes/IFaultVerifier.sol";

/// @notice Believes whatever it is shown. A proof is a fault itself, and no proof at all if it names no fault.
contract VerifierDouble is IFaultVerifier {
    /// @notice Thrown when a proof names no fault.
    error VerifierDouble_NoFault();

    /// @inheritdoc IFaultVerifier
    uint16 public immutable slashBps;

    constructor(uint16 slashBps_) {
        slashBps = slashBps_;
    }

    /// @inheritdoc IFaultVerifier
    function verify(bytes calldata proof) external pure returns (Fault memory fault) {
        fault = abi.decode(proof, (Fault));
        if (fault.id == 0) revert VerifierDouble_NoFault();
    }
}
