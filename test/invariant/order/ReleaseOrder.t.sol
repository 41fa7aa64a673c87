// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {SplitAddresses} from "../../../contracts/ledger/SplitAddresses.sol";
import {Campaign, Subject} from "../../solidity/Campaign.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {LedgerWorld, Range} from "../ledger/LedgerWorld.sol";
import {WideToken} from "../ledger/WideToken.sol";

/// @title Three ledgers with the same payments
/// @notice The lazy one is released at random, the eager one completely after every payment. The third gets what each
/// split was paid in one sum at the end, and is released share by share, children before their parents, as often as
/// that takes. Each has a token of its own, so that what a wallet earned is what it holds.
contract ReleaseOrderSubject is Subject, LedgerWorld {
    using Random for Source;

    /// @dev So that no run can fill a split.
    uint256 private constant MOST_PAYMENT = 2 ** 118;

    AttributionLedger private immutable eager;
    AttributionLedger private immutable summed;

    mapping(uint256 split => uint256) private paid;

    constructor(
        AttributionLedger lazy_,
        AttributionLedger eager_,
        AttributionLedger summed_
    ) LedgerWorld(lazy_, new SplitAddresses(lazy_)) {
        (eager, summed) = (eager_, summed_);
        lazy_.token().approve(address(lazy_), type(uint256).max);
        eager_.token().approve(address(eager_), type(uint256).max);
        summed_.token().approve(address(summed_), type(uint256).max);
    }

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](7);
        (list[0], list[1]) = (this.addSplit.selector, this.pay.selector);
        (list[2], list[3]) = (this.pay.selector, this.release.selector);
        (list[4], list[5]) = (this.payOut.selector, this.claim.selector);
        list[6] = this.withdraw.selector;
    }

    // ------------------------------------------------------------------ handlers

    function addSplit(uint256 seed) external {
        uint256 before = splits.length;
        _addRandomSplit(Random.from(seed));
        if (splits.length != before) _done();
    }

    function pay(uint256 seed) external {
        Source memory source = Random.from(seed);
        uint256 split = source.below(splits.length);
        uint256 amount = source.magnitude(MOST_PAYMENT);
        ledger.pay(splits[split].id, amount, 1, 0);
        eager.pay(splits[split].id, amount, 1, 0);
        paid[split] += amount;
        _done();
        _releaseAll(eager);
        _check();
    }

    function release(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes memory draws = _encode(_paidRanges(source));
        if (draws.length == 0) return;
        if (ledger.release(draws) != 0) _done();
        _check();
    }

    function payOut(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes memory draws = _encode(_paidRanges(source));
        if (draws.length == 0) return;
        if (ledger.payOut(draws) != 0) _done();
        _check();
    }

    function claim(uint256 seed) external {
        Source memory source = Random.from(seed);
        address wallet = wallets[source.below(WALLETS)];
        bytes memory draws = _encode(_paidRanges(source));
        VM.prank(wallet);
        try ledger.claim(draws, wallet) {
            _done();
        } catch (bytes memory reason) {
            require(bytes4(reason) == AttributionLedger.AttributionLedger_NothingToClaim.selector, string(reason));
        }
        _check();
    }

    function withdraw(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = accounts[source.below(WALLETS)];
        uint256 balance = ledger.balanceOf(account);
        if (balance == 0) return;
        VM.prank(_ownerOf(account));
        ledger.withdraw(0, source.magnitude(balance), _ownerOf(account));
        _done();
        _check();
    }

    // ------------------------------------------------------------------ properties

    function finish() external override {
        _releaseAll(ledger);
        for (uint256 i = 0; i < splits.length; ++i) {
            if (paid[i] != 0) summed.pay(splits[i].id, paid[i], 1, 0);
        }
        while (_releaseOldestFirst(summed) != 0) {}

        _hold(R04_lazyAndEagerEarnTheSame(), "R04_lazyAndEagerEarnTheSame");
        _hold(R05_oneSumEarnsTheSameAsManyPayments(), "R05_oneSumEarnsTheSameAsManyPayments");
        _hold(R06_everySplitEndsTheSame(), "R06_everySplitEndsTheSame");
        _hold(R07_everyShareEndsTheSame(), "R07_everyShareEndsTheSame");
        _hold(R08_earningsAndDustAreWhatWasPaid(), "R08_earningsAndDustAreWhatWasPaid");
    }

    function _check() private {
        _hold(R01_eagerLeavesNothingDrawable(), "R01_eagerLeavesNothingDrawable");
        _hold(R02_lazyAccountsAreNeverAhead(), "R02_lazyAccountsAreNeverAhead");
        _hold(R03_lazySplitsAreNeverAhead(), "R03_lazySplitsAreNeverAhead");
    }

    function R01_eagerLeavesNothingDrawable() private view returns (bool) {
        for (uint256 i = 0; i < slots.length; ++i) {
            Slot memory slot = slots[i];
            Split storage split = splits[slot.split];
            if (split.totalUnits == 0) continue;
            (uint256 amount, , ) = eager.received(split.id);
            uint256 index = _indexOf(i);
            if (eager.drawn(split.id, index) != (amount * slot.units) / split.totalUnits) return false;
        }
        return true;
    }

    function R02_lazyAccountsAreNeverAhead() private view returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_earned(ledger, i) > _earned(eager, i)) return false;
        }
        return true;
    }

    function R03_lazySplitsAreNeverAhead() private view returns (bool) {
        for (uint256 i = 0; i < splits.length; ++i) {
            (uint256 lazyAmount, , ) = ledger.received(splits[i].id);
            (uint256 eagerAmount, , ) = eager.received(splits[i].id);
            if (lazyAmount > eagerAmount) return false;
        }
        return true;
    }

    /// @dev P3.
    function R04_lazyAndEagerEarnTheSame() private view returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_earned(ledger, i) != _earned(eager, i)) return false;
        }
        return true;
    }

    function R05_oneSumEarnsTheSameAsManyPayments() private view returns (bool) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (_earned(ledger, i) != _earned(summed, i)) return false;
        }
        return true;
    }

    function R06_everySplitEndsTheSame() private view returns (bool) {
        for (uint256 i = 0; i < splits.length; ++i) {
            (uint256 lazyAmount, , ) = ledger.received(splits[i].id);
            (uint256 eagerAmount, , ) = eager.received(splits[i].id);
            (uint256 summedAmount, , ) = summed.received(splits[i].id);
            if (lazyAmount != eagerAmount || lazyAmount != summedAmount) return false;
        }
        return true;
    }

    function R07_everyShareEndsTheSame() private view returns (bool) {
        for (uint256 i = 0; i < slots.length; ++i) {
            bytes32 id = splits[slots[i].split].id;
            uint256 index = _indexOf(i);
            uint256 drawn = ledger.drawn(id, index);
            if (drawn != eager.drawn(id, index) || drawn != summed.drawn(id, index)) return false;
        }
        return true;
    }

    function R08_earningsAndDustAreWhatWasPaid() private view returns (bool) {
        uint256 rest = 0;
        uint256 out = 0;
        for (uint256 i = 0; i < splits.length; ++i) {
            (uint256 amount, , ) = ledger.received(splits[i].id);
            rest += amount;
            out += paid[i];
        }
        for (uint256 i = 0; i < accounts.length; ++i) rest += _earned(ledger, i);
        for (uint256 i = 0; i < slots.length; ++i) out += ledger.drawn(splits[slots[i].split].id, _indexOf(i));
        return rest == out;
    }

    // ------------------------------------------------------------------ releasing

    /// @dev A new split only names older ones, so newest first leaves nothing behind.
    function _releaseAll(AttributionLedger on) private {
        for (uint256 i = splits.length - 1; i > 0; --i) {
            if (!_isDrawableOn(on, i)) continue;
            Range[] memory ranges = new Range[](1);
            ranges[0] = Range(i, 0, splits[i].shares.length);
            on.release(_encode(ranges));
        }
    }

    function _releaseOldestFirst(AttributionLedger on) private returns (uint256 released) {
        Range[] memory ranges = new Range[](1);
        for (uint256 i = 1; i < splits.length; ++i) {
            if (!_isDrawableOn(on, i)) continue;
            for (uint256 k = splits[i].shares.length; k > 0; --k) {
                ranges[0] = Range(i, k - 1, 1);
                released += on.release(_encode(ranges));
            }
        }
    }

    function _isDrawableOn(AttributionLedger on, uint256 split) private view returns (bool) {
        (uint256 amount, , ) = on.received(splits[split].id);
        return amount != 0 && splits[split].totalUnits != 0;
    }

    function _paidRanges(Source memory source) private view returns (Range[] memory ranges) {
        Range[] memory all = _randomRanges(source);
        uint256 kept = 0;
        for (uint256 i = 0; i < all.length; ++i) {
            if (_isDrawableOn(ledger, all[i].split)) all[kept++] = all[i];
        }
        ranges = new Range[](kept);
        for (uint256 i = 0; i < kept; ++i) ranges[i] = all[i];
    }

    // ------------------------------------------------------------------ figures

    /// @dev Balance, and for wallets what they have got as tokens.
    function _earned(AttributionLedger on, uint256 account) private view returns (uint256 amount) {
        amount = on.balanceOf(accounts[account]);
        if (account < WALLETS) amount += on.token().balanceOf(wallets[account]);
    }

    function _indexOf(uint256 slot) private view returns (uint256 index) {
        while (slot > index && slots[slot - index - 1].split == slots[slot].split) ++index;
    }
}

contract ReleaseOrderCampaign is Campaign {
    function setUp() public {
        AttributionLedger[3] memory ledgers;
        WideToken[3] memory tokens;
        for (uint256 i = 0; i < 3; ++i) {
            tokens[i] = new WideToken(address(this));
            ledgers[i] = new AttributionLedger(tokens[i]);
        }
        subject = new ReleaseOrderSubject(ledgers[0], ledgers[1], ledgers[2]);
        for (uint256 i = 0; i < 3; ++i) tokens[i].transfer(address(subject), tokens[i].totalSupply());
    }

    function invariant_releaseOrder() public view {
        _requireUnbroken();
    }
}
