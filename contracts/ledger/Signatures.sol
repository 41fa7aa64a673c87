// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures of wallets, whether a key or a contract
library Signatures {
    /// @notice Whether `signature` over `digest` is `signer`'s.
    /// @dev The key comes first: it is the root authority of an account that has delegated to code (EIP-7702), and it
    /// saves a look at the account's code. Only then ERC-1271. High-s and malformed signatures recover nobody.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
