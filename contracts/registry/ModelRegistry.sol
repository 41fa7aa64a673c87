// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {Kind, Share} from "../ledger/MerkleSumTree.sol";
import {AssetRegistry, Terms} from "./AssetRegistry.sol";
import {DatanetRegistry} from "./DatanetRegistry.sol";
import {Lineage, LineageRegistry, Upstream} from "./LineageRegistry.sol";

/// @title Models with lineage
/// @notice Base models, fine-tunes and adapters. Each version says who built it and which model and Datanet versions it
/// was made from, and pays them all.
contract ModelRegistry is LineageRegistry {
    /// @notice Emitted when a model was registered.
    event ModelRegistered(uint256 indexed id, address indexed owner);

    /// @notice Emitted when a model was forked from a version of another.
    event ModelForked(uint256 indexed id, uint256 indexed parentId, uint256 parentVersion);

    /// @notice Thrown when a parent's terms ask a fork for more than its maker allowed.
    error ModelRegistry_ParentShareAbove(uint256 parentBps, uint256 maxParentBps);

    /// @notice What a fork pays its parent when the parent's terms ask for less.
    uint16 public constant DEFAULT_FORK_BPS = 1_000;

    /// @notice Where the Datanets are that models can be trained on.
    DatanetRegistry public immutable datanets;

    constructor(DatanetRegistry datanets_) ERC721("Attribution Model", "MODEL") {
        datanets = datanets_;
    }

    /// @notice Registers a model with its first version. The caller owns it.
    function register(Terms calldata terms, Lineage calldata lineage) external returns (uint256 id) {
        id = _newAsset(msg.sender);
        emit ModelRegistered(id, msg.sender);
        _setTerms(id, terms);
        _publish(id, lineage);
    }

    /// @notice Registers a model built on one version of another, with the defaults most forks want: the parent gets
    /// what its terms ask for and at least {DEFAULT_FORK_BPS}, the caller's wallet the rest; the fork passes the parent's
    /// terms on and has no arbiter.
    /// @param maxParentBps Most the caller is ready to give the parent, should its terms change at the last moment.
    function fork(
        uint256 parentId,
        uint256 parentVersion,
        uint16 maxParentBps,
        string calldata metadataURI,
        bytes32 metadataHash
    ) external returns (uint256 id) {
        Terms memory terms = termsOf(parentId);
        uint16 parentBps = terms.minShareBps > DEFAULT_FORK_BPS ? terms.minShareBps : DEFAULT_FORK_BPS;
        if (parentBps > maxParentBps) revert ModelRegistry_ParentShareAbove(parentBps, maxParentBps);

        Share[] memory shares = new Share[](2);
        shares[0] = Share(Kind.Account, Accounts.wallet(msg.sender), uint128(BPS) - parentBps, metadataHash);
        _setUpstream(shares[1], Upstream(this, parentId, parentVersion, parentBps), msg.sender);

        id = _newAsset(msg.sender);
        emit ModelRegistered(id, msg.sender);
        emit ModelForked(id, parentId, parentVersion);
        _setTerms(id, terms);
        (bytes32 splitId, ) = _splitOf(shares, address(0));
        _record(id, msg.sender, splitId, address(0), shares, metadataURI, metadataHash);
    }

    function _isUpstream(AssetRegistry registry) internal view override returns (bool) {
        return address(registry) == address(this) || address(registry) == address(datanets);
    }
}
