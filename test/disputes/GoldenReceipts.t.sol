// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipt, Receipts} from "../../contracts/disputes/Receipts.sol";

interface Vm {
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function parseJsonAddressArray(string calldata json, string calldata key) external pure returns (address[] memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function parseJsonBytesArray(string calldata json, string calldata key) external pure returns (bytes[] memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
    function chainId(uint256 newChainId) external;
}

/// @notice Hashes of receipts against the golden vectors, which come from the plain definitions.
contract GoldenReceiptsTest {
    Vm private constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    string private json;

    function setUp() public {
        json = VM.readFile("test/vectors/receipts.json");
    }

    function test_domain() external {
        VM.chainId(VM.parseJsonUint(json, ".chainId"));
        bytes32 domain = Receipts.domainOf(VM.parseJsonAddress(json, ".services"));
        require(domain == VM.parseJsonBytes32(json, ".domainSeparator"), "domain");
    }

    function test_receipts() external view {
        bytes32 domain = VM.parseJsonBytes32(json, ".domainSeparator");
        bytes32[] memory digests = VM.parseJsonBytes32Array(json, ".digests");
        bytes[] memory signatures = VM.parseJsonBytesArray(json, ".signatures");
        Receipt[] memory receipts = _receipts(digests.length);
        for (uint256 i = 0; i < digests.length; ++i) this.check(domain, receipts[i], digests[i], signatures[i]);
    }

    function check(bytes32 domain, Receipt calldata receipt, bytes32 digest, bytes calldata signature) external pure {
        require(Receipts.callIdOf(domain, receipt) == receipt.callId, "call id");
        require(Receipts.digestOf(domain, receipt) == digest, "digest");
        Receipts.checkSigned(receipt.executor, digest, signature);
    }

    function _receipts(uint256 count) private view returns (Receipt[] memory receipts) {
        receipts = new Receipt[](count);
        for (uint256 i = 0; i < count; ++i) {
            Receipt memory r = receipts[i];
            r.callId = _word(".callIds", i);
            r.payer = _address(".payers", i);
            r.parentCallId = _word(".parentCallIds", i);
            r.serviceId = _uint(".serviceIds", i);
            r.inputHash = _word(".inputHashes", i);
            r.salt = _word(".salts", i);
            r.childrenHash = _word(".childrenHashes", i);
            r.splitId = _word(".splitIds", i);
            r.assetSplitId = _word(".assetSplitIds", i);
            r.executor = _address(".executors", i);
            r.outputRoot = _word(".outputRoots", i);
            r.tokensIn = uint64(_uint(".tokensIn", i));
            r.tokensOut = uint64(_uint(".tokensOut", i));
            r.amount = _uint(".amounts", i);
            r.servedAt = uint64(_uint(".servedAts", i));
        }
    }

    function _word(string memory key, uint256 i) private view returns (bytes32) {
        return VM.parseJsonBytes32Array(json, key)[i];
    }

    function _address(string memory key, uint256 i) private view returns (address) {
        return VM.parseJsonAddressArray(json, key)[i];
    }

    function _uint(string memory key, uint256 i) private view returns (uint256) {
        return VM.parseJsonUintArray(json, key)[i];
    }
}
