// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Kind, MerkleSumTree, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {AgentRegistry} from "../../../contracts/registry/AgentRegistry.sol";
import {AssetRegistry, Terms} from "../../../contracts/registry/AssetRegistry.sol";
import {Builder, Lineage, LineageRegistry, Upstream} from "../../../contracts/registry/LineageRegistry.sol";
import {ModelRegistry} from "../../../contracts/registry/ModelRegistry.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {DatanetHandlers} from "./DatanetHandlers.sol";

/// @title Everything that somebody can do to models and agents, and to assets in general
abstract contract LineageHandlers is DatanetHandlers {
    using Random for Source;

    uint256 private constant MOST_MODELS = 6;
    uint256 private constant MOST_AGENTS = 4;
    uint256 private constant MOST_VERSIONS = 4;

    // ------------------------------------------------------------------ versions

    function registerModel(uint256 seed) external {
        if (assets[Where.Models].length == MOST_MODELS) return;
        Source memory source = Random.from(seed);
        address owner = _actor(source);
        Terms memory terms = _randomTerms(source);
        Lineage memory lineage = _randomLineage(source, Where.Models, owner);
        bytes memory expected = _termsError(terms);
        if (expected.length == 0) expected = _lineageError(Where.Models, lineage, owner);
        (bool ok, ) = _do(
            owner,
            address(models),
            assets[Where.Models].length + 1,
            abi.encodeCall(models.register, (terms, lineage)),
            expected
        );
        if (ok) _bookVersion(Where.Models, _bookAsset(Where.Models, owner, terms), lineage);
        _checkRegistries();
    }

    function registerAgent(uint256 seed) external {
        if (assets[Where.Agents].length == MOST_AGENTS) return;
        Source memory source = Random.from(seed);
        address owner = _actor(source);
        uint256 id = assets[Where.Agents].length + 1;
        bool ok;
        if (source.oneIn(3)) {
            (ok, ) = _do(owner, address(agents), id, abi.encodeWithSignature("register()"), "");
            if (ok) _bookAsset(Where.Agents, owner, Terms(0, false));
        } else {
            Terms memory terms = _randomTerms(source);
            Lineage memory lineage = _randomLineage(source, Where.Agents, owner);
            bytes memory expected = _termsError(terms);
            if (expected.length == 0) expected = _lineageError(Where.Agents, lineage, owner);
            (ok, ) = _do(owner, address(agents), id, _registerAgentCall(terms, lineage), expected);
            if (ok) _bookVersion(Where.Agents, _bookAsset(Where.Agents, owner, terms), lineage);
        }
        if (ok) agentWallet[id] = owner;
        _checkRegistries();
    }

    function publish(uint256 seed) external {
        Source memory source = Random.from(seed);
        Where where = source.oneIn(2) ? Where.Models : Where.Agents;
        if (assets[where].length == 0) return;
        uint256 id = source.between(1, assets[where].length);
        Asset storage asset = assets[where][id - 1];
        if (asset.splits.length >= MOST_VERSIONS) return;
        address caller = _mostlyOwner(source, where, id);
        Lineage memory lineage = _randomLineage(source, where, asset.owner);
        bytes memory expected =
            _mayAct(where, id, caller) ? _lineageError(where, lineage, asset.owner) : _notOwner(id, caller);
        (bool ok, ) = _do(
            caller,
            address(_registry(where)),
            id,
            abi.encodeCall(LineageRegistry.publish, (id, lineage)),
            expected
        );
        if (ok) _bookVersion(where, id, lineage);
        _checkRegistries();
    }

    function fork(uint256 seed) external {
        if (assets[Where.Models].length == 0 || assets[Where.Models].length == MOST_MODELS) return;
        Source memory source = Random.from(seed);
        address owner = _actor(source);
        uint256 parentId = source.between(1, assets[Where.Models].length);
        Asset storage parent = assets[Where.Models][parentId - 1];
        Terms memory terms = parent.terms;
        uint256 version = source.between(1, parent.splits.length + (source.oneIn(8) ? 1 : 0));
        uint16 parentBps = terms.minShareBps > 1_000 ? terms.minShareBps : 1_000;
        uint16 maxParentBps = source.oneIn(6) ? parentBps - 1 : uint16(source.between(parentBps, 10_000));
        bytes memory expected =
            parentBps > maxParentBps
                ? abi.encodeWithSelector(ModelRegistry.ModelRegistry_ParentShareAbove.selector, parentBps, maxParentBps)
                : _licenceError(Where.Models, parentId, version, owner);
        (bool ok, ) = _do(
            owner,
            address(models),
            assets[Where.Models].length + 1,
            abi.encodeCall(models.fork, (parentId, version, maxParentBps, "ipfs://fork", bytes32(seed))),
            expected
        );
        if (ok) {
            Share[] memory shares = new Share[](2);
            shares[0] = Share(Kind.Account, _wallet(owner), 10_000 - parentBps, bytes32(seed));
            shares[1] = _upstreamShare(Upstream(models, parentId, version, parentBps));
            uint256 id = _bookAsset(Where.Models, owner, terms);
            assets[Where.Models][id - 1].splits.push(_make(shares, address(0)));
            _hold(G26_aForkPaysItsParentEnough(shares, parentId), "G26_aForkPaysItsParentEnough");
        }
        _checkRegistries();
    }

    // ------------------------------------------------------------------ assets

    function setTerms(uint256 seed) external {
        (Source memory source, Where where, uint256 id) = _anyAsset(seed);
        if (id == 0) return;
        address caller = _mostlyOwner(source, where, id);
        Terms memory terms = _randomTerms(source);
        bytes memory expected = _mayAct(where, id, caller) ? _termsError(terms) : _notOwner(id, caller);
        (bool ok, ) = _do(
            caller,
            address(_registry(where)),
            id,
            abi.encodeCall(AssetRegistry.setTerms, (id, terms)),
            expected
        );
        if (ok) assets[where][id - 1].terms = terms;
        _checkRegistries();
    }

    function setLicensee(uint256 seed) external {
        (Source memory source, Where where, uint256 id) = _anyAsset(seed);
        if (id == 0) return;
        address caller = _mostlyOwner(source, where, id);
        address licensee = _actor(source);
        bool allowed = !source.oneIn(3);
        // Rather taken from somebody who has it.
        for (uint256 i = 0; i < ACTORS && !allowed && !licensed[where][id][licensee]; ++i) licensee = actors[i];
        (bool ok, ) = _do(
            caller,
            address(_registry(where)),
            id,
            abi.encodeCall(AssetRegistry.setLicensee, (id, licensee, allowed)),
            _mayAct(where, id, caller) ? new bytes(0) : _notOwner(id, caller)
        );
        if (ok) licensed[where][id][licensee] = allowed;
        _checkRegistries();
    }

    function transferAsset(uint256 seed) external {
        (Source memory source, Where where, uint256 id) = _anyAsset(seed);
        if (id == 0) return;
        Asset storage asset = assets[where][id - 1];
        address caller = _mostlyOwner(source, where, id);
        address to = _actor(source);
        (bool ok, ) = _do(
            caller,
            address(_registry(where)),
            id,
            abi.encodeWithSignature("transferFrom(address,address,uint256)", asset.owner, to, id),
            _mayAct(where, id, caller)
                ? new bytes(0)
                : abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, caller, id)
        );
        if (ok) {
            asset.owner = to;
            if (where == Where.Agents) agentWallet[id] = address(0);
        }
        _checkRegistries();
    }

    /// @dev Whom an owner names may act for all its assets, those it gets later, too.
    function approveOperator(uint256 seed) external {
        (Source memory source, Where where, uint256 id) = _anyAsset(seed);
        if (id == 0) return;
        address owner = assets[where][id - 1].owner;
        address operator = _actor(source);
        bool approved = !source.oneIn(4);
        (bool ok, ) = _do(
            owner,
            address(_registry(where)),
            id,
            abi.encodeWithSignature("setApprovalForAll(address,bool)", operator, approved),
            ""
        );
        if (ok) acts[where][owner][operator] = approved;
        _checkRegistries();
    }

    /// @dev With the wallet's consent; sometimes another key's, too late or too far ahead, or no longer the owner.
    function setAgentWallet(uint256 seed) external {
        if (assets[Where.Agents].length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, assets[Where.Agents].length);
        address owner = assets[Where.Agents][id - 1].owner;
        address caller = _mostlyOwner(source, Where.Agents, id);
        address wallet = _actor(source);
        bool stranger = source.oneIn(6);
        uint256 deadline = block.timestamp + source.below(source.oneIn(6) ? 1_000 : 301);
        if (source.oneIn(8)) deadline = block.timestamp - 1;
        bytes memory expected;
        if (!_mayAct(Where.Agents, id, caller)) {
            expected = _notOwner(id, caller);
        } else if (deadline < block.timestamp || deadline > block.timestamp + 300) {
            expected = abi.encodeWithSelector(
                AgentRegistry.AgentRegistry_BadDeadline.selector,
                deadline,
                block.timestamp
            );
        } else if (stranger) {
            expected = abi.encodeWithSelector(AgentRegistry.AgentRegistry_BadWalletSignature.selector, id, wallet);
        }
        bytes memory signature = _sign(stranger ? 1 : keyOf[wallet], _walletDigest(id, wallet, owner, deadline));
        (bool ok, ) = _do(
            caller,
            address(agents),
            id,
            abi.encodeCall(agents.setAgentWallet, (id, wallet, deadline, signature)),
            expected
        );
        if (ok) agentWallet[id] = wallet;
        _checkRegistries();
    }

    /// @dev Also under the key that needs the wallet's consent.
    function setMetadata(uint256 seed) external {
        if (assets[Where.Agents].length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, assets[Where.Agents].length);
        address caller = _mostlyOwner(source, Where.Agents, id);
        bool reserved = source.oneIn(3);
        string memory key = reserved ? "agentWallet" : "note";
        bytes memory value = abi.encodePacked(_actor(source));
        bytes memory expected;
        if (!_mayAct(Where.Agents, id, caller)) {
            expected = _notOwner(id, caller);
        } else if (reserved) {
            expected = abi.encodeWithSelector(AgentRegistry.AgentRegistry_ReservedKey.selector, key);
        }
        (bool ok, ) = _do(caller, address(agents), id, abi.encodeCall(agents.setMetadata, (id, key, value)), expected);
        if (ok && !reserved) agentNote[id] = value;
        _checkRegistries();
    }

    // ------------------------------------------------------------------ lineage as it should be

    function G26_aForkPaysItsParentEnough(Share[] memory shares, uint256 parentId) internal view returns (bool) {
        uint256 total = uint256(shares[0].units) + shares[1].units;
        uint256 minShareBps = assets[Where.Models][parentId - 1].terms.minShareBps;
        return shares[1].units * 10_000 >= total * minShareBps && shares[1].units * 10 >= total;
    }

    /// @dev Every upstream asset of a version has at least what its terms asked for at that moment, and let the owner
    /// build on it.
    function G27_licencesAreHonoured(Lineage memory lineage, address owner) internal view returns (bool) {
        uint256 total = 0;
        for (uint256 i = 0; i < lineage.builders.length; ++i) total += lineage.builders[i].units;
        for (uint256 i = 0; i < lineage.upstreams.length; ++i) total += lineage.upstreams[i].units;
        for (uint256 i = 0; i < lineage.upstreams.length; ++i) {
            Upstream memory u = lineage.upstreams[i];
            Terms memory terms = u.registry.termsOf(u.id);
            if (uint256(u.units) * 10_000 < total * terms.minShareBps) return false;
            if (terms.open || u.registry.ownerOf(u.id) == owner) continue;
            if (!u.registry.isLicensee(u.id, owner)) return false;
        }
        return true;
    }

    /// @dev Whatever is upstream was there before: {RegistryWorld-made} is in order.
    function G28_lineageHasNoCycles(Share[] memory shares) internal view returns (bool) {
        for (uint256 i = 0; i < shares.length; ++i) {
            if (shares[i].kind == Kind.Split && !isMade[shares[i].recipient]) return false;
        }
        return true;
    }

    function G29_noShareIsWithoutUnitsOrOwner(Share[] memory shares) internal pure returns (bool) {
        for (uint256 i = 0; i < shares.length; ++i) {
            if (shares[i].units == 0 || uint160(uint256(shares[i].recipient)) == 0) return false;
        }
        return true;
    }

    function _bookVersion(Where where, uint256 id, Lineage memory lineage) private {
        Share[] memory shares = _sharesOf(lineage);
        _hold(G27_licencesAreHonoured(lineage, assets[where][id - 1].owner), "G27_licencesAreHonoured");
        _hold(G28_lineageHasNoCycles(shares), "G28_lineageHasNoCycles");
        _hold(G29_noShareIsWithoutUnitsOrOwner(shares), "G29_noShareIsWithoutUnitsOrOwner");
        assets[where][id - 1].splits.push(_make(shares, lineage.arbiter));
    }

    function _bookAsset(Where where, address owner, Terms memory terms) private returns (uint256 id) {
        Asset storage asset = assets[where].push();
        (asset.owner, asset.terms) = (owner, terms);
        return assets[where].length;
    }

    function _sharesOf(Lineage memory lineage) internal view returns (Share[] memory shares) {
        uint256 n = lineage.builders.length;
        shares = new Share[](n + lineage.upstreams.length);
        for (uint256 i = 0; i < n; ++i) {
            Builder memory b = lineage.builders[i];
            shares[i] = Share(Kind.Account, b.account, b.units, b.evidence);
        }
        for (uint256 i = 0; i < lineage.upstreams.length; ++i) {
            shares[n + i] = _upstreamShare(lineage.upstreams[i]);
        }
    }

    function _upstreamShare(Upstream memory u) private view returns (Share memory) {
        bytes32 splitId = assets[_whereOf(u.registry)][u.id - 1].splits[u.version - 1];
        return Share(Kind.Split, splitId, u.units, keccak256(abi.encode(u.registry, u.id, u.version)));
    }

    function _lineageError(Where where, Lineage memory lineage, address owner) private view returns (bytes memory) {
        for (uint256 i = 0; i < lineage.builders.length; ++i) {
            if (uint160(uint256(lineage.builders[i].account)) == 0) {
                return abi.encodeWithSelector(LineageRegistry.LineageRegistry_ZeroBuilder.selector, i);
            }
        }
        for (uint256 i = 0; i < lineage.upstreams.length; ++i) {
            Upstream memory u = lineage.upstreams[i];
            if (!_isKnown(where, u.registry)) {
                return
                    abi.encodeWithSelector(
                        LineageRegistry.LineageRegistry_UnknownRegistry.selector,
                        address(u.registry)
                    );
            }
            bytes memory licence = _licenceError(_whereOf(u.registry), u.id, u.version, owner);
            if (licence.length != 0) return licence;
        }
        return _unitsError(lineage);
    }

    function _unitsError(Lineage memory lineage) private view returns (bytes memory) {
        Share[] memory shares = _sharesOf(lineage);
        if (shares.length == 0) return abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_Empty.selector);
        uint256 total = 0;
        for (uint256 i = 0; i < shares.length; ++i) {
            if (shares[i].units == 0) {
                return abi.encodeWithSelector(LineageRegistry.LineageRegistry_ZeroUnits.selector, i);
            }
            total += shares[i].units;
        }
        for (uint256 i = 0; i < lineage.upstreams.length; ++i) {
            Upstream memory u = lineage.upstreams[i];
            uint256 minShareBps = assets[_whereOf(u.registry)][u.id - 1].terms.minShareBps;
            if (uint256(u.units) * 10_000 < total * minShareBps) {
                return
                    abi.encodeWithSelector(
                        LineageRegistry.LineageRegistry_ShareBelowTerms.selector,
                        address(u.registry),
                        u.id,
                        uint256(u.units),
                        total,
                        minShareBps
                    );
            }
        }
        return "";
    }

    function _licenceError(
        Where where,
        uint256 id,
        uint256 version,
        address owner
    ) internal view returns (bytes memory) {
        Asset storage asset = assets[where][id - 1];
        if (version > asset.splits.length || asset.splits[version - 1] == 0) {
            return abi.encodeWithSelector(AssetRegistry.AssetRegistry_NoSplit.selector, id, version);
        }
        if (asset.terms.open || asset.owner == owner || licensed[where][id][owner]) return "";
        return abi.encodeWithSelector(AssetRegistry.AssetRegistry_NotLicensed.selector, id, owner);
    }

    // ------------------------------------------------------------------ making things up

    /// @dev Mostly within the terms of what it builds on; sometimes a unit short, without units, or on what it may not.
    function _randomLineage(
        Source memory source,
        Where where,
        address owner
    ) private view returns (Lineage memory lineage) {
        uint256 used = 0;
        Upstream[] memory upstreams = new Upstream[](source.below(4));
        uint256 n = 0;
        for (uint256 i = 0; i < upstreams.length; ++i) {
            (bool found, Upstream memory u) = _randomUpstream(source, where, owner);
            if (!found || used + u.units > 9_900) continue;
            upstreams[n++] = u;
            used += u.units;
        }
        assembly ("memory-safe") {
            mstore(upstreams, n)
        }
        lineage.upstreams = upstreams;
        lineage.builders = new Builder[](used == 0 || !source.oneIn(4) ? source.between(1, 3) : 0);
        uint256 rest = 10_000 - used;
        for (uint256 i = 0; i < lineage.builders.length; ++i) {
            bool last = i + 1 == lineage.builders.length;
            uint128 units = uint128(last ? rest : 1 + source.below(rest / 3));
            rest -= units;
            bytes32 account = bytes32(abi.encodePacked(uint96(source.below(3)), _actor(source)));
            lineage.builders[i] = Builder(account, units, bytes32(source.word()));
        }
        lineage.arbiter = source.oneIn(2) ? address(0) : _actor(source);
        _spoil(source, lineage);
    }

    function _spoil(Source memory source, Lineage memory lineage) private view {
        uint256 how = source.below(16);
        if (how == 0 && lineage.builders.length != 0) lineage.builders[0].account = bytes32(uint256(1) << 160);
        if (how == 1 && lineage.builders.length != 0) lineage.builders[0].units = 0;
        if (how == 2 && lineage.upstreams.length != 0) lineage.upstreams[0].units -= 1;
        if (how == 3 && lineage.upstreams.length != 0) lineage.upstreams[0].registry = AssetRegistry(address(services));
        if (how == 4) (lineage.builders, lineage.upstreams) = (new Builder[](0), new Upstream[](0));
        if (how == 5 && lineage.builders.length != 0) _scale(lineage);
    }

    /// @dev To a total of which the parts that upstream assets ask for are no whole numbers.
    function _scale(Lineage memory lineage) private pure {
        for (uint256 i = 0; i < lineage.builders.length; ++i) lineage.builders[i].units *= 3;
        for (uint256 i = 0; i < lineage.upstreams.length; ++i) lineage.upstreams[i].units *= 3;
        lineage.builders[0].units += 1;
    }

    /// @dev Rather one that the owner may build on.
    function _randomUpstream(
        Source memory source,
        Where where,
        address owner
    ) private view returns (bool found, Upstream memory u) {
        for (uint256 i = 0; i < 6; ++i) {
            Where from = Where(source.below(where == Where.Agents ? 3 : 2));
            if (assets[from].length == 0) continue;
            uint256 id = source.between(1, assets[from].length);
            uint256 versions = assets[from][id - 1].splits.length;
            if (versions == 0) continue;
            uint16 least = assets[from][id - 1].terms.minShareBps;
            uint128 units = source.oneIn(2) ? least : least + uint128(source.below(500));
            u = Upstream(_registry(from), id, source.between(1, versions), units == 0 ? 1 : units);
            found = true;
            if (_licenceError(from, id, u.version, owner).length == 0) return (true, u);
        }
    }

    function _anyAsset(uint256 seed) private view returns (Source memory source, Where where, uint256 id) {
        source = Random.from(seed);
        where = Where(source.below(3));
        if (assets[where].length != 0) id = source.between(1, assets[where].length);
    }

    function _whereOf(AssetRegistry registry) private view returns (Where) {
        if (address(registry) == address(datanets)) return Where.Datanets;
        return address(registry) == address(models) ? Where.Models : Where.Agents;
    }

    function _isKnown(Where where, AssetRegistry registry) private view returns (bool) {
        if (address(registry) == address(agents)) return where == Where.Agents;
        return address(registry) == address(models) || address(registry) == address(datanets);
    }

    function _registerAgentCall(Terms memory terms, Lineage memory lineage) private pure returns (bytes memory) {
        bytes4 selector = bytes4(
            keccak256(
                "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))"
            )
        );
        return abi.encodeWithSelector(selector, "ipfs://agent", terms, lineage);
    }

    function _walletDigest(uint256 id, address wallet, address owner, uint256 deadline) private view returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    hex"1901",
                    _domain("ERC8004IdentityRegistry", address(agents)),
                    keccak256(
                        abi.encode(
                            keccak256(
                                "AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"
                            ),
                            id,
                            wallet,
                            owner,
                            deadline
                        )
                    )
                )
            );
    }
}
