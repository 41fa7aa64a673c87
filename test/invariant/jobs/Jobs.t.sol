// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {JobEscrow} from "../../../contracts/payments/JobEscrow.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {JobHandlers} from "./JobHandlers.sol";
import {JobWorld} from "./JobWorld.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract JobSubject is JobHandlers {
    constructor(OpenToken token_, AttributionLedger ledger_, JobEscrow escrow_) JobWorld(token_, ledger_, escrow_) {}
}

/// @notice Escrowed jobs, paid in OPEN.
contract JobCampaign is Campaign {
    function setUp() public {
        OpenToken token = new OpenToken(address(this));
        AttributionLedger ledger = new AttributionLedger(token);
        JobSubject jobs = new JobSubject(token, ledger, new JobEscrow(ledger));
        token.transfer(address(jobs), token.totalSupply());
        jobs.open();
        subject = jobs;
    }

    function invariant_jobs() public view {
        _requireUnbroken();
    }
}
