// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {AgentRegistry} from "../../../contracts/registry/AgentRegistry.sol";
import {DatanetRegistry} from "../../../contracts/registry/DatanetRegistry.sol";
import {FeePolicy, Policy} from "../../../contracts/registry/FeePolicy.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {WideToken} from "../ledger/WideToken.sol";
import {RegistryHandlers} from "./RegistryHandlers.sol";
import {EligibilityList, Registries, RegistryWorld} from "./RegistryWorld.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract RegistrySubject is RegistryHandlers {
    constructor(Registries memory registries) RegistryWorld(registries) {}
}

address constant POLICY_OWNER = address(0xb055);
address constant STAKERS = address(0x57a6e5);

function firstPolicy() pure returns (Policy memory) {
    return Policy(bytes32(uint256(0x77)), 500, 3_000, 500, 1e15);
}

/// @dev All registries, deployed as in production.
function createRegistries(WideToken token) returns (Registries memory r) {
    r.ledger = new AttributionLedger(token);
    r.datanets = new DatanetRegistry(r.ledger);
    r.models = new ModelRegistry(r.datanets);
    r.agents = new AgentRegistry(r.datanets, r.models);
    r.policy = new FeePolicy(POLICY_OWNER, firstPolicy());
    r.eligibility = new EligibilityList();
    r.services = new ServiceRegistry(r.ledger, r.policy, r.models, r.agents, r.eligibility, STAKERS);
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
