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

    function warp(uint256 timestamp) external;

    function getBlockTimestamp() external view returns (uint256);

    function expectRevert(bytes calldata data) external;

    function expectPartialRevert(bytes4 selector) external;

    function recordLogs() external;

    function getRecordedLogs() external returns (Log[] memory);
}

Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
