// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {CourtProperties} from "./CourtProperties.sol";
import {GOVERNOR, OPERATORS, SLASHER, STRANGER, THAW, WALLETS} from "./IncentiveWorld.sol";

/// @title What people do with their stake, and others with it
abstract contract StakingHandlers is CourtProperties {
    using Random for Source;

    uint256 private constant HOLD = 30 days;
    uint256 private constant MOST_COMMISSION = 5_000;
    uint256 private constant MOST_SLASHED = 5_000;
    uint256 private constant LEAST_RATE = 1e12;
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    // ------------------------------------------------------------------ stake

    function stake(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i) = (source.below(OPERATORS), source.below(WALLETS));
        (address operator, uint256 amount, bool fine) = _newStake(source, op);
        bool allowed = fine && amount <= bookTokens[wallets[i]];
        if (_try(wallets[i], abi.encodeCall(staking.stake, (operator, amount)), allowed)) {
            bookTokens[wallets[i]] -= amount;
            bookLedger += amount;
            _bookStaked(op, i, amount);
        }
        _check();
    }

    function stakeFromBalance(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i) = (source.below(OPERATORS), source.below(WALLETS));
        (address operator, uint256 amount, bool fine) = _newStake(source, op);
        bool allowed = fine && amount <= bookBalance[_wallet(wallets[i])];
        if (_try(wallets[i], abi.encodeCall(staking.stakeFromBalance, (operator, amount, 0)), allowed)) {
            bookBalance[_wallet(wallets[i])] -= amount;
            _bookStaked(op, i, amount);
        }
        _check();
    }

    function thaw(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i) = _anyStake(source, false);
        BookedStake storage s = stakes[op][i];
        uint256 shares = source.oneIn(8) ? s.shares + source.below(2) : source.below(s.shares + 1);
        bool allowed = shares != 0 && shares <= s.shares;
        if (_try(wallets[i], abi.encodeCall(staking.thaw, (wallets[op], shares)), allowed)) {
            s.shares -= shares;
            s.thawing += shares;
            s.thawedAt = clock + THAW;
            (step.op, step.staker, step.opens) = (op, i, true);
        }
        _check();
    }

    function restake(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i) = _anyStake(source, true);
        BookedStake storage s = stakes[op][i];
        if (_try(wallets[i], abi.encodeCall(staking.restake, (wallets[op])), s.thawing != 0)) {
            s.shares += s.thawing;
            (s.thawing, s.thawedAt) = (0, 0);
            (step.op, step.staker, step.opens) = (op, i, true);
        }
        _check();
    }

    function withdraw(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i) = _anyStake(source, true);
        for (uint256 k = 0; k < 12 && !_isThawed(op, i); ++k) (op, i) = _anyStake(source, true);
        if (!_isThawed(op, i) && source.oneIn(2)) _waitForThaw(op, i);
        _withdraw(op, i);
        _check();
    }

    function _withdraw(uint256 op, uint256 i) internal returns (bool) {
        BookedStake storage s = stakes[op][i];
        bool due = _isThawed(op, i);
        (bool ok, bytes memory answer) = _call(
            wallets[i],
            address(staking),
            abi.encodeCall(staking.withdraw, (wallets[op]))
        );
        _judge(ok, answer, due);
        _hold(!ok || due, "S21_nobodyLeavesBeforeTheThawOrWhileHeld");
        if (!ok) return false;
        (uint256 before, uint256 amount) = (_slashable(op), _worth(op, s.thawing));
        _hold(abi.decode(answer, (uint256)) == amount, "S01_stakingAndBooksAgreeOnEveryOutcome");
        bookBalance[_wallet(wallets[i])] += amount;
        bookBalance[_wallet(address(staking))] -= amount;
        (s.thawing, s.thawedAt) = (0, 0);
        (step.op, step.staker, step.opens, step.loses) = (op, i, true, true);
        step.inflow = before - amount - _slashable(op);
        _hold(step.inflow <= 1, "S18_whatWaitsIsWhatCameIn");
        return true;
    }

    /// @dev A call of its own, as far as the properties go.
    function _waitForThaw(uint256 op, uint256 i) private {
        uint256 end = stakes[op][i].thawedAt;
        if (pools[op].holds != 0) end += HOLD;
        if (end <= clock) return;
        _pass(end);
        _check();
        delete step;
    }

    function _isThawed(uint256 op, uint256 i) private view returns (bool) {
        BookedStake storage s = stakes[op][i];
        bool held = pools[op].holds != 0 && clock < s.thawedAt + HOLD;
        return s.thawing != 0 && clock >= s.thawedAt && !held;
    }

    // ------------------------------------------------------------------ rewards

    /// @dev What services leave for stakers.
    function earn(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i, uint256 amount) = (
            source.below(OPERATORS),
            source.below(WALLETS),
            source.magnitude(MOST / 10)
        );
        if (amount <= bookBalance[_wallet(wallets[i])]) {
            _move(wallets[i], _rewards(op), amount);
            _done();
        }
        _check();
    }

    function harvest(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 op = source.below(OPERATORS);
        for (uint256 k = 0; k < OPERATORS && bookBalance[_rewards(op)] == 0; ++k) op = (op + 1) % OPERATORS;
        uint256 amount = bookBalance[_rewards(op)];
        if (_try(_anyWallet(source), abi.encodeCall(staking.harvest, (wallets[op])), amount != 0)) {
            bookBalance[_rewards(op)] = 0;
            bookBalance[_wallet(address(staking))] += amount;
            step.commission = (amount * _commissionOf(op)) / 10_000;
            step.inflow = amount - step.commission;
            stakes[op][op].commission += step.commission;
            (step.op, step.staker, step.opens) = (op, WALLETS, true);
        }
        _check();
    }

    function claimRewards(uint256 seed) external {
        Source memory source = _begin(seed);
        (uint256 op, uint256 i) = (source.below(OPERATORS), source.below(WALLETS));
        for (uint256 k = 0; k < 8 && stakes[op][i].rewards == 0; ++k) {
            (op, i) = (source.below(OPERATORS), source.below(WALLETS));
        }
        _claim(op, i);
        _check();
    }

    function _claim(uint256 op, uint256 i) internal {
        uint256 amount = stakes[op][i].rewards;
        if (!_try(wallets[i], abi.encodeCall(staking.claimRewards, (wallets[op])), amount != 0)) return;
        bookBalance[_wallet(wallets[i])] += amount;
        bookBalance[_wallet(address(staking))] -= amount;
        stakes[op][i].claimed += amount;
        (step.op, step.staker, step.opens, step.claimed) = (op, i, true, amount);
    }

    function setCommission(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 op = source.below(OPERATORS);
        uint256 bps = source.below(MOST_COMMISSION + 1);
        if (source.oneIn(8)) bps = MOST_COMMISSION + source.below(2);
        bool allowed = bps <= MOST_COMMISSION;
        if (_try(wallets[op], abi.encodeCall(staking.setCommission, (uint16(bps))), allowed)) {
            uint256 current = _commissionOf(op);
            pools[op].commission = current;
            pools[op].nextCommission = bps;
            pools[op].commissionFrom = bps > current ? clock + THAW : clock;
        }
        _check();
    }

    // ------------------------------------------------------------------ whoever may slash

    /// @dev Also more often than any court would.
    function slash(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 op = source.below(OPERATORS);
        if (source.oneIn(8)) {
            _ruin(op, source.oneIn(2) ? 70 : source.between(1, 50));
        } else {
            uint256 amount = source.oneIn(4) ? source.magnitude(MOST) : source.below(_slashable(op) / 4 + 1);
            if (source.oneIn(8)) amount = (_slashable(op) * MOST_SLASHED) / 10_000 + source.below(2);
            _slashDirectly(op, amount);
        }
        _check();
    }

    function _slashDirectly(uint256 op, uint256 amount) private {
        uint256 cap = (_slashable(op) * MOST_SLASHED) / 10_000;
        bool allowed = amount != 0 && amount <= cap;
        if (!_try(SLASHER, abi.encodeCall(staking.slash, (wallets[op], amount)), allowed)) return;
        (uint256 slashed, ) = _bookSlash(op, amount, cap);
        bookBalance[_wallet(address(staking))] -= slashed;
        bookBalance[_wallet(SLASHER)] += slashed;
    }

    /// @dev Down to where a pool takes no more stake, or to where nothing can be taken from it.
    function _ruin(uint256 op, uint256 times) private {
        for (uint256 k = 0; k < times; ++k) {
            uint256 cap = (_slashable(op) * MOST_SLASHED) / 10_000;
            if (cap == 0) return;
            if (k != 0) _noteValues(op);
            _slashDirectly(op, cap);
        }
    }

    function _noteValues(uint256 op) private {
        for (uint256 i = 0; i < WALLETS; ++i) {
            stakes[op][i].value = _worth(op, stakes[op][i].shares + stakes[op][i].thawing);
        }
    }

    function hold(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 op = source.below(OPERATORS);
        if (pools[op].ownHolds == 0 && source.oneIn(2)) {
            if (_try(SLASHER, abi.encodeCall(staking.hold, (wallets[op])), true)) {
                ++pools[op].holds;
                ++pools[op].ownHolds;
            }
        } else {
            _unhold(op);
        }
        _check();
    }

    function _unhold(uint256 op) internal {
        if (!_try(SLASHER, abi.encodeCall(staking.unhold, (wallets[op])), pools[op].ownHolds != 0)) return;
        --pools[op].holds;
        --pools[op].ownHolds;
    }

    // ------------------------------------------------------------------ votes

    function delegate(uint256 seed) external {
        Source memory source = _begin(seed);
        (address account, address delegatee) = (_anyWallet(source), _anyDelegate(source));
        if (_try(account, abi.encodeCall(staking.delegate, (delegatee)), true)) bookDelegate[account] = delegatee;
        _check();
    }

    function delegateBySig(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 i = source.below(WALLETS);
        address delegatee = _anyDelegate(source);
        uint256 nonce = bookNonce[wallets[i]];
        uint256 expiry = clock + source.below(2);
        uint256 flaw = source.below(12);
        if (flaw == 0) nonce += 1;
        if (flaw == 1) expiry = clock - 1;
        bytes32 digest = _delegation(delegatee, nonce, expiry);
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(flaw == 2 ? 77 : i + 1, digest);
        if (flaw == 2) nonce += 1;
        bytes memory data = abi.encodeCall(staking.delegateBySig, (delegatee, nonce, expiry, v, r, s));
        if (_try(_anyWallet(source), data, flaw > 2)) {
            bookDelegate[wallets[i]] = delegatee;
            ++bookNonce[wallets[i]];
        }
        _check();
    }

    // ------------------------------------------------------------------ others

    function governStaking(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 amount = source.oneIn(8) ? 1_000_000e18 + source.below(2) : source.below(10_000e18);
        bool allowed = amount <= 1_000_000e18;
        if (_try(GOVERNOR, abi.encodeCall(staking.setMinSelfStake, (amount)), allowed)) bookMinSelfStake = amount;
        _check();
    }

    /// @dev What only some may do.
    function meddle(uint256 seed) external {
        Source memory source = _begin(seed);
        address caller = source.oneIn(4) ? STRANGER : _anyWallet(source);
        address operator = wallets[source.below(OPERATORS)];
        uint256 choice = source.below(4);
        bytes memory data = abi.encodeCall(staking.slash, (operator, source.magnitude(MOST)));
        if (choice == 1) data = abi.encodeCall(staking.hold, (operator));
        if (choice == 2) data = abi.encodeCall(staking.unhold, (operator));
        if (choice == 3) data = abi.encodeCall(staking.setMinSelfStake, (source.below(MOST)));
        if (!_try(caller, data, false)) _done();
        _check();
    }

    /// @dev Straight into an account of a contract's, for no reason.
    function donate(uint256 seed) external {
        Source memory source = _begin(seed);
        (address giver, uint256 amount) = (_anyWallet(source), source.magnitude(MOST / 10));
        if (amount <= bookBalance[_wallet(giver)]) {
            uint256 choice = source.below(3);
            bytes32 to = _wallet(choice == 0 ? address(staking) : address(court));
            if (choice == 2 && cases.length != 0) to = _escrow(source.below(cases.length), 0);
            _move(giver, to, amount);
            if (choice == 0) donated += amount;
            else if (to == _wallet(address(court))) donatedToCourt += amount;
            else _bookDonated(to, amount);
            _done();
        }
        _check();
    }

    /// @dev Often right to the end of something, or a second away from it.
    function passTime(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 time = clock + source.magnitude(2 days);
        uint256 choice = source.below(5);
        uint256 end = 0;
        if (choice < 2) {
            (uint256 op, uint256 i) = _anyStake(source, true);
            end = stakes[op][i].thawedAt;
            if (end <= clock && pools[op].holds != 0) end += HOLD;
        } else if (choice == 2) {
            end = pools[source.below(OPERATORS)].roundEnd;
        } else if (choice == 3 && cases.length != 0) {
            end = _nextOf(source.below(cases.length));
        }
        if (end > clock + 1) time = end - 1 + source.below(3);
        _pass(time);
        _done();
        if (pastVotes.length > 1) _checkPastVotes(source.below(pastVotes.length));
        _check();
    }

    function _pass(uint256 time) internal {
        _noteVotes();
        _bookDrips(time);
        clock = time;
        VM.warp(clock);
        step.time = true;
        _checkVotes();
    }

    // ------------------------------------------------------------------ choices and books

    /// @dev Terms that are allowed, but for some.
    function _newStake(
        Source memory source,
        uint256 op
    ) private view returns (address operator, uint256 amount, bool fine) {
        operator = wallets[op];
        amount = source.magnitude(MOST);
        uint256 flaw = source.below(32);
        if (flaw == 0) operator = address(uint160(source.below(8) << 96));
        if (flaw == 1) amount = 0;
        if (flaw == 2) amount = 2 * token.totalSupply();
        fine = flaw > 1 && pools[op].rate >= LEAST_RATE;
    }

    function _bookStaked(uint256 op, uint256 i, uint256 amount) private {
        bookBalance[_wallet(address(staking))] += amount;
        uint256 before = _slashable(op);
        stakes[op][i].shares += (amount * ONE) / pools[op].rate;
        (step.op, step.staker, step.opens, step.gains) = (op, i, true, true);
        step.inflow = before + amount - _slashable(op);
        _hold(step.inflow <= 1, "S18_whatWaitsIsWhatCameIn");
        uint256 value = _worth(op, stakes[op][i].shares + stakes[op][i].thawing);
        bool fair = value <= stakes[op][i].value + amount && value + 1 >= stakes[op][i].value + amount;
        _hold(fair, "S11_stakesChangeByTheirOwnersAndSlashesOnly");
    }

    /// @dev Rather one that there is.
    function _anyStake(Source memory source, bool thawing) private view returns (uint256 op, uint256 i) {
        for (uint256 k = 0; k < 12; ++k) {
            (op, i) = (source.below(OPERATORS), source.below(WALLETS));
            if ((thawing ? stakes[op][i].thawing : stakes[op][i].shares) != 0) return (op, i);
        }
    }

    function _anyDelegate(Source memory source) private view returns (address) {
        if (source.oneIn(4)) return source.oneIn(2) ? address(0) : STRANGER;
        return _anyWallet(source);
    }

    function _delegation(address delegatee, uint256 nonce, uint256 expiry) private view returns (bytes32) {
        bytes32 typehash = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        bytes32 structHash = keccak256(abi.encode(typehash, delegatee, nonce, expiry));
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("OperatorStaking"), keccak256("1"), block.chainid, address(staking))
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _move(address from, bytes32 to, uint256 amount) internal {
        VM.prank(from);
        ledger.transferBalance(0, to, amount);
        bookBalance[_wallet(from)] -= amount;
        bookBalance[to] += amount;
    }

    /// @dev When a case comes to its next window.
    function _nextOf(uint256 i) internal view virtual returns (uint256);

    // ------------------------------------------------------------------ calls

    /// @dev Calls staking and compares what came of it with what the books allow.
    function _try(address caller, bytes memory data, bool allowed) private returns (bool ok) {
        bytes memory answer;
        (ok, answer) = _call(caller, address(staking), data);
        _judge(ok, answer, allowed);
    }

    function _judge(bool ok, bytes memory answer, bool allowed) private {
        if (ok) _done();
        _hold(ok == allowed, "S01_stakingAndBooksAgreeOnEveryOutcome");
        _hold(ok || _isNamed(answer), "S02_whatIsRefusedIsRefusedByName");
        _readStep(ok);
    }
}
