// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger, Authorization} from "../ledger/AttributionLedger.sol";
import {LedgerFunds} from "../ledger/LedgerFunds.sol";

/// @notice Terms of a job; their hash is its id.
/// @param client Funds the job, and gets the money back if nothing is delivered.
/// @param provider Delivers. It receives nothing itself: the payment goes to the split.
/// @param evaluator Decides disputes; zero if there are none, and what is delivered is paid.
/// @param splitId The split that is paid.
/// @param budget What is paid, in the token's smallest unit.
/// @param expiredAt From this time on nothing can be delivered any more, in seconds since 1970.
/// @param acceptanceSeconds How long the client may dispute a delivery; zero if it is paid at once.
/// @param evaluationSeconds How long the evaluator has for a dispute.
/// @param description Hash of what is asked for.
/// @param salt Tells jobs apart that are otherwise the same.
struct Job {
    address client;
    address provider;
    address evaluator;
    bytes32 splitId;
    uint256 budget;
    uint256 expiredAt;
    uint256 acceptanceSeconds;
    uint256 evaluationSeconds;
    bytes32 description;
    bytes32 salt;
}

/// @notice States of a job: those of ERC-8183, and Disputed.
enum JobStatus {
    Open,
    Funded,
    Submitted,
    Disputed,
    Completed,
    Rejected,
    Expired
}

