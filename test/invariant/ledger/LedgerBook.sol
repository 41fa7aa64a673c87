// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {AttributionLedger, Claim, Payment} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind} from "../../../contracts/ledger/MerkleSumTree.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {LedgerWorld, Range} from "./LedgerWorld.sol";
import {WideToken} from "./WideToken.sol";

/// @title The ledger's rules, kept in plain books
/// @notice What {AttributionLedger} should do, on lists of shares instead of packed proofs and on one storage slot per
/// figure. Every function takes what the ledger's function takes, behind it the caller, and returns or reverts with the
/// very same bytes; so a campaign calls both and compares.
abstract contract LedgerBook is LedgerWorld {
    struct Receipts {
        uint256 amount;
        uint256 calls;
        uint256 lastPaidAt;
    }

    enum Delivery {
        ToBalances,
        ToWallets,
        ToClaimant
    }

    uint256 internal constant MOST_RECEIVED = 2 ** 127 - 1;
    uint256 internal constant MOST_CALLS = 2 ** 64 - 1;

    mapping(bytes32 id => Receipts) internal bookReceived;
    mapping(bytes32 id => mapping(uint256 index => uint256)) internal bookDrawn;
    mapping(bytes32 id => mapping(uint256 index => bytes32)) internal bookRedirectedTo;
    mapping(bytes32 account => uint256) internal bookBalance;
    mapping(bytes32 account => mapping(address spender => uint256)) internal bookAllowance;
    mapping(address wallet => uint256) internal bookNonce;
    mapping(address holder => uint256) internal bookTokens;
    mapping(address holder => uint256) internal bookApproval;

    // ------------------------------------------------------------------ pay

    function bookPay(address payer, bytes32 id, uint256 amount, uint256 calls) public {
        _receive(id, amount, calls);
        _pull(payer, amount);
    }

    /// @param permitted Whether the permit that went along is the payer's.
    function bookPayWithPermit(address payer, bytes32 id, uint256 amount, uint256 calls, bool permitted) external {
        if (permitted) bookApproval[payer] = amount;
        bookPay(payer, id, amount, calls);
    }

    /// @param refusal What the token has against the authorization.
    function bookPayWithAuthorization(
        address payer,
        bytes32 id,
        uint256 amount,
        uint256 calls,
        bytes calldata refusal
    ) external {
        _receive(id, amount, calls);
        if (refusal.length != 0) {
            bytes memory reason = refusal;
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
        _move(payer, amount);
    }

    function bookPayMany(address payer, Payment[] calldata payments) external {
        _pull(payer, _receiveMany(payments));
    }

    function bookPayFromBalance(bytes32 account, bytes32 id, uint256 amount, uint256 calls) external {
        _debit(account, amount);
        _receive(id, amount, calls);
    }

    function bookPayManyFromBalance(bytes32 account, Payment[] calldata payments) external {
        _debit(account, _receiveMany(payments));
    }

    function bookSweep(address box, bytes32 id) external returns (uint256 amount) {
        amount = bookTokens[box];
        bookApproval[box] = type(uint256).max;
        bookPay(box, id, amount, 0);
    }

    // ------------------------------------------------------------------ release and claim

    function bookRelease(Range[] calldata ranges) external returns (uint256 released) {
        (released, ) = _release(ranges, Delivery.ToBalances, 0);
    }

    function bookPayOut(Range[] calldata ranges) external returns (uint256 released) {
        (released, ) = _release(ranges, Delivery.ToWallets, 0);
    }

    function bookClaim(Range[] calldata ranges, address claimant, address to) external returns (uint256 amount) {
        amount = _collect(ranges, claimant);
        _send(to, amount);
    }

    /// @param signed Whether the signature that went along is the account's, over this request.
    function bookClaimWithSignature(
        Range[] calldata ranges,
        Claim calldata request,
        bool signed,
        address relayer
    ) external returns (uint256 amount) {
        if (clock > request.deadline) {
            revert AttributionLedger.AttributionLedger_ClaimExpired(request.deadline, clock);
        }
        uint256 nonce = bookNonce[request.account];
        if (request.nonce != nonce) revert Nonces.InvalidAccountNonce(request.account, nonce);
        bookNonce[request.account] = nonce + 1;
        if (!signed) revert AttributionLedger.AttributionLedger_BadClaimSignature(request.account);
        uint256 total = _collect(ranges, request.account);
        if (total < request.minAmount || total <= request.fee) {
            revert AttributionLedger.AttributionLedger_ClaimTooSmall(total, request.minAmount, request.fee);
        }
        if (request.fee != 0) _send(relayer, request.fee);
        amount = total - request.fee;
        _send(request.to, amount);
    }

    // ------------------------------------------------------------------ balances

    function bookDeposit(address from, bytes32 account, uint256 amount) public {
        if (amount == 0) revert AttributionLedger.AttributionLedger_ZeroAmount();
        bookBalance[account] += amount;
        _pull(from, amount);
    }

    function bookDepositWithPermit(address from, bytes32 account, uint256 amount, bool permitted) external {
        if (permitted) bookApproval[from] = amount;
        bookDeposit(from, account, amount);
    }

    function bookWithdraw(bytes32 account, uint256 amount, address to) external {
        if (amount == 0) revert AttributionLedger.AttributionLedger_ZeroAmount();
        _debit(account, amount);
        _send(to, amount);
    }

    function bookTransferBalance(bytes32 from, bytes32 to, uint256 amount) public {
        if (amount == 0) revert AttributionLedger.AttributionLedger_ZeroAmount();
        _debit(from, amount);
        bookBalance[to] += amount;
    }

    function bookApproveSpender(bytes32 account, address spender, uint256 amount) external {
        bookAllowance[account][spender] = amount;
    }

    function bookTransferBalanceFrom(bytes32 from, bytes32 to, uint256 amount, address spender) external {
        uint256 allowed = bookAllowance[from][spender];
        if (amount > allowed) {
            revert AttributionLedger.AttributionLedger_InsufficientAllowance(from, spender, allowed, amount);
        }
        bookAllowance[from][spender] = allowed - amount;
        bookTransferBalance(from, to, amount);
    }

    // ------------------------------------------------------------------ arbiter

    function bookRedirect(uint256 split, uint256 index, bytes32 to, address caller) external returns (bytes32 id) {
        uint256 size = splits[split].shares.length;
        if (index >= size) revert AttributionLedger.AttributionLedger_NoSuchShare(index, size);
        id = PlainTree.splitId(splits[split].root, splits[split].totalUnits, size, caller);
        bookRedirectedTo[id][index] = to;
    }

    // ------------------------------------------------------------------ rules

    function _receiveMany(Payment[] calldata payments) private returns (uint256 total) {
        if (payments.length == 0) revert AttributionLedger.AttributionLedger_EmptyBatch();
        for (uint256 i = 0; i < payments.length; ++i) {
            _receive(payments[i].splitId, payments[i].amount, payments[i].calls);
            total += payments[i].amount;
        }
    }

    function _receive(bytes32 id, uint256 amount, uint256 calls) private {
        if (amount == 0) revert AttributionLedger.AttributionLedger_ZeroAmount();
        _route(id, amount);
        calls += bookReceived[id].calls;
        bookReceived[id].calls = calls < MOST_CALLS ? calls : MOST_CALLS;
        bookReceived[id].lastPaidAt = clock;
    }

    function _route(bytes32 id, uint256 amount) private {
        uint256 before = bookReceived[id].amount;
        if (amount > MOST_RECEIVED || before + amount > MOST_RECEIVED) {
            revert AttributionLedger.AttributionLedger_ReceivedOverflow(id, before, amount);
        }
        bookReceived[id].amount = before + amount;
    }

    function _release(
        Range[] calldata ranges,
        Delivery delivery,
        bytes32 claimant
    ) private returns (uint256 released, uint256 claimed) {
        for (uint256 i = 0; i < ranges.length; ++i) {
            Split storage split = splits[ranges[i].split];
            uint256 amount = bookReceived[split.id].amount;
            if (amount == 0) revert AttributionLedger.AttributionLedger_UnknownSplit(split.id);
            if (split.totalUnits == 0) revert AttributionLedger.AttributionLedger_NoUnits(split.id);
            for (uint256 index = ranges[i].first; index < ranges[i].first + ranges[i].count; ++index) {
                uint256 due = (amount * split.shares[index].units) / split.totalUnits - bookDrawn[split.id][index];
                if (due == 0) continue;
                bookDrawn[split.id][index] += due;
                released += due;
                claimed += _deliver(split, index, due, delivery, claimant);
            }
        }
    }

    /// @return claimed What of it goes to the claimant.
    function _deliver(
        Split storage split,
        uint256 index,
        uint256 due,
        Delivery delivery,
        bytes32 claimant
    ) private returns (uint256 claimed) {
        bytes32 account = split.shares[index].recipient;
        if (split.shares[index].kind == Kind.Split) {
            _route(account, due);
            return 0;
        }
        bytes32 redirectedTo = bookRedirectedTo[split.id][index];
        if (redirectedTo != 0) account = redirectedTo;
        if (delivery == Delivery.ToClaimant && account == claimant) return due;
        if (delivery == Delivery.ToWallets && _tagOf(account) == 0 && _accepts(_ownerOf(account))) {
            bookTokens[address(ledger)] -= due;
            bookTokens[_ownerOf(account)] += due;
        } else {
            bookBalance[account] += due;
        }
    }

    function _collect(Range[] calldata ranges, address owner) private returns (uint256 amount) {
        bytes32 account = _account(owner, 0);
        (, amount) = _release(ranges, Delivery.ToClaimant, account);
        amount += bookBalance[account];
        bookBalance[account] = 0;
        if (amount == 0) revert AttributionLedger.AttributionLedger_NothingToClaim(owner);
    }

    function _debit(bytes32 account, uint256 amount) private {
        uint256 balance = bookBalance[account];
        if (amount > balance) {
            revert AttributionLedger.AttributionLedger_InsufficientBalance(account, balance, amount);
        }
        bookBalance[account] = balance - amount;
    }

    function _send(address to, uint256 amount) private {
        if (to == address(0) || to == address(ledger)) revert AttributionLedger.AttributionLedger_BadRecipient(to);
        if (!_accepts(to)) revert WideToken.WideToken_Refused(to);
        bookTokens[address(ledger)] -= amount;
        bookTokens[to] += amount;
    }

    function _accepts(address to) private view returns (bool) {
        return to != address(0) && to != address(ledger) && !refused[to];
    }

    function _pull(address from, uint256 amount) private {
        uint256 approval = bookApproval[from];
        if (approval != type(uint256).max) {
            if (amount > approval) {
                revert IERC20Errors.ERC20InsufficientAllowance(address(ledger), approval, amount);
            }
            bookApproval[from] = approval - amount;
        }
        _move(from, amount);
    }

    function _move(address from, uint256 amount) private {
        uint256 tokens = bookTokens[from];
        if (amount > tokens) revert IERC20Errors.ERC20InsufficientBalance(from, tokens, amount);
        bookTokens[from] = tokens - amount;
        bookTokens[address(ledger)] += amount;
    }
}
