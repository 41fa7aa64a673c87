// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind, Share, SumNode} from "../../../contracts/ledger/MerkleSumTree.sol";
import {SplitAddresses} from "../../../contracts/ledger/SplitAddresses.sol";
import {PlainDraws} from "../../solidity/PlainDraws.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {RandomShares} from "../../solidity/RandomShares.sol";
import {VM} from "../../solidity/Vm.sol";
import {ContractWallet} from "./ContractWallet.sol";

/// @notice Adjacent shares of one split of the pool.
struct Range {
    uint256 split;
    uint256 first;
    uint256 count;
}

/// @dev The time at which campaigns start, in seconds since 1970.
uint256 constant CAMPAIGN_START = 1_800_000_000;

/// @title Who and what a campaign on the ledger is about: wallets, accounts, and a pool of splits
/// @notice The pool is a DAG by construction: a new split's shares can only name splits that exist. Split number 0 is an
/// id that is no split's, to which people pay all the same.
abstract contract LedgerWorld {
    using Random for Source;
    using RandomShares for Source;

    struct Split {
        bytes32 id;
        bytes32 root;
        uint128 totalUnits;
        address arbiter;
        address box;
        Share[] shares;
    }

    /// @dev A share of the pool in one word: all shares are read after every call.
    struct Slot {
        uint128 units;
        uint64 split;
        bool toSplit;
        uint56 target;
    }

    uint256 internal constant WALLETS = 32;
    uint256 internal constant MOST_SPLITS = 16;
    uint256 internal constant MOST_SHARES = 8;
    bytes32 internal constant NOWHERE = keccak256("an id that is the hash of no split");

    AttributionLedger public immutable ledger;
    SplitAddresses internal immutable addresses;
    IERC20 internal immutable token;

    address[] internal wallets;
    mapping(address wallet => uint256) internal keyOf;

    /// @dev First those that somebody can spend from, then those that nobody can.
    bytes32[] internal accounts;
    mapping(bytes32 account => uint256) internal accountNumber;
    uint256 internal spendable;

    Split[] internal splits;
    mapping(bytes32 id => uint256) internal numberOf;

    /// @dev The shares of all splits in the order of the pool. A target is the number of a split or of an account.
    Slot[] internal slots;

    /// @dev Wallets that the token does not deliver to.
    mapping(address wallet => bool) internal refused;

    /// @dev The clock of the campaign; the block's time is cached by the compiler.
    uint256 internal clock;

    constructor(AttributionLedger ledger_, SplitAddresses addresses_) {
        (ledger, addresses) = (ledger_, addresses_);
        token = ledger_.token();
        clock = CAMPAIGN_START;
        VM.warp(clock);

        for (uint256 i = 0; i < WALLETS; ++i) {
            uint256 key = uint256(keccak256(abi.encode("wallet", i)));
            address wallet = i == WALLETS - 1 ? address(new ContractWallet(VM.addr(key))) : VM.addr(key);
            wallets.push(wallet);
            keyOf[wallet] = key;
            accounts.push(_account(wallet, 0));
            // Every other wallet has approved nothing and depends on permits.
            if (i % 2 == 0) {
                VM.prank(wallet);
                token.approve(address(ledger_), type(uint256).max);
            }
        }
        for (uint256 i = 0; i < 6; ++i) {
            accounts.push(_account(wallets[i], 1));
            accounts.push(_account(wallets[i], type(uint96).max));
        }
        spendable = accounts.length;
        accounts.push(_account(address(0), 0));
        accounts.push(_account(address(0), 7));
        accounts.push(_account(address(ledger_), 0));
        for (uint256 i = 0; i < accounts.length; ++i) accountNumber[accounts[i]] = i;

        splits.push().id = NOWHERE;
        splits[0].box = addresses.addressOf(NOWHERE);
        _addFirstSplits();
    }

    // ------------------------------------------------------------------ the pool

    /// @dev The shapes that every run has; random ones are added on the way.
    function _addFirstSplits() private {
        Share[] memory one = new Share[](1);
        one[0] = _share(accounts[3], 1);
        _addSplit(one, address(0));

        Share[] memory nothing = new Share[](2);
        nothing[0] = _share(accounts[4], 0);
        nothing[1] = _share(accounts[5], 0);
        _addSplit(nothing, wallets[0]);

        Share[] memory huge = new Share[](3);
        huge[0] = _share(accounts[6], type(uint128).max - 2);
        huge[1] = _share(accounts[WALLETS + 1], 1);
        huge[2] = _share(accounts[7], 1);
        _addSplit(huge, wallets[1]);

        // A Datanet with a revoked contribution, then two models trained on it, then a service: shared ancestors.
        Share[] memory datanet = new Share[](11);
        for (uint256 i = 0; i < 11; ++i) datanet[i] = _share(accounts[(i * 5) % 40], i == 4 ? 0 : uint128(i * i + 1));
        _addSplit(datanet, address(0));

        Share[] memory base = new Share[](3);
        base[0] = _share(accounts[8], 700);
        base[1] = _shareOf(4, 250);
        base[2] = _shareOf(3, 50);
        _addSplit(base, wallets[0]);

        Share[] memory tuned = new Share[](4);
        tuned[0] = _shareOf(5, 1);
        tuned[1] = _shareOf(4, 2);
        tuned[2] = _share(accounts[WALLETS], 0);
        tuned[3] = _share(accounts[9], 4);
        _addSplit(tuned, wallets[1]);

        Share[] memory service = new Share[](3);
        service[0] = _shareOf(6, 8_500);
        service[1] = _share(accounts[10], 1_000);
        service[2] = _shareOf(5, 500);
        _addSplit(service, address(0));
    }

    function _addSplit(Share[] memory shares, address arbiter) internal {
        SumNode memory root = PlainTree.root(PlainTree.leaves(shares));
        bytes32 id = PlainTree.splitId(root.hash, root.units, shares.length, arbiter);
        if (splits.length == MOST_SPLITS || numberOf[id] != 0) return;
        numberOf[id] = splits.length;
        Split storage split = splits.push();
        (split.id, split.root, split.totalUnits) = (id, root.hash, uint128(root.units));
        (split.arbiter, split.box) = (arbiter, addresses.addressOf(id));
        for (uint256 i = 0; i < shares.length; ++i) {
            Share memory share = shares[i];
            bool toSplit = share.kind == Kind.Split;
            uint256 target = toSplit ? numberOf[share.recipient] : accountNumber[share.recipient];
            split.shares.push(share);
            slots.push(Slot(share.units, uint64(numberOf[id]), toSplit, uint56(target)));
        }
    }

    function _addRandomSplit(Source memory source) internal {
        uint256 count = source.between(1, MOST_SHARES);
        uint128[] memory units = source.units(count);
        Share[] memory shares = new Share[](count);
        for (uint256 i = 0; i < count; ++i) {
            shares[i] =
                source.oneIn(2)
                    ? _shareOf(source.oneIn(2) ? splits.length - 1 : source.below(splits.length), units[i])
                    : _share(accounts[source.below(accounts.length)], units[i]);
        }
        _addSplit(shares, source.oneIn(2) ? address(0) : wallets[source.below(4)]);
    }

    function _share(bytes32 account, uint128 units) private view returns (Share memory) {
        return Share(Kind.Account, account, units, keccak256(abi.encode(account, splits.length)));
    }

    function _shareOf(uint256 split, uint128 units) private view returns (Share memory) {
        return Share(Kind.Split, splits[split].id, units, keccak256(abi.encode(split, splits.length)));
    }

    // ------------------------------------------------------------------ draws

    function _encode(Range[] memory ranges) internal view returns (bytes memory packed) {
        for (uint256 i = 0; i < ranges.length; ++i) {
            Range memory range = ranges[i];
            Split storage split = splits[range.split];
            packed = bytes.concat(packed, PlainDraws.encode(split.shares, split.arbiter, range.first, range.count));
        }
    }

    function _randomRanges(Source memory source) internal view returns (Range[] memory ranges) {
        ranges = new Range[](source.between(1, 4));
        for (uint256 i = 0; i < ranges.length; ++i) ranges[i] = _randomRange(source);
    }

    /// @dev Half of the time of the whole split; rather of one that has something to draw.
    function _randomRange(Source memory source) internal view returns (Range memory) {
        uint256 split = source.between(1, splits.length - 1);
        for (uint256 i = 0; i < 6 && !_isDrawable(split); ++i) split = source.between(1, splits.length - 1);
        uint256 size = splits[split].shares.length;
        if (source.oneIn(2)) return Range(split, 0, size);
        uint256 first = source.below(size);
        return Range(split, first, source.between(1, size - first));
    }

    function _isDrawable(uint256 split) private view returns (bool) {
        (uint256 amount, , ) = ledger.received(splits[split].id);
        return amount != 0 && splits[split].totalUnits != 0;
    }

    // ------------------------------------------------------------------ accounts

    function _account(address owner, uint96 tag) internal pure returns (bytes32) {
        return bytes32(abi.encodePacked(tag, owner));
    }

    function _ownerOf(bytes32 account) internal pure returns (address) {
        return address(uint160(uint256(account)));
    }

    function _tagOf(bytes32 account) internal pure returns (uint96) {
        return uint96(bytes12(account));
    }
}
