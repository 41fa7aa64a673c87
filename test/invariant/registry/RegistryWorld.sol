// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {AgentRegistry} from "../../../contracts/registry/AgentRegistry.sol";
import {AssetRegistry, Terms} from "../../../contracts/registry/AssetRegistry.sol";
import {Contribution, Curation, DatanetRegistry} from "../../../contracts/registry/DatanetRegistry.sol";
import {FeePolicy, Policy} from "../../../contracts/registry/FeePolicy.sol";
import {IOperatorEligibility} from "../../../contracts/registry/IOperatorEligibility.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {ServiceRegistry} from "../../../contracts/registry/ServiceRegistry.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {ContractWallet} from "../ledger/ContractWallet.sol";

/// @notice Lets operators serve or not, as the campaign decides.
contract EligibilityList is IOperatorEligibility {
    mapping(address operator => bool) private barred;

    function bar(address operator, bool on) external {
        barred[operator] = on;
    }

    function isEligible(address operator) external view returns (bool) {
        return !barred[operator];
    }
}

/// @dev Says who may change the policy.
address constant ADMIN = address(0xad);

/// @dev Role of those who may.
uint64 constant PARAMETERS = 1;

/// @notice All registries around one ledger.
struct Registries {
    AttributionLedger ledger;
    DatanetRegistry datanets;
    ModelRegistry models;
    AgentRegistry agents;
    AccessManager access;
    FeePolicy policy;
    ServiceRegistry services;
    EligibilityList eligibility;
}

