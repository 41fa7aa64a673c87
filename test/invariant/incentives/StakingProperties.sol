// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pool, Stake} from "../../../contracts/staking/OperatorStaking.sol";
import {IncentiveWorld, OPERATORS, RATE_FLOOR, DRIP, WALLETS} from "./IncentiveWorld.sol";

/// @title What must hold of stakes after every call
abstract contract StakingProperties is IncentiveWorld {
    /// @dev What staking says after a call, read once.
    struct Look {
        Pool[OPERATORS] pools;
        Stake[WALLETS][OPERATORS] stakes;
        uint256 owed;
    }

    function _checkStaking() internal {
        Look memory look = _look();
        _hold(S03_stakesAreBooked(look), "S03_stakesAreBooked");
        _hold(S04_poolsAreTheSumsOfTheirStakes(look), "S04_poolsAreTheSumsOfTheirStakes");
        _hold(S05_custodyCoversWhatIsOwed(look), "S05_custodyCoversWhatIsOwed");
        _hold(S06_onlyDustIsLeftOver(look), "S06_onlyDustIsLeftOver");
        _hold(S07_votesAreTheStakeDelegated(), "S07_votesAreTheStakeDelegated");
        _hold(S11_stakesChangeByTheirOwnersAndSlashesOnly(look), "S11_stakesChangeByTheirOwnersAndSlashesOnly");
        _hold(S12_ratesFallBySlashesOnly(look), "S12_ratesFallBySlashesOnly");
        _hold(S15_rewardsGrowWithTimeOnly(look), "S15_rewardsGrowWithTimeOnly");
        _hold(S16_nobodyEarnsMoreThanDrippedOnItsStake(look), "S16_nobodyEarnsMoreThanDrippedOnItsStake");
        _hold(S17_everybodyEarnsWhatDrippedOnItsStake(look), "S17_everybodyEarnsWhatDrippedOnItsStake");
        _hold(S18_whatWaitsIsWhatCameIn(look), "S18_whatWaitsIsWhatCameIn");
        _hold(S19_roundsBeginWithAllThatWaitedAndLast(look), "S19_roundsBeginWithAllThatWaitedAndLast");
        _hold(S20_dripsAreLinear(look), "S20_dripsAreLinear");
        _hold(S22_eventsTellStakesAndPools(), "S22_eventsTellStakesAndPools");
        _hold(S23_eventsTellVotesAndDelegates(), "S23_eventsTellVotesAndDelegates");
        _hold(S27_noPoolPaysOutMoreThanItHarvested(), "S27_noPoolPaysOutMoreThanItHarvested");
        _hold(S24_eligibleIsWhoHasStakedEnoughItself(look), "S24_eligibleIsWhoHasStakedEnoughItself");
        _note(look);
    }

    function _look() private view returns (Look memory look) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            Pool memory pool = staking.poolOf(wallets[op]);
            look.pools[op] = pool;
            look.owed += _valueOf(look, op, uint256(pool.shares) + pool.thawing) + pool.queued + pool.dripping;
            for (uint256 i = 0; i < WALLETS; ++i) {
                look.stakes[op][i] = staking.stakeOf(wallets[op], wallets[i]);
                look.owed += look.stakes[op][i].rewards;
            }
        }
    }

    /// @dev What the next call is compared with.
    function _note(Look memory look) private {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            pools[op].waiting = uint256(look.pools[op].queued) + look.pools[op].dripping;
            for (uint256 i = 0; i < WALLETS; ++i) {
                Stake memory s = look.stakes[op][i];
                BookedStake storage booked = stakes[op][i];
                booked.rewards = s.rewards;
                booked.value = _valueOf(look, op, uint256(s.shares) + s.thawing);
            }
        }
    }

    // ------------------------------------------------------------------ stakes and money

    function S03_stakesAreBooked(Look memory look) private view returns (bool) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            uint256 pools_ = 0;
            for (uint256 op = 0; op < OPERATORS; ++op) {
                Stake memory s = look.stakes[op][i];
                BookedStake storage booked = stakes[op][i];
                if (s.shares != booked.shares || s.thawing != booked.thawing) return false;
                if (s.thawedAt != booked.thawedAt) return false;
                if (booked.shares + booked.thawing != 0) ++pools_;
            }
            address[] memory operators = staking.operatorsOf(wallets[i]);
            if (operators.length != pools_) return false;
            for (uint256 k = 0; k < pools_; ++k) {
                BookedStake storage named = stakes[_operatorOf(operators[k])][i];
                if (named.shares + named.thawing == 0) return false;
            }
        }
        return true;
    }

    function S04_poolsAreTheSumsOfTheirStakes(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            Pool memory pool = look.pools[op];
            (uint256 shares, uint256 thawing) = _sharesOf(op);
            if (pool.shares != shares || pool.thawing != thawing || pool.holds != pools[op].holds) return false;
            if (staking.commissionOf(wallets[op]) != _commissionOf(op)) return false;
        }
        return true;
    }

    /// @dev Donations are nobody's.
    function S05_custodyCoversWhatIsOwed(Look memory look) private view returns (bool) {
        return ledger.balanceOf(_wallet(address(staking))) >= look.owed + donated;
    }

    /// @dev Rewards round down twice when a call brings a pool and a stake up to date, and once more for each that is looked
    /// at here. Nothing else is left over.
    function S06_onlyDustIsLeftOver(Look memory look) private view returns (bool) {
        uint256 dust = 2 * calls + OPERATORS * (WALLETS + 1);
        return ledger.balanceOf(_wallet(address(staking))) <= look.owed + donated + dust;
    }

    // ------------------------------------------------------------------ votes

    /// @dev In the pools that the account has stake in; nobody but them counts its own.
    function S07_votesAreTheStakeDelegated() private view returns (bool) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            uint256 votes = 0;
            for (uint256 op = 0; op < OPERATORS; ++op) {
                BookedStake storage booked = stakes[op][i];
                if (booked.shares + booked.thawing != 0) votes += _worth(op, _votesIn(op, wallets[i]));
            }
            if (staking.getVotes(wallets[i]) != votes) return false;
            if (staking.delegates(wallets[i]) != _delegateOf(wallets[i])) return false;
        }
        return true;
    }

    /// @dev To be called when the second noted last is over.
    function _checkVotes() internal {
        BookedVotes storage last = pastVotes[pastVotes.length - 1];
        _hold(_areVotes(last), "S08_votesAreBookedInEveryPool");
        uint256 sum = 0;
        for (uint256 i = 0; i <= WALLETS; ++i) {
            sum += staking.getPastVotesIn(_voter(i), ascending, last.time);
        }
        uint256 total = staking.getPastTotalSupply(last.time);
        bool covered = sum <= total && total <= sum + OPERATORS * (WALLETS + 1);
        _hold(covered && total == last.total, "S09_totalVotesAreTheValueOfAllActiveStake");
    }

    /// @dev Whatever has happened since.
    function _checkPastVotes(uint256 index) internal {
        BookedVotes storage past = pastVotes[index];
        bool same = staking.getPastTotalSupply(past.time) == past.total;
        _hold(same && _areVotes(past), "S10_pastVotesNeverChange");
    }

    function _areVotes(BookedVotes storage past) private view returns (bool) {
        for (uint256 i = 0; i <= WALLETS; ++i) {
            if (staking.getPastVotesIn(_voter(i), ascending, past.time) != past.votes[i]) return false;
        }
        return true;
    }

    /// @dev Votes of the second that ends now, as the books have them.
    function _noteVotes() internal {
        BookedVotes storage past = pastVotes.push();
        past.time = clock;
        for (uint256 op = 0; op < OPERATORS; ++op) {
            (uint256 shares, ) = _sharesOf(op);
            past.total += _worth(op, shares);
            for (uint256 i = 0; i <= WALLETS; ++i) past.votes[i] += _worth(op, _votesIn(op, _voter(i)));
        }
    }

    // ------------------------------------------------------------------ slashes

    function S11_stakesChangeByTheirOwnersAndSlashesOnly(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            for (uint256 i = 0; i < WALLETS; ++i) {
                Stake memory s = look.stakes[op][i];
                (uint256 before, uint256 now_) = (
                    stakes[op][i].value,
                    _valueOf(look, op, uint256(s.shares) + s.thawing)
                );
                bool own = op == step.op && i == step.staker;
                if (now_ > before && !(own && step.gains)) return false;
                if (now_ < before && !(own && step.loses) && !(op == step.op && step.slashes)) return false;
            }
        }
        return true;
    }

    function S12_ratesFallBySlashesOnly(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            if (_rateOf(look, op) != pools[op].rate) return false;
        }
        return true;
    }

    /// @dev After a slash that has happened: takes the new rate from the chain and checks it against what was asked.
    /// @return slashed What the pool lost.
    /// @return own What the operator lost.
    function _bookSlash(uint256 op, uint256 asked, uint256 cap) internal returns (uint256 slashed, uint256 own) {
        uint256 before = pools[op].rate;
        Pool memory pool = staking.poolOf(wallets[op]);
        uint256 rate = pool.rate == 0 ? ONE : pool.rate;
        _hold(rate <= before, "S12_ratesFallBySlashesOnly");

        (uint256 shares, uint256 thawing) = _sharesOf(op);
        uint256 ownShares = stakes[op][op].shares + stakes[op][op].thawing;
        uint256 all = _worth(op, shares + thawing);
        own = _worth(op, ownShares);
        pools[op].rate = rate;
        uint256 left = _worth(op, shares + thawing);
        slashed = all - left;
        own -= _worth(op, ownShares);
        (step.op, step.slashes) = (op, true);

        // One step of the rate is what the rounding of the rate can take.
        uint256 grain = (shares + thawing) / ONE + 1;
        _hold(slashed >= asked || rate == RATE_FLOOR, "S13_aSlashTakesWhatWasAskedAndNoMore");
        _hold(slashed <= asked + grain && asked <= cap, "S13_aSlashTakesWhatWasAskedAndNoMore");
        _hold(S14_aSlashLowersAllStakesAlike(op, all, left), "S14_aSlashLowersAllStakesAlike");
        bool told = seenStep.slashes == 1 && seenStep.slashed == slashed && seenStep.own == own;
        _hold(told, "S22_eventsTellStakesAndPools");
    }

    /// @dev v / v' = V / V', multiplied out; each of the four is rounded by less than one.
    function S14_aSlashLowersAllStakesAlike(uint256 op, uint256 all, uint256 left) private view returns (bool) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            Stake memory s = staking.stakeOf(wallets[op], wallets[i]);
            uint256 now_ = staking.valueOfShares(wallets[op], uint256(s.shares) + s.thawing);
            (uint256 x, uint256 y) = (now_ * all, stakes[op][i].value * left);
            if ((x > y ? x - y : y - x) > 2 * (all + 1)) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------ rewards

    /// @dev So what is staked and taken out in one second earns nothing.
    function S15_rewardsGrowWithTimeOnly(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            for (uint256 i = 0; i < WALLETS; ++i) {
                (uint256 before, uint256 now_) = (stakes[op][i].rewards, look.stakes[op][i].rewards);
                if (step.time) {
                    if (now_ < before) return false;
                    continue;
                }
                if (op == step.op && i == op) before += step.commission;
                if (op == step.op && i == step.staker) before -= step.claimed;
                if (now_ != before) return false;
            }
        }
        return true;
    }

    /// @dev Every call gives out a little less than the time is worth, which comes to those who are there later.
    function S16_nobodyEarnsMoreThanDrippedOnItsStake(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            for (uint256 i = 0; i < WALLETS; ++i) {
                BookedStake storage booked = stakes[op][i];
                uint256 earned = look.stakes[op][i].rewards + booked.claimed;
                if (earned > booked.earned / MILLION + booked.commission + calls + 1) return false;
            }
        }
        return true;
    }

    function S17_everybodyEarnsWhatDrippedOnItsStake(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            for (uint256 i = 0; i < WALLETS; ++i) {
                BookedStake storage booked = stakes[op][i];
                uint256 earned = look.stakes[op][i].rewards + booked.claimed;
                if (earned + 2 * calls + 2 < booked.earned / MILLION + booked.commission) return false;
            }
        }
        return true;
    }

    /// @dev Without time, what comes in and the one at most that rounding leaves; with time, it is only given out.
    function S18_whatWaitsIsWhatCameIn(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            uint256 most = pools[op].waiting + (op == step.op ? step.inflow : 0);
            uint256 least = most;
            if (step.time && look.pools[op].shares != 0) least = 0;
            uint256 waiting = uint256(look.pools[op].queued) + look.pools[op].dripping;
            if (waiting < least || waiting > most) return false;
        }
        return true;
    }

    function S19_roundsBeginWithAllThatWaitedAndLast(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            (Pool memory pool, BookedPool storage booked) = (look.pools[op], pools[op]);
            if (pool.dripping != 0 && pool.dripEnd != booked.roundEnd) return false;
            if (op == step.op && step.opens && pool.dripping == 0 && pool.queued != 0) return false;
            if (seenStep.roundOf != wallets[op]) continue;
            if (seenStep.roundEnd != clock + DRIP || seenStep.roundAmount != pool.dripping) return false;
            if (pool.queued != 0) return false;
        }
        return true;
    }

    function S20_dripsAreLinear(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            BookedPool storage booked = pools[op];
            uint256 dripping = look.pools[op].dripping;
            if (clock >= booked.roundEnd) {
                if (dripping != 0) return false;
                continue;
            }
            uint256 left = (booked.roundAmount * (booked.roundEnd - clock)) / (booked.roundEnd - booked.roundStart);
            if (dripping < left || dripping > left + calls + 1) return false;
        }
        return true;
    }

    /// @dev What drips until `time`, on whom. Shares do not change while time passes.
    function _bookDrips(uint256 time) internal {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            BookedPool storage pool = pools[op];
            (uint256 shares, ) = _sharesOf(op);
            uint256 from = clock;
            uint256 to = time < pool.roundEnd ? time : pool.roundEnd;
            if (shares == 0 || to <= from) continue;
            uint256 drip = (pool.roundAmount * MILLION * (to - from)) / (pool.roundEnd - pool.roundStart) + 1;
            for (uint256 i = 0; i < WALLETS; ++i) {
                uint256 own = stakes[op][i].shares;
                if (own != 0) stakes[op][i].earned += (drip * own) / shares + 1;
            }
        }
    }

    /// @dev Takes note of a round that has begun. One that goes on must have ended before.
    function _bookRound() internal {
        if (seenStep.roundOf == address(0)) return;
        BookedPool storage pool = pools[_operatorOf(seenStep.roundOf)];
        _hold(clock >= pool.roundEnd || pool.roundAmount == 0, "S19_roundsBeginWithAllThatWaitedAndLast");
        (pool.roundAmount, pool.roundStart, pool.roundEnd) = (seenStep.roundAmount, clock, seenStep.roundEnd);
    }

    /// @dev And what the rounding of stakes has left, at most one for each call.
    function S27_noPoolPaysOutMoreThanItHarvested() private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            SeenPool storage pool = seenPool[wallets[op]];
            if (pool.claimed > pool.harvested + calls) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------ events and eligibility

    function S22_eventsTellStakesAndPools() private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            SeenPool storage pool = seenPool[wallets[op]];
            (uint256 shares, uint256 thawing) = _sharesOf(op);
            if (pool.shares != shares || pool.thawing != thawing || pool.rate != pools[op].rate) return false;
            address holder = staking.operatorOfTag(uint96(uint160(wallets[op])));
            if (holder != (pool.tagged ? wallets[op] : address(0)) || (shares + thawing != 0 && !pool.tagged))
                return false;
            if (pool.holds != pools[op].holds || pool.commission != pools[op].nextCommission) return false;
            uint256 claimed = 0;
            for (uint256 i = 0; i < WALLETS; ++i) {
                (SeenStake storage seen, BookedStake storage booked) = (
                    seenStake[wallets[op]][wallets[i]],
                    stakes[op][i]
                );
                if (seen.shares != booked.shares || seen.thawing != booked.thawing) return false;
                if (seen.thawedAt != booked.thawedAt) return false;
                claimed += booked.claimed;
            }
            if (pool.claimed != claimed) return false;
        }
        return seenMinSelfStake == bookMinSelfStake;
    }

    function S23_eventsTellVotesAndDelegates() private view returns (bool) {
        for (uint256 i = 0; i <= WALLETS; ++i) {
            address voter = _voter(i);
            for (uint256 op = 0; op < OPERATORS; ++op) {
                if (seenVotes[wallets[op]][voter] != _votesIn(op, voter)) return false;
            }
            address seen = seenDelegate[voter];
            if ((seen == address(0) ? voter : seen) != _delegateOf(voter)) return false;
        }
        return true;
    }

    function S24_eligibleIsWhoHasStakedEnoughItself(Look memory look) private view returns (bool) {
        for (uint256 op = 0; op < OPERATORS; ++op) {
            bool enough = _valueOf(look, op, look.stakes[op][op].shares) >= bookMinSelfStake;
            if (staking.isEligible(wallets[op]) != enough) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------ values

    function _valueOf(Look memory look, uint256 op, uint256 shares) private pure returns (uint256) {
        return (shares * _rateOf(look, op)) / ONE;
    }

    function _rateOf(Look memory look, uint256 op) private pure returns (uint256) {
        return look.pools[op].rate == 0 ? ONE : look.pools[op].rate;
    }
}
