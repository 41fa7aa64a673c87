// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../contracts/ledger/AttributionLedger.sol";
import {Channel, PaymentChannels, Settlement, Status} from "../../contracts/payments/PaymentChannels.sol";
import {OpenToken} from "../../contracts/token/OpenToken.sol";
import {KeyWallet} from "../mocks/Wallets.sol";
import {Random, Source} from "../solidity/Random.sol";
import {Vm, VM} from "../solidity/Vm.sol";

/// @dev A voucher of a random batch and what should become of it.
/// @param flags As packed: zero for a plain one.
/// @param head What stands between maximum and signature.
/// @param channel Number of the channel it is for; zero if it is for none.
/// @param good Whether the signature is one that channels take.
/// @param nobody Whether it recovers nobody.
struct Item {
    uint8 flags;
    uint256 max;
    uint256 total;
    bytes head;
    bytes signature;
    uint256 channel;
    bool good;
    bool nobody;
}

/// @notice Batches of vouchers, good and bad, in every form in which the same can be packed.
contract VouchersTest {
    using Random for Source;

    uint256 private constant DEPOSIT = 1_000;
    uint256 private constant OWN = 4;
    uint256 private constant MOST_ITEMS = 12;
    uint256 private constant DELAY = 1 days;
    bytes32 private constant SPLIT = keccak256("split");
    address private constant OPERATOR = address(0xb0b);

    /// @dev Greatest s of which a signature has no twin below it.
    uint256 private constant LOWER_HALF = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @dev An x of a point on the curve.
    bytes32 private constant SOME_R = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
    uint256 private constant SOME_MAX = 500;

    OpenToken private token;
    PaymentChannels private channels;
    bytes32 private ownTermsId;

    /// @dev Numbers count from one. First those whose payer signs, then one of a session key and one of a contract, then two
    /// that only a signature with the last s of the lower half, and one with the first beyond it, are good for.
    Channel[] private opened;

    function setUp() public {
        token = new OpenToken(address(this));
        channels = new PaymentChannels(new AttributionLedger(token));
        for (uint256 i = 1; i <= OWN; ++i) _open(VM.addr(i), VM.addr(i));
        ownTermsId = channels.termsIdOf(opened[0]);
        _open(VM.addr(1), VM.addr(OWN + 1));
        _open(VM.addr(2), address(new KeyWallet(VM.addr(OWN + 2))));
        bytes32 digest = channels.voucherDigest(ownTermsId, uint128(SOME_MAX));
        for (uint256 i = 0; i < 2; ++i) {
            address nobodysKey = ecrecover(digest, 27, SOME_R, bytes32(LOWER_HALF + i));
            _open(nobodysKey, nobodysKey);
        }
    }

    function testFuzz_V01_fastAndSlowPathsSettleAlike(uint256 seed) public {
        Item[] memory items = _items(Random.from(seed));
        bytes memory fast = _outcome(_batch(items, 0));
        require(keccak256(fast) == keccak256(_outcome(_batch(items, 1))), "with the claimed total");
        require(keccak256(fast) == keccak256(_outcome(_batch(items, 2))), "with the payer");
        require(keccak256(fast) == keccak256(_outcome(_batch(items, 3))), "with both");
    }

    function testFuzz_V02_batchesAndSingleVouchersSettleAlike(uint256 seed) public {
        Item[] memory items = _items(Random.from(seed));
        Settlement[] memory singles = new Settlement[](items.length);
        for (uint256 i = 0; i < items.length; ++i) {
            singles[i] = _settlement(bytes.concat(bytes2(uint16(1)), _pack(items[i], 0)));
        }
        require(keccak256(_outcome(_batch(items, 0))) == keccak256(_outcome(singles)), "one by one");
    }

    function testFuzz_V03_everyVoucherHasTheStatusThatTheRulesGiveIt(uint256 seed) public {
        Item[] memory items = _items(Random.from(seed));
        (bytes memory statuses, , , uint256 paid, bytes memory states) = abi.decode(
            _outcome(_batch(items, 0)),
            (bytes, bytes, bytes, uint256, bytes)
        );
        uint256[] memory settled = new uint256[](opened.length + 1);
        uint256 sum = 0;
        for (uint256 i = 0; i < items.length; ++i) {
            Item memory item = items[i];
            Status status = _expected(item, settled[item.channel]);
            require(uint8(statuses[i]) == uint8(status), "status");
            if (status != Status.Settled) continue;
            sum += item.total - settled[item.channel];
            settled[item.channel] = item.total;
        }
        require(paid == sum, "paid");
        bytes memory expected;
        for (uint256 i = 1; i <= opened.length; ++i) {
            expected = bytes.concat(expected, abi.encode(DEPOSIT - settled[i], settled[i], i));
        }
        require(keccak256(states) == keccak256(expected), "states");
    }

    function testFuzz_V04_arbitraryBytesSettleNothingOrAreRefusedByName(bytes calldata data, uint8 count) public {
        Settlement[] memory settlements = new Settlement[](1);
        settlements[0] = _settlement(bytes.concat(bytes2(uint16(count % 4)), data));
        bytes memory outcome = _outcome(settlements);
        if (bytes4(outcome) == bytes4(keccak256("Vouchers_BadLength(uint256,uint256)"))) return;
        if (bytes4(outcome) == bytes4(keccak256("Vouchers_BadFlags(uint256,uint256)"))) return;
        (, bytes memory settled, , uint256 paid, ) = abi.decode(outcome, (bytes, bytes, bytes, uint256, bytes));
        require(settled.length == 0 && paid == 0, "settled");
    }

    /// @dev A campaign in which nothing is settled, or everything, would prove nothing.
    function test_batchesHaveEveryStatus() public {
        uint256[6] memory counts;
        for (uint256 seed = 0; seed < 100; ++seed) {
            bytes memory outcome = _outcome(_batch(_items(Random.from(seed)), 0));
            (bytes memory statuses, , , , ) = abi.decode(outcome, (bytes, bytes, bytes, uint256, bytes));
            for (uint256 i = 0; i < statuses.length; ++i) ++counts[uint8(statuses[i])];
        }
        for (uint256 i = 0; i < 6; ++i) require(counts[i] >= 10, "a status hardly ever occurs");
    }

    // ------------------------------------------------------------------ outcomes

    /// @notice Settles and reverts with all that came of it, so that nothing has happened.
    function tryToSettle(Settlement[] calldata settlements) external {
        VM.recordLogs();
        VM.prank(OPERATOR);
        bytes[] memory each = channels.settle(settlements);
        bytes memory statuses;
        for (uint256 i = 0; i < each.length; ++i) statuses = bytes.concat(statuses, each[i]);

        bytes memory settled;
        bytes memory skipped;
        uint256 paid = 0;
        Vm.Log[] memory logs = VM.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 name = logs[i].topics[0];
            if (name == PaymentChannels.Settled.selector) {
                settled = bytes.concat(settled, abi.decode(logs[i].data, (bytes)));
            } else if (name == PaymentChannels.VoucherSkipped.selector) {
                skipped = bytes.concat(skipped, abi.encode(logs[i].topics), logs[i].data);
            } else if (name == AttributionLedger.PaidFromBalance.selector) {
                (uint256 amount, , ) = abi.decode(logs[i].data, (uint256, uint256, bytes32));
                paid += amount;
            } else {
                revert("another event");
            }
        }
        bytes memory states;
        for (uint256 i = 0; i < opened.length; ++i) {
            (uint256 balance, uint256 total, uint256 number) = channels.channelOf(channels.channelIdOf(opened[i]));
            states = bytes.concat(states, abi.encode(balance, total, number));
        }
        bytes memory outcome = abi.encode(statuses, settled, skipped, paid, states);
        assembly ("memory-safe") {
            revert(add(outcome, 32), mload(outcome))
        }
    }

    function _outcome(Settlement[] memory settlements) private returns (bytes memory outcome) {
        try this.tryToSettle(settlements) {} catch (bytes memory reason) {
            outcome = reason;
        }
    }

    function _expected(Item memory item, uint256 settled) private pure returns (Status) {
        if (item.nobody) return Status.BadSignature;
        if (item.channel == 0) return Status.UnknownChannel;
        if (item.total <= settled) return Status.NothingNew;
        if (item.total > item.max) return Status.AboveVoucher;
        if (item.total > DEPOSIT) return Status.AboveDeposit;
        return item.good ? Status.Settled : Status.BadSignature;
    }

    // ------------------------------------------------------------------ batches

    function _items(Source memory source) private view returns (Item[] memory items) {
        items = new Item[](source.between(1, MOST_ITEMS));
        bool mostlyGood = source.oneIn(2);
        for (uint256 i = 0; i < items.length; ++i) {
            items[i] = _item(source, mostlyGood && !source.oneIn(4) ? 0 : source.below(9));
        }
    }

    function _item(Source memory source, uint256 kind) private view returns (Item memory item) {
        uint256 key = source.between(1, OWN);
        item.max = source.oneIn(8) ? source.magnitude(type(uint96).max) : source.below(DEPOSIT + 3);
        item.total = item.max;
        (item.channel, item.good) = (key, true);
        bytes32 termsId = ownTermsId;
        if (kind == 1) {
            (item.flags, item.total) = (1, source.below(DEPOSIT + 3));
            item.head = abi.encodePacked(uint96(item.total));
        } else if (kind == 2) {
            (key, item.channel) = (OWN + 1, OWN + 1);
            (item.flags, item.head, termsId) = (2, abi.encodePacked(VM.addr(1)), channels.termsIdOf(opened[OWN]));
        } else if (kind == 3) {
            return _contractItem(source, item);
        } else if (kind == 4) {
            return _edgeItem(source, item);
        } else if (kind == 5) {
            (key, item.channel) = (OWN + 9, 0);
        }
        bytes32 digest = channels.voucherDigest(termsId, uint128(item.max));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        if (kind == 6) v = 55 - v;
        if (kind == 7) s = bytes32(source.oneIn(2) ? LOWER_HALF + 1 + source.below(9) : source.below(3));
        if (kind == 8) (r, s) = (bytes32(source.word()), bytes32(source.word() >> 1));
        if (kind >= 6) {
            item.channel = 0;
            item.nobody = uint256(s) > LOWER_HALF || ecrecover(digest, v, r, s) == address(0);
        }
        item.signature = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /// @dev A contract signs, or does not.
    function _contractItem(Source memory source, Item memory item) private view returns (Item memory) {
        Channel memory channel = opened[OWN + 1];
        (item.flags, item.channel, item.good) = (6, OWN + 2, !source.oneIn(3));
        bytes32 digest = channels.voucherDigest(channels.channelIdOf(channel), uint128(item.max));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(item.good ? OWN + 2 : OWN + 1, digest);
        item.head = abi.encodePacked(channel.payer, channel.signer, uint16(65));
        item.signature = abi.encodePacked(r, s, v);
        return item;
    }

    /// @dev A signature at the border of the lower half, which recovers a payer on either side.
    function _edgeItem(Source memory source, Item memory item) private pure returns (Item memory) {
        uint256 beyond = source.below(2);
        (item.max, item.total, item.channel, item.nobody) = (SOME_MAX, SOME_MAX, OWN + 3 + beyond, beyond == 1);
        item.signature = abi.encodePacked(SOME_R, LOWER_HALF + beyond);
        return item;
    }

    /// @param form How plain vouchers are packed: 1 with the total that they claim anyway, 2 with the payer that is not
    /// named, 3 with both; 0 as they are.
    function _batch(Item[] memory items, uint8 form) private pure returns (Settlement[] memory settlements) {
        bytes memory packed = abi.encodePacked(uint16(items.length));
        for (uint256 i = 0; i < items.length; ++i) packed = bytes.concat(packed, _pack(items[i], form));
        settlements = new Settlement[](1);
        settlements[0] = _settlement(packed);
    }

    function _pack(Item memory item, uint8 form) private pure returns (bytes memory) {
        if (item.flags != 0) form = 0;
        bytes memory total = form & 1 == 0 ? bytes("") : abi.encodePacked(uint96(item.max));
        bytes memory payer = form & 2 == 0 ? bytes("") : abi.encodePacked(address(0));
        return abi.encodePacked(item.flags | form, uint96(item.max), item.head, total, payer, item.signature);
    }

    function _settlement(bytes memory packed) private pure returns (Settlement memory) {
        return Settlement(SPLIT, DELAY, 0, 1, 0, false, packed);
    }

    function _open(address payer, address signer) private {
        Channel memory channel = Channel(payer, signer, OPERATOR, SPLIT, DELAY, 0);
        opened.push(channel);
        token.transfer(payer, DEPOSIT);
        VM.prank(payer);
        token.approve(address(channels), DEPOSIT);
        VM.prank(payer);
        channels.deposit(channel, DEPOSIT);
    }
}
