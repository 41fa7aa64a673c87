// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {AttributionLedger, Authorization} from "../ledger/AttributionLedger.sol";
import {Signatures} from "../ledger/Signatures.sol";
import {LedgerFunds} from "../ledger/LedgerFunds.sol";
import {Batch, Terms, Voucher, Vouchers} from "./Vouchers.sol";

/// @notice Terms of a channel. Its id is the hash of (the hash of its terms without the signer, the signer); where payer
/// and signer are one, the payer in the terms is zero.
/// @param payer Deposits, and gets back what is not spent.
/// @param signer Key or contract that signs vouchers: the payer itself, or whom it trusts to spend its deposit here.
/// @param operator Settles vouchers. It receives nothing itself: all goes to the split.
/// @param splitId The split that is paid.
/// @param withdrawDelaySeconds How long the operator has to settle once the payer wants its money back.
/// @param salt Tells channels apart that are otherwise the same.
struct Channel {
    address payer;
    address signer;
    address operator;
    bytes32 splitId;
    uint256 withdrawDelaySeconds;
    bytes32 salt;
}

/// @notice Vouchers of channels that differ in payer and signer only, to be settled with one payment to their split.
/// @param splitId The split that is paid.
/// @param withdrawDelaySeconds As in the channels' terms.
/// @param salt As in the channels' terms.
/// @param calls How many inferences the vouchers pay for.
/// @param memo Commitment to the receipts of all of them.
/// @param kept Whether the settlement is to be on record for other contracts, see {PaymentChannels-settledAt}.
/// @param vouchers Packed as {Vouchers} says.
struct Settlement {
    bytes32 splitId;
    uint256 withdrawDelaySeconds;
    bytes32 salt;
    uint64 calls;
    bytes32 memo;
    bool kept;
    bytes vouchers;
}

/// @notice What became of a voucher.
/// @param Settled It was settled.
/// @param NothingNew The channel has settled as much before.
/// @param AboveVoucher The operator claims more than the voucher allows.
/// @param AboveDeposit The channel's balance does not cover it.
/// @param UnknownChannel Nobody ever deposited for these terms and this signer. The signer of a voucher that was changed
/// or is for other terms, chain or contract comes out as somebody else.
/// @param BadSignature It is malformed, or a contract signer refuses it.
enum Status {
    Settled,
    NothingNew,
    AboveVoucher,
    AboveDeposit,
    UnknownChannel,
    BadSignature
}

