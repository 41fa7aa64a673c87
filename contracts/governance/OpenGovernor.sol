// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStakeVotes} from "../staking/IStakeVotes.sol";

/// @notice What governance starts with.
/// @param votingDelaySeconds From a proposal to the moment whose votes count.
/// @param votingPeriodSeconds How long votes can be cast from then on.
/// @param proposalThreshold Votes that a proposer needs, in the token's smallest unit.
/// @param quorumPercent Part of all stake that has to vote for or abstain.
/// @param lateQuorumSeconds How long votes can be cast at least once the quorum is reached.
/// @param guardian May cancel proposals in the beginning; zero for nobody.
/// @param guardianSeconds How long that is, from deployment on.
struct GovernanceParameters {
    uint48 votingDelaySeconds;
    uint32 votingPeriodSeconds;
    uint256 proposalThreshold;
    uint256 quorumPercent;
    uint48 lateQuorumSeconds;
    address guardian;
    uint256 guardianSeconds;
}

/// @title Governance by stake
/// @notice Stakers propose and vote; what passes is executed by the Timelock, which holds the powers.
///
/// - Votes are those of the moment at which voting begins. {castVote} counts the pools the voter has stake in. Who votes
///   for others elsewhere names the operators of those pools: `params` is then `abi.encode(address[])`, in strictly
///   ascending order.
/// - Whoever completes a quorum in the last moment gives everybody else time to answer.
/// - For a limited time a guardian may cancel proposals. It can do nothing else, and nothing prolongs that time.
/// - Proposals can change these rules, within fixed bounds.
contract OpenGovernor is
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a parameter is not within its bounds.
    error OpenGovernor_OutOfBounds(string parameter, uint256 value, uint256 min, uint256 max);

    // ------------------------------------------------------------------ constants

    /// @notice Bounds of the time between a proposal and its vote.
    uint256 public constant MIN_VOTING_DELAY_SECONDS = 1 hours;
    uint256 public constant MAX_VOTING_DELAY_SECONDS = 14 days;

    /// @notice Bounds of the time in which votes can be cast. It is never less than what is left once the quorum is reached.
    uint256 public constant MIN_VOTING_PERIOD_SECONDS = 1 days;
    uint256 public constant MAX_VOTING_PERIOD_SECONDS = 60 days;

    /// @notice Bounds of the votes that a proposer needs.
    uint256 public constant MIN_PROPOSAL_THRESHOLD = 1_000e18;
    uint256 public constant MAX_PROPOSAL_THRESHOLD = 10_000_000e18;

    /// @notice Bounds of the quorum, in percent of all stake.
    uint256 public constant MIN_QUORUM_PERCENT = 10;
    uint256 public constant MAX_QUORUM_PERCENT = 50;

    /// @notice Bounds of the time that is left for voting once the quorum is reached. It is never more than the period.
    uint256 public constant MIN_LATE_QUORUM_SECONDS = 1 hours;
    uint256 public constant MAX_LATE_QUORUM_SECONDS = 14 days;

    /// @notice Bounds of the Timelock's delay when this contract is deployed. Later on it is what proposals make it.
    uint256 public constant MIN_TIMELOCK_SECONDS = 1 hours;
    uint256 public constant MAX_TIMELOCK_SECONDS = 30 days;

    /// @notice Longest time for which there can be a guardian.
    uint256 public constant MAX_GUARDIAN_SECONDS = 730 days;

    // ------------------------------------------------------------------ storage

    /// @notice Who may cancel proposals; zero for nobody.
    address public immutable guardian;

    /// @notice When that ends, in seconds since 1970.
    uint256 public immutable guardianUntil;

    // ------------------------------------------------------------------ constructor

    constructor(
        IStakeVotes votes,
        TimelockController timelock_,
        GovernanceParameters memory parameters
    )
        Governor("OpenGovernor")
        GovernorSettings(parameters.votingDelaySeconds, parameters.votingPeriodSeconds, parameters.proposalThreshold)
        GovernorVotes(votes)
        GovernorVotesQuorumFraction(parameters.quorumPercent)
        GovernorPreventLateQuorum(parameters.lateQuorumSeconds)
        GovernorTimelockControl(timelock_)
    {
        _bound("timelockSeconds", timelock_.getMinDelay(), MIN_TIMELOCK_SECONDS, MAX_TIMELOCK_SECONDS);
        _bound("guardianSeconds", parameters.guardianSeconds, 0, MAX_GUARDIAN_SECONDS);
        guardian = parameters.guardian;
        guardianUntil = block.timestamp + parameters.guardianSeconds;
    }

    // ------------------------------------------------------------------ voting

    /// @inheritdoc Governor
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @inheritdoc Governor
    function proposalDeadline(
        uint256 proposalId
    ) public view override(Governor, GovernorPreventLateQuorum) returns (uint256) {
        return super.proposalDeadline(proposalId);
    }

    function _getVotes(
        address account,
        uint256 timepoint,
        bytes memory params
    ) internal view override(Governor, GovernorVotes) returns (uint256) {
        if (params.length == 0) return super._getVotes(account, timepoint, params);
        return IStakeVotes(address(token())).getPastVotesIn(account, abi.decode(params, (address[])), timepoint);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    // ------------------------------------------------------------------ execution

    /// @inheritdoc Governor
    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(
        uint256 proposalId
    ) public view override(Governor, GovernorTimelockControl) returns (bool) {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    // ------------------------------------------------------------------ cancelling

    /// @dev The proposer may cancel as long as nobody can vote yet, the guardian also later on.
    function _validateCancel(uint256 proposalId, address caller) internal view override returns (bool) {
        bool byGuardian = caller == guardian && block.timestamp < guardianUntil;
        return byGuardian || super._validateCancel(proposalId, caller);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    // ------------------------------------------------------------------ parameters

    function _setVotingDelay(uint48 value) internal override {
        _bound("votingDelaySeconds", value, MIN_VOTING_DELAY_SECONDS, MAX_VOTING_DELAY_SECONDS);
        super._setVotingDelay(value);
    }

    function _setVotingPeriod(uint32 value) internal override {
        uint256 min = Math.max(MIN_VOTING_PERIOD_SECONDS, lateQuorumVoteExtension());
        _bound("votingPeriodSeconds", value, min, MAX_VOTING_PERIOD_SECONDS);
        super._setVotingPeriod(value);
    }

    function _setProposalThreshold(uint256 value) internal override {
        _bound("proposalThreshold", value, MIN_PROPOSAL_THRESHOLD, MAX_PROPOSAL_THRESHOLD);
        super._setProposalThreshold(value);
    }

    function _updateQuorumNumerator(uint256 value) internal override {
        _bound("quorumPercent", value, MIN_QUORUM_PERCENT, MAX_QUORUM_PERCENT);
        super._updateQuorumNumerator(value);
    }

    function _setLateQuorumVoteExtension(uint48 value) internal override {
        uint256 max = Math.min(MAX_LATE_QUORUM_SECONDS, votingPeriod());
        _bound("lateQuorumSeconds", value, MIN_LATE_QUORUM_SECONDS, max);
        super._setLateQuorumVoteExtension(value);
    }

    function _bound(string memory parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert OpenGovernor_OutOfBounds(parameter, value, min, max);
    }
}
