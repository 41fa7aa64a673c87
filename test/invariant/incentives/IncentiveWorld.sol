// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArbitrationCommittee} from "../../../contracts/disputes/ArbitrationCommittee.sol";
import {CaseStatus, DisputeCourt, HeldShare} from "../../../contracts/disputes/DisputeCourt.sol";
import {Accounts} from "../../../contracts/ledger/Accounts.sol";
import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Kind, Share, SumNode} from "../../../contracts/ledger/MerkleSumTree.sol";
import {OperatorStaking} from "../../../contracts/staking/OperatorStaking.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {PlainTree} from "../../solidity/PlainTree.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {IncentiveEvents} from "./IncentiveEvents.sol";
import {VerifierDouble} from "./VerifierDouble.sol";

/// @notice All contracts of a campaign on staking and the court.
struct Incentives {
    OpenToken token;
    AttributionLedger ledger;
    OperatorStaking staking;
    DisputeCourt court;
    ArbitrationCommittee[2] committees;
    VerifierDouble[2] verifiers;
}

/// @dev People: wallets with keys, of which the first are operators. All of them stake, claim and are accused.
uint256 constant WALLETS = 6;
uint256 constant OPERATORS = 3;
uint256 constant MEMBERS = 3;
uint256 constant QUORUM = 2;
address constant GOVERNOR = address(0x6060);
address constant SLASHER = address(0x51a5);
address constant STRANGER = address(0xbeef);

/// @dev No slash takes a rate below it.
uint256 constant RATE_FLOOR = 1;

/// @dev Short enough that a run sees rounds, thaws and cases end.
uint256 constant THAW = 7 days;
uint256 constant DRIP = 1 days;
uint256 constant EVIDENCE = 1 days;
uint256 constant RULING = 2 days;
uint256 constant FIRST_MIN_BOND = 1e18;
uint256 constant FIRST_MIN_SELF_STAKE = 1_000e18;

function memberAt(uint256 index) pure returns (address) {
    return address(uint160(0x3e3b00 + index));
}

