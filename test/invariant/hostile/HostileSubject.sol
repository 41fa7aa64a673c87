// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Draws} from "../../../contracts/ledger/Draws.sol";
import {Hop} from "../../../contracts/ledger/HopLog.sol";
import {Kind, MerkleSumTree, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {PlainDraws} from "../../solidity/PlainDraws.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {Vm, VM} from "../../solidity/Vm.sol";
import {ForgedTree, Forgery} from "./ForgedTree.sol";

/// @title An adversary who builds trees, next to people who do not
/// @notice The adversary pays for whatever it forges and tries to get out more, or somebody else's. Two honest splits
/// with undrawn money and accounts with balances stand by.
abstract contract HostileSubject is Subject {
    using Random for Source;

    bytes32 private constant ROUTED = keccak256("Routed((bytes32,bytes32,uint256,uint256)[])");
    uint256 private constant MOST_FORGERIES = 6;
    uint256 private constant HONEST = 2;
    uint256 private constant ATTACKERS = 3;
    uint256 private constant VICTIMS = 4;

    AttributionLedger private immutable ledger;
    IERC20 private immutable token;

    /// @dev Attackers first, then victims.
    bytes32[] private accounts;

    /// @dev Honest splits first, then an id of nothing, then forgeries.
    bytes32[] private ids;
    Share[][] private honestShares;
    uint256[] private seeds;
    address[] private arbiters;

    /// @dev What the events tell.
    mapping(bytes32 id => uint256) private drawnFrom;
    mapping(bytes32 id => uint256) private routedTo;
    mapping(bytes32 account => uint256) private credited;

    mapping(bytes32 id => uint256) private paid;
    mapping(bytes32 account => uint256) private startBalance;
    uint256 private attackersPaid;
    uint256 private paidOut;

    /// @notice Calls with draws that the ledger accepted and that moved money; for tests of the tests.
    uint256 public accepted;

    constructor(AttributionLedger ledger_) {
        ledger = ledger_;
        token = ledger_.token();
        token.approve(address(ledger_), type(uint256).max);
        for (uint256 i = 0; i < ATTACKERS + VICTIMS; ++i) {
            bytes32 account = bytes32(uint256(uint160(0xa000 + i)));
            if (i % 3 == 2) account |= bytes32(uint256(1) << 160);
            accounts.push(account);
        }
        for (uint256 i = 0; i < HONEST; ++i) _addHonestSplit(i);
        ids.push(keccak256("an id that is the hash of no split"));
    }

    /// @notice Pays the bystanders. Call it once, first.
    function open() external {
        for (uint256 i = 0; i < HONEST; ++i) _pay(ids[i], 1_000_003);
        for (uint256 i = ATTACKERS; i < accounts.length; ++i) {
            ledger.deposit(accounts[i], 777);
            startBalance[accounts[i]] = 777;
        }
    }

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](8);
        (list[0], list[1], list[2]) = (this.forge.selector, this.fund.selector, this.fundOther.selector);
        (list[3], list[4], list[5]) = (this.draw.selector, this.draw.selector, this.draw.selector);
        (list[6], list[7]) = (this.drawAgain.selector, this.redirect.selector);
    }

    // ------------------------------------------------------------------ handlers

    /// @dev Forges a tree and pays its id.
    function forge(uint256 seed) public {
        if (seeds.length == MOST_FORGERIES) return;
        seeds.push(seed);
        arbiters.push(address(uint160(0xa000 + (seed % (2 * ATTACKERS)))));
        bytes32 id = _forgery(seeds.length - 1).id;
        if (paid[id] != 0) {
            seeds.pop();
            arbiters.pop();
            return;
        }
        ids.push(id);
        _payAsAttacker(id, seed);
        _done();
    }

    function fund(uint256 seed) external {
        if (seeds.length == 0) return;
        _payAsAttacker(ids[HONEST + 1 + (seed % seeds.length)], seed);
        _done();
    }

    /// @dev The adversary may give to honest splits, too.
    function fundOther(uint256 seed) external {
        bytes32 id = ids[seed % (HONEST + 1)];
        uint256 amount = 1 + (seed % 1_000_000);
        if (amount > _room(id)) return;
        _pay(id, amount);
        _done();
    }

    /// @dev A few draws in one call: of forgeries, of honest splits, one after the other.
    function draw(uint256 seed) public {
        Source memory source = Random.from(seed);
        bytes memory draws;
        uint256 n = source.oneIn(2) ? 1 : source.between(2, 3);
        for (uint256 i = 0; i < n; ++i) {
            draws = bytes.concat(draws, source.oneIn(8) ? _honestDraw(source) : _hostileDraw(source));
        }
        (, uint256 released) = _draw(source.below(3), draws);
        if (released != 0) _done();
        _check();
    }

    function drawAgain(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes memory draws = _hostileDraw(source);
        uint256 how = source.below(3);
        (bool ok, uint256 first) = _draw(how, draws);
        if (first != 0) _done();
        for (uint256 i = 0; ok && i < 3; ++i) {
            (, uint256 released) = _draw(how, draws);
            _hold(released == 0, "H06_theSameDrawPaysOnce");
        }
        _check();
    }

    function redirect(uint256 seed) external {
        if (seeds.length == 0) return;
        Source memory source = Random.from(seed);
        Forgery memory forgery = _forgery(source.below(seeds.length));
        if (forgery.size == 0) return;
        VM.prank(source.oneIn(2) ? forgery.arbiter : address(0xa000));
        ledger.redirect(
            forgery.root,
            uint128(forgery.totalUnits),
            uint64(forgery.size),
            0,
            accounts[source.below(accounts.length)]
        );
        _done();
        _check();
    }

    function finish() external override {
        for (uint256 i = 0; i < HONEST; ++i) {
            _draw(0, PlainDraws.encode(honestShares[i], address(0), 0, honestShares[i].length));
        }
        _check();
        _hold(H07_honestSplitsPayInFull(), "H07_honestSplitsPayInFull");
    }

    // ------------------------------------------------------------------ properties

    function _check() private {
        _hold(H01_noSplitPaysOutMoreThanItReceived(), "H01_noSplitPaysOutMoreThanItReceived");
        _hold(H02_attackersGainNoMoreThanTheyPaid(), "H02_attackersGainNoMoreThanTheyPaid");
        _hold(H03_custodyCoversEverybody(), "H03_custodyCoversEverybody");
        _hold(H04_victimsLoseNothing(), "H04_victimsLoseNothing");
        _hold(H05_honestSplitsAreNotRedirected(), "H05_honestSplitsAreNotRedirected");
    }

    /// @dev P2, whoever built the tree.
    function H01_noSplitPaysOutMoreThanItReceived() private view returns (bool) {
        for (uint256 i = 0; i < ids.length; ++i) {
            (uint256 amount, , ) = ledger.received(ids[i]);
            if (amount != paid[ids[i]] + routedTo[ids[i]] || drawnFrom[ids[i]] > amount) return false;
        }
        return true;
    }

    function H02_attackersGainNoMoreThanTheyPaid() private view returns (bool) {
        uint256 gained = 0;
        for (uint256 i = 0; i < ATTACKERS; ++i) gained += _held(accounts[i]);
        return gained <= attackersPaid;
    }

    function H03_custodyCoversEverybody() private view returns (bool) {
        uint256 owed = 0;
        for (uint256 i = 0; i < accounts.length; ++i) owed += ledger.balanceOf(accounts[i]);
        uint256 drawn = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            (uint256 amount, , ) = ledger.received(ids[i]);
            owed += amount;
            drawn += drawnFrom[ids[i]];
        }
        return token.balanceOf(address(ledger)) + drawn == owed;
    }

    /// @dev Nobody acts for them here, so what they had and were credited is in their balance or, paid out, with them.
    function H04_victimsLoseNothing() private view returns (bool) {
        for (uint256 i = ATTACKERS; i < accounts.length; ++i) {
            if (_held(accounts[i]) != startBalance[accounts[i]] + credited[accounts[i]]) return false;
        }
        return true;
    }

    function H05_honestSplitsAreNotRedirected() private view returns (bool) {
        for (uint256 i = 0; i < HONEST; ++i) {
            for (uint256 k = 0; k < honestShares[i].length; ++k) {
                if (ledger.redirectOf(ids[i], k) != 0) return false;
            }
        }
        return true;
    }

    /// @dev Each share of an honest split has drawn its floor, to the unit.
    function H07_honestSplitsPayInFull() private view returns (bool) {
        for (uint256 i = 0; i < HONEST; ++i) {
            (uint256 amount, , ) = ledger.received(ids[i]);
            uint256 total = 0;
            for (uint256 k = 0; k < honestShares[i].length; ++k) total += honestShares[i][k].units;
            for (uint256 k = 0; k < honestShares[i].length; ++k) {
                if (ledger.drawn(ids[i], k) != (amount * honestShares[i][k].units) / total) return false;
            }
        }
        return true;
    }

    /// @dev Balance, and for wallets tokens.
    function _held(bytes32 account) private view returns (uint256 amount) {
        amount = ledger.balanceOf(account);
        if (uint256(account) >> 160 == 0) amount += token.balanceOf(address(uint160(uint256(account))));
    }

    // ------------------------------------------------------------------ drawing

    function _draw(uint256 how, bytes memory draws) private returns (bool ok, uint256 released) {
        bytes memory data = abi.encodeCall(ledger.release, (draws));
        if (how == 1) data = abi.encodeCall(ledger.payOut, (draws));
        if (how == 2) data = abi.encodeCall(ledger.claim, (draws, address(0xa000)));
        bytes memory out;
        VM.recordLogs();
        if (how == 2) VM.prank(address(0xa000));
        (ok, out) = address(ledger).call(data);
        if (ok) {
            released = abi.decode(out, (uint256));
            if (released != 0) ++accepted;
            _tally(VM.getRecordedLogs());
        } else {
            _hold(_isNamed(bytes4(out)), "H08_whatIsRefusedIsRefusedByName");
        }
    }

    function _tally(Vm.Log[] memory logs) private {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(ledger)) continue;
            bytes32 name = logs[i].topics[0];
            if (name == AttributionLedger.Credited.selector) {
                (, uint256 amount) = abi.decode(logs[i].data, (uint256, uint256));
                drawnFrom[logs[i].topics[1]] += amount;
                credited[logs[i].topics[2]] += amount;
            } else if (name == ROUTED) {
                Hop[] memory hops = abi.decode(logs[i].data, (Hop[]));
                for (uint256 k = 0; k < hops.length; ++k) {
                    drawnFrom[hops[k].splitId] += hops[k].amount;
                    routedTo[hops[k].toSplitId] += hops[k].amount;
                }
            }
        }
    }

    function _hostileDraw(Source memory source) private view returns (bytes memory) {
        if (seeds.length == 0) return new bytes(source.between(1, 300));
        return ForgedTree.draw(source, _forgery(source.below(seeds.length)));
    }

    function _honestDraw(Source memory source) private view returns (bytes memory) {
        Share[] memory shares = honestShares[source.below(HONEST)];
        return PlainDraws.encode(shares, address(0), 0, source.between(1, shares.length));
    }

    /// @dev A forgery can only name splits that were there before it: ids are hashes.
    function _forgery(uint256 number) private view returns (Forgery memory) {
        bytes32[] memory known = new bytes32[](HONEST + 1 + number);
        for (uint256 i = 0; i < known.length; ++i) known[i] = ids[i];
        return ForgedTree.forge(Random.from(seeds[number]), accounts, known, arbiters[number]);
    }

    function _pay(bytes32 id, uint256 amount) private {
        ledger.pay(id, amount, 1, 0);
        paid[id] += amount;
    }

    /// @dev What a split can still receive. What it got from other splits takes up room, too.
    function _room(bytes32 id) private view returns (uint256) {
        (uint256 amount, , ) = ledger.received(id);
        return ledger.MAX_RECEIVED() - amount;
    }

    function _payAsAttacker(bytes32 id, uint256 seed) private {
        uint256 room = _room(id);
        if (room == 0) return;
        uint256 amount = Random.from(~seed).magnitude(room);
        _pay(id, amount);
        attackersPaid += amount;
    }

    function _addHonestSplit(uint256 number) private {
        Share[] storage shares = honestShares.push();
        for (uint256 i = 0; i < VICTIMS; ++i) {
            shares.push(Share(Kind.Account, accounts[ATTACKERS + i], uint128(i + number + 1), bytes32(number)));
        }
        ids.push(PlainTree.splitIdOf(shares, address(0)));
    }

    function _isNamed(bytes4 selector) private pure returns (bool) {
        return
            selector == Draws.Draws_Truncated.selector ||
            selector == Draws.Draws_UnknownKind.selector ||
            selector == MerkleSumTree.MerkleSumTree_BadRange.selector ||
            selector == MerkleSumTree.MerkleSumTree_ProofTooShort.selector ||
            selector == MerkleSumTree.MerkleSumTree_UnitsOverflow.selector ||
            selector == AttributionLedger.AttributionLedger_UnknownSplit.selector ||
            selector == AttributionLedger.AttributionLedger_NoUnits.selector ||
            selector == AttributionLedger.AttributionLedger_NothingToClaim.selector ||
            selector == AttributionLedger.AttributionLedger_ReceivedOverflow.selector;
    }
}
