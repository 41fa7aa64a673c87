// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {AgentRegistry} from "../../../contracts/registry/AgentRegistry.sol";
import {AssetRegistry} from "../../../contracts/registry/AssetRegistry.sol";
import {DatanetRegistry} from "../../../contracts/registry/DatanetRegistry.sol";
import {FeePolicy} from "../../../contracts/registry/FeePolicy.sol";
import {Builder, Lineage, Upstream} from "../../../contracts/registry/LineageRegistry.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {Quote, ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {Defence} from "../../twins/generated/Defence.sol";
import {WideToken} from "../ledger/WideToken.sol";
import {createRegistries, firstFees, govern, TREASURY} from "../registry/Registry.t.sol";
import {RegistryHandlers} from "../registry/RegistryHandlers.sol";
import {ADMIN, EligibilityList, PARAMETERS, Registries, RegistryWorld} from "../registry/RegistryWorld.sol";
import {Harness} from "./Harness.sol";

/// @notice The campaign's subject, and what goes wrong with the registries under it.
contract MeddledSubject is RegistryHandlers {
    constructor(Registries memory registries) RegistryWorld(registries) {}

    /// @notice Looks at everything, as after a call that was nobody's.
    function look() external {
        step = Step(false, address(0), 0);
        _checkRegistries();
    }

    /// @notice Calls a view and turns over bits of the last storage word that it read from `target`.
    function meddle(address target, address asked, bytes memory question, uint256 bits) public {
        VM.record();
        (bool ok, ) = asked.staticcall(question);
        (bytes32[] memory reads, ) = VM.accesses(target);
        ok;
        bytes32 slot = reads[reads.length - 1];
        VM.store(target, slot, VM.load(target, slot) ^ bytes32(bits));
    }

    function meddleWithLog() external {
        meddle(address(datanets), address(datanets), abi.encodeCall(datanets.logOf, (1)), 1 << 64);
    }

    function meddleWithQueue() external {
        meddle(address(datanets), address(datanets), abi.encodeCall(datanets.queueOf, (1)), 1 << 64);
    }

    function meddleWithVersion() external {
        meddle(address(models), address(models), abi.encodeCall(AssetRegistry.splitOf, (1, 1)), 1);
    }

    /// @dev A version that should have no split gets one.
    function meddleWithEmptyVersion() external {
        bytes32[] storage splits = assets[Where.Datanets][0].splits;
        splits.push(0);
        bytes memory question = abi.encodeCall(AssetRegistry.splitOf, (1, splits.length));
        meddle(address(datanets), address(datanets), question, 1);
    }

    function meddleWithVersionCount() external {
        meddle(address(models), address(models), abi.encodeCall(AssetRegistry.latestVersion, (1)), 1);
    }

    function meddleWithOwner() external {
        meddle(address(models), address(models), abi.encodeWithSignature("ownerOf(uint256)", 1), 1);
    }

    function meddleWithTerms() external {
        meddle(address(models), address(models), abi.encodeCall(AssetRegistry.termsOf, (1)), uint256(0xc000) << 32);
    }

    function meddleWithLicensee() external {
        bytes memory question = abi.encodeCall(models.isLicensee, (1, actors[0]));
        meddle(address(models), address(models), question, 1);
    }

    function meddleWithCuration() external {
        meddle(address(datanets), address(datanets), abi.encodeCall(datanets.curationOf, (1)), 0xc000 << 160);
    }

    function meddleWithArbiter() external {
        meddle(address(datanets), address(datanets), abi.encodeCall(datanets.arbiterOf, (1)), 1);
    }

    /// @dev As if somebody were in the log who never agreed.
    function forgetConsent() external {
        for (uint256 id = 1; id <= nets.length; ++id) {
            if (nets[id - 1].log.length == 0) continue;
            consented[_consent(id, nets[id - 1].log[0].contributor, nets[id - 1].log[0].evidence)] = false;
        }
    }

    function meddleWithAgentWallet() external {
        uint256 id = 1;
        while (agentWallet[id] == address(0)) ++id;
        meddle(address(agents), address(agents), abi.encodeCall(agents.getAgentWallet, (id)), 1 << 255);
    }

    function meddleWithPolicy() external {
        bytes memory question = abi.encodeCall(feePolicy.policyAt, (1));
        meddle(address(feePolicy), address(feePolicy), question, uint256(1) << 120);
    }

    /// @dev The stakers' part of the first policy becomes 56 %.
    function meddleWithParts() external {
        _meddleWithPolicyWord(uint256(500) | (3_000 << 16) | (500 << 32), uint256(0x1400) << 32);
    }

    function meddleWithTreasury() external {
        _meddleWithPolicyWord(0x77, 1);
    }

    function _meddleWithPolicyWord(uint256 start, uint256 bits) private {
        VM.record();
        feePolicy.policyAt(1);
        (bytes32[] memory reads, ) = VM.accesses(address(feePolicy));
        for (uint256 i = 0; i < reads.length; ++i) {
            uint256 word = uint256(VM.load(address(feePolicy), reads[i]));
            if (uint48(word) != start) continue;
            VM.store(address(feePolicy), reads[i], bytes32(word ^ bits));
            return;
        }
        revert("no such word");
    }

    function meddleWithService() external {
        meddle(address(services), address(services), abi.encodeCall(services.serviceOf, (1)), 1);
    }

    function meddleWithGovernor() external {
        // The second from which it holds the role.
        meddle(address(access), address(access), abi.encodeCall(access.hasRole, (PARAMETERS, governor)), 1 << 40);
    }

    function giveTokensToARegistry() external {
        VM.prank(actors[0]);
        token.transfer(address(services), 1);
    }

    /// @dev Money that nobody paid through a registry.
    function payPastTheRegistries() external {
        VM.prank(actors[0]);
        token.approve(address(ledger), 1);
        VM.prank(actors[0]);
        ledger.pay(made[0].id, 1, 0, 0);
    }

    function meddleWithDrawn() external {
        for (uint256 i = 0; i < made.length; ++i) {
            (uint256 amount, , ) = ledger.received(made[i].id);
            if (amount < 1_000) continue;
            meddle(address(ledger), address(ledger), abi.encodeCall(ledger.drawn, (made[i].id, 0)), 100);
            return;
        }
    }

    // ------------------------------------------------------------------ laws about one call

    /// @dev The last one because nothing has been released yet.
    function lawsThatDoNotHold() external view returns (bool[11] memory) {
        Share[] memory shares = new Share[](2);
        shares[0] = Share(Kind.Account, accountOf(0), 9_999, 0);
        shares[1] = Share(Kind.Split, keccak256("not made yet"), 1, 0);
        Share[] memory bare = new Share[](1);
        bare[0] = Share(Kind.Account, 0, 1, 0);

        Lineage memory lineage;
        lineage.builders = new Builder[](1);
        lineage.builders[0] = Builder(accountOf(0), 9_999, 0);
        lineage.upstreams = new Upstream[](1);
        (uint256 id, address owner) = _demandingModel();
        lineage.upstreams[0] = Upstream(models, id, 1, 1);

        return
            [
                G01_outcomesAreExact(false, "one error", "another"),
                G25_quotesAreThePriceRoundedUp(Quote(0, type(uint128).max, 0, 0), 1, 1, 1, 1),
                G26_aForkPaysItsParentEnough(shares, id),
                G27_licencesAreHonoured(lineage, owner),
                G28_lineageHasNoCycles(shares),
                G29_noShareIsWithoutUnitsOrOwner(bare),
                G30_payersPayTheCostAndNoMore(3, abi.encode(2), 2, 2),
                G32_everySplitKeepsLessThanAUnitPerShare(),
                G33_onlyThoseWhoMaySucceed(true, false),
                G35_quotesNameTheSplitsInForce(Quote(0, 0, 0, 0), 1),
                G36_paymentsReachTheSplitsQuoted([uint256(0), 0, 0, 0], [uint256(1), 1, 0, 0], Quote(0, 1, 0, 0), 2)
            ];
    }

    function accountOf(uint256 actor) public view returns (bytes32) {
        return _wallet(actors[actor]);
    }

    function _demandingModel() private view returns (uint256 id, address owner) {
        for (id = 1; id <= assets[Where.Models].length; ++id) {
            if (models.termsOf(id).minShareBps > 1) return (id, models.ownerOf(id));
        }
        revert("no model asks for a share");
    }
}