/// @title Who and what a campaign on the registries is about, and what should be in them
/// @notice Plain books: lists instead of frontiers and queues of hashes, and for every version the shares behind it.
abstract contract RegistryWorld is Subject {
    using Random for Source;

    enum Where {
        Datanets,
        Models,
        Agents
    }

    /// @param splits Split id of each version; zero for one without units.
    struct Asset {
        address owner;
        Terms terms;
        bytes32[] splits;
    }

    struct Datanet {
        Curation curation;
        address arbiter;
        Contribution[] log;
        Contribution[] queue;
        uint256 decided;
    }

    struct ServiceBook {
        address operator;
        bool active;
        Where where;
        uint256 assetId;
        uint256 assetVersion;
        uint128 rateIn;
        uint128 rateOut;
    }

    /// @dev A split that was made on the way. The list is in order: a split's shares lead to earlier ones only.
    struct Made {
        bytes32 id;
        address arbiter;
        Share[] shares;
    }

    /// @dev What one call was about.
    struct Step {
        bool failed;
        address registry;
        uint256 id;
    }

    uint256 internal constant ACTORS = 10;

    AttributionLedger internal immutable ledger;
    DatanetRegistry internal immutable datanets;
    ModelRegistry internal immutable models;
    AgentRegistry internal immutable agents;
    AccessManager internal immutable access;
    FeePolicy internal immutable feePolicy;
    ServiceRegistry internal immutable services;
    EligibilityList internal immutable eligibility;
    IERC20 internal immutable token;

    address[] internal actors;
    mapping(address actor => uint256) internal keyOf;

    mapping(Where where => Asset[]) internal assets;
    mapping(Where where => mapping(uint256 id => mapping(address licensee => bool))) internal licensed;
    mapping(Where where => mapping(address owner => mapping(address operator => bool))) internal acts;
    Datanet[] internal nets;
    ServiceBook[] internal served;
    Policy[] internal policies;
    mapping(uint256 agentId => address) internal agentWallet;
    mapping(uint256 agentId => bytes) internal agentNote;
    mapping(address operator => bool) internal isBarred;
    address internal governor;

    /// @dev Who has signed or submitted what to which Datanet.
    mapping(bytes32 consent => bool) internal consented;

    Made[] internal made;
    mapping(bytes32 id => bool) internal isMade;
    mapping(bytes32 id => uint256) internal paid;
    uint256 internal paidInAll;

    bytes32[] internal payees;
    mapping(bytes32 account => bool) internal isPayee;

    Step internal step;

    constructor(Registries memory registries) {
        ledger = registries.ledger;
        datanets = registries.datanets;
        models = registries.models;
        agents = registries.agents;
        access = registries.access;
        feePolicy = registries.policy;
        services = registries.services;
        eligibility = registries.eligibility;
        token = registries.ledger.token();
        policies.push(registries.policy.policyAt(1));
        governor = ADMIN;
        for (uint256 i = 0; i < ACTORS; ++i) {
            uint256 key = uint256(keccak256(abi.encode("actor", i)));
            address actor = i == ACTORS - 1 ? address(new ContractWallet(VM.addr(key))) : VM.addr(key);
            actors.push(actor);
            keyOf[actor] = key;
            VM.prank(actor);
            token.approve(address(registries.datanets), type(uint256).max);
            VM.prank(actor);
            token.approve(address(registries.services), type(uint256).max);
        }
    }

    /// @notice Spreads the tokens that this contract holds over all actors. Call it once, first.
    function open() external {
        for (uint256 i = 0; i < ACTORS; ++i) token.transfer(actors[i], token.totalSupply() / ACTORS);
    }

    // ------------------------------------------------------------------ splits as they should be

    function _registry(Where where) internal view returns (AssetRegistry) {
        if (where == Where.Datanets) return datanets;
        return where == Where.Models ? AssetRegistry(models) : AssetRegistry(agents);
    }

    /// @dev Books the next version of a Datanet: its log as it is now, wrapped if owner or curator take a share.
    function _bookDatanetVersion(uint256 id) internal {
        Datanet storage net = nets[id - 1];
        Share[] memory log = new Share[](net.log.length);
        uint256 units = 0;
        for (uint256 i = 0; i < log.length; ++i) {
            Contribution storage c = net.log[i];
            log[i] = Share(Kind.Account, _wallet(c.contributor), c.units, c.evidence);
            units += c.units;
        }
        Asset storage asset = assets[Where.Datanets][id - 1];
        if (units == 0) {
            asset.splits.push(0);
            return;
        }
        bytes32 logId = _make(log, net.arbiter);
        uint16 ownerBps = net.curation.ownerBps;
        uint16 curatorBps = net.curation.curatorBps;
        if (ownerBps == 0 && curatorBps == 0) {
            asset.splits.push(logId);
            return;
        }
        Share[] memory wrap = new Share[](3);
        wrap[0] = Share(Kind.Split, logId, 10_000 - ownerBps - curatorBps, 0);
        wrap[1] = Share(Kind.Account, _wallet(asset.owner), ownerBps, keccak256("datanet owner"));
        wrap[2] = Share(Kind.Account, _wallet(net.curation.curator), curatorBps, keccak256("datanet curator"));
        asset.splits.push(_make(wrap, net.arbiter));
    }

    /// @dev The shares of a service under a policy.
    function _serviceShares(uint256 serviceId, uint256 policyVersion) internal view returns (Share[] memory shares) {
        ServiceBook storage service = served[serviceId - 1];
        Policy storage policy = policies[policyVersion - 1];
        bytes32 evidence = keccak256(abi.encode(block.chainid, address(services), serviceId, policyVersion));
        uint128 rest = 10_000 - policy.treasuryBps - policy.operatorBps - policy.stakersBps;
        bytes32 asset = assets[service.where][service.assetId - 1].splits[service.assetVersion - 1];
        bytes32 stakers = bytes32(abi.encodePacked(uint96(uint160(service.operator)), address(services.staking())));
        shares = new Share[](4);
        shares[0] = Share(Kind.Account, policy.treasury, policy.treasuryBps, evidence);
        shares[1] = Share(Kind.Account, _wallet(service.operator), policy.operatorBps, evidence);
        shares[2] = Share(Kind.Account, stakers, policy.stakersBps, evidence);
        shares[3] = Share(Kind.Split, asset, rest, evidence);
    }

    function _platformShares(uint256 policyVersion) internal view returns (Share[] memory shares) {
        bytes32 evidence = keccak256(abi.encode(block.chainid, address(services), uint256(0), policyVersion));
        shares = new Share[](1);
        shares[0] = Share(Kind.Account, policies[policyVersion - 1].treasury, 1, evidence);
    }

    /// @dev Keeps a split's shares, so that what it receives can be released at the end.
    function _make(Share[] memory shares, address arbiter) internal returns (bytes32 id) {
        id = PlainTree.splitIdOf(shares, arbiter);
        if (isMade[id]) return id;
        isMade[id] = true;
        Made storage split = made.push();
        (split.id, split.arbiter) = (id, arbiter);
        for (uint256 i = 0; i < shares.length; ++i) {
            split.shares.push(shares[i]);
            if (shares[i].kind == Kind.Split || isPayee[shares[i].recipient]) continue;
            isPayee[shares[i].recipient] = true;
            payees.push(shares[i].recipient);
        }
    }

    function _bookPayment(bytes32 id, uint256 amount) internal {
        paid[id] += amount;
        paidInAll += amount;
    }

    // ------------------------------------------------------------------ choosing

    function _wallet(address owner) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(owner)));
    }

    function _actor(Source memory source) internal view returns (address) {
        return actors[source.below(ACTORS)];
    }

    /// @dev Mostly the one who may.
    function _mostly(Source memory source, address right) internal view returns (address) {
        return source.oneIn(8) ? _actor(source) : right;
    }

    /// @dev Mostly an asset's owner, often somebody who may act for it, seldom a stranger.
    function _mostlyOwner(Source memory source, Where where, uint256 id) internal view returns (address) {
        address owner = assets[where][id - 1].owner;
        if (!source.oneIn(3)) return _mostly(source, owner);
        uint256 start = source.below(ACTORS);
        for (uint256 i = 0; i < ACTORS; ++i) {
            address actor = actors[(start + i) % ACTORS];
            if (acts[where][owner][actor]) return actor;
        }
        return owner;
    }

    function _mayAct(Where where, uint256 id, address caller) internal view returns (bool) {
        address owner = assets[where][id - 1].owner;
        return caller == owner || acts[where][owner][caller];
    }

    function _consent(uint256 id, address contributor, bytes32 evidence) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, contributor, evidence));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _domain(string memory name, address verifier) internal view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256(bytes(name)),
                    keccak256("1"),
                    block.chainid,
                    verifier
                )
            );
    }
}
