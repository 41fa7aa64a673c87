// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice How the test runner is told which functions to call.
struct FuzzSelector {
    address target;
    bytes4[] selectors;
}

/// @title What a stateful campaign is run on
/// @notice It remembers the names of the properties that did not hold at some moment, so that a failure says which.
abstract contract Subject {
    string[] private broken;
    mapping(bytes32 nameHash => bool) private isBroken;

    /// @notice How often each handler has done what it is for; for tests of the tests.
    mapping(bytes4 handler => uint256) public timesDone;

    /// @notice Functions to call at random; one that is named twice is called twice as often.
    function handlers() external view virtual returns (bytes4[] memory);

    /// @notice Ends a run. Nothing is called afterwards.
    function finish() external virtual;

    function brokenProperties() external view returns (string[] memory) {
        return broken;
    }

    function _hold(bool holds, string memory name) internal {
        if (holds || isBroken[keccak256(bytes(name))]) return;
        isBroken[keccak256(bytes(name))] = true;
        broken.push(name);
    }

    /// @dev For handlers that have got what they came for. One that never does tests nothing.
    function _done() internal {
        ++timesDone[msg.sig];
    }
}

/// @title A stateful campaign
abstract contract Campaign {
    Subject internal subject;

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(subject);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(subject), subject.handlers());
    }

    function afterInvariant() external {
        subject.finish();
        _requireUnbroken();
    }

    function _requireUnbroken() internal view {
        string[] memory broken = subject.brokenProperties();
        if (broken.length == 0) return;
        string memory names;
        for (uint256 i = 0; i < broken.length; ++i) names = string.concat(names, " ", broken[i]);
        revert(names);
    }
}
