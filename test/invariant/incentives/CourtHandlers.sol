// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaseStatus, Claim, HeldShare} from "../../../contracts/disputes/DisputeCourt.sol";
import {IArbitrator} from "../../../contracts/disputes/ERC792.sol";
import {Fault, IFaultVerifier} from "../../../contracts/disputes/IFaultVerifier.sol";
import {Accounts} from "../../../contracts/ledger/Accounts.sol";
import {Kind} from "../../../contracts/ledger/MerkleSumTree.sol";
import {PlainDraws} from "../../solidity/PlainDraws.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {
    EVIDENCE,
    GOVERNOR,
    memberAt,
    MEMBERS,
    OPERATORS,
    QUORUM,
    RULING,
    STRANGER,
    THAW,
    WALLETS
} from "./IncentiveWorld.sol";
import {StakingHandlers} from "./StakingHandlers.sol";

/// @title What people do at the court, and with the splits that it is the arbiter of
abstract contract CourtHandlers is StakingHandlers {
    using Random for Source;

    /// @dev A case to be brought.
    /// @param held Shares in `shares` so far.
    /// @param escrowed What they have not drawn.
    /// @param fine Whether the court has to take it, as far as the draws go.
    struct Draft {
        Claim claim;
        bytes draws;
        HeldShare[] shares;
        uint256[] splits;
        uint256 held;
        uint256 escrowed;
        bool fine;
    }

    uint256 private constant BPS = 10_000;
    uint256 private constant BOND_BPS = 500;
    uint256 private constant RULING_SLASH_BPS = 2_000;

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](36);
        (list[0], list[1], list[2]) = (this.stake.selector, this.stake.selector, this.stakeFromBalance.selector);
        (list[3], list[4], list[5]) = (this.thaw.selector, this.thaw.selector, this.restake.selector);
        (list[6], list[7], list[8]) = (this.withdraw.selector, this.withdraw.selector, this.earn.selector);
        (list[9], list[10]) = (this.harvest.selector, this.harvest.selector);
        (list[11], list[12]) = (this.claimRewards.selector, this.setCommission.selector);
        (list[13], list[14], list[15]) = (this.slash.selector, this.hold.selector, this.delegate.selector);
        (list[16], list[17]) = (this.delegateBySig.selector, this.governStaking.selector);
        (list[18], list[19]) = (this.meddle.selector, this.donate.selector);
        (list[20], list[21], list[22]) = (this.pay.selector, this.pay.selector, this.release.selector);
        (list[23], list[24], list[25]) = (this.bring.selector, this.bring.selector, this.settle.selector);
        (list[26], list[27], list[28]) = (this.submitEvidence.selector, this.vote.selector, this.vote.selector);
        (list[29], list[30]) = (this.vote.selector, this.settle.selector);
        (list[31], list[32]) = (this.prove.selector, this.governCourt.selector);
        (list[33], list[34], list[35]) = (this.passTime.selector, this.passTime.selector, this.passTime.selector);
    }

    // ------------------------------------------------------------------ splits

    function pay(uint256 seed) external {
        Source memory source = _begin(seed);
        (address payer, uint256 split, uint256 amount) = (
            _anyWallet(source),
            source.below(SPLITS),
            source.magnitude(MOST / 10)
        );
        if (amount <= bookBalance[_wallet(payer)]) {
            _call(payer, address(ledger), abi.encodeCall(ledger.payFromBalance, (0, splits[split].id, amount, 1, 0)));
            bookBalance[_wallet(payer)] -= amount;
            bookReceived[split] += amount;
            _done();
        }
        _check();
    }

    function release(uint256 seed) external {
        Source memory source = _begin(seed);
        uint256 split = source.below(SPLITS);
        if (bookReceived[split] != 0) {
            uint256 first = source.below(splits[split].shares.length);
            uint256 count = source.between(1, splits[split].shares.length - first);
            _call(STRANGER, address(ledger), abi.encodeCall(ledger.release, (_draw(split, first, count))));
            for (uint256 i = 0; i < count; ++i) _bookRelease(split, first + i);
            _done();
        }
        _check();
    }

    // ------------------------------------------------------------------ cases

    function bring(uint256 seed) external {
        if (cases.length == MOST_CASES) return;
        Source memory source = _begin(seed);
        Draft memory draft = _draft(source);
        Claim memory claim = draft.claim;
        address claimant = _anyWallet(source);
        uint256 bond = ((claim.amount + draft.escrowed) * BOND_BPS) / BPS;
        if (bond < bookMinBond) bond = bookMinBond;
        uint256 flaw = source.below(16);
        bool allowed = draft.fine && bookArbitrator != 0 && (claim.amount != 0 || draft.held != 0) && flaw != 0;
        if (flaw == 0) --bond;
        if (flaw == 1) bond += source.magnitude(1e20);
        if (flaw == 2) (bond, allowed) = (uint256(type(uint96).max) + 1, false);
        allowed = allowed && bond <= bookTokens[claimant];
        if (_tryCourt(claimant, abi.encodeCall(court.open, (claim, bond, draft.draws)), allowed)) {
            _bookOpened(claimant, bond, draft);
        }
        _check();
    }

    function submitEvidence(uint256 seed) external {
        if (cases.length == 0) return;
        Source memory source = _begin(seed);
        uint256 i = _anyCase(source);
        bool allowed = cases[i].status == CaseStatus.Open && clock < cases[i].openedAt + EVIDENCE;
        if (source.oneIn(16)) (i, allowed) = (cases.length + source.below(2), false);
        bytes memory data = abi.encodeCall(court.submitEvidence, (i + 1, bytes32(source.word()), "ipfs://"));
        _tryCourt(_anyWallet(source), data, allowed);
        _check();
    }

    /// @dev The second vote for one ruling rules; disputes of strangers reach nobody.
    function vote(uint256 seed) external {
        Source memory source = _begin(seed);
        if (disputes.length == 0 || source.oneIn(16)) {
            _disputeOfAStranger(source);
        } else {
            uint256 n = source.below(disputes.length);
            for (uint256 k = 0; k < 8 && !_isVotable(n); ++k) n = source.below(disputes.length);
            BookedDispute storage dispute = disputes[n];
            address member = source.oneIn(16) ? _anyWallet(source) : memberAt(source.below(MEMBERS));
            uint256 ruling =
                source.oneIn(16)
                    ? 3
                    : source.oneIn(4)
                        ? source.below(3)
                        : 1 + (n % 2);
            bool allowed = _isMember(member) && !dispute.ruled && !bookVoted[n][member] && ruling < 3;
            bool decides = allowed && dispute.votes[ruling] + 1 == QUORUM;
            if (decides) allowed = _isVotable(n) && dispute.caseId != 0;
            (bool ok, bytes memory answer) = _call(
                member,
                address(committees[dispute.committee]),
                abi.encodeCall(committees[dispute.committee].vote, (dispute.id, ruling))
            );
            _judgeCourt(ok, dispute.caseId == 0 && decides ? bytes("none") : answer, allowed);
            if (ok) _bookVoted(n, member, ruling, decides);
            _hold(_votesAreBooked(n), "Z14_votesOfCommitteesAreBooked");
        }
        _check();
    }

    function settle(uint256 seed) external {
        if (cases.length == 0) return;
        Source memory source = _begin(seed);
        uint256 i = _anyCase(source);
        for (uint256 k = 0; k < 6 && !_isDue(i); ++k) i = _anyCase(source);
        HeldShare[] memory shares = cases[i].shares;
        bool allowed = _isDue(i);
        if (source.oneIn(8)) {
            allowed = false;
            if (shares.length == 0 || source.oneIn(2)) shares = new HeldShare[](shares.length + 1);
            else shares[0].holder = _wallet(_anyWallet(source)) ^ bytes32(uint256(1) << 200);
        }
        if (_tryCourt(_anyWallet(source), abi.encodeCall(court.settle, (i + 1, shares)), allowed)) _bookSettled(i);
        _check();
    }

    // ------------------------------------------------------------------ proofs

    function prove(uint256 seed) external {
        Source memory source = _begin(seed);
        IFaultVerifier verifier = verifiers[source.below(verifiers.length)];
        Fault memory fault;
        fault.id = bytes32(source.below(FAULTS + 1));
        fault.respondent = source.oneIn(2) ? wallets[source.below(OPERATORS)] : _anyWallet(source);
        fault.harmed = source.oneIn(4) ? address(0) : _anyWallet(source);
        fault.harm = source.magnitude(MOST);
        uint256 split = source.below(2);
        if (source.oneIn(2)) _restitution(source, fault, split);

        uint256 rank = bookRank[split][fault.restitution.index];
        bool restored =
            fault.restitution.arbiter == address(court) && (rank == 0 || rank > uint256(fault.restitution.rank) + 1);
        bool there = fault.restitution.index < splits[split].shares.length;
        bool known = bookPunished[fault.id];
        bool allowed = fault.id != 0 && (restored ? there : !known);
        if (source.oneIn(32)) (verifier, allowed) = (IFaultVerifier(STRANGER), false);

        address caller = _anyWallet(source);
        if (_tryCourt(caller, abi.encodeCall(court.prove, (verifier, abi.encode(fault))), allowed)) {
            if (restored) {
                bookRank[split][fault.restitution.index] = uint256(fault.restitution.rank) + 1;
                bookRedirect[split][fault.restitution.index] = fault.restitution.to;
            }
            if (!known) _bookPunished(verifier, fault, caller);
        }
        _check();
    }

    // ------------------------------------------------------------------ governance and strangers

    function governCourt(uint256 seed) external {
        Source memory source = _begin(seed);
        bool governed = !source.oneIn(4);
        address caller = governed ? GOVERNOR : _anyWallet(source);
        uint256 choice = source.below(4);
        if (choice == 0) {
            uint256 bond = source.oneIn(4) ? source.below(1e18) : 1e18 + source.below(10e18);
            bool allowed = governed && bond >= 1e18;
            if (_tryCourt(caller, abi.encodeCall(court.setMinBond, (bond)), allowed)) bookMinBond = bond;
        } else if (choice == 1) {
            uint256 number = source.oneIn(6) ? 0 : 1 + source.below(2);
            IArbitrator arbitrator = IArbitrator(number == 0 ? address(0) : address(committees[number - 1]));
            if (_tryCourt(caller, abi.encodeCall(court.setArbitrator, (arbitrator)), governed)) bookArbitrator = number;
        } else if (choice == 2) {
            _tryCourt(caller, abi.encodeCall(court.rule, (source.below(4), source.below(3))), false);
        } else {
            bytes memory data = abi.encodeCall(court.rule, (source.below(4), source.below(3)));
            _tryCourt(memberAt(source.below(MEMBERS)), data, false);
        }
        _check();
    }

    // ------------------------------------------------------------------ the end

    /// @notice Whatever state it is in: strangers end all cases, everybody who staked on one operator gets its stake, and
    /// what has been voted on stays as it was.
    function finish() external override {
        _begin(0);
        _pass(clock + EVIDENCE + RULING);
        _check();
        for (uint256 i = 0; i < cases.length; ++i) {
            if (cases[i].status == CaseStatus.Ended) continue;
            _begin(0);
            bytes memory data = abi.encodeCall(court.settle, (i + 1, cases[i].shares));
            bool ok = _tryCourt(STRANGER, data, true);
            _hold(ok, "Z10_everyCaseComesToAnEnd");
            if (!ok) return;
            _bookSettled(i);
            _check();
        }
        bool empty = ledger.balanceOf(_wallet(address(court))) == donatedToCourt;
        _hold(empty, "Z15_inTheEndTheCourtKeepsNoBond");
        _leave(calls % OPERATORS);
        for (uint256 i = 0; i < pastVotes.length; ++i) _checkPastVotes(i);
    }

    function _leave(uint256 op) private {
        for (uint256 i = 0; i < WALLETS; ++i) {
            uint256 shares = stakes[op][i].shares;
            if (shares == 0) continue;
            _begin(0);
            (bool ok, ) = _call(wallets[i], address(staking), abi.encodeCall(staking.thaw, (wallets[op], shares)));
            _readStep(ok);
            _hold(ok, "S26_inTheEndEverybodyGetsItsStake");
            if (!ok) return;
            stakes[op][i].thawing += shares;
            (stakes[op][i].shares, stakes[op][i].thawedAt) = (0, clock + THAW);
            (step.op, step.staker, step.opens) = (op, i, true);
            _check();
        }
        _begin(0);
        _pass(clock + 37 days);
        _check();
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (stakes[op][i].thawing != 0) {
                _begin(0);
                _hold(_withdraw(op, i), "S26_inTheEndEverybodyGetsItsStake");
                _check();
            }
            if (stakes[op][i].rewards != 0) {
                _begin(0);
                _claim(op, i);
                _check();
            }
        }
    }

    // ------------------------------------------------------------------ drafts

    /// @dev Mostly about shares that its respondent holds, or a slash, or both.
    function _draft(Source memory source) private view returns (Draft memory draft) {
        draft.fine = true;
        (draft.shares, draft.splits) = (new HeldShare[](8), new uint256[](8));
        (uint256 split, uint256 index) = _anyShare(source);
        for (uint256 k = 0; k < 4 && _ownerAt(split, index) == address(court); ++k) (split, index) = _anyShare(source);
        Claim memory claim = draft.claim;
        claim.respondent = source.oneIn(12) ? _anyWallet(source) : _ownerAt(split, index);
        if (source.oneIn(32)) claim.respondent = source.oneIn(2) ? address(0) : address(court);
        claim.harmed = source.oneIn(4) ? address(0) : _anyWallet(source);
        claim.amount = source.oneIn(3) ? 0 : uint96(source.magnitude(MOST));
        claim.evidenceHash = bytes32(source.word());
        draft.fine = claim.respondent != address(0) && claim.respondent != address(court);

        if (source.oneIn(4)) return draft;
        _addRange(draft, split, index, source.oneIn(4) && index + 1 < splits[split].shares.length ? 2 : 1);
        if (source.oneIn(3)) {
            for (uint256 k = 0; k < 8; ++k) {
                (split, index) = _anyShare(source);
                if (_ownerAt(split, index) == claim.respondent) break;
            }
            _addRange(draft, split, index, 1);
        }
        if (source.oneIn(32)) {
            bytes memory draws = draft.draws;
            assembly ("memory-safe") {
                mstore(draws, sub(mload(draws), 1))
            }
            draft.fine = false;
        }
    }

    function _addRange(Draft memory draft, uint256 split, uint256 first, uint256 count) private view {
        draft.draws = bytes.concat(draft.draws, _draw(split, first, count));
        for (uint256 index = first; index < first + count; ++index) {
            bytes32 holder = _targetOf(split, index);
            bool own = Accounts.ownerOf(holder) == draft.claim.respondent;
            bool account = splits[split].shares[index].kind == Kind.Account;
            for (uint256 k = 0; k < draft.held; ++k) {
                if (draft.splits[k] == split && draft.shares[k].index == index) own = false;
            }
            if (!own || !account || split == 2) draft.fine = false;
            draft.shares[draft.held] = HeldShare({
                root: splits[split].root,
                totalUnits: splits[split].totalUnits,
                size: uint64(splits[split].shares.length),
                index: uint64(index),
                holder: holder,
                redirect: bookRedirect[split][index]
            });
            draft.splits[draft.held++] = split;
            if (bookReceived[split] != 0) draft.escrowed += _undrawn(split, index);
        }
    }

    function _restitution(Source memory source, Fault memory fault, uint256 split) private view {
        uint256 size = splits[split].shares.length;
        (fault.restitution.root, fault.restitution.totalUnits) = (splits[split].root, splits[split].totalUnits);
        fault.restitution.size = uint64(size);
        fault.restitution.index = uint64(source.oneIn(16) ? size : source.below(size));
        fault.restitution.arbiter = source.oneIn(8) ? _anyWallet(source) : address(court);
        fault.restitution.to = source.oneIn(8) ? bytes32(0) : _wallet(_anyWallet(source));
        fault.restitution.rank = uint64(source.below(4));
    }

    function _anyShare(Source memory source) private view returns (uint256 split, uint256 index) {
        split = source.oneIn(16) ? 2 : source.below(2);
        index = source.below(splits[split].shares.length);
    }

    function _ownerAt(uint256 split, uint256 index) private view returns (address) {
        return Accounts.ownerOf(_targetOf(split, index));
    }

    function _draw(uint256 split, uint256 first, uint256 count) private view returns (bytes memory) {
        return PlainDraws.encode(_split(split), splits[split].arbiter, first, count);
    }

    // ------------------------------------------------------------------ books: cases

    function _bookOpened(address claimant, uint256 bond, Draft memory draft) private {
        BookedCase storage c = cases.push();
        (c.claimant, c.respondent, c.harmed) = (claimant, draft.claim.respondent, draft.claim.harmed);
        (c.amount, c.bond, c.openedAt, c.status) = (draft.claim.amount, bond, clock, CaseStatus.Open);
        bookTokens[claimant] -= bond;
        bookLedger += bond;
        bookBalance[_wallet(address(court))] += bond;
        for (uint256 k = 0; k < draft.held; ++k) {
            (uint256 split, HeldShare memory share) = (draft.splits[k], draft.shares[k]);
            c.shares.push(share);
            c.splits.push(split);
            bookRedirect[split][share.index] = _escrow(cases.length - 1, k);
            if (bookReceived[split] != 0) _bookRelease(split, share.index);
        }
        uint256 op = _operatorOf(c.respondent);
        if (c.amount != 0 && op < OPERATORS) ++pools[op].holds;

        c.dispute = disputes.length;
        BookedDispute storage dispute = disputes.push();
        dispute.committee = bookArbitrator - 1;
        dispute.id = ++bookDisputeCount[dispute.committee];
        dispute.caseId = cases.length;
    }

    function _bookSettled(uint256 i) private {
        BookedCase storage c = cases[i];
        bool won = c.ruling == 2;
        c.status = CaseStatus.Ended;
        uint256 freed = 0;
        for (uint256 k = 0; k < c.shares.length; ++k) freed += _bookFreed(i, k, won);
        c.freed = freed;
        _hold(seenStep.freed == freed, "Z05_whatIsDisputedIsEscrowedOrGoesOut");

        uint256 op = _operatorOf(c.respondent);
        if (c.amount != 0 && op < OPERATORS) {
            --pools[op].holds;
            uint256 cap = (_slashable(op) * RULING_SLASH_BPS) / BPS;
            uint256 asked = c.amount < cap ? c.amount : cap;
            if (won && asked != 0) _bookDivided(op, asked, cap, c.harmed, c.amount, address(0));
        }
        uint256 back =
            won
                ? c.bond
                : c.ruling == 1
                    ? 0
                    : c.bond - c.bond / 2;
        uint256 other = won ? 0 : c.bond / 2;
        bookBalance[_wallet(address(court))] -= c.bond;
        bookBalance[_wallet(c.claimant)] += back;
        bookBalance[_wallet(c.respondent)] += other;
        bookBalance[Accounts.NOBODY] += c.bond - back - other;
    }

    /// @dev A share leaves a case, unless a proof has moved it, and its escrow is emptied.
    function _bookFreed(uint256 i, uint256 k, bool won) private returns (uint256 amount) {
        BookedCase storage c = cases[i];
        (bytes32 escrow, uint256 split, uint256 index) = (_escrow(i, k), c.splits[k], c.shares[k].index);
        bytes32 harmed = c.harmed == address(0) ? Accounts.NOBODY : _wallet(c.harmed);
        bytes32 to = won ? harmed : c.shares[k].holder;
        if (bookRedirect[split][index] == escrow) bookRedirect[split][index] = won ? to : c.shares[k].redirect;
        amount = bookBalance[escrow];
        bookBalance[escrow] = 0;
        bookBalance[to] += amount;
        _hold(ledger.balanceOf(escrow) == 0, "Z16_whenACaseEndsItsEscrowsAreEmpty");
    }

    function _bookPunished(IFaultVerifier verifier, Fault memory fault, address claimant) private {
        bookPunished[fault.id] = true;
        uint256 op = _operatorOf(fault.respondent);
        if (op == OPERATORS) return;
        uint256 asked = (_slashable(op) * verifier.slashBps()) / BPS;
        if (asked != 0) _bookDivided(op, asked, asked, fault.harmed, fault.harm, claimant);
    }

    /// @dev Half of what the operator lost itself: a tenth for the claimant, if there is one, the rest for the harmed party.
    function _bookDivided(
        uint256 op,
        uint256 asked,
        uint256 cap,
        address harmed,
        uint256 harm,
        address claimant
    ) private {
        (uint256 slashed, uint256 own) = _bookSlash(op, asked, cap);
        uint256 bounty = claimant == address(0) ? 0 : own / 10;
        uint256 left = own / 2 - bounty;
        uint256 compensation =
            harmed == address(0)
                ? 0
                : harm < left
                    ? harm
                    : left;
        bookBalance[_wallet(address(staking))] -= slashed;
        if (compensation != 0) bookBalance[_wallet(harmed)] += compensation;
        if (bounty != 0) bookBalance[_wallet(claimant)] += bounty;
        bookBalance[Accounts.NOBODY] += slashed - compensation - bounty;
        _hold(seenStep.divisions == 1, "Z09_aSlashPaysOutAtMostHalfOfTheOwnLoss");
    }

    function _anyCase(Source memory source) private view returns (uint256 i) {
        i = source.below(cases.length);
        for (uint256 k = 0; k < 4 && cases[i].status == CaseStatus.Ended; ++k) i = source.below(cases.length);
    }

    function _isDue(uint256 i) private view returns (bool) {
        BookedCase storage c = cases[i];
        if (c.status == CaseStatus.Ruled) return true;
        return c.status == CaseStatus.Open && clock >= c.openedAt + EVIDENCE + RULING;
    }

    function _nextOf(uint256 i) internal view override returns (uint256) {
        uint256 evidence = cases[i].openedAt + EVIDENCE;
        return clock < evidence ? evidence : evidence + RULING;
    }

    // ------------------------------------------------------------------ books: committees

    function _disputeOfAStranger(Source memory source) private {
        uint256 committee = source.below(2);
        uint256 choices = 2;
        bytes memory data = abi.encodeCall(committees[committee].createDispute, (choices, ""));
        (bool ok, ) = _call(STRANGER, address(committees[committee]), data);
        _hold(ok, "Z01_courtAndBooksAgreeOnEveryOutcome");
        BookedDispute storage dispute = disputes.push();
        (dispute.committee, dispute.id) = (committee, ++bookDisputeCount[committee]);
    }

    /// @dev Whether a ruling would be taken now.
    function _isVotable(uint256 n) private view returns (bool) {
        if (disputes[n].caseId == 0) return false;
        BookedCase storage c = cases[disputes[n].caseId - 1];
        if (c.status != CaseStatus.Open) return false;
        return clock >= c.openedAt + EVIDENCE && clock < c.openedAt + EVIDENCE + RULING;
    }

    function _isMember(address account) private pure returns (bool) {
        for (uint256 i = 0; i < MEMBERS; ++i) {
            if (memberAt(i) == account) return true;
        }
        return false;
    }

    function _bookVoted(uint256 n, address member, uint256 ruling, bool decides) private {
        BookedDispute storage dispute = disputes[n];
        bookVoted[n][member] = true;
        ++dispute.votes[ruling];
        if (!decides) return;
        dispute.ruled = true;
        BookedCase storage c = cases[dispute.caseId - 1];
        (c.status, c.ruling) = (CaseStatus.Ruled, ruling);
    }

    function _votesAreBooked(uint256 n) private view returns (bool) {
        BookedDispute storage dispute = disputes[n];
        for (uint256 ruling = 0; ruling < 3; ++ruling) {
            uint256 votes = committees[dispute.committee].votesFor(dispute.id, ruling);
            if (votes != dispute.votes[ruling]) return false;
        }
        return committees[dispute.committee].disputeCount() == bookDisputeCount[dispute.committee];
    }

    // ------------------------------------------------------------------ calls

    /// @dev Calls the court and compares what came of it with what the books allow.
    function _tryCourt(address caller, bytes memory data, bool allowed) private returns (bool ok) {
        bytes memory answer;
        (ok, answer) = _call(caller, address(court), data);
        _judgeCourt(ok, answer, allowed);
    }

    function _judgeCourt(bool ok, bytes memory answer, bool allowed) private {
        if (ok) _done();
        _hold(ok == allowed, "Z01_courtAndBooksAgreeOnEveryOutcome");
        _hold(ok || _isNamed(answer), "Z02_whatIsRefusedIsRefusedByName");
        _readStep(ok);
    }
}
