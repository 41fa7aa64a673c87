// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFaultVerifier} from "../disputes/IFaultVerifier.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger} from "../ledger/AttributionLedger.sol";
import {LedgerFunds} from "../ledger/LedgerFunds.sol";
import {MerkleSumTree} from "../ledger/MerkleSumTree.sol";
import {Item, Openings} from "./Openings.sol";
import {Pots} from "./Pots.sol";
import {Figures, Pot, Report, Reports} from "./Reports.sol";

/// @notice Times and bonds, for good.
/// @param reportSeconds How long after its end an epoch can be reported.
/// @param challengeSeconds How long a report can be challenged before it is paid.
/// @param answerSeconds How long there is to answer a demand for data.
/// @param minBond Least bond of a report, in the token's smallest unit.
/// @param demandBond What a demand for data costs if it is answered.
struct ReportsParameters {
    uint256 reportSeconds;
    uint256 challengeSeconds;
    uint256 answerSeconds;
    uint256 minBond;
    uint256 demandBond;
}

/// @title Attribution reports
/// @notice Pays contributors for what of their texts is found in outputs.
///
/// A model's split gives units to a **pot**: an account of this contract's that stands for one version of a Datanet. What
/// reaches it is divided by **reports**, one for each epoch. Anyone can report, with a bond of what the report pays. A
/// report commits to the epoch's calls, to every span of their outputs that a contribution has, and to the split that
/// follows. Everything in it can be checked by whoever has outputs and texts, and what is wrong is shown by
/// one proof ({IFaultVerifier}): the report is void, half of the bond goes to who showed it, the rest is burned. A report
/// that stands is paid into its split in the ledger, where contributors claim as from any other.
///
/// What nobody reports goes to the Datanet version's own split after a while ({sweep}). No key changes anything here.
/// @dev Custody: balance of the wallet account in the ledger ≥ Σ bonds + Σ bonds of demands. Pots are sub-accounts.
contract AttributionReports is LedgerFunds {
    // ------------------------------------------------------------------ types

    /// @dev State of a pot.
    /// @param report Id of the report that can be challenged or paid; zero for none. 24 bytes, so that posting writes
    /// one word: two reports with one id take 2^96 tries to find.
    /// @param epoch The latest one that was ever reported.
    /// @param reported A bit for each of the last eight epochs, the lowest for the latest: whether its report stands.
    /// @param deadline From when on the report can be paid, in seconds since 1970.
    struct State {
        bytes24 report;
        uint24 epoch;
        uint8 reported;
        uint32 deadline;
    }

    /// @dev Revenue that is to be reported until a time.
    /// @param amount What of it has not been paid since.
    /// @param since When it was in the pot, in seconds since 1970; zero if nobody looked.
    struct Mark {
        uint96 amount;
        uint40 since;
    }

    /// @dev A reporter's bond for a pot.
    /// @param exitAt When it can be withdrawn; zero if that was not asked for.
    struct Bond {
        uint96 amount;
        uint40 exitAt;
    }

    /// @dev A demand for data.
    struct Demand {
        address challenger;
        uint40 deadline;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a parameter is not within its bounds.
    error AttributionReports_OutOfBounds(string parameter, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when a proof is for no verifier of this contract.
    error AttributionReports_UnknownVerifier(address verifier);

    /// @notice Thrown when there is no such pot here.
    error AttributionReports_UnknownPot(bytes32 potId);

    /// @notice Thrown when nothing is bonded.
    error AttributionReports_ZeroAmount();

    /// @notice Thrown when a reporter's bond is smaller than a report asks for.
    error AttributionReports_BondTooSmall(uint256 bond, uint256 needed);

    /// @notice Thrown when a reporter that wants its bond back reports.
    error AttributionReports_Exiting(address reporter, uint256 exitAt);

    /// @notice Thrown when a bond cannot be withdrawn, or not yet.
    error AttributionReports_NotWithdrawable(address reporter, uint256 exitAt, uint256 time);

    /// @notice Thrown when an epoch is not over.
    error AttributionReports_EpochNotOver(uint256 epoch, uint256 end, uint256 time);

    /// @notice Thrown when it is too late to report an epoch, or there is a report of it that stands.
    error AttributionReports_EpochClosed(uint256 epoch, bool reported, uint256 until);

    /// @notice Thrown when another report can still be challenged or paid.
    error AttributionReports_Pending(bytes32 potId, bytes24 reportId);

    /// @notice Thrown when a report's figures cannot be those of any report.
    error AttributionReports_BadFigures(uint256 amounts, uint256 counts);

    /// @notice Thrown when a report is not the one that can be challenged or paid.
    error AttributionReports_NotPending(bytes24 given, bytes24 pending);

    /// @notice Thrown when a proof shows a fault of something else.
    error AttributionReports_OtherFault(bytes32 faultId, bytes24 reportId);

    /// @notice Thrown when something comes too early.
    error AttributionReports_TooEarly(uint256 from, uint256 time);

    /// @notice Thrown when something comes too late.
    error AttributionReports_TooLate(uint256 deadline, uint256 time);

    /// @notice Thrown when an item is demanded already.
    error AttributionReports_AlreadyDemanded(bytes32 demandId);

    /// @notice Thrown when nobody demands an item.
    error AttributionReports_NotDemanded(bytes32 demandId);

    /// @notice Thrown when demands for a report's data have not been answered.
    error AttributionReports_Unanswered(bytes24 reportId, uint256 demands);

    /// @notice Thrown when a pot has less than a report pays: release what its sources have not released yet.
    error AttributionReports_PotTooSmall(uint256 balance, uint256 total);

    /// @notice Thrown when nothing can be swept.
    error AttributionReports_NothingToSweep(uint256 amount, uint256 from, uint256 time);

    // ------------------------------------------------------------------ events

    /// @notice Emitted at deployment for each verifier. There will be no other.
    event VerifierAdded(IFaultVerifier indexed verifier);

    /// @notice Emitted when a reporter bonded more.
    event Bonded(bytes32 indexed potId, address indexed reporter, uint256 amount);

    /// @notice Emitted when a reporter asked for its bond.
    event ExitRequested(bytes32 indexed potId, address indexed reporter, uint256 exitAt);

    /// @notice Emitted when a reporter withdrew its bond.
    event BondWithdrawn(bytes32 indexed potId, address indexed reporter, uint256 amount);

    /// @notice Emitted when an epoch was reported. Amounts and counts are packed as {post} takes them.
    event ReportPosted(
        bytes32 indexed potId,
        address indexed reporter,
        bytes32 inferencesRoot,
        bytes32 creditsRoot,
        bytes32 payoutRoot,
        uint256 amounts,
        uint256 counts
    );

    /// @notice Emitted when a report was shown to be wrong, or its data was not shown.
    event ReportDefeated(
        bytes32 indexed potId,
        bytes24 indexed reportId,
        address indexed challenger,
        address reporter,
        uint256 reward,
        uint256 burned
    );

    /// @notice Emitted when somebody demanded data.
    event DataDemanded(bytes24 indexed reportId, address indexed challenger, Item item, uint256 deadline);

    /// @notice Emitted when a demand was answered, or the report it was about was void before.
    event DemandEnded(bytes24 indexed reportId, bytes32 indexed demandId, bool answered);

    /// @notice Emitted when a report was paid.
    event ReportPaid(
        bytes32 indexed potId,
        bytes24 indexed reportId,
        bytes32 indexed splitId,
        uint256 amount,
        uint256 fee
    );

    /// @notice Emitted when a report that could not be paid was dropped.
    event ReportDropped(bytes32 indexed potId, bytes24 indexed reportId);

    /// @notice Emitted when what was in a pot began to wait for its report.
    event PotMarked(bytes32 indexed potId, uint256 amount);

    /// @notice Emitted when what nobody reported went to the Datanet version's split.
    event PotSwept(bytes32 indexed potId, bytes32 indexed splitId, uint256 amount);

    // ------------------------------------------------------------------ constants

    /// @notice Bounds of the times to challenge and to answer. An epoch can be reported for at least four times as long.
    uint256 public constant MIN_WINDOW_SECONDS = 1 hours;
    uint256 public constant MAX_WINDOW_SECONDS = 7 days;

    /// @notice Longest time in which an epoch can be reported.
    uint256 public constant MAX_REPORT_SECONDS = 30 days;

    /// @notice Bounds of bonds.
    uint256 public constant LEAST_BOND = 1e18;
    uint256 public constant MOST_BOND = 100_000e18;

    /// @notice How many epochs back one can be reported after a later one.
    uint256 public constant EPOCHS = 8;

    uint256 private constant BPS = 10_000;

    // ------------------------------------------------------------------ storage

    /// @notice Length of an epoch.
    uint256 public immutable epochSeconds;

    /// @notice Where the pots are described.
    Pots public immutable pots;

    /// @notice What checks answers to demands.
    Openings public immutable openings;

    /// @notice How long after its end an epoch can be reported.
    uint256 public immutable reportSeconds;

    /// @notice How long a report can be challenged before it is paid.
    uint256 public immutable challengeSeconds;

    /// @notice How long there is to answer a demand for data.
    uint256 public immutable answerSeconds;

    /// @notice Least bond of a report.
    uint256 public immutable minBond;

    /// @notice What a demand for data costs if it is answered.
    uint256 public immutable demandBond;

    /// @notice How many verifiers there are.
    uint256 public immutable verifierCount;

    /// @notice Whether a verifier's proofs are good here.
    mapping(IFaultVerifier verifier => bool) public isVerifier;

    mapping(bytes32 potId => State) private _states;
    mapping(bytes32 potId => Mark) private _marks;
    mapping(bytes32 potId => mapping(address reporter => Bond)) private _bonds;
    mapping(bytes32 demandId => Demand) private _demands;

    /// @notice How many demands for a report's data are open.
    mapping(bytes24 reportId => uint256) public openDemands;

    // ------------------------------------------------------------------ constructor

    constructor(
        AttributionLedger ledger_,
        Pots pots_,
        Openings openings_,
        IFaultVerifier[] memory verifiers,
        ReportsParameters memory parameters
    ) LedgerFunds(ledger_) {
        pots = pots_;
        epochSeconds = pots_.epochSeconds();
        openings = openings_;
        verifierCount = verifiers.length;
        for (uint256 i = 0; i < verifiers.length; ++i) {
            isVerifier[verifiers[i]] = true;
            emit VerifierAdded(verifiers[i]);
        }
        (uint256 min, uint256 max) = (MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS);
        uint256 challengeTime = _bounded("challengeSeconds", parameters.challengeSeconds, min, max);
        uint256 answerTime = _bounded("answerSeconds", parameters.answerSeconds, min, max);
        challengeSeconds = challengeTime;
        answerSeconds = answerTime;
        reportSeconds = _bounded(
            "reportSeconds",
            parameters.reportSeconds,
            4 * Math.max(challengeTime, answerTime),
            MAX_REPORT_SECONDS
        );
        minBond = _bounded("minBond", parameters.minBond, LEAST_BOND, MOST_BOND);
        demandBond = _bounded("demandBond", parameters.demandBond, LEAST_BOND, MOST_BOND);
    }

    // ------------------------------------------------------------------ report

    /// @notice Bonds tokens of the caller's wallet, which approved this contract, for its reports about a pot. Ends a wish
    /// to withdraw.
    function bond(Pot calldata pot, uint256 amount) external {
        bytes32 potId = _knownPot(pot);
        if (amount == 0) revert AttributionReports_ZeroAmount();
        Bond storage b = _bonds[potId][msg.sender];
        (b.amount, b.exitAt) = (b.amount + uint96(amount), 0);
        emit Bonded(potId, msg.sender, amount);
        _takeFromWallet(amount);
    }

    /// @notice Asks for the caller's bond. It cannot report until it has it, or bonds more.
    function requestExit(bytes32 potId) external {
        Bond storage b = _bonds[potId][msg.sender];
        if (b.amount == 0) revert AttributionReports_ZeroAmount();
        // As long as a report of just now can be challenged, with every demand answered in the last moment.
        uint256 exitAt = block.timestamp + 2 * challengeSeconds + 2 * answerSeconds;
        b.exitAt = uint40(exitAt);
        emit ExitRequested(potId, msg.sender, exitAt);
    }

    /// @notice Gives the caller's bond back, into its ledger account, once its time has come.
    function withdrawBond(bytes32 potId) external {
        Bond storage b = _bonds[potId][msg.sender];
        uint256 exitAt = b.exitAt;
        if (exitAt == 0 || block.timestamp < exitAt) {
            revert AttributionReports_NotWithdrawable(msg.sender, exitAt, block.timestamp);
        }
        uint256 amount = b.amount;
        delete _bonds[potId][msg.sender];
        emit BondWithdrawn(potId, msg.sender, amount);
        _giveBack(msg.sender, amount);
    }

    /// @notice Reports an epoch that is over. The caller's bond covers what the report pays.
    /// @param amounts The total (12 bytes) ‖ what of it is credited (12), in the low bytes.
    /// @param counts Epoch (4 bytes) ‖ number of inferences (4) ‖ of credits (4) ‖ of the payout's shares (4), likewise.
    function post(
        bytes32 potId,
        bytes32 inferencesRoot,
        bytes32 creditsRoot,
        bytes32 payoutRoot,
        uint256 amounts,
        uint256 counts
    ) external {
        _checkFigures(amounts, counts);
        State memory next = _openEpoch(potId, uint32(counts >> 96));
        _checkBond(_bonds[potId][msg.sender], uint96(amounts >> 96));

        next.report = _newId();
        next.deadline = uint32(block.timestamp + challengeSeconds);
        _states[potId] = next;
        emit ReportPosted(potId, msg.sender, inferencesRoot, creditsRoot, payoutRoot, amounts, counts);
    }

    // ------------------------------------------------------------------ challenge

    /// @notice Shows that a report is wrong. Anyone may, until it is paid; half of the bond is the caller's.
    /// @param proof A proof of the verifier's that begins with the {Report}.
    function challenge(IFaultVerifier verifier, bytes calldata proof) external {
        if (!isVerifier[verifier]) revert AttributionReports_UnknownVerifier(address(verifier));
        Report calldata report = _reportOf(proof);
        bytes24 id = _pendingId(report);
        bytes32 faultId = verifier.verify(proof).id;
        if (faultId != id) revert AttributionReports_OtherFault(faultId, id);
        _defeat(report, id, msg.sender);
    }

    /// @notice Demands data of a report, or of what it rests on, which is then shown in time or the report is void. Puts up
    /// tokens of the caller's wallet: half of them is the reporter's if the demand is answered, and the rest is burned.
    function demand(Report calldata report, Pot calldata pot, Item calldata item) external {
        bytes24 id = _pendingId(report);
        uint256 until = report.postedAt + challengeSeconds;
        if (block.timestamp >= until) revert AttributionReports_TooLate(until, block.timestamp);
        openings.checkDemand(report, pot, item);
        bytes32 demandId = demandIdOf(id, item);
        if (_demands[demandId].challenger != address(0)) revert AttributionReports_AlreadyDemanded(demandId);

        uint256 deadline = block.timestamp + answerSeconds;
        _demands[demandId] = Demand(msg.sender, uint40(deadline));
        ++openDemands[id];
        emit DataDemanded(id, msg.sender, item, deadline);
        _takeFromWallet(demandBond);
    }

    /// @notice Shows what was demanded. Anyone may, until {expire}. The report can be challenged for as long again.
    /// @param data As {Openings-checkAnswer} wants it.
    function answer(Report calldata report, Pot calldata pot, Item calldata item, bytes calldata data) external {
        bytes24 id = _pendingId(report);
        bytes32 demandId = demandIdOf(id, item);
        if (_demands[demandId].challenger == address(0)) revert AttributionReports_NotDemanded(demandId);
        openings.checkAnswer(report, pot, item, data);

        delete _demands[demandId];
        --openDemands[id];
        _states[report.figures.potId].deadline = uint32(block.timestamp + challengeSeconds);
        emit DemandEnded(id, demandId, true);
        uint256 half = demandBond / 2;
        ledger.transferBalance(0, Accounts.wallet(report.reporter), half);
        ledger.transferBalance(0, Accounts.NOBODY, demandBond - half);
    }

    /// @notice Ends a demand that was not answered in time: the report is void. Anyone may.
    function expire(Report calldata report, Item calldata item) external {
        bytes24 id = _pendingId(report);
        Demand memory d = _endDemand(id, item);
        if (block.timestamp < d.deadline) revert AttributionReports_TooEarly(d.deadline, block.timestamp);
        _defeat(report, id, d.challenger);
        _giveBack(d.challenger, demandBond);
    }

    /// @notice Gives the bond of a demand back whose report is void. Anyone may.
    function reclaim(Report calldata report, Item calldata item) external {
        bytes24 id = Reports.idOf(report);
        if (_states[report.figures.potId].report == id) {
            revert AttributionReports_Pending(report.figures.potId, id);
        }
        address challenger = _endDemand(id, item).challenger;
        _giveBack(challenger, demandBond);
    }

    // ------------------------------------------------------------------ pay

    /// @notice Pays a report that nobody has shown to be wrong. Anyone may.
    function pay(Report calldata report, Pot calldata pot) external {
        bytes24 id = _pendingId(report);
        Reports.checkPot(report, pot);
        Figures calldata f = report.figures;
        uint256 from = _states[f.potId].deadline;
        if (block.timestamp < from) revert AttributionReports_TooEarly(from, block.timestamp);
        if (openDemands[id] != 0) revert AttributionReports_Unanswered(id, openDemands[id]);
        uint256 balance = ledger.balanceOf(Reports.accountOf(pot));
        if (balance < f.total) revert AttributionReports_PotTooSmall(balance, f.total);

        _states[f.potId].report = 0;
        Mark storage mark = _marks[f.potId];
        mark.amount = f.total < mark.amount ? mark.amount - f.total : 0;
        uint256 fee = (uint256(f.total) * pot.feeBps) / BPS;
        bytes32 splitId = MerkleSumTree.splitId(f.payoutRoot, f.total, f.shares, address(0));
        emit ReportPaid(f.potId, id, splitId, f.total - fee, fee);
        ledger.payFromBalance(pot.number, splitId, f.total - fee, f.inferences, bytes32(id));
        if (fee != 0) ledger.transferBalance(pot.number, Accounts.wallet(report.reporter), fee);
    }

    /// @notice Drops a report that could have been paid for long and was not, as the pot never had what it pays.
    function drop(Report calldata report) external {
        bytes24 id = _pendingId(report);
        uint256 from = _states[report.figures.potId].deadline + reportSeconds;
        if (block.timestamp < from) revert AttributionReports_TooEarly(from, block.timestamp);
        if (openDemands[id] != 0) revert AttributionReports_Unanswered(id, openDemands[id]);
        _forget(report.figures);
        emit ReportDropped(report.figures.potId, id);
    }

    /// @notice Pays what nobody has reported in time to the Datanet version's split. Anyone may: the first call marks what
    /// is in the pot, and once everything that was in it then could have been reported, the next one pays what is left of
    /// it and marks again.
    /// @param pending The report that can be challenged or paid; anything if there is none. What it pays stays.
    function sweep(Pot calldata pot, Report calldata pending) external {
        bytes32 potId = _knownPot(pot);
        uint256 balance = ledger.balanceOf(Reports.accountOf(pot));
        Mark storage mark = _marks[potId];
        uint256 amount = 0;
        if (mark.since != 0) {
            uint256 from = mark.since + sweepSeconds();
            uint256 reserved = _states[potId].report == 0 ? 0 : _totalOf(pending);
            amount = Math.min(mark.amount, balance > reserved ? balance - reserved : 0);
            if (block.timestamp < from) revert AttributionReports_NothingToSweep(amount, from, block.timestamp);
        }
        (mark.amount, mark.since) = (uint96(balance - amount), uint40(block.timestamp));
        emit PotMarked(potId, balance - amount);
        if (amount == 0) return;
        emit PotSwept(potId, pot.versionSplitId, amount);
        ledger.payFromBalance(pot.number, pot.versionSplitId, amount, 0, potId);
    }

    // ------------------------------------------------------------------ views

    /// @notice Bond of a report that pays `total`.
    function bondFor(uint256 total) public view returns (uint256) {
        return total > minBond ? total : minBond;
    }

    /// @notice A reporter's bond for a pot, and when it can withdraw it; zero if it did not ask for it.
    function bondOf(bytes32 potId, address reporter) external view returns (uint256 amount, uint256 exitAt) {
        Bond storage b = _bonds[potId][reporter];
        return (b.amount, b.exitAt);
    }

    /// @notice The report that can be challenged or paid, zero for none; the latest epoch that was ever reported, and from
    /// when on the report can be paid.
    function reportOf(bytes32 potId) external view returns (bytes24 reportId, uint256 epoch, uint256 deadline) {
        State storage state = _states[potId];
        return (state.report, state.epoch, state.deadline);
    }

    /// @notice Whether a pot has a report of an epoch that stands, or that it is too late for one.
    function isReported(bytes32 potId, uint256 epoch) external view returns (bool) {
        return _isReported(_states[potId], epoch);
    }

    /// @notice What waits in a pot for its report, and since when.
    function markOf(bytes32 potId) external view returns (uint256 amount, uint256 since) {
        return (_marks[potId].amount, _marks[potId].since);
    }

    /// @notice Who demands an item, and until when it has to be shown.
    function demandOf(bytes32 demandId) external view returns (address challenger, uint256 deadline) {
        return (_demands[demandId].challenger, _demands[demandId].deadline);
    }

    /// @notice Id of a demand.
    function demandIdOf(bytes24 reportId, Item calldata item) public pure returns (bytes32) {
        return keccak256(abi.encode(reportId, item));
    }

    /// @notice How long what reaches a pot waits for its report.
    function sweepSeconds() public view returns (uint256) {
        return epochSeconds + reportSeconds;
    }

    // ------------------------------------------------------------------ internals

    function _knownPot(Pot calldata pot) private view returns (bytes32 potId) {
        potId = Reports.idOf(pot);
        if (pot.keeper != address(this) || !pots.isPot(potId)) revert AttributionReports_UnknownPot(potId);
    }

    /// @dev Id of the report that is being posted ({Reports-idOf}): the arguments are its figures as they are hashed.
    function _newId() private view returns (bytes24 id) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            calldatacopy(p, 4, 192)
            mstore(add(p, 192), caller())
            mstore(add(p, 224), timestamp())
            id := shl(64, shr(64, keccak256(p, 256)))
        }
    }

    /// @dev Checks figures alone: what no report can say.
    function _checkFigures(uint256 amounts, uint256 counts) private pure {
        uint256 total = amounts >> 96;
        uint256 credited = uint96(amounts);
        if (
            total == 0 ||
            total > type(uint96).max ||
            credited > total ||
            counts >> 128 != 0 ||
            uint32(counts) == 0 ||
            uint32(counts >> 64) == 0 ||
            (credited != 0 && uint32(counts >> 32) == 0)
        ) revert AttributionReports_BadFigures(amounts, counts);
    }

    /// @dev Checks that an epoch can be reported now, and marks it as reported.
    function _openEpoch(bytes32 potId, uint256 epoch) private view returns (State memory next) {
        next = _states[potId];
        if (next.report != 0) revert AttributionReports_Pending(potId, next.report);
        // Epochs have four bytes, and lengths are bounded.
        unchecked {
            uint256 end = (epoch + 1) * epochSeconds;
            if (block.timestamp < end) revert AttributionReports_EpochNotOver(epoch, end, block.timestamp);
            uint256 until = end + reportSeconds;
            if (block.timestamp >= until) revert AttributionReports_EpochClosed(epoch, false, until);
            if (epoch > next.epoch) {
                uint256 later = epoch - next.epoch;
                next.reported = later < EPOCHS ? next.reported << uint8(later) : 0;
                next.epoch = uint24(epoch);
            } else if (_isReported(next, epoch)) {
                revert AttributionReports_EpochClosed(epoch, true, until);
            }
            next.reported |= uint8(1 << (next.epoch - epoch));
        }
    }

    /// @dev Whether an epoch has a report that stands. Those that are not on the books any more are as good as reported.
    function _isReported(State memory state, uint256 epoch) private pure returns (bool) {
        if (epoch > state.epoch) return false;
        uint256 ago = state.epoch - epoch;
        return ago >= EPOCHS || (state.reported >> ago) & 1 == 1;
    }

    /// @dev Makes a report void or drops it: its epoch can be reported again.
    function _forget(Figures calldata f) private {
        State storage state = _states[f.potId];
        (state.report, state.reported) = (0, state.reported & ~uint8(1 << (state.epoch - f.epoch)));
    }

    function _checkBond(Bond storage b, uint256 total) private view {
        (uint256 amount, uint256 exitAt) = (b.amount, b.exitAt);
        uint256 needed = bondFor(total);
        if (amount < needed) revert AttributionReports_BondTooSmall(amount, needed);
        if (exitAt != 0) revert AttributionReports_Exiting(msg.sender, exitAt);
    }

    /// @dev Id of a report, which must be the pot's pending one.
    function _pendingId(Report calldata report) private view returns (bytes24 id) {
        id = Reports.idOf(report);
        bytes24 pending = _states[report.figures.potId].report;
        if (id != pending) revert AttributionReports_NotPending(id, pending);
    }

    function _totalOf(Report calldata report) private view returns (uint256) {
        _pendingId(report);
        return report.figures.total;
    }

    /// @dev Proofs of reports are encoded structs that begin with the report.
    function _reportOf(bytes calldata proof) private pure returns (Report calldata report) {
        assembly ("memory-safe") {
            report := add(proof.offset, calldataload(proof.offset))
        }
    }

    /// @dev Makes a report void; its epoch can be reported again.
    function _defeat(Report calldata report, bytes24 id, address challenger) private {
        Figures calldata f = report.figures;
        _forget(f);
        Bond storage b = _bonds[f.potId][report.reporter];
        uint256 lost = Math.min(b.amount, bondFor(f.total));
        b.amount -= uint96(lost);
        uint256 reward = lost / 2;
        emit ReportDefeated(f.potId, id, challenger, report.reporter, reward, lost - reward);
        // A report that nobody ends can outlive its bond.
        if (lost == 0) return;
        ledger.transferBalance(0, Accounts.wallet(challenger), reward);
        ledger.transferBalance(0, Accounts.NOBODY, lost - reward);
    }

    function _endDemand(bytes24 id, Item calldata item) private returns (Demand memory d) {
        bytes32 demandId = demandIdOf(id, item);
        d = _demands[demandId];
        if (d.challenger == address(0)) revert AttributionReports_NotDemanded(demandId);
        delete _demands[demandId];
        --openDemands[id];
        emit DemandEnded(id, demandId, false);
    }

    function _bounded(string memory parameter, uint256 value, uint256 min, uint256 max) private pure returns (uint256) {
        if (value < min || value > max) revert AttributionReports_OutOfBounds(parameter, value, min, max);
        return value;
    }
}
