// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger, Authorization} from "../../../contracts/ledger/AttributionLedger.sol";
import {Channel, PaymentChannels, Settlement, Status} from "../../../contracts/payments/PaymentChannels.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {Vm, VM} from "../../solidity/Vm.sol";
import {ChannelProperties} from "./ChannelProperties.sol";

/// @title A campaign on payment channels: one function per thing that somebody can do to them
/// @notice Each takes a seed and derives everything from it. The same plain rules as everywhere say whether a call has to
/// succeed; what it is refused with is for other tests.
abstract contract ChannelHandlers is ChannelProperties {
    using Random for Source;

    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 private constant TOKENS = 1e24;

    /// @dev A voucher on its way, and what it does if it is good.
    struct Draft {
        uint256 channel;
        uint256 max;
        uint256 total;
        bool good;
        bytes packed;
    }

    /// @dev No two are the same.
    uint256 private authorizations;

    constructor(OpenToken token_, AttributionLedger ledger_) ChannelProperties(token_, ledger_) {}

    /// @notice Gives everybody tokens and a balance. Call it once, first.
    function open() external {
        token.approve(address(ledger), type(uint256).max);
        for (uint256 i = 0; i < PAYERS; ++i) {
            address payer = payers[i];
            token.transfer(payer, TOKENS);
            ledger.deposit(_account(payer), TOKENS);
            VM.prank(payer);
            token.approve(address(channels), type(uint256).max);
            VM.prank(payer);
            ledger.approveSpender(0, address(channels), type(uint256).max);
        }
        _look();
    }

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](16);
        (list[0], list[1], list[2]) = (this.deposit.selector, this.deposit.selector, this.depositFromBalance.selector);
        (list[3], list[4]) = (this.depositWithAuthorization.selector, this.setOperatorCap.selector);
        (list[5], list[6], list[7]) = (this.settle.selector, this.settle.selector, this.settle.selector);
        (list[8], list[9], list[10]) = (this.settle.selector, this.settleAgain.selector, this.close.selector);
        (list[11], list[12]) = (this.requestWithdrawal.selector, this.withdraw.selector);
        (list[13], list[14]) = (this.passTime.selector, this.actAsStranger.selector);
        list[15] = this.giveBalance.selector;
    }

    // ------------------------------------------------------------------ deposits

    function deposit(uint256 seed) external {
        (, uint256 i, uint256 amount) = _deposit(seed);
        _begin(i, true);
        VM.prank(opened[i].payer);
        _call(i, amount, abi.encodeCall(channels.deposit, (opened[i], amount)));
    }

    function depositFromBalance(uint256 seed) external {
        (, uint256 i, uint256 amount) = _deposit(seed);
        if (amount > ledger.balanceOf(_account(opened[i].payer))) return;
        _begin(i, true);
        VM.prank(opened[i].payer);
        _call(i, amount, abi.encodeCall(channels.depositFromBalance, (opened[i], 0, amount)));
    }

    /// @dev Submitted by anybody; of wallets with a key only.
    function depositWithAuthorization(uint256 seed) external {
        (Source memory source, uint256 i, uint256 amount) = _deposit(seed);
        address payer = opened[i].payer;
        if (payer.code.length != 0) return;
        bytes32 salt = bytes32(++authorizations);
        bytes32 nonce = keccak256(abi.encode(ids[i], salt));
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                token.DOMAIN_SEPARATOR(),
                keccak256(abi.encode(RECEIVE_TYPEHASH, payer, address(channels), amount, 0, type(uint256).max, nonce))
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keyOf[payer], digest);
        _begin(i, true);
        VM.prank(payers[source.below(PAYERS)]);
        _call(
            i,
            amount,
            abi.encodeCall(
                channels.depositWithAuthorization,
                (opened[i], amount, Authorization(0, type(uint256).max, salt, v, r, s))
            )
        );
    }

    function setOperatorCap(uint256 seed) external {
        Source memory source = Random.from(seed);
        (uint256 p, uint256 o) = (source.below(PAYERS), source.below(OPERATORS));
        _begin(CHANNELS, false);
        VM.prank(payers[p]);
        if (source.oneIn(2)) {
            channels.liftOperatorCap(operators[o]);
            capOf[p][o] = type(uint96).max;
        } else {
            capOf[p][o] = source.magnitude(100_000);
            channels.setOperatorCap(operators[o], capOf[p][o]);
        }
        _done();
        _checkStep();
    }

    function _deposit(uint256 seed) private pure returns (Source memory source, uint256 i, uint256 amount) {
        source = Random.from(seed);
        i = source.below(CHANNELS);
        amount = source.oneIn(32) ? 0 : source.magnitude(10_000);
    }

    function _call(uint256 i, uint256 amount, bytes memory data) private {
        uint256 inAll = depositedOf[payerOf[i]][operatorOf[i]] + amount;
        bool allowed = amount != 0 && inAll <= capOf[payerOf[i]][operatorOf[i]];
        (bool success, ) = address(channels).call(data);
        _hold(success == allowed, "C01_depositsWithinTheCapAndOnlyThoseAreTaken");
        if (success) {
            bookDeposited[i] += amount;
            depositedOf[payerOf[i]][operatorOf[i]] = inAll;
            bookWithdrawableAt[i] = 0;
            if (bookNumber[i] == 0) bookNumber[i] = ++bookCount;
            _done();
        }
        _checkStep();
    }

    // ------------------------------------------------------------------ settlements

    /// @dev Vouchers of one operator for channels to one split, most of them good.
    function settle(uint256 seed) external {
        (uint256 o, uint256 split, Draft[] memory drafts, bytes memory packed) = _batch(Random.from(seed));
        _settle(o, split, drafts, packed);
    }

    /// @dev The same vouchers twice.
    function settleAgain(uint256 seed) external {
        (uint256 o, uint256 split, Draft[] memory drafts, bytes memory packed) = _batch(Random.from(seed));
        _settle(o, split, drafts, packed);
        uint256 before = bookPaid;
        _settle(o, split, drafts, packed);
        _hold(bookPaid == before, "C02_nothingIsSettledTwice");
    }

    function _batch(
        Source memory source
    ) private returns (uint256 o, uint256 split, Draft[] memory drafts, bytes memory packed) {
        (o, split) = (source.below(OPERATORS), source.below(SPLITS));
        drafts = new Draft[](source.between(1, 5));
        packed = abi.encodePacked(uint16(drafts.length));
        for (uint256 i = 0; i < drafts.length; ++i) {
            drafts[i] = _draft(source, _channelOf(source, o, split));
            packed = bytes.concat(packed, drafts[i].packed);
        }
    }

    /// @dev Some are kept, under one of three memos: the same amount comes twice now and then.
    function _settle(uint256 o, uint256 split, Draft[] memory drafts, bytes memory packed) private {
        Settlement[] memory settlements = new Settlement[](1);
        uint256 choice = uint256(keccak256(packed));
        settlements[0] = Settlement(splitIds[split], DELAY, 0, 1, bytes32(choice % 3), choice % 5 < 3, packed);
        _begin(CHANNELS, false);
        VM.recordLogs();
        VM.prank(operators[o]);
        bytes memory statuses = channels.settle(settlements)[0];
        _hold(statuses.length == drafts.length, "C03_everyVoucherHasAStatus");
        uint256 amount = 0;
        for (uint256 i = 0; i < drafts.length; ++i) {
            Draft memory draft = drafts[i];
            uint256 c = draft.channel;
            uint256 settled = bookSettled[c];
            uint256 balance = bookDeposited[c] - settled - bookGivenBack[c];
            bool due = draft.good && draft.total > settled && draft.total - settled <= balance;
            due = due && draft.total <= draft.max;
            bool done = uint8(statuses[i]) == uint8(Status.Settled);
            _hold(done == due, "C04_goodVouchersAndOnlyThoseAreSettled");
            if (!done) continue;
            bookSettled[c] = draft.total;
            amount += draft.total - settled;
        }
        bookPaid += amount;
        paidTo[split] += amount;
        settledBy[o][split] += amount;
        _readRecord(o, split, settlements[0], amount);
        if (amount != 0) _done();
        _checkStep();
    }

    /// @dev What is said to be on record now, and what should be.
    function _readRecord(uint256 o, uint256 split, Settlement memory settlement, uint256 amount) private {
        Vm.Log[] memory logs = VM.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != PaymentChannels.SettlementKept.selector) continue;
            bool own = logs[i].topics[1] == _account(operators[o]) && logs[i].topics[2] == splitIds[split];
            _hold(own, "C21_onlyOnesOwnSettlementsAreKept");
            (, uint256 kept) = abi.decode(logs[i].data, (bytes32, uint256));
            keptBy[o][split] += kept;
        }
        bytes32 id = keccak256(abi.encode(o, split, settlement.memo, amount));
        if (settlement.kept && amount != 0 && bookKeptAt[id] == 0) bookKeptAt[id] = VM.getBlockTimestamp();
        for (uint256 i = 0; i < OPERATORS; ++i) {
            id = keccak256(abi.encode(i, split, settlement.memo, amount));
            uint256 time = channels.settledAt(operators[i], splitIds[split], settlement.memo, amount);
            _hold(time == bookKeptAt[id], "C22_whatIsKeptIsOnRecordSinceItWasFirstSettled");
        }
    }

    function _channelOf(Source memory source, uint256 o, uint256 split) private pure returns (uint256) {
        uint256 kind = source.below(CHANNELS / OPERATORS / SPLITS);
        return (kind * OPERATORS + o) * SPLITS + split;
    }

    function _draft(Source memory source, uint256 c) private returns (Draft memory draft) {
        Channel memory channel = opened[c];
        uint256 balance = bookDeposited[c] - bookSettled[c] - bookGivenBack[c];
        draft.channel = c;
        draft.max = bookSettled[c] + (source.oneIn(8) ? source.below(balance + 2) : source.magnitude(balance + 1));
        if (source.oneIn(12)) draft.max = source.below(bookSettled[c] + 1);
        draft.total = draft.max;
        if (source.oneIn(4)) draft.total = source.oneIn(4) ? draft.max + 1 : source.below(draft.max + 1);
        draft.good = !source.oneIn(10);
        bool paysItself = channel.payer == channel.signer;
        bool byContract = channel.signer.code.length != 0;
        bytes32 named = byContract ? channels.channelIdOf(channel) : channels.termsIdOf(channel);
        bytes32 digest = channels.voucherDigest(named, uint128(draft.max));
        uint256 key = draft.good ? keyOf[channel.signer] : uint256(keccak256("a key that nobody trusts"));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        if (draft.good && draft.max > signedMax[c]) signedMax[c] = draft.max;
        uint8 flags = (draft.total == draft.max ? 0 : 1) | (paysItself ? 0 : 2) | (byContract ? 4 : 0);
        draft.packed = abi.encodePacked(
            flags,
            uint96(draft.max),
            draft.total == draft.max ? bytes("") : abi.encodePacked(uint96(draft.total)),
            paysItself ? bytes("") : abi.encodePacked(channel.payer),
            byContract
                ? abi.encodePacked(channel.signer, uint16(65), r, s, v)
                : abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)))
        );
    }

    // ------------------------------------------------------------------ money back

    function close(uint256 seed) external {
        uint256 i = Random.from(seed).below(CHANNELS);
        Channel[] memory list = new Channel[](1);
        list[0] = opened[i];
        _begin(i, true);
        VM.prank(opened[i].operator);
        channels.close(list);
        _afterReturn(i, _bookBalance(i) != 0, true);
    }

    function requestWithdrawal(uint256 seed) external {
        uint256 i = Random.from(seed).below(CHANNELS);
        _begin(i, false);
        VM.prank(opened[i].payer);
        (bool success, ) = address(channels).call(abi.encodeCall(channels.requestWithdrawal, (opened[i])));
        _hold(success == (_bookBalance(i) != 0), "C05_onlyMoneyCanBeAskedFor");
        if (success) {
            bookWithdrawableAt[i] = VM.getBlockTimestamp() + DELAY;
            _done();
        }
        _checkStep();
    }

    /// @dev Of a channel whose payer asked, if there is one.
    function withdraw(uint256 seed) external {
        uint256 i = Random.from(seed).below(CHANNELS);
        for (uint256 n = 0; n < CHANNELS && bookWithdrawableAt[i] == 0; ++n) i = (i + 1) % CHANNELS;
        uint256 time = bookWithdrawableAt[i];
        if (time != 0 && seed % 2 == 0 && VM.getBlockTimestamp() < time) VM.warp(time - ((seed >> 1) % 2));
        _begin(i, true);
        VM.prank(opened[i].payer);
        (bool success, ) = address(channels).call(abi.encodeCall(channels.withdraw, (opened[i])));
        _afterReturn(i, success, time != 0 && VM.getBlockTimestamp() >= time);
    }

    function _afterReturn(uint256 i, bool success, bool mayReturn) private {
        _hold(success == (mayReturn && _bookBalance(i) != 0), "C06_moneyComesBackInTimeAndOnlyThen");
        if (success) {
            uint256 amount = _bookBalance(i);
            bookGivenBack[i] += amount;
            depositedOf[payerOf[i]][operatorOf[i]] -= amount;
            bookWithdrawableAt[i] = 0;
            _done();
        }
        _checkStep();
    }

    // ------------------------------------------------------------------ others

    function passTime(uint256 seed) external {
        _begin(CHANNELS, false);
        VM.warp(VM.getBlockTimestamp() + (seed % (2 * DELAY)));
        _done();
        _checkStep();
    }

    /// @dev Whatever a stranger tries with a channel is refused, and its vouchers are worth nothing to it.
    function actAsStranger(uint256 seed) external {
        Source memory source = Random.from(seed);
        uint256 i = source.below(CHANNELS);
        Channel[] memory list = new Channel[](1);
        list[0] = opened[i];
        bytes[4] memory calls = [
            abi.encodeCall(channels.deposit, (opened[i], 1)),
            abi.encodeCall(channels.close, (list)),
            abi.encodeCall(channels.requestWithdrawal, (opened[i])),
            abi.encodeCall(channels.withdraw, (opened[i]))
        ];
        _begin(CHANNELS, false);
        VM.prank(STRANGER);
        (bool success, ) = address(channels).call(calls[source.below(4)]);
        _hold(!success, "C07_strangersAreRefused");

        bytes memory packed = bytes.concat(bytes2(uint16(1)), _draft(source, i).packed);
        Settlement[] memory settlements = new Settlement[](1);
        settlements[0] = Settlement(opened[i].splitId, DELAY, 0, 1, 0, true, packed);
        VM.prank(STRANGER);
        bytes memory statuses = channels.settle(settlements)[0];
        _hold(uint8(statuses[0]) != uint8(Status.Settled), "C08_strangersSettleNothing");
        _done();
        _checkStep();
    }

    /// @dev Balance that comes without a deposit is nobody's.
    function giveBalance(uint256 seed) external {
        uint256 amount = 1 + (seed % 100);
        if (given + amount > 10_000) return;
        _begin(CHANNELS, false);
        token.approve(address(ledger), amount);
        ledger.deposit(_account(address(channels)), amount);
        given += amount;
        _done();
        _checkStep();
    }

    function finish() external override {
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (_bookBalance(i) == 0) continue;
            Channel[] memory list = new Channel[](1);
            list[0] = opened[i];
            VM.prank(opened[i].operator);
            channels.close(list);
        }
        _hold(
            ledger.balanceOf(_account(address(channels))) == given,
            "C20_inTheEndEverybodyHasItsMoneyAndNothingIsLeft"
        );
    }
}