/// @title People, splits, stakes and cases of a campaign, and independent books about them
abstract contract IncentiveWorld is Subject, IncentiveEvents {
    using Random for Source;

    /// @dev A stake as the books have it.
    /// @param earned Most it can have earned of what dripped, in millionths.
    /// @param commission What it was given of others' rewards.
    /// @param claimed Rewards that it took.
    /// @param rewards What it could claim after the last call.
    /// @param value What it was worth then.
    struct BookedStake {
        uint256 shares;
        uint256 thawing;
        uint256 thawedAt;
        uint256 earned;
        uint256 commission;
        uint256 claimed;
        uint256 rewards;
        uint256 value;
    }

    /// @param ownHolds Holds that are no case's.
    /// @param waiting What waited or dripped after the last call.
    struct BookedPool {
        uint256 rate;
        uint256 holds;
        uint256 ownHolds;
        uint256 commission;
        uint256 nextCommission;
        uint256 commissionFrom;
        uint256 roundAmount;
        uint256 roundStart;
        uint256 roundEnd;
        uint256 waiting;
    }

    /// @dev Votes as they were when a second was over.
    struct BookedVotes {
        uint256 time;
        uint256 total;
        uint256[WALLETS + 1] votes;
    }

    /// @param disputed What came into its escrows since it was opened.
    /// @param freed What left them.
    struct BookedCase {
        address claimant;
        address respondent;
        address harmed;
        uint256 amount;
        uint256 bond;
        uint256 openedAt;
        CaseStatus status;
        uint256 ruling;
        uint256 dispute;
        uint256 disputed;
        uint256 freed;
        HeldShare[] shares;
        uint256[] splits;
    }

    /// @dev A dispute before a committee; case 0 if it is no case of the court's.
    struct BookedDispute {
        uint256 committee;
        uint256 id;
        uint256 caseId;
        bool ruled;
        uint256[3] votes;
    }

    struct Split {
        bytes32 id;
        bytes32 root;
        uint128 totalUnits;
        address arbiter;
        Share[] shares;
    }

    /// @dev What the call under way may change besides what is booked.
    /// @param op Whose pool.
    /// @param staker Whose stake.
    /// @param gains Whether the stake's value may rise.
    /// @param loses Whether it may fall.
    /// @param slashes Whether all values of the pool may fall.
    /// @param opens Whether the pool was brought up to date.
    /// @param inflow What came to what waits for rounds.
    /// @param commission What the operator got of rewards that came in.
    /// @param claimed What the staker took of its rewards.
    struct Step {
        bool time;
        bool gains;
        bool loses;
        bool slashes;
        bool opens;
        uint256 op;
        uint256 staker;
        uint256 inflow;
        uint256 commission;
        uint256 claimed;
    }

    uint256 internal constant SPLITS = 3;
    uint256 internal constant MOST_CASES = 12;
    uint256 internal constant DEPOSIT = 1e25;
    uint256 internal constant MOST = 1e24;
    uint256 internal constant MILLION = 1e6;
    uint256 internal constant ONE = 1e18;
    uint96 internal constant SUB = 5;

    OpenToken internal immutable token;
    AttributionLedger internal immutable ledger;
    OperatorStaking internal immutable staking;
    DisputeCourt internal immutable court;
    ArbitrationCommittee[2] internal committees;
    VerifierDouble[2] internal verifiers;

    address[WALLETS] internal wallets;

    /// @dev Operators in ascending order.
    address[] internal ascending;
    Split[SPLITS] internal splits;
    uint256 internal clock = VM.getBlockTimestamp();

    // ------------------------------------------------------------------ books

    mapping(address wallet => uint256) internal bookTokens;
    mapping(bytes32 account => uint256) internal bookBalance;
    uint256 internal bookLedger;

    /// @dev Accounts whose balances are compared; those of escrows come on top.
    bytes32[] internal accounts;

    BookedPool[OPERATORS] internal pools;
    BookedStake[WALLETS][OPERATORS] internal stakes;
    mapping(address account => address) internal bookDelegate;
    mapping(address account => uint256) internal bookNonce;
    BookedVotes[] internal pastVotes;
    uint256 internal bookMinSelfStake = FIRST_MIN_SELF_STAKE;
    uint256 internal donated;
    uint256 internal calls;

    BookedCase[] internal cases;
    BookedDispute[] internal disputes;
    mapping(uint256 dispute => mapping(address member => bool)) internal bookVoted;
    uint256[2] internal bookDisputeCount;
    mapping(bytes32 faultId => bool) internal bookPunished;
    mapping(uint256 split => mapping(uint256 index => uint256)) internal bookRank;
    mapping(uint256 split => uint256) internal bookReceived;
    mapping(uint256 split => mapping(uint256 index => uint256)) internal bookDrawn;
    mapping(uint256 split => mapping(uint256 index => bytes32)) internal bookRedirect;
    /// @dev Number of the committee, counted from one; zero for none.
    uint256 internal bookArbitrator = 1;
    uint256 internal bookMinBond = FIRST_MIN_BOND;
    uint256 internal donatedToCourt;

    Step internal step;

    constructor(Incentives memory all) {
        (token, ledger, staking, court) = (all.token, all.ledger, all.staking, all.court);
        (committees, verifiers) = (all.committees, all.verifiers);
        for (uint256 i = 0; i < WALLETS; ++i) {
            wallets[i] = VM.addr(i + 1);
            accounts.push(_wallet(wallets[i]));
        }
        for (uint256 op = 0; op < OPERATORS; ++op) {
            ascending.push(wallets[op]);
            for (uint256 i = op; i > 0 && ascending[i] < ascending[i - 1]; --i) {
                (ascending[i], ascending[i - 1]) = (ascending[i - 1], ascending[i]);
            }
            accounts.push(_rewards(op));
            pools[op].rate = ONE;
            seenPool[wallets[op]].rate = ONE;
        }
        accounts.push(_wallet(address(all.staking)));
        accounts.push(_wallet(address(all.court)));
        accounts.push(_wallet(SLASHER));
        accounts.push(Accounts.NOBODY);
        accounts.push(Accounts.sub(wallets[0], SUB));
        (seenMinSelfStake, seenMinBond) = (FIRST_MIN_SELF_STAKE, FIRST_MIN_BOND);
        seenArbitrator = address(all.committees[0]);
        _addSplits();
    }

    /// @notice Spreads the tokens that this contract holds over all wallets and their accounts. Call it once, first.
    function open() external {
        uint256 each = token.totalSupply() / WALLETS;
        token.approve(address(ledger), type(uint256).max);
        for (uint256 i = 0; i < WALLETS; ++i) {
            address wallet = wallets[i];
            (bookTokens[wallet], bookBalance[_wallet(wallet)]) = (each - DEPOSIT, DEPOSIT);
            bookLedger += DEPOSIT;
            ledger.deposit(_wallet(wallet), DEPOSIT);
            token.transfer(wallet, each - DEPOSIT);
            VM.prank(wallet);
            token.approve(address(staking), type(uint256).max);
            VM.prank(wallet);
            token.approve(address(court), type(uint256).max);
            VM.prank(wallet);
            ledger.approveSpender(0, address(staking), type(uint256).max);
        }
    }

    /// @dev The court is the arbiter of the first two. The second leads to the third, whose arbiter is somebody else.
    function _addSplits() private {
        Share[] memory third = new Share[](2);
        third[0] = _share(_wallet(wallets[0]), 3);
        third[1] = _share(_wallet(wallets[4]), 7);
        _addSplit(2, third, GOVERNOR);

        Share[] memory first = new Share[](5);
        first[0] = _share(_wallet(wallets[0]), 1_000);
        first[1] = _share(Accounts.sub(wallets[0], SUB), 1);
        first[2] = _share(_wallet(wallets[1]), 777);
        first[3] = _share(_wallet(wallets[2]), 3);
        first[4] = _share(_wallet(wallets[5]), 0);
        _addSplit(0, first, address(court));

        Share[] memory second = new Share[](4);
        second[0] = _share(_wallet(wallets[1]), 1);
        second[1] = _share(_wallet(wallets[1]), 2);
        second[2] = _share(_wallet(wallets[3]), 5);
        second[3] = Share(Kind.Split, splits[2].id, 9, 0);
        _addSplit(1, second, address(court));
    }

    function _addSplit(uint256 number, Share[] memory shares, address arbiter) private {
        SumNode memory root = PlainTree.root(PlainTree.leaves(shares));
        Split storage split = splits[number];
        (split.id, split.root) = (PlainTree.splitIdOf(shares, arbiter), root.hash);
        (split.totalUnits, split.arbiter) = (uint128(root.units), arbiter);
        for (uint256 i = 0; i < shares.length; ++i) split.shares.push(shares[i]);
    }

    function _share(bytes32 account, uint128 units) private pure returns (Share memory) {
        return Share(Kind.Account, account, units, keccak256(abi.encode(account, units)));
    }

    // ------------------------------------------------------------------ choices

    /// @dev Begins a call: a source of choices, and nothing noted yet.
    function _begin(uint256 seed) internal returns (Source memory) {
        delete step;
        delete seenStep;
        ++calls;
        VM.recordLogs();
        return Random.from(seed);
    }

    function _anyWallet(Source memory source) internal view returns (address) {
        return wallets[source.below(WALLETS)];
    }

    /// @dev Mostly who is meant, and anybody else once in eight times.
    function _caller(Source memory source, address meant) internal view returns (address) {
        return source.oneIn(8) ? _anyWallet(source) : meant;
    }

    /// @dev Calls a contract and tells how it answered.
    function _call(address caller, address target, bytes memory data) internal returns (bool ok, bytes memory answer) {
        VM.prank(caller);
        return target.call(data);
    }

    /// @dev Neither a panic, nor a text, nor nothing.
    function _isNamed(bytes memory reason) internal pure returns (bool) {
        bytes4 name = bytes4(reason);
        return reason.length >= 4 && name != 0x4e487b71 && name != 0x08c379a0;
    }

    // ------------------------------------------------------------------ sums of the books

    function _sharesOf(uint256 op) internal view returns (uint256 shares, uint256 thawing) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            shares += stakes[op][i].shares;
            thawing += stakes[op][i].thawing;
        }
    }

    /// @dev Worth of a pool or a stake at the rate that the books have.
    function _worth(uint256 op, uint256 shares) internal view returns (uint256) {
        return (shares * pools[op].rate) / ONE;
    }

    function _slashable(uint256 op) internal view returns (uint256) {
        (uint256 shares, uint256 thawing) = _sharesOf(op);
        return _worth(op, shares + thawing);
    }

    function _voter(uint256 index) internal view returns (address) {
        return index < WALLETS ? wallets[index] : STRANGER;
    }

    function _delegateOf(address account) internal view returns (address) {
        address delegatee = bookDelegate[account];
        return delegatee == address(0) ? account : delegatee;
    }

    function _votesIn(uint256 op, address voter) internal view returns (uint256 shares) {
        for (uint256 i = 0; i < WALLETS; ++i) {
            if (_delegateOf(wallets[i]) == voter) shares += stakes[op][i].shares;
        }
    }

    function _commissionOf(uint256 op) internal view returns (uint256) {
        BookedPool storage pool = pools[op];
        return clock < pool.commissionFrom ? pool.commission : pool.nextCommission;
    }

    /// @dev Number of an operator; OPERATORS if it is none.
    function _operatorOf(address account) internal view returns (uint256 op) {
        while (op < OPERATORS && wallets[op] != account) ++op;
    }

    // ------------------------------------------------------------------ shares

    /// @dev Account that gets a share's releases.
    function _targetOf(uint256 split, uint256 index) internal view returns (bytes32) {
        bytes32 redirect = bookRedirect[split][index];
        return redirect == 0 ? splits[split].shares[index].recipient : redirect;
    }

    function _undrawn(uint256 split, uint256 index) internal view returns (uint256) {
        Split storage s = splits[split];
        return (bookReceived[split] * s.shares[index].units) / s.totalUnits - bookDrawn[split][index];
    }

    function _bookDonated(bytes32 escrow, uint256 amount) internal {
        (uint256 caseNumber, ) = _escrowAt(escrow);
        cases[caseNumber].disputed += amount;
    }

    function _bookRelease(uint256 split, uint256 index) internal {
        uint256 amount = _undrawn(split, index);
        bookDrawn[split][index] += amount;
        if (splits[split].shares[index].kind == Kind.Split) {
            bookReceived[2] += amount;
            return;
        }
        bytes32 target = _targetOf(split, index);
        bookBalance[target] += amount;
        (uint256 caseNumber, ) = _escrowAt(target);
        if (caseNumber < cases.length) cases[caseNumber].disputed += amount;
    }

    /// @dev Whose escrow an account is; numbers that there are not if it is none.
    function _escrowAt(bytes32 account) internal view returns (uint256 caseNumber, uint256 place) {
        if (Accounts.ownerOf(account) != address(court)) return (type(uint256).max, 0);
        uint256 tag = uint256(account) >> 160;
        return (tag / 16 - 1, tag % 16);
    }

    // ------------------------------------------------------------------ names

    function _escrow(uint256 caseNumber, uint256 place) internal view returns (bytes32) {
        return Accounts.sub(address(court), uint96((caseNumber + 1) * 16 + place));
    }

    function _rewards(uint256 op) internal view returns (bytes32) {
        return Accounts.sub(address(staking), uint96(uint160(wallets[op])));
    }

    function _wallet(address owner) internal pure returns (bytes32) {
        return Accounts.wallet(owner);
    }

    function _split(uint256 number) internal view returns (Share[] memory shares) {
        return splits[number].shares;
    }
}
