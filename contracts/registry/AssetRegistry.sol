// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @notice Under which conditions others may build on an asset.
/// @param minShareBps Least part of a child's split that must go to this asset, in basis points.
/// @param open Whether anybody may build on it; otherwise only licensees its owner named.
struct Terms {
    uint16 minShareBps;
    bool open;
}

/// @title What Datanets, models and agents have in common
/// @notice An asset is an ERC-721 token with numbered versions. A version is a split id: it never changes, and whoever
/// was in it stays paid by everything that was built on it. Licence terms bind new children only.
abstract contract AssetRegistry is ERC721 {
    /// @dev One word: {Terms} as a member would begin another one.
    struct Asset {
        uint32 versions;
        uint16 minShareBps;
        bool open;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when the caller is neither the asset's owner nor approved by it.
    error AssetRegistry_NotOwner(uint256 id, address caller);

    /// @notice Thrown when an asset has no such version, or the version holds no units and cannot be paid.
    error AssetRegistry_NoSplit(uint256 id, uint256 version);

    /// @notice Thrown when an asset's terms do not let somebody build on it.
    error AssetRegistry_NotLicensed(uint256 id, address licensee);

    /// @notice Thrown when a rate is above its hard cap.
    error AssetRegistry_AboveCap(uint256 bps, uint256 capBps);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when an asset's licence terms were set. They bind versions published from now on.
    event TermsSet(uint256 indexed id, uint16 minShareBps, bool open);

    /// @notice Emitted when an address was allowed to build on an asset, or no longer is.
    event LicenseeSet(uint256 indexed id, address indexed licensee, bool allowed);

    /// @notice Emitted when the document that describes an asset was set.
    /// @param metadataHash keccak256 of the document.
    event AssetDescribed(uint256 indexed id, string metadataURI, bytes32 metadataHash);

    // ------------------------------------------------------------------ constants

    /// @notice Most an asset's terms can ask of a child.
    uint16 public constant MAX_MIN_SHARE_BPS = 5_000;

    uint256 internal constant BPS = 10_000;

    // ------------------------------------------------------------------ storage

    /// @notice Assets registered so far; ids count from 1.
    uint256 public assetCount;

    mapping(uint256 id => Asset) private _assets;
    mapping(uint256 id => mapping(uint256 version => bytes32 splitId)) private _splits;

    /// @notice Whether an address may build on an asset that is not open.
    mapping(uint256 id => mapping(address licensee => bool)) public isLicensee;

    // ------------------------------------------------------------------ owner

    modifier onlyAssetOwner(uint256 id) {
        if (!_isAuthorized(_requireOwned(id), msg.sender, id)) revert AssetRegistry_NotOwner(id, msg.sender);
        _;
    }

    /// @notice Sets an asset's licence terms for children to come.
    function setTerms(uint256 id, Terms calldata terms) external onlyAssetOwner(id) {
        _setTerms(id, terms);
    }

    /// @notice Allows an address to build on an asset that is not open, or ends that for new children.
    function setLicensee(uint256 id, address licensee, bool allowed) external onlyAssetOwner(id) {
        isLicensee[id][licensee] = allowed;
        emit LicenseeSet(id, licensee, allowed);
    }

    /// @notice Points to another document that describes an asset.
    function describe(uint256 id, string calldata metadataURI, bytes32 metadataHash) external onlyAssetOwner(id) {
        emit AssetDescribed(id, metadataURI, metadataHash);
    }

    // ------------------------------------------------------------------ views

    /// @notice The split that stands for a version of an asset.
    function splitOf(uint256 id, uint256 version) public view returns (bytes32 splitId) {
        splitId = _splits[id][version];
        if (splitId == 0) revert AssetRegistry_NoSplit(id, version);
    }

    /// @notice Number of an asset's newest version; zero when it has none.
    function latestVersion(uint256 id) public view returns (uint256) {
        return _assets[id].versions;
    }

    /// @notice An asset's licence terms.
    function termsOf(uint256 id) public view returns (Terms memory) {
        Asset memory asset = _assets[id];
        return Terms(asset.minShareBps, asset.open);
    }

    /// @notice What a child of `licensee` has to know: the version's split and the least share it must get.
    /// Reverts when the terms do not allow the child.
    function licensedSplit(
        uint256 id,
        uint256 version,
        address licensee
    ) external view returns (bytes32 splitId, uint16 minShareBps) {
        splitId = splitOf(id, version);
        Asset memory asset = _assets[id];
        if (!asset.open && !isLicensee[id][licensee] && licensee != ownerOf(id)) {
            revert AssetRegistry_NotLicensed(id, licensee);
        }
        minShareBps = asset.minShareBps;
    }

    // ------------------------------------------------------------------ internals

    /// @dev Mints without a callback: a registry calls no stranger.
    function _newAsset(address owner) internal returns (uint256 id) {
        id = ++assetCount;
        _mint(owner, id);
    }

    function _setTerms(uint256 id, Terms memory terms) internal {
        if (terms.minShareBps > MAX_MIN_SHARE_BPS) {
            revert AssetRegistry_AboveCap(terms.minShareBps, MAX_MIN_SHARE_BPS);
        }
        Asset storage asset = _assets[id];
        (asset.minShareBps, asset.open) = (terms.minShareBps, terms.open);
        emit TermsSet(id, terms.minShareBps, terms.open);
    }

    /// @param splitId Zero for a version that holds no units.
    function _addVersion(uint256 id, bytes32 splitId) internal returns (uint256 version) {
        Asset storage asset = _assets[id];
        uint32 number = asset.versions + 1;
        asset.versions = number;
        version = number;
        _splits[id][version] = splitId;
    }
}
