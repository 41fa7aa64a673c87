// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Accounts} from "../ledger/Accounts.sol";
import {AttributionLedger} from "../ledger/AttributionLedger.sol";
import {Draw, Draws} from "../ledger/Draws.sol";
import {MerkleSumTree, Share, SumNode} from "../ledger/MerkleSumTree.sol";
import {IOperatorEligibility} from "../registry/IOperatorEligibility.sol";
import {Service, ServiceRegistry} from "../registry/ServiceRegistry.sol";
import {IStakeVotes} from "../staking/IStakeVotes.sol";

/// @notice What an epoch knows about an asset.
/// @param fees Protocol fees counted for services of the asset itself, in the token's smallest unit.
/// @param largest The part of them that one operator's services account for, at most.
/// @param passedIn Base that came from assets which build on this one.
/// @param passedOut Base that went to assets which this one builds on.
/// @param votes Votes for it.
/// @param paid What it was paid.
struct Gauge {
    uint128 fees;
    uint128 largest;
    uint128 passedIn;
    uint128 passedOut;
    uint256 votes;
    uint256 paid;
}

/// @notice How somebody voted.
/// @param power Votes it had.
/// @param splitIds What it voted for.
/// @param weights Part of the votes that each gets, in basis points.
struct Ballot {
    uint256 power;
    bytes32[] splitIds;
    uint16[] weights;
}

