// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger} from "../ledger/AttributionLedger.sol";
import {Draws} from "../ledger/Draws.sol";
import {LedgerFunds} from "../ledger/LedgerFunds.sol";
import {MerkleSumTree} from "../ledger/MerkleSumTree.sol";
import {OperatorStaking} from "../staking/OperatorStaking.sol";
import {IArbitrable, IArbitrator} from "./ERC792.sol";
import {Fault, IFaultVerifier, Restitution} from "./IFaultVerifier.sol";

/// @notice What a court starts with.
/// @param arbitrator Decides what no proof can; zero if nobody does.
/// @param minBond Least bond of a case, in the token's smallest unit.
/// @param evidenceSeconds How long evidence is collected before there can be a ruling.
/// @param rulingSeconds How long the arbitrator has after that.
struct CourtParameters {
    IArbitrator arbitrator;
    uint256 minBond;
    uint256 evidenceSeconds;
    uint256 rulingSeconds;
}

/// @notice What somebody claims.
/// @param respondent Whose stake and shares it is about.
/// @param harmed Whom the shares and the slash are to go to; zero to burn them.
/// @param amount What the respondent's stake is to be slashed by; zero for nothing.
/// @param evidenceHash keccak256 of the document at `evidenceURI`.
struct Claim {
    address respondent;
    address harmed;
    uint96 amount;
    bytes32 evidenceHash;
    string evidenceURI;
}

/// @notice A share that a case holds.
/// @param root Root of the split's tree.
/// @param totalUnits Units of the whole split.
/// @param size Number of the split's shares.
/// @param index The share.
/// @param holder Account that got its releases before.
/// @param redirect What the ledger had it redirected to before; zero for nothing.
struct HeldShare {
    bytes32 root;
    uint128 totalUnits;
    uint64 size;
    uint64 index;
    bytes32 holder;
    bytes32 redirect;
}

/// @notice How far a case has come.
enum CaseStatus {
    None,
    Open,
    Ruled,
    Ended
}

/// @notice A case. Its {DisputeCourt-CaseOpened} says who decides it.
/// @param claimant Who brought it and pays the bond.
/// @param openedAt When, in seconds since 1970.
/// @param ruling The arbitrator's, once there is one.
/// @param bond What the claimant loses if it loses.
/// @param sharesHash Hash of the shares it holds.
struct Case {
    address claimant;
    uint48 openedAt;
    CaseStatus status;
    uint8 ruling;
    address respondent;
    uint96 bond;
    address harmed;
    uint96 amount;
    bytes32 sharesHash;
}

