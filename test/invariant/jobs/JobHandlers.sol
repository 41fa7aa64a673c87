// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Authorization} from "../../../contracts/ledger/AttributionLedger.sol";
import {Job, JobStatus} from "../../../contracts/payments/JobEscrow.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {JobProperties} from "./JobProperties.sol";

/// @title A campaign on the escrow: one function per thing that somebody can do to it
/// @notice Each takes a seed and derives everything from it. Most of what it does is allowed; the rest the escrow must
/// refuse. What is allowed, the books decide by themselves.
abstract contract JobHandlers is JobProperties {
    using Random for Source;

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](13);
        (list[0], list[1]) = (this.fund.selector, this.fundFromBalance.selector);
        (list[2], list[3]) = (this.fundWithAuthorization.selector, this.fundAgain.selector);
        (list[4], list[5]) = (this.submit.selector, this.submit.selector);
        (list[6], list[7]) = (this.dispute.selector, this.dispute.selector);
        (list[8], list[9]) = (this.complete.selector, this.complete.selector);
        (list[10], list[11]) = (this.reject.selector, this.claimRefund.selector);
        list[12] = this.passTime.selector;
    }

    // ------------------------------------------------------------------ fund

    function fund(uint256 seed) external {
        Source memory source = Random.from(seed);
        Job memory job = _newJob(source);
        address caller = _caller(source, job.client);
        bool allowed = caller == job.client && _isFundable(job) && job.budget <= bookTokens[caller];
        if (_try(caller, abi.encodeCall(escrow.fund, (job)), allowed)) {
            bookTokens[caller] -= job.budget;
            bookLedger += job.budget;
            _bookFunded(job);
        }
        _checkStep();
    }

    function fundFromBalance(uint256 seed) external {
        Source memory source = Random.from(seed);
        Job memory job = _newJob(source);
        address caller = _caller(source, job.client);
        bool allowed = caller == job.client && _isFundable(job) && job.budget <= bookBalance[caller];
        if (_try(caller, abi.encodeCall(escrow.fundFromBalance, (job, 0)), allowed)) {
            bookBalance[caller] -= job.budget;
            _bookFunded(job);
        }
        _checkStep();
    }

    /// @dev Anybody submits it. Once in eight times it was signed for other terms.
    function fundWithAuthorization(uint256 seed) external {
        Source memory source = Random.from(seed);
        Job memory job = _newJob(source);
        bool good = !source.oneIn(8);
        bytes32 purpose = good ? _idOf(job) : bytes32(source.word());
        Authorization memory authorization = _authorize(job.client, job.budget, purpose, bytes32(source.word()));
        bool allowed = good && _isFundable(job) && job.budget <= bookTokens[job.client];
        bytes memory data = abi.encodeCall(escrow.fundWithAuthorization, (job, authorization));
        if (_try(_wallet(source), data, allowed)) {
            bookTokens[job.client] -= job.budget;
            bookLedger += job.budget;
            _bookFunded(job);
        }
        _checkStep();
    }

    /// @dev A job that is there already, in whatever state.
    function fundAgain(uint256 seed) external {
        if (jobs.length == 0) return;
        Source memory source = Random.from(seed);
        Job memory job = jobs[source.below(jobs.length)].job;
        _remember();
        _try(job.client, abi.encodeCall(escrow.fundFromBalance, (job, 0)), false);
        _checkStep();
    }

    // ------------------------------------------------------------------ deliver and decide

    function submit(uint256 seed) external {
        if (jobs.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 index = _randomIndex(source);
        Booked storage booked = jobs[index];
        address caller = _caller(source, booked.job.provider);
        bytes32 receipt = bytes32(source.word());
        bool allowed =
            booked.status == JobStatus.Funded && caller == booked.job.provider && clock < booked.job.expiredAt;
        _remember();
        if (_try(caller, abi.encodeCall(escrow.submit, (booked.job, bytes32(source.word()), receipt)), allowed)) {
            booked.receipt = receipt;
            if (booked.job.acceptanceSeconds == 0) _bookPaid(booked);
            else (booked.status, booked.deadline) = (JobStatus.Submitted, clock + booked.job.acceptanceSeconds);
        }
        _checkStep();
    }

    function dispute(uint256 seed) external {
        if (jobs.length == 0) return;
        Source memory source = Random.from(seed);
        Booked storage booked = jobs[_randomIndex(source)];
        address caller = _caller(source, booked.job.client);
        bool allowed = booked.status == JobStatus.Submitted && caller == booked.job.client && clock < booked.deadline;
        _remember();
        if (_try(caller, abi.encodeCall(escrow.dispute, (booked.job, bytes32(source.word()))), allowed)) {
            (booked.status, booked.deadline) = (JobStatus.Disputed, clock + booked.job.evaluationSeconds);
        }
        _checkStep();
    }

    function complete(uint256 seed) external {
        if (jobs.length == 0) return;
        Source memory source = Random.from(seed);
        Booked storage booked = jobs[_randomIndex(source)];
        bool disputed = booked.status == JobStatus.Disputed;
        address caller = _caller(source, disputed ? booked.job.evaluator : booked.job.client);
        bool allowed =
            disputed
                ? caller == booked.job.evaluator && clock < booked.deadline
                : booked.status == JobStatus.Submitted && (caller == booked.job.client || clock >= booked.deadline);
        _remember();
        if (_try(caller, abi.encodeCall(escrow.complete, (booked.job, bytes32(source.word()))), allowed)) {
            _bookPaid(booked);
        }
        _checkStep();
    }

    function reject(uint256 seed) external {
        if (jobs.length == 0) return;
        Source memory source = Random.from(seed);
        Booked storage booked = jobs[_randomIndex(source)];
        bool disputed = booked.status == JobStatus.Disputed;
        address caller = _caller(source, disputed ? booked.job.evaluator : booked.job.provider);
        bool allowed =
            disputed
                ? caller == booked.job.evaluator && clock < booked.deadline
                : booked.status == JobStatus.Funded && caller == booked.job.provider;
        _remember();
        if (_try(caller, abi.encodeCall(escrow.reject, (booked.job, bytes32(source.word()))), allowed)) {
            _bookRefunded(booked, JobStatus.Rejected);
        }
        _checkStep();
    }

    function claimRefund(uint256 seed) external {
        if (jobs.length == 0) return;
        Source memory source = Random.from(seed);
        Booked storage booked = jobs[_randomIndex(source)];
        bool due = booked.status == JobStatus.Funded && clock >= booked.job.expiredAt;
        bool undecided = booked.status == JobStatus.Disputed && clock >= booked.deadline;
        _remember();
        if (_try(_wallet(source), abi.encodeCall(escrow.claimRefund, (booked.job)), due || undecided)) {
            _bookRefunded(booked, JobStatus.Expired);
        }
        _checkStep();
    }

    /// @dev Often right to the end of a window, or a second away from it.
    function passTime(uint256 seed) external {
        Source memory source = Random.from(seed);
        uint256 time = clock + source.magnitude(2 days);
        if (jobs.length != 0 && source.oneIn(2)) {
            Booked storage booked = jobs[_randomIndex(source)];
            uint256 end = booked.status == JobStatus.Funded ? booked.job.expiredAt : booked.deadline;
            if (end > clock + 1) time = end - 1 + source.below(3);
        }
        _remember();
        clock = time;
        VM.warp(clock);
        _checkStep();
    }

    // ------------------------------------------------------------------ the end

    /// @notice Whatever state the jobs are in: once enough time has passed, strangers can end all of them.
    function finish() external override {
        clock += 2 * 365 days;
        VM.warp(clock);
        for (uint256 i = 0; i < jobs.length; ++i) {
            Booked storage booked = jobs[i];
            if (booked.end != JobStatus.Open) continue;
            _remember();
            bool delivered = booked.status == JobStatus.Submitted;
            bytes memory data =
                delivered
                    ? abi.encodeCall(escrow.complete, (booked.job, 0))
                    : abi.encodeCall(escrow.claimRefund, (booked.job));
            bool done = _try(address(0xbeef), data, true);
            _hold(done, "J13_everyJobComesToAnEnd");
            if (!done) return;
            if (delivered) _bookPaid(booked);
            else _bookRefunded(booked, JobStatus.Expired);
            _checkStep();
        }
        _hold(J14_inTheEndTheEscrowKeepsNothing(), "J14_inTheEndTheEscrowKeepsNothing");
    }

    function J14_inTheEndTheEscrowKeepsNothing() private view returns (bool) {
        return ledger.balanceOf(_account(address(escrow))) == 0;
    }

    // ------------------------------------------------------------------ books

    /// @dev Once there are many jobs, one that is there already.
    function _newJob(Source memory source) private returns (Job memory job) {
        job = jobs.length < MOST_JOBS ? _randomJob(source) : jobs[source.below(jobs.length)].job;
        _remember();
    }

    function _isFundable(Job memory job) private view returns (bool) {
        bytes32 id = _idOf(job);
        for (uint256 i = 0; i < jobs.length; ++i) {
            if (jobs[i].id == id) return false;
        }
        bool windows = job.acceptanceSeconds != 0 && job.evaluationSeconds != 0;
        bool none = job.acceptanceSeconds == 0 && job.evaluationSeconds == 0;
        return
            job.budget != 0 &&
            job.expiredAt > clock &&
            job.expiredAt <= clock + 365 days &&
            job.acceptanceSeconds <= 30 days &&
            job.evaluationSeconds <= 30 days &&
            (job.evaluator == address(0) ? none : windows);
    }

    /// @dev Calls the escrow and compares what came of it with what the books allow.
    function _try(address caller, bytes memory data, bool allowed) private returns (bool success) {
        bytes memory answer;
        VM.prank(caller);
        (success, answer) = address(escrow).call(data);
        _hold(success == allowed, "J01_escrowAndBooksAgreeOnEveryOutcome");
        _hold(success || _isNamed(answer), "J02_whatIsRefusedIsRefusedByName");
    }

    function _bookFunded(Job memory job) private {
        jobs.push(Booked(job, _idOf(job), JobStatus.Funded, 0, 0, 0, 0, JobStatus.Open));
        bookEscrow += job.budget;
    }

    function _bookPaid(Booked storage booked) private {
        (booked.status, booked.end) = (JobStatus.Completed, JobStatus.Completed);
        booked.paid += booked.job.budget;
        bookEscrow -= booked.job.budget;
        for (uint256 split = 0; split < SPLITS; ++split) {
            if (booked.job.splitId == _splitId(split)) bookReceived[split] += booked.job.budget;
        }
    }

    function _bookRefunded(Booked storage booked, JobStatus status) private {
        (booked.status, booked.end) = (status, status);
        booked.refunded += booked.job.budget;
        bookEscrow -= booked.job.budget;
        bookBalance[booked.job.client] += booked.job.budget;
    }
}
