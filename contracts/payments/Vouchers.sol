// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice What a voucher names by hash: a channel's terms without the signer.
/// @param payer Zero where the signer is the payer.
struct Terms {
    address payer;
    address operator;
    bytes32 splitId;
    uint256 withdrawDelaySeconds;
    bytes32 salt;
}

/// @notice A voucher as the packed bytes have it.
/// @param max What it lets the operator claim in all.
/// @param total What the operator claims in all.
/// @param payer Zero where the signer is the payer.
/// @param signer Zero where it follows from the signature.
/// @param byContract Whether the signer is a contract that is to be asked.
/// @param signatureStart Where the signature begins.
/// @param end Where the next voucher begins.
struct Voucher {
    uint256 max;
    uint256 total;
    address payer;
    address signer;
    bool byContract;
    uint256 signatureStart;
    uint256 end;
}

/// @notice How far a batch has come.
/// @param count Vouchers in all.
/// @param done Vouchers worked through.
/// @param position Where the next one begins.
/// @param amount What was settled.
/// @param settled For each that was: the channel's number (4 bytes) ‖ what it has settled in total by now (12).
/// @param form Memory in which hashes are made, see {Vouchers-newBatch}.
/// @param ownTermsId Hash of the terms where the signer is the payer.
struct Batch {
    uint256 count;
    uint256 done;
    uint256 position;
    uint256 amount;
    bytes settled;
    bytes form;
    bytes32 ownTermsId;
}

