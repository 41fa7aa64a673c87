// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Random, Source} from "../../solidity/Random.sol";
import {PlainDraws} from "../../solidity/PlainDraws.sol";
import {VM} from "../../solidity/Vm.sol";
import {GaugeProperties} from "./GaugeProperties.sol";
import {GAUGE_EPOCH, GAUGE_GOVERNOR, GAUGE_TREASURY} from "./GaugeWorld.sol";

/// @title A campaign on the gauges: one function per thing that somebody can do to them
/// @notice Each takes a seed and derives everything from it. Most of what it does is allowed; the rest must be refused.
/// What is allowed, the books decide by themselves.
abstract contract GaugeHandlers is GaugeProperties {
    using Random for Source;

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](15);
        (list[0], list[1]) = (this.payService.selector, this.payService.selector);
        (list[2], list[3]) = (this.count.selector, this.count.selector);
        (list[4], list[5]) = (this.passOn.selector, this.passOn.selector);
        (list[6], list[7]) = (this.vote.selector, this.vote.selector);
        (list[8], list[9]) = (this.pay.selector, this.passTime.selector);
        (list[10], list[11]) = (this.fund.selector, this.setBudget.selector);
        (list[12], list[13]) = (this.stake.selector, this.leaveOrReturn.selector);
        list[14] = this.pay.selector;
    }

    // ------------------------------------------------------------------ around the gauges

    function payService(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 splitId = _serviceSplit(source.below(OPERATORS), source.below(ASSETS), source.below(POLICIES));
        uint256 amount = source.magnitude(1e24);
        ledger.pay(splitId, amount, 1, 0);
        bookReceived[splitId] += amount;
        _done();
        _checkStep();
    }

    /// @dev The treasury's balance is often too low.
    function fund(uint256 seed) external {
        uint256 amount = Random.from(seed).magnitude(1e23);
        ledger.deposit(_account(GAUGE_TREASURY), amount);
        bookTreasury += amount;
        _done();
        _checkStep();
    }

    function stake(uint256 seed) external {
        Source memory source = Random.from(seed);
        _stake(source.below(WALLETS), source.magnitude(1e24));
        _done();
        _checkStep();
    }

    /// @dev An operator takes out all of its stake in its own pool, or brings it back.
    function leaveOrReturn(uint256 seed) external {
        uint256 operator = Random.from(seed).below(OPERATORS);
        address wallet = wallets[operator];
        uint256 before = _stakeAt(operator, clock);
        if (isOut[operator]) {
            before += staking.stakeOf(wallet, wallet).thawing;
            VM.prank(wallet);
            staking.restake(wallet);
        } else {
            uint256 shares = staking.stakeOf(wallet, wallet).shares;
            before -= shares;
            VM.prank(wallet);
            staking.thaw(wallet, shares);
        }
        isOut[operator] = !isOut[operator];
        bookStakes[operator].push(BookedStake(clock, before));
        _done();
        _checkStep();
    }

    /// @dev Often right to the beginning of an epoch, or a second away from it.
    function passTime(uint256 seed) external {
        Source memory source = Random.from(seed);
        clock =
            source.oneIn(2)
                ? opened + (_current() + 1) * GAUGE_EPOCH + source.below(3)
                : clock + source.magnitude((3 * GAUGE_EPOCH) / 2);
        VM.warp(clock);
        _done();
        _checkStep();
    }

    // ------------------------------------------------------------------ fees

    function count(uint256 seed) external {
        Source memory source = Random.from(seed);
        (uint256 operator, uint256 asset) = (source.below(OPERATORS), source.below(ASSETS));
        uint256 policy = source.oneIn(8) ? POLICIES - 1 : source.below(POLICIES - 1);
        uint256 version = source.oneIn(16) ? 2 : 1;
        bool allowed = staking.isEligible(wallets[operator]) && version == 1 && policy != POLICIES - 1;
        bytes memory data = abi.encodeCall(gauges.count, (_serviceId(operator, asset), policy + 1, version));
        if (_try(_wallet(source), data, allowed)) {
            bytes32 splitId = _serviceSplit(operator, asset, policy);
            uint256 earned = (bookReceived[splitId] * treasuryBps[policy]) / 10_000;
            bookFees[_current()][asset][operator] += earned - bookCounted[splitId];
            bookCounted[splitId] = earned;
            _done();
        }
        _checkStep();
    }

    function passOn(uint256 seed) external {
        Source memory source = Random.from(seed);
        (uint256 epoch, uint256 asset) = (_epoch(source), source.below(ASSETS));
        if (!source.oneIn(4)) epoch = _current() - (_current() == 0 ? 0 : source.below(2));
        uint256 first = source.below(asset + 1);
        uint256 last = source.between(first, asset);
        uint256 arrived = _arrived(epoch, asset);
        bytes memory draw = PlainDraws.encode(_shares(asset), address(0), first, last - first + 1);
        bool allowed = _current() <= epoch + 1 && arrived != 0;
        if (_try(_wallet(source), abi.encodeCall(gauges.passOn, (epoch, draw)), allowed)) {
            uint256 total = 0;
            for (uint256 i = 0; i <= asset; ++i) total += _units(asset, i);
            for (uint256 i = first; i <= last; ++i) {
                if (i != 0) bookPassed[epoch][asset][i] = (arrived * _units(asset, i)) / total;
            }
            _done();
        }
        _checkStep();
    }

    // ------------------------------------------------------------------ votes

    /// @dev Once in eight times the weights are not all of the vote. Assets may be named twice.
    function vote(uint256 seed) external {
        Source memory source = Random.from(seed);
        uint256 wallet = source.below(WALLETS);
        uint256 length = source.between(1, 4);
        BookedBallot memory ballot = BookedBallot(0, new uint256[](length), new uint16[](length));
        bytes32[] memory splitIds = new bytes32[](length);
        uint256 left = 10_000;
        for (uint256 i = 0; i < length; ++i) {
            ballot.assets[i] = source.below(ASSETS);
            splitIds[i] = assets[ballot.assets[i]];
            ballot.weights[i] = uint16(i + 1 == length ? left : source.between(0, left));
            left -= ballot.weights[i];
        }
        bool whole = !source.oneIn(8);
        if (!whole) ballot.weights[0] += uint16(source.between(1, 20_000));
        ballot.power = _stakeAt(wallet, opened + _current() * GAUGE_EPOCH - 1);
        bytes memory data = abi.encodeCall(gauges.vote, (splitIds, ballot.weights, _pools(source.oneIn(2))));
        if (_try(wallets[wallet], data, whole && ballot.power != 0)) {
            bookBallots[_current()][wallet] = ballot;
            _done();
        }
        _checkStep();
    }

    // ------------------------------------------------------------------ pay

    /// @dev Rather what is due.
    function pay(uint256 seed) external {
        Source memory source = Random.from(seed);
        (uint256 epoch, uint256 asset) = (_epoch(source), source.below(ASSETS));
        for (uint256 i = 0; i < EPOCHS * ASSETS && !_isDue(epoch, asset); ++i) {
            asset = (asset + 1) % ASSETS;
            if (asset == 0)
                epoch = epoch == _current() ? _current() - (_current() < EPOCHS ? _current() : EPOCHS - 1) : epoch + 1;
        }
        _pay(source.oneIn(4) ? _epoch(source) : epoch, asset, _wallet(source));
        _checkStep();
    }

    function setBudget(uint256 seed) external {
        Source memory source = Random.from(seed);
        address caller = source.oneIn(8) ? _wallet(source) : GAUGE_GOVERNOR;
        uint256 budget = source.oneIn(8) ? 1e25 + source.below(2) : source.magnitude(1e23);
        bool allowed = caller == GAUGE_GOVERNOR && budget <= 1e25;
        if (_try(caller, abi.encodeCall(gauges.setBudget, (budget)), allowed)) {
            for (uint256 epoch = _current() + 1; epoch < 400; ++epoch) bookBudget[epoch] = budget;
            _done();
        }
        _checkStep();
    }

    // ------------------------------------------------------------------ the end

    /// @notice Whatever has been left open: once the treasury has money, strangers can have everything paid that is due.
    function finish() external override {
        ledger.deposit(_account(GAUGE_TREASURY), 1e26);
        bookTreasury += 1e26;
        clock = opened + (_current() + 2) * GAUGE_EPOCH;
        VM.warp(clock);
        uint256 current = _current();
        for (uint256 epoch = current < 5 ? 0 : current - 5; epoch + 2 <= current; ++epoch) {
            for (uint256 asset = 0; asset < ASSETS; ++asset) {
                _pay(epoch, asset, address(0xbeef));
                _hold(bookPaid[epoch][asset] == _payout(epoch, asset), "K14_whatIsDueCanBePaidByAnyone");
            }
        }
        _checkStep();
    }

    // ------------------------------------------------------------------ books

    function _pay(uint256 epoch, uint256 asset, address caller) private {
        uint256 payout = _payout(epoch, asset);
        bool allowed = _isDue(epoch, asset) && bookPaid[epoch][asset] == 0 && payout <= bookTreasury;
        if (_try(caller, abi.encodeCall(gauges.pay, (epoch, assets[asset])), allowed)) {
            bookPaid[epoch][asset] = payout;
            bookTreasury -= payout;
            _done();
        }
    }

    /// @dev Whether something is to be paid now, or has been.
    function _isDue(uint256 epoch, uint256 asset) private view returns (bool) {
        return _payout(epoch, asset) != 0 && _current() >= epoch + 2 && _current() < epoch + 6;
    }

    /// @dev All pools in ascending order, or none named.
    function _pools(bool named) private view returns (address[] memory pools) {
        if (!named) return pools;
        pools = new address[](OPERATORS);
        (pools[0], pools[1]) = (wallets[0], wallets[1]);
        if (pools[0] > pools[1]) (pools[0], pools[1]) = (pools[1], pools[0]);
    }

    /// @dev Calls the gauges and compares what came of it with what the books allow.
    function _try(address caller, bytes memory data, bool allowed) private returns (bool success) {
        bytes memory answer;
        VM.prank(caller);
        (success, answer) = address(gauges).call(data);
        _hold(success == allowed, "K01_gaugesAndBooksAgreeOnEveryOutcome");
        _hold(success || _isNamed(answer), "K02_whatIsRefusedIsRefusedByName");
    }
}
