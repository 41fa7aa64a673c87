// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IArbitrable, IArbitrator} from "./ERC792.sol";

/// @title Arbitration by a committee
/// @notice Decides disputes when enough of its members have voted for the same ruling. Who the members are, the access
/// manager says: those who hold the role for {vote}. It charges nothing.
contract ArbitrationCommittee is IArbitrator, AccessManaged {
    /// @dev A dispute and the votes on it.
    struct Dispute {
        IArbitrable arbitrable;
        uint64 choices;
        bool ruled;
        mapping(uint256 ruling => uint256) votes;
        mapping(address member => bool) hasVoted;
    }

    /// @notice Thrown when the number of votes that decide is zero.
    error ArbitrationCommittee_ZeroQuorum();

    /// @notice Thrown when a dispute comes with money, which nobody could take out again.
    error ArbitrationCommittee_NoFee(uint256 value);

    /// @notice Thrown when a dispute has more choices than can be counted.
    error ArbitrationCommittee_TooManyChoices(uint256 choices, uint256 max);

    /// @notice Thrown when there is no such dispute.
    error ArbitrationCommittee_NoSuchDispute(uint256 disputeId);

    /// @notice Thrown when a dispute has been ruled on.
    error ArbitrationCommittee_AlreadyRuled(uint256 disputeId);

    /// @notice Thrown when a member votes a second time.
    error ArbitrationCommittee_AlreadyVoted(uint256 disputeId, address member);

    /// @notice Thrown when a ruling is none of a dispute's choices.
    error ArbitrationCommittee_BadRuling(uint256 disputeId, uint256 ruling, uint256 choices);

    /// @notice Emitted when somebody opened a dispute.
    event DisputeCreated(uint256 indexed disputeId, address indexed arbitrable, uint256 choices, bytes extraData);

    /// @notice Emitted when a member voted.
    event Voted(uint256 indexed disputeId, address indexed member, uint256 ruling);

    /// @notice How many votes for a ruling decide.
    uint256 public immutable quorum;

    /// @notice Disputes opened so far; ids count from 1.
    uint256 public disputeCount;

    mapping(uint256 disputeId => Dispute) private _disputes;

    constructor(address authority, uint256 quorum_) AccessManaged(authority) {
        if (quorum_ == 0) revert ArbitrationCommittee_ZeroQuorum();
        quorum = quorum_;
    }

    /// @inheritdoc IArbitrator
    function createDispute(uint256 choices, bytes calldata extraData) external payable returns (uint256 disputeId) {
        if (msg.value != 0) revert ArbitrationCommittee_NoFee(msg.value);
        if (choices > type(uint64).max) revert ArbitrationCommittee_TooManyChoices(choices, type(uint64).max);
        disputeId = ++disputeCount;
        Dispute storage dispute = _disputes[disputeId];
        (dispute.arbitrable, dispute.choices) = (IArbitrable(msg.sender), uint64(choices));
        emit DisputeCreated(disputeId, msg.sender, choices, extraData);
    }

    /// @notice Votes for a ruling; 0 stands for none. The vote that completes the quorum rules.
    function vote(uint256 disputeId, uint256 ruling) external restricted {
        Dispute storage dispute = _disputes[disputeId];
        if (address(dispute.arbitrable) == address(0)) revert ArbitrationCommittee_NoSuchDispute(disputeId);
        if (dispute.ruled) revert ArbitrationCommittee_AlreadyRuled(disputeId);
        if (dispute.hasVoted[msg.sender]) revert ArbitrationCommittee_AlreadyVoted(disputeId, msg.sender);
        if (ruling > dispute.choices) revert ArbitrationCommittee_BadRuling(disputeId, ruling, dispute.choices);
        dispute.hasVoted[msg.sender] = true;
        emit Voted(disputeId, msg.sender, ruling);
        if (++dispute.votes[ruling] == quorum) {
            dispute.ruled = true;
            dispute.arbitrable.rule(disputeId, ruling);
        }
    }

    /// @inheritdoc IArbitrator
    function arbitrationCost(bytes calldata) external pure returns (uint256) {
        return 0;
    }

    /// @notice Votes for a ruling so far.
    function votesFor(uint256 disputeId, uint256 ruling) external view returns (uint256) {
        return _disputes[disputeId].votes[ruling];
    }
}