/// @title Vouchers: hashes and packed bytes
/// @notice A batch is the number of vouchers (2 bytes), then for each
///
///     flags (1) ‖ max (12) ‖ [ total (12) ] ‖ [ payer (20) ] ‖ signature
///
/// - total: with flag 1, what the operator claims in all, where that is less than the voucher's maximum
/// - payer: with flag 2, where somebody else signs for the payer
/// - signature: 64 bytes of a key (ERC-2098); with flag 4 signer (20) ‖ length (2) ‖ bytes for the signer to check
///   (ERC-1271)
///
/// A key's address is recovered from its signature, so it is given nowhere.
library Vouchers {
    /// @dev Where the first voucher begins.
    uint256 private constant START = 2;

    uint256 private constant HAS_TOTAL = 1;
    uint256 private constant HAS_PAYER = 2;
    uint256 private constant HAS_CONTRACT = 4;

    uint256 private constant AMOUNT_BYTES = 12;
    uint256 private constant ALL_FLAGS = 7;
    uint256 private constant PLAIN_BYTES = 77;
    uint256 private constant AMOUNT_MASK = 0xffffffffffffffffffffffff;
    uint256 private constant KEY_SIGNATURE_BYTES = 64;
    uint256 private constant ENTRY_BYTES = 16;

    /// @dev Greatest s of which a signature has no twin below it.
    uint256 private constant LOWER_HALF = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 termsId,uint128 maxClaimableAmount)");

    /// @notice Thrown when the bytes end inside a voucher, or go on behind the last one.
    /// @param length Bytes given.
    /// @param needed Bytes needed.
    error Vouchers_BadLength(uint256 length, uint256 needed);

    /// @notice Thrown when a voucher has flags that mean nothing.
    error Vouchers_BadFlags(uint256 position, uint256 flags);

    // ------------------------------------------------------------------ hashes

    /// @notice Hash of terms.
    function termsId(Terms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    /// @notice Id of a channel.
    function channelId(bytes32 id, address signer) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, signer));
    }

    /// @notice What is signed (EIP-712).
    function digest(bytes32 domainSeparator, bytes32 id, uint256 max) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator, keccak256(abi.encode(VOUCHER_TYPEHASH, id, max)));
    }

    // ------------------------------------------------------------------ batches

    /// @notice Begins a batch.
    function newBatch(
        bytes calldata vouchers,
        bytes32 domainSeparator,
        bytes32 ownTermsId
    ) internal pure returns (Batch memory batch) {
        if (vouchers.length < START) revert Vouchers_BadLength(vouchers.length, START);
        batch.count = _uint(vouchers, 0, START);
        batch.position = START;
        batch.settled = new bytes(batch.count * ENTRY_BYTES + 16); // What writes an entry writes a whole word.
        bytes memory settled = batch.settled;
        assembly ("memory-safe") {
            mstore(settled, 0)
        }
        batch.ownTermsId = ownTermsId;
        batch.form = abi.encodePacked(
            VOUCHER_TYPEHASH, // 0: preimage of the struct hash
            ownTermsId,
            uint256(0), // 64: max
            hex"1901", // 96: preimage of the digest
            domainSeparator,
            uint256(0), // 130: struct hash
            uint256(0), // 162: arguments of ecrecover: digest
            uint256(0), // 194: v
            uint256(0), // 226: r
            uint256(0) // 258: s
        );
    }

    /// @notice Settles vouchers, one after the other, as long as each is plain (no flags) and can be settled.
    /// @dev The same as {PaymentChannels} does with others, for a third of the gas; most vouchers are plain. Channels are
    /// words at the slot of their id, see {PaymentChannels}: settled (low 96 bits), number (64), balance (96).
    function settlePlain(bytes calldata vouchers, Batch memory batch) internal {
        assembly ("memory-safe") {
            let form := add(mload(add(batch, 160)), 32)
            let position := add(vouchers.offset, mload(add(batch, 64)))
            let end := add(position, mul(sub(mload(batch), mload(add(batch, 32))), PLAIN_BYTES))
            let amount := mload(add(batch, 96))
            let entry := mload(add(batch, 128))
            entry := add(add(entry, 32), mload(entry))
            mstore(0, mload(add(batch, 192)))

            for {} lt(position, end) {} {
                let s := calldataload(add(position, 45))
                mstore(add(form, 194), add(27, shr(255, s)))
                s := and(s, 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff)
                mstore(add(form, 258), s)
                mstore(add(form, 226), calldataload(add(position, 13)))
                // With flags, this is more than any balance.
                let max := shr(152, calldataload(position))
                mstore(add(form, 64), max)
                mstore(add(form, 130), keccak256(form, 96))
                mstore(add(form, 162), keccak256(add(form, 96), 66))
                mstore(32, 0)
                pop(staticcall(gas(), 1, add(form, 162), 128, 32, 32))

                let id := keccak256(0, 64)
                let word := sload(id)
                let difference := sub(max, and(word, AMOUNT_MASK))
                // Nothing new, or more than the balance; or a signature that has a twin. A signature that recovers nobody
                // ends here, too: no channel has the zero address as signer.
                if or(gt(s, LOWER_HALF), iszero(lt(sub(difference, 1), shr(160, word)))) {
                    break
                }

                // More is settled by what the balance has less; the balance covers it, and the sum fits.
                word := add(word, difference)
                sstore(id, sub(word, shl(160, difference)))
                amount := add(amount, difference)
                mstore(entry, shl(128, word))
                entry := add(entry, ENTRY_BYTES)
                position := add(position, PLAIN_BYTES)
            }

            position := sub(position, vouchers.offset)
            let more := div(sub(position, mload(add(batch, 64))), PLAIN_BYTES)
            mstore(add(batch, 32), add(mload(add(batch, 32)), more))
            mstore(add(batch, 64), position)
            mstore(add(batch, 96), amount)
            let entries := mload(add(batch, 128))
            mstore(entries, sub(sub(entry, 32), entries))
        }
    }

    /// @notice Reads the voucher at `position`.
    function read(bytes calldata vouchers, uint256 position) internal pure returns (Voucher memory v) {
        uint256 flags = _uint(vouchers, position, 1);
        if (flags > ALL_FLAGS) revert Vouchers_BadFlags(position, flags);
        position += 1;
        v.max = _uint(vouchers, position, AMOUNT_BYTES);
        v.total = v.max;
        position += AMOUNT_BYTES;
        if (flags & HAS_TOTAL != 0) {
            v.total = _uint(vouchers, position, AMOUNT_BYTES);
            position += AMOUNT_BYTES;
        }
        if (flags & HAS_PAYER != 0) {
            v.payer = address(uint160(_uint(vouchers, position, 20)));
            position += 20;
        }
        v.byContract = flags & HAS_CONTRACT != 0;
        uint256 length = KEY_SIGNATURE_BYTES;
        if (v.byContract) {
            v.signer = address(uint160(_uint(vouchers, position, 20)));
            length = _uint(vouchers, position + 20, 2);
            position += 22;
        }
        v.signatureStart = position;
        v.end = position + length;
        if (v.end > vouchers.length) revert Vouchers_BadLength(vouchers.length, v.end);
    }

    /// @notice The signature of a voucher that was read.
    function signatureOf(bytes calldata vouchers, Voucher memory v) internal pure returns (bytes calldata) {
        return vouchers[v.signatureStart:v.end];
    }

    /// @notice To be called behind the last voucher: nothing may follow.
    function checkEnd(bytes calldata vouchers, Batch memory batch) internal pure {
        if (vouchers.length != batch.position) revert Vouchers_BadLength(vouchers.length, batch.position);
    }

    /// @notice Books a settled voucher.
    function book(Batch memory batch, uint256 channelNumber, uint256 total, uint256 difference) internal pure {
        batch.amount += difference;
        bytes memory entries = batch.settled;
        assembly ("memory-safe") {
            let length := mload(entries)
            mstore(add(add(entries, 32), length), or(shl(224, channelNumber), shl(128, total)))
            mstore(entries, add(length, ENTRY_BYTES))
        }
    }

    /// @dev Reads `size` bytes. What is beyond the end is zero, and refused where a voucher ends.
    function _uint(bytes calldata vouchers, uint256 position, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(add(vouchers.offset, position)))
        }
    }
}
