// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {HostileTreesSubject} from "../hostile/Hostile.t.sol";
import {createSubject, LedgerSubject} from "../ledger/Ledger.t.sol";
import {WideToken} from "../ledger/WideToken.sol";
import {ReleaseOrderSubject} from "../order/ReleaseOrder.t.sol";
import {Fault, FaultyLedger} from "./FaultyLedger.sol";
import {Harness} from "./Harness.sol";

/// @notice Harnesses whose bugs are in the ledger.
abstract contract HarnessOfFaults is Harness(60) {
    function _breaks(Fault fault, bytes memory names) internal {
        _breaks(uint256(fault), names);
    }

    function _ledger(WideToken token, uint256 fault) internal returns (AttributionLedger ledger) {
        ledger = new AttributionLedger(token);
        if (fault != 0) ledger = AttributionLedger(address(new FaultyLedger(ledger, Fault(fault))));
    }
}

contract LedgerHarness is HarnessOfFaults {
    function _plant() internal override {
        _holds();
        _plantInPayments();
        _plantInReleases();
        _plantInBalances();
    }

    function _plantInPayments() private {
        _breaks(Fault.SaysOneMore, "L01L15L46");
        _breaks(Fault.WrongError, "L01L45");
        _breaks(Fault.SwallowsErrors, "L01L45");
        _breaks(Fault.TakesOneMore, "L02L11L20L30");
        _breaks(Fault.LosesReceived, "L02L26");
        _breaks(Fault.HighBitReceived, "L22");
        _breaks(Fault.ForgetsCalls, "L03L27");
        _breaks(Fault.InventsCalls, "L03L35");
        _breaks(Fault.ForgetsTime, "L04L28");
        _breaks(Fault.LivesOnTime, "L38");
        _breaks(Fault.KeepsSomeOfASweep, "L36");
    }

    function _plantInReleases() private {
        _breaks(Fault.ForgetsDrawn, "L05L12L29L46L48");
        _breaks(Fault.DrawsTooMuch, "L16L17L19");
        _breaks(Fault.DrawsZeroUnits, "L18");
        _breaks(Fault.DrawsOnRedirect, "L23L32L44");
        _breaks(Fault.CreditsCaller, "L06L13L31L34");
        _breaks(Fault.ReleasesIntoBalances, "L34");
        _breaks(Fault.RedirectsNeighbour, "L08L43");
        _breaks(Fault.RedirectsUnasked, "L24");
        _breaks(Fault.RedirectPays, "L44");
        _breaks(Fault.StopsReleasing, "L47");
    }

    function _plantInBalances() private {
        _breaks(Fault.ClaimLeavesOne, "L37");
        _breaks(Fault.TakesFromLastDepositor, "L39L49");
        _breaks(Fault.KeepsTheLast, "L49");
        _breaks(Fault.LeaksTokens, "L10L14L33");
        _breaks(Fault.LeaksOut, "L21L50");
        _breaks(Fault.PullsFromLastDepositor, "L40");
        _breaks(Fault.AllowanceStays, "L07L25");
        _breaks(Fault.AllowanceGrows, "L41");
        _breaks(Fault.NonceStays, "L09L42");
        _breaks(Fault.EmitsPaid, "L11L14");
        _breaks(Fault.EmitsCredited, "L12L13");
        _breaks(Fault.EmitsDeposited, "L13L14");
        _breaks(Fault.EmitsRelayed, "L14");
    }

    function _create(uint256 fault) internal override returns (Subject) {
        WideToken token = new WideToken(address(this));
        LedgerSubject subject = createSubject(_ledger(token, fault));
        token.transfer(address(subject), token.totalSupply());
        subject.open();
        subject.refuseOneWallet();
        return subject;
    }
}

contract ReleaseOrderHarness is HarnessOfFaults {
    /// @dev Which of the three ledgers is faulty.
    uint256 private faulty;

    function _plant() internal override {
        _holds();
        _breaks(Fault.ForgetsDrawn, "R02R03R04R06R07");
        _breaks(Fault.TakesOneMore, "R08");
        faulty = 1;
        _breaks(Fault.ForgetsDrawn, "R01R04");
        faulty = 2;
        _breaks(Fault.TakesOneMore, "R05R06");
    }

    function _create(uint256 fault) internal override returns (Subject subject) {
        WideToken[3] memory tokens;
        AttributionLedger[3] memory ledgers;
        for (uint256 i = 0; i < 3; ++i) {
            tokens[i] = new WideToken(address(this));
            ledgers[i] = _ledger(tokens[i], i == faulty ? fault : 0);
        }
        subject = new ReleaseOrderSubject(ledgers[0], ledgers[1], ledgers[2]);
        for (uint256 i = 0; i < 3; ++i) tokens[i].transfer(address(subject), tokens[i].totalSupply());
    }
}

contract HostileTreesHarness is HarnessOfFaults {
    function _plant() internal override {
        _holds();
        _breaks(Fault.ForgetsDrawn, "H01H02H06");
        _breaks(Fault.TakesFromLastDepositor, "H03H04");
        _breaks(Fault.RedirectsUnasked, "H05");
        _breaks(Fault.DrawsTooMuch, "H07");
        _breaks(Fault.WrongError, "H08");
    }

    function _create(uint256 fault) internal override returns (Subject) {
        WideToken token = new WideToken(address(this));
        HostileTreesSubject subject = new HostileTreesSubject(_ledger(token, fault));
        token.transfer(address(subject), token.totalSupply());
        subject.open();
        return subject;
    }
}
