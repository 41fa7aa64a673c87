// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Subject} from "../../solidity/Campaign.sol";
import {EventBook} from "./EventBook.sol";
import {LedgerBook} from "./LedgerBook.sol";

/// @notice Everything that can be said about the campaign's world at one moment, by the chain, by the plain books or by
/// the events. Shares of all splits are in one list, in the order of the pool.
struct Chain {
    uint256[] amount;
    uint256[] calls;
    uint256[] lastPaidAt;
    uint256[] drawn;
    uint256[] redirect;
    uint256[] balance;
    uint256[] allowance;
    uint256[] nonce;
    uint256[] walletTokens;
    uint256[] boxTokens;
    uint256 ledgerTokens;
}

/// @notice What the laws of the state need besides: what each share is entitled to and what each split has paid out.
struct Figures {
    Pool pool;
    uint256[] entitlement;
    uint256[] drawnOf;
}

/// @notice The pool of splits, in memory.
struct Pool {
    uint256[] totalUnits;
    uint256[] sizes;
    uint256[] split;
    uint256[] units;
    uint256[] target;
    bool[] toSplit;
}

/// @title The numbered properties of the ledger
/// @notice L01 to L15 compare the chain with the plain books and with the events. The others are laws that hold
/// whatever the rules: they look at the chain before and after a call and know only who called what.
abstract contract LedgerProperties is Subject, LedgerBook, EventBook {
    enum Act {
        Nothing,
        Pay,
        PayFromBalance,
        Release,
        PayOut,
        Claim,
        Deposit,
        Withdraw,
        TransferBalance,
        ApproveSpender,
        Redirect,
        GiveTokens,
        Sweep,
        Corrupt
    }

    /// @dev What one call to the ledger was about.
    /// @param account The account that is spent from or claims.
    /// @param relayer Who submits a signed claim; zero otherwise.
    /// @param failed Whether it reverted.
    /// @param agreed Whether the books returned or reverted with the same bytes.
    /// @param returned What it returned, if that is one word.
    /// @param paidIds Splits that the caller meant to pay.
    struct Step {
        Act act;
        address caller;
        bytes32 account;
        address relayer;
        bool failed;
        bool agreed;
        uint256 returned;
        bytes32[] paidIds;
        uint256[] paidAmounts;
    }

    struct Approval {
        bytes32 account;
        address spender;
    }

    Step internal step;
    Chain private last;
    Approval[] internal approvals;

    /// @dev Tokens that reached the ledger as a plain transfer.
    uint256 internal given;

    mapping(uint256 approval => uint256) internal everApproved;
    mapping(uint256 approval => uint256) internal everSpent;

    // ------------------------------------------------------------------ after every call

    /// @dev The state that the first call starts from.
    function _look() internal {
        last = _readChain();
    }

    function _checkStep() internal {
        Chain memory from = _readLast();
        (Chain memory to, Figures memory figures) = _checkMoment();
        _checkMoney(from, to, figures.pool);
        _checkWills(from, to);
        last = to;
    }

    /// @dev The properties that need no look back.
    function _checkMoment() internal returns (Chain memory to, Figures memory figures) {
        to = _readChain();
        figures = _figuresOf(_readPool(), to);
        _checkBooks(to, _readBooks());
        _checkEvents(to, _readEventBook());
        _checkState(to, figures);
    }

    function _checkBooks(Chain memory to, Chain memory books) private {
        _hold(L01_ledgerAndBooksAgreeOnEveryOutcome(), "L01_ledgerAndBooksAgreeOnEveryOutcome");
        _hold(L02_receivedIsBooked(to, books), "L02_receivedIsBooked");
        _hold(L03_callsAreBookedAndSaturate(to, books), "L03_callsAreBookedAndSaturate");
        _hold(L04_lastPaymentIsBooked(to, books), "L04_lastPaymentIsBooked");
        _hold(L05_drawnIsBooked(to, books), "L05_drawnIsBooked");
        _hold(L06_balancesAreBooked(to, books), "L06_balancesAreBooked");
        _hold(L07_allowancesAreBooked(to, books), "L07_allowancesAreBooked");
        _hold(L08_redirectsAreBooked(to, books), "L08_redirectsAreBooked");
        _hold(L09_noncesAreBooked(to, books), "L09_noncesAreBooked");
        _hold(L10_tokensAreBooked(to, books), "L10_tokensAreBooked");
    }

    function _checkEvents(Chain memory to, Chain memory seen) private {
        _hold(L11_eventsTellReceivedAndCalls(to, seen), "L11_eventsTellReceivedAndCalls");
        _hold(L12_eventsTellDrawnAndRedirects(to, seen), "L12_eventsTellDrawnAndRedirects");
        _hold(L13_eventsTellBalancesAndAllowances(to, seen), "L13_eventsTellBalancesAndAllowances");
        _hold(L14_eventsTellNoncesAndTheTokensHeld(to, seen), "L14_eventsTellNoncesAndTheTokensHeld");
        _hold(L15_eventsAndReturnValueTellTheSameRelease(), "L15_eventsAndReturnValueTellTheSameRelease");
    }

    function _checkState(Chain memory to, Figures memory figures) private {
        _hold(L16_noSplitPaysOutMoreThanItReceived(to, figures), "L16_noSplitPaysOutMoreThanItReceived");
        _hold(L17_noShareDrawsMoreThanItsEntitlement(to, figures), "L17_noShareDrawsMoreThanItsEntitlement");
        _hold(L18_zeroUnitSharesDrawNothing(to, figures), "L18_zeroUnitSharesDrawNothing");
        _hold(L19_receivedIsDrawnPlusDrawablePlusDust(to, figures), "L19_receivedIsDrawnPlusDrawablePlusDust");
        _hold(L20_custodyIsExact(to), "L20_custodyIsExact");
        _hold(L21_tokensAreConserved(to), "L21_tokensAreConserved");
        _hold(L22_noSplitReceivesMoreThanTheMost(to), "L22_noSplitReceivesMoreThanTheMost");
        _hold(L23_unpaidSplitsDrawNothing(to, figures), "L23_unpaidSplitsDrawNothing");
        _hold(L24_onlySplitsWithAnArbiterAreRedirected(to, figures), "L24_onlySplitsWithAnArbiterAreRedirected");
        _hold(L25_spendersSpendNoMoreThanApproved(), "L25_spendersSpendNoMoreThanApproved");
    }

    function _checkMoney(Chain memory from, Chain memory to, Pool memory pool) private {
        _hold(L26_receivedNeverFalls(from, to), "L26_receivedNeverFalls");
        _hold(L27_callsNeverFall(from, to), "L27_callsNeverFall");
        _hold(L28_lastPaymentNeverFallsAndIsNeverAhead(from, to), "L28_lastPaymentNeverFallsAndIsNeverAhead");
        _hold(L29_drawnNeverFalls(from, to), "L29_drawnNeverFalls");
        _hold(L30_splitsReceiveWhatIsPaidAndRouted(from, to, pool), "L30_splitsReceiveWhatIsPaidAndRouted");
        _hold(L31_accountsReceiveWhatTheirSharesDraw(from, to, pool), "L31_accountsReceiveWhatTheirSharesDraw");
        _hold(L32_onlyReleasesDraw(from, to), "L32_onlyReleasesDraw");
        _hold(L33_aReleaseMovesNoTokens(from, to), "L33_aReleaseMovesNoTokens");
        _hold(L34_aPayoutLeavesBalancesOfWalletsAlone(from, to), "L34_aPayoutLeavesBalancesOfWalletsAlone");
        _hold(L35_callsAreCountedOnlyByPayments(from, to), "L35_callsAreCountedOnlyByPayments");
        _hold(L36_aSweepEmptiesTheAddressIntoItsSplit(from, to), "L36_aSweepEmptiesTheAddressIntoItsSplit");
        _hold(L37_aClaimEmptiesTheClaimant(to), "L37_aClaimEmptiesTheClaimant");
        _hold(L38_timeAndNewSplitsChangeNothing(from, to), "L38_timeAndNewSplitsChangeNothing");
    }

    function _checkWills(Chain memory from, Chain memory to) private {
        _hold(L39_balancesFallOnlyByTheirOwnersWill(from, to), "L39_balancesFallOnlyByTheirOwnersWill");
        _hold(L40_walletTokensFallOnlyByTheirOwnersWill(from, to), "L40_walletTokensFallOnlyByTheirOwnersWill");
        _hold(L41_allowancesChangeOnlyByOwnerOrUse(from, to), "L41_allowancesChangeOnlyByOwnerOrUse");
        _hold(L42_noncesCountSignedClaims(from, to), "L42_noncesCountSignedClaims");
        _hold(L43_onlyARedirectChangesOneRedirect(from, to), "L43_onlyARedirectChangesOneRedirect");
        _hold(L44_aRedirectMovesNoMoney(from, to), "L44_aRedirectMovesNoMoney");
        _hold(L45_corruptedDrawsAreRefusedByName(), "L45_corruptedDrawsAreRefusedByName");
    }

    // ------------------------------------------------------------------ the ledger and the plain books

    /// @dev The same return value, or the same error with the same values.
    function L01_ledgerAndBooksAgreeOnEveryOutcome() internal view returns (bool) {
        return step.act == Act.Corrupt || step.agreed;
    }

    function L02_receivedIsBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.amount, books.amount);
    }

    function L03_callsAreBookedAndSaturate(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.calls, books.calls);
    }

    function L04_lastPaymentIsBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.lastPaidAt, books.lastPaidAt);
    }

    function L05_drawnIsBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.drawn, books.drawn);
    }

    function L06_balancesAreBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.balance, books.balance);
    }

    function L07_allowancesAreBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.allowance, books.allowance);
    }

    function L08_redirectsAreBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.redirect, books.redirect);
    }

    function L09_noncesAreBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return _same(to.nonce, books.nonce);
    }

    function L10_tokensAreBooked(Chain memory to, Chain memory books) internal pure returns (bool) {
        return
            _same(to.walletTokens, books.walletTokens) &&
            _same(to.boxTokens, books.boxTokens) &&
            to.ledgerTokens == books.ledgerTokens;
    }

    // ------------------------------------------------------------------ the ledger and its events

    function L11_eventsTellReceivedAndCalls(Chain memory to, Chain memory seen) internal pure returns (bool) {
        return _same(to.amount, seen.amount) && _same(to.calls, seen.calls);
    }

    function L12_eventsTellDrawnAndRedirects(Chain memory to, Chain memory seen) internal pure returns (bool) {
        return _same(to.drawn, seen.drawn) && _same(to.redirect, seen.redirect);
    }

    function L13_eventsTellBalancesAndAllowances(Chain memory to, Chain memory seen) internal pure returns (bool) {
        return _same(to.balance, seen.balance) && _same(to.allowance, seen.allowance);
    }

    function L14_eventsTellNoncesAndTheTokensHeld(Chain memory to, Chain memory seen) internal pure returns (bool) {
        return _same(to.nonce, seen.nonce) && to.ledgerTokens == seen.ledgerTokens;
    }

    function L15_eventsAndReturnValueTellTheSameRelease() internal view returns (bool) {
        return (step.act != Act.Release && step.act != Act.PayOut) || step.returned == seenReleased;
    }

    // ------------------------------------------------------------------ laws of the state

    /// @dev P2.
    function L16_noSplitPaysOutMoreThanItReceived(
        Chain memory to,
        Figures memory figures
    ) internal pure returns (bool) {
        for (uint256 i = 0; i < to.amount.length; ++i) {
            if (figures.drawnOf[i] > to.amount[i]) return false;
        }
        return true;
    }

    function L17_noShareDrawsMoreThanItsEntitlement(
        Chain memory to,
        Figures memory figures
    ) internal pure returns (bool) {
        for (uint256 i = 0; i < to.drawn.length; ++i) {
            if (to.drawn[i] > figures.entitlement[i]) return false;
        }
        return true;
    }

    function L18_zeroUnitSharesDrawNothing(Chain memory to, Figures memory figures) internal pure returns (bool) {
        for (uint256 i = 0; i < to.drawn.length; ++i) {
            if (figures.pool.units[i] == 0 && to.drawn[i] != 0) return false;
        }
        return true;
    }

    /// @dev P6: what is neither drawn nor drawable is less than one smallest unit for each share.
    function L19_receivedIsDrawnPlusDrawablePlusDust(
        Chain memory to,
        Figures memory figures
    ) internal pure returns (bool) {
        uint256[] memory accounted = new uint256[](to.amount.length);
        for (uint256 i = 0; i < to.drawn.length; ++i) {
            uint256 drawable = figures.entitlement[i] > to.drawn[i] ? figures.entitlement[i] - to.drawn[i] : 0;
            accounted[figures.pool.split[i]] += to.drawn[i] + drawable;
        }
        for (uint256 i = 0; i < to.amount.length; ++i) {
            if (figures.pool.totalUnits[i] == 0) continue;
            if (accounted[i] > to.amount[i] || to.amount[i] - accounted[i] >= figures.pool.sizes[i]) return false;
        }
        return true;
    }

    function L20_custodyIsExact(Chain memory to) internal view returns (bool) {
        return to.ledgerTokens + _sum(to.drawn) == given + _sum(to.balance) + _sum(to.amount);
    }

    function L21_tokensAreConserved(Chain memory to) internal view returns (bool) {
        return to.ledgerTokens + _sum(to.walletTokens) + _sum(to.boxTokens) == token.totalSupply();
    }

    function L22_noSplitReceivesMoreThanTheMost(Chain memory to) internal pure returns (bool) {
        for (uint256 i = 0; i < to.amount.length; ++i) {
            if (to.amount[i] > MOST_RECEIVED) return false;
        }
        return true;
    }

    function L23_unpaidSplitsDrawNothing(Chain memory to, Figures memory figures) internal pure returns (bool) {
        for (uint256 i = 0; i < to.amount.length; ++i) {
            if (to.amount[i] == 0 && figures.drawnOf[i] != 0) return false;
        }
        return true;
    }

    function L24_onlySplitsWithAnArbiterAreRedirected(
        Chain memory to,
        Figures memory figures
    ) internal view returns (bool) {
        for (uint256 i = 0; i < to.redirect.length; ++i) {
            if (to.redirect[i] != 0 && splits[figures.pool.split[i]].arbiter == address(0)) return false;
        }
        return true;
    }

    function L25_spendersSpendNoMoreThanApproved() internal view returns (bool) {
        for (uint256 i = 0; i < approvals.length; ++i) {
            if (everSpent[i] > everApproved[i]) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------ laws of change: money

    function L26_receivedNeverFalls(Chain memory from, Chain memory to) internal pure returns (bool) {
        return _neverFalls(from.amount, to.amount);
    }

    function L27_callsNeverFall(Chain memory from, Chain memory to) internal pure returns (bool) {
        return _neverFalls(from.calls, to.calls);
    }

    function L28_lastPaymentNeverFallsAndIsNeverAhead(Chain memory from, Chain memory to) internal view returns (bool) {
        for (uint256 i = 0; i < to.lastPaidAt.length; ++i) {
            if (to.lastPaidAt[i] > clock) return false;
        }
        return _neverFalls(from.lastPaidAt, to.lastPaidAt);
    }

    function L29_drawnNeverFalls(Chain memory from, Chain memory to) internal pure returns (bool) {
        return _neverFalls(from.drawn, to.drawn);
    }

    function L30_splitsReceiveWhatIsPaidAndRouted(
        Chain memory from,
        Chain memory to,
        Pool memory pool
    ) internal view returns (bool) {
        uint256[] memory expected = new uint256[](to.amount.length);
        for (uint256 i = 0; i < expected.length; ++i) expected[i] = from.amount[i];
        for (uint256 i = 0; i < step.paidIds.length && !step.failed; ++i) {
            expected[numberOf[step.paidIds[i]]] += step.paidAmounts[i];
        }
        for (uint256 i = 0; i < to.drawn.length; ++i) {
            if (to.drawn[i] > from.drawn[i] && pool.toSplit[i]) expected[pool.target[i]] += to.drawn[i] - from.drawn[i];
        }
        return _same(to.amount, expected);
    }

    /// @dev In a release, balance and tokens of an account together grow by what the shares draw that go to it.
    function L31_accountsReceiveWhatTheirSharesDraw(
        Chain memory from,
        Chain memory to,
        Pool memory pool
    ) internal view returns (bool) {
        if (step.act != Act.Release && step.act != Act.PayOut) return true;
        uint256[] memory expected = new uint256[](to.balance.length);
        uint256[] memory actual = new uint256[](to.balance.length);
        for (uint256 i = 0; i < expected.length; ++i) {
            expected[i] = from.balance[i] + (i < WALLETS ? from.walletTokens[i] : 0);
            actual[i] = to.balance[i] + (i < WALLETS ? to.walletTokens[i] : 0);
        }
        for (uint256 i = 0; i < to.drawn.length; ++i) {
            if (to.drawn[i] <= from.drawn[i] || pool.toSplit[i]) continue;
            uint256 redirect = from.redirect[i];
            uint256 target = redirect == 0 ? pool.target[i] : accountNumber[bytes32(redirect)];
            expected[target] += to.drawn[i] - from.drawn[i];
        }
        return _same(actual, expected);
    }

    function L32_onlyReleasesDraw(Chain memory from, Chain memory to) internal view returns (bool) {
        if (step.act == Act.Release || step.act == Act.PayOut || step.act == Act.Claim) return true;
        return _same(from.drawn, to.drawn);
    }

    function L33_aReleaseMovesNoTokens(Chain memory from, Chain memory to) internal view returns (bool) {
        return
            step.act != Act.Release ||
            (from.ledgerTokens == to.ledgerTokens && _same(from.walletTokens, to.walletTokens));
    }

    /// @dev Wallets that the token delivers to get theirs as tokens; a refused one and sub-accounts as balance.
    function L34_aPayoutLeavesBalancesOfWalletsAlone(Chain memory from, Chain memory to) internal view returns (bool) {
        if (step.act != Act.PayOut) return true;
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (to.balance[i] != from.balance[i] && !refused[wallets[i]]) return false;
        }
        return _neverFalls(from.balance, to.balance);
    }

    function L35_callsAreCountedOnlyByPayments(Chain memory from, Chain memory to) internal view returns (bool) {
        return step.act == Act.Pay || step.act == Act.PayFromBalance || _same(from.calls, to.calls);
    }

    function L36_aSweepEmptiesTheAddressIntoItsSplit(Chain memory from, Chain memory to) internal view returns (bool) {
        if (step.act != Act.Sweep || step.failed) return true;
        uint256 i = numberOf[step.paidIds[0]];
        uint256 swept = from.boxTokens[i];
        return swept != 0 && to.boxTokens[i] == 0 && to.amount[i] == from.amount[i] + swept && step.returned == swept;
    }

    function L37_aClaimEmptiesTheClaimant(Chain memory to) internal view returns (bool) {
        return step.act != Act.Claim || step.failed || to.balance[accountNumber[step.account]] == 0;
    }

    function L38_timeAndNewSplitsChangeNothing(Chain memory from, Chain memory to) internal view returns (bool) {
        return step.act != Act.Nothing || _sameState(from, to);
    }

    // ------------------------------------------------------------------ laws of change: whose will it was

    /// @dev Its owner calls, or signed a claim, or approved the spender who calls, for at least as much.
    function L39_balancesFallOnlyByTheirOwnersWill(Chain memory from, Chain memory to) internal view returns (bool) {
        for (uint256 i = 0; i < to.balance.length; ++i) {
            if (to.balance[i] >= from.balance[i]) continue;
            if (step.failed || accounts[i] != step.account) return false;
            if (step.act == Act.Claim || _ownerOf(step.account) == step.caller) continue;
            uint256 approval = _approvalOf(step.account, step.caller);
            if (step.act != Act.TransferBalance || approval == approvals.length) return false;
            (uint256 had, uint256 has) = (from.allowance[approval], to.allowance[approval]);
            if (has > had || from.balance[i] - to.balance[i] > had - has) return false;
        }
        return true;
    }

    function L40_walletTokensFallOnlyByTheirOwnersWill(
        Chain memory from,
        Chain memory to
    ) internal view returns (bool) {
        for (uint256 i = 0; i < to.walletTokens.length; ++i) {
            if (to.walletTokens[i] >= from.walletTokens[i]) continue;
            bool byOwner = step.caller == wallets[i] || step.account == _account(wallets[i], 0);
            if (step.failed || !byOwner) return false;
            if (step.act != Act.Pay && step.act != Act.Deposit && step.act != Act.GiveTokens) return false;
        }
        return step.act == Act.Sweep || _neverFalls(from.boxTokens, to.boxTokens);
    }

    function L41_allowancesChangeOnlyByOwnerOrUse(Chain memory from, Chain memory to) internal view returns (bool) {
        for (uint256 i = 0; i < to.allowance.length; ++i) {
            if (to.allowance[i] == from.allowance[i]) continue;
            if (step.account != approvals[i].account || step.failed) return false;
            bool byOwner = step.act == Act.ApproveSpender && step.caller == _ownerOf(step.account);
            bool byUse =
                step.act == Act.TransferBalance &&
                    step.caller == approvals[i].spender &&
                    to.allowance[i] < from.allowance[i];
            if (!byOwner && !byUse) return false;
        }
        return true;
    }

    function L42_noncesCountSignedClaims(Chain memory from, Chain memory to) internal view returns (bool) {
        bool claimed = step.act == Act.Claim && step.relayer != address(0) && !step.failed;
        for (uint256 i = 0; i < to.nonce.length; ++i) {
            uint256 used = claimed && step.account == accounts[i] ? 1 : 0;
            if (to.nonce[i] != from.nonce[i] + used) return false;
        }
        return true;
    }

    function L43_onlyARedirectChangesOneRedirect(Chain memory from, Chain memory to) internal view returns (bool) {
        uint256 changed = 0;
        for (uint256 i = 0; i < to.redirect.length; ++i) {
            if (from.redirect[i] != to.redirect[i]) ++changed;
        }
        return changed <= (step.act == Act.Redirect ? 1 : 0);
    }

    function L44_aRedirectMovesNoMoney(Chain memory from, Chain memory to) internal view returns (bool) {
        return
            step.act != Act.Redirect ||
            (from.ledgerTokens == to.ledgerTokens &&
                _same(from.amount, to.amount) &&
                _same(from.drawn, to.drawn) &&
                _same(from.balance, to.balance) &&
                _same(from.walletTokens, to.walletTokens));
    }

    function L45_corruptedDrawsAreRefusedByName() internal view returns (bool) {
        return step.act != Act.Corrupt || (step.failed && step.agreed);
    }

    // ------------------------------------------------------------------ figures

    function _figuresOf(Pool memory pool, Chain memory chain) internal pure returns (Figures memory figures) {
        figures.pool = pool;
        figures.entitlement = new uint256[](pool.units.length);
        figures.drawnOf = new uint256[](pool.totalUnits.length);
        for (uint256 i = 0; i < pool.units.length; ++i) {
            uint256 split = pool.split[i];
            uint256 total = pool.totalUnits[split];
            if (total != 0) figures.entitlement[i] = (chain.amount[split] * pool.units[i]) / total;
            figures.drawnOf[split] += chain.drawn[i];
        }
    }

    function _approvalOf(bytes32 account, address spender) internal view returns (uint256 i) {
        while (i < approvals.length && (approvals[i].account != account || approvals[i].spender != spender)) ++i;
    }

    function _neverFalls(uint256[] memory from, uint256[] memory to) private pure returns (bool) {
        for (uint256 i = 0; i < to.length; ++i) {
            if (to[i] < from[i]) return false;
        }
        return true;
    }

    function _sum(uint256[] memory list) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < list.length; ++i) sum += list[i];
    }

    function _same(uint256[] memory a, uint256[] memory b) private pure returns (bool same) {
        assembly ("memory-safe") {
            let length := mul(add(mload(a), 1), 32)
            same := eq(keccak256(a, length), keccak256(b, length))
        }
    }

    function _sameState(Chain memory a, Chain memory b) private pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }

    // ------------------------------------------------------------------ reading

    function _empty() private view returns (Chain memory chain) {
        chain.amount = new uint256[](splits.length);
        chain.calls = new uint256[](splits.length);
        chain.lastPaidAt = new uint256[](splits.length);
        chain.boxTokens = new uint256[](splits.length);
        chain.drawn = new uint256[](slots.length);
        chain.redirect = new uint256[](slots.length);
        chain.balance = new uint256[](accounts.length);
        chain.allowance = new uint256[](approvals.length);
        chain.nonce = new uint256[](wallets.length);
        chain.walletTokens = new uint256[](wallets.length);
    }

    function _readChain() internal view returns (Chain memory chain) {
        chain = _empty();
        uint256 place = 0;
        for (uint256 i = 0; i < chain.amount.length; ++i) {
            bytes32 id = splits[i].id;
            (chain.amount[i], chain.calls[i], chain.lastPaidAt[i]) = ledger.received(id);
            chain.boxTokens[i] = token.balanceOf(splits[i].box);
            uint256 size = splits[i].shares.length;
            for (uint256 k = 0; k < size; ++k) {
                chain.drawn[place] = ledger.drawn(id, k);
                chain.redirect[place] = uint256(ledger.redirectOf(id, k));
                ++place;
            }
        }
        for (uint256 i = 0; i < chain.balance.length; ++i) chain.balance[i] = ledger.balanceOf(accounts[i]);
        for (uint256 i = 0; i < chain.allowance.length; ++i) {
            chain.allowance[i] = ledger.allowance(approvals[i].account, approvals[i].spender);
        }
        for (uint256 i = 0; i < chain.nonce.length; ++i) {
            chain.nonce[i] = ledger.nonces(wallets[i]);
            chain.walletTokens[i] = token.balanceOf(wallets[i]);
        }
        chain.ledgerTokens = token.balanceOf(address(ledger));
    }

    function _readBooks() private view returns (Chain memory books) {
        books = _empty();
        uint256 place = 0;
        for (uint256 i = 0; i < books.amount.length; ++i) {
            bytes32 id = splits[i].id;
            Receipts storage receipts = bookReceived[id];
            (books.amount[i], books.calls[i], books.lastPaidAt[i]) = (
                receipts.amount,
                receipts.calls,
                receipts.lastPaidAt
            );
            books.boxTokens[i] = bookTokens[splits[i].box];
            uint256 size = splits[i].shares.length;
            for (uint256 k = 0; k < size; ++k) {
                books.drawn[place] = bookDrawn[id][k];
                books.redirect[place] = uint256(bookRedirectedTo[id][k]);
                ++place;
            }
        }
        for (uint256 i = 0; i < books.balance.length; ++i) books.balance[i] = bookBalance[accounts[i]];
        for (uint256 i = 0; i < books.allowance.length; ++i) {
            books.allowance[i] = bookAllowance[approvals[i].account][approvals[i].spender];
        }
        for (uint256 i = 0; i < books.nonce.length; ++i) {
            books.nonce[i] = bookNonce[wallets[i]];
            books.walletTokens[i] = bookTokens[wallets[i]];
        }
        books.ledgerTokens = bookTokens[address(ledger)];
    }

    function _readEventBook() private view returns (Chain memory seen) {
        seen = _empty();
        uint256 place = 0;
        for (uint256 i = 0; i < seen.amount.length; ++i) {
            bytes32 id = splits[i].id;
            (seen.amount[i], seen.calls[i]) = (seenReceived[id], seenCalls[id]);
            uint256 size = splits[i].shares.length;
            for (uint256 k = 0; k < size; ++k) {
                seen.drawn[place] = seenDrawn[id][k];
                seen.redirect[place] = uint256(seenRedirect[id][k]);
                ++place;
            }
        }
        for (uint256 i = 0; i < seen.balance.length; ++i) seen.balance[i] = seenBalance[accounts[i]];
        for (uint256 i = 0; i < seen.allowance.length; ++i) {
            seen.allowance[i] = seenAllowance[approvals[i].account][approvals[i].spender];
        }
        for (uint256 i = 0; i < seen.nonce.length; ++i) seen.nonce[i] = seenNonce[wallets[i]];
        seen.ledgerTokens = seenIn + given - seenOut;
    }

    function _readPool() internal view returns (Pool memory pool) {
        pool.totalUnits = new uint256[](splits.length);
        pool.sizes = new uint256[](splits.length);
        for (uint256 i = 0; i < splits.length; ++i) {
            (pool.totalUnits[i], pool.sizes[i]) = (splits[i].totalUnits, splits[i].shares.length);
        }
        uint256 n = slots.length;
        (pool.split, pool.units, pool.target) = (new uint256[](n), new uint256[](n), new uint256[](n));
        pool.toSplit = new bool[](n);
        for (uint256 i = 0; i < n; ++i) {
            Slot memory slot = slots[i];
            (pool.split[i], pool.units[i], pool.target[i]) = (slot.split, slot.units, slot.target);
            pool.toSplit[i] = slot.toSplit;
        }
    }

    /// @dev Splits and approvals that have been added since were all zeros before.
    function _readLast() private view returns (Chain memory chain) {
        chain = last;
        chain.amount = _lengthened(chain.amount, splits.length);
        chain.calls = _lengthened(chain.calls, splits.length);
        chain.lastPaidAt = _lengthened(chain.lastPaidAt, splits.length);
        chain.boxTokens = _lengthened(chain.boxTokens, splits.length);
        chain.drawn = _lengthened(chain.drawn, slots.length);
        chain.redirect = _lengthened(chain.redirect, slots.length);
        chain.allowance = _lengthened(chain.allowance, approvals.length);
    }

    function _lengthened(uint256[] memory list, uint256 length) private pure returns (uint256[] memory longer) {
        if (list.length == length) return list;
        longer = new uint256[](length);
        for (uint256 i = 0; i < list.length; ++i) longer[i] = list[i];
    }
}
