// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IArbitrable, IArbitrator} from "../../contracts/disputes/ERC792.sol";
import {Fault, IFaultVerifier} from "../../contracts/disputes/IFaultVerifier.sol";

/// @notice A verifier that believes everything: a proof is the fault itself, encoded.
contract CredulousVerifier is IFaultVerifier {
    uint16 public immutable slashBps;

    constructor(uint16 slashBps_) {
        slashBps = slashBps_;
    }

    function verify(bytes calldata proof) external pure returns (Fault memory) {
        return abi.decode(proof, (Fault));
    }
}

/// @notice An arbitrator that anybody has rule whatever and whenever, and that makes a planned call, once, when a dispute is
/// opened with it.
contract PuppetArbitrator is IArbitrator {
    uint256 public fee;
    uint256 public disputeCount;
    bool public succeeded;
    bytes public answer;

    address private target;
    bytes private data;

    constructor(uint256 fee_) {
        fee = fee_;
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function plan(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function execute(address target_, bytes calldata data_) external returns (bytes memory) {
        return Address.functionCall(target_, data_);
    }

    function createDispute(uint256, bytes calldata) external payable returns (uint256 disputeId) {
        disputeId = ++disputeCount;
        if (target == address(0)) return disputeId;
        (address callee, bytes memory call_) = (target, data);
        delete target;
        (succeeded, answer) = callee.call(call_);
    }

    function rule(IArbitrable arbitrable, uint256 disputeId, uint256 ruling) external {
        arbitrable.rule(disputeId, ruling);
    }

    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return fee;
    }
}
