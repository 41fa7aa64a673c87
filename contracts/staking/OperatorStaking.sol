// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger} from "../ledger/AttributionLedger.sol";
import {LedgerFunds} from "../ledger/LedgerFunds.sol";
import {IOperatorEligibility} from "../registry/IOperatorEligibility.sol";
import {IStakeVotes} from "./IStakeVotes.sol";

/// @notice What staking starts with.
/// @param thawSeconds How long stake stays at risk after its owner asked for it.
/// @param dripSeconds How long a round of rewards takes to reach stakers.
/// @param minSelfStake What an operator must have staked itself to serve, in the token's smallest unit.
struct StakingParameters {
    uint256 thawSeconds;
    uint256 dripSeconds;
    uint256 minSelfStake;
}

/// @notice What is staked on one operator. Four words.
/// @param shares Stake that votes and earns.
/// @param thawing Stake on its way out. Does neither, and is slashed all the same.
/// @param rate Value of 10^18 shares, shares of either kind; zero for the 10^18 it begins with.
/// @param commissionBps Operator's part of rewards.
/// @param nextCommissionBps What it is going to be.
/// @param commissionFrom When, in seconds since 1970; zero if no change is announced.
/// @param holds Cases for which withdrawals have to wait.
/// @param drippedAt Until when the round of rewards has been given out.
/// @param dripEnd When it ends.
/// @param queued Rewards that wait for the next round.
/// @param dripping Rewards of the round that have not been given out.
/// @param rewardPerShare What a share has earned since the beginning, times 2^128.
struct Pool {
    uint128 shares;
    uint128 thawing;
    uint64 rate;
    uint16 commissionBps;
    uint16 nextCommissionBps;
    uint40 commissionFrom;
    uint40 holds;
    uint40 drippedAt;
    uint40 dripEnd;
    uint128 queued;
    uint128 dripping;
    uint256 rewardPerShare;
}

/// @notice What one account has staked on one operator.
/// @param shares Its shares that vote and earn.
/// @param thawing Its shares on their way out.
/// @param thawedAt When those can be withdrawn, in seconds since 1970.
/// @param rewards What it can claim, up to `rewardPerShare`.
/// @param rewardPerShare The pool's, as it was when `rewards` was brought up to date.
struct Stake {
    uint128 shares;
    uint128 thawing;
    uint48 thawedAt;
    uint128 rewards;
    uint256 rewardPerShare;
}