/// @title Incentives that stakers direct
/// @notice Per epoch, the votes of stake share a budget of the treasury out among assets. An asset is a split id: that of
/// a Datanet's, model's or agent's version. It is paid like any other payment, into its split.
///
///     epoch e          services' protocol fees are counted, stakers vote, fees are passed on to what assets build on
///     epoch e + 1      fees of e can still be passed on
///     from e + 2 on    assets are paid for e, for {CLAIM_EPOCHS} epochs
///
/// - Fees are what the treasury is entitled to in the ledger. They are counted once, ever, in the epoch in which somebody
///   has them counted.
/// - What one operator alone brings an asset counts half: the base is min(fees, fees + fees / 2 − largest operator's).
/// - An asset that builds on others passes on their part of its base. The sum of all bases stays the same. A Datanet's
///   log is no asset of its own: its part stays with the version.
/// - An asset gets its part of the budget, but at most half of its base. So less is paid out than came in as fees,
///   whoever votes for what: who pays itself loses at least half of the fee.
///
/// The treasury allows this contract to spend from its wallet account. It can stop that at any time.
///
/// Warning: fees are counted for this contract alone. Two of them that spend from one treasury would together give back
/// all that one payer pays in fees; take the allowance of the old one away first.
/// @dev Holds no money: what the treasury gives goes on to the split in the same call.
contract IncentiveGauges is AccessManaged {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;

    // ------------------------------------------------------------------ errors

    /// @notice Thrown when a parameter is not within its bounds.
    error IncentiveGauges_OutOfBounds(string parameter, uint256 value, uint256 min, uint256 max);

    /// @notice Thrown when there is no treasury.
    error IncentiveGauges_ZeroTreasury();

    /// @notice Thrown when fees of an operator are to be counted that may not serve.
    error IncentiveGauges_NotEligible(address operator);

    /// @notice Thrown when fees under a version of the policy go to another treasury.
    error IncentiveGauges_OtherTreasury(uint256 policyVersion, bytes32 account);

    /// @notice Thrown when a draw's proof leads to a split that has no fees to pass on in an epoch.
    error IncentiveGauges_NoFees(uint256 epoch, bytes32 splitId);

    /// @notice Thrown when a vote is for too many splits.
    error IncentiveGauges_TooManySplits(uint256 count, uint256 max);

    /// @notice Thrown when a vote does not have a weight for each split.
    error IncentiveGauges_LengthMismatch(uint256 splitIds, uint256 weights);

    /// @notice Thrown when the weights of a vote are not all of it.
    error IncentiveGauges_BadWeights(uint256 sum, uint256 needed);

    /// @notice Thrown when somebody had no votes before the epoch began.
    error IncentiveGauges_NoVotes(address voter, uint256 timepoint);

    /// @notice Thrown when it is too early to pay for an epoch.
    error IncentiveGauges_TooEarly(uint256 epoch, uint256 from, uint256 current);

    /// @notice Thrown when it is too late to do something for an epoch.
    error IncentiveGauges_TooLate(uint256 epoch, uint256 last, uint256 current);

    /// @notice Thrown when an asset has been paid for an epoch.
    error IncentiveGauges_AlreadyPaid(uint256 epoch, bytes32 splitId);

    /// @notice Thrown when an asset gets nothing for an epoch.
    error IncentiveGauges_NothingToPay(uint256 epoch, bytes32 splitId);

    // ------------------------------------------------------------------ events

    /// @notice Emitted when fees were counted for an asset.
    event FeesCounted(
        uint256 indexed epoch,
        bytes32 indexed splitId,
        address indexed operator,
        bytes32 serviceSplitId,
        uint256 fees
    );

    /// @notice Emitted when an asset's base went on to an asset that it builds on.
    event FeesPassedOn(
        uint256 indexed epoch,
        bytes32 indexed splitId,
        bytes32 indexed to,
        uint256 index,
        uint256 amount
    );

    /// @notice Emitted when somebody voted. It replaces the vote it cast before in the epoch.
    event Voted(uint256 indexed epoch, address indexed voter, uint256 power, bytes32[] splitIds, uint16[] weights);

    /// @notice Emitted when an asset was paid for an epoch.
    event IncentivePaid(uint256 indexed epoch, bytes32 indexed splitId, uint256 amount);

    /// @notice Emitted when the budget was set, in force from epoch `from` on.
    event BudgetSet(uint256 indexed from, uint256 perEpoch);

    // ------------------------------------------------------------------ constants

    /// @notice Bounds of an epoch's length.
    uint256 public constant MIN_EPOCH_SECONDS = 1 hours;
    uint256 public constant MAX_EPOCH_SECONDS = 30 days;

    /// @notice Most an epoch's budget can be: a hundredth of all OPEN.
    uint256 public constant MAX_BUDGET = 10_000_000e18;

    /// @notice Part of its base that an asset can get, in basis points.
    uint256 public constant REBATE_BPS = 5_000;

    /// @notice Most splits that a vote can be for.
    uint256 public constant MAX_SPLITS = 16;

    /// @notice For how many epochs assets can be paid for one.
    uint256 public constant CLAIM_EPOCHS = 4;

    uint256 private constant BPS = 10_000;

    // ------------------------------------------------------------------ storage

    /// @notice Where services and assets are paid.
    AttributionLedger public immutable ledger;

    /// @notice Whose fees are counted.
    ServiceRegistry public immutable services;

    /// @notice Decides whose services count.
    IOperatorEligibility public immutable eligibility;

    /// @notice Who votes.
    IStakeVotes public immutable stakeVotes;

    /// @notice The account of the ledger that gets fees and pays incentives.
    bytes32 public immutable treasury;

    /// @notice Length of an epoch.
    uint256 public immutable epochSeconds;

    /// @notice When epoch 0 began, in seconds since 1970.
    uint256 public immutable startedAt;

    /// @notice Fees of a service's split that have been counted.
    mapping(bytes32 serviceSplitId => uint256) public countedOf;

    /// @notice Fees that an operator's services brought an asset in an epoch.
    mapping(uint256 epoch => mapping(bytes32 splitId => mapping(address operator => uint256))) public feesOf;

    /// @notice Base that a share of an asset's split has passed on in an epoch.
    mapping(uint256 epoch => mapping(bytes32 splitId => mapping(uint256 index => uint256))) public passedOf;

    /// @notice Votes for all assets in an epoch.
    mapping(uint256 epoch => uint256) public totalVotes;

    mapping(uint256 epoch => mapping(bytes32 splitId => Gauge)) private _gauges;
    mapping(uint256 epoch => mapping(address voter => Ballot)) private _ballots;
    Checkpoints.Trace208 private _budgets;

    // ------------------------------------------------------------------ constructor

    /// @param treasury_ Owner of the wallet account that gets fees and pays incentives.
    /// @param budget Budget of each epoch, until another is set.
    constructor(
        ServiceRegistry services_,
        IStakeVotes stakeVotes_,
        address treasury_,
        address authority,
        uint256 epochSeconds_,
        uint256 budget
    ) AccessManaged(authority) {
        if (treasury_ == address(0)) revert IncentiveGauges_ZeroTreasury();
        _checkBounds("epochSeconds", epochSeconds_, MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS);
        services = services_;
        ledger = services_.ledger();
        eligibility = services_.staking();
        stakeVotes = stakeVotes_;
        treasury = Accounts.wallet(treasury_);
        epochSeconds = epochSeconds_;
        startedAt = block.timestamp;
        _setBudget(0, budget);
    }

    // ------------------------------------------------------------------ fees

    /// @notice Counts what a service's split has earned the treasury since it was counted last, for the asset version
    /// behind it and the current epoch. Anyone may call.
    /// @param assetVersion Any version of the service's asset, whichever is served now: each has its own service split.
    /// @return fees What was counted; zero when there was nothing new.
    function count(uint256 serviceId, uint256 policyVersion, uint256 assetVersion) external returns (uint256 fees) {
        // Check
        Service memory service = services.serviceOf(serviceId);
        if (!eligibility.isEligible(service.operator)) revert IncentiveGauges_NotEligible(service.operator);
        bytes32 splitId = service.registry.splitOf(service.assetId, assetVersion);
        (bytes32 serviceSplitId, uint256 earned) = _earned(serviceId, policyVersion, splitId);
        fees = earned - countedOf[serviceSplitId];
        if (fees == 0) return 0;

        // Effect
        countedOf[serviceSplitId] = earned;
        uint256 epoch = currentEpoch();
        uint256 ofOperator = feesOf[epoch][splitId][service.operator] + fees;
        feesOf[epoch][splitId][service.operator] = ofOperator;
        Gauge storage gauge = _gauges[epoch][splitId];
        gauge.fees += fees.toUint128();
        if (ofOperator > gauge.largest) gauge.largest = ofOperator.toUint128();
        emit FeesCounted(epoch, splitId, service.operator, serviceSplitId, fees);
    }

    /// @notice Passes on what shares that lead to other assets take of their assets' bases. Anyone may call, until the
    /// epoch after `epoch` is over.
    /// @dev Cumulative like releases of the ledger: order and number of calls do not change what comes of it.
    /// @param draws Packed draws ({Draws}), worked through in order, so that one hop can fund the next.
    /// @return passed Sum over all shares; zero when everything had been passed on before.
    function passOn(uint256 epoch, bytes calldata draws) external returns (uint256 passed) {
        _checkNotLater(epoch, epoch + 1);
        Draw memory draw;
        while (draw.end < draws.length) {
            Draws.read(draws, draw.end, draw);
            passed += _passShares(epoch, draws, draw);
        }
    }

    // ------------------------------------------------------------------ votes

    /// @notice Votes in the current epoch, with what the caller had in the last second before it began. Replaces what it
    /// voted before in this epoch.
    /// @param splitIds At most {MAX_SPLITS}.
    /// @param weights Part of the votes that each gets, in basis points: 10,000 in all.
    /// @param operators Pools whose votes are used, see {IStakeVotes}; none for those that the caller has stake in.
    function vote(bytes32[] calldata splitIds, uint16[] calldata weights, address[] calldata operators) external {
        // Check
        if (splitIds.length > MAX_SPLITS) revert IncentiveGauges_TooManySplits(splitIds.length, MAX_SPLITS);
        if (splitIds.length != weights.length) {
            revert IncentiveGauges_LengthMismatch(splitIds.length, weights.length);
        }
        uint256 sum = 0;
        for (uint256 i = 0; i < weights.length; ++i) sum += weights[i];
        if (sum != BPS) revert IncentiveGauges_BadWeights(sum, BPS);
        uint256 epoch = currentEpoch();
        uint256 timepoint = startOf(epoch) - 1;
        uint256 power =
            operators.length == 0
                ? stakeVotes.getPastVotes(msg.sender, timepoint)
                : stakeVotes.getPastVotesIn(msg.sender, operators, timepoint);
        if (power == 0) revert IncentiveGauges_NoVotes(msg.sender, timepoint);

        // Effect
        _tally(epoch, _ballots[epoch][msg.sender], false);
        Ballot memory ballot = Ballot(power, splitIds, weights);
        _tally(epoch, ballot, true);
        _ballots[epoch][msg.sender] = ballot;
        emit Voted(epoch, msg.sender, power, splitIds, weights);
    }

    // ------------------------------------------------------------------ pay

    /// @notice Pays an asset for an epoch, once. Anyone may call. Reverts while the treasury does not have as much, or
    /// does not let this contract spend it, and can be tried again.
    /// @return amount Tokens paid.
    function pay(uint256 epoch, bytes32 splitId) external returns (uint256 amount) {
        // Check
        uint256 current = currentEpoch();
        if (current < epoch + 2) revert IncentiveGauges_TooEarly(epoch, epoch + 2, current);
        _checkNotLater(epoch, epoch + 1 + CLAIM_EPOCHS);
        if (_gauges[epoch][splitId].paid != 0) revert IncentiveGauges_AlreadyPaid(epoch, splitId);
        amount = payoutOf(epoch, splitId);
        if (amount == 0) revert IncentiveGauges_NothingToPay(epoch, splitId);

        // Effect
        _gauges[epoch][splitId].paid = amount;
        emit IncentivePaid(epoch, splitId, amount);

        // Interaction
        ledger.transferBalanceFrom(treasury, Accounts.wallet(address(this)), amount);
        ledger.payFromBalance(0, splitId, amount, 0, keccak256(abi.encode(block.chainid, address(this), epoch)));
    }

    // ------------------------------------------------------------------ governance

    /// @notice Sets the budget of epochs to come.
    function setBudget(uint256 perEpoch) external restricted {
        _setBudget(currentEpoch() + 1, perEpoch);
    }

    // ------------------------------------------------------------------ views

    /// @notice Number of the epoch that runs; the first is 0.
    function currentEpoch() public view returns (uint256) {
        return (block.timestamp - startedAt) / epochSeconds;
    }

    /// @notice When an epoch begins, in seconds since 1970.
    function startOf(uint256 epoch) public view returns (uint256) {
        return startedAt + epoch * epochSeconds;
    }

    /// @notice Most that can be paid for an epoch.
    function budgetOf(uint256 epoch) public view returns (uint256) {
        return _budgets.upperLookup(epoch.toUint48());
    }

    /// @notice What an epoch knows about an asset.
    function gaugeOf(uint256 epoch, bytes32 splitId) external view returns (Gauge memory) {
        return _gauges[epoch][splitId];
    }

    /// @notice How somebody voted in an epoch.
    function ballotOf(uint256 epoch, address voter) external view returns (Ballot memory) {
        return _ballots[epoch][voter];
    }

    /// @notice Fees of an epoch that an asset can get a part of: what counts of its own and what came to it, less what it
    /// has passed on.
    function baseOf(uint256 epoch, bytes32 splitId) public view returns (uint256) {
        Gauge memory gauge = _gauges[epoch][splitId];
        return _arrived(gauge) - gauge.passedOut;
    }

    /// @notice What an asset gets for an epoch, as things are now; paid or not.
    function payoutOf(uint256 epoch, bytes32 splitId) public view returns (uint256) {
        uint256 votes = _gauges[epoch][splitId].votes;
        if (votes == 0) return 0;
        uint256 share = (budgetOf(epoch) * votes) / totalVotes[epoch];
        return Math.min(share, (baseOf(epoch, splitId) * REBATE_BPS) / BPS);
    }

    // ------------------------------------------------------------------ internals

    /// @dev The service's split for an asset's split, and what it has earned the treasury so far. Such splits have no
    /// arbiter, so nobody can take that away.
    function _earned(
        uint256 serviceId,
        uint256 policyVersion,
        bytes32 splitId
    ) private view returns (bytes32 serviceSplitId, uint256 earned) {
        Share[] memory shares = services.sharesAt(serviceId, policyVersion);
        if (shares[0].recipient != treasury) {
            revert IncentiveGauges_OtherTreasury(policyVersion, shares[0].recipient);
        }
        shares[shares.length - 1].recipient = splitId;
        SumNode[] memory nodes = MerkleSumTree.list(shares.length);
        for (uint256 i = 0; i < nodes.length; ++i) nodes[i] = MerkleSumTree.leaf(shares[i]);
        SumNode memory root = MerkleSumTree.root(nodes);
        serviceSplitId = MerkleSumTree.splitId(root.hash, root.units, shares.length, address(0));
        (uint256 received, , ) = ledger.received(serviceSplitId);
        earned = (received * shares[0].units) / root.units;
    }

    /// @dev Passes on what the shares of one draw take. A split never leads back to itself: its id is the hash of what it
    /// leads to. Registries write into the evidence which asset a share goes to; a Datanet's share for its own log has
    /// none and stays with the version, which is what voters name.
    function _passShares(uint256 epoch, bytes calldata draws, Draw memory draw) private returns (uint256 passed) {
        bytes32 splitId = draw.splitId;
        uint256 arrived = _arrived(_gauges[epoch][splitId]);
        if (arrived == 0) revert IncentiveGauges_NoFees(epoch, splitId);
        for (uint256 index = draw.first; index <= draw.last; ++index) {
            (bool toSplit, bytes32 to, uint256 units) = Draws.share(draws, draw.position, index);
            bool toAsset = toSplit && Draws.evidence(draws, draw.position) != 0;
            draw.position += MerkleSumTree.SHARE_BYTES;
            if (!toAsset) continue;
            uint256 part = (arrived * units) / draw.totalUnits;
            uint256 amount = part - passedOf[epoch][splitId][index];
            if (amount == 0) continue;
            passedOf[epoch][splitId][index] = part;
            _gauges[epoch][to].passedIn += amount.toUint128();
            passed += amount;
            emit FeesPassedOn(epoch, splitId, to, index, amount);
        }
        _gauges[epoch][splitId].passedOut += passed.toUint128();
    }

    /// @dev All that has come to an asset, whether it has been passed on or not. Never falls while fees are counted.
    function _arrived(Gauge memory gauge) private pure returns (uint256) {
        uint256 fees = gauge.fees;
        return Math.min(fees, fees + fees / 2 - gauge.largest) + gauge.passedIn;
    }

    /// @dev Adds a ballot's votes, or takes them away.
    function _tally(uint256 epoch, Ballot memory ballot, bool more) private {
        uint256 total = totalVotes[epoch];
        for (uint256 i = 0; i < ballot.splitIds.length; ++i) {
            uint256 votes = (ballot.power * ballot.weights[i]) / BPS;
            Gauge storage gauge = _gauges[epoch][ballot.splitIds[i]];
            if (more) (gauge.votes, total) = (gauge.votes + votes, total + votes);
            else (gauge.votes, total) = (gauge.votes - votes, total - votes);
        }
        totalVotes[epoch] = total;
    }

    function _setBudget(uint256 from, uint256 perEpoch) private {
        _checkBounds("budget", perEpoch, 0, MAX_BUDGET);
        _budgets.push(from.toUint48(), uint208(perEpoch));
        emit BudgetSet(from, perEpoch);
    }

    function _checkNotLater(uint256 epoch, uint256 last) private view {
        uint256 current = currentEpoch();
        if (current > last) revert IncentiveGauges_TooLate(epoch, last, current);
    }

    function _checkBounds(string memory parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert IncentiveGauges_OutOfBounds(parameter, value, min, max);
    }
}
