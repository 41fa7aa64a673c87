// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, MerkleSumTree, Share, SumNode} from "../ledger/MerkleSumTree.sol";
import {AssetRegistry} from "./AssetRegistry.sol";

/// @notice Somebody who made an asset itself.
/// @param account Account of the ledger that is paid.
/// @param units Its part of the version's total units.
/// @param evidence Commitment to what it did.
struct Builder {
    bytes32 account;
    uint128 units;
    bytes32 evidence;
}

/// @notice A version of another asset that this one builds on.
/// @param registry Where that asset is registered.
/// @param units Its part of the version's total units.
struct Upstream {
    AssetRegistry registry;
    uint256 id;
    uint256 version;
    uint128 units;
}

/// @notice All that makes a version: who built it, on what, and who may decide disputes about it.
/// @param arbiter May redirect undrawn shares in the ledger; zero for nobody, ever.
struct Lineage {
    Builder[] builders;
    Upstream[] upstreams;
    address arbiter;
    string metadataURI;
    bytes32 metadataHash;
}

/// @notice Who published a version, and when. One word.
/// @param publisher Who owned the asset then and answers for the version, whoever owns it since.
/// @param publishedAt In seconds since 1970.
struct Publication {
    address publisher;
    uint48 publishedAt;
}

/// @title Assets whose versions are made of builders and upstream assets
/// @notice A version's split lists builders first, then upstream versions, in the order given. Its id commits to the
/// ids of everything upstream, so lineage has no cycles and cannot change afterwards.
/// @dev Nothing is stored per share: the event has them all. Any number of shares that fits a transaction.
abstract contract LineageRegistry is AssetRegistry {
    // ------------------------------------------------------------------ errors

    /// @notice Thrown when an upstream's registry is none that this one builds on.
    error LineageRegistry_UnknownRegistry(address registry);

    /// @notice Thrown when a share has no units.
    error LineageRegistry_ZeroUnits(uint256 index);

    /// @notice Thrown when a builder's account has no address.
    error LineageRegistry_ZeroBuilder(uint256 index);

    /// @notice Thrown when an upstream asset gets less than its terms ask for.
    /// @param minShareBps Least part in basis points of `totalUnits`.
    error LineageRegistry_ShareBelowTerms(
        address registry,
        uint256 id,
        uint256 units,
        uint256 totalUnits,
        uint256 minShareBps
    );

    // ------------------------------------------------------------------ events

    /// @notice Emitted with every version: its split and everything the split is made of.
    event VersionPublished(
        uint256 indexed id,
        uint256 indexed version,
        bytes32 indexed splitId,
        address arbiter,
        Share[] shares,
        string metadataURI,
        bytes32 metadataHash
    );

    // ------------------------------------------------------------------ storage

    mapping(uint256 id => mapping(uint256 version => Publication)) private _publications;

    // ------------------------------------------------------------------ owner

    /// @notice Publishes another version of an asset.
    function publish(uint256 id, Lineage calldata lineage) external onlyAssetOwner(id) returns (uint256 version) {
        return _publish(id, lineage);
    }

    // ------------------------------------------------------------------ views

    /// @notice Who published a version of an asset, and when. Zeros when there is no such version.
    function publicationOf(uint256 id, uint256 version) external view returns (Publication memory) {
        return _publications[id][version];
    }

    // ------------------------------------------------------------------ internals

    /// @dev Whether assets of a registry can be upstream of this one's.
    function _isUpstream(AssetRegistry registry) internal view virtual returns (bool);

    /// @dev The licensee is the asset's owner, whoever acts for it.
    function _publish(uint256 id, Lineage calldata lineage) internal returns (uint256 version) {
        uint256 builders = lineage.builders.length;
        uint256 upstreams = lineage.upstreams.length;
        address licensee = ownerOf(id);
        Share[] memory shares = new Share[](builders + upstreams);
        uint16[] memory minShareBps = new uint16[](upstreams);
        for (uint256 i = 0; i < builders; ++i) {
            Builder calldata builder = lineage.builders[i];
            if (uint160(uint256(builder.account)) == 0) revert LineageRegistry_ZeroBuilder(i);
            // Its kind is Account already, the first of the enum.
            Share memory share = shares[i];
            (share.recipient, share.units, share.evidence) = (builder.account, builder.units, builder.evidence);
        }
        for (uint256 i = 0; i < upstreams; ++i) {
            minShareBps[i] = _setUpstream(shares[builders + i], lineage.upstreams[i], licensee);
        }

        (bytes32 splitId, uint256 totalUnits) = _splitOf(shares, lineage.arbiter);
        for (uint256 i = 0; i < upstreams; ++i) {
            uint256 units = shares[builders + i].units;
            if (units * BPS < totalUnits * minShareBps[i]) {
                Upstream calldata upstream = lineage.upstreams[i];
                revert LineageRegistry_ShareBelowTerms(
                    address(upstream.registry),
                    upstream.id,
                    units,
                    totalUnits,
                    minShareBps[i]
                );
            }
        }
        return _record(id, licensee, splitId, lineage.arbiter, shares, lineage.metadataURI, lineage.metadataHash);
    }

    /// @dev The split that shares make. None of them may be without units.
    function _splitOf(
        Share[] memory shares,
        address arbiter
    ) internal pure returns (bytes32 splitId, uint256 totalUnits) {
        SumNode[] memory nodes = MerkleSumTree.list(shares.length);
        for (uint256 i = 0; i < shares.length; ++i) {
            if (shares[i].units == 0) revert LineageRegistry_ZeroUnits(i);
            nodes[i] = MerkleSumTree.leaf(shares[i]);
        }
        SumNode memory root = MerkleSumTree.root(nodes);
        totalUnits = root.units;
        splitId = MerkleSumTree.splitId(root.hash, totalUnits, shares.length, arbiter);
    }

    function _record(
        uint256 id,
        address licensee,
        bytes32 splitId,
        address arbiter,
        Share[] memory shares,
        string calldata metadataURI,
        bytes32 metadataHash
    ) internal returns (uint256 version) {
        version = _addVersion(id, splitId);
        _publications[id][version] = Publication(licensee, uint48(block.timestamp));
        emit VersionPublished(id, version, splitId, arbiter, shares, metadataURI, metadataHash);
    }

    /// @dev Makes `share` that of an upstream asset. Its evidence names the asset version behind the split id.
    function _setUpstream(
        Share memory share,
        Upstream memory upstream,
        address licensee
    ) internal view returns (uint16 minShareBps) {
        if (!_isUpstream(upstream.registry)) revert LineageRegistry_UnknownRegistry(address(upstream.registry));
        (share.recipient, minShareBps) = upstream.registry.licensedSplit(upstream.id, upstream.version, licensee);
        (share.kind, share.units) = (Kind.Split, upstream.units);
        share.evidence = keccak256(abi.encode(upstream.registry, upstream.id, upstream.version));
    }
}