/// @title Stake behind operators
/// @notice Operators stake OPEN to serve, others stake on them. Stake earns what services leave to stakers, votes, and is
/// slashed when its operator is found at fault.
///
/// - Each operator has a pool of shares with one rate, which only slashes change, and only downwards. There is nothing
///   to inflate: tokens that somebody gives to this contract are not part of any pool.
/// - Who wants stake back waits for the thaw. It earns nothing and has no votes then, but is slashed as before. While a
///   case against the operator is open nobody withdraws, for {MAX_HOLD_SECONDS} at most.
/// - Rewards come in rounds of fixed length, second by second. What arrives waits for the next round, so stake that
///   comes before a payment and leaves after it has earned nothing, and no payment changes the pace of others.
/// - Stake votes, also on others' behalf ({delegate}), at the value it had then. Votes are kept pool by pool, for one slash
///   lowers those of all stakers at once: see {IStakeVotes}.
///
/// What rounding takes from stake, at most one of the token's smallest units for each call, becomes rewards of the pool's
/// stakers. What it takes from rewards, less than two for each call, is nobody's and stays here.
/// @dev Custody: this contract's balance in the ledger ≥ Σ over pools of (value of shares and thawing + queued + dripping)
/// + rewards not claimed. What operators' stakers have earned and nobody has harvested is in sub-accounts.
contract OperatorStaking is IOperatorEligibility, IStakeVotes, LedgerFunds, AccessManaged, EIP712, Nonces {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a parameter is not within its bounds.
    error OperatorStaking_OutOfBounds(string parameter, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when an address cannot have a pool: its rewards would have no account of their own.
    error OperatorStaking_BadOperator(address operator);

    /// @notice Thrown when rewards of an operator would arrive in the account of another one.
    /// @param tag The tag of that account: the low 12 bytes of both addresses.
    /// @param holder Whose it is.
    error OperatorStaking_TagTaken(address operator, uint96 tag, address holder);

    /// @notice Thrown when an amount, or a number of shares, is zero.
    error OperatorStaking_ZeroAmount();

    /// @notice Thrown when a pool has lost so much to slashes that it takes no more stake.
    error OperatorStaking_PoolRuined(address operator, uint256 rate);

    /// @notice Thrown when an account has stake on as many operators as it can.
    error OperatorStaking_TooManyOperators(address staker, uint256 max);

    /// @notice Thrown when a staker has fewer shares than it wants to thaw.
    error OperatorStaking_InsufficientShares(address operator, address staker, uint256 shares, uint256 needed);

    /// @notice Thrown when a staker has nothing that thaws.
    error OperatorStaking_NothingThawing(address operator, address staker);

    /// @notice Thrown when stake has not thawed yet.
    error OperatorStaking_StillThawing(address operator, uint256 thawedAt, uint256 time);

    /// @notice Thrown when stake cannot leave because cases against its operator are open.
    error OperatorStaking_Held(address operator, uint256 holds);

    /// @notice Thrown when nothing has arrived for an operator's stakers.
    error OperatorStaking_NothingToHarvest(address operator);

    /// @notice Thrown when a staker has no rewards.
    error OperatorStaking_NothingToClaim(address operator, address staker);

    /// @notice Thrown when one slash would take more than a slash may.
    error OperatorStaking_AboveSlashCap(address operator, uint256 amount, uint256 cap);

    /// @notice Thrown when somebody ends more holds of an operator's stake than it began.
    error OperatorStaking_NotHeld(address operator, address holder);

    /// @notice Thrown when operators are not named in strictly ascending order.
    error OperatorStaking_NotAscending(uint256 index);

    /// @notice Thrown when votes are asked for at a time that is not over (ERC-5805).
    error ERC5805FutureLookup(uint256 timepoint, uint48 clock);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when stake came in.
    event Staked(address indexed operator, address indexed staker, uint256 amount, uint256 shares);

    /// @notice Emitted when the account for rewards under a tag became an operator's, for good.
    event TagClaimed(address indexed operator, uint96 tag);

    /// @notice Emitted when shares began to thaw. All of the staker's thawing shares can be withdrawn from `thawedAt` on.
    event ThawStarted(address indexed operator, address indexed staker, uint256 shares, uint256 thawedAt);

    /// @notice Emitted when a staker's thawing shares became stake again.
    event Restaked(address indexed operator, address indexed staker, uint256 shares);

    /// @notice Emitted when stake left, into the staker's balance in the ledger.
    event StakeWithdrawn(address indexed operator, address indexed staker, uint256 amount, uint256 shares);

    /// @notice Emitted when what services had left to an operator's stakers was taken in.
    /// @param commission The operator's part of `amount`.
    event Harvested(address indexed operator, uint256 amount, uint256 commission);

    /// @notice Emitted when a round of rewards began, in which all that waited is given out until `end`.
    event RoundStarted(address indexed operator, uint256 amount, uint256 end);

    /// @notice Emitted when a staker claimed rewards, into its balance in the ledger.
    event RewardsClaimed(address indexed operator, address indexed staker, uint256 amount);

    /// @notice Emitted when an operator set its commission, in force from the second `from` on.
    event CommissionSet(address indexed operator, uint16 commissionBps, uint256 from);

    /// @notice Emitted when a pool was slashed.
    /// @param amount What all of it lost.
    /// @param own What the operator lost of it.
    /// @param rate Value of 10^18 of the pool's shares from now on.
    event Slashed(address indexed operator, address indexed to, uint256 amount, uint256 own, uint256 rate);

    /// @notice Emitted when the number of cases changed for which withdrawals have to wait.
    event HoldsChanged(address indexed operator, uint256 holds);

    /// @notice Emitted when what operators must have staked themselves changed.
    event MinSelfStakeSet(uint256 minSelfStake);

    /// @notice Emitted when votes in a pool moved, measured in its shares. Zero for stake that came or left.
    event VotesMoved(address indexed operator, address indexed from, address indexed to, uint256 shares);

    // ------------------------------------------------------------------ constants

    /// @notice Bounds of the thaw.
    uint256 public constant MIN_THAW_SECONDS = 7 days;
    uint256 public constant MAX_THAW_SECONDS = 60 days;

    /// @notice How long cases can keep thawed stake from leaving. Longer than any case takes.
    uint256 public constant MAX_HOLD_SECONDS = 30 days;

    /// @notice Bounds of a round of rewards.
    uint256 public constant MIN_DRIP_SECONDS = 1 days;
    uint256 public constant MAX_DRIP_SECONDS = 30 days;

    /// @notice Most that operators can be asked to stake themselves.
    uint256 public constant MAX_MIN_SELF_STAKE = 1_000_000e18;

    /// @notice Most an operator can keep of its stakers' rewards.
    uint16 public constant MAX_COMMISSION_BPS = 5_000;

    /// @notice Most that one slash can take of a pool.
    uint16 public constant MAX_SLASH_BPS = 5_000;

    /// @notice On how many operators an account can have stake.
    uint256 public constant MAX_OPERATORS = 16;

    /// @notice Value of 10^18 shares of a pool that was never slashed.
    uint256 public constant RATE_ONE = 1e18;

    /// @notice Below this rate a pool takes no more stake, so that shares never outgrow their words.
    uint256 public constant MIN_RATE = 1e12;

    uint256 private constant BPS = 10_000;
    bytes32 private constant DELEGATION_TYPEHASH = keccak256(
        "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
    );

    // ------------------------------------------------------------------ storage

    /// @notice How long stake stays at risk after its owner asked for it.
    uint256 public immutable thawSeconds;

    /// @notice How long a round of rewards takes.
    uint256 public immutable dripSeconds;

    /// @notice What an operator must have staked itself to serve.
    uint256 public minSelfStake;

    /// @notice For how many of its cases somebody holds an operator's stake.
    mapping(address holder => mapping(address operator => uint256)) public holdsOf;

    /// @notice Whose rewards arrive in the account under a tag: of all operators whose address ends like that, who had stake
    /// first. Zero for nobody yet.
    mapping(uint96 tag => address operator) public operatorOfTag;

    mapping(address operator => Pool) private _pools;
    mapping(address operator => mapping(address staker => Stake)) private _stakes;
    mapping(address staker => address[] operators) private _operators;

    mapping(address staker => address) private _delegatees;
    mapping(address delegatee => mapping(address operator => Checkpoints.Trace208)) private _votes;
    mapping(address operator => Checkpoints.Trace208) private _rates;
    Checkpoints.Trace208 private _total;

    // ------------------------------------------------------------------ constructor

    constructor(
        AttributionLedger ledger_,
        address authority,
        StakingParameters memory parameters
    ) LedgerFunds(ledger_) AccessManaged(authority) EIP712("OperatorStaking", "1") {
        thawSeconds = _bounded("thawSeconds", parameters.thawSeconds, MIN_THAW_SECONDS, MAX_THAW_SECONDS);
        dripSeconds = _bounded("dripSeconds", parameters.dripSeconds, MIN_DRIP_SECONDS, MAX_DRIP_SECONDS);
        _setMinSelfStake(parameters.minSelfStake);
    }

    // ------------------------------------------------------------------ stake

    /// @notice Stakes tokens of the caller's wallet on an operator. Needs an approval of the token.
    function stake(address operator, uint256 amount) external {
        _stake(operator, amount);
        _takeFromWallet(amount);
    }

    /// @notice Stakes balance of one of the caller's ledger accounts. Needs an approval of this contract as the account's
    /// spender.
    function stakeFromBalance(address operator, uint256 amount, uint96 tag) external {
        _stake(operator, amount);
        _takeFromBalance(tag, amount);
    }

    /// @notice Begins to take stake out. A further thaw begins the wait anew for all that thaws.
    function thaw(address operator, uint256 shares) external {
        if (shares == 0) revert OperatorStaking_ZeroAmount();
        (Pool memory pool, Stake memory s) = _open(operator, msg.sender);
        if (shares > s.shares) revert OperatorStaking_InsufficientShares(operator, msg.sender, s.shares, shares);
        uint128 moved = uint128(shares);
        s.thawing += moved;
        s.thawedAt = uint48(block.timestamp + thawSeconds);
        pool.thawing += moved;
        emit ThawStarted(operator, msg.sender, shares, s.thawedAt);
        _setShares(operator, msg.sender, pool, s, s.shares - moved);
        _close(operator, msg.sender, pool, s);
    }

    /// @notice Makes all of the caller's thawing shares stake again.
    function restake(address operator) external {
        (Pool memory pool, Stake memory s) = _open(operator, msg.sender);
        uint128 shares = s.thawing;
        if (shares == 0) revert OperatorStaking_NothingThawing(operator, msg.sender);
        (s.thawing, s.thawedAt) = (0, 0);
        pool.thawing -= shares;
        emit Restaked(operator, msg.sender, shares);
        _setShares(operator, msg.sender, pool, s, s.shares + shares);
        _close(operator, msg.sender, pool, s);
    }

    /// @notice Takes the caller's thawed stake, slashes deducted, into its balance in the ledger.
    function withdraw(address operator) external returns (uint256 amount) {
        // Check
        (Pool memory pool, Stake memory s) = _open(operator, msg.sender);
        uint128 shares = s.thawing;
        if (shares == 0) revert OperatorStaking_NothingThawing(operator, msg.sender);
        if (block.timestamp < s.thawedAt) {
            revert OperatorStaking_StillThawing(operator, s.thawedAt, block.timestamp);
        }
        if (pool.holds != 0 && block.timestamp < s.thawedAt + MAX_HOLD_SECONDS) {
            revert OperatorStaking_Held(operator, pool.holds);
        }

        // Effect
        uint256 before = _valueOf(pool);
        amount = _value(shares, _rateOf(pool));
        (s.thawing, s.thawedAt) = (0, 0);
        pool.thawing -= shares;
        _queue(pool, before - _valueOf(pool) - amount);
        if (s.shares == 0) _forget(msg.sender, operator);
        emit StakeWithdrawn(operator, msg.sender, amount, shares);
        _close(operator, msg.sender, pool, s);

        // Interaction
        if (amount != 0) _giveBack(msg.sender, amount);
    }

    // ------------------------------------------------------------------ rewards

    /// @notice Takes in what services have left to an operator's stakers. Anyone may call.
    function harvest(address operator) external returns (uint256 amount) {
        _checkOperator(operator);
        bytes32 account = rewardsAccount(operator);
        amount = ledger.balanceOf(account);
        if (amount == 0) revert OperatorStaking_NothingToHarvest(operator);
        Pool memory pool = _advanced(_pools[operator]);
        _claimTag(operator, pool);
        uint256 commission = (amount * commissionOf(operator)) / BPS;
        if (commission != 0) _stakes[operator][operator].rewards += commission.toUint128();
        _queue(pool, amount - commission);
        emit Harvested(operator, amount, commission);
        _save(operator, pool);
        ledger.transferBalance(uint96(uint160(operator)), Accounts.wallet(address(this)), amount);
    }

    /// @notice Claims what the caller's stake on an operator has earned so far.
    function claimRewards(address operator) external returns (uint256 amount) {
        (Pool memory pool, Stake memory s) = _open(operator, msg.sender);
        amount = s.rewards;
        if (amount == 0) revert OperatorStaking_NothingToClaim(operator, msg.sender);
        s.rewards = 0;
        emit RewardsClaimed(operator, msg.sender, amount);
        _close(operator, msg.sender, pool, s);
        _giveBack(msg.sender, amount);
    }

    /// @notice Sets the caller's commission. Less is in force at once; for more, stakers have the time of a thaw to leave.
    function setCommission(uint16 commissionBps) external {
        _bounded("commissionBps", commissionBps, 0, MAX_COMMISSION_BPS);
        Pool storage pool = _pools[msg.sender];
        uint16 current = commissionOf(msg.sender);
        bool more = commissionBps > current;
        uint256 from = more ? block.timestamp + thawSeconds : block.timestamp;
        pool.commissionBps = more ? current : commissionBps;
        pool.nextCommissionBps = commissionBps;
        pool.commissionFrom = uint40(from);
        emit CommissionSet(msg.sender, commissionBps, from);
    }

    // ------------------------------------------------------------------ court

    /// @notice Lowers the value of an operator's pool, of stake and thawing alike, and gives it to the caller.
    /// @dev The rate rounds down, so that at least `amount` is taken, unless the rate is as low as it can be.
    /// @return slashed What the pool lost.
    /// @return own What the operator itself lost of it.
    function slash(address operator, uint256 amount) external restricted returns (uint256 slashed, uint256 own) {
        if (amount == 0) revert OperatorStaking_ZeroAmount();
        Pool storage pool = _pools[operator];
        (uint256 shares, uint256 rate) = (pool.shares, _rateNow(operator));
        uint256 all = shares + pool.thawing;
        uint256 value = _value(all, rate);
        uint256 cap = (value * MAX_SLASH_BPS) / BPS;
        if (amount > cap) revert OperatorStaking_AboveSlashCap(operator, amount, cap);

        uint256 newRate = Math.max((rate * (value - amount)) / value, 1);
        pool.rate = uint64(newRate);
        _rates[operator].push(clock(), uint208(newRate));
        _addToTotal(_value(shares, rate), _value(shares, newRate));

        Stake storage ofOperator = _stakes[operator][operator];
        uint256 ownShares = uint256(ofOperator.shares) + ofOperator.thawing;
        slashed = value - _value(all, newRate);
        own = _value(ownShares, rate) - _value(ownShares, newRate);
        emit Slashed(operator, msg.sender, slashed, own, newRate);
        if (slashed != 0) _giveBack(msg.sender, slashed);
    }

    /// @notice Makes withdrawals from an operator's pool wait, for one more case, {MAX_HOLD_SECONDS} at most.
    function hold(address operator) external restricted {
        ++holdsOf[msg.sender][operator];
        emit HoldsChanged(operator, ++_pools[operator].holds);
    }

    /// @notice Ends a {hold} of the caller's. It needs no permission, so that who may not slash any more keeps nobody's stake.
    function unhold(address operator) external {
        uint256 own = holdsOf[msg.sender][operator];
        if (own == 0) revert OperatorStaking_NotHeld(operator, msg.sender);
        holdsOf[msg.sender][operator] = own - 1;
        emit HoldsChanged(operator, --_pools[operator].holds);
    }

    // ------------------------------------------------------------------ governance

    /// @notice Sets what operators must have staked themselves to serve, from now on.
    function setMinSelfStake(uint256 minSelfStake_) external restricted {
        _setMinSelfStake(minSelfStake_);
    }

    // ------------------------------------------------------------------ votes

    /// @notice Lets somebody else vote with the caller's stake, wherever it is and will be; zero ends that.
    function delegate(address delegatee) external {
        _delegate(msg.sender, delegatee);
    }

    /// @notice Like {delegate}, for somebody who signed it (EIP-712, as in OpenZeppelin's Votes).
    function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s) external {
        if (block.timestamp > expiry) revert VotesExpiredSignature(expiry);
        bytes32 structHash = keccak256(abi.encode(DELEGATION_TYPEHASH, delegatee, nonce, expiry));
        address signer = ECDSA.recover(_hashTypedDataV4(structHash), v, r, s);
        _useCheckedNonce(signer, nonce);
        _delegate(signer, delegatee);
    }

    /// @notice Who votes with an account's stake: itself unless it said otherwise.
    function delegates(address account) public view returns (address) {
        address delegatee = _delegatees[account];
        return delegatee == address(0) ? account : delegatee;
    }

    /// @notice Votes of an account now, in the pools it has stake in.
    function getVotes(address account) external view returns (uint256 votes) {
        address[] storage operators = _operators[account];
        for (uint256 i = 0; i < operators.length; ++i) {
            votes += _value(_votes[account][operators[i]].latest(), _rateNow(operators[i]));
        }
    }

    /// @notice Votes an account had, in the pools it has stake in now.
    function getPastVotes(address account, uint256 timepoint) external view returns (uint256) {
        return _pastVotes(account, _operators[account], timepoint);
    }

    /// @inheritdoc IStakeVotes
    function getPastVotesIn(
        address account,
        address[] calldata operators,
        uint256 timepoint
    ) external view returns (uint256) {
        for (uint256 i = 1; i < operators.length; ++i) {
            if (operators[i] <= operators[i - 1]) revert OperatorStaking_NotAscending(i);
        }
        return _pastVotes(account, operators, timepoint);
    }

    /// @notice Value of all stake at a time in the past, without what was thawing.
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256) {
        return _total.upperLookupRecent(_past(timepoint));
    }

    /// @notice The time, in seconds since 1970 (ERC-6372).
    function clock() public view returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice How {clock} counts (ERC-6372).
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=timestamp";
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IOperatorEligibility
    function isEligible(address operator) external view returns (bool) {
        return _value(_stakes[operator][operator].shares, _rateNow(operator)) >= minSelfStake;
    }

    /// @notice An operator's pool, as it is with all that has dripped by now.
    function poolOf(address operator) external view returns (Pool memory) {
        return _advanced(_pools[operator]);
    }

    /// @notice What an account has staked on an operator, with the rewards it could claim now.
    function stakeOf(address operator, address staker) external view returns (Stake memory s) {
        (, s) = _open(operator, staker);
    }

    /// @notice What shares of an operator's pool are worth.
    function valueOfShares(address operator, uint256 shares) external view returns (uint256) {
        return _value(shares, _rateNow(operator));
    }

    /// @notice What a pool is worth, stake and thawing: all that a slash can reach.
    function slashable(address operator) external view returns (uint256) {
        return _valueOf(_pools[operator]);
    }

    /// @notice Operators an account has stake on, thawing or not.
    function operatorsOf(address staker) external view returns (address[] memory) {
        return _operators[staker];
    }

    /// @notice An operator's commission now.
    function commissionOf(address operator) public view returns (uint16) {
        Pool storage pool = _pools[operator];
        return block.timestamp < pool.commissionFrom ? pool.commissionBps : pool.nextCommissionBps;
    }

    /// @notice The ledger account in which services leave what an operator's stakers earn.
    function rewardsAccount(address operator) public view returns (bytes32) {
        return Accounts.sub(address(this), uint96(uint160(operator)));
    }

    // ------------------------------------------------------------------ internals: pools

    function _stake(address operator, uint256 amount) private {
        // Check
        _checkOperator(operator);
        if (amount == 0) revert OperatorStaking_ZeroAmount();
        (Pool memory pool, Stake memory s) = _open(operator, msg.sender);
        uint256 rate = _rateOf(pool);
        if (rate < MIN_RATE) revert OperatorStaking_PoolRuined(operator, rate);

        // Effect
        _claimTag(operator, pool);
        if (s.shares == 0 && s.thawing == 0) _remember(msg.sender, operator);
        uint256 before = _valueOf(pool);
        uint256 shares = (amount * RATE_ONE) / rate;
        emit Staked(operator, msg.sender, amount, shares);
        _setShares(operator, msg.sender, pool, s, (s.shares + shares).toUint128());
        _queue(pool, before + amount - _valueOf(pool));
        _close(operator, msg.sender, pool, s);
    }

    /// @dev The account under tag zero is not for rewards.
    function _checkOperator(address operator) private pure {
        if (uint96(uint160(operator)) == 0) revert OperatorStaking_BadOperator(operator);
    }

    /// @dev Makes the account under an operator's tag its own. That of a pool with shares is already.
    function _claimTag(address operator, Pool memory pool) private {
        if (pool.shares != 0) return;
        uint96 tag = uint96(uint160(operator));
        address holder = operatorOfTag[tag];
        if (holder == operator) return;
        if (holder != address(0)) revert OperatorStaking_TagTaken(operator, tag, holder);
        operatorOfTag[tag] = operator;
        emit TagClaimed(operator, tag);
    }

    /// @dev A pool and a stake in it, both brought up to date.
    function _open(address operator, address staker) private view returns (Pool memory pool, Stake memory s) {
        pool = _advanced(_pools[operator]);
        s = _stakes[operator][staker];
        s.rewards += uint128((s.shares * (pool.rewardPerShare - s.rewardPerShare)) >> 128);
        s.rewardPerShare = pool.rewardPerShare;
    }

    function _close(address operator, address staker, Pool memory pool, Stake memory s) private {
        _stakes[operator][staker] = s;
        _save(operator, pool);
    }

    /// @dev Stores a pool, and begins a round if rewards wait for one.
    function _save(address operator, Pool memory pool) private {
        if (pool.dripping == 0 && pool.queued != 0) {
            (pool.dripping, pool.queued) = (pool.queued, 0);
            pool.drippedAt = uint40(block.timestamp);
            pool.dripEnd = uint40(block.timestamp + dripSeconds);
            emit RoundStarted(operator, pool.dripping, pool.dripEnd);
        }
        _pools[operator] = pool;
    }

    /// @dev A pool with all that has dripped by now. What drips while nobody has stake waits for the next round.
    function _advanced(Pool memory pool) private view returns (Pool memory) {
        if (pool.dripping == 0) return pool;
        uint256 time = Math.min(block.timestamp, pool.dripEnd);
        uint256 amount = (pool.dripping * (time - pool.drippedAt)) / (pool.dripEnd - pool.drippedAt);
        pool.drippedAt = uint40(time);
        pool.dripping -= uint128(amount);
        if (pool.shares == 0) _queue(pool, amount);
        else pool.rewardPerShare += (amount << 128) / pool.shares;
        return pool;
    }

    function _queue(Pool memory pool, uint256 amount) private pure {
        pool.queued = (pool.queued + amount).toUint128();
    }

    /// @dev Changes a stake's shares, and with them the pool's and the votes.
    function _setShares(address operator, address staker, Pool memory pool, Stake memory s, uint128 shares) private {
        uint256 rate = _rateOf(pool);
        uint256 before = _value(pool.shares, rate);
        pool.shares = (uint256(pool.shares) + shares - s.shares).toUint128();
        _addToTotal(before, _value(pool.shares, rate));
        if (shares > s.shares) _moveVotes(operator, address(0), delegates(staker), shares - s.shares);
        else _moveVotes(operator, delegates(staker), address(0), s.shares - shares);
        s.shares = shares;
    }

    function _remember(address staker, address operator) private {
        address[] storage operators = _operators[staker];
        if (operators.length == MAX_OPERATORS) revert OperatorStaking_TooManyOperators(staker, MAX_OPERATORS);
        operators.push(operator);
    }

    function _forget(address staker, address operator) private {
        address[] storage operators = _operators[staker];
        uint256 i = 0;
        while (operators[i] != operator) ++i;
        operators[i] = operators[operators.length - 1];
        operators.pop();
    }

    /// @dev Reads one word of the pool where {_rateOf} would want them all.
    function _rateNow(address operator) private view returns (uint256) {
        uint256 rate = _pools[operator].rate;
        return rate == 0 ? RATE_ONE : rate;
    }

    function _rateOf(Pool memory pool) private pure returns (uint256) {
        return pool.rate == 0 ? RATE_ONE : pool.rate;
    }

    function _valueOf(Pool memory pool) private pure returns (uint256) {
        return _value(uint256(pool.shares) + pool.thawing, _rateOf(pool));
    }

    function _value(uint256 shares, uint256 rate) private pure returns (uint256) {
        return (shares * rate) / RATE_ONE;
    }

    // ------------------------------------------------------------------ internals: votes

    function _delegate(address account, address delegatee) private {
        address from = delegates(account);
        _delegatees[account] = delegatee;
        address to = delegates(account);
        emit DelegateChanged(account, from, to);
        if (from == to) return;
        address[] storage operators = _operators[account];
        for (uint256 i = 0; i < operators.length; ++i) {
            uint256 shares = _stakes[operators[i]][account].shares;
            if (shares != 0) _moveVotes(operators[i], from, to, shares);
        }
    }

    /// @dev Zero stands for stake that comes or leaves.
    function _moveVotes(address operator, address from, address to, uint256 shares) private {
        if (from != address(0)) _addVotes(_votes[from][operator], shares, false);
        if (to != address(0)) _addVotes(_votes[to][operator], shares, true);
        emit VotesMoved(operator, from, to, shares);
    }

    function _addVotes(Checkpoints.Trace208 storage trace, uint256 shares, bool more) private {
        uint256 votes = trace.latest();
        trace.push(clock(), uint208(more ? votes + shares : votes - shares));
    }

    function _addToTotal(uint256 before, uint256 value) private {
        _total.push(clock(), uint208(_total.latest() + value - before));
    }

    /// @dev Votes in pools at the rate they had.
    function _pastVotes(
        address account,
        address[] memory operators,
        uint256 timepoint
    ) private view returns (uint256 votes) {
        uint48 time = _past(timepoint);
        for (uint256 i = 0; i < operators.length; ++i) {
            uint256 rate = _rates[operators[i]].upperLookupRecent(time);
            uint256 shares = _votes[account][operators[i]].upperLookupRecent(time);
            votes += _value(shares, rate == 0 ? RATE_ONE : rate);
        }
    }

    function _past(uint256 timepoint) private view returns (uint48) {
        if (timepoint >= block.timestamp) revert ERC5805FutureLookup(timepoint, clock());
        return uint48(timepoint);
    }

    // ------------------------------------------------------------------ internals: parameters

    function _setMinSelfStake(uint256 minSelfStake_) private {
        minSelfStake = _bounded("minSelfStake", minSelfStake_, 0, MAX_MIN_SELF_STAKE);
        emit MinSelfStakeSet(minSelfStake_);
    }

    function _bounded(string memory parameter, uint256 value, uint256 min, uint256 max) private pure returns (uint256) {
        if (value < min || value > max) revert OperatorStaking_OutOfBounds(parameter, value, min, max);
        return value;
    }
}
