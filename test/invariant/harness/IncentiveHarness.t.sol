// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {Slip} from "../../twins/generated/Slip.sol";
import {IncentiveDeployment, IncentiveSubject} from "../incentives/Incentives.t.sol";
import {Harness} from "./Harness.sol";

/// @notice Puts the twins of staking and the court, which get one thing wrong, in their place.
contract SlippingIncentives is IncentiveDeployment {
    /// @dev Where `test/mocks/Weakness.sol` looks.
    bytes32 private constant SLOT = keccak256("weakness");

    Slip private slip;

    function deploy(Slip slip_) external returns (IncentiveSubject subject) {
        slip = slip_;
        OpenToken token = new OpenToken(address(this));
        subject = new IncentiveSubject(_deploy(token));
        token.transfer(address(subject), token.totalSupply());
        subject.open();
    }

    function _newStaking(bytes memory args) internal override returns (address) {
        return _slipping("OperatorStaking", args);
    }

    function _newCourt(bytes memory args) internal override returns (address) {
        return _slipping("DisputeCourt", args);
    }

    /// @dev By the artifact: this test would take twice as long to compile with the source of the twins.
    function _slipping(string memory name, bytes memory args) private returns (address deployed) {
        bytes memory code = VM.getCode(string.concat("IncentiveTwin.sol:", name, "_Slips"));
        deployed = _create(bytes.concat(code, args));
        VM.store(deployed, SLOT, bytes32(uint256(slip)));
    }
}

/// @title The campaign on staking and the court finds every slip
contract IncentiveHarness is Harness(120) {
    SlippingIncentives private immutable slipping = new SlippingIncentives();

    function _plant() internal override {
        _holds();
        _plantInStake();
        _plantInRewards();
        _plantInSlashes();
        _plantInVotes();
        _plantInProofs();
        _plantInCases();
    }

    function _plantInStake() private {
        _breaks(Slip.sharesRoundUp, "S01S02");
        _breaks(Slip.stakeOnNobody, "S01");
        _breaks(Slip.stakeInRuins, "S01");
        _breaks(Slip.noThaw, "S01S21");
        _breaks(Slip.noHold, "S01S21");
        _breaks(Slip.endlessHold, "S26");
        _breaks(Slip.restakeStillThaws, "S03");
        _breaks(Slip.withdrawalStaysInPool, "S04");
        _breaks(Slip.forgetsNoPool, "S03");
        _breaks(Slip.keepsDust, "S18");
    }

    function _plantInRewards() private {
        _breaks(Slip.countsCommissionTwice, "S05S18");
        _breaks(Slip.claimsTwice, "S15S27");
        _breaks(Slip.earnsFromTheBeginning, "S15S16");
        _breaks(Slip.dripsAtOnce, "S20");
        _breaks(Slip.dripsHalf, "S06S17");
        _breaks(Slip.longRounds, "S19");
        _breaks(Slip.roundsRestart, "S19");
        _breaks(Slip.dripsForNobody, "S18");
        _breaks(Slip.commissionAtOnce, "S04");
    }

    function _plantInSlashes() private {
        _breaks(Slip.thawingIsSafe, "S13");
        _breaks(Slip.slashesOneStake, "S13S22S25");
        _breaks(Slip.takesOneMore, "S25");
        _breaks(Slip.rateRoundsUp, "S13");
        _breaks(Slip.ownLossWithoutThawing, "S22");
        _breaks(Slip.slashesBeyondTheCap, "S01");
        _breaks(Slip.nothingLeftToTake, "S01");
    }

    function _plantInVotes() private {
        _breaks(Slip.thawingVotes, "S07S08S23");
        _breaks(Slip.totalForgetsSlashes, "S09");
        _breaks(Slip.votesForgetSlashes, "S08");
        _breaks(Slip.pastAtTodaysRate, "S10");
        _breaks(Slip.delegatesNothing, "S07S08S23");
        _breaks(Slip.thawingServes, "S24");
    }

    function _plantInProofs() private {
        _breaks(Slip.punishesTwice, "Z01Z08");
        _breaks(Slip.forgetsRanks, "Z01Z11");
        _breaks(Slip.anyVerifier, "Z02");
        _breaks(Slip.paysAllOfTheLoss, "S25Z09");
        _breaks(Slip.paysOfOthersLoss, "S25Z09");
        _breaks(Slip.burnsNothing, "S25Z04");
    }

    function _plantInCases() private {
        _breaks(Slip.bondForTheSlashAlone, "Z01");
        _breaks(Slip.rulesEarly, "Z01");
        _breaks(Slip.settlesEarly, "Z01");
        _breaks(Slip.settlesOtherShares, "Z01");
        _breaks(Slip.settlesTwice, "Z03");
        _breaks(Slip.keepsBonds, "Z04Z15");
        _breaks(Slip.keepsHolds, "S04Z07");
        _breaks(Slip.holdsNothing, "Z07");
        _breaks(Slip.keepsShares, "Z06Z11");
        _breaks(Slip.undoesProofs, "Z11");
        _breaks(Slip.keepsEscrows, "Z05Z16");
        _breaks(Slip.leavesRedirects, "Z11");
        _breaks(Slip.slashesAllThatIsAsked, "S13");
    }

    function _breaks(Slip slip, bytes memory names) private {
        _breaks(uint256(slip), names);
    }

    function _create(uint256 slip) internal override returns (Subject) {
        return slipping.deploy(Slip(slip));
    }
}
