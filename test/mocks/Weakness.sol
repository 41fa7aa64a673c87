// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Which one of its defences a vulnerable twin goes without: a number that tests write into its storage.
library Weakness {
    /// @dev keccak256("weakness")
    uint256 internal constant SLOT = 0xeef6c66c44000c358425d2b4788783aff773a7cd49917c23e39b290b97a4ee96;

    /// @dev Pure to the compiler, so that functions which are pure in the original can ask, too.
    function on(uint256 defence) internal pure returns (bool) {
        function(uint256) internal view returns (bool) read = _read;
        function(uint256) internal pure returns (bool) ask;
        assembly ("memory-safe") {
            ask := read
        }
        return ask(defence);
    }

    function _read(uint256 defence) private view returns (bool answer) {
        uint256 slot = SLOT;
        assembly ("memory-safe") {
            answer := eq(sload(slot), defence)
        }
    }
}