/// @title Payment channels
/// @notice A payer deposits once and signs, call by call, how much its operator may claim in total so far. The operator
/// settles the latest voucher of any number of channels in one transaction, whenever it likes.
///
/// - A voucher is cumulative: the later one replaces all before it, and what has been settled is never settled again.
/// - The operator may claim less than a voucher allows, never more, and all it claims goes to the channel's split.
/// - The payer risks its deposit at most, an operator what it served since the last voucher.
/// - Unspent money comes back when the operator closes the channel or, without it, after the channel's delay.
/// - One bad voucher in a settlement is skipped with a status, and the others are settled. The memo still commits to the
///   receipts of all: settle vouchers of contract signers, who can change their mind, apart from those of keys.
///
/// Vocabulary and life cycle follow the `batch-settlement` scheme of x402.
/// @dev Custody: this contract's balance in the ledger ≥ Σ over channels of their balances, with equality unless
/// somebody gave it balance without a deposit.
contract PaymentChannels is EIP712, LedgerFunds {
    // ------------------------------------------------------------------ types

    /// @dev State of a channel, at the slot of its id.
    /// @param settled What was settled in total. Stays for good, so that no voucher is worth anything a second time.
    /// @param number Zero if nothing was ever deposited.
    /// @param balance What can still be settled or withdrawn.
    struct State {
        uint96 settled;
        uint64 number;
        uint96 balance;
    }

    /// @dev What a payer lets an operator have.
    /// @param deposited What the payer put into channels with the operator, less what came back.
    /// @param cap Most that may be, if `capped`.
    struct Limit {
        uint96 deposited;
        uint96 cap;
        bool capped;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when an amount is zero.
    error PaymentChannels_ZeroAmount();

    /// @notice Thrown when a channel's terms name no payer.
    error PaymentChannels_NoPayer();

    /// @notice Thrown when a channel's terms name no signer.
    error PaymentChannels_NoSigner(bytes32 channelId);

    /// @notice Thrown when the caller is not the one who may do this to a channel.
    error PaymentChannels_NotAllowed(bytes32 channelId, address caller, address allowed);

    /// @notice Thrown when a channel's delay is not within bounds, in seconds.
    error PaymentChannels_BadDelay(uint256 delay, uint256 min, uint256 max);

    /// @notice Thrown when a channel would have held 2^96 or more in total.
    error PaymentChannels_DepositOverflow(bytes32 channelId, uint256 total, uint256 amount);

    /// @notice Thrown when a payer would put more at an operator's disposal than its cap.
    error PaymentChannels_AboveCap(address payer, address operator, uint256 deposited, uint256 cap);

    /// @notice Thrown when a cap is 2^96 or more.
    error PaymentChannels_CapTooHigh(uint256 cap);

    /// @notice Thrown when there is nothing in a channel to give back.
    error PaymentChannels_NothingToWithdraw(bytes32 channelId);

    /// @notice Thrown when a payer wants to withdraw without having asked for it, or before its time.
    /// @param from Seconds since 1970; zero when it was not asked for.
    error PaymentChannels_NotWithdrawable(bytes32 channelId, uint256 from, uint256 time);

    /// @notice Thrown when a settlement has no parts.
    error PaymentChannels_NothingToSettle();

    // ------------------------------------------------------------------ events

    /// @notice Emitted when money came into a channel for the first time.
    /// @param number Counts channels from 1; {Settled} names them by it.
    event ChannelOpened(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed operator,
        uint256 number,
        address signer,
        bytes32 splitId,
        uint256 withdrawDelaySeconds,
        bytes32 salt
    );

    /// @notice Emitted when money came into a channel. Ends a wish to withdraw.
    event ChannelDeposited(bytes32 indexed channelId, uint256 amount);

    /// @notice Emitted when vouchers were settled. The payment follows as the ledger's `PaidFromBalance`.
    /// @param channels For each: the channel's number (4 bytes) ‖ what it has settled in total by now (12 bytes).
    event Settled(address indexed operator, bytes32 indexed splitId, bytes channels);

    /// @notice Emitted when a voucher could not be settled.
    /// @param signer Whose signature it bears.
    /// @param total What the operator claimed in total.
    event VoucherSkipped(
        bytes32 indexed channelId,
        address indexed operator,
        address signer,
        Status status,
        uint256 total
    );

    /// @notice Emitted when a payer asked for what is left.
    event WithdrawalRequested(bytes32 indexed channelId, uint256 time);

    /// @notice Emitted when a payer took back what was left.
    event ChannelWithdrawn(bytes32 indexed channelId, uint256 amount);

    /// @notice Emitted when an operator gave back what was left.
    event ChannelClosed(bytes32 indexed channelId, uint256 amount);

    /// @notice Emitted when a settlement was put on record. The same once more is not.
    /// @param amount What was settled of it, which is paid to the split.
    event SettlementKept(address indexed operator, bytes32 indexed splitId, bytes32 memo, uint256 amount);

    /// @notice Emitted when a payer set, or lifted, what an operator may get from it in all.
    event OperatorCapSet(address indexed payer, address indexed operator, bool capped, uint256 cap);

    // ------------------------------------------------------------------ constants

    /// @notice Least time between a payer's wish to withdraw and the withdrawal, in seconds.
    uint256 public constant MIN_WITHDRAW_DELAY_SECONDS = 15 minutes;

    /// @notice Most time between a payer's wish to withdraw and the withdrawal, in seconds.
    uint256 public constant MAX_WITHDRAW_DELAY_SECONDS = 30 days;

    /// @notice Most gas that a contract may use to check a voucher.
    uint256 public constant SIGNATURE_GAS = 100_000;

    /// @dev Most a channel can ever hold and settle, all together.
    uint256 private constant MAX_TOTAL = type(uint96).max;

    // ------------------------------------------------------------------ storage

    /// @notice Channels opened so far; numbers count from 1.
    uint256 public channelCount;

    /// @notice When a channel's payer may withdraw, in seconds since 1970; zero if it did not ask for it.
    mapping(bytes32 channelId => uint256) public withdrawableAt;

    mapping(address payer => mapping(address operator => Limit)) private _limits;

    /// @dev When settlements on record were made, by the hash of what {settledAt} is asked for.
    mapping(bytes32 settlementId => uint256) private _settledAt;

    // ------------------------------------------------------------------ constructor

    constructor(AttributionLedger ledger_) EIP712("PaymentChannels", "1") LedgerFunds(ledger_) {}

    // ------------------------------------------------------------------ deposit

    /// @notice Puts tokens of the caller's wallet into a channel of its own. Needs an approval of the token.
    function deposit(Channel calldata channel, uint256 amount) external {
        _deposit(channel, amount, msg.sender);
        _takeFromWallet(amount);
    }

    /// @notice Puts balance of one of the caller's ledger accounts into a channel of its own. Needs an approval of this
    /// contract as the account's spender.
    function depositFromBalance(Channel calldata channel, uint96 tag, uint256 amount) external {
        _deposit(channel, amount, msg.sender);
        _takeFromBalance(tag, amount);
    }

    /// @notice Puts tokens into a channel that its payer signed away for it (ERC-3009); the authorization's nonce is
    /// keccak256(abi.encode(channelId, salt)). Anyone may submit it.
    function depositWithAuthorization(
        Channel calldata channel,
        uint256 amount,
        Authorization calldata authorization
    ) external {
        bytes32 channelId = _deposit(channel, amount, channel.payer);
        _takeAuthorized(channel.payer, amount, channelId, authorization);
    }

    /// @notice Sets what the caller's channels with an operator may hold and have paid, all together: deposits beyond
    /// it are refused, however they are made. What comes back makes room again.
    function setOperatorCap(address operator, uint256 cap) external {
        if (cap > MAX_TOTAL) revert PaymentChannels_CapTooHigh(cap);
        Limit storage limit = _limits[msg.sender][operator];
        (limit.cap, limit.capped) = (uint96(cap), true);
        emit OperatorCapSet(msg.sender, operator, true, cap);
    }

    /// @notice Lifts the caller's cap for an operator.
    function liftOperatorCap(address operator) external {
        Limit storage limit = _limits[msg.sender][operator];
        (limit.cap, limit.capped) = (0, false);
        emit OperatorCapSet(msg.sender, operator, false, 0);
    }

    // ------------------------------------------------------------------ settle

    /// @notice Settles vouchers of channels that name the caller as operator, and pays their splits.
    /// @return statuses For each settlement a byte per voucher, a {Status}.
    function settle(Settlement[] calldata settlements) external returns (bytes[] memory statuses) {
        if (settlements.length == 0) revert PaymentChannels_NothingToSettle();
        statuses = new bytes[](settlements.length);
        for (uint256 i = 0; i < settlements.length; ++i) {
            Settlement calldata settlement = settlements[i];
            uint256 amount;
            (amount, statuses[i]) = _settle(settlement);
            if (amount == 0) continue;
            ledger.payFromBalance(0, settlement.splitId, amount, settlement.calls, settlement.memo);
        }
    }

    /// @notice Gives back what is left in channels of the caller's, into their payers' ledger accounts, and passes over
    /// those with nothing left. Vouchers are worthless then unless there is another deposit, so settle first.
    function close(Channel[] calldata channels) external {
        for (uint256 i = 0; i < channels.length; ++i) {
            Channel calldata channel = channels[i];
            bytes32 channelId = channelIdOf(channel);
            _checkCaller(channelId, channel.operator);
            if (_state(channelId).balance == 0) continue;
            uint256 amount = _empty(channel, channelId);
            emit ChannelClosed(channelId, amount);
            _giveBack(channel.payer, amount);
        }
    }

    // ------------------------------------------------------------------ withdraw

    /// @notice Asks for what is left in a channel of the caller's. The operator has the channel's delay to settle; asking
    /// again starts it anew.
    function requestWithdrawal(Channel calldata channel) external {
        bytes32 channelId = channelIdOf(channel);
        _checkCaller(channelId, channel.payer);
        if (_state(channelId).balance == 0) revert PaymentChannels_NothingToWithdraw(channelId);
        uint256 time = block.timestamp + channel.withdrawDelaySeconds;
        withdrawableAt[channelId] = time;
        emit WithdrawalRequested(channelId, time);
    }

    /// @notice Takes back what is left in a channel of the caller's, into its ledger account, once its time has come.
    function withdraw(Channel calldata channel) external {
        bytes32 channelId = channelIdOf(channel);
        _checkCaller(channelId, channel.payer);
        uint256 time = withdrawableAt[channelId];
        if (time == 0 || block.timestamp < time) {
            revert PaymentChannels_NotWithdrawable(channelId, time, block.timestamp);
        }
        uint256 amount = _empty(channel, channelId);
        emit ChannelWithdrawn(channelId, amount);
        _giveBack(channel.payer, amount);
    }

    // ------------------------------------------------------------------ views

    /// @notice Id of a channel. Vouchers are bound to chain and contract by their EIP-712 domain.
    function channelIdOf(Channel calldata channel) public pure returns (bytes32) {
        return Vouchers.channelId(termsIdOf(channel), channel.signer);
    }

    /// @notice Hash of a channel's terms without its signer: what a voucher names.
    function termsIdOf(Channel calldata channel) public pure returns (bytes32) {
        // Or these terms would have the id of those where the signer is the payer.
        if (channel.payer == address(0)) revert PaymentChannels_NoPayer();
        return
            Vouchers.termsId(
                Terms({
                    payer: channel.payer == channel.signer ? address(0) : channel.payer,
                    operator: channel.operator,
                    splitId: channel.splitId,
                    withdrawDelaySeconds: channel.withdrawDelaySeconds,
                    salt: channel.salt
                })
            );
    }

    /// @notice State of a channel.
    /// @return balance What can still be settled or withdrawn.
    /// @return settled What has been settled since the channel exists.
    /// @return number Its number; zero if nothing was ever deposited.
    function channelOf(bytes32 channelId) external view returns (uint256 balance, uint256 settled, uint256 number) {
        State storage state = _state(channelId);
        return (state.balance, state.settled, state.number);
    }

    /// @notice When an operator settled an amount for a split with a memo and had it kept, in seconds since 1970; zero if it
    /// did not. The same settled twice counts from the first time.
    ///
    /// Warning: It says that the split was paid, and nothing about who paid: an operator can be its own payer. The memo is
    /// the operator's word; if vouchers were skipped, the amount is less than that of the receipts it commits to. Whoever
    /// relies on a receipt has to prove it against the memo and compare the sum of all its receipts with the amount.
    function settledAt(
        address operator,
        bytes32 splitId,
        bytes32 memo,
        uint256 amount
    ) external view returns (uint256) {
        return _settledAt[_settlementId(operator, splitId, memo, amount)];
    }

    /// @notice What a payer put at an operator's disposal so far, and its cap.
    function limitOf(
        address payer,
        address operator
    ) external view returns (uint256 deposited, bool capped, uint256 cap) {
        Limit storage limit = _limits[payer][operator];
        return (limit.deposited, limit.capped, limit.cap);
    }

    /// @notice What a channel's signer signs to let the operator claim up to `maxClaimableAmount` in total.
    /// @param termsId Hash of the terms; where a contract signs, the channel's id. A key's signature tells whose it is, but
    /// several contracts may take the signature of one key.
    function voucherDigest(bytes32 termsId, uint128 maxClaimableAmount) external view returns (bytes32) {
        return Vouchers.digest(_domainSeparatorV4(), termsId, maxClaimableAmount);
    }

    // ------------------------------------------------------------------ internals

    /// @dev An id is the hash of a hash and an address, as no place of this contract's other state is.
    function _state(bytes32 channelId) private pure returns (State storage state) {
        assembly ("memory-safe") {
            state.slot := channelId
        }
    }

    function _checkCaller(bytes32 channelId, address allowed) private view {
        if (msg.sender != allowed) revert PaymentChannels_NotAllowed(channelId, msg.sender, allowed);
    }

    /// @dev Books a deposit.
    /// @param from Who consents to it.
    function _deposit(Channel calldata channel, uint256 amount, address from) private returns (bytes32 channelId) {
        // Check
        channelId = channelIdOf(channel);
        if (from != channel.payer) revert PaymentChannels_NotAllowed(channelId, from, channel.payer);
        if (channel.signer == address(0)) revert PaymentChannels_NoSigner(channelId);
        if (amount == 0) revert PaymentChannels_ZeroAmount();
        uint256 delay = channel.withdrawDelaySeconds;
        if (delay < MIN_WITHDRAW_DELAY_SECONDS || delay > MAX_WITHDRAW_DELAY_SECONDS) {
            revert PaymentChannels_BadDelay(delay, MIN_WITHDRAW_DELAY_SECONDS, MAX_WITHDRAW_DELAY_SECONDS);
        }
        State storage state = _state(channelId);
        uint256 total = uint256(state.settled) + state.balance;
        if (amount > MAX_TOTAL - total) revert PaymentChannels_DepositOverflow(channelId, total, amount);
        Limit storage limit = _limits[channel.payer][channel.operator];
        uint256 deposited = limit.deposited + amount;
        uint256 cap = limit.capped ? limit.cap : MAX_TOTAL;
        if (deposited > cap) revert PaymentChannels_AboveCap(channel.payer, channel.operator, deposited, cap);

        // Effect
        limit.deposited = uint96(deposited);
        if (state.number == 0) _open(channel, channelId, state);
        state.balance += uint96(amount);
        if (withdrawableAt[channelId] != 0) withdrawableAt[channelId] = 0;
        emit ChannelDeposited(channelId, amount);
    }

    function _open(Channel calldata channel, bytes32 channelId, State storage state) private {
        uint256 number = ++channelCount;
        state.number = SafeCast.toUint32(number);
        emit ChannelOpened(
            channelId,
            channel.payer,
            channel.operator,
            number,
            channel.signer,
            channel.splitId,
            channel.withdrawDelaySeconds,
            channel.salt
        );
    }

    /// @dev Takes all of a channel's balance out of the books and ends a wish to withdraw.
    function _empty(Channel calldata channel, bytes32 channelId) private returns (uint256 amount) {
        State storage state = _state(channelId);
        amount = state.balance;
        if (amount == 0) revert PaymentChannels_NothingToWithdraw(channelId);
        state.balance = 0;
        withdrawableAt[channelId] = 0;
        _limits[channel.payer][channel.operator].deposited -= uint96(amount);
    }

    /// @dev Puts a settlement of the caller's on record.
    function _keep(bytes32 splitId, bytes32 memo, uint256 amount) private {
        bytes32 id = _settlementId(msg.sender, splitId, memo, amount);
        if (_settledAt[id] != 0) return;
        _settledAt[id] = block.timestamp;
        emit SettlementKept(msg.sender, splitId, memo, amount);
    }

    function _settlementId(
        address operator,
        bytes32 splitId,
        bytes32 memo,
        uint256 amount
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(operator, splitId, memo, amount));
    }

    /// @dev Settles vouchers that go to one split.
    /// @return amount What they come to.
    function _settle(Settlement calldata settlement) private returns (uint256 amount, bytes memory statuses) {
        bytes calldata vouchers = settlement.vouchers;
        Terms memory terms = Terms({
            payer: address(0),
            operator: msg.sender,
            splitId: settlement.splitId,
            withdrawDelaySeconds: settlement.withdrawDelaySeconds,
            salt: settlement.salt
        });
        Batch memory batch = Vouchers.newBatch(vouchers, _domainSeparatorV4(), Vouchers.termsId(terms));
        statuses = new bytes(batch.count);
        while (true) {
            Vouchers.settlePlain(vouchers, batch);
            if (batch.done == batch.count) break;
            Status status = _settleOther(vouchers, batch, terms);
            statuses[batch.done] = bytes1(uint8(status));
            ++batch.done;
        }
        Vouchers.checkEnd(vouchers, batch);
        amount = batch.amount;
        if (amount == 0) return (amount, statuses);
        if (settlement.kept) _keep(settlement.splitId, settlement.memo, amount);
        // Last: the court reads the payment's log right behind this one.
        emit Settled(msg.sender, settlement.splitId, batch.settled);
    }

    /// @dev Settles a voucher that is not a plain one, or says why it cannot be settled.
    function _settleOther(
        bytes calldata vouchers,
        Batch memory batch,
        Terms memory terms
    ) private returns (Status status) {
        Voucher memory v = Vouchers.read(vouchers, batch.position);
        terms.payer = v.payer;
        bytes32 termsId = v.payer == address(0) ? batch.ownTermsId : Vouchers.termsId(terms);
        bytes calldata signature = Vouchers.signatureOf(vouchers, v);
        bytes32 digest;
        if (!v.byContract) {
            digest = Vouchers.digest(_domainSeparatorV4(), termsId, v.max);
            (v.signer, , ) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        }
        bytes32 channelId = Vouchers.channelId(termsId, v.signer);
        if (v.byContract) digest = Vouchers.digest(_domainSeparatorV4(), channelId, v.max);
        State storage state = _state(channelId);
        uint256 settled = state.settled;

        if (v.signer == address(0)) status = Status.BadSignature;
        else if (state.number == 0) status = Status.UnknownChannel;
        else if (v.total <= settled) status = Status.NothingNew;
        else if (v.total > v.max) status = Status.AboveVoucher;
        else if (v.total - settled > state.balance) status = Status.AboveDeposit;
        else if (v.byContract && !Signatures.isValidERC1271(v.signer, digest, signature, SIGNATURE_GAS)) {
            status = Status.BadSignature;
        }

        batch.position = v.end;
        if (status != Status.Settled) {
            emit VoucherSkipped(channelId, msg.sender, v.signer, status, v.total);
            return status;
        }
        uint256 difference = v.total - settled;
        state.settled = uint96(v.total);
        state.balance -= uint96(difference);
        Vouchers.book(batch, state.number, v.total, difference);
    }
}
