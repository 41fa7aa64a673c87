// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A stream of numbers that a seed determines.
struct Source {
    uint256 seed;
    uint256 used;
}

/// @title Random choices of the tests
/// @notice One seed per call gives the runner a single number to vary and makes every run repeatable from it.
library Random {
    function from(uint256 seed) internal pure returns (Source memory) {
        return Source(seed, 0);
    }

    function word(Source memory source) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(source.seed, source.used++)));
    }

    function below(Source memory source, uint256 bound) internal pure returns (uint256) {
        return word(source) % bound;
    }

    /// @notice Both ends included.
    function between(Source memory source, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + below(source, high - low + 1);
    }

    /// @notice True once in `n` times.
    function oneIn(Source memory source, uint256 n) internal pure returns (bool) {
        return below(source, n) == 0;
    }

    /// @notice From 1 to `most`: any magnitude is as likely as any other, and both ends are likely.
    function magnitude(Source memory source, uint256 most) internal pure returns (uint256) {
        uint256 choice = below(source, 8);
        if (choice == 0 || most == 1) return 1;
        if (choice == 1) return most;
        uint256 bits = 0;
        while (bits < 255 && most >> (bits + 1) != 0) ++bits;
        uint256 scale = uint256(1) << below(source, bits + 1);
        uint256 value = scale + below(source, scale);
        return value < most ? value : most;
    }
}
