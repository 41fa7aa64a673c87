// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger} from "../ledger/AttributionLedger.sol";
import {MerkleSumTree, SumNode} from "../ledger/MerkleSumTree.sol";
import {PaymentChannels} from "../payments/PaymentChannels.sol";
import {Fault, IFaultVerifier, Restitution} from "./IFaultVerifier.sol";
import {Receipt, Receipts} from "./Receipts.sol";
import {ShareProofs} from "./ShareProofs.sol";

/// @notice Where a settlement stands on the chain.
/// @param header The block's header, as RLP.
/// @param transactionIndex The transaction's index in the block.
/// @param trieNodes Nodes of the block's trie of transaction receipts, from the root to the transaction's.
/// @param logIndex Index of the `Settled` among the transaction's logs.
struct SettlementPlace {
    bytes header;
    uint256 transactionIndex;
    bytes[] trieNodes;
    uint256 logIndex;
}

/// @notice Shows that an operator signed another receipt for a call than the one it settled.
/// @param signed The receipt it signed.
/// @param settled The receipt it settled, which need not be signed.
/// @param signature Its signature of the former.
/// @param size How many receipts the settlement covers.
/// @param index Place of the latter among them.
/// @param share Proof ({ShareProofs}) of the latter's share in the tree to which the payment's memo commits.
struct SettlementProof {
    Receipt signed;
    Receipt settled;
    bytes signature;
    uint64 size;
    uint64 index;
    bytes share;
    SettlementPlace place;
}

