// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {AssetRegistry, Terms} from "../../../contracts/registry/AssetRegistry.sol";
import {Contribution} from "../../../contracts/registry/DatanetRegistry.sol";
import {Policy} from "../../../contracts/registry/FeePolicy.sol";
import {Quote, Service} from "../../../contracts/registry/ServiceRegistry.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {PARAMETERS, RegistryWorld} from "./RegistryWorld.sol";

/// @title The numbered properties of the registries
abstract contract RegistryProperties is RegistryWorld {
    /// @dev What each asset looked like before a call.
    mapping(Where where => mapping(uint256 id => bytes32)) private lastState;

    /// @dev Split ids of services as they were when first seen, by service, asset version and policy version.
    mapping(bytes32 key => bytes32 splitId) private firstSplit;

    /// @dev What the ledger said of the splits made so far, before a call.
    mapping(bytes32 id => uint256) private lastReceived;

    function _checkRegistries() internal {
        _hold(G02_datanetLogsAreBooked(), "G02_datanetLogsAreBooked");
        _hold(G03_queuesAreBooked(), "G03_queuesAreBooked");
        _hold(G04_everyVersionIsTheSplitOfItsShares(), "G04_everyVersionIsTheSplitOfItsShares");
        _hold(G05_versionsWithoutUnitsHaveNoSplit(), "G05_versionsWithoutUnitsHaveNoSplit");
        _hold(G06_versionsCountUpByOne(), "G06_versionsCountUpByOne");
        _hold(G07_ownersAndTermsAreBooked(), "G07_ownersAndTermsAreBooked");
        _hold(G08_licenseesAreBooked(), "G08_licenseesAreBooked");
        _hold(G09_curationIsBookedAndCapped(), "G09_curationIsBookedAndCapped");
        _hold(G10_arbitersOfDatanetsNeverChange(), "G10_arbitersOfDatanetsNeverChange");
        _hold(G11_everyContributorHasConsented(), "G11_everyContributorHasConsented");
        _hold(G12_termsAreCapped(), "G12_termsAreCapped");
        _hold(G13_agentWalletsAndMetadataAreBooked(), "G13_agentWalletsAndMetadataAreBooked");
        _hold(G14_assetsChangeOnlyByCallsThatNameThem(), "G14_assetsChangeOnlyByCallsThatNameThem");
        _checkServices();
        _checkMoney();
    }

    function _checkServices() private {
        _hold(G15_policiesAreKeptForever(), "G15_policiesAreKeptForever");
        _hold(G16_everyPolicyIsWithinItsCaps(), "G16_everyPolicyIsWithinItsCaps");
        _hold(G17_servicesAreBooked(), "G17_servicesAreBooked");
        _hold(G18_serviceSplitsAreTheirShares(), "G18_serviceSplitsAreTheirShares");
        _hold(G19_everyServiceShareHasItsPart(), "G19_everyServiceShareHasItsPart");
        _hold(G20_splitsUnderAPolicyNeverChange(), "G20_splitsUnderAPolicyNeverChange");
        _hold(G21_platformSplitsAreTheTreasurys(), "G21_platformSplitsAreTheTreasurys");
        _hold(G34_thePolicysGovernorIsBooked(), "G34_thePolicysGovernorIsBooked");
    }

    function _checkMoney() private {
        _hold(G22_registriesHoldNoTokens(), "G22_registriesHoldNoTokens");
        _hold(G23_everySplitReceivesWhatWasPaid(), "G23_everySplitReceivesWhatWasPaid");
        _hold(G24_nothingButPaymentsMovesMoney(), "G24_nothingButPaymentsMovesMoney");
    }

    // ------------------------------------------------------------------ Datanets

    /// @dev The root is in the version's split: {G04_everyVersionIsTheSplitOfItsShares}.
    function G02_datanetLogsAreBooked() internal view returns (bool) {
        for (uint256 id = 1; id <= nets.length; ++id) {
            (uint256 size, uint256 units) = datanets.logOf(id);
            Contribution[] storage log = nets[id - 1].log;
            uint256 sum = 0;
            for (uint256 i = 0; i < log.length; ++i) sum += log[i].units;
            if (size != log.length || units != sum) return false;
        }
        return true;
    }

    function G03_queuesAreBooked() internal view returns (bool) {
        for (uint256 id = 1; id <= nets.length; ++id) {
            (uint256 submitted, uint256 decided) = datanets.queueOf(id);
            if (decided > submitted) return false;
            if (submitted != nets[id - 1].queue.length || decided != nets[id - 1].decided) return false;
        }
        return true;
    }

    function G09_curationIsBookedAndCapped() internal view returns (bool) {
        for (uint256 id = 1; id <= nets.length; ++id) {
            (address curator, uint16 ownerBps, uint16 curatorBps) = datanets.curationOf(id);
            if (curator == address(0) || ownerBps > 3_000 || curatorBps > 2_000) return false;
            if (keccak256(abi.encode(curator, ownerBps, curatorBps)) != keccak256(abi.encode(nets[id - 1].curation))) {
                return false;
            }
        }
        return true;
    }

    function G10_arbitersOfDatanetsNeverChange() internal view returns (bool) {
        for (uint256 id = 1; id <= nets.length; ++id) {
            if (datanets.arbiterOf(id) != nets[id - 1].arbiter) return false;
        }
        return true;
    }

    function G11_everyContributorHasConsented() internal view returns (bool) {
        for (uint256 id = 1; id <= nets.length; ++id) {
            Contribution[] storage log = nets[id - 1].log;
            for (uint256 i = 0; i < log.length; ++i) {
                if (!consented[_consent(id, log[i].contributor, log[i].evidence)]) return false;
            }
        }
        return true;
    }

    // ------------------------------------------------------------------ assets

    /// @dev Of all versions ever published, each time: so no version ever changes, either.
    function G04_everyVersionIsTheSplitOfItsShares() internal view returns (bool) {
        for (uint256 w = 0; w < 3; ++w) {
            AssetRegistry registry = _registry(Where(w));
            for (uint256 i = 0; i < assets[Where(w)].length; ++i) {
                bytes32[] storage splits = assets[Where(w)][i].splits;
                for (uint256 v = 0; v < splits.length; ++v) {
                    if (splits[v] != 0 && registry.splitOf(i + 1, v + 1) != splits[v]) return false;
                }
            }
        }
        return true;
    }

    function G05_versionsWithoutUnitsHaveNoSplit() internal view returns (bool) {
        for (uint256 i = 0; i < assets[Where.Datanets].length; ++i) {
            bytes32[] storage splits = assets[Where.Datanets][i].splits;
            for (uint256 v = 0; v < splits.length; ++v) {
                if (splits[v] != 0) continue;
                try datanets.splitOf(i + 1, v + 1) returns (bytes32) {
                    return false;
                } catch (bytes memory reason) {
                    if (bytes4(reason) != AssetRegistry.AssetRegistry_NoSplit.selector) return false;
                }
            }
        }
        return true;
    }

    function G06_versionsCountUpByOne() internal view returns (bool) {
        for (uint256 w = 0; w < 3; ++w) {
            AssetRegistry registry = _registry(Where(w));
            if (registry.assetCount() != assets[Where(w)].length) return false;
            for (uint256 i = 0; i < assets[Where(w)].length; ++i) {
                if (registry.latestVersion(i + 1) != assets[Where(w)][i].splits.length) return false;
            }
        }
        return true;
    }

    function G07_ownersAndTermsAreBooked() internal view returns (bool) {
        for (uint256 w = 0; w < 3; ++w) {
            AssetRegistry registry = _registry(Where(w));
            for (uint256 i = 0; i < assets[Where(w)].length; ++i) {
                Asset storage asset = assets[Where(w)][i];
                Terms memory terms = registry.termsOf(i + 1);
                if (registry.ownerOf(i + 1) != asset.owner) return false;
                if (terms.minShareBps != asset.terms.minShareBps || terms.open != asset.terms.open) return false;
            }
        }
        return true;
    }

    function G08_licenseesAreBooked() internal view returns (bool) {
        for (uint256 w = 0; w < 3; ++w) {
            AssetRegistry registry = _registry(Where(w));
            for (uint256 i = 1; i <= assets[Where(w)].length; ++i) {
                for (uint256 a = 0; a < ACTORS; ++a) {
                    if (registry.isLicensee(i, actors[a]) != licensed[Where(w)][i][actors[a]]) return false;
                }
            }
        }
        return true;
    }

    function G12_termsAreCapped() internal view returns (bool) {
        for (uint256 w = 0; w < 3; ++w) {
            for (uint256 i = 1; i <= assets[Where(w)].length; ++i) {
                if (_registry(Where(w)).termsOf(i).minShareBps > 5_000) return false;
            }
        }
        return true;
    }

    function G13_agentWalletsAndMetadataAreBooked() internal view returns (bool) {
        for (uint256 id = 1; id <= assets[Where.Agents].length; ++id) {
            if (agents.getAgentWallet(id) != agentWallet[id]) return false;
            if (keccak256(agents.getMetadata(id, "note")) != keccak256(agentNote[id])) return false;
        }
        return true;
    }

    /// @dev Owner, terms and versions. Who may call what is {RegistryCalls-G33_onlyThoseWhoMaySucceed}.
    function G14_assetsChangeOnlyByCallsThatNameThem() internal returns (bool holds) {
        holds = true;
        for (uint256 w = 0; w < 3; ++w) {
            AssetRegistry registry = _registry(Where(w));
            for (uint256 i = 1; i <= assets[Where(w)].length; ++i) {
                bytes32 state = keccak256(
                    abi.encode(registry.ownerOf(i), registry.termsOf(i), registry.latestVersion(i))
                );
                bytes32 before = lastState[Where(w)][i];
                lastState[Where(w)][i] = state;
                if (before == 0 || state == before) continue;
                if (step.failed || step.registry != address(registry) || step.id != i) holds = false;
            }
        }
    }

    // ------------------------------------------------------------------ policies and services

    function G15_policiesAreKeptForever() internal view returns (bool) {
        if (feePolicy.currentVersion() != policies.length) return false;
        for (uint256 v = 1; v <= policies.length; ++v) {
            if (keccak256(abi.encode(feePolicy.policyAt(v))) != keccak256(abi.encode(policies[v - 1]))) return false;
        }
        return true;
    }

    function G16_everyPolicyIsWithinItsCaps() internal view returns (bool) {
        for (uint256 v = 1; v <= policies.length; ++v) {
            Policy memory p = feePolicy.policyAt(v);
            if (p.treasuryBps > 1_000 || p.operatorBps > 8_000 || p.stakersBps > 3_000) return false;
            if (uint256(p.treasuryBps) + p.operatorBps + p.stakersBps > 9_000) return false;
            if (p.platformFee > 1e18 || uint160(uint256(p.treasury)) == 0) return false;
        }
        return true;
    }

    function G17_servicesAreBooked() internal view returns (bool) {
        if (services.serviceCount() != served.length) return false;
        for (uint256 i = 0; i < served.length; ++i) {
            Service memory service = services.serviceOf(i + 1);
            ServiceBook storage book = served[i];
            if (service.operator != book.operator || service.active != book.active) return false;
            if (address(service.registry) != address(_registry(book.where))) return false;
            if (service.assetId != book.assetId) return false;
            if (service.assetVersion != book.assetVersion) return false;
            if (service.rateIn != book.rateIn || service.rateOut != book.rateOut) return false;
        }
        return true;
    }

    function G18_serviceSplitsAreTheirShares() internal view returns (bool) {
        for (uint256 id = 1; id <= served.length; ++id) {
            for (uint256 v = 1; v <= policies.length; ++v) {
                bytes32 expected = PlainTree.splitIdOf(_serviceShares(id, v), address(0));
                if (services.splitAt(id, v) != expected) return false;
            }
            if (services.splitOf(id) != services.splitAt(id, policies.length)) return false;
        }
        return true;
    }

    /// @dev All of the money is shared, and at least a tenth of it is the asset's.
    function G19_everyServiceShareHasItsPart() internal view returns (bool) {
        for (uint256 id = 1; id <= served.length; ++id) {
            for (uint256 v = 1; v <= policies.length; ++v) {
                Share[] memory shares = services.sharesAt(id, v);
                uint256 units = 0;
                for (uint256 i = 0; i < shares.length; ++i) units += shares[i].units;
                Share memory last = shares[shares.length - 1];
                if (units != 10_000 || last.kind != Kind.Split || last.units < 1_000) return false;
            }
        }
        return true;
    }

    function G20_splitsUnderAPolicyNeverChange() internal returns (bool holds) {
        holds = true;
        for (uint256 id = 1; id <= served.length; ++id) {
            for (uint256 v = 1; v <= policies.length; ++v) {
                bytes32 key = keccak256(abi.encode(id, served[id - 1].assetVersion, v));
                bytes32 splitId = services.splitAt(id, v);
                if (firstSplit[key] == 0) firstSplit[key] = splitId;
                if (firstSplit[key] != splitId) holds = false;
            }
        }
    }

    function G21_platformSplitsAreTheTreasurys() internal view returns (bool) {
        for (uint256 v = 1; v <= policies.length; ++v) {
            if (services.platformSplitAt(v) != PlainTree.splitIdOf(_platformShares(v), address(0))) return false;
        }
        return true;
    }

    function G34_thePolicysGovernorIsBooked() internal view returns (bool) {
        (bool entitled, ) = access.hasRole(PARAMETERS, governor);
        for (uint256 i = 0; i < ACTORS; ++i) {
            (bool isMember, ) = access.hasRole(PARAMETERS, actors[i]);
            if (isMember != (actors[i] == governor)) return false;
        }
        return entitled;
    }

    // ------------------------------------------------------------------ money

    function G22_registriesHoldNoTokens() internal view returns (bool) {
        return
            token.balanceOf(address(datanets)) == 0 &&
            token.balanceOf(address(models)) == 0 &&
            token.balanceOf(address(agents)) == 0 &&
            token.balanceOf(address(services)) == 0;
    }

    function G23_everySplitReceivesWhatWasPaid() internal view returns (bool) {
        for (uint256 i = 0; i < made.length; ++i) {
            (uint256 amount, , ) = ledger.received(made[i].id);
            if (amount != paid[made[i].id]) return false;
        }
        return token.balanceOf(address(ledger)) == paidInAll;
    }

    /// @dev Neither another policy nor another version touches money that has arrived.
    function G24_nothingButPaymentsMovesMoney() internal returns (bool holds) {
        holds = true;
        for (uint256 i = 0; i < made.length; ++i) {
            (uint256 amount, , ) = ledger.received(made[i].id);
            if (amount < lastReceived[made[i].id]) holds = false;
            bool mayGrow = step.registry == address(datanets) || step.registry == address(services);
            if (amount != lastReceived[made[i].id] && (step.failed || !mayGrow)) holds = false;
            lastReceived[made[i].id] = amount;
        }
    }

    /// @dev Q is asked right before the payment that it is compared with.
    function G25_quotesAreThePriceRoundedUp(
        Quote memory q,
        uint256 serviceId,
        uint256 tokensIn,
        uint256 tokensOut,
        uint256 calls
    ) internal view returns (bool) {
        ServiceBook storage service = served[serviceId - 1];
        uint256 price = tokensIn * service.rateIn + tokensOut * service.rateOut;
        bool up = q.net * 1_000 >= price && (q.net == 0 || (q.net - 1) * 1_000 < price);
        return up && q.platformFee == policies[policies.length - 1].platformFee * calls;
    }
}
