// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger} from "../ledger/AttributionLedger.sol";
import {Kind, MerkleSumTree, Share, SumLog, SumNode} from "../ledger/MerkleSumTree.sol";
import {Signatures} from "../ledger/Signatures.sol";
import {AssetRegistry, Terms} from "./AssetRegistry.sol";

/// @notice What a contributor offers.
/// @param contentRoot Merkle root over the content's 256-byte chunks, bound to its length.
/// @param byteLength Length of the content.
/// @param licenseHash keccak256 of the licence's text or identifier.
/// @param uriHash keccak256 of the URI where the content is.
struct Content {
    bytes32 contentRoot;
    uint64 byteLength;
    bytes32 licenseHash;
    bytes32 uriHash;
}

/// @notice A contribution as a curator accepts it: one share of the Datanet's log.
/// @param units What it counts for.
/// @param evidence EIP-712 struct hash of its {Content}.
struct Contribution {
    address contributor;
    uint128 units;
    bytes32 evidence;
}

/// @notice Who runs a Datanet and what that earns.
/// @param curator Accepts contributions: a wallet, a multisig or a contract.
/// @param ownerBps Owner's part of what versions to come earn.
/// @param curatorBps Curator's part of it.
struct Curation {
    address curator;
    uint16 ownerBps;
    uint16 curatorBps;
}

