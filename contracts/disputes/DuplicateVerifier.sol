// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounts} from "../ledger/Accounts.sol";
import {SumNode} from "../ledger/MerkleSumTree.sol";
import {Content, DatanetRegistry} from "../registry/DatanetRegistry.sol";
import {DatanetLogs, Log, LogEntry, LogVersion} from "./DatanetLogs.sol";
import {Fault, IFaultVerifier, Restitution} from "./IFaultVerifier.sol";

/// @notice Shows that a version of a Datanet pays for one content twice.
/// @param first The contribution that came first.
/// @param later The same content once more.
struct DuplicateProof {
    LogVersion version;
    LogEntry first;
    LogEntry later;
}

/// @title A curator accepted the same content twice
/// @notice The same bytes at two places of one log, each with units. The curator that accepted the later one answers for
/// it, and each version's share of it goes to the first contributor, where the court is the arbiter. Nobody gets it where both
/// are the same person's.
///
/// Licence and URI may differ: whoever wants to change those revokes before it contributes again.
/// @dev A fault is a place in a log and no version, so that a curator is punished once for it however many versions follow.
/// Of three copies, the third is a fault against whichever of the others a proof names; its shares go to the earliest one.
contract DuplicateVerifier is IFaultVerifier {
    // ------------------------------------------------------------------ errors

    /// @notice Thrown when the contribution that should be the later one is not behind the other.
    error DuplicateVerifier_NotLater(uint256 first, uint256 later);

    /// @notice Thrown when two contributions have different contents.
    error DuplicateVerifier_DifferentContent(
        bytes32 firstRoot,
        uint256 firstLength,
        bytes32 laterRoot,
        uint256 laterLength
    );

    // ------------------------------------------------------------------ constants

    /// @notice What a duplicate costs its curator, in basis points of its pool.
    uint16 public constant SLASH_BPS = 1_000;

    // ------------------------------------------------------------------ storage

    /// @notice Where the Datanets are.
    DatanetRegistry public immutable datanets;

    // ------------------------------------------------------------------ constructor

    constructor(DatanetRegistry datanets_) {
        datanets = datanets_;
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IFaultVerifier
    function slashBps() external pure returns (uint16) {
        return SLASH_BPS;
    }

    /// @inheritdoc IFaultVerifier
    /// @param proof An encoded {DuplicateProof}.
    function verify(bytes calldata proof) external view returns (Fault memory) {
        DuplicateProof calldata p = _decode(proof);
        uint64 later = p.later.index;
        if (p.first.index >= later) revert DuplicateVerifier_NotLater(p.first.index, later);
        _checkSame(p.first.content, p.later.content);

        Log memory log = DatanetLogs.logOf(datanets, p.version);
        (address contributor, SumNode memory root) = DatanetLogs.read(datanets, log, p.first);
        (address copier, ) = DatanetLogs.read(datanets, log, p.later);

        bool isOwn = contributor == copier;
        uint256 id = p.version.datanetId;
        return
            Fault({
                id: keccak256(abi.encode(block.chainid, datanets, id, later)),
                respondent: datanets.curatorOf(id, later),
                harmed: isOwn ? address(0) : contributor,
                harm: isOwn ? 0 : type(uint128).max,
                restitution: Restitution({
                    root: root.hash,
                    totalUnits: uint128(root.units),
                    size: log.size,
                    index: later,
                    arbiter: log.arbiter,
                    to: isOwn ? Accounts.NOBODY : Accounts.wallet(contributor),
                    rank: p.first.index
                })
            });
    }

    // ------------------------------------------------------------------ internals

    /// @dev What lies in an encoding is checked where it is read.
    function _decode(bytes calldata proof) private pure returns (DuplicateProof calldata p) {
        assembly ("memory-safe") {
            p := add(proof.offset, calldataload(proof.offset))
        }
    }

    function _checkSame(Content calldata first, Content calldata later) private pure {
        if (first.contentRoot != later.contentRoot || first.byteLength != later.byteLength) {
            revert DuplicateVerifier_DifferentContent(
                first.contentRoot,
                first.byteLength,
                later.contentRoot,
                later.byteLength
            );
        }
    }
}
