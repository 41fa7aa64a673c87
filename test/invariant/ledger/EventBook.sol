// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Hop} from "../../../contracts/ledger/HopLog.sol";
import {Vm} from "../../solidity/Vm.sol";

/// @title What somebody who sees nothing but the ledger's events can tell
abstract contract EventBook {
    /// @dev Of an event with an array of structs, `.selector` would need the array's canonical type; spelled out here.
    bytes32 private constant ROUTED = keccak256("Routed((bytes32,bytes32,uint256,uint256)[])");

    mapping(bytes32 id => uint256) internal seenReceived;
    mapping(bytes32 id => uint256) internal seenCalls;
    mapping(bytes32 id => mapping(uint256 index => uint256)) internal seenDrawn;
    mapping(bytes32 id => mapping(uint256 index => bytes32)) internal seenRedirect;
    mapping(address wallet => uint256) internal seenNonce;
    mapping(bytes32 account => uint256) internal seenBalance;
    mapping(bytes32 account => mapping(address spender => uint256)) internal seenAllowance;
    uint256 internal seenIn;
    uint256 internal seenOut;

    /// @dev Of the latest call alone.
    uint256 internal seenReleased;

    function _readEvents(address ledger, Vm.Log[] memory logs) internal {
        seenReleased = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == ledger) _readEvent(logs[i].topics, logs[i].data);
        }
    }

    function _readEvent(bytes32[] memory topics, bytes memory data) private {
        bytes32 name = topics[0];
        if (name == AttributionLedger.Paid.selector) {
            seenIn += _readPayment(topics[1], data);
        } else if (name == AttributionLedger.PaidFromBalance.selector) {
            seenBalance[topics[2]] -= _readPayment(topics[1], data);
        } else if (name == AttributionLedger.Credited.selector) {
            (uint256 index, uint256 amount) = abi.decode(data, (uint256, uint256));
            seenDrawn[topics[1]][index] += amount;
            seenBalance[topics[2]] += amount;
            seenReleased += amount;
        } else if (name == ROUTED) {
            Hop[] memory hops = abi.decode(data, (Hop[]));
            for (uint256 i = 0; i < hops.length; ++i) {
                seenDrawn[hops[i].splitId][hops[i].index] += hops[i].amount;
                seenReceived[hops[i].toSplitId] += hops[i].amount;
                seenReleased += hops[i].amount;
            }
        } else if (name == AttributionLedger.Deposited.selector) {
            uint256 amount = abi.decode(data, (uint256));
            seenBalance[topics[2]] += amount;
            seenIn += amount;
        } else if (name == AttributionLedger.Withdrawn.selector) {
            uint256 amount = abi.decode(data, (uint256));
            seenBalance[topics[1]] -= amount;
            seenOut += amount;
        } else if (name == AttributionLedger.ClaimRelayed.selector) {
            (uint256 nonce, ) = abi.decode(data, (uint256, uint256));
            seenNonce[address(uint160(uint256(topics[1])))] = nonce + 1;
        } else if (name == AttributionLedger.BalanceTransferred.selector) {
            uint256 amount = abi.decode(data, (uint256));
            seenBalance[topics[1]] -= amount;
            seenBalance[topics[2]] += amount;
        } else if (name == AttributionLedger.SpenderApproved.selector) {
            seenAllowance[topics[1]][address(uint160(uint256(topics[2])))] = abi.decode(data, (uint256));
        } else if (name == AttributionLedger.Redirected.selector) {
            seenRedirect[topics[1]][uint256(topics[2])] = abi.decode(data, (bytes32));
        } else {
            revert("an event that no indexer knows");
        }
    }

    function _readPayment(bytes32 id, bytes memory data) private returns (uint256 amount) {
        uint256 calls;
        (amount, calls, ) = abi.decode(data, (uint256, uint256, bytes32));
        seenReceived[id] += amount;
        calls += seenCalls[id];
        seenCalls[id] = calls < type(uint64).max ? calls : type(uint64).max;
    }
}
