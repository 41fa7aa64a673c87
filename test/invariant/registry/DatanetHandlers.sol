// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind, MerkleSumTree, Share, SumNode} from "../../../contracts/ledger/MerkleSumTree.sol";
import {AssetRegistry, Terms} from "../../../contracts/registry/AssetRegistry.sol";
import {Content, Contribution, Curation, DatanetRegistry} from "../../../contracts/registry/DatanetRegistry.sol";
import {PlainDraws} from "../../solidity/PlainDraws.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {RegistryCalls} from "./RegistryCalls.sol";

/// @title Everything that somebody can do to a Datanet
abstract contract DatanetHandlers is RegistryCalls {
    using Random for Source;

    uint256 private constant MOST_DATANETS = 3;
    uint256 private constant MOST_CONTRIBUTIONS = 12;

    /// @dev Of the group that secp256k1 signatures live in.
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    bytes32 private constant CONTENT_TYPEHASH = keccak256(
        "Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)"
    );
    bytes32 private constant CONTRIBUTION_TYPEHASH = keccak256(
        "Contribution(uint256 datanetId,Content content)Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)"
    );

    /// @dev What can be wrong with a signed batch: one of it without units, signed by another key, for another Datanet, in
    /// one of the forms that are valid elsewhere, or in the name of nobody; or a byte behind the last signature.
    enum Flaw {
        NoUnits,
        OtherKey,
        OtherDatanet,
        HighS,
        Compact,
        Nobody,
        SpareByte,
        None
    }

    function createDatanet(uint256 seed) external {
        if (nets.length == MOST_DATANETS) return;
        Source memory source = Random.from(seed);
        address owner = _actor(source);
        Curation memory curation = _randomCuration(source);
        Terms memory terms = _randomTerms(source);
        address arbiter = source.oneIn(2) ? address(0) : _actor(source);
        bytes memory expected = _curationError(curation);
        if (expected.length == 0) expected = _termsError(terms);
        (bool ok, ) = _do(
            owner,
            address(datanets),
            nets.length + 1,
            abi.encodeCall(datanets.create, (curation, terms, arbiter, "ipfs://datanet", bytes32(seed))),
            expected
        );
        if (ok) {
            Datanet storage net = nets.push();
            (net.curation, net.arbiter) = (curation, arbiter);
            Asset storage asset = assets[Where.Datanets].push();
            (asset.owner, asset.terms) = (owner, terms);
        }
        _checkRegistries();
    }

    function setCuration(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        address caller = _mostlyOwner(source, Where.Datanets, id);
        Curation memory curation = _randomCuration(source);
        bytes memory expected = _mayAct(Where.Datanets, id, caller) ? _curationError(curation) : _notOwner(id, caller);
        (bool ok, ) = _do(
            caller,
            address(datanets),
            id,
            abi.encodeCall(datanets.setCuration, (id, curation)),
            expected
        );
        if (ok) nets[id - 1].curation = curation;
        _checkRegistries();
    }

    // ------------------------------------------------------------------ queue

    function submit(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        address contributor = _actor(source);
        bytes32 uriHash = source.oneIn(12) ? bytes32(0) : keccak256("ipfs://content");
        Content memory content = Content(
            bytes32(source.word()),
            uint64(source.oneIn(12) ? 0 : source.magnitude(type(uint64).max)),
            bytes32(source.word()),
            uriHash
        );
        bytes memory expected;
        if (content.byteLength == 0) {
            expected = abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_EmptyContent.selector);
        } else if (uriHash == 0) {
            expected = abi.encodeWithSelector(
                DatanetRegistry.DatanetRegistry_UriMismatch.selector,
                uriHash,
                keccak256("ipfs://content")
            );
        }
        (bool ok, ) = _do(
            contributor,
            address(datanets),
            id,
            abi.encodeCall(datanets.submit, (id, content, "ipfs://content")),
            expected
        );
        if (ok) {
            bytes32 evidence = keccak256(
                abi.encode(CONTENT_TYPEHASH, content.contentRoot, content.byteLength, content.licenseHash, uriHash)
            );
            nets[id - 1].queue.push(Contribution(contributor, 0, evidence));
            consented[_consent(id, contributor, evidence)] = true;
        }
        _checkRegistries();
    }

    /// @dev The next ones of the queue, some without units; sometimes one too many, with one changed, or for another log.
    function accept(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        for (uint256 i = 0; i < 4 && _open(id) == 0; ++i) id = source.between(1, nets.length);
        Datanet storage net = nets[id - 1];
        uint256 open = _open(id);
        if (net.log.length + open > MOST_CONTRIBUTIONS) return;
        Contribution[] memory batch = new Contribution[](open == 0 || source.oneIn(8) ? 0 : source.between(1, open));
        for (uint256 i = 0; i < batch.length; ++i) {
            batch[i] = net.queue[net.decided + i];
            batch[i].units = source.oneIn(4) ? 0 : uint128(source.magnitude(2 ** 100));
        }
        bool tampered = source.oneIn(6);
        if (tampered) batch = _tamperedBatch(source, batch);
        address caller = _mostly(source, net.curation.curator);
        uint256 size = _mostlySize(source, id);
        (bool ok, ) = _do(
            caller,
            address(datanets),
            id,
            abi.encodeCall(datanets.accept, (id, size, batch)),
            _acceptError(id, caller, size, batch, tampered)
        );
        if (ok) {
            net.decided += batch.length;
            _append(id, batch);
        }
        _checkRegistries();
    }

    function reject(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        Datanet storage net = nets[id - 1];
        uint256 count = source.below(_open(id) + 2);
        address caller = _mostly(source, net.curation.curator);
        bytes memory expected;
        if (caller != net.curation.curator) {
            expected = _notCurator(id, caller);
        } else if (count == 0 || count > _open(id)) {
            expected = _notNext(id, count);
        }
        (bool ok, ) = _do(
            caller,
            address(datanets),
            id,
            abi.encodeCall(datanets.reject, (id, uint64(count))),
            expected
        );
        if (ok) net.decided += count;
        _checkRegistries();
    }

    // ------------------------------------------------------------------ signed contributions

    function acceptSigned(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        Datanet storage net = nets[id - 1];
        uint256 count = source.below(4);
        if (net.log.length + count > MOST_CONTRIBUTIONS) return;
        uint256 choice = source.below(16);
        Flaw flaw = choice < uint256(Flaw.None) ? Flaw(choice) : Flaw.None;
        uint256 place = count == 0 ? 0 : source.below(count);
        Contribution[] memory batch = new Contribution[](count);
        bytes memory signatures;
        for (uint256 i = 0; i < count; ++i) {
            batch[i] = Contribution(_actor(source), uint128(source.magnitude(2 ** 100)), bytes32(source.word()));
            signatures = bytes.concat(signatures, _signContribution(id, batch[i], i == place ? flaw : Flaw.None));
        }
        if (flaw == Flaw.SpareByte) signatures = bytes.concat(signatures, bytes1(0));
        address caller = _mostly(source, net.curation.curator);
        uint256 size = _mostlySize(source, id);
        (bool ok, ) = _do(
            caller,
            address(datanets),
            id,
            abi.encodeCall(datanets.acceptSigned, (id, size, batch, signatures)),
            _signedError(id, caller, size, batch, flaw, place, signatures.length)
        );
        if (ok) _append(id, batch);
        _checkRegistries();
    }

    /// @dev Writes the flaw into the contribution, or returns a signature with it, behind its length.
    function _signContribution(uint256 id, Contribution memory c, Flaw flaw) private returns (bytes memory) {
        if (flaw == Flaw.NoUnits) c.units = 0;
        if (flaw == Flaw.Nobody) {
            c.contributor = address(0);
            return bytes.concat(bytes2(uint16(65)), new bytes(65));
        }
        uint256 key = flaw == Flaw.OtherKey ? 1 : keyOf[c.contributor];
        uint256 signedFor = flaw == Flaw.OtherDatanet ? id + 1 : id;
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, _contributionDigest(signedFor, c.evidence));
        if (key != 1) consented[_consent(signedFor, c.contributor, c.evidence)] = true;
        if (flaw == Flaw.HighS) (v, s) = (55 - v, bytes32(ORDER - uint256(s)));
        if (flaw == Flaw.Compact) return abi.encodePacked(uint16(64), r, uint256(s) | (uint256(v - 27) << 255));
        return abi.encodePacked(uint16(65), r, s, v);
    }

    /// @dev By its contributor or the curator; sometimes by a stranger, a second time, with units it never had, or as if
    /// it stood behind the end.
    function revoke(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        for (uint256 i = 0; i < 4 && nets[id - 1].log.length == 0; ++i) id = source.between(1, nets.length);
        Datanet storage net = nets[id - 1];
        if (net.log.length == 0) return;
        uint256 index = source.below(net.log.length);
        Contribution memory contribution = net.log[index];
        bool lies = source.oneIn(10);
        if (lies) contribution.units += 1;
        uint256 named = source.oneIn(12) ? net.log.length + index : index;
        address caller = _mostly(source, source.oneIn(2) ? contribution.contributor : net.curation.curator);
        bytes memory expected;
        if (caller != contribution.contributor && caller != net.curation.curator) {
            expected = abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_NotRevoker.selector, id, caller);
        } else if (contribution.units == 0) {
            expected = abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_ZeroUnits.selector, named);
        } else if (named != index) {
            expected = abi.encodeWithSelector(MerkleSumTree.MerkleSumTree_BadRange.selector, named, 1, net.log.length);
        } else if (lies) {
            expected = abi.encodeWithSelector(
                MerkleSumTree.MerkleSumTree_NotInLog.selector,
                index,
                PlainTree.leafHash(_shareOf(contribution))
            );
        }
        SumNode[] memory leaves = new SumNode[](net.log.length);
        for (uint256 i = 0; i < leaves.length; ++i) leaves[i] = PlainTree.leaf(_shareOf(net.log[i]));
        (bool ok, ) = _do(
            caller,
            address(datanets),
            id,
            abi.encodeCall(
                datanets.revoke,
                (id, named, contribution, PlainDraws.packProof(PlainTree.path(leaves, index)))
            ),
            expected
        );
        if (ok) {
            net.log[index].units = 0;
            _bookDatanetVersion(id);
        }
        _checkRegistries();
    }

    // ------------------------------------------------------------------ pay

    function payDatanet(uint256 seed) external {
        if (nets.length == 0) return;
        Source memory source = Random.from(seed);
        uint256 id = source.between(1, nets.length);
        for (uint256 i = 0; i < 4 && nets[id - 1].log.length == 0; ++i) id = source.between(1, nets.length);
        uint256 amount = source.oneIn(12) ? 0 : source.magnitude(2 ** 90);
        bytes32[] storage splits = assets[Where.Datanets][id - 1].splits;
        bytes32 splitId = splits.length == 0 ? bytes32(0) : splits[splits.length - 1];
        bytes memory expected;
        if (splitId == 0) {
            expected = abi.encodeWithSelector(AssetRegistry.AssetRegistry_NoSplit.selector, id, splits.length);
        } else if (amount == 0) {
            expected = abi.encodeWithSelector(AttributionLedger.AttributionLedger_ZeroAmount.selector);
        }
        (bool ok, ) = _do(
            _actor(source),
            address(datanets),
            id,
            abi.encodeCall(datanets.pay, (id, amount, 1, bytes32(seed))),
            expected
        );
        if (ok) _bookPayment(splitId, amount);
        _checkRegistries();
    }

    /// @dev Submissions that nobody has decided yet.
    function _open(uint256 id) private view returns (uint256) {
        return nets[id - 1].queue.length - nets[id - 1].decided;
    }

    /// @dev Size of the log; sometimes one that it had, or is going to have.
    function _mostlySize(Source memory source, uint256 id) private view returns (uint256) {
        uint256 size = nets[id - 1].log.length;
        return source.oneIn(12) ? source.below(size + 2) : size;
    }

    // ------------------------------------------------------------------ errors

    function _notOwner(uint256 id, address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AssetRegistry.AssetRegistry_NotOwner.selector, id, caller);
    }

    function _aboveCap(uint256 bps, uint256 capBps) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(AssetRegistry.AssetRegistry_AboveCap.selector, bps, capBps);
    }

    function _termsError(Terms memory terms) internal pure returns (bytes memory) {
        return terms.minShareBps > 5_000 ? _aboveCap(terms.minShareBps, 5_000) : new bytes(0);
    }

    function _curationError(Curation memory curation) private pure returns (bytes memory) {
        if (curation.curator == address(0)) {
            return abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_ZeroCurator.selector);
        }
        if (curation.ownerBps > 3_000) return _aboveCap(curation.ownerBps, 3_000);
        if (curation.curatorBps > 2_000) return _aboveCap(curation.curatorBps, 2_000);
        return "";
    }

    function _notCurator(uint256 id, address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_NotCurator.selector, id, caller);
    }

    function _otherLog(uint256 id, uint256 expected) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                DatanetRegistry.DatanetRegistry_OtherLog.selector,
                id,
                nets[id - 1].log.length,
                expected
            );
    }

    function _notNext(uint256 id, uint256 count) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                DatanetRegistry.DatanetRegistry_NotNextSubmissions.selector,
                id,
                nets[id - 1].decided,
                count
            );
    }

    function _acceptError(
        uint256 id,
        address caller,
        uint256 size,
        Contribution[] memory batch,
        bool tampered
    ) private view returns (bytes memory) {
        if (caller != nets[id - 1].curation.curator) return _notCurator(id, caller);
        if (size != nets[id - 1].log.length) return _otherLog(id, size);
        if (tampered) return _notNext(id, batch.length);
        for (uint256 i = 0; i < batch.length; ++i) {
            if (batch[i].units != 0) return "";
        }
        return abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_EmptyBatch.selector);
    }

    function _signedError(
        uint256 id,
        address caller,
        uint256 size,
        Contribution[] memory batch,
        Flaw flaw,
        uint256 place,
        uint256 length
    ) private view returns (bytes memory) {
        if (caller != nets[id - 1].curation.curator) return _notCurator(id, caller);
        if (size != nets[id - 1].log.length) return _otherLog(id, size);
        if (flaw == Flaw.NoUnits && batch.length != 0) {
            return abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_ZeroUnits.selector, place);
        }
        // A wallet that is a contract says itself which forms are good, and the one here knows no malleability.
        bool good =
            flaw >= Flaw.SpareByte ||
                (flaw == Flaw.HighS && batch.length != 0 && batch[place].contributor.code.length != 0);
        if (!good && batch.length != 0) {
            return
                abi.encodeWithSelector(
                    DatanetRegistry.DatanetRegistry_NotSigned.selector,
                    place,
                    batch[place].contributor,
                    batch[place].evidence
                );
        }
        if (flaw == Flaw.SpareByte) {
            return
                abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_BadSignatureBytes.selector, length, length - 1);
        }
        if (batch.length != 0) return "";
        return abi.encodeWithSelector(DatanetRegistry.DatanetRegistry_EmptyBatch.selector);
    }

    // ------------------------------------------------------------------ making things up

    function _randomTerms(Source memory source) internal pure returns (Terms memory) {
        return Terms(uint16(source.below(source.oneIn(12) ? 6_000 : 3_000)), !source.oneIn(3));
    }

    function _randomCuration(Source memory source) private view returns (Curation memory) {
        address curator = source.oneIn(16) ? address(0) : _actor(source);
        if (source.oneIn(4)) return Curation(curator, 0, 0);
        return Curation(curator, uint16(source.below(3_200)), uint16(source.below(2_150)));
    }

    /// @dev One submission too many, or one that says something else.
    function _tamperedBatch(
        Source memory source,
        Contribution[] memory batch
    ) private pure returns (Contribution[] memory changed) {
        uint256 how = source.below(3);
        if (how == 0 || batch.length == 0) {
            changed = new Contribution[](batch.length + 1);
            for (uint256 i = 0; i < batch.length; ++i) changed[i] = batch[i];
            changed[batch.length] = Contribution(address(1), 1, bytes32(source.word()));
            return changed;
        }
        changed = batch;
        Contribution memory one = changed[source.below(batch.length)];
        if (how == 1) one.evidence = bytes32(source.word());
        else one.contributor = address(uint160(source.word()));
    }

    function _append(uint256 id, Contribution[] memory batch) private {
        for (uint256 i = 0; i < batch.length; ++i) {
            if (batch[i].units != 0) nets[id - 1].log.push(batch[i]);
        }
        _bookDatanetVersion(id);
    }

    function _shareOf(Contribution memory c) private pure returns (Share memory) {
        return Share(Kind.Account, _wallet(c.contributor), c.units, c.evidence);
    }

    function _contributionDigest(uint256 id, bytes32 evidence) private view returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(
                    hex"1901",
                    _domain("DatanetRegistry", address(datanets)),
                    keccak256(abi.encode(CONTRIBUTION_TYPEHASH, id, evidence))
                )
            );
    }
}
