// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who decides disputes (ERC-792). Its fee is in the chain's own currency.
interface IArbitrator {
    /// @notice Opens a dispute of the caller's, which is told of the ruling by {IArbitrable-rule}.
    /// @param choices How many rulings there are besides 0, which stands for none.
    function createDispute(uint256 choices, bytes calldata extraData) external payable returns (uint256 disputeId);

    /// @notice What opening a dispute costs.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256 cost);
}

/// @notice Who has disputes decided (ERC-792).
interface IArbitrable {
    /// @notice Emitted when an arbitrator ruled.
    event Ruling(IArbitrator indexed arbitrator, uint256 indexed disputeId, uint256 ruling);

    /// @notice Rules on a dispute. Only the arbitrator it was opened with.
    function rule(uint256 disputeId, uint256 ruling) external;
}
