// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Draw, Draws} from "../../../contracts/ledger/Draws.sol";

/// @notice What can go wrong on purpose. Behind each the calls in which it does.
enum Fault {
    None,
    WrongError, // whatever reverts
    TakesOneMore, // pay
    ForgetsTime, // release
    ForgetsCalls, // release
    LosesReceived, // release
    HighBitReceived, // pay
    ForgetsDrawn, // release
    DrawsOnRedirect, // redirect
    DrawsZeroUnits, // release
    DrawsTooMuch, // release
    CreditsCaller, // release
    LeaksTokens, // release
    LeaksOut, // withdraw
    ReleasesIntoBalances, // payOut
    InventsCalls, // deposit
    KeepsSomeOfASweep, // pay by a contract
    ClaimLeavesOne, // claim
    LivesOnTime, // views
    TakesFromLastDepositor, // pay: from the balance
    PullsFromLastDepositor, // pay: from the wallet
    AllowanceGrows, // transferBalanceFrom
    AllowanceStays, // transferBalanceFrom
    NonceStays, // claimWithSignature
    RedirectsNeighbour, // redirect
    RedirectsUnasked, // release
    RedirectPays, // redirect
    SwallowsErrors, // release
    SaysOneMore, // release: the returned amount
    EmitsPaid, // release
    EmitsCredited, // pay
    EmitsDeposited, // pay
    EmitsRelayed, // pay
    StopsReleasing, // release, after some time
    KeepsTheLast // withdraw: refuses a whole balance
}

