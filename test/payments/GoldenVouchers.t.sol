// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms, Voucher, Vouchers} from "../../contracts/payments/Vouchers.sol";

interface Vm {
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonAddressArray(string calldata json, string calldata key) external pure returns (address[] memory);
    function parseJsonBytesArray(string calldata json, string calldata key) external pure returns (bytes[] memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
}

/// @notice Hashes and packed bytes of vouchers against the golden vectors, which come from the plain definitions.
contract GoldenVouchersTest {
    Vm private constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    string private json;

    function setUp() public {
        json = VM.readFile("test/vectors/vouchers.json");
    }

    function test_terms() external view {
        address[] memory payers = VM.parseJsonAddressArray(json, ".payers");
        address[] memory signers = VM.parseJsonAddressArray(json, ".signers");
        address[] memory operators = VM.parseJsonAddressArray(json, ".operators");
        bytes32[] memory splitIds = VM.parseJsonBytes32Array(json, ".splitIds");
        uint256[] memory delays = VM.parseJsonUintArray(json, ".delays");
        bytes32[] memory salts = VM.parseJsonBytes32Array(json, ".salts");
        bytes32[] memory termsIds = VM.parseJsonBytes32Array(json, ".termsIds");
        bytes32[] memory channelIds = VM.parseJsonBytes32Array(json, ".channelIds");
        for (uint256 i = 0; i < payers.length; ++i) {
            address payer = payers[i] == signers[i] ? address(0) : payers[i];
            bytes32 termsId = Vouchers.termsId(Terms(payer, operators[i], splitIds[i], delays[i], salts[i]));
            require(termsId == termsIds[i], "terms id");
            require(Vouchers.channelId(termsId, signers[i]) == channelIds[i], "channel id");
        }
    }

    function test_digests() external view {
        bytes32 domain = VM.parseJsonBytes32(json, ".domainSeparator");
        bytes32[] memory termsIds = VM.parseJsonBytes32Array(json, ".termsIds");
        uint256[] memory maxima = VM.parseJsonUintArray(json, ".maxima");
        bytes32[] memory digests = VM.parseJsonBytes32Array(json, ".digests");
        for (uint256 i = 0; i < digests.length; ++i) {
            require(Vouchers.digest(domain, termsIds[i], maxima[i]) == digests[i], "digest");
        }
    }

    function test_packedBytes() external view {
        address[] memory payers = VM.parseJsonAddressArray(json, ".payers");
        address[] memory signers = VM.parseJsonAddressArray(json, ".signers");
        uint256[] memory maxima = VM.parseJsonUintArray(json, ".maxima");
        uint256[] memory totals = VM.parseJsonUintArray(json, ".totals");
        uint256[] memory byContract = VM.parseJsonUintArray(json, ".contractSignatures");
        bytes[] memory signatures = VM.parseJsonBytesArray(json, ".signatures");
        bytes[] memory packed = VM.parseJsonBytesArray(json, ".packed");
        bytes memory batch = new bytes(2);
        for (uint256 i = 0; i < packed.length; ++i) {
            uint256 position = batch.length;
            batch = bytes.concat(batch, packed[i]);
            (Voucher memory v, bytes memory signature) = this.read(batch, position);
            require(v.max == maxima[i] && v.total == totals[i] && v.end == batch.length, "amounts and end");
            require(v.payer == (payers[i] == signers[i] ? address(0) : payers[i]), "payer");
            require(v.byContract == (byContract[i] == 1), "kind of signer");
            require(v.signer == (v.byContract ? signers[i] : address(0)), "signer");
            bytes memory expected = v.byContract ? signatures[i] : _compact(signatures[i]);
            require(keccak256(signature) == keccak256(expected), "signature");
        }
    }

    function read(bytes calldata vouchers, uint256 position) external pure returns (Voucher memory, bytes memory) {
        Voucher memory v = Vouchers.read(vouchers, position);
        return (v, Vouchers.signatureOf(vouchers, v));
    }

    /// @dev ERC-2098: the parity of v in the free bit of s.
    function _compact(bytes memory signature) private pure returns (bytes memory compact) {
        uint8 v = uint8(signature[64]);
        compact = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) compact[i] = signature[i];
        if (v == 28) compact[32] |= 0x80;
    }
}
