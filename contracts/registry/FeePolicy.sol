// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Accounts} from "../ledger/Accounts.sol";

/// @notice The figures of a policy.
/// @param platformFee Fixed fee per call on top of the service's price, to the treasury, in the token's smallest unit.
struct Fees {
    uint16 treasuryBps;
    uint16 operatorBps;
    uint16 stakersBps;
    uint128 platformFee;
}

/// @notice How a service's fee is shared. What treasury, operator and stakers leave goes to the asset's own split.
/// @param treasury Account of the protocol's treasury in the ledger.
/// @param platformFee Fixed fee per call on top of the service's price, to the treasury, in the token's smallest unit.
struct Policy {
    bytes32 treasury;
    uint16 treasuryBps;
    uint16 operatorBps;
    uint16 stakersBps;
    uint128 platformFee;
}

/// @title Fee policy in numbered versions, under hard caps
/// @notice Each version is kept, and with it every split that was built under it: a change concerns payments to come.
/// Governance can change the policy within the caps and nothing else.
contract FeePolicy is AccessManaged {
    /// @notice Thrown when a part of the policy is above its hard cap.
    /// @param part Name of the part.
    error FeePolicy_AboveCap(string part, uint256 value, uint256 cap);

    /// @notice Thrown when the treasury's account has no address.
    error FeePolicy_ZeroTreasury();

    /// @notice Thrown when there is no such version.
    error FeePolicy_NoSuchVersion(uint256 version);

    /// @notice Emitted when a policy came into force.
    event PolicySet(uint256 indexed version, Policy policy);

    /// @notice Most the treasury can take.
    uint16 public constant MAX_TREASURY_BPS = 1_000;

    /// @notice Most an operator can get.
    uint16 public constant MAX_OPERATOR_BPS = 8_000;

    /// @notice Most an operator's stakers can get.
    uint16 public constant MAX_STAKERS_BPS = 3_000;

    /// @notice Most the three can take together: at least a tenth is the asset's.
    uint16 public constant MAX_SUM_BPS = 9_000;

    /// @notice Most the fixed fee per call can be.
    uint128 public constant MAX_PLATFORM_FEE = 1e18;

    /// @notice Number of the policy in force; versions count from 1.
    uint256 public currentVersion;

    mapping(uint256 version => Policy) private _policies;

    /// @param authority Says who may change the policy.
    /// @param treasury Owner of the wallet account that is the first treasury. Later policies may name any account.
    constructor(address authority, address treasury, Fees memory fees) AccessManaged(authority) {
        _set(
            Policy({
                treasury: Accounts.wallet(treasury),
                treasuryBps: fees.treasuryBps,
                operatorBps: fees.operatorBps,
                stakersBps: fees.stakersBps,
                platformFee: fees.platformFee
            })
        );
    }

    /// @notice Puts another policy into force.
    function setPolicy(Policy calldata policy) external restricted {
        _set(policy);
    }

    /// @notice A version of the policy.
    function policyAt(uint256 version) external view returns (Policy memory) {
        if (version == 0 || version > currentVersion) revert FeePolicy_NoSuchVersion(version);
        return _policies[version];
    }

    function _set(Policy memory policy) private {
        if (uint160(uint256(policy.treasury)) == 0) revert FeePolicy_ZeroTreasury();
        _cap("treasuryBps", policy.treasuryBps, MAX_TREASURY_BPS);
        _cap("operatorBps", policy.operatorBps, MAX_OPERATOR_BPS);
        _cap("stakersBps", policy.stakersBps, MAX_STAKERS_BPS);
        _cap("sumBps", uint256(policy.treasuryBps) + policy.operatorBps + policy.stakersBps, MAX_SUM_BPS);
        _cap("platformFee", policy.platformFee, MAX_PLATFORM_FEE);
        uint256 version = ++currentVersion;
        _policies[version] = policy;
        emit PolicySet(version, policy);
    }

    function _cap(string memory part, uint256 value, uint256 cap) private pure {
        if (value > cap) revert FeePolicy_AboveCap(part, value, cap);
    }
}
