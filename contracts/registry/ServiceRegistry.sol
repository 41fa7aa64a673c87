// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger, Payment} from "../ledger/AttributionLedger.sol";
import {Kind, MerkleSumTree, Share, SumNode} from "../ledger/MerkleSumTree.sol";
import {AgentRegistry} from "./AgentRegistry.sol";
import {AssetRegistry} from "./AssetRegistry.sol";
import {FeePolicy, Policy} from "./FeePolicy.sol";
import {IOperatorEligibility} from "./IOperatorEligibility.sol";
import {ModelRegistry} from "./ModelRegistry.sol";

/// @notice A model or agent version served by an operator at a price.
/// @param operator Who executes and is paid for it.
/// @param active Whether it takes calls.
/// @param registry Where the asset is registered.
/// @param assetId The asset.
/// @param assetVersion The version of it that is served.
/// @param rateIn Price per 1,000 tokens in, in the token's smallest unit.
/// @param rateOut Price per 1,000 tokens out.
struct Service {
    address operator;
    bool active;
    AssetRegistry registry;
    uint256 assetId;
    uint256 assetVersion;
    uint128 rateIn;
    uint128 rateOut;
}

/// @notice What a call costs and where the money goes.
/// @param splitId The service's split under the policy in force.
/// @param net Price of the tokens, to the service's split.
/// @param platformSplitId The treasury's split.
/// @param platformFee Fixed fee, to the treasury's split.
struct Quote {
    bytes32 splitId;
    uint256 net;
    bytes32 platformSplitId;
    uint256 platformFee;
}

