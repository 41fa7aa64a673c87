// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Accounts} from "./Accounts.sol";
import {Draw, Draws} from "./Draws.sol";
import {Hop, HopLog} from "./HopLog.sol";
import {MerkleSumTree} from "./MerkleSumTree.sol";
import {Signatures} from "./Signatures.sol";

/// @notice One entry of a batch of payments.
/// @param splitId The split that is paid.
/// @param amount In the token's smallest unit.
/// @param calls How many inferences the payment is for.
/// @param memo Hash of the call's receipt, or any other reference of the payer's.
struct Payment {
    bytes32 splitId;
    uint256 amount;
    uint64 calls;
    bytes32 memo;
}

/// @notice A wallet's signed transfer of tokens to the ledger (ERC-3009, `receiveWithAuthorization`), whose nonce says
/// what the tokens are for: keccak256(abi.encode(splitId, calls, memo, salt)).
/// @param validAfter Time, in seconds since 1970, after which it is good.
/// @param validBefore Time before which it is good.
/// @param salt Tells authorizations apart that are for the same.
/// @param v Signature of the payer's key.
/// @param r Signature of the payer's key.
/// @param s Signature of the payer's key.
struct Authorization {
    uint256 validAfter;
    uint256 validBefore;
    bytes32 salt;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice What a recipient signs so that somebody else can submit its claim.
/// @param account The wallet that claims.
/// @param to Receives the tokens.
/// @param minAmount Least amount, fee included, for which the claim is to happen.
/// @param fee Part of the amount that goes to whoever submits the claim.
/// @param nonce The wallet's next nonce.
/// @param deadline Last second at which the claim is good.
struct Claim {
    address account;
    address to;
    uint256 minAmount;
    uint256 fee;
    uint256 nonce;
    uint256 deadline;
}

/// @title The attribution ledger
/// @notice A payment to a split is one storage write, however many contributors stand behind it. Shares are drawn
/// later, hop by hop, by anyone who shows their inclusion proof.
///
/// - A split is the hash of a fixed list of shares ({MerkleSumTree}); nothing is stored per share until it is drawn.
/// - A share is entitled to floor(received · units / totalUnits). A release moves what it has not drawn yet to its
///   recipient: an account's balance, or the next split. Floors are cumulative, so the order and number of releases
///   do not change what anybody ends up with, and what rounding leaves in a split is less than one unit per share.
/// - No owner, no pause, no upgrade, one token. The only party with a say over somebody else's share is the arbiter
///   that the split's own id names, and only over what has not been drawn.
///
/// Custody: token.balanceOf(ledger) ≥ Σ balances + Σ over splits (received − drawn), with equality unless somebody
/// sent tokens here without paying.
///
/// Warning: a payment to an id that is not the hash of a split can never be released.
contract AttributionLedger is EIP712, Nonces {
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------ types

    /// @dev What a run over packed draws is told and finds out.
    /// @param toWallets Whether shares of wallets are to leave as tokens.
    /// @param claiming Whether the shares of `claimant` are added up instead of written to its balance.
    /// @param claimant A wallet account.
    /// @param hops Shares released into other splits, as their event will have them.
    /// @param released Sum of all shares released.
    /// @param claimed The claimant's part of it.
    /// @param payouts (amount, account) for each share that is to leave as tokens.
    /// @param end Words of `payouts` in use.
    struct Run {
        bool toWallets;
        bool claiming;
        bytes32 claimant;
        uint256 hops;
        uint256 released;
        uint256 claimed;
        uint256[] payouts;
        uint256 end;
    }

    /// @dev A word of storage by reference, so that reading and writing it again finds it once.
    struct Word {
        uint256 value;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when the token is no contract.
    error AttributionLedger_NotAToken(address token);

    /// @notice Thrown when an amount is zero.
    error AttributionLedger_ZeroAmount();

    /// @notice Thrown when a batch of payments has no entries.
    error AttributionLedger_EmptyBatch();

    /// @notice Thrown when a split would have received 2^127 or more in total.
    error AttributionLedger_ReceivedOverflow(bytes32 splitId, uint256 received, uint256 amount);

    /// @notice Thrown when the ledger's token balance changed by another amount than the one transferred.
    /// @param expected The ledger's balance as it should be now.
    /// @param actual The ledger's balance as the token reports it.
    error AttributionLedger_TransferMismatch(uint256 expected, uint256 actual);

    /// @notice Thrown when a draw's proof leads to a split that never received anything.
    error AttributionLedger_UnknownSplit(bytes32 splitId);

    /// @notice Thrown when a split holds no units at all.
    error AttributionLedger_NoUnits(bytes32 splitId);

    /// @notice Thrown when tokens would leave to the zero address or to the ledger itself.
    error AttributionLedger_BadRecipient(address to);

    /// @notice Thrown when an account's balance does not cover an amount.
    error AttributionLedger_InsufficientBalance(bytes32 account, uint256 balance, uint256 needed);

    /// @notice Thrown when a spender's allowance does not cover an amount.
    error AttributionLedger_InsufficientAllowance(bytes32 account, address spender, uint256 allowance, uint256 needed);

    /// @notice Thrown when a claim would yield nothing.
    error AttributionLedger_NothingToClaim(address account);

    /// @notice Thrown when a relayed claim comes after its deadline.
    error AttributionLedger_ClaimExpired(uint256 deadline, uint256 time);

    /// @notice Thrown when a relayed claim is not signed by its account.
    error AttributionLedger_BadClaimSignature(address account);

    /// @notice Thrown when a relayed claim yields less than its signer asked for, or not even its fee.
    error AttributionLedger_ClaimTooSmall(uint256 amount, uint256 minAmount, uint256 fee);

    /// @notice Thrown when a share index is not part of a split.
    error AttributionLedger_NoSuchShare(uint256 index, uint256 size);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when tokens came in from a wallet for a split.
    event Paid(bytes32 indexed splitId, bytes32 indexed payer, uint256 amount, uint256 calls, bytes32 memo);

    /// @notice Emitted when an account paid a split from its balance.
    event PaidFromBalance(bytes32 indexed splitId, bytes32 indexed payer, uint256 amount, uint256 calls, bytes32 memo);

    /// @notice Emitted when a share was released into an account's balance.
    event Credited(bytes32 indexed splitId, bytes32 indexed account, uint256 index, uint256 amount);

    /// @notice Emitted once per call in which shares were released into other splits.
    event Routed(Hop[] hops);

    /// @notice Emitted when tokens came in for an account's balance.
    event Deposited(address indexed from, bytes32 indexed account, uint256 amount);

    /// @notice Emitted when tokens left from an account's balance.
    event Withdrawn(bytes32 indexed account, address indexed to, uint256 amount);

    /// @notice Emitted when somebody submitted a claim that an account had signed.
    event ClaimRelayed(address indexed account, address indexed relayer, uint256 nonce, uint256 fee);

    /// @notice Emitted when balance moved between accounts.
    event BalanceTransferred(bytes32 indexed from, bytes32 indexed to, uint256 amount);

    /// @notice Emitted when an account's owner set what a spender may move, or the spender used some of it.
    event SpenderApproved(bytes32 indexed account, address indexed spender, uint256 amount);

    /// @notice Emitted when an arbiter redirected a share to an account, or ended that (`to` is zero).
    event Redirected(bytes32 indexed splitId, uint256 indexed index, bytes32 to);

    // ------------------------------------------------------------------ constants

    /// @notice Most a split can receive in total: leaves one bit of a share's drawn half-word for its redirect flag.
    uint256 public constant MAX_RECEIVED = type(uint128).max >> 1;

    /// @dev Flag in a share's drawn half-word.
    uint256 private constant REDIRECTED = 1 << 127;

    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(address account,address to,bytes32 drawsHash,uint256 minAmount,uint256 fee,uint256 nonce,uint256 deadline)"
    );

    // ------------------------------------------------------------------ storage

    /// @notice The only token this ledger knows.
    IERC20 public immutable token;

    /// @dev All a payment writes, in one word: amount (low 128 bits), calls (64), time of the last payment (64).
    mapping(bytes32 splitId => Word) private _received;

    /// @dev Two shares to a word, even index low. In each half: 127 bits drawn, top bit set while redirected.
    mapping(bytes32 splitId => mapping(uint256 pair => Word)) private _drawn;

    /// @notice Spendable balance of an account.
    mapping(bytes32 account => uint256) public balanceOf;

    /// @notice What a spender may still move out of an account.
    mapping(bytes32 account => mapping(address spender => uint256)) public allowance;

    /// @notice Account that a share is redirected to; zero when it is not.
    mapping(bytes32 splitId => mapping(uint256 index => bytes32 account)) public redirectOf;

    // ------------------------------------------------------------------ constructor

    /// @param token_ An ERC-20 whose transfers move exactly the amount they name. One that delivers less or more is refused
    /// on arrival; one that takes more from the sender than it names must not be chosen, for departures are not checked.
    /// Of one that calls its holders, a depositor can withdraw its own deposit while it is still on its way and bring it
    /// back in the same call: nothing is lost, but the balance is lower until then.
    constructor(IERC20 token_) EIP712("AttributionLedger", "1") {
        if (address(token_).code.length == 0) revert AttributionLedger_NotAToken(address(token_));
        token = token_;
    }

    // ------------------------------------------------------------------ pay

    /// @notice Pays a split from the caller's wallet. Needs an approval of the token.
    function pay(bytes32 splitId, uint256 amount, uint64 calls, bytes32 memo) external {
        _pay(splitId, amount, calls, memo);
    }

    /// @notice Like {pay}, with the approval by signature (EIP-2612). A permit that somebody else already submitted
    /// does no harm: the payment goes through as long as the approval is there.
    function payWithPermit(
        bytes32 splitId,
        uint256 amount,
        uint64 calls,
        bytes32 memo,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _permit(amount, deadline, v, r, s);
        _pay(splitId, amount, calls, memo);
    }

    /// @notice Pays a split with tokens that a wallet authorized by signature (ERC-3009). Anyone may submit it and pays
    /// the gas; split, calls and memo are part of what the wallet signed.
    /// @dev The token checks signature, time and nonce, and its errors come through.
    /// @param payer The wallet that signed.
    function payWithAuthorization(
        address payer,
        Payment calldata payment,
        Authorization calldata authorization
    ) external {
        _receive(payment.splitId, payment.amount, payment.calls);
        emit Paid(payment.splitId, Accounts.wallet(payer), payment.amount, payment.calls, payment.memo);

        // Interaction
        uint256 expected = token.balanceOf(address(this)) + payment.amount;
        IERC3009(address(token)).receiveWithAuthorization(
            payer,
            address(this),
            payment.amount,
            authorization.validAfter,
            authorization.validBefore,
            keccak256(abi.encode(payment.splitId, payment.calls, payment.memo, authorization.salt)),
            authorization.v,
            authorization.r,
            authorization.s
        );
        _checkBalance(expected);
    }

    /// @notice Pays several splits from the caller's wallet with one token transfer.
    function payMany(Payment[] calldata payments) external {
        bytes32 payer = Accounts.wallet(msg.sender);
        uint256 total = _receiveMany(payments);
        for (uint256 i = 0; i < payments.length; ++i) {
            Payment calldata p = payments[i];
            emit Paid(p.splitId, payer, p.amount, p.calls, p.memo);
        }
        _pull(total);
    }

    /// @notice Pays a split from the caller's balance.
    /// @param tag Which of the caller's accounts pays; 0 is the wallet account.
    function payFromBalance(uint96 tag, bytes32 splitId, uint256 amount, uint64 calls, bytes32 memo) external {
        bytes32 payer = Accounts.sub(msg.sender, tag);
        _debit(payer, amount);
        _receive(splitId, amount, calls);
        emit PaidFromBalance(splitId, payer, amount, calls, memo);
    }

    /// @notice Pays several splits from the caller's balance.
    function payManyFromBalance(uint96 tag, Payment[] calldata payments) external {
        bytes32 payer = Accounts.sub(msg.sender, tag);
        _debit(payer, _receiveMany(payments));
        for (uint256 i = 0; i < payments.length; ++i) {
            Payment calldata p = payments[i];
            emit PaidFromBalance(p.splitId, payer, p.amount, p.calls, p.memo);
        }
    }

    // ------------------------------------------------------------------ release

    /// @notice Releases shares into their recipients' balances and splits. Anyone may call.
    /// @param draws Packed draws ({Draws}), worked through in order, so that one hop can fund the next.
    /// @return released Sum over all shares; zero when everything had been drawn before.
    function release(bytes calldata draws) external returns (uint256 released) {
        Run memory run;
        _release(draws, run);
        return run.released;
    }

    /// @notice Like {release}, but shares of wallets leave as tokens, straight to the wallet. Anyone may call.
    /// @dev A wallet that the token refuses (or that is the ledger itself) keeps its share in its balance; the others are
    /// paid all the same.
    function payOut(bytes calldata draws) external returns (uint256 released) {
        Run memory run;
        run.toWallets = true;
        run.payouts = new uint256[](2 * (draws.length / MerkleSumTree.SHARE_BYTES));
        _release(draws, run);

        // Interaction
        for (uint256 i = 0; i < run.end; i += 2) {
            (uint256 amount, bytes32 account) = (run.payouts[i], bytes32(run.payouts[i + 1]));
            address to = Accounts.ownerOf(account);
            if (to != address(this) && token.trySafeTransfer(to, amount)) emit Withdrawn(account, to, amount);
            else balanceOf[account] += amount;
        }
        return run.released;
    }

    // ------------------------------------------------------------------ claim

    /// @notice Releases shares, then withdraws everything the caller's wallet account holds.
    /// @param draws Packed draws; may be empty. Shares of others among them go to their balances.
    /// @param to Receives the tokens.
    /// @return amount Tokens sent.
    function claim(bytes calldata draws, address to) external returns (uint256 amount) {
        amount = _collect(draws, msg.sender);
        _send(Accounts.wallet(msg.sender), to, amount);
    }

    /// @notice Submits a claim that its account signed (EIP-712 or ERC-1271). The caller earns the fee the account
    /// offered.
    /// @return amount Tokens sent to `request.to`, without the fee.
    function claimWithSignature(
        bytes calldata draws,
        Claim calldata request,
        bytes calldata signature
    ) external returns (uint256 amount) {
        // Check
        if (block.timestamp > request.deadline) {
            revert AttributionLedger_ClaimExpired(request.deadline, block.timestamp);
        }
        _useCheckedNonce(request.account, request.nonce);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CLAIM_TYPEHASH,
                    request.account,
                    request.to,
                    keccak256(draws),
                    request.minAmount,
                    request.fee,
                    request.nonce,
                    request.deadline
                )
            )
        );
        if (!Signatures.isValid(request.account, digest, signature)) {
            revert AttributionLedger_BadClaimSignature(request.account);
        }

        // Effect
        uint256 total = _collect(draws, request.account);
        if (total < request.minAmount || total <= request.fee) {
            revert AttributionLedger_ClaimTooSmall(total, request.minAmount, request.fee);
        }
        amount = total - request.fee;
        emit ClaimRelayed(request.account, msg.sender, request.nonce, request.fee);

        // Interaction
        bytes32 account = Accounts.wallet(request.account);
        if (request.fee != 0) _send(account, msg.sender, request.fee);
        _send(account, request.to, amount);
    }

    // ------------------------------------------------------------------ balances

    /// @notice Adds tokens of the caller's wallet to an account's balance. Needs an approval of the token.
    function deposit(bytes32 account, uint256 amount) external {
        _deposit(account, amount);
    }

    /// @notice Like {deposit}, with the approval by signature (EIP-2612).
    function depositWithPermit(
        bytes32 account,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _permit(amount, deadline, v, r, s);
        _deposit(account, amount);
    }

    /// @notice Withdraws tokens from one of the caller's accounts.
    function withdraw(uint96 tag, uint256 amount, address to) external {
        if (amount == 0) revert AttributionLedger_ZeroAmount();
        bytes32 account = Accounts.sub(msg.sender, tag);
        _debit(account, amount);
        _send(account, to, amount);
    }

    /// @notice Moves balance from one of the caller's accounts to any account.
    function transferBalance(uint96 tag, bytes32 to, uint256 amount) external {
        _transferBalance(Accounts.sub(msg.sender, tag), to, amount);
    }

    /// @notice Sets how much of one of the caller's accounts a spender may move. Bounded: every use counts against it.
    function approveSpender(uint96 tag, address spender, uint256 amount) external {
        bytes32 account = Accounts.sub(msg.sender, tag);
        allowance[account][spender] = amount;
        emit SpenderApproved(account, spender, amount);
    }

    /// @notice Moves balance out of an account whose owner approved the caller.
    function transferBalanceFrom(bytes32 from, bytes32 to, uint256 amount) external {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed < amount) revert AttributionLedger_InsufficientAllowance(from, msg.sender, allowed, amount);
        allowance[from][msg.sender] = allowed - amount;
        emit SpenderApproved(from, msg.sender, allowed - amount);
        _transferBalance(from, to, amount);
    }

    // ------------------------------------------------------------------ arbiter

    /// @notice Sends an account's share, what it has not drawn and what is to come, to another account, or to its own
    /// recipient again. Has no effect on a share that leads to another split: what is upstream has an arbiter of its own.
    /// @dev The caller is the arbiter by construction: its address is hashed into the id. Works before the first
    /// payment, too.
    /// @param root Root of the split's tree.
    /// @param to Account that the share's releases go to from now on; zero ends the redirect.
    /// @return splitId The split.
    function redirect(
        bytes32 root,
        uint128 totalUnits,
        uint64 size,
        uint64 index,
        bytes32 to
    ) external returns (bytes32 splitId) {
        if (index >= size) revert AttributionLedger_NoSuchShare(index, size);
        splitId = MerkleSumTree.splitId(root, totalUnits, size, msg.sender);
        redirectOf[splitId][index] = to;
        uint256 flag = REDIRECTED << _shift(index);
        Word storage slot = _drawn[splitId][index >> 1];
        uint256 word = slot.value;
        slot.value = to == 0 ? word & ~flag : word | flag;
        emit Redirected(splitId, index, to);
    }

    // ------------------------------------------------------------------ views

    /// @notice What a split has received so far.
    /// @return amount In the token's smallest unit.
    /// @return calls How many inferences that paid for, as payers stated; stays at 2^64 - 1 once there.
    /// @return lastPaidAt When it was last paid (not routed to from another split), in seconds since 1970; zero for never.
    function received(bytes32 splitId) external view returns (uint256 amount, uint256 calls, uint256 lastPaidAt) {
        uint256 word = _received[splitId].value;
        return (uint128(word), uint64(word >> 128), word >> 192);
    }

    /// @notice What a share has drawn so far.
    function drawn(bytes32 splitId, uint256 index) external view returns (uint256) {
        return (_drawn[splitId][index >> 1].value >> _shift(index)) & MAX_RECEIVED;
    }

    // ------------------------------------------------------------------ internals: money in

    function _pay(bytes32 splitId, uint256 amount, uint64 calls, bytes32 memo) private {
        _receive(splitId, amount, calls);
        emit Paid(splitId, Accounts.wallet(msg.sender), amount, calls, memo);
        _pull(amount);
    }

    function _deposit(bytes32 account, uint256 amount) private {
        if (amount == 0) revert AttributionLedger_ZeroAmount();
        balanceOf[account] += amount;
        emit Deposited(msg.sender, account, amount);
        _pull(amount);
    }

    function _receiveMany(Payment[] calldata payments) private returns (uint256 total) {
        if (payments.length == 0) revert AttributionLedger_EmptyBatch();
        for (uint256 i = 0; i < payments.length; ++i) {
            Payment calldata p = payments[i];
            _receive(p.splitId, p.amount, p.calls);
            total += p.amount;
        }
    }

    /// @dev Adds to what a split received. The number of calls saturates, so nobody can block a split with it.
    function _receive(bytes32 splitId, uint256 amount, uint256 calls) private {
        if (amount == 0) revert AttributionLedger_ZeroAmount();
        Word storage slot = _received[splitId];
        uint256 word = slot.value;
        uint256 before = uint128(word);
        if (amount > MAX_RECEIVED - before) revert AttributionLedger_ReceivedOverflow(splitId, before, amount);
        unchecked {
            calls += uint64(word >> 128);
            if (calls > type(uint64).max) calls = type(uint64).max;
            slot.value = (block.timestamp << 192) | (calls << 128) | (before + amount);
        }
    }

    /// @dev Like {_receive} for money that is already inside: the calls were counted where it was paid in.
    function _route(bytes32 splitId, uint256 amount) private {
        Word storage slot = _received[splitId];
        uint256 word = slot.value;
        uint256 before = uint128(word);
        if (amount > MAX_RECEIVED - before) revert AttributionLedger_ReceivedOverflow(splitId, before, amount);
        unchecked {
            slot.value = word + amount;
        }
    }

    /// @dev Takes tokens from the caller and refuses a token that delivers another amount.
    function _pull(uint256 amount) private {
        uint256 expected = token.balanceOf(address(this)) + amount;
        token.safeTransferFrom(msg.sender, address(this), amount);
        _checkBalance(expected);
    }

    function _checkBalance(uint256 expected) private view {
        uint256 actual = token.balanceOf(address(this));
        if (actual != expected) revert AttributionLedger_TransferMismatch(expected, actual);
    }

    /// @dev A permit can be front-run, so its failure is not an error; a missing approval fails later.
    function _permit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) private {
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    // ------------------------------------------------------------------ internals: release

    /// @dev Works through packed draws.
    function _release(bytes calldata draws, Run memory run) private {
        run.hops = HopLog.open(draws.length / MerkleSumTree.SHARE_BYTES);
        Draw memory draw;
        while (draw.end < draws.length) {
            Draws.read(draws, draw.end, draw);
            uint256 total = uint128(_received[draw.splitId].value);
            if (total == 0) revert AttributionLedger_UnknownSplit(draw.splitId);
            if (draw.totalUnits == 0) revert AttributionLedger_NoUnits(draw.splitId);
            _releaseShares(draws, draw, total, run);
        }
        HopLog.close(run.hops);
    }

    /// @dev Releases the shares of one draw. Nothing here can overflow: what was received and drawn fits 127 bits, units
    /// fit 128, and a share's entitlement never falls.
    /// @param total What the draw's split has received.
    function _releaseShares(bytes calldata draws, Draw memory draw, uint256 total, Run memory run) private {
        unchecked {
            bytes32 splitId = draw.splitId;
            mapping(uint256 pair => Word) storage drawnOf = _drawn[splitId];
            for (uint256 index = draw.first; index <= draw.last; ++index) {
                (bool toSplit, bytes32 recipient, uint256 units) = Draws.share(draws, draw.position, index);
                draw.position += MerkleSumTree.SHARE_BYTES;

                uint256 shift = _shift(index);
                Word storage slot = drawnOf[index >> 1];
                uint256 word = slot.value;
                uint256 half = word >> shift;
                uint256 amount = (total * units) / draw.totalUnits - (half & MAX_RECEIVED);
                if (amount == 0) continue;
                slot.value = word + (amount << shift);
                run.released += amount;
                if (toSplit) {
                    _route(recipient, amount);
                    HopLog.add(run.hops, splitId, recipient, index, amount);
                } else {
                    if (half & REDIRECTED != 0) recipient = redirectOf[splitId][index];
                    emit Credited(splitId, recipient, index, amount);
                    _credit(recipient, amount, run);
                }
            }
        }
    }

    /// @dev Gives a released share to an account: to the claim under way, to the payouts, or to its balance.
    function _credit(bytes32 account, uint256 amount, Run memory run) private {
        if (run.claiming && account == run.claimant) {
            run.claimed += amount;
        } else if (run.toWallets && Accounts.isWallet(account)) {
            (run.payouts[run.end], run.payouts[run.end + 1]) = (amount, uint256(account));
            run.end += 2;
        } else {
            balanceOf[account] += amount;
        }
    }

    function _shift(uint256 index) private pure returns (uint256) {
        return (index & 1) << 7;
    }

    // ------------------------------------------------------------------ internals: money out

    /// @dev Releases draws and empties the account's balance.
    function _collect(bytes calldata draws, address owner) private returns (uint256 amount) {
        bytes32 account = Accounts.wallet(owner);
        Run memory run;
        (run.claiming, run.claimant) = (true, account);
        _release(draws, run);
        amount = run.claimed;
        uint256 balance = balanceOf[account];
        if (balance != 0) {
            balanceOf[account] = 0;
            amount += balance;
        }
        if (amount == 0) revert AttributionLedger_NothingToClaim(owner);
    }

    function _send(bytes32 account, address to, uint256 amount) private {
        if (to == address(0) || to == address(this)) revert AttributionLedger_BadRecipient(to);
        emit Withdrawn(account, to, amount);
        token.safeTransfer(to, amount);
    }

    function _transferBalance(bytes32 from, bytes32 to, uint256 amount) private {
        if (amount == 0) revert AttributionLedger_ZeroAmount();
        _debit(from, amount);
        balanceOf[to] += amount;
        emit BalanceTransferred(from, to, amount);
    }

    function _debit(bytes32 account, uint256 amount) private {
        uint256 balance = balanceOf[account];
        if (balance < amount) revert AttributionLedger_InsufficientBalance(account, balance, amount);
        balanceOf[account] = balance - amount;
    }
}
