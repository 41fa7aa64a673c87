// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {AssetRegistry} from "../../../contracts/registry/AssetRegistry.sol";
import {FeePolicy, Policy} from "../../../contracts/registry/FeePolicy.sol";
import {Quote, ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {PlainDraws} from "../../solidity/PlainDraws.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {LineageHandlers} from "./LineageHandlers.sol";
import {ADMIN, PARAMETERS} from "./RegistryWorld.sol";

/// @title A campaign on the registries: Datanets, models, agents, services and the fee policy
/// @notice Each handler works out from plain books what has to happen, the exact error included, and what it changes.
abstract contract RegistryHandlers is LineageHandlers {
    using Random for Source;

    uint256 private constant MOST_SERVICES = 3;
    uint256 private constant MOST_POLICIES = 5;

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](38);
        bytes4[24] memory once = [
            this.createDatanet.selector,
            this.setCuration.selector,
            this.submit.selector,
            this.accept.selector,
            this.reject.selector,
            this.acceptSigned.selector,
            this.revoke.selector,
            this.payDatanet.selector,
            this.registerModel.selector,
            this.registerAgent.selector,
            this.publish.selector,
            this.fork.selector,
            this.setTerms.selector,
            this.setLicensee.selector,
            this.transferAsset.selector,
            this.approveOperator.selector,
            this.setAgentWallet.selector,
            this.setMetadata.selector,
            this.registerService.selector,
            this.changeService.selector,
            this.payService.selector,
            this.setPolicy.selector,
            this.handOverPolicy.selector,
            this.bar.selector
        ];
        bytes4[14] memory again = [
            this.createDatanet.selector,
            this.submit.selector,
            this.submit.selector,
            this.submit.selector,
            this.accept.selector,
            this.accept.selector,
            this.acceptSigned.selector,
            this.registerModel.selector,
            this.registerModel.selector,
            this.publish.selector,
            this.fork.selector,
            this.registerService.selector,
            this.payService.selector,
            this.payService.selector
        ];
        for (uint256 i = 0; i < 24; ++i) list[i] = once[i];
        for (uint256 i = 0; i < 14; ++i) list[24 + i] = again[i];
    }

    // ------------------------------------------------------------------ services

    function registerService(uint256 seed) external {
        if (served.length == MOST_SERVICES) return;
        Source memory source = Random.from(seed);
        Where where = source.oneIn(3) ? Where.Agents : Where.Models;
        if (assets[where].length == 0) return;
        ServiceBook memory service = ServiceBook({
            operator: _actor(source),
            active: true,
            where: where,
            assetId: source.between(1, assets[where].length),
            assetVersion: 1,
            rateIn: uint128(source.magnitude(2 ** 60) - 1),
            rateOut: uint128(source.magnitude(2 ** 60) - 1)
        });
        uint256 versions = assets[where][service.assetId - 1].splits.length;
        service.assetVersion = source.between(1, versions + 1);
        bool known = !source.oneIn(12);
        bytes memory expected;
        if (!known) {
            expected = abi.encodeWithSelector(
                ServiceRegistry.ServiceRegistry_UnknownRegistry.selector,
                address(datanets)
            );
        } else if (isBarred[service.operator]) {
            expected = _notEligible(service.operator);
        } else if (service.assetVersion > versions) {
            expected = _noSplit(service.assetId, service.assetVersion);
        }
        (bool ok, ) = _do(
            service.operator,
            address(services),
            served.length + 1,
            abi.encodeCall(
                services.register,
                (
                    known ? _registry(where) : AssetRegistry(datanets),
                    service.assetId,
                    service.assetVersion,
                    service.rateIn,
                    service.rateOut,
                    "https://operator"
                )
            ),
            expected
        );
        if (ok) served.push(service);
        _checkRegistries();
    }

    /// @dev Another version, other prices, on or off.
    function changeService(uint256 seed) external {
        if (served.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, served.length);
        ServiceBook storage service = served[id - 1];
        uint256 versions = assets[service.where][service.assetId - 1].splits.length;
        uint256 version = source.between(1, versions + 1);
        uint128 rate = uint128(source.magnitude(2 ** 60) - 1);
        uint256 what = source.below(3);
        bytes memory data = abi.encodeCall(services.setVersion, (id, version));
        if (what == 1) data = abi.encodeCall(services.setRates, (id, rate, rate / 2));
        if (what == 2) data = abi.encodeCall(services.setActive, (id, rate % 4 != 0));
        address caller = _mostly(source, service.operator);
        bytes memory expected;
        if (caller != service.operator) {
            expected = abi.encodeWithSelector(ServiceRegistry.ServiceRegistry_NotOperator.selector, id, caller);
        } else if (what == 0 && version > versions) {
            expected = _noSplit(service.assetId, version);
        }
        (bool ok, ) = _do(caller, address(services), id, data, expected);
        if (ok && what == 0) service.assetVersion = version;
        if (ok && what == 1) (service.rateIn, service.rateOut) = (rate, rate / 2);
        if (ok && what == 2) service.active = rate % 4 != 0;
        _checkRegistries();
    }

    function payService(uint256 seed) external {
        if (served.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, served.length);
        uint256 tokensIn = source.magnitude(2 ** 20) - 1;
        uint256 tokensOut = source.magnitude(2 ** 20) - 1;
        uint64 calls = uint64(source.oneIn(12) ? 0 : source.magnitude(1_000));
        (uint256 net, uint256 fee) = _priceOf(id, tokensIn, tokensOut, calls);
        uint256 maximum = source.oneIn(8) && net + fee != 0 ? net + fee - 1 : net + fee + source.below(3);
        bytes memory expected = _payError(id, calls, net + fee, maximum);
        Quote memory q;
        if (expected.length == 0) {
            q = services.quote(id, tokensIn, tokensOut, calls);
            bool priced = G25_quotesAreThePriceRoundedUp(q, id, tokensIn, tokensOut, calls);
            _hold(priced, "G25_quotesAreThePriceRoundedUp");
            _hold(G35_quotesNameTheSplitsInForce(q, id), "G35_quotesNameTheSplitsInForce");
        }
        address payer = _actor(source);
        uint256 before = token.balanceOf(payer);
        uint256[4] memory receivedBefore = _receivedBy(q);
        (bool ok, bytes memory out) = _do(
            payer,
            address(services),
            id,
            abi.encodeCall(services.pay, (id, tokensIn, tokensOut, calls, bytes32(seed), maximum)),
            expected
        );
        if (ok) {
            bytes32 splitId = _make(_serviceShares(id, policies.length), address(0));
            bytes32 platformId = _make(_platformShares(policies.length), address(0));
            _bookPayment(splitId, net);
            _bookPayment(platformId, fee);
            bool exact = G30_payersPayTheCostAndNoMore(before - token.balanceOf(payer), out, net + fee, maximum);
            _hold(exact, "G30_payersPayTheCostAndNoMore");
            bool reached = G36_paymentsReachTheSplitsQuoted(receivedBefore, _receivedBy(q), q, calls);
            _hold(reached, "G36_paymentsReachTheSplitsQuoted");
        }
        _checkRegistries();
    }

    function bar(uint256 seed) external {
        Source memory source = Random.from(seed);
        address operator = _actor(source);
        isBarred[operator] = source.oneIn(3);
        eligibility.bar(operator, isBarred[operator]);
        step = Step(false, address(eligibility), 0);
        _done();
        _checkRegistries();
    }

    // ------------------------------------------------------------------ policy

    function setPolicy(uint256 seed) external {
        if (policies.length == MOST_POLICIES) return;
        Source memory source = Random.from(seed);
        address caller = _mostly(source, governor);
        Policy memory p = Policy({
            treasury: source.oneIn(12) ? bytes32(uint256(3) << 160) : _wallet(_actor(source)),
            treasuryBps: _part(source, 1_000),
            operatorBps: _part(source, 8_000),
            stakersBps: _part(source, 3_000),
            platformFee: uint128(source.oneIn(12) ? 1e18 + 1 : source.magnitude(1e18 + 1) - 1)
        });
        bytes memory expected = caller == governor ? _policyError(p) : _notGovernor(caller);
        (bool ok, ) = _do(caller, address(feePolicy), 0, abi.encodeCall(feePolicy.setPolicy, (p)), expected);
        if (ok) policies.push(p);
        _checkRegistries();
    }

    /// @dev Seldom above its cap.
    function _part(Source memory source, uint256 capBps) private pure returns (uint16) {
        return uint16(source.oneIn(12) ? capBps + source.between(1, capBps / 8) : source.below(capBps + 1));
    }

    /// @dev The right to change the policy goes from its governor to somebody else.
    function handOverPolicy(uint256 seed) external {
        Source memory source = Random.from(seed);
        address caller = _mostly(source, ADMIN);
        address next = _actor(source);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(access.revokeRole, (PARAMETERS, governor));
        calls[1] = abi.encodeCall(access.grantRole, (PARAMETERS, next, 0));
        bytes memory expected =
            caller == ADMIN
                ? new bytes(0)
                : abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, caller, 0);
        (bool ok, ) = _do(caller, address(access), 0, abi.encodeCall(access.multicall, (calls)), expected);
        if (ok) governor = next;
        _checkRegistries();
    }

    // ------------------------------------------------------------------ the end

    /// @notice Releases everything that was paid, children before parents, down to the last account. Call it last.
    function finish() external override {
        for (uint256 i = made.length; i > 0; --i) {
            Made storage split = made[i - 1];
            (uint256 amount, , ) = ledger.received(split.id);
            if (amount == 0) continue;
            ledger.release(PlainDraws.encode(split.shares, split.arbiter, 0, split.shares.length));
        }
        _hold(G31_everythingPaidReachesSomebody(), "G31_everythingPaidReachesSomebody");
        _hold(G32_everySplitKeepsLessThanAUnitPerShare(), "G32_everySplitKeepsLessThanAUnitPerShare");
    }

    function G30_payersPayTheCostAndNoMore(
        uint256 spent,
        bytes memory returned,
        uint256 cost,
        uint256 maximum
    ) internal pure returns (bool) {
        return spent == cost && abi.decode(returned, (uint256)) == cost && cost <= maximum;
    }

    function G35_quotesNameTheSplitsInForce(Quote memory q, uint256 serviceId) internal view returns (bool) {
        return
            q.splitId == PlainTree.splitIdOf(_serviceShares(serviceId, policies.length), address(0)) &&
            q.platformSplitId == PlainTree.splitIdOf(_platformShares(policies.length), address(0));
    }

    /// @dev Calls are counted where the price goes, and where there is no price, with the fee.
    function G36_paymentsReachTheSplitsQuoted(
        uint256[4] memory from,
        uint256[4] memory to,
        Quote memory q,
        uint256 calls
    ) internal pure returns (bool) {
        return
            to[0] == from[0] + q.net &&
            to[1] == from[1] + (q.net == 0 ? 0 : calls) &&
            to[2] == from[2] + q.platformFee &&
            to[3] == from[3] + (q.net == 0 ? calls : 0);
    }

    /// @dev Amount and calls of both splits of a quote.
    function _receivedBy(Quote memory q) private view returns (uint256[4] memory r) {
        (r[0], r[1], ) = ledger.received(q.splitId);
        (r[2], r[3], ) = ledger.received(q.platformSplitId);
    }

    /// @dev What all accounts got, and the dust, is what was paid.
    function G31_everythingPaidReachesSomebody() internal view returns (bool) {
        uint256 sum = 0;
        for (uint256 i = 0; i < payees.length; ++i) sum += ledger.balanceOf(payees[i]);
        for (uint256 i = 0; i < made.length; ++i) sum += _undrawn(i);
        return sum == paidInAll;
    }

    function G32_everySplitKeepsLessThanAUnitPerShare() internal view returns (bool) {
        for (uint256 i = 0; i < made.length; ++i) {
            if (_undrawn(i) >= made[i].shares.length) return false;
        }
        return true;
    }

    function _undrawn(uint256 i) internal view returns (uint256 amount) {
        Share[] storage shares = made[i].shares;
        (amount, , ) = ledger.received(made[i].id);
        for (uint256 k = 0; k < shares.length; ++k) amount -= ledger.drawn(made[i].id, k);
    }

    // ------------------------------------------------------------------ errors and prices

    function _priceOf(
        uint256 id,
        uint256 tokensIn,
        uint256 tokensOut,
        uint256 calls
    ) private view returns (uint256 net, uint256 fee) {
        ServiceBook storage service = served[id - 1];
        uint256 price = tokensIn * service.rateIn + tokensOut * service.rateOut;
        net = price % 1_000 == 0 ? price / 1_000 : price / 1_000 + 1;
        fee = policies[policies.length - 1].platformFee * calls;
    }

    function _payError(uint256 id, uint256 calls, uint256 cost, uint256 maximum) private view returns (bytes memory) {
        ServiceBook storage service = served[id - 1];
        if (calls == 0) return abi.encodeWithSelector(ServiceRegistry.ServiceRegistry_NoCalls.selector, id);
        if (!service.active) return abi.encodeWithSelector(ServiceRegistry.ServiceRegistry_Inactive.selector, id);
        if (isBarred[service.operator]) return _notEligible(service.operator);
        if (cost == 0) return abi.encodeWithSelector(ServiceRegistry.ServiceRegistry_NothingToPay.selector, id);
        if (cost <= maximum) return "";
        return abi.encodeWithSelector(ServiceRegistry.ServiceRegistry_AboveMaximum.selector, cost, maximum);
    }

    function _policyError(Policy memory p) private pure returns (bytes memory) {
        if (uint160(uint256(p.treasury)) == 0) {
            return abi.encodeWithSelector(FeePolicy.FeePolicy_ZeroTreasury.selector);
        }
        if (p.treasuryBps > 1_000) return _aboveCapOf("treasuryBps", p.treasuryBps, 1_000);
        if (p.operatorBps > 8_000) return _aboveCapOf("operatorBps", p.operatorBps, 8_000);
        if (p.stakersBps > 3_000) return _aboveCapOf("stakersBps", p.stakersBps, 3_000);
        uint256 sum = uint256(p.treasuryBps) + p.operatorBps + p.stakersBps;
        if (sum > 9_000) return _aboveCapOf("sumBps", sum, 9_000);
        if (p.platformFee > 1e18) return _aboveCapOf("platformFee", p.platformFee, 1e18);
        return "";
    }

    function _notGovernor(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    function _aboveCapOf(string memory part, uint256 value, uint256 cap) private pure returns (bytes memory) {
        return abi.encodeWithSelector(FeePolicy.FeePolicy_AboveCap.selector, part, value, cap);
    }

    function _notEligible(address operator) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ServiceRegistry.ServiceRegistry_NotEligible.selector, operator);
    }

    function _noSplit(uint256 id, uint256 version) private pure returns (bytes memory) {
        return abi.encodeWithSelector(AssetRegistry.AssetRegistry_NoSplit.selector, id, version);
    }
}