/// @title A signed receipt contradicts a settlement
/// @notice An operator that settles vouchers commits, in the payment's memo, to the receipts they pay for: the memo is the
/// id of a split without arbiter that has one share per receipt, with the payer's account as recipient, the amount as
/// units and the receipt's digest as evidence. An operator that gave somebody another receipt for one of these calls
/// answers for it, and the payer of the call is compensated.
///
/// Memos are in logs only, so a settlement is shown by the receipts of its block. Hashes of blocks reach back 8,191
/// blocks (EIP-2935): keep the block before that.
contract SettlementVerifier is IFaultVerifier {
    using RLP for Memory.Slice;
    using ShareProofs for bytes;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when the chain does not know a block's hash: the block is too old, or to come.
    error SettlementVerifier_NoBlockHash(uint256 blockNumber);

    /// @notice Thrown when a header is not that of the block whose number it bears.
    /// @param expected The block's hash; zero if the chain does not know it any more and nobody kept it.
    error SettlementVerifier_WrongHeader(uint256 blockNumber, bytes32 given, bytes32 expected);

    /// @notice Thrown when the nodes of a trie do not lead to a transaction.
    error SettlementVerifier_NotInBlock(uint256 transactionIndex, TrieProof.ProofError failure);

    /// @notice Thrown when a transaction has too few logs.
    error SettlementVerifier_NoSuchLog(uint256 logIndex, uint256 count);

    /// @notice Thrown when a log is not a settlement of the channels.
    error SettlementVerifier_NotSettled(address emitter, bytes32 topic);

    /// @notice Thrown when a log is not the payment of the settlement.
    error SettlementVerifier_NotPaid(address emitter, bytes32 topic, bytes32 splitId, bytes32 payer);

    /// @notice Thrown when somebody else than the executor of the receipts settled.
    error SettlementVerifier_OtherOperator(address operator, address executor);

    /// @notice Thrown when a share is not that of the settled receipt.
    error SettlementVerifier_OtherShare(uint256 index, bytes32 evidence, bytes32 digest);

    /// @notice Thrown when a share is not one of those to which a settlement commits.
    error SettlementVerifier_NotInSettlement(bytes32 memo, bytes32 proven);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when the hash of a block was kept.
    event BlockKept(uint256 indexed blockNumber, bytes32 blockHash);

    // ------------------------------------------------------------------ constants

    /// @notice What a contradicted settlement costs its operator, in basis points of its pool.
    uint16 public constant SLASH_BPS = 3_000;

    /// @dev Typed transaction receipts begin with a byte below that of any list (EIP-2718).
    uint8 private constant FIRST_LIST_BYTE = 0xc0;
    uint256 private constant LOGS_FIELD = 3;

    // ------------------------------------------------------------------ storage

    /// @notice The registry whose services the receipts are of.
    address public immutable services;

    /// @notice Where operators settle.
    PaymentChannels public immutable channels;

    /// @notice Where channels pay.
    AttributionLedger public immutable ledger;

    /// @notice Hashes of blocks that somebody kept.
    mapping(uint256 blockNumber => bytes32) public keptHashOf;

    // ------------------------------------------------------------------ constructor

    constructor(address services_, PaymentChannels channels_, AttributionLedger ledger_) {
        services = services_;
        channels = channels_;
        ledger = ledger_;
    }

    // ------------------------------------------------------------------ keep

    /// @notice Keeps a block's hash for good, so that what happened in it can be shown at any later time.
    function keep(uint256 blockNumber) external {
        bytes32 blockHash = Blockhash.blockHash(blockNumber);
        if (blockHash == 0) revert SettlementVerifier_NoBlockHash(blockNumber);
        keptHashOf[blockNumber] = blockHash;
        emit BlockKept(blockNumber, blockHash);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IFaultVerifier
    function slashBps() external pure returns (uint16) {
        return SLASH_BPS;
    }

    /// @inheritdoc IFaultVerifier
    /// @param proof An encoded {SettlementProof}.
    function verify(bytes calldata proof) external view returns (Fault memory) {
        SettlementProof calldata p = _decode(proof);
        (bytes32 digest, bytes32 settledDigest) = Receipts.checkContradiction(
            Receipts.domainOf(services),
            p.signed,
            p.settled
        );
        Receipts.checkSigned(p.signed.executor, digest, p.signature);
        bytes32 memo = _memoOf(p, settledDigest);
        (address operator, bytes32 paidMemo) = _settlementAt(p.place);
        if (operator != p.signed.executor) revert SettlementVerifier_OtherOperator(operator, p.signed.executor);
        if (memo != paidMemo) revert SettlementVerifier_NotInSettlement(paidMemo, memo);
        return
            Fault({
                id: Receipts.faultIdOf(services, p.signed),
                respondent: operator,
                harmed: p.signed.payer,
                harm: Receipts.harmOf(p.signed, p.settled),
                restitution: Restitution(0, 0, 0, 0, address(0), 0, 0)
            });
    }

    // ------------------------------------------------------------------ internals

    /// @dev What lies in an encoding is checked where it is read.
    function _decode(bytes calldata proof) private pure returns (SettlementProof calldata p) {
        assembly ("memory-safe") {
            p := add(proof.offset, calldataload(proof.offset))
        }
    }

    /// @dev Memo of a settlement that covers the settled receipt.
    function _memoOf(SettlementProof calldata p, bytes32 digest) private pure returns (bytes32) {
        SumNode memory root = p.share.rootOf(p.index, p.size);
        bytes32 evidence = p.share.evidenceOf();
        if (
            p.share.isSplit() ||
            p.share.recipientOf() != Accounts.wallet(p.settled.payer) ||
            p.share.unitsOf() != p.settled.amount ||
            evidence != digest
        ) revert SettlementVerifier_OtherShare(p.index, evidence, digest);
        return MerkleSumTree.splitId(root.hash, root.units, p.size, address(0));
    }

    /// @dev Who settled at a place, and the payment's memo. The payment's log stands right behind the settlement's.
    function _settlementAt(SettlementPlace calldata place) private view returns (address operator, bytes32 memo) {
        Memory.Slice[] memory logs = _logsOf(place, _receiptsRootOf(place.header));
        uint256 i = place.logIndex;
        if (logs.length < 2 || i > logs.length - 2) revert SettlementVerifier_NoSuchLog(i, logs.length);

        Memory.Slice[] memory settled = logs[i].readList();
        Memory.Slice[] memory topics = settled[1].readList();
        address emitter = settled[0].readAddress();
        bytes32 topic = _topic(topics, 0);
        if (emitter != address(channels) || topic != PaymentChannels.Settled.selector) {
            revert SettlementVerifier_NotSettled(emitter, topic);
        }
        operator = address(uint160(uint256(_topic(topics, 1))));
        bytes32 splitId = _topic(topics, 2);

        Memory.Slice[] memory paid = logs[i + 1].readList();
        topics = paid[1].readList();
        emitter = paid[0].readAddress();
        topic = _topic(topics, 0);
        (bytes32 paidSplitId, bytes32 payer) = (_topic(topics, 1), _topic(topics, 2));
        if (
            emitter != address(ledger) ||
            topic != AttributionLedger.PaidFromBalance.selector ||
            paidSplitId != splitId ||
            payer != Accounts.wallet(address(channels))
        ) revert SettlementVerifier_NotPaid(emitter, topic, paidSplitId, payer);
        (, , memo) = abi.decode(paid[2].readBytes(), (uint256, uint256, bytes32));
    }

    function _receiptsRootOf(bytes memory header) private view returns (bytes32) {
        Memory.Slice[] memory fields = BlockHeader.parseHeader(header);
        uint256 blockNumber = BlockHeader.getNumber(fields);
        bytes32 expected = keptHashOf[blockNumber];
        if (expected == 0) expected = Blockhash.blockHash(blockNumber);
        bytes32 given = keccak256(header);
        if (given != expected) revert SettlementVerifier_WrongHeader(blockNumber, given, expected);
        return BlockHeader.getReceiptsRoot(fields);
    }

    /// @dev Logs of a transaction; one that failed has none.
    function _logsOf(
        SettlementPlace calldata place,
        bytes32 receiptsRoot
    ) private pure returns (Memory.Slice[] memory) {
        (bytes memory receipt, TrieProof.ProofError failure) = TrieProof.tryTraverse(
            receiptsRoot,
            RLP.encode(place.transactionIndex),
            place.trieNodes
        );
        if (failure != TrieProof.ProofError.NO_ERROR) {
            revert SettlementVerifier_NotInBlock(place.transactionIndex, failure);
        }
        Memory.Slice item = Memory.asSlice(receipt);
        if (uint8(receipt[0]) < FIRST_LIST_BYTE) item = Memory.slice(item, 1);
        return item.readList()[LOGS_FIELD].readList();
    }

    /// @dev A topic of a log, or zero if it has fewer.
    function _topic(Memory.Slice[] memory topics, uint256 i) private pure returns (bytes32) {
        return i < topics.length ? topics[i].readBytes32() : bytes32(0);
    }
}