/// @notice Puts the twin of the registries, which goes without one of its defences, in their place. In a contract of its own,
/// because memory that a call has used is free again after it.
contract WeakRegistries {
    /// @dev Where `test/mocks/Weakness.sol` looks.
    bytes32 private constant SLOT = keccak256("weakness");

    function deploy(WideToken token, Defence missing) external returns (Registries memory r) {
        r.ledger = new AttributionLedger(token);
        r.datanets = DatanetRegistry(_deploy("DatanetRegistry", abi.encode(r.ledger), missing));
        r.models = ModelRegistry(_deploy("ModelRegistry", abi.encode(r.datanets), missing));
        r.agents = AgentRegistry(_deploy("AgentRegistry", abi.encode(r.datanets, r.models), missing));
        r.access = new AccessManager(ADMIN);
        r.policy = FeePolicy(_deploy("FeePolicy", abi.encode(r.access, TREASURY, firstFees()), missing));
        govern(r);
        r.eligibility = new EligibilityList();
        bytes memory args = abi.encode(r.ledger, r.policy, r.models, r.agents, r.eligibility);
        r.services = ServiceRegistry(_deploy("ServiceRegistry", args, missing));
    }

    /// @dev By the artifact: this test would take twice as long to compile with the source of the twin.
    function _deploy(string memory name, bytes memory args, Defence missing) private returns (address deployed) {
        bytes memory code = bytes.concat(VM.getCode(string.concat("RegistryTwin.sol:", name, "_Weak")), args);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        VM.store(deployed, SLOT, bytes32(uint256(missing)));
    }
}

