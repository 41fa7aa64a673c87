// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Gauge, IncentiveGauges} from "../../../contracts/governance/IncentiveGauges.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {AssetRegistry} from "../../../contracts/registry/AssetRegistry.sol";
import {GAUGE_TREASURY, GaugeWorld} from "./GaugeWorld.sol";

/// @title What must hold of the gauges after every call
abstract contract GaugeProperties is GaugeWorld {
    function _checkStep() internal {
        _hold(K03_noMoreIsCountedThanTheTreasuryEarned(), "K03_noMoreIsCountedThanTheTreasuryEarned");
        _hold(K04_treasuryAndGaugesAreBooked(), "K04_treasuryAndGaugesAreBooked");
        _hold(K05_assetsReceiveTheirPayoutsOnly(), "K05_assetsReceiveTheirPayoutsOnly");
        uint256 current = _current();
        for (uint256 back = 0; back < EPOCHS && back <= current; ++back) _checkEpoch(current - back);
    }

    function _checkEpoch(uint256 epoch) private {
        _hold(K06_feesAreBooked(epoch), "K06_feesAreBooked");
        _hold(K07_basesAreBooked(epoch), "K07_basesAreBooked");
        _hold(K08_basesAreNoMoreThanFees(epoch), "K08_basesAreNoMoreThanFees");
        _hold(K09_votesAreBooked(epoch), "K09_votesAreBooked");
        _hold(K10_budgetsAreBooked(epoch), "K10_budgetsAreBooked");
        _hold(K11_payoutsAreBookedAndHappenOnce(epoch), "K11_payoutsAreBookedAndHappenOnce");
        _hold(K12_payoutsStayWithinTheBudget(epoch), "K12_payoutsStayWithinTheBudget");
        _hold(K13_payoutsAreAtMostHalfOfTheFees(epoch), "K13_payoutsAreAtMostHalfOfTheFees");
    }

    /// @dev Over all splits of services, under policies of this treasury and of others.
    function K03_noMoreIsCountedThanTheTreasuryEarned() private view returns (bool) {
        for (uint256 policy = 0; policy < POLICIES; ++policy) {
            for (uint256 operator = 0; operator < OPERATORS; ++operator) {
                for (uint256 asset = 0; asset < ASSETS; ++asset) {
                    bytes32 splitId = _serviceSplit(operator, asset, policy);
                    (uint256 received, , ) = ledger.received(splitId);
                    uint256 earned = policy == POLICIES - 1 ? 0 : (received * treasuryBps[policy]) / 10_000;
                    uint256 counted = gauges.countedOf(splitId);
                    if (counted > earned || counted != bookCounted[splitId]) return false;
                }
            }
        }
        return true;
    }

    function K04_treasuryAndGaugesAreBooked() private view returns (bool) {
        return
            ledger.balanceOf(_account(GAUGE_TREASURY)) == bookTreasury &&
            ledger.balanceOf(_account(address(gauges))) == 0 &&
            token.balanceOf(address(gauges)) == 0;
    }

    /// @dev Nobody else pays assets in this campaign, and nothing is released.
    function K05_assetsReceiveTheirPayoutsOnly() private view returns (bool) {
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            uint256 paid = 0;
            for (uint256 epoch = 0; epoch <= _current(); ++epoch) paid += bookPaid[epoch][asset];
            (uint256 received, uint256 calls, ) = ledger.received(assets[asset]);
            if (received != paid || calls != 0) return false;
        }
        return true;
    }

    function K06_feesAreBooked(uint256 epoch) private view returns (bool) {
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            (uint256 fees, uint256 largest) = _fees(epoch, asset);
            Gauge memory gauge = gauges.gaugeOf(epoch, assets[asset]);
            if (gauge.fees != fees || gauge.largest != largest) return false;
            for (uint256 operator = 0; operator < OPERATORS; ++operator) {
                uint256 ofOperator = gauges.feesOf(epoch, assets[asset], wallets[operator]);
                if (ofOperator != bookFees[epoch][asset][operator]) return false;
            }
        }
        return true;
    }

    function K07_basesAreBooked(uint256 epoch) private view returns (bool) {
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            if (gauges.baseOf(epoch, assets[asset]) != _base(epoch, asset)) return false;
            for (uint256 index = 0; index <= asset; ++index) {
                if (gauges.passedOf(epoch, assets[asset], index) != bookPassed[epoch][asset][index]) return false;
            }
        }
        return true;
    }

    function K08_basesAreNoMoreThanFees(uint256 epoch) private view returns (bool) {
        (uint256 bases, uint256 all) = (0, 0);
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            (uint256 fees, ) = _fees(epoch, asset);
            (bases, all) = (bases + gauges.baseOf(epoch, assets[asset]), all + fees);
        }
        return bases <= all;
    }

    function K09_votesAreBooked(uint256 epoch) private view returns (bool) {
        uint256 total = 0;
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            uint256 votes = _votes(epoch, asset);
            if (gauges.gaugeOf(epoch, assets[asset]).votes != votes) return false;
            total += votes;
        }
        uint256 power = 0;
        for (uint256 wallet = 0; wallet < WALLETS; ++wallet) power += bookBallots[epoch][wallet].power;
        return gauges.totalVotes(epoch) == total && total <= power;
    }

    function K10_budgetsAreBooked(uint256 epoch) private view returns (bool) {
        return gauges.budgetOf(epoch) == bookBudget[epoch] && gauges.budgetOf(epoch + 1) == bookBudget[epoch + 1];
    }

    function K11_payoutsAreBookedAndHappenOnce(uint256 epoch) private view returns (bool) {
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            uint256 paid = gauges.gaugeOf(epoch, assets[asset]).paid;
            uint256 payout = gauges.payoutOf(epoch, assets[asset]);
            if (paid != bookPaid[epoch][asset] || payout != _payout(epoch, asset)) return false;
            // Nothing that decides on a payout changes once it could be paid.
            if (paid != 0 && paid != payout) return false;
        }
        return true;
    }

    function K12_payoutsStayWithinTheBudget(uint256 epoch) private view returns (bool) {
        uint256 all = 0;
        for (uint256 asset = 0; asset < ASSETS; ++asset) all += gauges.payoutOf(epoch, assets[asset]);
        return all <= gauges.budgetOf(epoch);
    }

    function K13_payoutsAreAtMostHalfOfTheFees(uint256 epoch) private view returns (bool) {
        (uint256 all, uint256 counted) = (0, 0);
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            (uint256 fees, ) = _fees(epoch, asset);
            (all, counted) = (all + gauges.payoutOf(epoch, assets[asset]), counted + fees);
        }
        return 2 * all <= counted;
    }

    // ------------------------------------------------------------------ books

    function _fees(uint256 epoch, uint256 asset) internal view returns (uint256 all, uint256 largest) {
        for (uint256 operator = 0; operator < OPERATORS; ++operator) {
            uint256 fees = bookFees[epoch][asset][operator];
            all += fees;
            if (fees > largest) largest = fees;
        }
    }

    /// @dev What has come to an asset: half of what the largest operator brings beyond the others is left out.
    function _arrived(uint256 epoch, uint256 asset) internal view returns (uint256 base) {
        (uint256 all, uint256 largest) = _fees(epoch, asset);
        base = 2 * largest > all ? all - largest + all / 2 : all;
        for (uint256 child = asset + 1; child < ASSETS; ++child) base += bookPassed[epoch][child][asset + 1];
    }

    function _base(uint256 epoch, uint256 asset) internal view returns (uint256 base) {
        base = _arrived(epoch, asset);
        for (uint256 index = 0; index <= asset; ++index) base -= bookPassed[epoch][asset][index];
    }

    function _votes(uint256 epoch, uint256 asset) internal view returns (uint256 votes) {
        for (uint256 wallet = 0; wallet < WALLETS; ++wallet) {
            BookedBallot storage ballot = bookBallots[epoch][wallet];
            for (uint256 i = 0; i < ballot.assets.length; ++i) {
                if (ballot.assets[i] == asset) votes += (ballot.power * ballot.weights[i]) / 10_000;
            }
        }
    }

    function _payout(uint256 epoch, uint256 asset) internal view returns (uint256) {
        uint256 votes = _votes(epoch, asset);
        if (votes == 0) return 0;
        uint256 total = 0;
        for (uint256 i = 0; i < ASSETS; ++i) total += _votes(epoch, i);
        uint256 share = (bookBudget[epoch] * votes) / total;
        uint256 cap = _base(epoch, asset) / 2;
        return share < cap ? share : cap;
    }

    /// @dev Errors that somebody who asks for too much is answered with.
    function _isNamed(bytes memory reason) internal pure returns (bool) {
        bytes4 name = bytes4(reason);
        return
            name == IncentiveGauges.IncentiveGauges_OutOfBounds.selector ||
            name == IncentiveGauges.IncentiveGauges_NotEligible.selector ||
            name == IncentiveGauges.IncentiveGauges_OtherTreasury.selector ||
            name == IncentiveGauges.IncentiveGauges_NoFees.selector ||
            name == IncentiveGauges.IncentiveGauges_BadWeights.selector ||
            name == IncentiveGauges.IncentiveGauges_NoVotes.selector ||
            name == IncentiveGauges.IncentiveGauges_TooEarly.selector ||
            name == IncentiveGauges.IncentiveGauges_TooLate.selector ||
            name == IncentiveGauges.IncentiveGauges_AlreadyPaid.selector ||
            name == IncentiveGauges.IncentiveGauges_NothingToPay.selector ||
            name == IAccessManaged.AccessManagedUnauthorized.selector ||
            name == AssetRegistry.AssetRegistry_NoSplit.selector ||
            name == AttributionLedger.AttributionLedger_InsufficientBalance.selector;
    }
}