/// @title The ledger with one planted bug
/// @notice Runs the real code on its own storage, and gets one thing wrong before or after. The slots are those of
/// {AttributionLedger}: with others, nobody would find the bugs.
contract FaultyLedger {
    uint256 private constant NONCES = 2;
    uint256 private constant RECEIVED = 3;
    uint256 private constant DRAWN = 4;
    uint256 private constant BALANCE = 5;
    uint256 private constant ALLOWANCE = 6;
    uint256 private constant REDIRECT = 7;

    /// @dev Own storage, far from the ledger's.
    bytes32 private constant DEPOSITED_ACCOUNT = keccak256("the account of the last deposit");
    bytes32 private constant DEPOSITOR = keccak256("the wallet of the last deposit");

    AttributionLedger private immutable code;
    Fault private immutable fault;
    uint256 private immutable start;

    constructor(AttributionLedger code_, Fault fault_) {
        (code, fault, start) = (code_, fault_, block.timestamp);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return _serve(msg.sig);
    }

    function _serve(bytes4 selector) private returns (bytes memory out) {
        _before(selector);
        bytes memory data = msg.data;
        if (fault == Fault.ReleasesIntoBalances && selector == AttributionLedger.payOut.selector) {
            data = bytes.concat(AttributionLedger.release.selector, msg.data[4:]);
        }
        bool ok;
        (ok, out) = address(code).delegatecall(data);
        if (!ok && fault == Fault.SwallowsErrors && _releases(selector)) (ok, out) = (true, new bytes(32));
        if (!ok && fault == Fault.WrongError) out = "";
        if (ok) _after(selector, out);
        else {
            assembly ("memory-safe") {
                revert(add(out, 32), mload(out))
            }
        }
    }

    // ------------------------------------------------------------------ faults

    function _before(bytes4 selector) private view {
        if (fault == Fault.StopsReleasing && _releases(selector)) {
            require(block.timestamp < start + 30 days, "no more");
        }
        if (fault == Fault.KeepsTheLast && selector == AttributionLedger.withdraw.selector) {
            (uint96 tag, uint256 amount) = abi.decode(msg.data[4:], (uint96, uint256));
            bytes32 account = bytes32(abi.encodePacked(tag, msg.sender));
            require(amount != uint256(_load(_slot(account, BALANCE))), "not all of it");
        }
    }

    function _after(bytes4 selector, bytes memory out) private {
        if (selector == AttributionLedger.pay.selector) _afterPay();
        else if (_releases(selector)) _afterRelease(out);
        else if (selector == AttributionLedger.redirect.selector) _afterRedirect(abi.decode(out, (bytes32)));
        else if (selector == AttributionLedger.deposit.selector) _afterDeposit();
        else if (selector == AttributionLedger.transferBalanceFrom.selector) _afterTransferFrom();
        else if (selector == AttributionLedger.claimWithSignature.selector) _afterSignedClaim();
        else if (selector == code.balanceOf.selector && fault == Fault.LivesOnTime) _addTime(out);
        else if (selector == AttributionLedger.claim.selector && fault == Fault.ClaimLeavesOne) {
            _store(_slot(bytes32(uint256(uint160(msg.sender))), BALANCE), 1);
        } else if (selector == AttributionLedger.withdraw.selector && fault == Fault.LeaksOut) {
            code.token().transfer(address(0xdead), 1);
        }
    }

    function _afterPay() private {
        (bytes32 id, uint256 amount) = abi.decode(msg.data[4:], (bytes32, uint256));
        bytes32 slot = _slot(id, RECEIVED);
        bytes32 account = _load(DEPOSITED_ACCOUNT);
        address depositor = address(uint160(uint256(_load(DEPOSITOR))));
        if (fault == Fault.TakesOneMore) _store(slot, uint256(_load(slot)) + 1);
        if (fault == Fault.HighBitReceived) _store(slot, uint256(_load(slot)) | (1 << 127));
        if (fault == Fault.KeepsSomeOfASweep && msg.sender.code.length != 0) code.token().transfer(msg.sender, 1);
        if (fault == Fault.EmitsCredited) emit AttributionLedger.Credited(id, account, 0, amount);
        if (fault == Fault.EmitsDeposited) emit AttributionLedger.Deposited(msg.sender, account, amount);
        if (fault == Fault.EmitsRelayed) emit AttributionLedger.ClaimRelayed(msg.sender, msg.sender, 7, 0);
        if (fault == Fault.TakesFromLastDepositor && uint256(_load(_slot(account, BALANCE))) != 0) {
            _store(_slot(account, BALANCE), uint256(_load(_slot(account, BALANCE))) - 1);
        }
        if (fault == Fault.PullsFromLastDepositor && depositor != address(0) && depositor != msg.sender) {
            code.token().transferFrom(depositor, address(this), 1);
        }
    }

    /// @dev What goes wrong concerns the first share of the first draw.
    function _afterRelease(bytes memory out) private {
        bytes calldata draws = msg.data[68:];
        Draw memory draw;
        Draws.read(draws, 0, draw);
        bytes32 received = _slot(draw.splitId, RECEIVED);
        bytes32 drawn = _pairSlot(draw.splitId, draw.first / 2, DRAWN);
        uint256 amount = uint128(uint256(_load(received)));
        if (fault == Fault.ForgetsTime) _store(received, uint192(uint256(_load(received))));
        if (fault == Fault.ForgetsCalls) _store(received, uint256(_load(received)) & ~(uint256(2 ** 64 - 1) << 128));
        if (fault == Fault.LosesReceived && amount != 0) _store(received, uint256(_load(received)) - 1);
        if (fault == Fault.ForgetsDrawn) _store(drawn, 0);
        if (fault == Fault.DrawsTooMuch) _store(drawn, (amount + 1) | ((amount + 1) << 128));
        if (fault == Fault.DrawsZeroUnits) _drawZeroUnits(draws, draw);
        if (fault == Fault.CreditsCaller) _increase(bytes32(uint256(uint160(msg.sender))));
        if (fault == Fault.LeaksTokens) code.token().transfer(msg.sender, 1);
        if (fault == Fault.RedirectsUnasked) _store(_pairSlot(draw.splitId, draw.first, REDIRECT), 1);
        if (fault == Fault.EmitsPaid) emit AttributionLedger.Paid(draw.splitId, 0, 1, 1, 0);
        if (fault == Fault.SaysOneMore) {
            assembly ("memory-safe") {
                mstore(add(out, 32), add(mload(add(out, 32)), 1))
            }
        }
    }

    function _drawZeroUnits(bytes calldata draws, Draw memory draw) private {
        for (uint256 index = draw.first; index <= draw.last; ++index) {
            (, , uint256 units) = Draws.share(draws, 40 + 81 * (index - draw.first), index);
            bytes32 drawn = _pairSlot(draw.splitId, index / 2, DRAWN);
            if (units == 0) _store(drawn, uint256(_load(drawn)) | (1 << (index % 2 == 0 ? 0 : 128)));
        }
    }

    function _afterRedirect(bytes32 id) private {
        (, , , uint64 index, ) = abi.decode(msg.data[4:], (bytes32, uint128, uint64, uint64, bytes32));
        bytes32 drawn = _pairSlot(id, index / 2, DRAWN);
        if (fault == Fault.DrawsOnRedirect) _store(drawn, uint256(_load(drawn)) + 1);
        if (fault == Fault.RedirectsNeighbour) _store(_pairSlot(id, index == 0 ? 1 : index - 1, REDIRECT), index + 1);
        if (fault == Fault.RedirectPays) _increase(bytes32(uint256(uint160(msg.sender))));
    }

    function _afterDeposit() private {
        _store(DEPOSITED_ACCOUNT, abi.decode(msg.data[4:], (uint256)));
        _store(DEPOSITOR, uint160(msg.sender));
        bytes32 nowhere = _slot(keccak256("an id that is the hash of no split"), RECEIVED);
        if (fault == Fault.InventsCalls) _store(nowhere, uint256(_load(nowhere)) + (1 << 128));
    }

    function _afterTransferFrom() private {
        (bytes32 account, , uint256 amount) = abi.decode(msg.data[4:], (bytes32, bytes32, uint256));
        bytes32 slot = keccak256(abi.encode(msg.sender, _slot(account, ALLOWANCE)));
        if (fault == Fault.AllowanceStays) _store(slot, uint256(_load(slot)) + amount);
        if (fault == Fault.AllowanceGrows) _store(slot, uint256(_load(slot)) + amount + 1);
    }

    function _afterSignedClaim() private {
        (, uint256 account) = abi.decode(msg.data[4:], (uint256, uint256));
        bytes32 slot = _slot(bytes32(account), NONCES);
        if (fault == Fault.NonceStays) _store(slot, uint256(_load(slot)) - 1);
    }

    function _addTime(bytes memory out) private view {
        uint256 elapsed = block.timestamp - start;
        assembly ("memory-safe") {
            mstore(add(out, 32), add(mload(add(out, 32)), elapsed))
        }
    }

    function _releases(bytes4 selector) private pure returns (bool) {
        return selector == AttributionLedger.release.selector || selector == AttributionLedger.payOut.selector;
    }

    // ------------------------------------------------------------------ storage

    function _increase(bytes32 account) private {
        _store(_slot(account, BALANCE), uint256(_load(_slot(account, BALANCE))) + 1);
    }

    function _slot(bytes32 key, uint256 mapping_) private pure returns (bytes32) {
        return keccak256(abi.encode(key, mapping_));
    }

    function _pairSlot(bytes32 id, uint256 pair, uint256 mapping_) private pure returns (bytes32) {
        return keccak256(abi.encode(pair, _slot(id, mapping_)));
    }

    function _load(bytes32 slot) private view returns (bytes32 word) {
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function _store(bytes32 slot, uint256 word) private {
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }
}
