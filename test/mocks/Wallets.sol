// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A contract wallet that one key signs for. Also code for an EIP-7702 account, with that key as a second one.
contract KeyWallet is IERC1271 {
    address private immutable key;

    constructor(address key_) {
        key = key_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        return signer == key ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice A contract wallet that answers every question about signatures with the same bytes, or reverts with them.
contract OddWallet {
    bytes private answer;
    bool private reverting;

    constructor(bytes memory answer_, bool reverting_) {
        answer = answer_;
        reverting = reverting_;
    }

    function isValidSignature(bytes32, bytes calldata) external view {
        bytes memory data = answer;
        bool fail = reverting;
        assembly ("memory-safe") {
            if fail {
                revert(add(data, 32), mload(data))
            }
            return(add(data, 32), mload(data))
        }
    }
}

/// @notice A contract wallet that takes everything as long as it is given enough gas to look at it.
contract SlowWallet is IERC1271 {
    uint256 private immutable needed;

    constructor(uint256 needed_) {
        needed = needed_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return gasleft() >= needed ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice What a hostile wallet does when it is asked about a signature.
enum Mood {
    BurnsAllGas,
    AnswersAtLength,
    CallsBack
}

/// @notice A contract wallet that wants to do harm to whoever asks it.
contract HostileWallet {
    Mood private immutable mood;
    address private immutable target;
    bytes private data;

    constructor(Mood mood_, address target_, bytes memory data_) {
        (mood, target, data) = (mood_, target_, data_);
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        if (mood == Mood.BurnsAllGas) while (true) {}
        if (mood == Mood.CallsBack) {
            (bool success, ) = target.call(data);
            return success ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
        }
        assembly ("memory-safe") {
            // As many zeros as the gas is enough for.
            return(0, 170000)
        }
    }
}
