// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures of wallets, whether a key or a contract
library Signatures {
    /// @notice Thrown when the transaction has too little gas left to ask a contract about a signature.
    error Signatures_NotEnoughGas(uint256 gasLeft, uint256 needed);

    /// @notice Whether `signature` over `digest` is `signer`'s.
    /// @dev The key comes first: it is the root authority of an account that has delegated to code (EIP-7702), and it
    /// saves a look at the account's code. Only then ERC-1271.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (isByKey(signer, digest, signature)) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @notice Whether the key of `signer` made `signature` over `digest`. It has so for ever, where a contract can change
    /// its mind.
    /// @dev High-s and malformed signatures recover nobody.
    function isByKey(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && recovered == signer;
    }

    /// @notice Whether the contract `signer` says that `signature` over `digest` is its own (ERC-1271), using no more
    /// than `gasLimit`. Its answer is cut off after a word.
    function isValidERC1271(
        address signer,
        bytes32 digest,
        bytes calldata signature,
        uint256 gasLimit
    ) internal view returns (bool valid) {
        // What a call gives is one 64th less than what is there after looking up the signer's code and the code to which
        // that delegates (EIP-7702), 2,600 each. A signer must not seem to refuse for want of gas.
        uint256 needed = (gasLimit * 64) / 63 + 6_000;
        bytes memory data = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        if (gasleft() < needed) revert Signatures_NotEnoughGas(gasleft(), needed);
        assembly ("memory-safe") {
            mstore(0, 0)
            let success := staticcall(gasLimit, signer, add(data, 32), mload(data), 0, 32)
            valid := and(success, and(gt(returndatasize(), 31), eq(mload(0), shl(224, 0x1626ba7e))))
        }
    }
}