/// @title Who serves what at which price
/// @notice A service's split shares each payment between treasury, operator, its stakers and the asset. It is derived
/// from the service and a version of the fee policy and stored nowhere: a change of policy makes another split and
/// leaves the money in the old one as it was promised.
contract ServiceRegistry {
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when there is no such service.
    error ServiceRegistry_NoSuchService(uint256 serviceId);

    /// @notice Thrown when the caller does not operate the service.
    error ServiceRegistry_NotOperator(uint256 serviceId, address caller);

    /// @notice Thrown when an operator may not serve.
    error ServiceRegistry_NotEligible(address operator);

    /// @notice Thrown when a service takes no calls.
    error ServiceRegistry_Inactive(uint256 serviceId);

    /// @notice Thrown when an asset's registry is neither the models' nor the agents'.
    error ServiceRegistry_UnknownRegistry(address registry);

    /// @notice Thrown when a call costs more than its payer allowed.
    error ServiceRegistry_AboveMaximum(uint256 cost, uint256 maximum);

    /// @notice Thrown when a payment is for no calls.
    error ServiceRegistry_NoCalls(uint256 serviceId);

    /// @notice Thrown when calls cost nothing.
    error ServiceRegistry_NothingToPay(uint256 serviceId);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when a service was registered.
    event ServiceRegistered(
        uint256 indexed serviceId,
        address indexed operator,
        address indexed registry,
        uint256 assetId,
        string endpoint
    );

    /// @notice Emitted when a service serves another version of its asset from now on.
    event ServedVersionSet(uint256 indexed serviceId, uint256 assetVersion, bytes32 assetSplitId);

    /// @notice Emitted when a service's prices changed.
    event RatesSet(uint256 indexed serviceId, uint128 rateIn, uint128 rateOut);

    /// @notice Emitted when a service began or ceased to take calls.
    event ActiveSet(uint256 indexed serviceId, bool active);

    /// @notice Emitted when calls were paid through this registry.
    event ServicePaid(
        uint256 indexed serviceId,
        address indexed payer,
        uint256 net,
        uint256 platformFee,
        uint256 calls,
        bytes32 memo
    );

    // ------------------------------------------------------------------ constants

    /// @notice Rates are per this many tokens.
    uint256 public constant RATE_TOKENS = 1_000;

    uint16 private constant BPS = 10_000;

    // ------------------------------------------------------------------ storage

    /// @notice Where services are paid.
    AttributionLedger public immutable ledger;

    /// @notice How fees are shared.
    FeePolicy public immutable feePolicy;

    /// @notice Where served models are registered.
    ModelRegistry public immutable models;

    /// @notice Where served agents are registered.
    AgentRegistry public immutable agents;

    /// @notice Decides who may operate, and holds one ledger account per operator for those who back it.
    IOperatorEligibility public immutable staking;

    /// @notice Services registered so far; ids count from 1.
    uint256 public serviceCount;

    IERC20 private immutable _token;
    mapping(uint256 serviceId => Service) private _services;

    // ------------------------------------------------------------------ constructor

    constructor(
        AttributionLedger ledger_,
        FeePolicy feePolicy_,
        ModelRegistry models_,
        AgentRegistry agents_,
        IOperatorEligibility staking_
    ) {
        ledger = ledger_;
        feePolicy = feePolicy_;
        models = models_;
        agents = agents_;
        staking = staking_;
        _token = ledger_.token();
        _token.forceApprove(address(ledger_), type(uint256).max);
    }

    // ------------------------------------------------------------------ register

    /// @notice Registers a service. The caller operates it.
    /// @param endpoint Where it answers.
    function register(
        AssetRegistry registry,
        uint256 assetId,
        uint256 assetVersion,
        uint128 rateIn,
        uint128 rateOut,
        string calldata endpoint
    ) external returns (uint256 serviceId) {
        if (address(registry) != address(models) && address(registry) != address(agents)) {
            revert ServiceRegistry_UnknownRegistry(address(registry));
        }
        _checkEligible(msg.sender);
        serviceId = ++serviceCount;
        Service storage service = _services[serviceId];
        (service.operator, service.registry, service.assetId) = (msg.sender, registry, assetId);
        emit ServiceRegistered(serviceId, msg.sender, address(registry), assetId, endpoint);
        _setVersion(serviceId, assetVersion);
        _setRates(serviceId, rateIn, rateOut);
        _setActive(serviceId, true);
    }

    // ------------------------------------------------------------------ operator

    modifier onlyOperator(uint256 serviceId) {
        if (msg.sender != _services[serviceId].operator) {
            revert ServiceRegistry_NotOperator(serviceId, msg.sender);
        }
        _;
    }

    /// @notice Serves another version of the service's asset. Payments to the old version's split stay its own.
    function setVersion(uint256 serviceId, uint256 assetVersion) external onlyOperator(serviceId) {
        _setVersion(serviceId, assetVersion);
    }

    /// @notice Changes the service's prices for calls to come.
    function setRates(uint256 serviceId, uint128 rateIn, uint128 rateOut) external onlyOperator(serviceId) {
        _setRates(serviceId, rateIn, rateOut);
    }

    /// @notice Begins or ceases to take calls.
    function setActive(uint256 serviceId, bool active) external onlyOperator(serviceId) {
        _setActive(serviceId, active);
    }

    // ------------------------------------------------------------------ pay

    /// @notice Pays calls of a service from the caller's wallet, fixed fee included. Needs an approval of the token to
    /// this registry. Cheaper rails of the ledger reach the same splits.
    /// @param tokensIn Tokens in, over all calls.
    /// @param tokensOut Tokens out, over all calls.
    /// @param calls How many calls, at least one.
    /// @param maximum Most the caller is ready to pay. The price and the asset version are the operator's at this moment.
    /// @return cost What was paid.
    function pay(
        uint256 serviceId,
        uint256 tokensIn,
        uint256 tokensOut,
        uint64 calls,
        bytes32 memo,
        uint256 maximum
    ) external returns (uint256 cost) {
        if (calls == 0) revert ServiceRegistry_NoCalls(serviceId);
        Quote memory q = quote(serviceId, tokensIn, tokensOut, calls);
        cost = q.net + q.platformFee;
        if (cost == 0) revert ServiceRegistry_NothingToPay(serviceId);
        if (cost > maximum) revert ServiceRegistry_AboveMaximum(cost, maximum);
        emit ServicePaid(serviceId, msg.sender, q.net, q.platformFee, calls, memo);
        _token.safeTransferFrom(msg.sender, address(this), cost);
        if (q.platformFee == 0) {
            ledger.pay(q.splitId, q.net, calls, memo);
        } else if (q.net == 0) {
            ledger.pay(q.platformSplitId, q.platformFee, calls, memo);
        } else {
            Payment[] memory legs = new Payment[](2);
            legs[0] = Payment(q.splitId, q.net, calls, memo);
            legs[1] = Payment(q.platformSplitId, q.platformFee, 0, memo);
            ledger.payMany(legs);
        }
    }

    // ------------------------------------------------------------------ views

    /// @notice What calls of a service cost now. Reverts when the service takes none.
    /// @dev The price rounds up to the token's smallest unit, once per quote.
    function quote(
        uint256 serviceId,
        uint256 tokensIn,
        uint256 tokensOut,
        uint64 calls
    ) public view returns (Quote memory) {
        Service memory service = serviceOf(serviceId);
        if (!service.active) revert ServiceRegistry_Inactive(serviceId);
        _checkEligible(service.operator);
        uint256 version = feePolicy.currentVersion();
        Policy memory policy = feePolicy.policyAt(version);
        uint256 price = tokensIn * service.rateIn + tokensOut * service.rateOut;
        return
            Quote({
                splitId: splitAt(serviceId, version),
                net: (price + RATE_TOKENS - 1) / RATE_TOKENS,
                platformSplitId: _idOf(_platformShares(policy, version)),
                platformFee: uint256(policy.platformFee) * calls
            });
    }

    /// @notice A service.
    function serviceOf(uint256 serviceId) public view returns (Service memory service) {
        service = _services[serviceId];
        if (service.operator == address(0)) revert ServiceRegistry_NoSuchService(serviceId);
    }

    /// @notice A service's split under the policy in force.
    function splitOf(uint256 serviceId) external view returns (bytes32) {
        return splitAt(serviceId, feePolicy.currentVersion());
    }

    /// @notice A service's split under a version of the policy, for the asset version it serves now.
    function splitAt(uint256 serviceId, uint256 policyVersion) public view returns (bytes32) {
        return _idOf(sharesAt(serviceId, policyVersion));
    }

    /// @notice The shares of {splitAt}: treasury, operator, stakers, asset.
    function sharesAt(uint256 serviceId, uint256 policyVersion) public view returns (Share[] memory shares) {
        Service memory service = serviceOf(serviceId);
        Policy memory policy = feePolicy.policyAt(policyVersion);
        bytes32 evidence = keccak256(abi.encode(block.chainid, address(this), serviceId, policyVersion));
        uint128 assetBps = BPS - policy.treasuryBps - policy.operatorBps - policy.stakersBps;

        shares = new Share[](4);
        shares[0] = Share(Kind.Account, policy.treasury, policy.treasuryBps, evidence);
        shares[1] = Share(Kind.Account, Accounts.wallet(service.operator), policy.operatorBps, evidence);
        shares[2] = Share(Kind.Account, stakersAccount(service.operator), policy.stakersBps, evidence);
        shares[3] = Share(
            Kind.Split,
            service.registry.splitOf(service.assetId, service.assetVersion),
            assetBps,
            evidence
        );
    }

    /// @notice The split that fixed fees go to under a version of the policy.
    function platformSplitAt(uint256 policyVersion) external view returns (bytes32) {
        return _idOf(platformSharesAt(policyVersion));
    }

    /// @notice The shares of {platformSplitAt}: the treasury alone.
    function platformSharesAt(uint256 policyVersion) public view returns (Share[] memory) {
        return _platformShares(feePolicy.policyAt(policyVersion), policyVersion);
    }

    /// @notice The ledger account that holds what an operator's stakers earn: a sub-account of {staking} whose tag is
    /// the low 12 bytes of the operator's address.
    function stakersAccount(address operator) public view returns (bytes32) {
        return Accounts.sub(address(staking), uint96(uint160(operator)));
    }

    // ------------------------------------------------------------------ internals

    function _setVersion(uint256 serviceId, uint256 assetVersion) private {
        Service storage service = _services[serviceId];
        bytes32 assetSplitId = service.registry.splitOf(service.assetId, assetVersion);
        service.assetVersion = assetVersion;
        emit ServedVersionSet(serviceId, assetVersion, assetSplitId);
    }

    function _setRates(uint256 serviceId, uint128 rateIn, uint128 rateOut) private {
        (_services[serviceId].rateIn, _services[serviceId].rateOut) = (rateIn, rateOut);
        emit RatesSet(serviceId, rateIn, rateOut);
    }

    function _setActive(uint256 serviceId, bool active) private {
        _services[serviceId].active = active;
        emit ActiveSet(serviceId, active);
    }

    function _checkEligible(address operator) private view {
        if (!staking.isEligible(operator)) {
            revert ServiceRegistry_NotEligible(operator);
        }
    }

    function _platformShares(Policy memory policy, uint256 version) private view returns (Share[] memory shares) {
        shares = new Share[](1);
        bytes32 evidence = keccak256(abi.encode(block.chainid, address(this), uint256(0), version));
        shares[0] = Share(Kind.Account, policy.treasury, 1, evidence);
    }

    /// @dev Services' splits have no arbiter.
    function _idOf(Share[] memory shares) private pure returns (bytes32) {
        SumNode[] memory nodes = MerkleSumTree.list(shares.length);
        for (uint256 i = 0; i < nodes.length; ++i) nodes[i] = MerkleSumTree.leaf(shares[i]);
        SumNode memory root = MerkleSumTree.root(nodes);
        return MerkleSumTree.splitId(root.hash, root.units, shares.length, address(0));
    }
}
