// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobEscrow, JobStatus} from "../../../contracts/payments/JobEscrow.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Vm, VM} from "../../solidity/Vm.sol";
import {JobWorld} from "./JobWorld.sol";

/// @title What must hold of the escrow after every call
abstract contract JobProperties is JobWorld {
    /// @dev Statuses as they were before the call under way.
    mapping(uint256 index => JobStatus) private before;

    function _remember() internal {
        for (uint256 i = 0; i < jobs.length; ++i) before[i] = _statusOf(i);
        VM.recordLogs();
    }

    function _checkStep() internal {
        _hold(J03_theEscrowKeepsTheBudgetsOfOpenJobs(), "J03_theEscrowKeepsTheBudgetsOfOpenJobs");
        _hold(J04_statesAreBooked(), "J04_statesAreBooked");
        _hold(J05_endedJobsStayAsTheyEnded(), "J05_endedJobsStayAsTheyEnded");
        _hold(J06_onlyAllowedTransitionsHappen(), "J06_onlyAllowedTransitionsHappen");
        _hold(J07_everyJobPaysOrRefundsOnceAndInFull(), "J07_everyJobPaysOrRefundsOnceAndInFull");
        _hold(J08_splitsReceiveCompletedBudgetsOnly(), "J08_splitsReceiveCompletedBudgetsOnly");
        _hold(J09_clientsGetRefundedBudgetsOnly(), "J09_clientsGetRefundedBudgetsOnly");
        _hold(J10_theEscrowHoldsNoTokens(), "J10_theEscrowHoldsNoTokens");
        _hold(J11_tokensAreBooked(), "J11_tokensAreBooked");
        _hold(J12_paymentsCarryTheirReceipts(), "J12_paymentsCarryTheirReceipts");
    }

    /// @dev Custody: money that is kept, no more and no less.
    function J03_theEscrowKeepsTheBudgetsOfOpenJobs() private view returns (bool) {
        uint256 budgets = 0;
        for (uint256 i = 0; i < jobs.length; ++i) {
            JobStatus status = _statusOf(i);
            bool open = status == JobStatus.Funded || status == JobStatus.Submitted || status == JobStatus.Disputed;
            if (open) budgets += jobs[i].job.budget;
        }
        return ledger.balanceOf(_account(address(escrow))) == budgets && budgets == bookEscrow;
    }

    function J04_statesAreBooked() private view returns (bool) {
        for (uint256 i = 0; i < jobs.length; ++i) {
            (JobStatus status, uint256 deadline) = escrow.jobOf(jobs[i].id);
            if (status != jobs[i].status || deadline != jobs[i].deadline) return false;
        }
        return true;
    }

    function J05_endedJobsStayAsTheyEnded() private view returns (bool) {
        for (uint256 i = 0; i < jobs.length; ++i) {
            if (jobs[i].end != JobStatus.Open && _statusOf(i) != jobs[i].end) return false;
        }
        return true;
    }

    /// @dev At most one job changes at a time, along one of the arrows.
    function J06_onlyAllowedTransitionsHappen() private view returns (bool) {
        uint256 changes = 0;
        for (uint256 i = 0; i < jobs.length; ++i) {
            (JobStatus from, JobStatus to) = (before[i], _statusOf(i));
            if (from == to) continue;
            ++changes;
            if (!_isArrow(from, to, jobs[i].job.acceptanceSeconds != 0)) return false;
        }
        return changes <= 1;
    }

    function J07_everyJobPaysOrRefundsOnceAndInFull() private view returns (bool) {
        for (uint256 i = 0; i < jobs.length; ++i) {
            JobStatus status = _statusOf(i);
            bool refunded = status == JobStatus.Rejected || status == JobStatus.Expired;
            if (jobs[i].paid != (status == JobStatus.Completed ? jobs[i].job.budget : 0)) return false;
            if (jobs[i].refunded != (refunded ? jobs[i].job.budget : 0)) return false;
        }
        return true;
    }

    function J08_splitsReceiveCompletedBudgetsOnly() private view returns (bool) {
        for (uint256 split = 0; split < SPLITS; ++split) {
            (uint256 received, uint256 calls, ) = ledger.received(_splitId(split));
            uint256 budgets = 0;
            uint256 completed = 0;
            for (uint256 i = 0; i < jobs.length; ++i) {
                if (jobs[i].job.splitId != _splitId(split) || _statusOf(i) != JobStatus.Completed) continue;
                budgets += jobs[i].job.budget;
                ++completed;
            }
            if (received != budgets || calls != completed || received != bookReceived[split]) return false;
        }
        return true;
    }

    function J09_clientsGetRefundedBudgetsOnly() private view returns (bool) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (ledger.balanceOf(_account(wallets[i])) != bookBalance[wallets[i]]) return false;
        }
        return true;
    }

    function J10_theEscrowHoldsNoTokens() private view returns (bool) {
        return token.balanceOf(address(escrow)) == 0;
    }

    function J11_tokensAreBooked() private view returns (bool) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (token.balanceOf(wallets[i]) != bookTokens[wallets[i]]) return false;
        }
        return token.balanceOf(address(ledger)) == bookLedger;
    }

    /// @dev Of whatever the ledger was paid in this call.
    function J12_paymentsCarryTheirReceipts() private returns (bool) {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        uint256 payments = 0;
        uint256 completions = 0;
        bytes32 memo;
        bytes32 jobId;
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == AttributionLedger.PaidFromBalance.selector) {
                (, , memo) = abi.decode(logs[i].data, (uint256, uint256, bytes32));
                ++payments;
            } else if (topic == JobEscrow.JobCompleted.selector) {
                jobId = logs[i].topics[1];
                ++completions;
            }
        }
        if (payments != completions || payments > 1) return false;
        if (payments == 0) return true;
        for (uint256 i = 0; i < jobs.length; ++i) {
            if (jobs[i].id == jobId) return jobs[i].receipt == memo;
        }
        return false;
    }

    /// @dev Errors that somebody who asks for too much is answered with.
    function _isNamed(bytes memory reason) internal pure returns (bool) {
        bytes4 name = bytes4(reason);
        return
            name == JobEscrow.JobEscrow_NoBudget.selector ||
            name == JobEscrow.JobEscrow_BadTime.selector ||
            name == JobEscrow.JobEscrow_BadWindows.selector ||
            name == JobEscrow.JobEscrow_NotAllowed.selector ||
            name == JobEscrow.JobEscrow_WrongStatus.selector ||
            name == JobEscrow.JobEscrow_TooLate.selector ||
            name == JobEscrow.JobEscrow_TooEarly.selector ||
            name == AttributionLedger.AttributionLedger_InsufficientBalance.selector ||
            name == IERC20Errors.ERC20InsufficientBalance.selector ||
            name == ERC3009.ERC3009InvalidSignature.selector;
    }

    function _statusOf(uint256 index) internal view returns (JobStatus status) {
        (status, ) = escrow.jobOf(jobs[index].id);
    }

    function _isArrow(JobStatus from, JobStatus to, bool judged) private pure returns (bool) {
        if (from == JobStatus.Open) return to == JobStatus.Funded;
        if (from == JobStatus.Funded) {
            if (to == (judged ? JobStatus.Submitted : JobStatus.Completed)) return true;
            return to == JobStatus.Rejected || to == JobStatus.Expired;
        }
        if (from == JobStatus.Submitted) return to == JobStatus.Disputed || to == JobStatus.Completed;
        if (from == JobStatus.Disputed) {
            return to == JobStatus.Completed || to == JobStatus.Rejected || to == JobStatus.Expired;
        }
        return false;
    }
}
