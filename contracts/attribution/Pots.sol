// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {DatanetLogs, Log, LogEntry, LogVersion} from "../disputes/DatanetLogs.sol";
import {ShareProofs} from "../disputes/ShareProofs.sol";
import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {DatanetRegistry} from "../registry/DatanetRegistry.sol";
import {Pot, Reports} from "./Reports.sol";

/// @notice A step of a payment's way to a pot: a share of a split.
/// @param size Number of the split's shares.
/// @param index The share.
/// @param arbiter The split's arbiter.
/// @param proof Proof ({ShareProofs}) of the share.
struct Step {
    uint64 size;
    uint64 index;
    address arbiter;
    bytes proof;
}

/// @title Pots and what reaches them
/// @notice A pot is an account that a model's split gives units to, so that they are divided by what of a Datanet's texts
/// is found in outputs ({AttributionReports}). Here is written what each pot is for and what part of a split's payments
/// reaches it. Nobody owns any of it.
contract Pots {
    using Checkpoints for Checkpoints.Trace160;
    using ShareProofs for bytes;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a parameter is not within its bounds.
    error Pots_OutOfBounds(string parameter, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when there is no such pot.
    error Pots_UnknownPot(bytes32 potId);

    /// @notice Thrown when a step does not stand in the split to which the one before it led.
    error Pots_WrongStep(uint256 path, uint256 step, bytes32 splitId, bytes32 proven);

    /// @notice Thrown when a path ends elsewhere than in the pot.
    error Pots_WrongEnd(uint256 path, bytes32 end);

    /// @notice Thrown when paths are not in the ascending order of their hashes.
    error Pots_PathOrder(uint256 path);

    /// @notice Thrown when a source is known with as large a fraction.
    error Pots_NotMore(bytes32 splitId, uint256 fraction, uint256 known);

    /// @notice Thrown when a split on the way to a pot has an arbiter that the pot's Datanet does not have.
    error Pots_ForeignArbiter(bytes32 splitId, address arbiter);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when a pot was created.
    event PotCreated(bytes32 indexed potId, uint256 indexed datanetId, uint256 indexed version, Pot pot);

    /// @notice Emitted when it was shown what part of a split's payments reaches a pot, in 10^-18.
    event SourceAdded(bytes32 indexed potId, bytes32 indexed splitId, uint256 epoch, uint256 fraction);

    // ------------------------------------------------------------------ constants

    /// @notice Bounds of an epoch's length.
    uint256 public constant MIN_EPOCH_SECONDS = 1 hours;
    uint256 public constant MAX_EPOCH_SECONDS = 30 days;

    /// @notice Most a reporter can earn, in basis points of what its report pays.
    uint256 public constant MAX_FEE_BPS = 500;

    /// @notice Bounds of the tokens that must be the same for a match.
    uint256 public constant MIN_GRAM = 2;
    uint256 public constant MAX_GRAM = 32;

    uint256 private constant WHOLE = 1e18;

    // ------------------------------------------------------------------ storage

    /// @notice Where the Datanets are.
    DatanetRegistry public immutable datanets;

    /// @notice Length of an epoch.
    uint256 public immutable epochSeconds;

    /// @notice Pots created so far; numbers count from 1.
    uint96 public potCount;

    /// @notice Whether a pot exists.
    mapping(bytes32 potId => bool) public isPot;

    mapping(bytes32 potId => mapping(bytes32 splitId => Checkpoints.Trace160)) private _fractions;

    // ------------------------------------------------------------------ constructor

    constructor(DatanetRegistry datanets_, uint256 epochSeconds_) {
        datanets = datanets_;
        epochSeconds = _bounded("epochSeconds", epochSeconds_, MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS);
    }

    // ------------------------------------------------------------------ pots

    /// @notice Creates a pot for a version of a Datanet. Anyone may; models choose whom they pay.
    /// @param keeper Contract in whose account the pot is, and that divides it.
    /// @param entry Any contribution of the log that has units: it shows how long the log is.
    /// @param gram Tokens that must be the same for a match.
    /// @param commons How many contributions, the first ones, are nobody's.
    /// @param feeBps What the reporter earns.
    function createPot(
        address keeper,
        LogVersion calldata version,
        LogEntry calldata entry,
        uint8 gram,
        uint64 commons,
        uint16 feeBps
    ) external returns (Pot memory pot) {
        _bounded("gram", gram, MIN_GRAM, MAX_GRAM);
        _bounded("feeBps", feeBps, 0, MAX_FEE_BPS);
        _bounded("commons", commons, 0, version.size);
        Log memory log = DatanetLogs.logOf(datanets, version);
        DatanetLogs.read(datanets, log, entry);
        pot = Pot({
            keeper: keeper,
            number: ++potCount,
            datanetId: version.datanetId,
            version: version.version,
            versionSplitId: datanets.splitOf(version.datanetId, version.version),
            logSplitId: log.splitId,
            logSize: log.size,
            arbiter: log.arbiter,
            gram: gram,
            commons: commons,
            feeBps: feeBps
        });
        bytes32 potId = Reports.idOf(pot);
        isPot[potId] = true;
        emit PotCreated(potId, pot.datanetId, pot.version, pot);
    }

    /// @notice Shows what part of a split's payments reaches a pot, along one path or several. Anyone may; a larger part
    /// replaces a smaller one from this epoch on.
    /// @param paths From the split's share to the pot's, in the ascending order of their hashes: from zero on, keccak256 over
    /// the hash so far, the split and the index of each step.
    function addSource(Pot calldata pot, bytes32 splitId, Step[][] calldata paths) external {
        bytes32 potId = Reports.idOf(pot);
        if (!isPot[potId]) revert Pots_UnknownPot(potId);
        uint256 fraction = 0;
        bytes32 previous = 0;
        for (uint256 i = 0; i < paths.length; ++i) {
            (bytes32 hash, uint256 part) = _follow(pot, splitId, paths[i], i);
            if (hash <= previous) revert Pots_PathOrder(i);
            previous = hash;
            fraction += part;
        }
        Checkpoints.Trace160 storage trace = _fractions[potId][splitId];
        uint256 known = trace.latest();
        if (fraction <= known) revert Pots_NotMore(splitId, fraction, known);
        uint256 epoch = epochOf(block.timestamp);
        trace.push(uint96(epoch), uint160(fraction));
        emit SourceAdded(potId, splitId, epoch, fraction);
    }

    // ------------------------------------------------------------------ views

    /// @notice The epoch of a time in seconds since 1970.
    function epochOf(uint256 time) public view returns (uint256) {
        return time / epochSeconds;
    }

    /// @notice Part of what is paid to a split that reaches a pot, as known at the end of an epoch, in 10^-18.
    function fractionOf(bytes32 potId, bytes32 splitId, uint256 epoch) external view returns (uint256) {
        return _fractions[potId][splitId].upperLookup(uint96(epoch));
    }

    // ------------------------------------------------------------------ internals

    /// @dev Part of a split's payments that reaches a pot along a path.
    function _follow(
        Pot calldata pot,
        bytes32 splitId,
        Step[] calldata path,
        uint256 number
    ) private pure returns (bytes32 hash, uint256 fraction) {
        bytes32 place = splitId;
        fraction = WHOLE;
        for (uint256 i = 0; i < path.length; ++i) {
            Step calldata step = path[i];
            SumNode memory root = step.proof.rootOf(step.index, step.size);
            bytes32 proven = MerkleSumTree.splitId(root.hash, root.units, step.size, step.arbiter);
            if (proven != place) revert Pots_WrongStep(number, i, place, proven);
            // Whoever may redirect a share could have the payments counted and keep them.
            if (step.arbiter != address(0) && step.arbiter != pot.arbiter) {
                revert Pots_ForeignArbiter(place, step.arbiter);
            }
            hash = keccak256(abi.encode(hash, place, step.index));
            fraction = (fraction * step.proof.unitsOf()) / root.units;
            place = step.proof.recipientOf();
            if (step.proof.isSplit() == (i == path.length - 1)) revert Pots_WrongEnd(number, place);
        }
        if (place != Reports.accountOf(pot)) revert Pots_WrongEnd(number, place);
    }

    function _bounded(string memory parameter, uint256 value, uint256 min, uint256 max) private pure returns (uint256) {
        if (value < min || value > max) revert Pots_OutOfBounds(parameter, value, min, max);
        return value;
    }
}
