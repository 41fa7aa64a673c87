// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Signatures} from "../ledger/Signatures.sol";

/// @notice What an executor signs about a call it has served.
/// @param callId Hash of what was asked for: {payer}, {parentCallId}, {serviceId}, {inputHash} and {salt}.
/// @param childrenHash Commitment to the calls that were made for this one.
/// @param splitId The split that is paid.
/// @param assetSplitId Split of the model or agent version that was executed.
/// @param executor Who signs: the service's operator.
/// @param outputRoot Commitment to the output.
/// @param amount What the call costs, in the token's smallest unit.
struct Receipt {
    bytes32 callId;
    address payer;
    bytes32 parentCallId;
    uint256 serviceId;
    bytes32 inputHash;
    bytes32 salt;
    bytes32 childrenHash;
    bytes32 splitId;
    bytes32 assetSplitId;
    address executor;
    bytes32 outputRoot;
    uint64 tokensIn;
    uint64 tokensOut;
    uint256 amount;
    uint64 servedAt;
}

/// @title Receipts of calls (EIP-712)
/// @notice Their domain is "CallReceipts", version "1", with the service registry as contract.
library Receipts {
    /// @notice Thrown when a receipt's call id is not the hash of what was asked for.
    error Receipts_WrongCallId(bytes32 callId, bytes32 expected);

    /// @notice Thrown when two receipts are of different calls.
    error Receipts_DifferentCalls(bytes32 callId, bytes32 otherCallId);

    /// @notice Thrown when two receipts are of different executors.
    error Receipts_DifferentExecutors(address executor, address otherExecutor);

    /// @notice Thrown when two receipts say the same.
    error Receipts_Same(bytes32 digest);

    /// @notice Thrown when a receipt is not signed by its executor's key.
    error Receipts_NotSigned(bytes32 digest, address executor);

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant REQUEST_TYPEHASH = keccak256(
        "CallRequest(address payer,bytes32 parentCallId,uint256 serviceId,bytes32 inputHash,bytes32 salt)"
    );
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 callId,address payer,bytes32 parentCallId,uint256 serviceId,bytes32 inputHash,bytes32 salt,bytes32 childrenHash,bytes32 splitId,bytes32 assetSplitId,address executor,bytes32 outputRoot,uint64 tokensIn,uint64 tokensOut,uint256 amount,uint64 servedAt)"
    );

    /// @notice Domain separator of the receipts of a service registry.
    function domainOf(address services) internal view returns (bytes32) {
        return
            keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("CallReceipts"), keccak256("1"), block.chainid, services));
    }

    /// @notice Id of the call that a receipt's fields describe.
    function callIdOf(bytes32 domain, Receipt calldata r) internal pure returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(REQUEST_TYPEHASH, r.payer, r.parentCallId, r.serviceId, r.inputHash, r.salt)
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    /// @notice The hash that an executor signs.
    function digestOf(bytes32 domain, Receipt calldata r) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(RECEIPT_TYPEHASH, r)));
    }

    /// @notice Checks that two receipts are of one call and one executor and say different things.
    /// @return digest Digest of the first one.
    /// @return otherDigest Digest of the other one.
    function checkContradiction(
        bytes32 domain,
        Receipt calldata r,
        Receipt calldata other
    ) internal pure returns (bytes32 digest, bytes32 otherDigest) {
        if (r.callId != other.callId) revert Receipts_DifferentCalls(r.callId, other.callId);
        if (r.executor != other.executor) revert Receipts_DifferentExecutors(r.executor, other.executor);
        _checkCallId(domain, r);
        _checkCallId(domain, other);
        digest = digestOf(domain, r);
        otherDigest = digestOf(domain, other);
        if (digest == otherDigest) revert Receipts_Same(digest);
    }

    /// @notice Checks that a receipt's executor has signed it, with a key. What a contract says it signed is no proof: it could
    /// say otherwise as soon as the receipt is shown.
    function checkSigned(address executor, bytes32 digest, bytes calldata signature) internal pure {
        if (!Signatures.isByKey(executor, digest, signature)) revert Receipts_NotSigned(digest, executor);
    }

    /// @notice Names the fault that an executor contradicted itself about a call, however that is shown.
    function faultIdOf(address services, Receipt calldata r) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, services, r.executor, r.callId));
    }

    /// @notice What a payer loses at most.
    function harmOf(Receipt calldata r, Receipt calldata other) internal pure returns (uint256) {
        return r.amount > other.amount ? r.amount : other.amount;
    }

    function _checkCallId(bytes32 domain, Receipt calldata r) private pure {
        bytes32 expected = callIdOf(domain, r);
        if (r.callId != expected) revert Receipts_WrongCallId(r.callId, expected);
    }
}
