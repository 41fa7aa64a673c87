// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A log with up to three topics.
struct MadeUpLog {
    LogEmitter emitter;
    bytes32[] topics;
    bytes data;
}

/// @notice Emits whatever logs it is told to, in its own name and through others of its kind.
contract LogEmitter {
    function emitAll(MadeUpLog[] calldata logs) external {
        for (uint256 i = 0; i < logs.length; ++i) logs[i].emitter.emitOne(logs[i].topics, logs[i].data);
    }

    function emitOne(bytes32[] calldata topics, bytes memory data) external {
        bytes32 first = topics.length == 0 ? bytes32(0) : topics[0];
        assembly ("memory-safe") {
            let size := mload(data)
            let start := add(data, 32)
            switch topics.length
            case 0 {
                log0(start, size)
            }
            case 1 {
                log1(start, size, first)
            }
            default {
                log3(start, size, first, calldataload(add(topics.offset, 32)), calldataload(add(topics.offset, 64)))
            }
        }
    }
}
