// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AssetRegistry} from "../../../contracts/registry/AssetRegistry.sol";
import {Contribution} from "../../../contracts/registry/DatanetRegistry.sol";
import {LineageRegistry} from "../../../contracts/registry/LineageRegistry.sol";
import {VM} from "../../solidity/Vm.sol";
import {RegistryProperties} from "./RegistryProperties.sol";
import {ADMIN, PARAMETERS} from "./RegistryWorld.sol";

/// @title Calling a registry and comparing the outcome with what was expected
abstract contract RegistryCalls is RegistryProperties {
    /// @param expected The error that the call has to revert with, byte for byte; empty if it has to succeed.
    function _do(
        address caller,
        address registry,
        uint256 id,
        bytes memory data,
        bytes memory expected
    ) internal returns (bool ok, bytes memory out) {
        bool entitled = _isEntitled(caller, registry, id, data);
        VM.prank(caller);
        (ok, out) = registry.call(data);
        step = Step(!ok, registry, id);
        _hold(G01_outcomesAreExact(ok, out, expected), "G01_outcomesAreExact");
        _hold(G33_onlyThoseWhoMaySucceed(ok, entitled), "G33_onlyThoseWhoMaySucceed");
        if (ok) _done();
    }

    function G01_outcomesAreExact(bool ok, bytes memory out, bytes memory expected) internal pure returns (bool) {
        return ok ? expected.length == 0 : keccak256(out) == keccak256(expected);
    }

    function G33_onlyThoseWhoMaySucceed(bool ok, bool entitled) internal pure returns (bool) {
        return !ok || entitled;
    }

    /// @dev Who may do what, by what the registries say of themselves before the call. What is not listed, anybody may.
    function _isEntitled(address caller, address registry, uint256 id, bytes memory data) internal view returns (bool) {
        bytes4 selector = bytes4(data);
        if (registry == address(access)) return caller == ADMIN;
        if (registry == address(feePolicy)) {
            (bool isMember, ) = access.hasRole(PARAMETERS, caller);
            return isMember;
        }
        if (
            selector == services.setVersion.selector ||
            selector == services.setRates.selector ||
            selector == services.setActive.selector
        ) return caller == services.serviceOf(id).operator;
        if (
            selector == AssetRegistry.setTerms.selector ||
            selector == AssetRegistry.setLicensee.selector ||
            selector == LineageRegistry.publish.selector ||
            selector == datanets.setCuration.selector ||
            selector == datanets.transferFrom.selector ||
            selector == agents.setAgentWallet.selector ||
            selector == agents.setMetadata.selector
        ) {
            address owner = AssetRegistry(registry).ownerOf(id);
            return caller == owner || AssetRegistry(registry).isApprovedForAll(owner, caller);
        }
        (address curator, , ) = datanets.curationOf(id);
        if (
            selector == datanets.accept.selector ||
            selector == datanets.acceptSigned.selector ||
            selector == datanets.reject.selector
        ) return caller == curator;
        if (selector == datanets.revoke.selector) {
            uint256 index;
            assembly ("memory-safe") {
                index := mload(add(data, 68))
            }
            Contribution[] storage log = nets[id - 1].log;
            return caller == curator || (index < log.length && caller == log[index].contributor);
        }
        return true;
    }
}
