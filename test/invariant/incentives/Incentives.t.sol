// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ArbitrationCommittee} from "../../../contracts/disputes/ArbitrationCommittee.sol";
import {CourtParameters, DisputeCourt} from "../../../contracts/disputes/DisputeCourt.sol";
import {IFaultVerifier} from "../../../contracts/disputes/IFaultVerifier.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {OperatorStaking, StakingParameters} from "../../../contracts/staking/OperatorStaking.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {CourtHandlers} from "./CourtHandlers.sol";
import {
    DRIP,
    EVIDENCE,
    FIRST_MIN_BOND,
    FIRST_MIN_SELF_STAKE,
    GOVERNOR,
    Incentives,
    IncentiveWorld,
    memberAt,
    MEMBERS,
    QUORUM,
    RULING,
    SLASHER,
    THAW
} from "./IncentiveWorld.sol";
import {VerifierDouble} from "./VerifierDouble.sol";

uint64 constant PARAMETERS_ROLE = 1;
uint64 constant SLASHER_ROLE = 2;
uint64 constant COMMITTEE_ROLE = 3;

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract IncentiveSubject is CourtHandlers {
    constructor(Incentives memory all) IncentiveWorld(all) {}
}

/// @notice Deploys staking, the court and all they need, with every role where it belongs.
abstract contract IncentiveDeployment {
    function _deploy(OpenToken token) internal returns (Incentives memory all) {
        AccessManager access = new AccessManager(address(this));
        all.token = token;
        all.ledger = new AttributionLedger(token);
        StakingParameters memory terms = StakingParameters(THAW, DRIP, FIRST_MIN_SELF_STAKE);
        all.staking = OperatorStaking(_newStaking(abi.encode(all.ledger, access, terms)));
        IFaultVerifier[] memory verifiers = new IFaultVerifier[](2);
        for (uint256 i = 0; i < 2; ++i) {
            all.committees[i] = new ArbitrationCommittee(address(access), QUORUM);
            all.verifiers[i] = new VerifierDouble(i == 0 ? 1_000 : 5_000);
            verifiers[i] = all.verifiers[i];
        }
        CourtParameters memory rules = CourtParameters(all.committees[0], FIRST_MIN_BOND, EVIDENCE, RULING);
        all.court = DisputeCourt(_newCourt(abi.encode(all.ledger, access, all.staking, verifiers, rules)));
        _assignRoles(access, all);
    }

    function _newStaking(bytes memory args) internal virtual returns (address) {
        return _create(bytes.concat(type(OperatorStaking).creationCode, args));
    }

    function _newCourt(bytes memory args) internal virtual returns (address) {
        return _create(bytes.concat(type(DisputeCourt).creationCode, args));
    }

    function _create(bytes memory code) internal returns (address deployed) {
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), "not deployed");
    }

    function _assignRoles(AccessManager access, Incentives memory all) private {
        bytes4[] memory names = new bytes4[](2);
        names[0] = OperatorStaking.slash.selector;
        names[1] = OperatorStaking.hold.selector;
        access.setTargetFunctionRole(address(all.staking), names, SLASHER_ROLE);
        _restrict(access, address(all.staking), OperatorStaking.setMinSelfStake.selector, PARAMETERS_ROLE);
        _restrict(access, address(all.court), DisputeCourt.setArbitrator.selector, PARAMETERS_ROLE);
        _restrict(access, address(all.court), DisputeCourt.setMinBond.selector, PARAMETERS_ROLE);
        for (uint256 i = 0; i < 2; ++i) {
            _restrict(access, address(all.committees[i]), ArbitrationCommittee.vote.selector, COMMITTEE_ROLE);
        }
        access.grantRole(PARAMETERS_ROLE, GOVERNOR, 0);
        access.grantRole(SLASHER_ROLE, address(all.court), 0);
        access.grantRole(SLASHER_ROLE, SLASHER, 0);
        for (uint256 i = 0; i < MEMBERS; ++i) access.grantRole(COMMITTEE_ROLE, memberAt(i), 0);
    }

    function _restrict(AccessManager access, address target, bytes4 name, uint64 role) private {
        bytes4[] memory names = new bytes4[](1);
        names[0] = name;
        access.setTargetFunctionRole(target, names, role);
    }
}

/// @notice Staking and the court together, with everybody who has to do with them.
contract IncentiveCampaign is Campaign, IncentiveDeployment {
    function setUp() public {
        OpenToken token = new OpenToken(address(this));
        IncentiveSubject incentives = new IncentiveSubject(_deploy(token));
        token.transfer(address(incentives), token.totalSupply());
        incentives.open();
        subject = incentives;
    }

    function invariant_incentives() public view {
        _requireUnbroken();
    }
}
