// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounts} from "../ledger/Accounts.sol";
import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {Content, DatanetRegistry} from "../registry/DatanetRegistry.sol";
import {ShareProofs} from "./ShareProofs.sol";

/// @notice A version of a Datanet, down to its log.
/// @param datanetId The Datanet.
/// @param version The version, counted from 1.
/// @param size How many contributions its log has.
/// @param wrapping Proof ({ShareProofs}) of the log's share in the version's split; empty where the log itself is paid.
struct LogVersion {
    uint256 datanetId;
    uint256 version;
    uint64 size;
    bytes wrapping;
}

/// @notice A contribution in a log.
/// @param index Its place in the log.
/// @param content What was contributed.
/// @param proof Proof ({ShareProofs}) of its share in the log.
struct LogEntry {
    uint64 index;
    Content content;
    bytes proof;
}

/// @notice A log, proven to be that of a Datanet's version.
struct Log {
    bytes32 splitId;
    address arbiter;
    uint64 size;
}

/// @title What a version of a Datanet holds
/// @notice The registry knows the split of a version only; everything else is proven.
library DatanetLogs {
    using ShareProofs for bytes;

    /// @dev Shares of a split that is wrapped around a log's, of which the log's is the first.
    uint64 private constant WRAPPING_SIZE = 3;

    /// @notice Thrown when a wrapping is not that of the version.
    /// @param splitId The version's split.
    /// @param proven The split to which the proof leads.
    error DatanetLogs_WrongWrapping(uint256 datanetId, uint256 version, bytes32 splitId, bytes32 proven);

    /// @notice Thrown when the first share of what should be a wrapping is an account's, so that it is none.
    error DatanetLogs_NotAWrapping(uint256 datanetId, uint256 version);

    /// @notice Thrown when a contribution is not in the log of the version.
    /// @param logSplitId The log's split.
    /// @param proven The split to which the proof leads.
    error DatanetLogs_NotInLog(uint256 index, bytes32 logSplitId, bytes32 proven);

    /// @notice Thrown when a contribution has another content.
    error DatanetLogs_WrongContent(uint256 index, bytes32 evidence, bytes32 given);

    /// @notice Thrown when a contribution was revoked before the version was published.
    error DatanetLogs_Revoked(uint256 index);

    /// @notice The log of a version.
    function logOf(DatanetRegistry datanets, LogVersion calldata v) internal view returns (Log memory log) {
        log.splitId = datanets.splitOf(v.datanetId, v.version);
        log.arbiter = datanets.arbiterOf(v.datanetId);
        log.size = v.size;
        if (v.wrapping.length == 0) return log;

        SumNode memory root = v.wrapping.rootOf(0, WRAPPING_SIZE);
        bytes32 proven = MerkleSumTree.splitId(root.hash, root.units, WRAPPING_SIZE, log.arbiter);
        if (proven != log.splitId) {
            revert DatanetLogs_WrongWrapping(v.datanetId, v.version, log.splitId, proven);
        }
        if (!v.wrapping.isSplit()) revert DatanetLogs_NotAWrapping(v.datanetId, v.version);
        log.splitId = v.wrapping.recipientOf();
    }

    /// @notice The contributor of an entry of a log that has units, and the log's root.
    /// @dev That the content is known shows that the share is a contribution's: the shares of a wrapping have no content
    /// as evidence, so a wrapping does not pass for a log.
    function read(
        DatanetRegistry datanets,
        Log memory log,
        LogEntry calldata entry
    ) internal pure returns (address contributor, SumNode memory root) {
        root = entry.proof.rootOf(entry.index, log.size);
        bytes32 proven = MerkleSumTree.splitId(root.hash, root.units, log.size, log.arbiter);
        if (proven != log.splitId) revert DatanetLogs_NotInLog(entry.index, log.splitId, proven);
        bytes32 evidence = entry.proof.evidenceOf();
        bytes32 given = datanets.evidenceOf(entry.content);
        if (given != evidence) revert DatanetLogs_WrongContent(entry.index, evidence, given);
        if (entry.proof.unitsOf() == 0) revert DatanetLogs_Revoked(entry.index);
        contributor = Accounts.ownerOf(entry.proof.recipientOf());
    }
}
