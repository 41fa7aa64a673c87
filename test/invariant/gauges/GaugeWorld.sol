// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IncentiveGauges} from "../../../contracts/governance/IncentiveGauges.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {Terms} from "../../../contracts/registry/AssetRegistry.sol";
import {FeePolicy} from "../../../contracts/registry/FeePolicy.sol";
import {Builder, Lineage, Upstream} from "../../../contracts/registry/LineageRegistry.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {OperatorStaking} from "../../../contracts/staking/OperatorStaking.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";

/// @notice What a campaign on the gauges runs on.
struct GaugeContracts {
    OpenToken token;
    AttributionLedger ledger;
    ModelRegistry models;
    FeePolicy policy;
    OperatorStaking staking;
    ServiceRegistry services;
    AccessManager access;
    IncentiveGauges gauges;
}

address constant GAUGE_TREASURY = address(0x7ea5);
address constant GAUGE_GOVERNOR = address(0x60fe);
uint256 constant GAUGE_EPOCH = 1 days;
uint256 constant GAUGE_SELF_STAKE = 1e18;

/// @title Operators, assets and voters of a campaign, and independent books about what the gauges do
abstract contract GaugeWorld is Subject {
    using Random for Source;

    /// @dev A vote as the books have it.
    struct BookedBallot {
        uint256 power;
        uint256[] assets;
        uint16[] weights;
    }

    /// @dev What somebody has staked from a moment on.
    struct BookedStake {
        uint256 time;
        uint256 amount;
    }

    /// @dev The first two operate.
    uint256 internal constant WALLETS = 4;
    uint256 internal constant OPERATORS = 2;
    uint256 internal constant ASSETS = 3;

    /// @dev Versions of the fee policy; fees under the last one go elsewhere.
    uint256 internal constant POLICIES = 3;

    /// @dev How many epochs are looked at, back from the current one: all that can be paid for, and one more.
    uint256 internal constant EPOCHS = 7;

    OpenToken internal immutable token;
    AttributionLedger internal immutable ledger;
    ModelRegistry internal immutable models;
    OperatorStaking internal immutable staking;
    ServiceRegistry internal immutable services;
    IncentiveGauges internal immutable gauges;

    address[WALLETS] internal wallets;
    bytes32[ASSETS] internal assets;
    uint16[POLICIES] internal treasuryBps = [250, 1_000, 250];
    uint256 internal clock;
    uint256 internal opened;

    mapping(uint256 operator => bool) internal isOut;
    mapping(uint256 wallet => BookedStake[]) internal bookStakes;
    mapping(bytes32 serviceSplitId => uint256) internal bookReceived;
    mapping(bytes32 serviceSplitId => uint256) internal bookCounted;
    mapping(uint256 epoch => mapping(uint256 asset => mapping(uint256 operator => uint256))) internal bookFees;
    mapping(uint256 epoch => mapping(uint256 asset => mapping(uint256 index => uint256))) internal bookPassed;
    mapping(uint256 epoch => mapping(uint256 wallet => BookedBallot)) internal bookBallots;
    mapping(uint256 epoch => mapping(uint256 asset => uint256)) internal bookPaid;
    mapping(uint256 epoch => uint256) internal bookBudget;
    uint256 internal bookTreasury;

    constructor(GaugeContracts memory c) {
        (token, ledger, models, staking) = (c.token, c.ledger, c.models, c.staking);
        (services, gauges) = (c.services, c.gauges);
        for (uint256 i = 0; i < WALLETS; ++i) wallets[i] = VM.addr(i + 1);
    }

    /// @notice Registers assets and services with the tokens that this contract holds. Call it once, first.
    /// @dev The second model builds on the first, the third on both.
    function open() external {
        (clock, opened, bookTreasury) = (VM.getBlockTimestamp(), gauges.startedAt(), 1e22);
        for (uint256 epoch = 0; epoch < 400; ++epoch) bookBudget[epoch] = gauges.budgetOf(0);
        for (uint256 asset = 0; asset < ASSETS; ++asset) {
            models.register(Terms(0, true), _lineage(asset));
            assets[asset] = models.splitOf(asset + 1, 1);
        }
        token.approve(address(ledger), type(uint256).max);
        for (uint256 i = 0; i < WALLETS; ++i) {
            token.transfer(wallets[i], 1e26);
            VM.prank(wallets[i]);
            token.approve(address(staking), type(uint256).max);
        }
        for (uint256 operator = 0; operator < OPERATORS; ++operator) {
            _stake(operator, GAUGE_SELF_STAKE);
            for (uint256 asset = 0; asset < ASSETS; ++asset) {
                VM.prank(wallets[operator]);
                services.register(models, asset + 1, 1, 1, 1, "");
            }
        }
        ledger.deposit(_account(GAUGE_TREASURY), 1e22);
        VM.prank(GAUGE_TREASURY);
        ledger.approveSpender(0, address(gauges), type(uint256).max);
    }

    // ------------------------------------------------------------------ choices

    function _wallet(Source memory source) internal view returns (address) {
        return wallets[source.below(WALLETS)];
    }

    /// @dev One of those that can still be passed on or paid, or are too late or too early for it.
    function _epoch(Source memory source) internal view returns (uint256) {
        uint256 back = source.below(EPOCHS);
        return _current() < back ? 0 : _current() - back;
    }

    // ------------------------------------------------------------------ names

    function _current() internal view returns (uint256) {
        return (clock - opened) / GAUGE_EPOCH;
    }

    function _serviceId(uint256 operator, uint256 asset) internal pure returns (uint256) {
        return operator * ASSETS + asset + 1;
    }

    function _serviceSplit(uint256 operator, uint256 asset, uint256 policy) internal view returns (bytes32) {
        return services.splitAt(_serviceId(operator, asset), policy + 1);
    }

    /// @dev Units of an asset's shares: its own first, then those that lead to assets before it.
    function _units(uint256 asset, uint256 index) internal pure returns (uint128) {
        return uint128(index == 0 ? 3 : asset + 2 * index);
    }

    function _shares(uint256 asset) internal view returns (Share[] memory shares) {
        shares = new Share[](asset + 1);
        shares[0] = Share(Kind.Account, _account(wallets[asset]), _units(asset, 0), 0);
        for (uint256 up = 1; up <= asset; ++up) {
            bytes32 evidence = keccak256(abi.encode(models, up, 1));
            shares[up] = Share(Kind.Split, assets[up - 1], _units(asset, up), evidence);
        }
    }

    function _account(address owner) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(owner)));
    }

    // ------------------------------------------------------------------ actions

    function _stake(uint256 wallet, uint256 amount) internal {
        VM.prank(wallets[wallet]);
        staking.stake(wallets[0], wallet == 0 ? amount : amount / 2 + 1);
        if (wallet != 0) {
            VM.prank(wallets[wallet]);
            staking.stake(wallets[1], amount);
        }
        uint256 more = wallet == 0 ? amount : amount + amount / 2 + 1;
        bookStakes[wallet].push(BookedStake(clock, _stakeAt(wallet, clock) + more));
    }

    /// @dev What a wallet had staked at the end of a second.
    function _stakeAt(uint256 wallet, uint256 time) internal view returns (uint256 amount) {
        BookedStake[] storage list = bookStakes[wallet];
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i].time <= time) amount = list[i].amount;
        }
    }

    function _lineage(uint256 asset) private view returns (Lineage memory lineage) {
        lineage.builders = new Builder[](1);
        lineage.builders[0] = Builder(_account(wallets[asset]), _units(asset, 0), 0);
        lineage.upstreams = new Upstream[](asset);
        for (uint256 up = 1; up <= asset; ++up) {
            lineage.upstreams[up - 1] = Upstream(models, up, 1, _units(asset, up));
        }
    }
}
