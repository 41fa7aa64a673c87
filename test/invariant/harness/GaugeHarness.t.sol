// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Subject} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {GaugeHandlers} from "../gauges/GaugeHandlers.sol";
import {createGauges} from "../gauges/Gauges.t.sol";
import {GAUGE_GOVERNOR, GAUGE_TREASURY, GaugeContracts, GaugeWorld} from "../gauges/GaugeWorld.sol";
import {Harness} from "./Harness.sol";

/// @notice The campaign's subject, and what is done behind its back.
contract MeddledGauges is GaugeHandlers {
    constructor(GaugeContracts memory contracts) GaugeWorld(contracts) {}

    function giveTheGaugesMoney() external {
        ledger.deposit(_account(address(gauges)), 1);
    }

    function changeTheBudget() external {
        VM.prank(GAUGE_GOVERNOR);
        gauges.setBudget(1);
    }

    function takeTheAllowanceAway() external {
        VM.prank(GAUGE_TREASURY);
        ledger.approveSpender(0, address(gauges), 0);
    }
}

/// @notice The campaign on the gauges can fail.
contract GaugeHarness is Harness(200) {
    string private constant REAL = "IncentiveGauges.sol:IncentiveGauges";

    /// @dev Twins by the numbers of their bugs, less one; what is done behind the gauges' back follows.
    string[14] private twins = [
        "CountsAgain",
        "AnyTreasury",
        "AnyOperator",
        "NoDiversity",
        "PassesOnAgain",
        "KeepsWhatItPassesOn",
        "PassesOnLate",
        "AddsVotes",
        "VotesOfToday",
        "AnyWeights",
        "NoCap",
        "WholeBudget",
        "PaysAgain",
        "PaysEarly"
    ];

    function _plant() internal override {
        _holds();
        _breaks(1, "K03K06K08");
        _breaks(2, "K01K03");
        _breaks(3, "K01");
        _breaks(4, "K07K11");
        _breaks(5, "K07");
        _breaks(6, "K07K11");
        _breaks(7, "K01");
        _breaks(8, "K09");
        _breaks(9, "K09");
        _breaks(10, "K01");
        _breaks(11, "K11K13");
        _breaks(12, "K11K12");
        _breaks(13, "K01K05");
        _breaks(14, "K01");
        _breaks(15, "K04");
        _breaks(16, "K10");
        _breaks(17, "K01K02K14");
    }

    function _create(uint256 bug) internal override returns (Subject) {
        bool twin = bug != 0 && bug <= twins.length;
        string memory name = twin ? string.concat("GaugeTwins.sol:IncentiveGauges_", twins[bug - 1]) : REAL;
        GaugeContracts memory contracts = createGauges(address(this), name);
        MeddledGauges gauges = new MeddledGauges(contracts);
        contracts.token.transfer(address(gauges), contracts.token.totalSupply());
        gauges.open();
        if (bug == 15) gauges.giveTheGaugesMoney();
        if (bug == 16) gauges.changeTheBudget();
        if (bug == 17) gauges.takeTheAllowanceAway();
        return gauges;
    }
}