/// @title Escrowed jobs
/// @notice For calls too dear to be trusted to a voucher: the client's money is put aside first, goes to the service's
/// split when the provider delivers, and back to the client when it does not.
///
///     Open ─fund→ Funded ─submit→ Submitted ─complete→ Completed     (at once without an acceptance window)
///                   │                 └─dispute→ Disputed ─complete→ Completed
///                   │                               ├─reject→ Rejected
///                   └─claimRefund→ Expired ←claimRefund┘             (provider or evaluator let time pass)
///
/// - Within the acceptance window the client may dispute a delivery, if the job has an evaluator. A delivery that is
///   not disputed is paid: by the client at any moment, by anyone once the window is over.
/// - The provider may reject a job it does not want; the client has its money back at once.
/// - An evaluator that does not decide in time loses the case for the provider: choose one both sides trust.
///
/// States and names follow ERC-8183 (draft) where they fit: a job has its provider, price and evaluator from the start,
/// so creating and funding it are one step.
/// @dev Custody: this contract's balance in the ledger ≥ Σ budgets of jobs that are funded, submitted or disputed.
contract JobEscrow is LedgerFunds {
    // ------------------------------------------------------------------ types

    /// @dev State of a job.
    /// @param status What it is in.
    /// @param deadline When the window of this state ends, in seconds since 1970.
    /// @param receiptHash Memo of the payment, once something is delivered and not paid at once.
    struct State {
        JobStatus status;
        uint48 deadline;
        bytes32 receiptHash;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a job has no budget.
    error JobEscrow_NoBudget();

    /// @notice Thrown when a job expires later, or one of its windows is longer, than allowed.
    error JobEscrow_BadTime(uint256 value, uint256 limit);

    /// @notice Thrown when deliveries could be disputed, but nobody could decide: windows need an evaluator, and an
    /// evaluator needs windows.
    error JobEscrow_BadWindows(address evaluator, uint256 acceptanceSeconds, uint256 evaluationSeconds);

    /// @notice Thrown when an evaluator would not have the time to decide.
    error JobEscrow_ShortEvaluation(uint256 value, uint256 min);

    /// @notice Thrown when the caller is not the one who may do this to a job.
    error JobEscrow_NotAllowed(bytes32 jobId, address caller);

    /// @notice Thrown when a job is not in a state in which this can be done.
    error JobEscrow_WrongStatus(bytes32 jobId, JobStatus status);

    /// @notice Thrown when it is too late for something.
    error JobEscrow_TooLate(bytes32 jobId, uint256 deadline, uint256 time);

    /// @notice Thrown when it is too early for something.
    error JobEscrow_TooEarly(bytes32 jobId, uint256 from, uint256 time);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when a client put a job's budget aside.
    event JobFunded(bytes32 indexed jobId, address indexed client, address indexed provider, Job job);

    /// @notice Emitted when a provider delivered.
    /// @param deliverable Root of the output.
    /// @param receiptHash Hash of the call's receipt.
    event JobSubmitted(bytes32 indexed jobId, bytes32 deliverable, bytes32 receiptHash);

    /// @notice Emitted when a client disputed a delivery.
    event JobDisputed(bytes32 indexed jobId, bytes32 reason);

    /// @notice Emitted when a job was paid.
    event JobCompleted(bytes32 indexed jobId, bytes32 indexed splitId, uint256 amount, bytes32 reason);

    /// @notice Emitted when a provider declined a job or an evaluator decided for the client, and it was refunded.
    event JobRejected(bytes32 indexed jobId, uint256 amount, bytes32 reason);

    /// @notice Emitted when a client was refunded because nobody did anything in time.
    event JobExpired(bytes32 indexed jobId, uint256 amount);

    // ------------------------------------------------------------------ constants

    /// @notice Longest acceptance or evaluation window, in seconds.
    uint256 public constant MAX_WINDOW_SECONDS = 30 days;

    /// @notice Shortest evaluation window, in seconds.
    uint256 public constant MIN_EVALUATION_SECONDS = 1 hours;

    /// @notice Longest time a job may have until it expires, in seconds.
    uint256 public constant MAX_JOB_SECONDS = 365 days;

    // ------------------------------------------------------------------ storage

    /// @dev Part of ids. Stays what it is if the chain splits and takes another id, so that jobs are found on both sides.
    uint256 private immutable _chainId = block.chainid;

    mapping(bytes32 jobId => State) private _jobs;

    // ------------------------------------------------------------------ constructor

    constructor(AttributionLedger ledger_) LedgerFunds(ledger_) {}

    // ------------------------------------------------------------------ fund

    /// @notice Creates a job of the caller's with tokens of its wallet. Needs an approval of the token.
    function fund(Job calldata job) external returns (bytes32 jobId) {
        jobId = _fund(job, msg.sender);
        _takeFromWallet(job.budget);
    }

    /// @notice Creates a job of the caller's with balance of one of its ledger accounts. Needs an approval of this
    /// contract as the account's spender.
    function fundFromBalance(Job calldata job, uint96 tag) external returns (bytes32 jobId) {
        jobId = _fund(job, msg.sender);
        _takeFromBalance(tag, job.budget);
    }

    /// @notice Creates a job with tokens that its client signed away for it (ERC-3009); the authorization's nonce is
    /// keccak256(abi.encode(jobId, salt)). Anyone may submit it.
    function fundWithAuthorization(
        Job calldata job,
        Authorization calldata authorization
    ) external returns (bytes32 jobId) {
        jobId = _fund(job, job.client);
        _takeAuthorized(job.client, job.budget, jobId, authorization);
    }

    // ------------------------------------------------------------------ deliver

    /// @notice Delivers. Only the provider, before the job expires. Without an acceptance window the split is paid.
    /// @param deliverable Root of the output.
    /// @param receiptHash Hash of the call's receipt, the payment's memo.
    function submit(Job calldata job, bytes32 deliverable, bytes32 receiptHash) external {
        (bytes32 jobId, State storage state) = _find(job);
        if (msg.sender != job.provider) revert JobEscrow_NotAllowed(jobId, msg.sender);
        if (state.status != JobStatus.Funded) revert JobEscrow_WrongStatus(jobId, state.status);
        _checkNotLater(jobId, job.expiredAt);
        emit JobSubmitted(jobId, deliverable, receiptHash);
        if (job.acceptanceSeconds == 0) {
            _complete(job, jobId, state, receiptHash, 0);
        } else {
            state.status = JobStatus.Submitted;
            state.deadline = uint48(block.timestamp + job.acceptanceSeconds);
            state.receiptHash = receiptHash;
        }
    }

    /// @notice Disputes a delivery within the acceptance window. Only the client.
    function dispute(Job calldata job, bytes32 reason) external {
        (bytes32 jobId, State storage state) = _find(job);
        if (msg.sender != job.client) revert JobEscrow_NotAllowed(jobId, msg.sender);
        if (state.status != JobStatus.Submitted) revert JobEscrow_WrongStatus(jobId, state.status);
        _checkNotLater(jobId, state.deadline);
        state.status = JobStatus.Disputed;
        state.deadline = uint48(block.timestamp + job.evaluationSeconds);
        emit JobDisputed(jobId, reason);
    }

    /// @notice Pays a delivery: the client at any moment and anyone after the acceptance window, or in a dispute the
    /// evaluator in time.
    function complete(Job calldata job, bytes32 reason) external {
        (bytes32 jobId, State storage state) = _find(job);
        if (state.status == JobStatus.Submitted) {
            if (msg.sender != job.client) _checkNotSooner(jobId, state.deadline);
        } else {
            _checkEvaluation(job, jobId, state);
        }
        _complete(job, jobId, state, state.receiptHash, reason);
    }

    // ------------------------------------------------------------------ refund

    /// @notice Refunds a job: the provider before it has delivered, or in a dispute the evaluator in time.
    function reject(Job calldata job, bytes32 reason) external {
        (bytes32 jobId, State storage state) = _find(job);
        if (state.status == JobStatus.Funded) {
            if (msg.sender != job.provider) revert JobEscrow_NotAllowed(jobId, msg.sender);
        } else {
            _checkEvaluation(job, jobId, state);
        }
        state.status = JobStatus.Rejected;
        emit JobRejected(jobId, job.budget, reason);
        _giveBack(job.client, job.budget);
    }

    /// @notice Refunds a job whose provider did not deliver, or whose evaluator did not decide, in time. Anyone may call;
    /// the money goes to the client's ledger account.
    function claimRefund(Job calldata job) external {
        (bytes32 jobId, State storage state) = _find(job);
        if (state.status == JobStatus.Funded) _checkNotSooner(jobId, job.expiredAt);
        else if (state.status == JobStatus.Disputed) _checkNotSooner(jobId, state.deadline);
        else revert JobEscrow_WrongStatus(jobId, state.status);
        state.status = JobStatus.Expired;
        emit JobExpired(jobId, job.budget);
        _giveBack(job.client, job.budget);
    }

    // ------------------------------------------------------------------ views

    /// @notice Id of a job on this chain and in this contract.
    function jobIdOf(Job calldata job) public view returns (bytes32) {
        return keccak256(abi.encode(_chainId, address(this), job));
    }

    /// @notice State of a job.
    /// @return status What it is in.
    /// @return deadline When a delivery can no longer be disputed, or a dispute no longer decided, in seconds since 1970.
    function jobOf(bytes32 jobId) external view returns (JobStatus status, uint256 deadline) {
        State storage state = _jobs[jobId];
        return (state.status, state.deadline);
    }

    // ------------------------------------------------------------------ internals

    function _find(Job calldata job) private view returns (bytes32 jobId, State storage state) {
        jobId = jobIdOf(job);
        state = _jobs[jobId];
    }

    /// @dev Books a job.
    /// @param from Who consents to funding it.
    function _fund(Job calldata job, address from) private returns (bytes32) {
        // Check
        (bytes32 jobId, State storage state) = _find(job);
        if (from != job.client) revert JobEscrow_NotAllowed(jobId, from);
        if (state.status != JobStatus.Open) revert JobEscrow_WrongStatus(jobId, state.status);
        if (job.budget == 0) revert JobEscrow_NoBudget();
        _checkNotLater(jobId, job.expiredAt);
        _checkAtMost(job.expiredAt, block.timestamp + MAX_JOB_SECONDS);
        _checkAtMost(job.acceptanceSeconds, MAX_WINDOW_SECONDS);
        _checkAtMost(job.evaluationSeconds, MAX_WINDOW_SECONDS);
        bool judged = job.evaluator != address(0);
        if (judged != (job.acceptanceSeconds != 0) || judged != (job.evaluationSeconds != 0)) {
            revert JobEscrow_BadWindows(job.evaluator, job.acceptanceSeconds, job.evaluationSeconds);
        }
        if (judged && job.evaluationSeconds < MIN_EVALUATION_SECONDS) {
            revert JobEscrow_ShortEvaluation(job.evaluationSeconds, MIN_EVALUATION_SECONDS);
        }

        // Effect
        state.status = JobStatus.Funded;
        emit JobFunded(jobId, job.client, job.provider, job);
        return jobId;
    }

    /// @dev Pays the split.
    function _complete(
        Job calldata job,
        bytes32 jobId,
        State storage state,
        bytes32 receiptHash,
        bytes32 reason
    ) private {
        state.status = JobStatus.Completed;
        emit JobCompleted(jobId, job.splitId, job.budget, reason);
        ledger.payFromBalance(0, job.splitId, job.budget, 1, receiptHash);
    }

    /// @dev The evaluator decides disputes, and only in time.
    function _checkEvaluation(Job calldata job, bytes32 jobId, State storage state) private view {
        if (state.status != JobStatus.Disputed) revert JobEscrow_WrongStatus(jobId, state.status);
        if (msg.sender != job.evaluator) revert JobEscrow_NotAllowed(jobId, msg.sender);
        _checkNotLater(jobId, state.deadline);
    }

    function _checkNotLater(bytes32 jobId, uint256 deadline) private view {
        if (block.timestamp >= deadline) revert JobEscrow_TooLate(jobId, deadline, block.timestamp);
    }

    function _checkNotSooner(bytes32 jobId, uint256 deadline) private view {
        if (block.timestamp < deadline) revert JobEscrow_TooEarly(jobId, deadline, block.timestamp);
    }

    function _checkAtMost(uint256 value, uint256 limit) private pure {
        if (value > limit) revert JobEscrow_BadTime(value, limit);
    }
}
