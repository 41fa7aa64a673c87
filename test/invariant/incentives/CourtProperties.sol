// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Case, CaseStatus, HeldShare} from "../../../contracts/disputes/DisputeCourt.sol";
import {Vm, VM} from "../../solidity/Vm.sol";
import {OPERATORS, SLASHER, WALLETS} from "./IncentiveWorld.sol";
import {StakingProperties} from "./StakingProperties.sol";

/// @title What must hold of cases after every call
abstract contract CourtProperties is StakingProperties {
    uint256 internal constant FAULTS = 4;

    function _check() internal {
        _bookRound();
        _checkStaking();
        _checkCourt();
        _hold(S25_balancesAndTokensAreBooked(), "S25_balancesAndTokensAreBooked");
    }

    /// @dev The runner also records what a call emitted that reverted.
    function _readStep(bool ok) internal {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        if (ok) _readEvents(address(staking), address(court), logs);
    }

    function _checkCourt() private {
        _hold(Z03_casesAreBooked(), "Z03_casesAreBooked");
        _hold(Z04_theCourtHoldsTheBondsOfOpenCases(), "Z04_theCourtHoldsTheBondsOfOpenCases");
        _hold(Z05_whatIsDisputedIsEscrowedOrGoesOut(), "Z05_whatIsDisputedIsEscrowedOrGoesOut");
        _hold(Z06_endedCasesHoldNoShares(), "Z06_endedCasesHoldNoShares");
        _hold(Z07_openCasesHoldTheirRespondents(), "Z07_openCasesHoldTheirRespondents");
        _hold(Z08_eachFaultIsPunishedOnce(), "Z08_eachFaultIsPunishedOnce");
        _hold(Z09_aSlashPaysOutAtMostHalfOfTheOwnLoss(), "Z09_aSlashPaysOutAtMostHalfOfTheOwnLoss");
        _hold(Z11_sharesAreBooked(), "Z11_sharesAreBooked");
        _hold(Z12_eventsTellCases(), "Z12_eventsTellCases");
        _hold(Z13_parametersAreBooked(), "Z13_parametersAreBooked");
    }

    function S25_balancesAndTokensAreBooked() private view returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (ledger.balanceOf(accounts[i]) != bookBalance[accounts[i]]) return false;
        }
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (token.balanceOf(wallets[i]) != bookTokens[wallets[i]]) return false;
        }
        bool none = token.balanceOf(address(staking)) + token.balanceOf(address(court)) == 0;
        return none && token.balanceOf(address(ledger)) == bookLedger;
    }

    function Z03_casesAreBooked() private view returns (bool) {
        for (uint256 i = 0; i < cases.length; ++i) {
            BookedCase storage booked = cases[i];
            Case memory c = court.caseOf(i + 1);
            if (c.claimant != booked.claimant || c.respondent != booked.respondent) return false;
            if (c.harmed != booked.harmed || c.amount != booked.amount || c.bond != booked.bond) return false;
            if (c.status != booked.status || c.ruling != booked.ruling || c.openedAt != booked.openedAt) return false;
        }
        return court.caseCount() == cases.length;
    }

    /// @dev Donations are nobody's.
    function Z04_theCourtHoldsTheBondsOfOpenCases() private view returns (bool) {
        uint256 bonds = donatedToCourt;
        for (uint256 i = 0; i < cases.length; ++i) {
            Case memory c = court.caseOf(i + 1);
            if (c.status != CaseStatus.Ended) bonds += c.bond;
        }
        return ledger.balanceOf(_wallet(address(court))) == bonds;
    }

    /// @dev For each case, donations to its escrows included.
    function Z05_whatIsDisputedIsEscrowedOrGoesOut() private view returns (bool) {
        for (uint256 i = 0; i < cases.length; ++i) {
            uint256 escrowed = 0;
            for (uint256 k = 0; k < cases[i].shares.length || k == 0; ++k) escrowed += ledger.balanceOf(_escrow(i, k));
            if (escrowed + seenCase[i + 1].freed != cases[i].disputed) return false;
        }
        return true;
    }

    function Z06_endedCasesHoldNoShares() private view returns (bool) {
        for (uint256 i = 0; i < cases.length; ++i) {
            if (cases[i].status != CaseStatus.Ended) continue;
            for (uint256 k = 0; k < cases[i].shares.length; ++k) {
                bytes32 id = splits[cases[i].splits[k]].id;
                if (ledger.redirectOf(id, cases[i].shares[k].index) == _escrow(i, k)) return false;
            }
        }
        return true;
    }

    /// @dev If they ask for a slash.
    function Z07_openCasesHoldTheirRespondents() private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            uint256 holds = pools[op].ownHolds;
            for (uint256 i = 0; i < cases.length; ++i) {
                Case memory c = court.caseOf(i + 1);
                if (c.status != CaseStatus.Ended && c.respondent == wallets[op] && c.amount != 0) ++holds;
            }
            if (staking.poolOf(wallets[op]).holds != holds) return false;
            if (staking.holdsOf(SLASHER, wallets[op]) != pools[op].ownHolds) return false;
        }
        return true;
    }

    function Z08_eachFaultIsPunishedOnce() private view returns (bool) {
        for (uint256 k = 1; k <= FAULTS; ++k) {
            bool punished = bookPunished[bytes32(k)];
            if (seenPunished[bytes32(k)] != (punished ? 1 : 0)) return false;
            if (court.isPunished(bytes32(k)) != punished) return false;
        }
        return true;
    }

    /// @dev Of the call's slash, if there was one of the court's.
    function Z09_aSlashPaysOutAtMostHalfOfTheOwnLoss() private view returns (bool) {
        if (seenStep.divisions == 0) return true;
        if (seenStep.divisions != 1 || seenStep.slashes != 1) return false;
        return seenStep.paid <= seenStep.own / 2 && seenStep.paid + seenStep.burned == seenStep.slashed;
    }

    function Z11_sharesAreBooked() private view returns (bool) {
        for (uint256 split = 0; split < SPLITS; ++split) {
            Split storage s = splits[split];
            (uint256 received, , ) = ledger.received(s.id);
            if (received != bookReceived[split]) return false;
            for (uint256 i = 0; i < s.shares.length; ++i) {
                if (ledger.redirectOf(s.id, i) != bookRedirect[split][i]) return false;
                if (ledger.drawn(s.id, i) != bookDrawn[split][i]) return false;
            }
        }
        return true;
    }

    function Z12_eventsTellCases() private view returns (bool) {
        for (uint256 i = 0; i < cases.length; ++i) {
            (SeenCase storage seen, BookedCase storage booked) = (seenCase[i + 1], cases[i]);
            if (seen.status != booked.status || seen.ruling != booked.ruling) return false;
            if (seen.claimant != booked.claimant || seen.respondent != booked.respondent) return false;
            if (seen.harmed != booked.harmed || seen.amount != booked.amount || seen.bond != booked.bond) return false;
            if (seen.shares != (booked.status == CaseStatus.Ended ? 0 : booked.shares.length)) return false;
        }
        for (uint256 split = 0; split < 2; ++split) {
            for (uint256 i = 0; i < splits[split].shares.length; ++i) {
                if (seenHolder[splits[split].id][i] != _holderOf(split, i)) return false;
            }
        }
        return true;
    }

    function Z13_parametersAreBooked() private view returns (bool) {
        address arbitrator = bookArbitrator == 0 ? address(0) : address(committees[bookArbitrator - 1]);
        if (address(court.arbitrator()) != arbitrator || seenArbitrator != arbitrator) return false;
        return court.minBond() == bookMinBond && seenMinBond == bookMinBond;
    }

    /// @dev The case that holds a share; zero for none.
    function _holderOf(uint256 split, uint256 index) private view returns (uint256) {
        (uint256 i, uint256 place) = _escrowAt(bookRedirect[split][index]);
        if (i >= cases.length) return 0;
        HeldShare storage share = cases[i].shares[place];
        return share.index == index ? i + 1 : 0;
    }
}