/// @title Datanets: curated, append-only logs of contributions
/// @notice A Datanet's log is a Merkle sum tree of which only the frontier is stored. Each accepted batch and each
/// revocation makes a version. A version's split is the log's, wrapped with the owner's and the curator's share if they
/// take one; models pin the version they were trained on.
///
/// - Nobody becomes a contributor without having signed (EIP-712, free of gas) or submitted the contribution.
/// - The order of the log is priority. The same contribution accepted twice shows as two inclusion proofs.
/// - A revoked contribution keeps its place with zero units: old versions go on paying it, new ones do not.
contract DatanetRegistry is AssetRegistry, EIP712 {
    using MerkleSumTree for SumLog;
    using SafeERC20 for IERC20;

    /// @dev Submissions in their order. A head commits to all submissions up to its number, so that any batch of the
    /// next ones is checked with two reads.
    struct Queue {
        uint64 submitted;
        uint64 decided;
        mapping(uint256 number => bytes32 head) heads;
    }

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when the caller does not curate the Datanet.
    error DatanetRegistry_NotCurator(uint256 id, address caller);

    /// @notice Thrown when a Datanet is to have no curator.
    error DatanetRegistry_ZeroCurator();

    /// @notice Thrown when a submitted URI is not the one the content commits to.
    error DatanetRegistry_UriMismatch(bytes32 uriHash, bytes32 given);

    /// @notice Thrown when content is empty.
    error DatanetRegistry_EmptyContent();

    /// @notice Thrown when a Datanet's log has another size than its curator expected.
    error DatanetRegistry_OtherLog(uint256 id, uint256 size, uint256 expected);

    /// @notice Thrown when a batch of contributions would append nothing.
    error DatanetRegistry_EmptyBatch();

    /// @notice Thrown when the bytes of the signatures are fewer or more than a batch needs.
    error DatanetRegistry_BadSignatureBytes(uint256 length, uint256 needed);

    /// @notice Thrown when a contribution has no units.
    error DatanetRegistry_ZeroUnits(uint256 position);

    /// @notice Thrown when a contribution is not signed by its contributor.
    error DatanetRegistry_NotSigned(uint256 position, address contributor, bytes32 evidence);

    /// @notice Thrown when a batch is not the next `count` submissions behind those already decided.
    error DatanetRegistry_NotNextSubmissions(uint256 id, uint256 decided, uint256 count);

    /// @notice Thrown when somebody other than the curator and the contributor revokes.
    error DatanetRegistry_NotRevoker(uint256 id, address caller);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when a Datanet was created.
    event DatanetCreated(uint256 indexed id, address indexed owner, address arbiter);

    /// @notice Emitted when curator or shares changed, for versions to come.
    event CurationSet(uint256 indexed id, address indexed curator, uint16 ownerBps, uint16 curatorBps);

    /// @notice Emitted when a contributor submitted a contribution.
    event ContributionSubmitted(
        uint256 indexed id,
        uint256 number,
        address indexed contributor,
        bytes32 indexed evidence,
        Content content,
        string uri
    );

    /// @notice Emitted when submissions were rejected unseen.
    event SubmissionsRejected(uint256 indexed id, uint256 firstNumber, uint256 count);

    /// @notice Emitted when a batch was appended to the log, in this order; those without units were rejected instead.
    /// @param firstIndex Index in the log of the first one appended.
    /// @param firstNumber Place in the queue of the first submission decided; zero for a batch accepted by signatures.
    event ContributionsAccepted(
        uint256 indexed id,
        uint256 firstIndex,
        uint256 firstNumber,
        Contribution[] contributions
    );

    /// @notice Emitted when a contribution lost its units for versions to come.
    event ContributionRevoked(uint256 indexed id, uint256 indexed index, address indexed by);

    /// @notice Emitted with every version.
    /// @param splitId Split of the version; zero when the log holds no units.
    /// @param logSplitId Split of the log itself, zero likewise.
    /// @param shares The wrapping split's shares; empty when the version's split is the log's.
    event VersionPublished(
        uint256 indexed id,
        uint256 indexed version,
        bytes32 indexed splitId,
        bytes32 logSplitId,
        uint256 size,
        uint256 units,
        Share[] shares
    );

    /// @notice Emitted when a payment was passed on to a Datanet's latest version.
    event DatanetPaid(uint256 indexed id, uint256 indexed version, address indexed payer, uint256 amount, bytes32 memo);

    // ------------------------------------------------------------------ constants

    /// @notice Most an owner can take.
    uint16 public constant MAX_OWNER_BPS = 3_000;

    /// @notice Most a curator can take.
    uint16 public constant MAX_CURATOR_BPS = 2_000;

    /// @notice Evidence of an owner's share.
    bytes32 public constant OWNER_EVIDENCE = keccak256("datanet owner");

    /// @notice Evidence of a curator's share.
    bytes32 public constant CURATOR_EVIDENCE = keccak256("datanet curator");

    bytes32 private constant CONTENT_TYPEHASH = keccak256(
        "Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)"
    );
    bytes32 private constant CONTRIBUTION_TYPEHASH = keccak256(
        "Contribution(uint256 datanetId,Content content)Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)"
    );

    // ------------------------------------------------------------------ storage

    /// @notice Where Datanets are paid.
    AttributionLedger public immutable ledger;

    IERC20 private immutable _token;

    /// @notice Who runs a Datanet.
    mapping(uint256 id => Curation) public curationOf;

    /// @notice Who may redirect undrawn shares of a Datanet's splits in the ledger; zero for nobody. Set once.
    mapping(uint256 id => address) public arbiterOf;

    /// @notice When a contribution was revoked, in seconds since 1970; zero if it was not.
    mapping(uint256 id => mapping(uint256 index => uint256)) public revokedAt;

    mapping(uint256 id => SumLog) private _logs;
    mapping(uint256 id => Queue) private _queues;

    /// @dev Curators in the order they were named: size of the log then (12 bytes) ‖ curator (20 bytes).
    mapping(uint256 id => uint256[]) private _curators;

    // ------------------------------------------------------------------ constructor

    constructor(AttributionLedger ledger_) ERC721("Datanet", "DATANET") EIP712("DatanetRegistry", "1") {
        ledger = ledger_;
        _token = ledger_.token();
        _token.forceApprove(address(ledger_), type(uint256).max);
    }

    // ------------------------------------------------------------------ register

    /// @notice Creates an empty Datanet. The caller owns it.
    /// @param metadataHash keccak256 of the document at `metadataURI`.
    function create(
        Curation calldata curation,
        Terms calldata terms,
        address arbiter,
        string calldata metadataURI,
        bytes32 metadataHash
    ) external returns (uint256 id) {
        id = _newAsset(msg.sender);
        arbiterOf[id] = arbiter;
        emit DatanetCreated(id, msg.sender, arbiter);
        _setCuration(id, curation);
        _setTerms(id, terms);
        emit AssetDescribed(id, metadataURI, metadataHash);
    }

    /// @notice Changes curator and shares, for versions to come.
    function setCuration(uint256 id, Curation calldata curation) external onlyAssetOwner(id) {
        _setCuration(id, curation);
    }

    // ------------------------------------------------------------------ contribute

    modifier onlyCurator(uint256 id) {
        if (msg.sender != curationOf[id].curator) revert DatanetRegistry_NotCurator(id, msg.sender);
        _;
    }

    /// @notice Offers a contribution, for contributors who rather send a transaction than sign. Submissions queue up, and
    /// the curator decides them in that order.
    /// @return number The submission's place in the queue, from 1.
    function submit(uint256 id, Content calldata content, string calldata uri) external returns (uint256 number) {
        _requireOwned(id);
        if (content.byteLength == 0) revert DatanetRegistry_EmptyContent();
        bytes32 uriHash = keccak256(bytes(uri));
        if (uriHash != content.uriHash) revert DatanetRegistry_UriMismatch(content.uriHash, uriHash);
        bytes32 evidence = evidenceOf(content);
        Queue storage queue = _queues[id];
        number = ++queue.submitted;
        queue.heads[number] = _enqueue(queue.heads[number - 1], msg.sender, evidence);
        emit ContributionSubmitted(id, number, msg.sender, evidence, content, uri);
    }

    /// @notice Decides the next submissions of the queue, all in their order, and publishes a version. Units of zero
    /// reject a submission; the others, at least one, are appended to the log.
    /// @param size Size of the log that the curator has looked at ({logOf}). It answers for what is in the log twice, so
    /// nothing that came in between may stand in front of the batch.
    function accept(
        uint256 id,
        uint256 size,
        Contribution[] calldata contributions
    ) external onlyCurator(id) returns (uint256 version) {
        _checkSize(id, size);
        Queue storage queue = _queues[id];
        uint256 decided = queue.decided;
        bytes32 head = queue.heads[decided];
        decided += contributions.length;
        SumNode[] memory leaves = MerkleSumTree.list(contributions.length);
        uint256 accepted = 0;
        for (uint256 i = 0; i < contributions.length; ++i) {
            (address contributor, uint128 units, bytes32 evidence) = _contribution(contributions[i]);
            head = _enqueue(head, contributor, evidence);
            if (units != 0) _setLeaf(leaves[accepted++], contributor, units, evidence);
        }
        if (decided > queue.submitted || head != queue.heads[decided]) {
            revert DatanetRegistry_NotNextSubmissions(id, queue.decided, contributions.length);
        }
        queue.decided = uint64(decided);
        assembly ("memory-safe") {
            mstore(leaves, accepted)
        }
        return _append(id, decided - contributions.length + 1, contributions, leaves);
    }

    /// @notice Rejects the next submissions of the queue unseen, at a cost that does not depend on how many they are.
    function reject(uint256 id, uint64 count) external onlyCurator(id) {
        Queue storage queue = _queues[id];
        if (count == 0 || count > queue.submitted - queue.decided) {
            revert DatanetRegistry_NotNextSubmissions(id, queue.decided, count);
        }
        queue.decided += count;
        emit SubmissionsRejected(id, queue.decided - count + 1, count);
    }

    /// @notice Accepts contributions by their contributors' signatures (EIP-712 or ERC-1271), in the order of the batch,
    /// and publishes a version.
    /// @param size Size of the log that the curator has looked at, as in {accept}.
    /// @param signatures One for each contribution, in their order, each behind its length in two bytes.
    function acceptSigned(
        uint256 id,
        uint256 size,
        Contribution[] calldata contributions,
        bytes calldata signatures
    ) external onlyCurator(id) returns (uint256 version) {
        _checkSize(id, size);
        SumNode[] memory leaves = MerkleSumTree.list(contributions.length);
        bytes32 domain = _domainSeparatorV4();
        bytes32[3] memory message = [CONTRIBUTION_TYPEHASH, bytes32(id), 0];
        uint256 cursor = 0;
        for (uint256 i = 0; i < leaves.length; ++i) {
            (address contributor, uint128 units, bytes32 evidence) = _contribution(contributions[i]);
            if (units == 0) revert DatanetRegistry_ZeroUnits(i);
            _setLeaf(leaves[i], contributor, units, evidence);

            message[2] = evidence;
            bytes32 structHash;
            assembly ("memory-safe") {
                structHash := keccak256(message, 96)
            }
            bytes calldata signature = _signatureAt(signatures, cursor);
            cursor += 2 + signature.length;
            if (!Signatures.isValid(contributor, MessageHashUtils.toTypedDataHash(domain, structHash), signature)) {
                revert DatanetRegistry_NotSigned(i, contributor, evidence);
            }
        }
        if (cursor != signatures.length) revert DatanetRegistry_BadSignatureBytes(signatures.length, cursor);
        return _append(id, 0, contributions, leaves);
    }

    /// @notice Takes a contribution out of versions to come. Its curator may, and its contributor.
    /// @dev A signature stays good: a curator could accept the same contribution again. It shows in the log when one does.
    /// @param contribution As it was accepted.
    /// @param proof Siblings up to the frontier of the log ({MerkleSumTree-replace}).
    function revoke(
        uint256 id,
        uint256 index,
        Contribution calldata contribution,
        bytes calldata proof
    ) external returns (uint256 version) {
        if (msg.sender != contribution.contributor && msg.sender != curationOf[id].curator) {
            revert DatanetRegistry_NotRevoker(id, msg.sender);
        }
        if (contribution.units == 0) revert DatanetRegistry_ZeroUnits(index);
        SumNode memory oldLeaf;
        SumNode memory newLeaf;
        _setLeaf(oldLeaf, contribution.contributor, contribution.units, contribution.evidence);
        _setLeaf(newLeaf, contribution.contributor, 0, contribution.evidence);
        SumNode memory root = _logs[id].replace(index, oldLeaf, newLeaf, proof);
        revokedAt[id][index] = block.timestamp;
        emit ContributionRevoked(id, index, msg.sender);
        return _publish(id, root);
    }

    // ------------------------------------------------------------------ pay

    /// @notice Pays a Datanet's latest version from the caller's wallet. Needs an approval of the token to this registry.
    function pay(uint256 id, uint256 amount, uint64 calls, bytes32 memo) external {
        uint256 version = latestVersion(id);
        bytes32 splitId = splitOf(id, version);
        emit DatanetPaid(id, version, msg.sender, amount, memo);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        ledger.pay(splitId, amount, calls, memo);
    }

    // ------------------------------------------------------------------ views

    /// @notice How many contributions a Datanet's log has, revoked ones included, and the units it holds.
    function logOf(uint256 id) external view returns (uint256 size, uint256 units) {
        return (_logs[id].size, _logs[id].units);
    }

    /// @notice Who accepted a contribution: the curator when it was appended to the log, whoever was named since.
    function curatorOf(uint256 id, uint256 index) external view returns (address) {
        uint256 size = _logs[id].size;
        if (index >= size) revert MerkleSumTree.MerkleSumTree_BadRange(index, 1, size);
        uint256[] storage curators = _curators[id];
        // The first one was named when the log was empty.
        uint256 namedUntilThen = Arrays.upperBound(curators, (index << 160) | type(uint160).max);
        return address(uint160(curators[namedUntilThen - 1]));
    }

    /// @notice How many contributions have been submitted to a Datanet, and how many of those are decided.
    function queueOf(uint256 id) external view returns (uint256 submitted, uint256 decided) {
        return (_queues[id].submitted, _queues[id].decided);
    }

    /// @notice EIP-712 struct hash of a content; the evidence of its share.
    function evidenceOf(Content calldata content) public pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    CONTENT_TYPEHASH,
                    content.contentRoot,
                    content.byteLength,
                    content.licenseHash,
                    content.uriHash
                )
            );
    }

    // ------------------------------------------------------------------ internals

    function _setCuration(uint256 id, Curation calldata curation) private {
        if (curation.curator == address(0)) revert DatanetRegistry_ZeroCurator();
        if (curation.ownerBps > MAX_OWNER_BPS) revert AssetRegistry_AboveCap(curation.ownerBps, MAX_OWNER_BPS);
        if (curation.curatorBps > MAX_CURATOR_BPS) revert AssetRegistry_AboveCap(curation.curatorBps, MAX_CURATOR_BPS);
        curationOf[id] = curation;
        _curators[id].push((uint256(_logs[id].size) << 160) | uint160(curation.curator));
        emit CurationSet(id, curation.curator, curation.ownerBps, curation.curatorBps);
    }

    /// @dev Only the size: a log changes by growing or by losing units, which puts nothing in front of anything.
    function _checkSize(uint256 id, uint256 expected) private view {
        uint256 size = _logs[id].size;
        if (size != expected) revert DatanetRegistry_OtherLog(id, size, expected);
    }

    function _append(
        uint256 id,
        uint256 firstNumber,
        Contribution[] calldata contributions,
        SumNode[] memory leaves
    ) private returns (uint256 version) {
        if (leaves.length == 0) revert DatanetRegistry_EmptyBatch();
        SumLog storage log = _logs[id];
        _emitAccepted(id, log.size, firstNumber, contributions);
        return _publish(id, log.append(leaves));
    }

    /// @dev The signature at `cursor`, behind its length in two bytes.
    function _signatureAt(bytes calldata signatures, uint256 cursor) private pure returns (bytes calldata signature) {
        uint256 length;
        assembly ("memory-safe") {
            length := shr(240, calldataload(add(signatures.offset, cursor)))
            signature.offset := add(add(signatures.offset, cursor), 2)
            signature.length := length
        }
        unchecked {
            uint256 end = cursor + 2 + length;
            if (end > signatures.length) revert DatanetRegistry_BadSignatureBytes(signatures.length, end);
        }
    }

    /// @dev Emits {ContributionsAccepted}. The calldata of a batch already is the event's encoding, and its fields have
    /// been read, and thereby checked, before.
    function _emitAccepted(
        uint256 id,
        uint256 firstIndex,
        uint256 firstNumber,
        Contribution[] calldata contributions
    ) private {
        bytes32 topic = ContributionsAccepted.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := mul(contributions.length, 96)
            mstore(data, firstIndex)
            mstore(add(data, 32), firstNumber)
            mstore(add(data, 64), 96)
            mstore(add(data, 96), contributions.length)
            calldatacopy(add(data, 128), contributions.offset, size)
            log2(data, add(size, 128), topic, id)
        }
    }

    function _enqueue(bytes32 head, address contributor, bytes32 evidence) private pure returns (bytes32) {
        return Hashes.efficientKeccak256(Hashes.efficientKeccak256(head, Accounts.wallet(contributor)), evidence);
    }

    /// @dev Publishes the log as it is now. A log without units cannot be paid, so its version has no split.
    function _publish(uint256 id, SumNode memory root) private returns (uint256 version) {
        uint256 size = _logs[id].size;
        bytes32 logSplitId;
        bytes32 splitId;
        Share[] memory shares;
        if (root.units != 0) {
            address arbiter = arbiterOf[id];
            logSplitId = MerkleSumTree.splitId(root.hash, root.units, size, arbiter);
            (splitId, shares) = _wrap(id, logSplitId, arbiter);
        }
        version = _addVersion(id, splitId);
        emit VersionPublished(id, version, splitId, logSplitId, size, root.units, shares);
    }

    /// @dev Puts the owner's and the curator's share beside the log's split.
    function _wrap(
        uint256 id,
        bytes32 logSplitId,
        address arbiter
    ) private view returns (bytes32 splitId, Share[] memory shares) {
        Curation memory c = curationOf[id];
        uint128 takenBps = uint128(c.ownerBps) + c.curatorBps;
        if (takenBps == 0) return (logSplitId, shares);

        shares = new Share[](3);
        shares[0] = Share(Kind.Split, logSplitId, uint128(BPS) - takenBps, 0);
        shares[1] = Share(Kind.Account, Accounts.wallet(ownerOf(id)), c.ownerBps, OWNER_EVIDENCE);
        shares[2] = Share(Kind.Account, Accounts.wallet(c.curator), c.curatorBps, CURATOR_EVIDENCE);
        SumNode[] memory nodes = MerkleSumTree.list(3);
        for (uint256 i = 0; i < 3; ++i) nodes[i] = MerkleSumTree.leaf(shares[i]);
        SumNode memory root = MerkleSumTree.root(nodes);
        splitId = MerkleSumTree.splitId(root.hash, root.units, 3, arbiter);
    }

    function _contribution(Contribution calldata c) private pure returns (address, uint128, bytes32) {
        return (c.contributor, c.units, c.evidence);
    }

    function _setLeaf(SumNode memory leaf, address contributor, uint128 units, bytes32 evidence) private pure {
        leaf.hash = MerkleSumTree.leafHash(Kind.Account, Accounts.wallet(contributor), units, evidence);
        leaf.units = units;
    }
}
