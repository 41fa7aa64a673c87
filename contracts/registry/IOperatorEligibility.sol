// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who may serve, as decided by a contract that holds operators' stake.
interface IOperatorEligibility {
    /// @notice Whether an operator may register services and be quoted now.
    function isEligible(address operator) external view returns (bool);
}
