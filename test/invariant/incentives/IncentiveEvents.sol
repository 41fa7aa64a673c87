// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {CaseStatus, DisputeCourt, HeldShare} from "../../../contracts/disputes/DisputeCourt.sol";
import {IArbitrable} from "../../../contracts/disputes/ERC792.sol";
import {OperatorStaking} from "../../../contracts/staking/OperatorStaking.sol";
import {Vm} from "../../solidity/Vm.sol";

/// @title What somebody who sees nothing but the events of staking and the court can tell
abstract contract IncentiveEvents {
    struct SeenPool {
        uint256 shares;
        uint256 thawing;
        uint256 rate;
        uint256 holds;
        uint256 commission;
        bool tagged;
        uint256 harvested;
        uint256 claimed;
    }

    struct SeenStake {
        uint256 shares;
        uint256 thawing;
        uint256 thawedAt;
    }

    struct SeenCase {
        CaseStatus status;
        uint256 ruling;
        address claimant;
        address respondent;
        address harmed;
        uint256 amount;
        uint256 bond;
        uint256 shares;
        uint256 freed;
    }

    /// @dev Of the latest call alone. A slash is the sum of all, but there is never more than one.
    struct SeenStep {
        address roundOf;
        uint256 roundAmount;
        uint256 roundEnd;
        uint256 slashes;
        uint256 slashed;
        uint256 own;
        uint256 divisions;
        uint256 paid;
        uint256 burned;
        uint256 freed;
    }

    mapping(address operator => SeenPool) internal seenPool;
    mapping(address operator => mapping(address staker => SeenStake)) internal seenStake;
    mapping(address operator => mapping(address voter => uint256)) internal seenVotes;
    mapping(address staker => address) internal seenDelegate;
    uint256 internal seenMinSelfStake;

    mapping(uint256 caseId => SeenCase) internal seenCase;
    mapping(address arbitrator => mapping(uint256 disputeId => uint256 caseId)) internal seenDispute;
    mapping(bytes32 splitId => mapping(uint256 index => uint256 caseId)) internal seenHolder;
    mapping(bytes32 faultId => uint256) internal seenPunished;
    address internal seenArbitrator;
    uint256 internal seenMinBond;

    SeenStep internal seenStep;

    function _readEvents(address staking, address court, Vm.Log[] memory logs) internal {
        delete seenStep;
        for (uint256 i = 0; i < logs.length; ++i) {
            Vm.Log memory entry = logs[i];
            if (entry.emitter == staking) {
                if (!_readStake(entry.topics, entry.data) && !_readRewards(entry.topics, entry.data)) {
                    _readVotes(entry.topics, entry.data);
                }
            } else if (entry.emitter == court && !_readCase(entry.topics, entry.data)) {
                _readCourt(entry.topics, entry.data);
            }
        }
    }

    // ------------------------------------------------------------------ staking

    function _readStake(bytes32[] memory topics, bytes memory data) private returns (bool) {
        if (topics.length < 3) return false;
        (bytes32 name, SeenPool storage pool) = (topics[0], seenPool[_address(topics[1])]);
        SeenStake storage s = seenStake[_address(topics[1])][_address(topics[2])];
        if (name == OperatorStaking.Staked.selector) {
            (, uint256 shares) = abi.decode(data, (uint256, uint256));
            s.shares += shares;
            pool.shares += shares;
        } else if (name == OperatorStaking.ThawStarted.selector) {
            uint256 shares;
            (shares, s.thawedAt) = abi.decode(data, (uint256, uint256));
            s.shares -= shares;
            s.thawing += shares;
            pool.shares -= shares;
            pool.thawing += shares;
        } else if (name == OperatorStaking.Restaked.selector) {
            uint256 shares = abi.decode(data, (uint256));
            s.shares += shares;
            s.thawing -= shares;
            pool.shares += shares;
            pool.thawing -= shares;
            s.thawedAt = 0;
        } else if (name == OperatorStaking.StakeWithdrawn.selector) {
            (, uint256 shares) = abi.decode(data, (uint256, uint256));
            s.thawing -= shares;
            pool.thawing -= shares;
            s.thawedAt = 0;
        } else if (name == OperatorStaking.Slashed.selector) {
            (seenStep.slashed, seenStep.own, pool.rate) = abi.decode(data, (uint256, uint256, uint256));
            ++seenStep.slashes;
        } else {
            return false;
        }
        return true;
    }

    function _readRewards(bytes32[] memory topics, bytes memory data) private returns (bool) {
        bytes32 name = topics[0];
        if (topics.length < 2) return false;
        SeenPool storage pool = seenPool[_address(topics[1])];
        if (name == OperatorStaking.Harvested.selector) {
            (uint256 amount, ) = abi.decode(data, (uint256, uint256));
            pool.harvested += amount;
        } else if (name == OperatorStaking.TagClaimed.selector) {
            pool.tagged = abi.decode(data, (uint96)) == uint96(uint256(topics[1]));
        } else if (name == OperatorStaking.RoundStarted.selector) {
            (seenStep.roundAmount, seenStep.roundEnd) = abi.decode(data, (uint256, uint256));
            seenStep.roundOf = _address(topics[1]);
        } else if (name == OperatorStaking.RewardsClaimed.selector) {
            pool.claimed += abi.decode(data, (uint256));
        } else if (name == OperatorStaking.CommissionSet.selector) {
            (pool.commission, ) = abi.decode(data, (uint256, uint256));
        } else if (name == OperatorStaking.HoldsChanged.selector) {
            pool.holds = abi.decode(data, (uint256));
        } else {
            return false;
        }
        return true;
    }

    function _readVotes(bytes32[] memory topics, bytes memory data) private {
        bytes32 name = topics[0];
        if (name == OperatorStaking.VotesMoved.selector) {
            uint256 shares = abi.decode(data, (uint256));
            mapping(address voter => uint256) storage votes = seenVotes[_address(topics[1])];
            if (topics[2] != 0) votes[_address(topics[2])] -= shares;
            if (topics[3] != 0) votes[_address(topics[3])] += shares;
        } else if (name == IVotes.DelegateChanged.selector) {
            seenDelegate[_address(topics[1])] = _address(topics[3]);
        } else if (name == OperatorStaking.MinSelfStakeSet.selector) {
            seenMinSelfStake = abi.decode(data, (uint256));
        } else {
            revert("an event that no indexer knows");
        }
    }

    // ------------------------------------------------------------------ court

    function _readCase(bytes32[] memory topics, bytes memory data) private returns (bool) {
        bytes32 name = topics[0];
        if (name == IArbitrable.Ruling.selector) {
            SeenCase storage ruled = seenCase[seenDispute[_address(topics[1])][uint256(topics[2])]];
            (ruled.status, ruled.ruling) = (CaseStatus.Ruled, abi.decode(data, (uint256)));
            return true;
        }
        if (topics.length < 2) return false;
        SeenCase storage c = seenCase[uint256(topics[1])];
        if (name == DisputeCourt.CaseOpened.selector) {
            (c.status, c.claimant, c.respondent) = (CaseStatus.Open, _address(topics[2]), _address(topics[3]));
            address arbitrator;
            uint256 disputeId;
            (c.harmed, c.amount, c.bond, arbitrator, disputeId) = abi.decode(
                data,
                (address, uint256, uint256, address, uint256)
            );
            seenDispute[arbitrator][disputeId] = uint256(topics[1]);
        } else if (name == DisputeCourt.ShareHeld.selector) {
            (uint256 index, , ) = abi.decode(data, (uint256, bytes32, HeldShare));
            seenHolder[topics[2]][index] = uint256(topics[1]);
            ++c.shares;
        } else if (name == DisputeCourt.ShareFreed.selector) {
            (uint256 index, , uint256 amount) = abi.decode(data, (uint256, bytes32, uint256));
            if (seenHolder[topics[2]][index] == uint256(topics[1])) seenHolder[topics[2]][index] = 0;
            --c.shares;
            c.freed += amount;
            seenStep.freed += amount;
        } else if (name == DisputeCourt.CaseEnded.selector) {
            c.status = CaseStatus.Ended;
            (c.ruling, , ) = abi.decode(data, (uint256, uint256, uint256));
        } else {
            return false;
        }
        return true;
    }

    function _readCourt(bytes32[] memory topics, bytes memory data) private {
        bytes32 name = topics[0];
        if (name == DisputeCourt.FaultPunished.selector) {
            ++seenPunished[topics[2]];
        } else if (name == DisputeCourt.SlashDivided.selector) {
            (uint256 compensation, , uint256 bounty, uint256 burned) = abi.decode(
                data,
                (uint256, address, uint256, uint256)
            );
            (seenStep.paid, seenStep.burned) = (compensation + bounty, burned);
            ++seenStep.divisions;
        } else if (name == DisputeCourt.ShareRestored.selector) {
            (uint256 index, ) = abi.decode(data, (uint256, bytes32));
            seenHolder[topics[2]][index] = 0;
        } else if (name == DisputeCourt.ArbitratorSet.selector) {
            seenArbitrator = _address(topics[1]);
        } else if (name == DisputeCourt.MinBondSet.selector) {
            seenMinBond = abi.decode(data, (uint256));
        } else if (name != DisputeCourt.EvidenceSubmitted.selector && name != DisputeCourt.VerifierAdded.selector) {
            revert("an event that no indexer knows");
        }
    }

    function _address(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
