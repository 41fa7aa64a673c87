// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {AgentRegistry} from "../registry/AgentRegistry.sol";
import {DatanetRegistry} from "../registry/DatanetRegistry.sol";
import {LineageRegistry, Publication} from "../registry/LineageRegistry.sol";
import {ModelRegistry} from "../registry/ModelRegistry.sol";
import {DatanetLogs, LogEntry, LogVersion} from "./DatanetLogs.sol";
import {Fault, IFaultVerifier, Restitution} from "./IFaultVerifier.sol";
import {ShareProofs} from "./ShareProofs.sol";

/// @notice Shows that an asset builds on a contribution that was revoked.
/// @param registry Where the asset is registered: the models' or the agents' registry.
/// @param assetId The asset.
/// @param assetVersion A version of it, whether it has been replaced or not.
/// @param arbiter Arbiter of that version's split.
/// @param size Number of shares of that split.
/// @param index Index of the share that goes to the Datanet's version.
/// @param upstream Proof ({ShareProofs}) of that share.
/// @param version The Datanet's version.
/// @param revoked The contribution, in the log of that version.
struct RevokedLineageProof {
    LineageRegistry registry;
    uint256 assetId;
    uint256 assetVersion;
    address arbiter;
    uint64 size;
    uint64 index;
    bytes upstream;
    LogVersion version;
    LogEntry revoked;
}

/// @title An asset builds on a contribution that was revoked before
/// @notice A version of a model or an agent, published more than the time of grace after a contribution was revoked, names
/// a version of the Datanet as its upstream in which the contribution still has units. Who owned the asset when it was
/// published answers for it, also once there is a newer version, and the contributor is compensated.
/// @dev Not the owner of today: anybody can be made the owner of anything by a transfer.
contract RevokedLineageVerifier is IFaultVerifier {
    using ShareProofs for bytes;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a registry is neither the models' nor the agents'.
    error RevokedLineageVerifier_UnknownRegistry(address registry);

    /// @notice Thrown when a contribution was not revoked.
    error RevokedLineageVerifier_NotRevoked(uint256 datanetId, uint256 index);

    /// @notice Thrown when a version was published before the time of grace had passed.
    /// @param graceEnd Last second of it, in seconds since 1970.
    error RevokedLineageVerifier_WithinGrace(uint256 publishedAt, uint256 graceEnd);

    /// @notice Thrown when a share is not one of the asset's version.
    /// @param splitId The version's split.
    /// @param proven The split to which the proof leads.
    error RevokedLineageVerifier_NotInLineage(uint256 assetId, uint256 version, bytes32 splitId, bytes32 proven);

    /// @notice Thrown when a share of the asset goes to something else than the Datanet's version.
    error RevokedLineageVerifier_NotBuiltOn(uint256 datanetId, uint256 version, uint256 index);

    // ------------------------------------------------------------------ constants

    /// @notice What such a lineage costs, in basis points of the pool of who published it.
    uint16 public constant SLASH_BPS = 500;

    /// @notice How long after a revocation versions may still be published that build on what was revoked.
    uint256 public constant GRACE_SECONDS = 7 days;

    // ------------------------------------------------------------------ storage

    /// @notice Where the Datanets are.
    DatanetRegistry public immutable datanets;

    /// @notice Where the models are.
    ModelRegistry public immutable models;

    /// @notice Where the agents are.
    AgentRegistry public immutable agents;

    // ------------------------------------------------------------------ constructor

    constructor(DatanetRegistry datanets_, ModelRegistry models_, AgentRegistry agents_) {
        datanets = datanets_;
        models = models_;
        agents = agents_;
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IFaultVerifier
    function slashBps() external pure returns (uint16) {
        return SLASH_BPS;
    }

    /// @inheritdoc IFaultVerifier
    /// @param proof An encoded {RevokedLineageProof}.
    function verify(bytes calldata proof) external view returns (Fault memory) {
        RevokedLineageProof calldata p = _decode(proof);
        if (address(p.registry) != address(models) && address(p.registry) != address(agents)) {
            revert RevokedLineageVerifier_UnknownRegistry(address(p.registry));
        }
        Publication memory publication = p.registry.publicationOf(p.assetId, p.assetVersion);
        uint256 datanetId = p.version.datanetId;
        _checkTime(p, publication.publishedAt);
        _checkLineage(p);
        (address contributor, ) = DatanetLogs.read(datanets, DatanetLogs.logOf(datanets, p.version), p.revoked);
        return
            Fault({
                id: keccak256(
                    abi.encode(block.chainid, p.registry, p.assetId, p.assetVersion, datanetId, p.revoked.index)
                ),
                respondent: publication.publisher,
                harmed: contributor,
                harm: type(uint128).max,
                restitution: Restitution(0, 0, 0, 0, address(0), 0, 0)
            });
    }

    // ------------------------------------------------------------------ internals

    /// @dev What lies in an encoding is checked where it is read.
    function _decode(bytes calldata proof) private pure returns (RevokedLineageProof calldata p) {
        assembly ("memory-safe") {
            p := add(proof.offset, calldataload(proof.offset))
        }
    }

    function _checkTime(RevokedLineageProof calldata p, uint256 publishedAt) private view {
        uint256 datanetId = p.version.datanetId;
        uint256 revokedAt = datanets.revokedAt(datanetId, p.revoked.index);
        if (revokedAt == 0) revert RevokedLineageVerifier_NotRevoked(datanetId, p.revoked.index);
        if (publishedAt <= revokedAt + GRACE_SECONDS) {
            revert RevokedLineageVerifier_WithinGrace(publishedAt, revokedAt + GRACE_SECONDS);
        }
    }

    /// @dev The registries let only upstream shares go to splits, and write themselves into their evidence which asset
    /// version that is. The split's id would not say it: two Datanets can have the same log.
    function _checkLineage(RevokedLineageProof calldata p) private view {
        bytes32 splitId = p.registry.splitOf(p.assetId, p.assetVersion);
        SumNode memory root = p.upstream.rootOf(p.index, p.size);
        bytes32 proven = MerkleSumTree.splitId(root.hash, root.units, p.size, p.arbiter);
        if (proven != splitId) {
            revert RevokedLineageVerifier_NotInLineage(p.assetId, p.assetVersion, splitId, proven);
        }
        LogVersion calldata v = p.version;
        bytes32 evidence = keccak256(abi.encode(datanets, v.datanetId, v.version));
        if (!p.upstream.isSplit() || p.upstream.evidenceOf() != evidence) {
            revert RevokedLineageVerifier_NotBuiltOn(v.datanetId, v.version, p.index);
        }
    }
}
