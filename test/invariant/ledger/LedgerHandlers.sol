// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {AttributionLedger, Authorization, Claim, Payment} from "../../../contracts/ledger/AttributionLedger.sol";
import {Draws} from "../../../contracts/ledger/Draws.sol";
import {MerkleSumTree, Share} from "../../../contracts/ledger/MerkleSumTree.sol";
import {SplitAddress, SplitAddresses} from "../../../contracts/ledger/SplitAddresses.sol";
import {Random, Source} from "../../solidity/Random.sol";
import {VM} from "../../solidity/Vm.sol";
import {Chain, Figures, LedgerProperties} from "./LedgerProperties.sol";
import {Range} from "./LedgerWorld.sol";
import {WideToken} from "./WideToken.sol";

/// @title A campaign on the ledger: one function per thing that somebody can do to it
/// @notice Each takes a seed and derives everything from it. Most of what it does is allowed; now and then it asks for
/// too much, signs wrongly or comes too late, and the ledger must refuse with the error that the books expect.
abstract contract LedgerHandlers is LedgerProperties {
    using Random for Source;

    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(address account,address to,bytes32 drawsHash,uint256 minAmount,uint256 fee,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    uint256 private constant MOST_APPROVALS = 12;

    /// @dev A permit of the token for the ledger, and whether it is good.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
        bool good;
    }

    /// @dev A payment by signature as it was made, which can be tried again.
    struct Authorized {
        address payer;
        Payment payment;
        Authorization authorization;
    }

    Authorized private used;

    /// @notice Spreads the tokens that this contract holds over all wallets. Call it once, first.
    function open() external {
        uint256 each = token.totalSupply() / WALLETS;
        for (uint256 i = 0; i < WALLETS; ++i) {
            token.transfer(wallets[i], each);
            bookTokens[wallets[i]] = each;
            if (i % 2 == 0) bookApproval[wallets[i]] = type(uint256).max;
        }
        _look();
    }

    /// @notice From now on the token refuses to deliver to one of the wallets. For tokens that can refuse.
    function refuseOneWallet() external {
        WideToken(address(token)).refuse(wallets[20]);
        refused[wallets[20]] = true;
    }

    function handlers() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](43);
        bytes4[25] memory once = [
            this.addSplit.selector,
            this.pay.selector,
            this.payWithPermit.selector,
            this.payWithAuthorization.selector,
            this.payMany.selector,
            this.payFromBalance.selector,
            this.payManyFromBalance.selector,
            this.release.selector,
            this.payOut.selector,
            this.claim.selector,
            this.claimWithSignature.selector,
            this.deposit.selector,
            this.depositWithPermit.selector,
            this.withdraw.selector,
            this.transferBalance.selector,
            this.approveSpender.selector,
            this.transferBalanceFrom.selector,
            this.redirect.selector,
            this.redirectAsStranger.selector,
            this.giveTokensToLedger.selector,
            this.sendToSplitAddress.selector,
            this.sweep.selector,
            this.passTime.selector,
            this.corruptDraws.selector,
            this.releaseAgain.selector
        ];
        bytes4[18] memory again = [
            this.pay.selector,
            this.pay.selector,
            this.pay.selector,
            this.payMany.selector,
            this.payFromBalance.selector,
            this.payFromBalance.selector,
            this.payManyFromBalance.selector,
            this.payOut.selector,
            this.release.selector,
            this.release.selector,
            this.release.selector,
            this.claim.selector,
            this.claimWithSignature.selector,
            this.withdraw.selector,
            this.approveSpender.selector,
            this.transferBalance.selector,
            this.transferBalanceFrom.selector,
            this.sweep.selector
        ];
        for (uint256 i = 0; i < 25; ++i) list[i] = once[i];
        for (uint256 i = 0; i < 18; ++i) list[25 + i] = again[i];
    }

    // ------------------------------------------------------------------ pay

    function addSplit(uint256 seed) external {
        _begin(Act.Nothing, address(0), 0);
        uint256 before = splits.length;
        _addRandomSplit(Random.from(seed));
        if (splits.length != before) _done();
        _checkStep();
    }

    function pay(uint256 seed) external {
        Source memory source = Random.from(seed);
        address payer = _payer(source);
        _begin(Act.Pay, payer, 0);
        Payment memory p = _payment(source, _payable(payer));
        _call(
            abi.encodeCall(ledger.pay, (p.splitId, p.amount, p.calls, p.memo)),
            abi.encodeCall(this.bookPay, (payer, p.splitId, p.amount, p.calls))
        );
    }

    function payWithPermit(uint256 seed) external {
        Source memory source = Random.from(seed);
        address payer = wallets[2 * source.below(WALLETS / 2) + 1];
        _begin(Act.Pay, payer, 0);
        Payment memory p = _payment(source, bookTokens[payer]);
        Permit memory permit = _permit(source, payer, p.amount);
        _call(
            abi.encodeCall(
                ledger.payWithPermit,
                (p.splitId, p.amount, p.calls, p.memo, permit.deadline, permit.v, permit.r, permit.s)
            ),
            abi.encodeCall(this.bookPayWithPermit, (payer, p.splitId, p.amount, p.calls, permit.good))
        );
    }

    /// @dev Submitted by anybody. Now and then one that has been used, or that a relayer has changed.
    function payWithAuthorization(uint256 seed) external {
        Source memory source = Random.from(seed);
        bool again = used.payer != address(0) && source.oneIn(8);
        address payer = again ? used.payer : _wallet(source);
        _begin(Act.Pay, _wallet(source), _account(payer, 0));
        Payment memory p = again ? used.payment : _payment(source, bookTokens[payer]);
        (Authorization memory authorization, bytes memory refusal) = again
            ? (used.authorization, _usedBefore())
            : _authorization(source, payer, p);
        if (again) _note(p.splitId, p.amount);
        _call(
            abi.encodeCall(ledger.payWithAuthorization, (payer, p, authorization)),
            abi.encodeCall(this.bookPayWithAuthorization, (payer, p.splitId, p.amount, p.calls, refusal))
        );
        if (!step.failed) used = Authorized(payer, p, authorization);
    }

    function payMany(uint256 seed) external {
        Source memory source = Random.from(seed);
        address payer = _payer(source);
        _begin(Act.Pay, payer, 0);
        Payment[] memory payments = _payments(source, _payable(payer));
        _call(abi.encodeCall(ledger.payMany, (payments)), abi.encodeCall(this.bookPayMany, (payer, payments)));
    }

    function payFromBalance(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = _spendable(source);
        _begin(Act.PayFromBalance, _ownerOf(account), account);
        Payment memory p = _payment(source, bookBalance[account]);
        _call(
            abi.encodeCall(ledger.payFromBalance, (_tagOf(account), p.splitId, p.amount, p.calls, p.memo)),
            abi.encodeCall(this.bookPayFromBalance, (account, p.splitId, p.amount, p.calls))
        );
    }

    function payManyFromBalance(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = _spendable(source);
        _begin(Act.PayFromBalance, _ownerOf(account), account);
        Payment[] memory payments = _payments(source, bookBalance[account]);
        _call(
            abi.encodeCall(ledger.payManyFromBalance, (_tagOf(account), payments)),
            abi.encodeCall(this.bookPayManyFromBalance, (account, payments))
        );
    }

    function sendToSplitAddress(uint256 seed) external {
        Source memory source = Random.from(seed);
        _sendTo(source, splits[source.below(splits.length)].box);
        _done();
    }

    /// @dev Also straight at the address, once it has code.
    function sweep(uint256 seed) external {
        Source memory source = Random.from(seed);
        Split storage split = splits[source.below(splits.length)];
        if (bookTokens[split.box] == 0 && !source.oneIn(4)) _sendTo(source, split.box);
        _begin(Act.Sweep, _wallet(source), 0);
        _note(split.id, bookTokens[split.box]);
        bool straight = split.box.code.length != 0 && source.oneIn(2);
        _callOn(
            straight ? split.box : address(addresses),
            straight ? abi.encodeCall(SplitAddress.flush, ()) : abi.encodeCall(SplitAddresses.sweep, (split.id)),
            abi.encodeCall(this.bookSweep, (split.box, split.id))
        );
    }

    function _sendTo(Source memory source, address box) private {
        address from = _wallet(source);
        _begin(Act.GiveTokens, from, 0);
        uint256 amount = source.magnitude(bookTokens[from] + 1) - 1;
        VM.prank(from);
        token.transfer(box, amount);
        bookTokens[from] -= amount;
        bookTokens[box] += amount;
        _checkStep();
    }

    // ------------------------------------------------------------------ release and claim

    function release(uint256 seed) external {
        Source memory source = Random.from(seed);
        _begin(Act.Release, _wallet(source), 0);
        Range[] memory ranges = _randomRanges(source);
        _call(abi.encodeCall(ledger.release, (_encode(ranges))), abi.encodeCall(this.bookRelease, (ranges)));
    }

    /// @dev The same ranges three times, in two calls.
    function releaseAgain(uint256 seed) external {
        Source memory source = Random.from(seed);
        Range[] memory ranges = new Range[](2);
        ranges[0] = _randomRange(source);
        ranges[1] = ranges[0];
        for (uint256 i = 0; i < 2; ++i) {
            _begin(Act.Release, _wallet(source), 0);
            _call(abi.encodeCall(ledger.release, (_encode(ranges))), abi.encodeCall(this.bookRelease, (ranges)));
        }
        _hold(L46_nothingIsReleasedTwice(), "L46_nothingIsReleasedTwice");
    }

    function payOut(uint256 seed) external {
        Source memory source = Random.from(seed);
        _begin(Act.PayOut, _wallet(source), 0);
        Range[] memory ranges = _randomRanges(source);
        _call(abi.encodeCall(ledger.payOut, (_encode(ranges))), abi.encodeCall(this.bookPayOut, (ranges)));
    }

    function claim(uint256 seed) external {
        Source memory source = Random.from(seed);
        address claimant = _claimant(source);
        _begin(Act.Claim, claimant, _account(claimant, 0));
        Range[] memory ranges = source.oneIn(4) ? new Range[](0) : _randomRanges(source);
        address to = _payee(source, claimant);
        _call(
            abi.encodeCall(ledger.claim, (_encode(ranges), to)),
            abi.encodeCall(this.bookClaim, (ranges, claimant, to))
        );
    }

    function claimWithSignature(uint256 seed) external {
        Source memory source = Random.from(seed);
        address claimant = _claimant(source);
        address relayer = _wallet(source);
        _begin(Act.Claim, relayer, _account(claimant, 0));
        step.relayer = relayer;
        Range[] memory ranges = source.oneIn(4) ? new Range[](0) : _randomRanges(source);
        uint256 balance = bookBalance[_account(claimant, 0)];
        Claim memory request = Claim({
            account: claimant,
            to: _payee(source, claimant),
            minAmount: source.oneIn(3) ? source.magnitude(balance + 2) : 0,
            fee: source.oneIn(2) ? source.magnitude(balance / 2 + 2) - 1 : 0,
            nonce: bookNonce[claimant] + (source.oneIn(16) ? 1 : 0),
            deadline: source.oneIn(16) ? clock - 1 : clock + source.below(1_000)
        });
        bytes memory draws = _encode(ranges);
        (bytes memory signature, bool signed) = _sign(source, request, keccak256(draws));
        _call(
            abi.encodeCall(ledger.claimWithSignature, (draws, request, signature)),
            abi.encodeCall(this.bookClaimWithSignature, (ranges, request, signed, relayer))
        );
    }

    // ------------------------------------------------------------------ balances

    function deposit(uint256 seed) external {
        Source memory source = Random.from(seed);
        address from = _payer(source);
        _begin(Act.Deposit, from, 0);
        bytes32 account = accounts[source.below(accounts.length)];
        uint256 amount = _amount(source, _payable(from));
        _call(
            abi.encodeCall(ledger.deposit, (account, amount)),
            abi.encodeCall(this.bookDeposit, (from, account, amount))
        );
    }

    function depositWithPermit(uint256 seed) external {
        Source memory source = Random.from(seed);
        address from = wallets[2 * source.below(WALLETS / 2) + 1];
        _begin(Act.Deposit, from, 0);
        bytes32 account = accounts[source.below(accounts.length)];
        uint256 amount = _amount(source, bookTokens[from]);
        Permit memory permit = _permit(source, from, amount);
        _call(
            abi.encodeCall(ledger.depositWithPermit, (account, amount, permit.deadline, permit.v, permit.r, permit.s)),
            abi.encodeCall(this.bookDepositWithPermit, (from, account, amount, permit.good))
        );
    }

    function withdraw(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = _spendable(source);
        address owner = _ownerOf(account);
        _begin(Act.Withdraw, owner, account);
        uint256 amount = _amount(source, bookBalance[account]);
        address to = _payee(source, owner);
        _call(
            abi.encodeCall(ledger.withdraw, (_tagOf(account), amount, to)),
            abi.encodeCall(this.bookWithdraw, (account, amount, to))
        );
    }

    function transferBalance(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = _spendable(source);
        _begin(Act.TransferBalance, _ownerOf(account), account);
        bytes32 to = accounts[source.below(accounts.length)];
        uint256 amount = _amount(source, bookBalance[account]);
        _call(
            abi.encodeCall(ledger.transferBalance, (_tagOf(account), to, amount)),
            abi.encodeCall(this.bookTransferBalance, (account, to, amount))
        );
    }

    function approveSpender(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = _spendable(source);
        address spender = _wallet(source);
        uint256 approval = _approvalOf(account, spender);
        if (approval == approvals.length) {
            if (approvals.length < MOST_APPROVALS) {
                approvals.push(Approval(account, spender));
            } else {
                approval = source.below(MOST_APPROVALS);
                (account, spender) = (approvals[approval].account, approvals[approval].spender);
            }
        }
        _begin(Act.ApproveSpender, _ownerOf(account), account);
        uint256 amount = source.oneIn(6) ? type(uint256).max : source.magnitude(bookBalance[account] + 2) - 1;
        everApproved[approval] = _saturatingSum(everApproved[approval], amount);
        _call(
            abi.encodeCall(ledger.approveSpender, (_tagOf(account), spender, amount)),
            abi.encodeCall(this.bookApproveSpender, (account, spender, amount))
        );
    }

    /// @dev Twice the same, which is often more than the allowance that is left.
    function transferBalanceFrom(uint256 seed) external {
        Source memory source = Random.from(seed);
        bytes32 account = _spendable(source);
        address spender = _wallet(source);
        uint256 approval = approvals.length;
        for (uint256 i = 0; i < 6 && approvals.length != 0; ++i) {
            approval = source.below(approvals.length);
            (account, spender) = (approvals[approval].account, approvals[approval].spender);
            if (bookBalance[account] != 0 && bookAllowance[account][spender] != 0) break;
        }
        bytes32 to = accounts[source.below(accounts.length)];
        uint256 allowed = bookAllowance[account][spender];
        uint256 amount = _amount(source, allowed < bookBalance[account] ? allowed : bookBalance[account]);
        for (uint256 i = 0; i < 2; ++i) {
            _begin(Act.TransferBalance, spender, account);
            _call(
                abi.encodeCall(ledger.transferBalanceFrom, (account, to, amount)),
                abi.encodeCall(this.bookTransferBalanceFrom, (account, to, amount, spender))
            );
            if (!step.failed) everSpent[approval] += amount;
        }
    }

    function giveTokensToLedger(uint256 seed) external {
        Source memory source = Random.from(seed);
        address from = _wallet(source);
        _begin(Act.GiveTokens, from, 0);
        uint256 amount = source.magnitude(bookTokens[from] / 1_000 + 1) - 1;
        VM.prank(from);
        token.transfer(address(ledger), amount);
        bookTokens[from] -= amount;
        bookTokens[address(ledger)] += amount;
        given += amount;
        _done();
        _checkStep();
    }

    // ------------------------------------------------------------------ arbiters

    function redirect(uint256 seed) external {
        Source memory source = Random.from(seed);
        uint256 split = source.between(1, splits.length - 1);
        while (splits[split].arbiter == address(0)) split = source.between(1, splits.length - 1);
        _redirect(source, split, splits[split].arbiter);
    }

    /// @dev Whoever calls is the arbiter of a split, if not of the one it means: of the one with the same shares.
    function redirectAsStranger(uint256 seed) external {
        Source memory source = Random.from(seed);
        if (splits.length == MOST_SPLITS) return;
        uint256 split = source.between(1, splits.length - 1);
        address stranger = _wallet(source);
        Share[] memory shares = splits[split].shares;
        _redirect(source, split, stranger);
        if (!step.failed) {
            _addSplit(shares, stranger);
            _begin(Act.Redirect, stranger, 0);
            _checkStep();
        }
    }

    function _redirect(Source memory source, uint256 split, address caller) private {
        _begin(Act.Redirect, caller, 0);
        Split storage s = splits[split];
        uint256 index = source.below(s.shares.length + (source.oneIn(8) ? 2 : 0));
        bytes32 to = source.oneIn(3) ? bytes32(0) : accounts[source.below(accounts.length)];
        _call(
            abi.encodeCall(ledger.redirect, (s.root, s.totalUnits, uint64(s.shares.length), uint64(index), to)),
            abi.encodeCall(this.bookRedirect, (split, index, to, caller))
        );
    }

    // ------------------------------------------------------------------ time and hostility

    function passTime(uint256 seed) external {
        _begin(Act.Nothing, address(0), 0);
        clock += Random.from(seed).magnitude(90 days);
        VM.warp(clock);
        _done();
        _checkStep();
    }

    /// @dev Valid draws with something wrong: a byte changed, cut off, or more behind. Must be refused by name.
    function corruptDraws(uint256 seed) external {
        Source memory source = Random.from(seed);
        _begin(Act.Corrupt, _wallet(source), 0);
        Range[] memory ranges = new Range[](1);
        ranges[0] = _randomRange(source);
        bytes memory draws = _encode(ranges);
        uint256 how = source.below(4);
        if (how == 0) {
            draws = bytes.concat(draws, new bytes(source.between(1, 200)));
        } else if (how == 1) {
            uint256 length = source.between(1, draws.length - 1);
            assembly ("memory-safe") {
                mstore(draws, length)
            }
        } else {
            draws[source.below(draws.length)] ^= bytes1(uint8(source.between(1, 255)));
        }
        bytes memory data =
            source.oneIn(2) ? abi.encodeCall(ledger.release, (draws)) : abi.encodeCall(ledger.payOut, (draws));
        VM.prank(step.caller);
        (bool ok, bytes memory out) = address(ledger).call(data);
        (step.failed, step.agreed) = (!ok, _isNamed(bytes4(out)));
        if (!ok) _done();
        _checkStep();
    }

    // ------------------------------------------------------------------ the end

    /// @notice Releases everything, parents after children, and lets everybody withdraw. Call it last.
    function finish() external override {
        bool released = true;
        uint256 stuck = 0;
        for (uint256 i = splits.length - 1; i > 0; --i) {
            uint256 size = splits[i].shares.length;
            if (splits[i].totalUnits == 0 || bookReceived[splits[i].id].amount == 0) continue;
            if (_releaseLast(i, 0, size)) continue;
            // One share that cannot be released must not hold up the others.
            for (uint256 k = 0; k < size; ++k) {
                if (_releaseLast(i, k, 1)) continue;
                ++stuck;
                released = released && _isFull(i, k);
            }
        }
        (Chain memory chain, Figures memory figures) = _checkMoment();
        _hold(released, "L47_everyShareCanBeReleased");
        _hold(stuck != 0 || L48_afterAFullReleaseOnlyDustIsLeft(chain, figures), "L48_afterAFullReleaseOnlyDustIsLeft");

        bool withdrawn = true;
        for (uint256 i = 0; i < spendable; ++i) withdrawn = _withdrawLast(accounts[i]) && withdrawn;
        (chain, figures) = _checkMoment();
        _hold(withdrawn, "L49_everyAccountCanWithdrawItsBalance");
        _hold(L50_whatIsLeftIsWhatNobodyCanSpend(chain, figures), "L50_whatIsLeftIsWhatNobodyCanSpend");
    }

    function _releaseLast(uint256 split, uint256 first, uint256 count) private returns (bool) {
        Range[] memory ranges = new Range[](1);
        ranges[0] = Range(split, first, count);
        _begin(Act.Release, wallets[0], 0);
        _callBoth(
            address(ledger),
            abi.encodeCall(ledger.release, (_encode(ranges))),
            abi.encodeCall(this.bookRelease, (ranges))
        );
        _hold(L01_ledgerAndBooksAgreeOnEveryOutcome(), "L01_ledgerAndBooksAgreeOnEveryOutcome");
        return !step.failed;
    }

    /// @dev Only money for a split that would then have received more than the most may be stuck.
    function _isFull(uint256 split, uint256 index) private view returns (bool) {
        Split storage s = splits[split];
        uint256 due = (bookReceived[s.id].amount * s.shares[index].units) / s.totalUnits - bookDrawn[s.id][index];
        return bookReceived[s.shares[index].recipient].amount + due > MOST_RECEIVED;
    }

    function _withdrawLast(bytes32 account) private returns (bool) {
        uint256 balance = bookBalance[account];
        if (balance == 0) return true;
        _begin(Act.Withdraw, _ownerOf(account), account);
        _callBoth(
            address(ledger),
            abi.encodeCall(ledger.withdraw, (_tagOf(account), balance, wallets[0])),
            abi.encodeCall(this.bookWithdraw, (account, balance, wallets[0]))
        );
        return !step.failed;
    }

    function L46_nothingIsReleasedTwice() internal view returns (bool) {
        return step.failed || step.returned == 0;
    }

    function L48_afterAFullReleaseOnlyDustIsLeft(
        Chain memory chain,
        Figures memory figures
    ) internal pure returns (bool) {
        for (uint256 i = 0; i < chain.drawn.length; ++i) {
            if (chain.drawn[i] != figures.entitlement[i]) return false;
        }
        for (uint256 i = 0; i < chain.amount.length; ++i) {
            if (figures.pool.totalUnits[i] == 0) continue;
            if (chain.amount[i] >= figures.drawnOf[i] + figures.pool.sizes[i]) return false;
        }
        return true;
    }

    function L50_whatIsLeftIsWhatNobodyCanSpend(
        Chain memory chain,
        Figures memory figures
    ) internal view returns (bool) {
        uint256 left = given;
        for (uint256 i = spendable; i < accounts.length; ++i) left += chain.balance[i];
        for (uint256 i = 0; i < splits.length; ++i) left += chain.amount[i] - figures.drawnOf[i];
        return chain.ledgerTokens == left;
    }

    // ------------------------------------------------------------------ calling

    function _begin(Act act, address caller, bytes32 account) private {
        delete step;
        (step.act, step.caller, step.account, step.agreed) = (act, caller, account, true);
        seenReleased = 0;
        VM.warp(clock);
    }

    function _note(bytes32 id, uint256 amount) private {
        step.paidIds.push(id);
        step.paidAmounts.push(amount);
    }

    function _call(bytes memory onLedger, bytes memory onBooks) private {
        _callOn(address(ledger), onLedger, onBooks);
    }

    function _callOn(address target, bytes memory onTarget, bytes memory onBooks) private {
        _callBoth(target, onTarget, onBooks);
        _checkStep();
    }

    function _callBoth(address target, bytes memory onTarget, bytes memory onBooks) private {
        VM.recordLogs();
        VM.prank(step.caller);
        (bool ok, bytes memory out) = target.call(onTarget);
        // The recorder also keeps what a reverted call had emitted.
        if (ok) _readEvents(address(ledger), VM.getRecordedLogs());
        (bool booked, bytes memory expected) = address(this).call(onBooks);
        (step.failed, step.agreed) = (!ok, ok == booked && keccak256(out) == keccak256(expected));
        if (ok) _done();
        if (ok && out.length == 32) step.returned = abi.decode(out, (uint256));
    }

    // ------------------------------------------------------------------ choosing

    function _wallet(Source memory source) private view returns (address) {
        return wallets[source.below(WALLETS)];
    }

    /// @dev Rather one that has approved the ledger.
    function _payer(Source memory source) private view returns (address wallet) {
        for (uint256 i = 0; i < 4; ++i) {
            wallet = _wallet(source);
            if (_payable(wallet) != 0) return wallet;
        }
    }

    /// @dev Rather one with money.
    function _spendable(Source memory source) private view returns (bytes32 account) {
        for (uint256 i = 0; i < 12; ++i) {
            account = accounts[source.below(spendable)];
            if (bookBalance[account] != 0) return account;
        }
    }

    function _claimant(Source memory source) private view returns (address wallet) {
        for (uint256 i = 0; i < 12; ++i) {
            wallet = _wallet(source);
            if (bookBalance[_account(wallet, 0)] != 0) return wallet;
        }
    }

    /// @dev Itself, another wallet, a split's address; seldom one that cannot be paid.
    function _payee(Source memory source, address self) private view returns (address) {
        uint256 choice = source.below(16);
        if (choice == 0) return address(0);
        if (choice == 1) return address(ledger);
        if (choice == 2) return splits[source.below(splits.length)].box;
        return choice < 10 ? self : _wallet(source);
    }

    /// @dev Seldom nothing or more than there is.
    function _amount(Source memory source, uint256 available) private pure returns (uint256) {
        uint256 choice = source.below(20);
        if (choice == 0) return 0;
        if (choice == 1 || available == 0) return available + 1;
        return source.magnitude(available);
    }

    function _payable(address payer) private view returns (uint256) {
        return bookTokens[payer] < bookApproval[payer] ? bookTokens[payer] : bookApproval[payer];
    }

    function _payment(Source memory source, uint256 available) private returns (Payment memory p) {
        p.splitId = splits[source.below(splits.length)].id;
        uint256 room = MOST_RECEIVED - bookReceived[p.splitId].amount;
        p.amount = _amount(source, room < available && !source.oneIn(4) ? room : available);
        p.calls = source.oneIn(4) ? uint64(source.word()) : uint64(source.below(100));
        p.memo = bytes32(source.word());
        _note(p.splitId, p.amount);
    }

    /// @dev Up to four; seldom none.
    function _payments(Source memory source, uint256 available) private returns (Payment[] memory payments) {
        payments = new Payment[](source.oneIn(12) ? 0 : source.between(1, 4));
        for (uint256 i = 0; i < payments.length; ++i) payments[i] = _payment(source, available / payments.length);
    }

    /// @dev Mostly good; or submitted by somebody else before, for another amount, by another key, or too late.
    function _permit(Source memory source, address owner, uint256 amount) private returns (Permit memory permit) {
        uint256 flaw = source.below(10);
        permit.deadline = flaw == 1 ? clock - 1 : clock + 60;
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                IERC20Permit(address(token)).DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        PERMIT_TYPEHASH,
                        owner,
                        address(ledger),
                        flaw == 2 ? amount + 1 : amount,
                        IERC20Permit(address(token)).nonces(owner),
                        permit.deadline
                    )
                )
            )
        );
        (permit.v, permit.r, permit.s) = VM.sign(flaw == 3 ? 1 : keyOf[owner], digest);
        permit.good = (flaw == 0 || flaw > 3) && owner.code.length == 0;
        if (flaw == 0 && permit.good) {
            IERC20Permit(address(token)).permit(
                owner,
                address(ledger),
                amount,
                permit.deadline,
                permit.v,
                permit.r,
                permit.s
            );
            bookApproval[owner] = amount;
            permit.good = false;
        }
    }

    /// @dev Mostly good; or for another amount, another memo, by another key, too early or too late. `refusal` is what the
    /// token has against it.
    function _authorization(
        Source memory source,
        address payer,
        Payment memory p
    ) private view returns (Authorization memory authorization, bytes memory refusal) {
        uint256 flaw = source.below(12);
        authorization.validAfter = flaw == 1 ? clock : 0;
        authorization.validBefore = flaw == 2 ? clock : 2 ** 40;
        authorization.salt = bytes32(source.word());
        bytes32 memo = flaw == 3 ? bytes32(source.word()) : p.memo;
        bytes32 structHash = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                payer,
                address(ledger),
                flaw == 4 ? p.amount + 1 : p.amount,
                authorization.validAfter,
                authorization.validBefore,
                keccak256(abi.encode(p.splitId, p.calls, memo, authorization.salt))
            )
        );
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", IERC20Permit(address(token)).DOMAIN_SEPARATOR(), structHash)
        );
        uint256 key = flaw == 5 ? 1 : keyOf[payer];
        (authorization.v, authorization.r, authorization.s) = VM.sign(key, digest);
        if (flaw == 3 || flaw == 4 || VM.addr(key) != payer) {
            refusal = abi.encodeWithSelector(ERC3009.ERC3009InvalidSignature.selector);
        } else if (flaw == 1 || flaw == 2) {
            refusal = abi.encodeWithSelector(
                ERC3009.ERC3009InvalidAuthorizationTime.selector,
                authorization.validAfter,
                authorization.validBefore
            );
        }
    }

    function _usedBefore() private view returns (bytes memory) {
        Payment memory p = used.payment;
        bytes32 nonce = keccak256(abi.encode(p.splitId, p.calls, p.memo, used.authorization.salt));
        return abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, used.payer, nonce);
    }

    /// @dev Mostly the claimant's; or another key's, or over other draws.
    function _sign(
        Source memory source,
        Claim memory request,
        bytes32 drawsHash
    ) private view returns (bytes memory signature, bool signed) {
        uint256 flaw = source.below(12);
        if (flaw == 1) drawsHash = keccak256(abi.encode(drawsHash));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("AttributionLedger"),
                keccak256("1"),
                block.chainid,
                address(ledger)
            )
        );
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                domain,
                keccak256(
                    abi.encode(
                        CLAIM_TYPEHASH,
                        request.account,
                        request.to,
                        drawsHash,
                        request.minAmount,
                        request.fee,
                        request.nonce,
                        request.deadline
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(flaw == 0 ? 1 : keyOf[request.account], digest);
        return (abi.encodePacked(r, s, v), flaw > 1);
    }

    function _isNamed(bytes4 selector) private pure returns (bool) {
        return
            selector == Draws.Draws_Truncated.selector ||
            selector == MerkleSumTree.MerkleSumTree_BadRange.selector ||
            selector == MerkleSumTree.MerkleSumTree_ProofTooShort.selector ||
            selector == MerkleSumTree.MerkleSumTree_UnitsOverflow.selector ||
            selector == AttributionLedger.AttributionLedger_UnknownSplit.selector ||
            selector == AttributionLedger.AttributionLedger_NoUnits.selector ||
            selector == AttributionLedger.AttributionLedger_ReceivedOverflow.selector;
    }

    function _saturatingSum(uint256 a, uint256 b) private pure returns (uint256) {
        return b > type(uint256).max - a ? type(uint256).max : a + b;
    }
}
