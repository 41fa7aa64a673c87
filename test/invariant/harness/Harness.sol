// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {CAMPAIGN_START} from "../ledger/LedgerWorld.sol";

/// @title The campaigns can fail
/// @notice Planted bugs are shown to break properties, under the same handlers as in the campaign; and in the same
/// sequences of calls, nothing breaks on the real contracts and every handler does its job again and again. Sequences
/// are the same each time: nothing here is left to the fuzzer.
/// @dev The work is done in `setUp`: the runner traces a test that fails from its first call on, which takes gigabytes
/// for this many, but does not trace the state it starts from.
abstract contract Harness {
    /// @dev What came out of a sequence.
    /// @param broken The first three characters of each broken property and a space; "rev" if a handler reverted, by which a
    /// campaign fails, too.
    /// @param done How often each handler did its job.
    struct Played {
        string broken;
        bytes4[] handlers;
        uint256[] done;
    }

    /// @dev Sequences to try: a bug shows only when the right things are done.
    uint256 private constant ROUNDS = 40;

    /// @dev Sequences on the real contracts, and how often each handler has to do its job in them.
    uint256 private constant SOUND_ROUNDS = 12;
    uint256 private constant OFTEN = 5;

    /// @dev Calls in a sequence.
    uint256 private immutable steps;

    /// @dev What is not as it should be.
    string private problems;

    /// @dev Handlers that hardly ever do their job.
    string private idle;

    constructor(uint256 steps_) {
        steps = steps_;
    }

    function setUp() public {
        _plant();
    }

    function test_everyPlantedBugIsFoundAndNothingElse() public view {
        require(bytes(problems).length == 0, problems);
    }

    function test_everyHandlerDoesItsJobOften() public view {
        require(bytes(idle).length == 0, idle);
    }

    /// @dev Calls {_holds} for the real contracts and {_breaks} for every bug. Zero stands for no bug.
    function _plant() internal virtual;

    function _create(uint256 bug) internal virtual returns (Subject);

    function _holds() internal {
        Played memory all = this.play(0, 0);
        for (uint256 round = 1; round < SOUND_ROUNDS; ++round) {
            Played memory next = this.play(0, round);
            all.broken = string.concat(all.broken, next.broken);
            for (uint256 i = 0; i < all.done.length; ++i) all.done[i] += next.done[i];
        }
        if (bytes(all.broken).length != 0) _report(string.concat(all.broken, "break on the real contracts"));
        for (uint256 i = 0; i < all.done.length; ++i) {
            if (all.done[i] < OFTEN) idle = string.concat(idle, _name(all.handlers[i]), " hardly ever does its job; ");
        }
    }

    /// @param names The first three characters of each property that has to break, or "rev" if a handler has to revert.
    function _breaks(uint256 bug, bytes memory names) internal {
        bytes memory broken;
        uint256 missing = names.length;
        for (uint256 round = 0; round < ROUNDS && missing != 0; ++round) {
            broken = bytes.concat(broken, bytes(this.play(bug, round).broken));
            missing = 0;
            for (uint256 i = 0; i < names.length; i += 3) {
                if (!_contains(broken, names, i)) ++missing;
            }
        }
        if (missing == 0) return;
        _report(string.concat("bug ", Strings.toString(bug), " breaks ", string(broken), "and not ", string(names)));
    }

    /// @notice Plays one sequence of calls, the same each time.
    /// @dev Called from this contract alone, and as a call because memory that a call has used is free again after it.
    function play(uint256 bug, uint256 round) external returns (Played memory played) {
        VM.warp(CAMPAIGN_START);
        Subject subject = _create(bug);
        played.handlers = subject.handlers();
        bool reverted = false;
        for (uint256 i = 0; i < steps; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(round, i)));
            bytes4 handler = played.handlers[seed % played.handlers.length];
            (bool ok, ) = address(subject).call(abi.encodeWithSelector(handler, seed));
            reverted = reverted || !ok;
        }
        try subject.finish() {} catch {
            reverted = true;
        }
        if (reverted) played.broken = "rev ";
        string[] memory broken = subject.brokenProperties();
        for (uint256 i = 0; i < broken.length; ++i) {
            bytes memory name = bytes(broken[i]);
            played.broken = string(abi.encodePacked(played.broken, name[0], name[1], name[2], " "));
        }
        played.done = new uint256[](played.handlers.length);
        for (uint256 i = 0; i < played.done.length; ++i) played.done[i] = subject.timesDone(played.handlers[i]);
    }

    function _name(bytes4 handler) private pure returns (string memory) {
        return Strings.toHexString(uint32(handler), 4);
    }

    function _report(string memory problem) private {
        problems = string.concat(problems, problem, "; ");
    }

    /// @dev Whether the three characters at `start` are among the broken ones, which take four each.
    function _contains(bytes memory broken, bytes memory names, uint256 start) private pure returns (bool) {
        for (uint256 i = 0; i < broken.length; i += 4) {
            bool same = broken[i] == names[start] && broken[i + 1] == names[start + 1];
            if (same && broken[i + 2] == names[start + 2]) return true;
        }
        return false;
    }
}
