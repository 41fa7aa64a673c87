// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The cheatcodes of the Solidity test runner that the tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 key) external pure returns (address);

    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function prank(address sender) external;

    function getCode(string calldata artifact) external view returns (bytes memory);

    function load(address target, bytes32 slot) external view returns (bytes32);

    function store(address target, bytes32 slot, bytes32 value) external;

    function record() external;

    function accesses(address target) external returns (bytes32[] memory reads, bytes32[] memory writes);

    function warp(uint256 timestamp) external;

    function getBlockTimestamp() external view returns (uint256);

    function expectRevert(bytes calldata data) external;

    function expectPartialRevert(bytes4 selector) external;

    function recordLogs() external;

    function getRecordedLogs() external returns (Log[] memory);
}

Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