/// @title The campaign on the registries finds every defence that is missing
contract RegistryHarness is Harness(120) {
    WeakRegistries private immutable weak = new WeakRegistries();

    function _plant() internal override {
        _holds();
        _plantInContributions();
        _plantInCuration();
        _plantInAssets();
        _plantInAgents();
        _plantInPolicies();
        _plantInServices();
    }

    function _plantInContributions() private {
        _breaks(Defence.unsigned, "G01G11");
        _breaks(Defence.signedForFirstDatanet, "G01");
        _breaks(Defence.noChainInDomain, "G01");
        _breaks(Defence.noContractInDomain, "G01");
        _breaks(Defence.malleableSignatures, "G01");
        _breaks(Defence.compactSignatures, "G01");
        _breaks(Defence.nobodySigns, "G01G11");
        _breaks(Defence.anyContractSigns, "G01G11");
        _breaks(Defence.unsubmitted, "G01G03G11");
        _breaks(Defence.anyLog, "G01");
        _breaks(Defence.noContributorInQueue, "G01G11");
        _breaks(Defence.noEvidenceInQueue, "G01G11");
        _breaks(Defence.decidesAgain, "G01G03");
        _breaks(Defence.rejectsBeforehand, "G01G03");
        _breaks(Defence.anyUri, "G01");
        _breaks(Defence.emptyContent, "G01");
        _breaks(Defence.noEvidenceInLog, "G01G04G18G23G31G35");
        _breaks(Defence.spareSignatureBytes, "G01");
    }

    function _plantInCuration() private {
        _breaks(Defence.anyoneCurates, "G01G33");
        _breaks(Defence.noOwnerCap, "G01G09");
        _breaks(Defence.noCuratorCap, "G01G09");
        _breaks(Defence.anyoneRevokes, "G01G33");
        _breaks(Defence.revokesAgain, "G01");
        _breaks(Defence.noLogProof, "G01");
        _breaks(Defence.noLogRange, "G01");
    }

    function _plantInAssets() private {
        _breaks(Defence.anyoneOwns, "G01G33");
        _breaks(Defence.paysNobody, "G01G05G31");
        _breaks(Defence.anyTerms, "G01G12");
        _breaks(Defence.noLicence, "G01G27");
        _breaks(Defence.licencesForEver, "G08");
        _breaks(Defence.versionsChange, "G01G04G06G18G23G31G35");
        _breaks(Defence.noLeastShare, "G01G27");
        _breaks(Defence.leastShareRoundsDown, "G01G27");
        _breaks(Defence.anyUpstream, "G01");
        _breaks(Defence.noUnits, "G01G29");
        _breaks(Defence.noBuilder, "G01G29");
        _breaks(Defence.licenceOfCaller, "G01");
        _breaks(Defence.forkAtAnyShare, "G01");
    }

    function _plantInAgents() private {
        _breaks(Defence.noWalletConsent, "G01");
        _breaks(Defence.noOwnerInConsent, "G01");
        _breaks(Defence.consentToFirstAgent, "G01");
        _breaks(Defence.keepsWallet, "G13");
        _breaks(Defence.noReservedKey, "G01G13");
        _breaks(Defence.consentForEver, "G01");
        _breaks(Defence.anyDeadline, "G01");
    }

    function _plantInPolicies() private {
        _breaks(Defence.noTreasuryCap, "G01G16");
        _breaks(Defence.noOperatorCap, "G01");
        _breaks(Defence.noStakersCap, "G01G16");
        _breaks(Defence.noSumCap, "G01G16G19");
        _breaks(Defence.noPlatformFeeCap, "G01G16");
        _breaks(Defence.noTreasury, "G01G16");
        _breaks(Defence.anyoneGoverns, "G01G33");
        _breaks(Defence.onePolicy, "rev");
    }

    function _plantInServices() private {
        _breaks(Defence.anyoneServes, "G01");
        _breaks(Defence.noMaximum, "G01G30G36");
        _breaks(Defence.anyoneOperates, "G01G33");
        _breaks(Defence.anyServedRegistry, "G01");
        _breaks(Defence.neverInactive, "G01G36");
        _breaks(Defence.quotesRoundDown, "G01G23G25G30G31G36");
        _breaks(Defence.noCalls, "G01");
        _breaks(Defence.servingNeedsLicence, "rev");
    }

    function _breaks(Defence missing, bytes memory names) private {
        _breaks(uint256(missing), names);
    }

    function _create(uint256 missing) internal override returns (Subject) {
        WideToken token = new WideToken(address(this));
        MeddledSubject subject = new MeddledSubject(weak.deploy(token, Defence(missing)));
        token.transfer(address(subject), token.totalSupply());
        subject.open();
        return subject;
    }
}

