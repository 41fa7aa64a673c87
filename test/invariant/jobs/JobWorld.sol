// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger, Authorization} from "../../../contracts/ledger/AttributionLedger.sol";
import {Job, JobEscrow, JobStatus} from "../../../contracts/payments/JobEscrow.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";

/// @title People, splits and jobs of a campaign, and independent books about them
abstract contract JobWorld is Subject {
    using Random for Source;

    /// @dev A job as the books have it.
    /// @param deadline End of the window that is open.
    /// @param receipt What was delivered with it.
    /// @param paid How much of its budget its split has been paid.
    /// @param refunded How much of it has gone back.
    /// @param end The status in which it ended; Open as long as it has not.
    struct Booked {
        Job job;
        bytes32 id;
        JobStatus status;
        uint256 deadline;
        bytes32 receipt;
        uint256 paid;
        uint256 refunded;
        JobStatus end;
    }

    uint256 internal constant WALLETS = 6;
    uint256 internal constant SPLITS = 3;
    uint256 internal constant MOST_JOBS = 24;
    uint256 internal constant DEPOSIT = 1e24;

    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    OpenToken internal immutable token;
    AttributionLedger internal immutable ledger;
    JobEscrow internal immutable escrow;

    address[WALLETS] internal wallets;
    uint256 internal clock = VM.getBlockTimestamp();

    Booked[] internal jobs;
    mapping(address wallet => uint256) internal bookTokens;
    mapping(address wallet => uint256) internal bookBalance;
    uint256 internal bookEscrow;
    uint256 internal bookLedger;
    mapping(uint256 split => uint256) internal bookReceived;

    constructor(OpenToken token_, AttributionLedger ledger_, JobEscrow escrow_) {
        (token, ledger, escrow) = (token_, ledger_, escrow_);
        for (uint256 i = 0; i < WALLETS; ++i) wallets[i] = VM.addr(i + 1);
    }

    /// @notice Spreads the tokens that this contract holds over all wallets and their accounts. Call it once, first.
    function open() external {
        uint256 each = token.totalSupply() / WALLETS;
        token.approve(address(ledger), type(uint256).max);
        for (uint256 i = 0; i < WALLETS; ++i) {
            address wallet = wallets[i];
            (bookTokens[wallet], bookBalance[wallet]) = (each - DEPOSIT, DEPOSIT);
            bookLedger += DEPOSIT;
            ledger.deposit(_account(wallet), DEPOSIT);
            token.transfer(wallet, each - DEPOSIT);
            VM.prank(wallet);
            token.approve(address(escrow), type(uint256).max);
            VM.prank(wallet);
            ledger.approveSpender(0, address(escrow), type(uint256).max);
        }
    }

    // ------------------------------------------------------------------ choices

    /// @dev Terms that are allowed, but for one in eight. Everybody may be anything, also twice.
    function _randomJob(Source memory source) internal view returns (Job memory job) {
        bool judged = source.oneIn(2);
        job = Job({
            client: _wallet(source),
            provider: _wallet(source),
            evaluator: judged ? _wallet(source) : address(0),
            splitId: _splitId(source.below(SPLITS)),
            budget: source.magnitude(DEPOSIT / 4),
            expiredAt: clock + source.between(1, source.oneIn(4) ? 365 days : 1 days),
            acceptanceSeconds: judged ? source.between(1, source.oneIn(4) ? 30 days : 1 hours) : 0,
            evaluationSeconds: judged ? source.between(1 hours, source.oneIn(4) ? 30 days : 2 hours) : 0,
            description: bytes32(source.word()),
            salt: bytes32(source.word())
        });
        if (!source.oneIn(8)) return job;
        uint256 flaw = source.below(7);
        if (flaw == 0) job.budget = 0;
        else if (flaw == 1) job.expiredAt = clock - source.below(2);
        else if (flaw == 2) job.expiredAt = clock + 365 days + source.between(1, 1 days);
        else if (flaw == 3) job.acceptanceSeconds = 30 days + source.between(1, 2 ** 60);
        else if (flaw == 4) job.evaluationSeconds = 30 days + source.between(1, 2 ** 60);
        else if (flaw == 5) job.evaluator = judged ? address(0) : _wallet(source);
        else job.budget = 2 * token.totalSupply();
    }

    /// @dev Rather one that has not ended.
    function _randomIndex(Source memory source) internal view returns (uint256 index) {
        index = source.below(jobs.length);
        for (uint256 i = 0; i < 4 && jobs[index].end != JobStatus.Open; ++i) index = source.below(jobs.length);
    }

    function _wallet(Source memory source) internal view returns (address) {
        return wallets[source.below(WALLETS)];
    }

    /// @dev Mostly who is meant, and anybody else once in eight times.
    function _caller(Source memory source, address meant) internal view returns (address) {
        return meant == address(0) || source.oneIn(8) ? _wallet(source) : meant;
    }

    // ------------------------------------------------------------------ signatures

    function _authorize(
        address from,
        uint256 value,
        bytes32 jobId,
        bytes32 salt
    ) internal view returns (Authorization memory authorization) {
        authorization = Authorization(0, clock + 1 days, salt, 0, 0, 0);
        bytes32 nonce = keccak256(abi.encode(jobId, salt));
        bytes32 structHash = keccak256(
            abi.encode(RECEIVE_TYPEHASH, from, address(escrow), value, 0, authorization.validBefore, nonce)
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (authorization.v, authorization.r, authorization.s) = VM.sign(_keyOf(from), digest);
    }

    function _keyOf(address wallet) private view returns (uint256) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (wallets[i] == wallet) return i + 1;
        }
        revert("no such wallet");
    }

    // ------------------------------------------------------------------ names

    function _idOf(Job memory job) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(escrow), job));
    }

    function _splitId(uint256 split) internal pure returns (bytes32) {
        return keccak256(abi.encode("split", split));
    }

    function _account(address owner) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(owner)));
    }
}
