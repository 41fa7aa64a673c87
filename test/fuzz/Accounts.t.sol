// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Accounts} from "../../contracts/ledger/Accounts.sol";

contract AccountsFuzz {
    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_A01_anAccountIsTwelveBytesOfTagAndTwentyOfAddress(address owner, uint96 tag) public pure {
        require(Accounts.sub(owner, tag) == bytes32(abi.encodePacked(tag, owner)), "A01");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_A02_theWalletIsTheAccountWithTagZero(address owner) public pure {
        require(Accounts.wallet(owner) == Accounts.sub(owner, 0), "A02");
        require(Accounts.wallet(owner) == bytes32(uint256(uint160(owner))), "A02 form");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_A03_theOwnerIsTheAddressWhateverTheTag(address owner, uint96 tag) public pure {
        require(Accounts.ownerOf(Accounts.sub(owner, tag)) == owner, "A03");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_A04_onlyTagZeroIsAWallet(address owner, uint96 tag) public pure {
        require(Accounts.isWallet(Accounts.sub(owner, tag)) == (tag == 0), "A04");
        require(Accounts.isWallet(Accounts.wallet(owner)), "A04 wallet");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_A05_differentOwnersOrTagsAreDifferentAccounts(
        address ownerA,
        uint96 tagA,
        address ownerB,
        uint96 tagB
    ) public pure {
        bool same = ownerA == ownerB && tagA == tagB;
        require((Accounts.sub(ownerA, tagA) == Accounts.sub(ownerB, tagB)) == same, "A05");
    }

    /// hardhat-config: default.fuzz.runs = 10000
    function testFuzz_A06_everyWordIsTheAccountOfItsOwner(bytes32 account) public pure {
        address owner = Accounts.ownerOf(account);
        require(Accounts.sub(owner, uint96(uint256(account) >> 160)) == account, "A06");
    }
}
