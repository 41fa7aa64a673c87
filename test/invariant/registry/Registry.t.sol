// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {AgentRegistry} from "../../../contracts/registry/AgentRegistry.sol";
import {DatanetRegistry} from "../../../contracts/registry/DatanetRegistry.sol";
import {FeePolicy, Fees} from "../../../contracts/registry/FeePolicy.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {WideToken} from "../ledger/WideToken.sol";
import {RegistryHandlers} from "./RegistryHandlers.sol";
import {ADMIN, EligibilityList, PARAMETERS, Registries, RegistryWorld} from "./RegistryWorld.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract RegistrySubject is RegistryHandlers {
    constructor(Registries memory registries) RegistryWorld(registries) {}
}

address constant TREASURY = address(0x77);

function firstFees() pure returns (Fees memory) {
    return Fees(500, 3_000, 500, 1e15);
}

/// @dev Lets members of one role change the policy. The admin is the first of them.
function govern(Registries memory r) {
    bytes4[] memory selectors = new bytes4[](1);
    selectors[0] = r.policy.setPolicy.selector;
    VM.prank(ADMIN);
    r.access.setTargetFunctionRole(address(r.policy), selectors, PARAMETERS);
    VM.prank(ADMIN);
    r.access.grantRole(PARAMETERS, ADMIN, 0);
}

/// @dev All registries, deployed as in production.
function createRegistries(WideToken token) returns (Registries memory r) {
    r.ledger = new AttributionLedger(token);
    r.datanets = new DatanetRegistry(r.ledger);
    r.models = new ModelRegistry(r.datanets);
    r.agents = new AgentRegistry(r.datanets, r.models);
    r.access = new AccessManager(ADMIN);
    r.policy = new FeePolicy(address(r.access), TREASURY, firstFees());
    govern(r);
    r.eligibility = new EligibilityList();
    r.services = new ServiceRegistry(r.ledger, r.policy, r.models, r.agents, r.eligibility);
}

contract RegistryCampaign is Campaign {
    function setUp() public {
        WideToken token = new WideToken(address(this));
        RegistrySubject registries = new RegistrySubject(createRegistries(token));
        token.transfer(address(registries), token.totalSupply());
        registries.open();
        subject = registries;
    }

    function invariant_registries() public view {
        _requireUnbroken();
    }
}
