// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @notice Votes that come from stake, pool by pool.
interface IStakeVotes is IERC5805 {
    /// @notice Votes that an account had in the pools it names. {getPastVotes} counts the pools it has stake in itself,
    /// which leaves out what others delegated to it elsewhere.
    /// @param operators Whose pools, in strictly ascending order.
    /// @param timepoint A second in the past.
    function getPastVotesIn(
        address account,
        address[] calldata operators,
        uint256 timepoint
    ) external view returns (uint256);
}
