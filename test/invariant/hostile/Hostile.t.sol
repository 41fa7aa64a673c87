// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {WideToken} from "../ledger/WideToken.sol";
import {HostileSubject} from "./HostileSubject.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract HostileTreesSubject is HostileSubject {
    constructor(AttributionLedger ledger_) HostileSubject(ledger_) {}
}

contract HostileTreesCampaign is Campaign {
    HostileTreesSubject private hostile;

    function setUp() public {
        WideToken token = new WideToken(address(this));
        hostile = new HostileTreesSubject(new AttributionLedger(token));
        token.transfer(address(hostile), token.totalSupply());
        hostile.open();
        subject = hostile;
    }

    function invariant_hostileTrees() public view {
        _requireUnbroken();
    }

    /// hardhat-config: default.fuzz.runs = 10000
    /// hardhat-config: deep.fuzz.runs = 250000
    function testFuzz_oneForgeryAndEightDraws(uint256 seed) public {
        hostile.forge(seed);
        for (uint256 i = 0; i < 8; ++i) hostile.draw(uint256(keccak256(abi.encode(seed, i))));
        hostile.finish();
        _requireUnbroken();
    }

    /// @dev A campaign whose forgeries were all refused would prove nothing. What is not accepted is a lie that the
    /// ledger saw through, or has been drawn before.
    function test_forgeriesAreOftenAccepted() public {
        uint256 accepted = 0;
        for (uint256 round = 0; round < 10; ++round) {
            setUp();
            for (uint256 i = 0; i < 6; ++i) hostile.forge(uint256(keccak256(abi.encode(round, i))));
            for (uint256 i = 0; i < 60; ++i) hostile.draw(uint256(keccak256(abi.encode("draw", round, i))));
            _requireUnbroken();
            accepted += hostile.accepted();
        }
        require(accepted >= 25, "hardly any forgery is accepted");
    }
}