/// @title The dispute court
/// @notice The arbiter of splits that name it, and the only one who slashes stake. It decides in two ways:
///
/// - By proof, at once. A verifier checks it ({IFaultVerifier}); which verifiers there are is fixed for good, so nobody
///   can be slashed for what was no fault when it was done. Each fault is punished once, however it is shown.
/// - By ruling, in days. The claimant puts up a bond. The shares it names go to an escrow of the case, with all they had not
///   drawn, and the respondent's stake cannot leave. The arbitrator rules (ERC-792), and {settle} carries it out.
///   Without a ruling in time everything goes back.
///
/// A slash pays out at most half of what the operator itself has lost by it: a tenth to whoever proved the fault, and up to
/// the rest of the half to the harmed party. All else is burned. So nobody gains by having itself slashed, with however much
/// stake of others.
/// @dev Custody: this contract's balance in the ledger, wallet account, ≥ Σ bonds of cases that have not ended. What
/// shares in dispute have earned is in sub-accounts, one for each share of each case.
contract DisputeCourt is LedgerFunds, AccessManaged, IArbitrable {
    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a parameter, or a bond, is not within its bounds.
    error DisputeCourt_OutOfBounds(string parameter, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when a proof is for no verifier of this court.
    error DisputeCourt_UnknownVerifier(address verifier);

    /// @notice Thrown when a verifier is named twice.
    error DisputeCourt_DuplicateVerifier(address verifier);

    /// @notice Thrown when a fault was punished before, and the proof moves no share.
    error DisputeCourt_NothingNew(bytes32 faultId);

    /// @notice Thrown when there is no arbitrator.
    error DisputeCourt_NoArbitrator();

    /// @notice Thrown when a claim asks for nothing.
    error DisputeCourt_EmptyClaim();

    /// @notice Thrown when nobody is accused, or the court or the staking contract, which hold what is others'.
    error DisputeCourt_BadRespondent(address respondent);

    /// @notice Thrown when a case comes without the arbitrator's fee, or with more.
    error DisputeCourt_BadArbitrationFee(uint256 value, uint256 cost);

    /// @notice Thrown when a case names more shares than it can.
    error DisputeCourt_TooManyShares(uint256 max);

    /// @notice Thrown when a split has another arbiter.
    error DisputeCourt_NotArbiter(bytes32 splitId, address arbiter);

    /// @notice Thrown when a share leads to a split: what is upstream has an arbiter of its own.
    error DisputeCourt_LeadsToSplit(bytes32 splitId, uint256 index);

    /// @notice Thrown when a share is not the respondent's, or another case holds it.
    error DisputeCourt_NotRespondents(bytes32 splitId, uint256 index, bytes32 holder);

    /// @notice Thrown when a case is not open.
    error DisputeCourt_NotOpen(uint256 caseId, CaseStatus status);

    /// @notice Thrown when something comes too early.
    error DisputeCourt_TooEarly(uint256 caseId, uint256 from, uint256 time);

    /// @notice Thrown when something comes too late.
    error DisputeCourt_TooLate(uint256 caseId, uint256 deadline, uint256 time);

    /// @notice Thrown when an arbitrator rules on what it was not asked.
    error DisputeCourt_NoSuchDispute(address arbitrator, uint256 disputeId);

    /// @notice Thrown when a ruling is none of the choices.
    error DisputeCourt_BadRuling(uint256 caseId, uint256 ruling);

    /// @notice Thrown when a case holds other shares than those named.
    error DisputeCourt_OtherShares(uint256 caseId);

    // ------------------------------------------------------------------ events

    /// @notice Emitted at deployment for each verifier. There will be no other.
    event VerifierAdded(IFaultVerifier indexed verifier, uint256 slashBps);

    /// @notice Emitted when a proof showed a fault for the first time. Verifiers that name a fault alike show the same one.
    event FaultPunished(
        address indexed verifier,
        bytes32 indexed faultId,
        address indexed respondent,
        address claimant,
        uint256 slashed
    );

    /// @notice Emitted when a proof gave a share to somebody else.
    event ShareRestored(bytes32 indexed faultId, bytes32 indexed splitId, uint256 index, bytes32 to);

    /// @notice Emitted when a slash was divided.
    event SlashDivided(address indexed harmed, uint256 compensation, address claimant, uint256 bounty, uint256 burned);

    /// @notice Emitted when a case ended without the slash it was ruled to, because the court may not slash any more.
    event SlashSkipped(uint256 indexed caseId);

    /// @notice Emitted when somebody brought a case.
    event CaseOpened(
        uint256 indexed caseId,
        address indexed claimant,
        address indexed respondent,
        address harmed,
        uint256 amount,
        uint256 bond,
        IArbitrator arbitrator,
        uint256 disputeId
    );

    /// @notice Emitted when a case began to hold a share. Its releases go to an account of the court's until the end.
    event ShareHeld(uint256 indexed caseId, bytes32 indexed splitId, uint256 index, bytes32 escrow, HeldShare share);

    /// @notice Emitted with evidence of the claimant or anybody else.
    event EvidenceSubmitted(uint256 indexed caseId, address indexed party, bytes32 evidenceHash, string evidenceURI);

    /// @notice Emitted when a case no longer held a share, and what was in its escrow went to an account.
    event ShareFreed(uint256 indexed caseId, bytes32 indexed splitId, uint256 index, bytes32 to, uint256 amount);

    /// @notice Emitted when a case ended.
    /// @param ruling 0 for none in time, 1 for the respondent, 2 for the claimant.
    /// @param toClaimant Part of the bond.
    /// @param toRespondent Part of the bond; the rest is burned.
    event CaseEnded(uint256 indexed caseId, uint256 ruling, uint256 toClaimant, uint256 toRespondent);

    /// @notice Emitted when cases to come were given another arbitrator; zero for none.
    event ArbitratorSet(IArbitrator indexed arbitrator);

    /// @notice Emitted when the least bond changed, for cases to come.
    event MinBondSet(uint256 minBond);

    // ------------------------------------------------------------------ constants

    /// @notice Bounds of either window of a case.
    uint256 public constant MIN_WINDOW_SECONDS = 1 hours;
    uint256 public constant MAX_WINDOW_SECONDS = 7 days;

    /// @notice Bounds of the least bond.
    uint256 public constant LEAST_MIN_BOND = 1e18;
    uint256 public constant MOST_MIN_BOND = 100_000e18;

    /// @notice Least bond in basis points of the slash that a claim asks for and what it holds from the start.
    uint256 public constant BOND_BPS = 500;

    /// @notice Most shares that a case can hold.
    uint256 public constant MAX_SHARES = 16;

    /// @notice Most that a ruling can take of a pool.
    uint256 public constant RULING_SLASH_BPS = 2_000;

    /// @notice What of the operator's own loss goes to whoever proves a fault.
    uint256 public constant BOUNTY_BPS = 1_000;

    /// @notice What of the operator's own loss is paid out at most, bounty included.
    uint256 public constant PAID_BPS = 5_000;

    /// @notice The ruling for the respondent.
    uint256 public constant FOR_RESPONDENT = 1;

    /// @notice The ruling for the claimant.
    uint256 public constant FOR_CLAIMANT = 2;

    uint256 private constant BPS = 10_000;

    // ------------------------------------------------------------------ storage

    /// @notice Where respondents have their stake.
    OperatorStaking public immutable staking;

    /// @notice How long evidence is collected.
    uint256 public immutable evidenceSeconds;

    /// @notice How long an arbitrator has after that.
    uint256 public immutable rulingSeconds;

    /// @notice How many verifiers there are.
    uint256 public immutable verifierCount;

    /// @notice Whether a verifier's proofs are good here.
    mapping(address verifier => bool) public isVerifier;

    /// @notice Who decides cases to come; zero for nobody.
    IArbitrator public arbitrator;

    /// @notice Least bond of cases to come.
    uint256 public minBond;

    /// @notice Cases brought so far; ids count from 1.
    uint256 public caseCount;

    mapping(uint256 caseId => Case) private _cases;
    mapping(IArbitrator => mapping(uint256 disputeId => uint256 caseId)) private _caseOf;

    /// @notice Whether a fault has been punished, whichever verifier showed it.
    mapping(bytes32 faultId => bool) public isPunished;

    /// @dev Rank of the proof that moved a share, plus one.
    mapping(bytes32 splitId => mapping(uint256 index => uint256)) private _rankOf;

    // ------------------------------------------------------------------ constructor

    constructor(
        AttributionLedger ledger_,
        address authority,
        OperatorStaking staking_,
        IFaultVerifier[] memory verifiers,
        CourtParameters memory parameters
    ) LedgerFunds(ledger_) AccessManaged(authority) {
        staking = staking_;
        verifierCount = verifiers.length;
        for (uint256 i = 0; i < verifiers.length; ++i) {
            address verifier = address(verifiers[i]);
            if (isVerifier[verifier]) revert DisputeCourt_DuplicateVerifier(verifier);
            uint256 slashBps = _bounded("slashBps", verifiers[i].slashBps(), 0, staking_.MAX_SLASH_BPS());
            isVerifier[verifier] = true;
            emit VerifierAdded(verifiers[i], slashBps);
        }
        (uint256 min, uint256 max) = (MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS);
        evidenceSeconds = _bounded("evidenceSeconds", parameters.evidenceSeconds, min, max);
        rulingSeconds = _bounded("rulingSeconds", parameters.rulingSeconds, min, max);
        _setMinBond(parameters.minBond);
        _setArbitrator(parameters.arbitrator);
    }

    // ------------------------------------------------------------------ by proof

    /// @notice Punishes a fault that a proof shows, and gives the share to whom it is due if this contract is its split's
    /// arbiter. Anyone may call; a fault that is known already can be shown again to move another share.
    function prove(IFaultVerifier verifier, bytes calldata proof) external {
        if (!isVerifier[address(verifier)]) revert DisputeCourt_UnknownVerifier(address(verifier));
        Fault memory fault = verifier.verify(proof);
        bool known = isPunished[fault.id];
        isPunished[fault.id] = true;
        bool restored = fault.restitution.arbiter == address(this) && _restore(fault.id, fault.restitution);
        if (known) {
            if (!restored) revert DisputeCourt_NothingNew(fault.id);
            return;
        }
        uint256 amount = (staking.slashable(fault.respondent) * verifier.slashBps()) / BPS;
        uint256 slashed = _slash(fault.respondent, amount, fault.harmed, fault.harm, msg.sender);
        emit FaultPunished(address(verifier), fault.id, fault.respondent, msg.sender, slashed);
    }

    // ------------------------------------------------------------------ by ruling

    /// @notice Brings a case. The bond is taken from the caller's wallet, which approved this contract; the arbitrator's
    /// fee comes with the call. All of the bond comes back to who wins, half of it without a ruling; the fee never does.
    /// @param bond At least {bondFor} what the claim asks for and the draws release.
    /// @param draws Packed draws ({Draws}) of the shares that the case is to hold. All of them are the respondent's.
    function open(Claim calldata claim, uint256 bond, bytes calldata draws) external payable returns (uint256 caseId) {
        // Check
        if (address(arbitrator) == address(0)) revert DisputeCourt_NoArbitrator();
        if (claim.amount == 0 && draws.length == 0) revert DisputeCourt_EmptyClaim();
        if (_isNobody(claim.respondent)) {
            revert DisputeCourt_BadRespondent(claim.respondent);
        }

        // Effect
        caseId = ++caseCount;
        (HeldShare[] memory shares, uint256 escrowed) = _holdAll(caseId, claim.respondent, draws);
        uint256 needed = bondFor(claim.amount, escrowed);
        _bounded("bond", bond, needed, type(uint96).max);
        _cases[caseId] = Case({
            claimant: msg.sender,
            openedAt: uint48(block.timestamp),
            status: CaseStatus.Open,
            ruling: 0,
            respondent: claim.respondent,
            bond: uint96(bond),
            harmed: claim.harmed,
            amount: claim.amount,
            sharesHash: keccak256(abi.encode(shares))
        });

        // Interaction
        if (claim.amount != 0) staking.hold(claim.respondent);
        _takeFromWallet(bond);
        _ask(caseId, claim, bond);
    }

    /// @notice Adds evidence to a case while it is collected. Anyone may.
    function submitEvidence(uint256 caseId, bytes32 evidenceHash, string calldata evidenceURI) external {
        Case storage c = _openCase(caseId);
        uint256 deadline = c.openedAt + evidenceSeconds;
        if (block.timestamp >= deadline) revert DisputeCourt_TooLate(caseId, deadline, block.timestamp);
        emit EvidenceSubmitted(caseId, msg.sender, evidenceHash, evidenceURI);
    }

    /// @inheritdoc IArbitrable
    /// @dev 0 for none, {FOR_RESPONDENT} or {FOR_CLAIMANT}. Between the end of evidence and the deadline.
    function rule(uint256 disputeId, uint256 ruling) external {
        uint256 caseId = _caseOf[IArbitrator(msg.sender)][disputeId];
        if (caseId == 0) revert DisputeCourt_NoSuchDispute(msg.sender, disputeId);
        Case storage c = _openCase(caseId);
        uint256 from = c.openedAt + evidenceSeconds;
        uint256 deadline = from + rulingSeconds;
        if (block.timestamp < from) revert DisputeCourt_TooEarly(caseId, from, block.timestamp);
        if (block.timestamp >= deadline) revert DisputeCourt_TooLate(caseId, deadline, block.timestamp);
        if (ruling > FOR_CLAIMANT) revert DisputeCourt_BadRuling(caseId, ruling);
        (c.status, c.ruling) = (CaseStatus.Ruled, uint8(ruling));
        emit Ruling(IArbitrator(msg.sender), disputeId, ruling);
    }

    /// @notice Carries out the ruling of a case, or ends one that was not ruled on in time. Anyone may call.
    ///
    /// - For the claimant: shares and escrow go to the harmed party, the respondent is slashed, unless governance has taken
    ///   from this contract the right to, and the bond goes back.
    /// - For the respondent: shares and escrow go back, half of the bond to the respondent; the other half is burned.
    /// - Without a ruling: shares and escrow go back, and each side has half of the bond for the wait.
    /// @param shares What the case holds, as {ShareHeld} has it.
    function settle(uint256 caseId, HeldShare[] calldata shares) external {
        // Check
        Case storage stored = _cases[caseId];
        Case memory c = stored;
        if (c.status != CaseStatus.Ruled) {
            _openCase(caseId);
            uint256 deadline = c.openedAt + evidenceSeconds + rulingSeconds;
            if (block.timestamp < deadline) revert DisputeCourt_TooEarly(caseId, deadline, block.timestamp);
        }
        if (keccak256(abi.encode(shares)) != c.sharesHash) revert DisputeCourt_OtherShares(caseId);

        // Effect
        stored.status = CaseStatus.Ended;
        bool won = c.ruling == FOR_CLAIMANT;
        uint256 half = c.bond / 2;
        uint256 toClaimant =
            won
                ? c.bond
                : c.ruling == FOR_RESPONDENT
                    ? 0
                    : c.bond - half;
        uint256 toRespondent = won ? 0 : half;
        emit CaseEnded(caseId, c.ruling, toClaimant, toRespondent);

        // Interaction
        for (uint256 i = 0; i < shares.length; ++i) {
            _free(caseId, i, shares[i], won ? _accountOf(c.harmed) : shares[i].holder, won);
        }
        if (c.amount != 0) {
            staking.unhold(c.respondent);
            if (won) _slashAsRuled(caseId, c);
        }
        _pay(Accounts.wallet(c.claimant), toClaimant);
        _pay(Accounts.wallet(c.respondent), toRespondent);
        _pay(Accounts.NOBODY, c.bond - toClaimant - toRespondent);
    }

    // ------------------------------------------------------------------ governance

    /// @notice Gives cases to come another arbitrator; zero for none. Those that are open keep theirs.
    function setArbitrator(IArbitrator arbitrator_) external restricted {
        _setArbitrator(arbitrator_);
    }

    /// @notice Sets the least bond of cases to come.
    function setMinBond(uint256 minBond_) external restricted {
        _setMinBond(minBond_);
    }

    // ------------------------------------------------------------------ views

    /// @notice A case.
    function caseOf(uint256 caseId) external view returns (Case memory) {
        return _cases[caseId];
    }

    /// @notice Least bond of a claim.
    /// @param amount The slash it asks for.
    /// @param escrowed What its shares have not drawn when the case is opened.
    function bondFor(uint256 amount, uint256 escrowed) public view returns (uint256) {
        return Math.max(minBond, ((amount + escrowed) * BOND_BPS) / BPS);
    }

    /// @notice The account that holds what a share earns during a case.
    /// @param position Place of the share among those the case holds.
    function escrowOf(uint256 caseId, uint256 position) public view returns (bytes32) {
        return Accounts.sub(address(this), _tagOf(caseId, position));
    }

    // ------------------------------------------------------------------ internals: shares

    /// @dev Reads packed draws and redirects each of their shares to an escrow of the case, with what it has not drawn.
    function _holdAll(
        uint256 caseId,
        address respondent,
        bytes calldata draws
    ) private returns (HeldShare[] memory shares, uint256 escrowed) {
        shares = new HeldShare[](draws.length / MerkleSumTree.SHARE_BYTES);
        uint256 held = 0;
        uint256 cursor = 0;
        while (cursor < draws.length) {
            uint256 position = cursor + Draws.HEADER_BYTES;
            if (position > draws.length) revert Draws.Draws_Truncated(draws.length, position);
            HeldShare memory share;
            address arbiter = address(bytes20(draws[cursor:]));
            share.size = uint64(bytes8(draws[cursor + 20:]));
            share.index = uint64(bytes8(draws[cursor + 28:]));
            uint256 count = uint32(bytes4(draws[cursor + 36:]));
            uint256 units;
            uint256 end;
            (share.root, units, end) = MerkleSumTree.rootOfRange(draws, position, count, share.index, share.size);
            share.totalUnits = uint128(units);
            bytes32 splitId = MerkleSumTree.splitId(share.root, units, share.size, arbiter);
            if (arbiter != address(this)) revert DisputeCourt_NotArbiter(splitId, arbiter);

            for (uint256 i = 0; i < count; ++i) {
                if (held == MAX_SHARES) revert DisputeCourt_TooManyShares(MAX_SHARES);
                shares[held] = HeldShare(share.root, share.totalUnits, share.size, share.index, 0, 0);
                _hold(caseId, held, respondent, splitId, shares[held], draws, position);
                ++held;
                position += MerkleSumTree.SHARE_BYTES;
                ++share.index;
            }
            (uint256 received, , ) = ledger.received(splitId);
            if (received != 0) escrowed += ledger.release(draws[cursor:end]);
            cursor = end;
        }
        assembly ("memory-safe") {
            mstore(shares, held)
        }
    }

    function _hold(
        uint256 caseId,
        uint256 place,
        address respondent,
        bytes32 splitId,
        HeldShare memory share,
        bytes calldata draws,
        uint256 position
    ) private {
        (bool toSplit, bytes32 recipient, ) = Draws.share(draws, position, share.index);
        if (toSplit) revert DisputeCourt_LeadsToSplit(splitId, share.index);
        share.redirect = ledger.redirectOf(splitId, share.index);
        share.holder = share.redirect == 0 ? recipient : share.redirect;
        if (Accounts.ownerOf(share.holder) != respondent) {
            revert DisputeCourt_NotRespondents(splitId, share.index, share.holder);
        }
        bytes32 escrow = escrowOf(caseId, place);
        emit ShareHeld(caseId, splitId, share.index, escrow, share);
        ledger.redirect(share.root, share.totalUnits, share.size, share.index, escrow);
    }

    /// @dev Ends a case's hold on a share and empties its escrow. A redirect that a proof has set in between stays.
    function _free(uint256 caseId, uint256 place, HeldShare calldata share, bytes32 to, bool won) private {
        bytes32 escrow = escrowOf(caseId, place);
        bytes32 splitId = MerkleSumTree.splitId(share.root, share.totalUnits, share.size, address(this));
        uint256 amount = ledger.balanceOf(escrow);
        emit ShareFreed(caseId, splitId, share.index, to, amount);
        if (ledger.redirectOf(splitId, share.index) == escrow) {
            ledger.redirect(share.root, share.totalUnits, share.size, share.index, won ? to : share.redirect);
        }
        if (amount != 0) ledger.transferBalance(_tagOf(caseId, place), to, amount);
    }

    /// @dev Gives a share away as a proof says, unless a proof of the same or a better rank has done so.
    function _restore(bytes32 faultId, Restitution memory r) private returns (bool) {
        bytes32 splitId = MerkleSumTree.splitId(r.root, r.totalUnits, r.size, address(this));
        uint256 rank = _rankOf[splitId][r.index];
        if (rank != 0 && rank <= uint256(r.rank) + 1) return false;
        _rankOf[splitId][r.index] = uint256(r.rank) + 1;
        emit ShareRestored(faultId, splitId, r.index, r.to);
        ledger.redirect(r.root, r.totalUnits, r.size, r.index, r.to);
        return true;
    }

    function _tagOf(uint256 caseId, uint256 place) private pure returns (uint96) {
        return uint96(caseId * MAX_SHARES + place);
    }

    // ------------------------------------------------------------------ internals: money

    /// @dev Governance can take from the court the right to slash. Its cases end all the same, for shares and bonds wait for
    /// them. Who leaves too little gas for the question leaves too little for the bond, which comes behind.
    function _slashAsRuled(uint256 caseId, Case memory c) private {
        (bool allowed, ) = AuthorityUtils.canCallWithDelay(
            staking.authority(),
            address(this),
            address(staking),
            OperatorStaking.slash.selector
        );
        if (!allowed) {
            emit SlashSkipped(caseId);
            return;
        }
        uint256 cap = (staking.slashable(c.respondent) * RULING_SLASH_BPS) / BPS;
        _slash(c.respondent, Math.min(c.amount, cap), c.harmed, c.amount, address(0));
    }

    /// @dev Slashes and divides what was taken.
    /// @param claimant Earns the bounty; zero for nobody.
    function _slash(
        address respondent,
        uint256 amount,
        address harmed,
        uint256 harm,
        address claimant
    ) private returns (uint256 slashed) {
        if (amount == 0) return 0;
        uint256 own;
        (slashed, own) = staking.slash(respondent, amount);
        uint256 bounty = claimant == address(0) ? 0 : (own * BOUNTY_BPS) / BPS;
        uint256 left = (own * PAID_BPS) / BPS - bounty;
        uint256 compensation = harmed == address(0) ? 0 : Math.min(harm, left);
        uint256 burned = slashed - compensation - bounty;
        emit SlashDivided(harmed, compensation, claimant, bounty, burned);
        _pay(Accounts.wallet(harmed), compensation);
        _pay(Accounts.wallet(claimant), bounty);
        _pay(Accounts.NOBODY, burned);
    }

    function _pay(bytes32 account, uint256 amount) private {
        if (amount != 0) ledger.transferBalance(0, account, amount);
    }

    function _accountOf(address harmed) private pure returns (bytes32) {
        return harmed == address(0) ? Accounts.NOBODY : Accounts.wallet(harmed);
    }

    // ------------------------------------------------------------------ internals: cases

    /// @dev Puts a case before the arbitrator.
    function _ask(uint256 caseId, Claim calldata claim, uint256 bond) private {
        IArbitrator judge = arbitrator;
        bytes memory extraData = abi.encode(caseId);
        uint256 cost = judge.arbitrationCost(extraData);
        if (msg.value != cost) revert DisputeCourt_BadArbitrationFee(msg.value, cost);
        uint256 disputeId = judge.createDispute{value: cost}(FOR_CLAIMANT, extraData);
        _caseOf[judge][disputeId] = caseId;
        emit CaseOpened(caseId, msg.sender, claim.respondent, claim.harmed, claim.amount, bond, judge, disputeId);
        emit EvidenceSubmitted(caseId, msg.sender, claim.evidenceHash, claim.evidenceURI);
    }

    /// @dev Whether there is nobody who could answer for a claim.
    function _isNobody(address respondent) private view returns (bool) {
        return respondent == address(0) || respondent == address(this) || respondent == address(staking);
    }

    function _openCase(uint256 caseId) private view returns (Case storage c) {
        c = _cases[caseId];
        if (c.status != CaseStatus.Open) revert DisputeCourt_NotOpen(caseId, c.status);
    }

    // ------------------------------------------------------------------ internals: parameters

    function _setArbitrator(IArbitrator arbitrator_) private {
        arbitrator = arbitrator_;
        emit ArbitratorSet(arbitrator_);
    }

    function _setMinBond(uint256 minBond_) private {
        minBond = _bounded("minBond", minBond_, LEAST_MIN_BOND, MOST_MIN_BOND);
        emit MinBondSet(minBond_);
    }

    function _bounded(string memory parameter, uint256 value, uint256 min, uint256 max) private pure returns (uint256) {
        if (value < min || value > max) revert DisputeCourt_OutOfBounds(parameter, value, min, max);
        return value;
    }
}
