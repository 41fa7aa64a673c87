// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IncentiveGauges} from "../../../contracts/governance/IncentiveGauges.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {AgentRegistry} from "../../../contracts/registry/AgentRegistry.sol";
import {DatanetRegistry} from "../../../contracts/registry/DatanetRegistry.sol";
import {FeePolicy, Fees, Policy} from "../../../contracts/registry/FeePolicy.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {OperatorStaking, StakingParameters} from "../../../contracts/staking/OperatorStaking.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {GaugeHandlers} from "./GaugeHandlers.sol";
import {
    GAUGE_EPOCH,
    GAUGE_GOVERNOR,
    GAUGE_SELF_STAKE,
    GAUGE_TREASURY,
    GaugeContracts,
    GaugeWorld
} from "./GaugeWorld.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract GaugeSubject is GaugeHandlers {
    constructor(GaugeContracts memory contracts) GaugeWorld(contracts) {}
}

/// @dev All that the gauges are built on, deployed as in production. `owner` is administrator of the roles.
function createGauges(address owner, string memory gauges) returns (GaugeContracts memory c) {
    c.token = new OpenToken(owner);
    c.ledger = new AttributionLedger(c.token);
    DatanetRegistry datanets = new DatanetRegistry(c.ledger);
    c.models = new ModelRegistry(datanets);
    AgentRegistry agents = new AgentRegistry(datanets, c.models);
    c.access = new AccessManager(owner);
    c.policy = new FeePolicy(address(c.access), GAUGE_TREASURY, Fees(250, 4_000, 1_000, 0));
    StakingParameters memory parameters = StakingParameters(60 days, 1 days, GAUGE_SELF_STAKE);
    c.staking = new OperatorStaking(c.ledger, address(c.access), parameters);
    c.services = new ServiceRegistry(c.ledger, c.policy, c.models, agents, c.staking);
    c.gauges = IncentiveGauges(
        _deploy(gauges, abi.encode(c.services, c.staking, GAUGE_TREASURY, c.access, GAUGE_EPOCH, 1e22))
    );
    _restrict(c.access, owner, address(c.gauges), IncentiveGauges.setBudget.selector);
    _restrict(c.access, owner, address(c.policy), FeePolicy.setPolicy.selector);
    VM.prank(owner);
    c.access.grantRole(1, GAUGE_GOVERNOR, 0);
    VM.prank(GAUGE_GOVERNOR);
    c.policy.setPolicy(Policy(bytes32(uint256(uint160(GAUGE_TREASURY))), 1_000, 0, 0, 0));
    VM.prank(GAUGE_GOVERNOR);
    c.policy.setPolicy(Policy(bytes32(uint256(0x77)), 250, 0, 3_000, 0));
}

function _restrict(AccessManager access, address owner, address target, bytes4 selector) {
    bytes4[] memory selectors = new bytes4[](1);
    selectors[0] = selector;
    VM.prank(owner);
    access.setTargetFunctionRole(target, selectors, 1);
}

/// @dev By name, so that twins can take the place of the real contract.
function _deploy(string memory name, bytes memory arguments) returns (address deployed) {
    bytes memory code = bytes.concat(VM.getCode(name), arguments);
    assembly ("memory-safe") {
        deployed := create(0, add(code, 32), mload(code))
    }
}

/// @notice Incentives that stakers direct, over services under three fee policies.
contract GaugeCampaign is Campaign {
    function setUp() public {
        GaugeContracts memory contracts = createGauges(address(this), "IncentiveGauges.sol:IncentiveGauges");
        GaugeSubject gauges = new GaugeSubject(contracts);
        contracts.token.transfer(address(gauges), contracts.token.totalSupply());
        gauges.open();
        subject = gauges;
    }

    function invariant_gauges() public view {
        _requireUnbroken();
    }
}
