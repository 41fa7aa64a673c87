// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signatures} from "../ledger/Signatures.sol";
import {AssetRegistry, Terms} from "./AssetRegistry.sol";
import {DatanetRegistry} from "./DatanetRegistry.sol";
import {Lineage, LineageRegistry} from "./LineageRegistry.sol";
import {ModelRegistry} from "./ModelRegistry.sol";

/// @title Agents: ERC-8004 identities with a split
/// @notice Implements the identity registry of ERC-8004 (draft): an ERC-721 token per agent whose URI points to its
/// registration file, on-chain metadata, and an agent wallet that has proven its consent by signature. On top, an agent
/// can publish versions that pay its makers, the models it uses and the agents it is a template of.
/// @dev Names, events and the wallet's typed data are the draft's and its reference deployment's, so that tools for
/// ERC-8004 work unchanged.
contract AgentRegistry is LineageRegistry, ERC721URIStorage, EIP712 {
    /// @notice One entry of an agent's on-chain metadata.
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when metadata is set under the key that only {setAgentWallet} may write.
    error AgentRegistry_ReservedKey(string metadataKey);

    /// @notice Thrown when a wallet's consent comes after its deadline, or the deadline lies too far ahead.
    error AgentRegistry_BadDeadline(uint256 deadline, uint256 time);

    /// @notice Thrown when a wallet did not sign that it is to be the agent's.
    error AgentRegistry_BadWalletSignature(uint256 agentId, address wallet);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when an agent was registered (ERC-8004).
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);

    /// @notice Emitted when an agent's registration file moved (ERC-8004).
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice Emitted when metadata was set (ERC-8004).
    event MetadataSet(
        uint256 indexed agentId,
        string indexed indexedMetadataKey,
        string metadataKey,
        bytes metadataValue
    );

    // ------------------------------------------------------------------ constants

    /// @notice How far ahead the deadline of a wallet's consent may lie.
    uint256 public constant MAX_DEADLINE_SECONDS = 5 minutes;

    string private constant WALLET_KEY = "agentWallet";
    bytes32 private constant AGENT_WALLET_SET_TYPEHASH = keccak256(
        "AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"
    );

    // ------------------------------------------------------------------ storage

    /// @notice Where the Datanets are that agents can build on.
    DatanetRegistry public immutable datanets;

    /// @notice Where the models are that agents can build on.
    ModelRegistry public immutable models;

    mapping(uint256 agentId => mapping(string key => bytes value)) private _metadata;

    // ------------------------------------------------------------------ constructor

    constructor(
        DatanetRegistry datanets_,
        ModelRegistry models_
    ) ERC721("Attribution Agent", "AGENT") EIP712("ERC8004IdentityRegistry", "1") {
        datanets = datanets_;
        models = models_;
    }

    // ------------------------------------------------------------------ register

    /// @notice Registers an agent whose URI is set later (ERC-8004).
    function register() external returns (uint256 agentId) {
        return _register("");
    }

    /// @notice Registers an agent (ERC-8004).
    function register(string calldata agentURI) external returns (uint256 agentId) {
        return _register(agentURI);
    }

    /// @notice Registers an agent with metadata (ERC-8004).
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId) {
        agentId = _register(agentURI);
        for (uint256 i = 0; i < metadata.length; ++i) {
            _setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }
    }

    /// @notice Registers an agent together with its terms and its first version.
    function register(
        string calldata agentURI,
        Terms calldata terms,
        Lineage calldata lineage
    ) external returns (uint256 agentId) {
        agentId = _register(agentURI);
        _setTerms(agentId, terms);
        _publish(agentId, lineage);
    }

    // ------------------------------------------------------------------ owner

    /// @notice Moves an agent's registration file (ERC-8004).
    function setAgentURI(uint256 agentId, string calldata newURI) external onlyAssetOwner(agentId) {
        _setTokenURI(agentId, newURI);
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @notice Sets metadata of an agent (ERC-8004). The key "agentWallet" is reserved.
    function setMetadata(
        uint256 agentId,
        string calldata metadataKey,
        bytes calldata metadataValue
    ) external onlyAssetOwner(agentId) {
        _setMetadata(agentId, metadataKey, metadataValue);
    }

    /// @notice Sets the wallet an agent is paid at; the wallet signs that it agrees (ERC-8004).
    /// @param deadline Last second at which the signature is good, at most {MAX_DEADLINE_SECONDS} ahead.
    function setAgentWallet(
        uint256 agentId,
        address newWallet,
        uint256 deadline,
        bytes calldata signature
    ) external onlyAssetOwner(agentId) {
        if (block.timestamp > deadline || deadline > block.timestamp + MAX_DEADLINE_SECONDS) {
            revert AgentRegistry_BadDeadline(deadline, block.timestamp);
        }
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(AGENT_WALLET_SET_TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline))
        );
        if (!Signatures.isValid(newWallet, digest, signature)) {
            revert AgentRegistry_BadWalletSignature(agentId, newWallet);
        }
        _writeMetadata(agentId, WALLET_KEY, abi.encodePacked(newWallet));
    }

    /// @notice Clears the wallet an agent is paid at (ERC-8004).
    function unsetAgentWallet(uint256 agentId) external onlyAssetOwner(agentId) {
        _writeMetadata(agentId, WALLET_KEY, "");
    }

    // ------------------------------------------------------------------ views

    /// @notice Metadata of an agent (ERC-8004).
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        return _metadata[agentId][metadataKey];
    }

    /// @notice The wallet an agent is paid at, or zero (ERC-8004).
    function getAgentWallet(uint256 agentId) external view returns (address) {
        return address(bytes20(_metadata[agentId][WALLET_KEY]));
    }

    /// @notice Whether an address may act for an agent. ERC-8004 reputation registries ask this before they take feedback.
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool) {
        return _isAuthorized(ownerOf(agentId), spender, agentId);
    }

    /// @inheritdoc ERC721URIStorage
    function tokenURI(uint256 agentId) public view override(ERC721, ERC721URIStorage) returns (string memory) {
        return super.tokenURI(agentId);
    }

    /// @inheritdoc ERC721URIStorage
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, ERC721URIStorage) returns (bool) {
        return super.supportsInterface(interfaceId);
    }

    // ------------------------------------------------------------------ internals

    function _register(string memory agentURI) private returns (uint256 agentId) {
        agentId = _newAsset(msg.sender);
        if (bytes(agentURI).length != 0) _setTokenURI(agentId, agentURI);
        emit Registered(agentId, agentURI, msg.sender);
        _writeMetadata(agentId, WALLET_KEY, abi.encodePacked(msg.sender));
    }

    function _setMetadata(uint256 agentId, string calldata key, bytes calldata value) private {
        if (keccak256(bytes(key)) == keccak256(bytes(WALLET_KEY))) revert AgentRegistry_ReservedKey(key);
        _writeMetadata(agentId, key, value);
    }

    function _writeMetadata(uint256 agentId, string memory key, bytes memory value) private {
        _metadata[agentId][key] = value;
        emit MetadataSet(agentId, key, key, value);
    }

    /// @dev A wallet's consent was given to the previous owner, so a transfer clears it.
    function _update(address to, uint256 agentId, address auth) internal override returns (address from) {
        from = super._update(to, agentId, auth);
        if (from != address(0)) _writeMetadata(agentId, WALLET_KEY, "");
    }

    function _isUpstream(AssetRegistry registry) internal view override returns (bool) {
        return
            address(registry) == address(this) ||
            address(registry) == address(models) ||
            address(registry) == address(datanets);
    }
}