/// @title Every property of the registries can break
/// @notice After many calls that left everything in order, one thing is put out of order, and the property that should
/// notice does.
contract RegistryPropertiesHarness {
    MeddledSubject private subject;

    function setUp() public {
        WideToken token = new WideToken(address(this));
        subject = new MeddledSubject(createRegistries(token));
        token.transfer(address(subject), token.totalSupply());
        subject.open();
        bytes4[] memory handlers = subject.handlers();
        for (uint256 i = 0; i < 200; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            (bool ok, ) = address(subject).call(abi.encodeWithSelector(handlers[seed % handlers.length], seed));
            require(ok, "a handler reverts");
        }
    }

    function test_logs() public {
        subject.meddleWithLog();
        _requireBroken("G02");
    }

    function test_queues() public {
        subject.meddleWithQueue();
        _requireBroken("G03");
    }

    function test_versions() public {
        subject.meddleWithVersion();
        _requireBroken("G04");
    }

    function test_emptyVersions() public {
        subject.meddleWithEmptyVersion();
        _requireBroken("G05");
    }

    function test_versionCounts() public {
        subject.meddleWithVersionCount();
        _requireBroken("G06");
        _requireBroken("G14");
    }

    function test_owners() public {
        subject.meddleWithOwner();
        _requireBroken("G07");
        _requireBroken("G14");
    }

    function test_terms() public {
        subject.meddleWithTerms();
        _requireBroken("G07");
        _requireBroken("G12");
    }

    function test_licensees() public {
        subject.meddleWithLicensee();
        _requireBroken("G08");
    }

    function test_curation() public {
        subject.meddleWithCuration();
        _requireBroken("G09");
    }

    function test_arbiters() public {
        subject.meddleWithArbiter();
        _requireBroken("G10");
    }

    function test_consent() public {
        subject.forgetConsent();
        _requireBroken("G11");
    }

    function test_agentWallets() public {
        subject.meddleWithAgentWallet();
        _requireBroken("G13");
    }

    function test_policies() public {
        subject.meddleWithPolicy();
        _requireBroken("G15");
        _requireBroken("G16");
    }

    function test_parts() public {
        subject.meddleWithParts();
        _requireBroken("G15");
        _requireBroken("G16");
        _requireBroken("G18");
        _requireBroken("G19");
        _requireBroken("G20");
    }

    function test_treasuries() public {
        subject.meddleWithTreasury();
        _requireBroken("G21");
    }

    function test_governors() public {
        subject.meddleWithGovernor();
        _requireBroken("G34");
    }

    function test_services() public {
        subject.meddleWithService();
        _requireBroken("G17");
    }

    function test_tokensOnRegistries() public {
        subject.giveTokensToARegistry();
        _requireBroken("G22");
    }

    function test_paymentsPastTheRegistries() public {
        subject.payPastTheRegistries();
        _requireBroken("G23");
        _requireBroken("G24");
    }

    function test_drawn() public {
        subject.meddleWithDrawn();
        try subject.finish() {} catch {}
        _requireBroken("G31");
    }

    function test_lawsAboutOneCall() public view {
        bool[11] memory held = subject.lawsThatDoNotHold();
        for (uint256 i = 0; i < held.length; ++i) require(!held[i], "holds although it should not");
    }

    function _requireBroken(bytes3 name) private {
        subject.look();
        string[] memory broken = subject.brokenProperties();
        for (uint256 i = 0; i < broken.length; ++i) {
            if (bytes3(bytes(broken[i])) == name) return;
        }
        revert(string.concat(string(abi.encodePacked(name)), " did not break"));
    }
}
