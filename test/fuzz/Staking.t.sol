// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Accounts} from "../../contracts/ledger/Accounts.sol";
import {AttributionLedger} from "../../contracts/ledger/AttributionLedger.sol";
import {OperatorStaking, Pool, Stake, StakingParameters} from "../../contracts/staking/OperatorStaking.sol";
import {OpenToken} from "../../contracts/token/OpenToken.sol";
import {Random, Source} from "../solidity/Random.sol";
import {VM} from "../solidity/Vm.sol";

/// @notice Arithmetic of shares at any rate, and of rounds at any second.
contract StakingFuzz {
    using Random for Source;

    uint256 private constant THAW = 7 days;
    uint256 private constant DRIP = 1 days;
    uint256 private constant ONE = 1e18;
    uint256 private constant MIN_RATE = 1e12;

    /// @dev An eighth of all tokens there are, so that several fit.
    uint256 private constant MOST = 1e27 / 8;
    address private constant OPERATOR = address(0x0be7a);
    address private constant ALICE = address(0xa11ce);
    address private constant BOB = address(0xb0b);

    OpenToken private token;
    AttributionLedger private ledger;
    OperatorStaking private staking;
    uint256 private clock = VM.getBlockTimestamp();

    function setUp() public {
        token = new OpenToken(address(this));
        ledger = new AttributionLedger(token);
        AccessManager access = new AccessManager(address(this));
        staking = new OperatorStaking(ledger, address(access), StakingParameters(THAW, DRIP, 0));
        token.approve(address(ledger), type(uint256).max);
        address[3] memory people = [OPERATOR, ALICE, BOB];
        for (uint256 i = 0; i < people.length; ++i) {
            token.transfer(people[i], 2 * MOST);
            VM.prank(people[i]);
            token.approve(address(staking), type(uint256).max);
        }
    }

    // ------------------------------------------------------------------ shares

    /// @dev Whatever the rate, and whatever is in the pool.
    function testFuzz_W01_whatIsStakedIsWorthItOrOneLess(uint256 seed) public {
        Source memory source = Random.from(seed);
        _stake(ALICE, source.magnitude(MOST));
        _slashDownTo(source, MIN_RATE);
        uint256 rate = _rate();
        uint256 amount = source.magnitude(MOST);
        if (rate < MIN_RATE) {
            VM.expectRevert(
                abi.encodeWithSelector(OperatorStaking.OperatorStaking_PoolRuined.selector, OPERATOR, rate)
            );
            VM.prank(BOB);
            staking.stake(OPERATOR, amount);
            return;
        }
        (uint256 alices, uint256 before) = (_worthOf(ALICE), _funds());
        _stake(BOB, amount);
        uint256 value = _worthOf(BOB);
        require(value <= amount && value + 1 >= amount, "W01 worth");
        require(_worthOf(ALICE) == alices, "W01 others");
        require(_funds() == before + amount, "W01 funds");
        Pool memory pool = staking.poolOf(OPERATOR);
        uint256 waiting = uint256(pool.queued) + pool.dripping;
        require(staking.slashable(OPERATOR) + waiting == _funds(), "W01 all of it is somewhere");
    }

    /// @dev In any number of steps: no step gains, and each loses one at most, which waits for the pool's stakers.
    function testFuzz_W02_stakingAndWithdrawingNeverGains(uint256 seed) public {
        Source memory source = Random.from(seed);
        _stake(ALICE, source.magnitude(MOST));
        _slashDownTo(source, MIN_RATE);
        if (_rate() < MIN_RATE) return;
        uint256 alices = _worthOf(ALICE);
        uint256 times = source.between(1, 4);
        uint256 paid = 0;
        uint256 got = 0;
        for (uint256 i = 0; i < times; ++i) {
            uint256 amount = source.magnitude(MOST / 4);
            paid += amount;
            _stake(BOB, amount);
            Stake memory s = staking.stakeOf(OPERATOR, BOB);
            VM.prank(BOB);
            staking.thaw(OPERATOR, source.oneIn(2) ? s.shares : source.between(1, s.shares));
            _pass(THAW);
            VM.prank(BOB);
            got += staking.withdraw(OPERATOR);
        }
        uint256 left = _worthOf(BOB);
        require(got + left <= paid && got + left + 2 * times + 1 >= paid, "W02 sum");
        require(_worthOf(ALICE) == alices, "W02 others");
    }

    /// @dev What is cut into many withdrawals is worth no more than in one.
    function testFuzz_W03_partsAreWorthNoMoreThanTheWhole(uint256 seed) public {
        Source memory source = Random.from(seed);
        _stake(BOB, source.magnitude(MOST));
        _slashDownTo(source, 1);
        uint256 whole = staking.stakeOf(OPERATOR, BOB).shares;
        uint256 part = source.below(whole + 1);
        uint256 sum = staking.valueOfShares(OPERATOR, part) + staking.valueOfShares(OPERATOR, whole - part);
        uint256 value = staking.valueOfShares(OPERATOR, whole);
        require(sum <= value && sum + 1 >= value, "W03");
    }

    // ------------------------------------------------------------------ slashes

    /// @dev At least what was asked, and at most one step of the rate more, of stake and thawing alike.
    function testFuzz_W04_slashesTakeWhatWasAskedAtAnyRate(uint256 seed) public {
        Source memory source = Random.from(seed);
        _stake(OPERATOR, source.magnitude(MOST));
        _stake(ALICE, source.magnitude(MOST));
        uint256 leaving = source.between(1, staking.stakeOf(OPERATOR, ALICE).shares);
        VM.prank(ALICE);
        staking.thaw(OPERATOR, leaving);
        _slashDownTo(source, 1);

        (uint256 rate, uint256 value, uint256 own) = (_rate(), staking.slashable(OPERATOR), _worthOf(OPERATOR));
        if (value < 2) return;
        uint256 asked = source.between(1, value / 2);
        Pool memory pool = staking.poolOf(OPERATOR);
        uint256 grain = (uint256(pool.shares) + pool.thawing) / ONE + 1;
        uint256 before = _funds();
        (uint256 slashed, uint256 ownLoss) = staking.slash(OPERATOR, asked);
        require(_rate() <= rate && _rate() >= 1, "W04 rate");
        require(slashed >= asked || _rate() == 1, "W04 least");
        require(slashed <= asked + grain, "W04 most");
        require(before - _funds() == slashed, "W04 given");
        require(value - staking.slashable(OPERATOR) == slashed, "W04 lost");
        require(own - _worthOf(OPERATOR) == ownLoss, "W04 own");
        require(staking.slashable(OPERATOR) <= _funds(), "W04 covered");
    }

    /// @dev However often: a pool that has nothing left is slashed for nothing, and everybody can leave it.
    function testFuzz_W05_ruinedPoolsCanBeSlashedAndLeft(uint256 seed) public {
        Source memory source = Random.from(seed);
        _stake(ALICE, source.magnitude(MOST));
        _stake(BOB, source.magnitude(MOST));
        for (uint256 i = 0; i < 70; ++i) {
            uint256 value = staking.slashable(OPERATOR);
            if (value > 1) staking.slash(OPERATOR, source.oneIn(8) ? source.between(1, value / 2) : value / 2);
        }
        address[2] memory people = [ALICE, BOB];
        for (uint256 i = 0; i < people.length; ++i) {
            uint256 shares = staking.stakeOf(OPERATOR, people[i]).shares;
            VM.prank(people[i]);
            staking.thaw(OPERATOR, shares);
        }
        _pass(THAW);
        for (uint256 i = 0; i < people.length; ++i) {
            uint256 worth = _worthOf(people[i]);
            VM.prank(people[i]);
            require(staking.withdraw(OPERATOR) == worth, "W05");
        }
        require(staking.slashable(OPERATOR) == 0, "W05 empty");
        require(staking.getPastTotalSupply(clock - 1) == 0, "W05 votes");
    }

    // ------------------------------------------------------------------ rounds

    /// @dev At any second, however often somebody looks in between: behind the line by less than one for each look.
    function testFuzz_W06_roundsDripAlongALine(uint256 seed) public {
        Source memory source = Random.from(seed);
        _stake(ALICE, source.magnitude(MOST));
        uint256 reward = source.magnitude(MOST);
        _earn(reward);
        uint256 start = clock;
        uint256 looks = source.between(1, 6);
        for (uint256 i = 1; i <= looks; ++i) {
            _pass(source.below(DRIP / 3));
            uint256 elapsed = clock - start < DRIP ? clock - start : DRIP;
            uint256 line = (reward * elapsed) / DRIP;
            uint256 dripped = reward - staking.poolOf(OPERATOR).dripping;
            require(dripped <= line && dripped + i >= line, "W06 line");
            uint256 earned = staking.stakeOf(OPERATOR, ALICE).rewards;
            require(earned <= dripped && earned + i >= dripped, "W06 earned");
            _stake(BOB, 1);
            VM.prank(BOB);
            staking.thaw(OPERATOR, 1);
        }
        _pass(DRIP);
        require(staking.poolOf(OPERATOR).dripping == 0, "W06 end");
    }

    /// @dev Two who are there together share by their stake, and nobody else's arrival or departure changes that.
    function testFuzz_W07_rewardsAreSharedByStake(uint256 seed) public {
        Source memory source = Random.from(seed);
        (uint256 alices, uint256 bobs) = (source.magnitude(MOST), source.magnitude(MOST));
        _stake(ALICE, alices);
        _stake(BOB, bobs);
        uint256 reward = source.magnitude(MOST);
        _earn(reward);
        _pass(DRIP);
        uint256 toAlice = staking.stakeOf(OPERATOR, ALICE).rewards;
        uint256 toBob = staking.stakeOf(OPERATOR, BOB).rewards;
        require(toAlice + toBob <= reward && toAlice + toBob + 2 >= reward, "W07 sum");
        uint256 fair = (reward * alices) / (alices + bobs);
        require(toAlice <= fair + 1 && toAlice + 1 >= fair, "W07 part");
    }

    /// @dev What drips on nobody comes to those who come next, in a round of its own.
    function testFuzz_W08_nothingDripsOnNobody(uint256 seed) public {
        Source memory source = Random.from(seed);
        uint256 reward = source.magnitude(MOST);
        _earn(reward);
        _pass(source.below(3 * DRIP));
        uint256 amount = source.magnitude(MOST);
        _stake(ALICE, amount);
        require(staking.stakeOf(OPERATOR, ALICE).rewards == 0, "W08 at once");
        Pool memory pool = staking.poolOf(OPERATOR);
        require(uint256(pool.queued) + pool.dripping == reward, "W08 waits");
        _pass(DRIP);
        VM.prank(ALICE);
        staking.thaw(OPERATOR, 1);
        if (amount == 1) return;
        _pass(DRIP);
        uint256 earned = staking.stakeOf(OPERATOR, ALICE).rewards;
        require(earned <= reward && earned + 2 >= reward, "W08 earned");
    }

    // ------------------------------------------------------------------ helpers

    function _stake(address staker, uint256 amount) private {
        VM.prank(staker);
        staking.stake(OPERATOR, amount);
    }

    function _earn(uint256 amount) private {
        ledger.deposit(staking.rewardsAccount(OPERATOR), amount);
        staking.harvest(OPERATOR);
    }

    /// @dev By random slashes, mostly large ones, to around some rate between `least` and the whole.
    function _slashDownTo(Source memory source, uint256 least) private {
        uint256 aim = source.oneIn(4) ? ONE : source.magnitude(ONE);
        if (aim < least) aim = least;
        for (uint256 i = 0; i < 80 && _rate() > aim; ++i) {
            uint256 value = staking.slashable(OPERATOR);
            if (value < 2) return;
            staking.slash(OPERATOR, source.oneIn(4) ? source.between(1, value / 2) : value / 2);
        }
    }

    function _pass(uint256 time) private {
        clock += time;
        VM.warp(clock);
    }

    function _rate() private view returns (uint256) {
        uint256 rate = staking.poolOf(OPERATOR).rate;
        return rate == 0 ? ONE : rate;
    }

    function _worthOf(address staker) private view returns (uint256) {
        Stake memory s = staking.stakeOf(OPERATOR, staker);
        return staking.valueOfShares(OPERATOR, uint256(s.shares) + s.thawing);
    }

    function _funds() private view returns (uint256) {
        return ledger.balanceOf(Accounts.wallet(address(staking)));
    }
}
