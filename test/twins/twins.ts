import { CHANNEL_TWINS } from "./channelTwins.ts";
import { DISPUTE_TWINS } from "./disputeTwins.ts";
import { GOVERNOR_TWINS } from "./governorTwins.ts";
import { STAKING_TWINS } from "./stakingTwins.ts";
import { VERIFIER_TWINS } from "./verifierTwins.ts";
import { GAUGE_TWINS } from "./gaugeTwins.ts";

/** One change to one source. */
export interface Edit {
  /** Source that is changed, relative to the project. */
  source: string;
  /** Occurs exactly once in it. */
  find: string;
  replace: string;
}

/** A deliberately vulnerable contract: the real one with one defence taken away. */
export interface Twin extends Edit {
  /** The contract, an underscore and what it lacks. */
  name: string;
  /** What goes wrong without the defence. */
  why: string;
  /** Further edits: where one defence takes several places, or a second one stands behind it. */
  also?: Edit[];
}

const LEDGER = "contracts/ledger/AttributionLedger.sol";
const DRAWS = "contracts/ledger/Draws.sol";
const TREE = "contracts/ledger/MerkleSumTree.sol";
const SIGNATURES = "contracts/ledger/Signatures.sol";
const ADDRESSES = "contracts/ledger/SplitAddresses.sol";
const BATCH = "contracts/payments/AuthorizationBatch.sol";
const JOBS = "contracts/payments/JobEscrow.sol";
const FUNDS = "contracts/ledger/LedgerFunds.sol";

const WITHOUT_SIZE: Edit = {
  source: TREE,
  find: "mstore(add(p, 49), shl(192, size))",
  replace: "mstore(add(p, 49), 0)",
};

/** Assembly that sorts the two nodes of a parent's preimage by their hashes. */
const SORT = `if lt(mload(add(preimage, 49)), mload(add(preimage, 1))) {
                    mcopy(0, add(preimage, 1), 48)
                    mcopy(add(preimage, 1), add(preimage, 49), 48)
                    mcopy(add(preimage, 49), 0, 48)
                }
                `;

/** Hash of two nodes' hashes alone, behind the usual prefix. */
const HASHES_ONLY = `mstore(add(preimage, 33), mload(add(preimage, 49)))
                    hash := keccak256(preimage, 65)`;

export const TWINS: readonly Twin[] = [
  // ------------------------------------------------------------------ trees and draws
  {
    name: "AttributionLedger_NoSizeInId",
    ...WITHOUT_SIZE,
    why: "the same root can be read as a tree of another size, in which a share has another index",
  },
  {
    name: "AttributionLedger_LeavesLikeNodesOfAnySize",
    ...WITHOUT_SIZE,
    why: "leaves are hashed like nodes, so that an inner node can be drawn as a share of a smaller tree",
    also: [
      {
        source: TREE,
        find: "mstore8(preimage, 0)",
        replace: "mstore8(preimage, 1)\n            mstore(add(preimage, 82), 0)",
      },
      { source: TREE, find: "mstore(top, keccak256(preimage, 82))", replace: "mstore(top, keccak256(preimage, 97))" },
    ],
  },
  {
    name: "AttributionLedger_LeavesLikeNodes",
    source: TREE,
    find: "mstore8(preimage, 0)",
    replace: "mstore8(preimage, 1)\n            mstore(add(preimage, 82), 0)",
    why: "leaves are hashed like nodes; that alone is no way in, as the size of a tree is in its id",
    also: [
      { source: TREE, find: "mstore(top, keccak256(preimage, 82))", replace: "mstore(top, keccak256(preimage, 97))" },
    ],
  },
  {
    name: "AttributionLedger_OddTwice",
    ...WITHOUT_SIZE,
    why: "a last odd node is paired with itself, so that a tree of three is also one of four",
    also: [
      {
        source: TREE,
        find: "mcopy(to, add(preimage, 1), SIBLING_BYTES)",
        replace:
          "mcopy(add(preimage, 49), add(preimage, 1), SIBLING_BYTES)\n                        excess := or(excess, join(preimage, to))",
      },
      {
        source: TREE,
        find: "if eq(first, lastNode) {",
        replace: `if eq(first, lastNode) {
                        mstore(add(preimage, 33), shl(128, units))
                        mstore(add(preimage, 1), hash)
                        mcopy(add(preimage, 49), add(preimage, 1), SIBLING_BYTES)
                        units := add(units, units)
                        hash := keccak256(preimage, 97)`,
      },
    ],
  },
  {
    name: "AttributionLedger_NoArbiterInId",
    source: TREE,
    find: "mstore(add(p, 57), shl(96, arbiter))",
    replace: "mstore(add(p, 57), 0)",
    why: "everybody is every split's arbiter",
  },
  {
    name: "AttributionLedger_NoUnitsInNodes",
    source: TREE,
    find: "mstore(to, keccak256(preimage, 97))",
    replace: `mstore(add(preimage, 33), mload(add(preimage, 49)))
                mstore(to, keccak256(preimage, 65))`,
    why: "a plain Merkle tree: whoever draws says how many units his siblings hold",
    also: [{ source: TREE, find: "hash := keccak256(preimage, 97)", replace: HASHES_ONLY }],
  },
  {
    name: "AttributionLedger_SortedPairs",
    source: TREE,
    find: "mstore(to, keccak256(preimage, 97))",
    replace: `${SORT}mstore(to, keccak256(preimage, 97))`,
    why: "pairs are sorted before hashing, so a share fits every index of its depth",
    also: [
      { source: TREE, find: "hash := keccak256(preimage, 97)", replace: `${SORT}hash := keccak256(preimage, 97)` },
    ],
  },
  {
    name: "AttributionLedger_NoUnitsOverflow",
    source: TREE,
    find: "if (excess != 0) revert MerkleSumTree_UnitsOverflow();",
    replace: "",
    why: "units wrap around, so that a sum can be less than its parts",
  },
  {
    name: "AttributionLedger_NoRangeCheck",
    source: TREE,
    find: "if (count == 0 || first + count > size) revert",
    replace: "if (count == 0) revert",
    why: "a share can be drawn at indexes that the tree does not have",
  },
  {
    name: "AttributionLedger_NoCountCheck",
    source: TREE,
    find: "if (count == 0 || first + count > size) revert",
    replace: "if (first + count > size) revert",
    why: "a draw of no share at all passes for one of shares",
  },
  {
    name: "AttributionLedger_ReadsBeyondEnd",
    source: TREE,
    find: "if (end > data.length) revert MerkleSumTree_ProofTooShort(data.length, end);\n        if (excess",
    replace: "if (excess",
    why: "a proof may go on in whatever follows it in the calldata",
  },
  {
    name: "AttributionLedger_KindNotHashed",
    source: TREE,
    find: "calldatacopy(add(preimage, 1), p, SHARE_BYTES)",
    replace: "calldatacopy(add(preimage, 1), p, SHARE_BYTES)\n                mstore8(add(preimage, 1), 0)",
    why: "whoever draws a share says whether its recipient is an account or a split",
  },
  {
    name: "AttributionLedger_RecipientNotHashed",
    source: TREE,
    find: "calldatacopy(add(preimage, 1), p, SHARE_BYTES)",
    replace: "calldatacopy(add(preimage, 1), p, SHARE_BYTES)\n                mstore(add(preimage, 2), 0)",
    why: "whoever draws a share says whose it is",
  },
  {
    name: "AttributionLedger_NoKindCheck",
    source: DRAWS,
    find: "if (kind > uint256(type(Kind).max)) revert Draws_UnknownKind(index, kind);",
    replace: "index;",
    why: "a share of a kind that means nothing is paid to an account",
  },
  {
    name: "AttributionLedger_IgnoresTail",
    source: LEDGER,
    find: "while (draw.end < draws.length) {",
    replace: "while (draw.end + 40 <= draws.length) {",
    why: "bytes behind the last draw are nobody's business",
  },
  {
    name: "AttributionLedger_NoUnknownSplit",
    source: LEDGER,
    find: "if (total == 0) revert AttributionLedger_UnknownSplit(draw.splitId);",
    replace: "",
    why: "a proof of nothing passes for a release of nothing",
  },

  // ------------------------------------------------------------------ releases
  {
    name: "AttributionLedger_NoDrawnRecord",
    source: LEDGER,
    find: "slot.value = word + (amount << shift);",
    replace: "",
    why: "nothing is written down, so a share can be drawn again and again",
  },
  {
    name: "AttributionLedger_SharedHalves",
    source: LEDGER,
    find: "return (index & 1) << 7;",
    replace: "return index & 0;",
    why: "two neighbours share one record of what they have drawn",
  },
  {
    name: "AttributionLedger_RoundsUp",
    source: LEDGER,
    find: "uint256 amount = (total * units) / draw.totalUnits",
    replace: "uint256 amount = 1 + (total * units) / draw.totalUnits",
    why: "shares add up to more than the split received",
  },
  {
    name: "AttributionLedger_RoundsEachRelease",
    source: LEDGER,
    find: "uint256 amount = (total * units) / draw.totalUnits - (half & MAX_RECEIVED);",
    replace: "uint256 amount = ((total - (half & MAX_RECEIVED)) * units) / draw.totalUnits;",
    why: "each release rounds down what came in since the last one, so frequent ones cost units",
    also: [
      {
        source: LEDGER,
        find: "slot.value = word + (amount << shift);",
        replace: "slot.value = word + ((total - (half & MAX_RECEIVED)) << shift);",
      },
    ],
  },
  {
    name: "AttributionLedger_NarrowProduct",
    source: LEDGER,
    find: "uint256 amount = (total * units) / draw.totalUnits",
    replace: "uint256 amount = uint128(total * units) / draw.totalUnits",
    why: "money times units wraps around, where there is much of both",
  },
  {
    name: "AttributionLedger_NothingBlocks",
    source: LEDGER,
    find: "if (amount == 0) continue;",
    replace: "if (amount == 0) revert AttributionLedger_ZeroAmount();",
    why: "a share that is due nothing blocks all those drawn with it",
  },
  {
    name: "AttributionLedger_CreditsCaller",
    source: LEDGER,
    find: "_credit(recipient, amount, run);",
    replace: "_credit(Accounts.wallet(msg.sender), amount, run);",
    why: "whoever draws a share gets it",
  },
  {
    name: "AttributionLedger_ReleasePushes",
    source: LEDGER,
    find: "(run.payouts[run.end], run.payouts[run.end + 1]) = (amount, uint256(account));\n            run.end += 2;",
    replace: "token.safeTransfer(Accounts.ownerOf(account), amount);",
    why: "shares of wallets leave at once, so that one the token refuses blocks all others",
    also: [
      { source: LEDGER, find: "run.toWallets && Accounts.isWallet(account)", replace: "Accounts.isWallet(account)" },
    ],
  },
  {
    name: "AttributionLedger_FlagIsMoney",
    source: LEDGER,
    find: "- (half & MAX_RECEIVED);",
    replace: "- half;",
    why: "the flag of a redirected share counts as money drawn, and the difference wraps around",
  },
  {
    name: "AttributionLedger_NoReceivedCap",
    source: LEDGER,
    find: "if (amount > MAX_RECEIVED - before) revert AttributionLedger_ReceivedOverflow(splitId, before, amount);\n        unchecked {\n            calls",
    replace: "unchecked {\n            calls",
    why: "what a split received wraps around, below what was drawn from it",
  },
  {
    name: "AttributionLedger_CallsRevert",
    source: LEDGER,
    find: "if (calls > type(uint64).max) calls = type(uint64).max;",
    replace: "if (calls > type(uint64).max) revert AttributionLedger_EmptyBatch();",
    why: "whoever pays for 2^64 calls is the last who can pay",
  },
  {
    name: "AttributionLedger_CallsSpill",
    source: LEDGER,
    find: "if (calls > type(uint64).max) calls = type(uint64).max;",
    replace: "",
    why: "calls wrap around, into the time of the payment",
  },
  {
    name: "AttributionLedger_PayOutTwice",
    source: LEDGER,
    find: "else balanceOf[account] += amount;\n        }\n        return",
    replace: "balanceOf[account] += amount;\n        }\n        return",
    why: "what left as tokens stays in the balance as well",
  },
  {
    name: "AttributionLedger_PayOutAllOrNothing",
    source: LEDGER,
    find: "token.trySafeTransfer(to, amount)",
    replace: "_mustTransfer(to, amount)",
    why: "one wallet that the token refuses blocks all others",
    also: [
      {
        source: LEDGER,
        find: "    function _send(",
        replace: `    function _mustTransfer(address to, uint256 amount) private returns (bool) {
        token.safeTransfer(to, amount);
        return true;
    }

    function _send(`,
      },
    ],
  },
  {
    name: "AttributionLedger_PayOutForgets",
    source: LEDGER,
    find: "else balanceOf[account] += amount;\n        }\n        return",
    replace: "}\n        return",
    why: "what the token did not deliver is nobody's",
  },
  {
    name: "AttributionLedger_PayOutToItself",
    source: LEDGER,
    find: "to != address(this) && token.trySafeTransfer(to, amount)",
    replace: "token.trySafeTransfer(to, amount)",
    why: "what the ledger sends itself is in nobody's books",
  },
  {
    name: "AttributionLedger_PayOutEmptiesSubAccounts",
    source: LEDGER,
    find: "run.toWallets && Accounts.isWallet(account)",
    replace: "run.toWallets",
    why: "strangers push money out of sub-accounts that a contract keeps for others",
  },
  {
    name: "AttributionLedger_ClaimEmptiesSubAccounts",
    source: LEDGER,
    find: "if (run.claiming && account == run.claimant) {",
    replace: "if (run.claiming && Accounts.ownerOf(account) == Accounts.ownerOf(run.claimant)) {",
    why: "a claim for a wallet takes the sub-accounts' shares along",
  },
  {
    name: "AttributionLedger_ClaimKeepsBalance",
    source: LEDGER,
    find: "balanceOf[account] = 0;",
    replace: "",
    why: "a balance can be claimed again and again",
  },

  // ------------------------------------------------------------------ money in
  {
    name: "AttributionLedger_NoArrivalCheck",
    source: LEDGER,
    find: "if (actual != expected) revert AttributionLedger_TransferMismatch(expected, actual);",
    replace: "",
    why: "what is written down is more than what arrived",
  },
  {
    name: "AttributionLedger_CreditsSurplus",
    source: LEDGER,
    find: "if (actual != expected) revert AttributionLedger_TransferMismatch(expected, actual);",
    replace: "if (actual > expected) balanceOf[Accounts.wallet(msg.sender)] += actual - expected;",
    also: [
      {
        source: LEDGER,
        find: "function _checkBalance(uint256 expected) private view {",
        replace: "function _checkBalance(uint256 expected) private {",
      },
    ],
    why: "whatever else arrives during a payment is its payer's, even if it has been written down for somebody",
  },
  {
    name: "AttributionLedger_EighteenDecimals",
    source: LEDGER,
    find: "uint256 expected = token.balanceOf(address(this)) + amount;",
    replace: `(, bytes memory decimals) = address(token).staticcall(abi.encodeWithSignature("decimals()"));
        amount /= 10 ** (18 - abi.decode(decimals, (uint8)));
        uint256 expected = token.balanceOf(address(this)) + amount;`,
    why: "amounts are taken to have 18 decimals, so what comes in is not what is written down",
  },
  {
    name: "AttributionLedger_BareTransferFrom",
    source: LEDGER,
    find: "token.safeTransferFrom(msg.sender, address(this), amount);",
    replace: "token.transferFrom(msg.sender, address(this), amount);",
    why: "tokens that return nothing cannot be paid with",
  },
  {
    name: "AttributionLedger_IgnoresFailure",
    source: LEDGER,
    find: "token.safeTransferFrom(msg.sender, address(this), amount);",
    replace: "token.trySafeTransferFrom(msg.sender, address(this), amount);",
    why: "a transfer that fails, be it by an error or by saying false, pays all the same",
    also: [
      {
        source: LEDGER,
        find: "if (actual != expected) revert AttributionLedger_TransferMismatch(expected, actual);",
        replace: "",
      },
    ],
  },
  {
    name: "AttributionLedger_NoZeroCheck",
    source: LEDGER,
    find: "if (amount == 0) revert AttributionLedger_ZeroAmount();\n        Word storage slot",
    replace: "Word storage slot",
    why: "calls can be reported for nothing",
  },
  {
    name: "AttributionLedger_LastOfBatch",
    source: LEDGER,
    find: "total += p.amount;",
    replace: "total = p.amount;",
    why: "a batch costs only its last entry",
  },
  {
    name: "AttributionLedger_PermitMustWork",
    source: LEDGER,
    find: "try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}",
    replace: "IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s);",
    why: "whoever submits a permit first makes its owner's payment fail",
  },

  // ------------------------------------------------------------------ balances
  {
    name: "AttributionLedger_NoDebitCheck",
    source: LEDGER,
    find: "if (balance < amount) revert AttributionLedger_InsufficientBalance(account, balance, amount);\n        balanceOf[account] = balance - amount;",
    replace: "unchecked {\n            balanceOf[account] = balance - amount;\n        }",
    why: "an account can spend what it does not have",
  },
  {
    name: "AttributionLedger_NoAllowanceCheck",
    source: LEDGER,
    find: "if (allowed < amount) revert AttributionLedger_InsufficientAllowance(from, msg.sender, allowed, amount);\n        allowance[from][msg.sender] = allowed - amount;\n        emit SpenderApproved(from, msg.sender, allowed - amount);",
    replace: "",
    why: "everybody can spend from every account",
  },
  {
    name: "AttributionLedger_AllowanceNotSpent",
    source: LEDGER,
    find: "allowance[from][msg.sender] = allowed - amount;",
    replace: "",
    why: "an approval can be used again and again",
  },
  {
    name: "AttributionLedger_AllowancePerOwner",
    source: LEDGER,
    find: "uint256 allowed = allowance[from][msg.sender];",
    replace: "uint256 allowed = allowance[Accounts.wallet(Accounts.ownerOf(from))][msg.sender];",
    why: "an approval for a wallet's account opens its sub-accounts",
  },
  {
    name: "AttributionLedger_AllowancePerTag",
    source: LEDGER,
    find: "allowance[account][spender] = amount;",
    replace: "allowance[bytes32(uint256(tag))][spender] = amount;",
    why: "an approval for one's own account opens everybody's account of the same tag",
    also: [
      {
        source: LEDGER,
        find: "uint256 allowed = allowance[from][msg.sender];",
        replace: "uint256 allowed = allowance[from >> 160][msg.sender];",
      },
      {
        source: LEDGER,
        find: "allowance[from][msg.sender] = allowed - amount;",
        replace: "allowance[from >> 160][msg.sender] = allowed - amount;",
      },
    ],
  },
  {
    name: "AttributionLedger_StaleSelfTransfer",
    source: LEDGER,
    find: "_debit(from, amount);\n        balanceOf[to] += amount;",
    replace: "uint256 held = balanceOf[to];\n        _debit(from, amount);\n        balanceOf[to] = held + amount;",
    why: "an account that pays itself ends up with more",
  },
  {
    name: "AttributionLedger_TrustsOrigin",
    source: LEDGER,
    find: "bytes32 account = Accounts.sub(msg.sender, tag);\n        _debit(account, amount);",
    replace: "bytes32 account = Accounts.sub(tx.origin, tag);\n        _debit(account, amount);",
    why: "a contract that somebody calls can spend from his accounts",
  },
  {
    name: "AttributionLedger_TrustsTail",
    source: LEDGER,
    find: "bytes32 account = Accounts.sub(msg.sender, tag);\n        _debit(account, amount);",
    replace:
      "bytes32 account = Accounts.sub(address(bytes20(msg.data[msg.data.length - 20:])), tag);\n        _debit(account, amount);",
    why: "the caller is who the end of the calldata says (a forwarder's convention, without the forwarder)",
  },
  {
    name: "AttributionLedger_SendsToOwner",
    source: LEDGER,
    find: "token.safeTransfer(to, amount);",
    replace: "token.safeTransfer(Accounts.ownerOf(account), amount);",
    why: "tokens leave to the account's owner only, so whom the token refuses has lost them",
  },

  // ------------------------------------------------------------------ reentrancy
  {
    name: "AttributionLedger_WithdrawSendsFirst",
    source: LEDGER,
    find: "_debit(account, amount);\n        _send(account, to, amount);",
    replace: `uint256 balance = balanceOf[account];
        if (balance < amount) revert AttributionLedger_InsufficientBalance(account, balance, amount);
        _send(account, to, amount);
        balanceOf[account] = balance - amount;`,
    why: "a withdrawal can be repeated while its tokens are on their way",
  },
  {
    name: "AttributionLedger_ClaimSendsFirst",
    source: LEDGER,
    find: "balanceOf[account] = 0;",
    replace: "",
    why: "a claim can be repeated while its tokens are on their way",
    also: [
      {
        source: LEDGER,
        find: "_send(Accounts.wallet(msg.sender), to, amount);",
        replace: "_send(Accounts.wallet(msg.sender), to, amount);\n        balanceOf[Accounts.wallet(msg.sender)] = 0;",
      },
    ],
  },
  {
    name: "AttributionLedger_PayOutSendsFirst",
    source: LEDGER,
    find: "slot.value = word + (amount << shift);",
    replace: "",
    why: "a share can be paid out again while its tokens are on their way",
    also: [
      {
        source: LEDGER,
        find: "_credit(recipient, amount, run);",
        replace: "_credit(recipient, amount, run);\n                    slot.value = word + (amount << shift);",
      },
      {
        source: LEDGER,
        find: "(run.payouts[run.end], run.payouts[run.end + 1]) = (amount, uint256(account));\n            run.end += 2;",
        replace: "token.safeTransfer(Accounts.ownerOf(account), amount);",
      },
    ],
  },

  // ------------------------------------------------------------------ relayed claims
  {
    name: "AttributionLedger_AccountNotSigned",
    source: LEDGER,
    find: "                    request.account,\n                    request.to,",
    replace: "                    request.to,\n                    request.to,",
    why: "a claim for one wallet is good for every other wallet of the same key",
  },
  {
    name: "AttributionLedger_ToNotSigned",
    source: LEDGER,
    find: "                    request.account,\n                    request.to,",
    replace: "                    request.account,\n                    request.account,",
    why: "the relayer says where the money goes",
  },
  {
    name: "AttributionLedger_DrawsNotSigned",
    source: LEDGER,
    find: "keccak256(draws),",
    replace: 'keccak256(""),',
    why: "the relayer says what is drawn",
  },
  {
    name: "AttributionLedger_MinAmountNotSigned",
    source: LEDGER,
    find: "                    request.minAmount,\n",
    replace: "                    uint256(500),\n",
    why: "the relayer says how little is enough",
  },
  {
    name: "AttributionLedger_FeeNotSigned",
    source: LEDGER,
    find: "                    request.fee,\n",
    replace: "                    uint256(1),\n",
    why: "the relayer says what the relayer gets",
  },
  {
    name: "AttributionLedger_NonceNotSigned",
    source: LEDGER,
    find: "                    request.nonce,\n",
    replace: "                    uint256(0),\n",
    why: "a claim can be submitted again under the next nonce",
  },
  {
    name: "AttributionLedger_DeadlineNotSigned",
    source: LEDGER,
    find: "                    request.deadline\n                )",
    replace: "                    uint256(2_000_000_000)\n                )",
    why: "the relayer says how long a claim is good",
  },
  {
    name: "AttributionLedger_NoNonce",
    source: LEDGER,
    find: "_useCheckedNonce(request.account, request.nonce);",
    replace: "",
    why: "a claim can be submitted again",
  },
  {
    name: "AttributionLedger_NoDeadline",
    source: LEDGER,
    find: "if (block.timestamp > request.deadline) {",
    replace: "if (request.deadline == 0) {",
    why: "a claim never grows old",
  },
  {
    name: "AttributionLedger_FeeTakesAll",
    source: LEDGER,
    find: "if (total < request.minAmount || total <= request.fee) {",
    replace: "if (total < request.minAmount) {",
    why: "a fee can leave the signer nothing",
  },
  {
    name: "AttributionLedger_NoMinAmount",
    source: LEDGER,
    find: "if (total < request.minAmount || total <= request.fee) {",
    replace: "if (total <= request.fee) {",
    why: "the relayer chooses a moment in which there is hardly more than the fee",
  },
  {
    name: "AttributionLedger_BareDomain",
    source: LEDGER,
    find: "bytes32 digest = _hashTypedDataV4(",
    replace: "bytes32 digest = _bareDigest(",
    why: "a claim is good on every chain and for every ledger",
    also: [
      {
        source: LEDGER,
        find: "    function _send(",
        replace: `    function eip712Domain()
        public
        pure
        override
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (hex"03", "AttributionLedger", "1", 0, address(0), 0, new uint256[](0));
    }

    function _bareDigest(bytes32 structHash) private pure returns (bytes32) {
        bytes32 domainType = keccak256("EIP712Domain(string name,string version)");
        bytes32 domain = keccak256(abi.encode(domainType, keccak256("AttributionLedger"), keccak256("1")));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _send(`,
      },
    ],
  },
  {
    name: "AttributionLedger_FixedDomain",
    source: LEDGER,
    find: "bytes32 digest = _hashTypedDataV4(",
    replace: "bytes32 digest = _fixedDigest(",
    why: "the chain is the one of the deployment, even after it has split off another",
    also: [
      {
        source: LEDGER,
        find: "IERC20 public immutable token;",
        replace: "IERC20 public immutable token;\n\n    bytes32 private immutable domain;",
      },
      { source: LEDGER, find: "token = token_;", replace: "token = token_;\n        domain = _domainSeparatorV4();" },
      {
        source: LEDGER,
        find: "    function _send(",
        replace: `    function _fixedDigest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _send(`,
      },
    ],
  },
  {
    name: "AttributionLedger_AnyS",
    source: SIGNATURES,
    find: "(address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);",
    replace: `ECDSA.RecoverError failure = ECDSA.RecoverError.InvalidSignature;
        address recovered;
        if (signature.length == 65) {
            recovered = ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
            if (recovered != address(0)) failure = ECDSA.RecoverError.NoError;
        }`,
    why: "every signature has a second form",
  },
  {
    name: "AttributionLedger_AnyV",
    source: SIGNATURES,
    find: "ECDSA.tryRecoverCalldata(digest, signature);",
    replace: "ECDSA.tryRecover(digest, _withUsualV(signature));",
    why: "every signature has a second form, with a v that counts from zero",
    also: [
      {
        source: SIGNATURES,
        find: "    /// @notice Whether `signature` over",
        replace: `    function _withUsualV(bytes memory signature) private pure returns (bytes memory) {
        if (signature.length == 65 && uint8(signature[64]) < 2) signature[64] = bytes1(uint8(signature[64]) + 27);
        return signature;
    }

    /// @notice Whether \`signature\` over`,
      },
    ],
  },
  {
    name: "AttributionLedger_CompactSignatures",
    source: SIGNATURES,
    find: "ECDSA.tryRecoverCalldata(digest, signature);",
    replace: `signature.length == 64
            ? ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]))
            : ECDSA.tryRecoverCalldata(digest, signature);`,
    why: "every signature has a second form, of 64 bytes",
  },
  {
    name: "AttributionLedger_ZeroSigns",
    source: SIGNATURES,
    find: "failure == ECDSA.RecoverError.NoError && recovered == signer",
    replace: "(failure == ECDSA.RecoverError.NoError || recovered == address(0)) && recovered == signer",
    why: "whatever recovers nobody is the zero address's signature",
  },
  {
    name: "AttributionLedger_AnyAnswer",
    source: SIGNATURES,
    find: "return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);",
    replace: `(bool success, ) = signer.staticcall(
            abi.encodeWithSignature("isValidSignature(bytes32,bytes)", digest, signature)
        );
        return success;`,
    why: "a call that does not revert is a yes, as it is for an address without code",
  },
  {
    name: "AttributionLedger_AnswerOfAnyLength",
    source: SIGNATURES,
    find: "return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);",
    replace: `(bool success, bytes memory answer) = signer.staticcall(
            abi.encodeWithSignature("isValidSignature(bytes32,bytes)", digest, signature)
        );
        return success && bytes4(answer) == 0x1626ba7e;`,
    why: "whoever echoes the question has answered yes, as the precompiled identity does",
  },
  {
    name: "AttributionLedger_CodeFirst",
    source: SIGNATURES,
    find: "if (isByKey(signer, digest, signature)) return true;",
    replace: "if (signer.code.length == 0 && isByKey(signer, digest, signature)) return true;",
    why: "an account that has delegated to code loses what its key signed",
  },

  // ------------------------------------------------------------------ arbiters
  {
    name: "AttributionLedger_RedirectForgetsDrawn",
    source: LEDGER,
    find: "= to == 0 ? word & ~flag : word | flag;",
    replace: "= to == 0 ? word & 0 : flag;",
    why: "a redirected share can be drawn from the beginning again",
  },
  {
    name: "AttributionLedger_RedirectHitsNeighbour",
    source: LEDGER,
    find: "uint256 flag = REDIRECTED << _shift(index);",
    replace: "uint256 flag = REDIRECTED;",
    why: "redirecting a share redirects its neighbour, to nobody",
  },
  {
    name: "AttributionLedger_RedirectTakesSplits",
    source: LEDGER,
    find: "if (toSplit) {",
    replace: "if (toSplit && half & REDIRECTED == 0) {",
    why: "a split's own arbiter takes what the split owes to those it is built on",
  },

  // ------------------------------------------------------------------ addresses of splits
  {
    name: "SplitAddresses_FlushAnywhere",
    source: ADDRESSES,
    find: "function flush() external",
    replace: "function flush(bytes32 splitId) external",
    why: "whoever calls says which split is paid",
    also: [
      {
        source: ADDRESSES,
        find: "bytes32 splitId = abi.decode(Clones.fetchCloneArgs(address(this)), (bytes32));",
        replace: "",
      },
      {
        source: ADDRESSES,
        find: "SplitAddress(splitAddress).flush();",
        replace: "SplitAddress(splitAddress).flush(splitId);",
      },
    ],
  },

  // ------------------------------------------------------------------ payments by signature
  {
    name: "AttributionLedger_SplitNotAuthorized",
    source: LEDGER,
    find: "keccak256(abi.encode(payment.splitId, payment.calls, payment.memo, authorization.salt))",
    replace: `keccak256(abi.encode(keccak256("a split"), payment.calls, payment.memo, authorization.salt))`,
    why: "the relayer says who is paid",
  },
  {
    name: "AttributionLedger_CallsNotAuthorized",
    source: LEDGER,
    find: "keccak256(abi.encode(payment.splitId, payment.calls, payment.memo, authorization.salt))",
    replace: "keccak256(abi.encode(payment.splitId, uint64(3), payment.memo, authorization.salt))",
    why: "the relayer says for how many calls is paid",
  },
  {
    name: "AttributionLedger_MemoNotAuthorized",
    source: LEDGER,
    find: "keccak256(abi.encode(payment.splitId, payment.calls, payment.memo, authorization.salt))",
    replace: `keccak256(abi.encode(payment.splitId, payment.calls, keccak256("a receipt"), authorization.salt))`,
    why: "the relayer says what is paid for",
  },
  {
    name: "AttributionLedger_AmountNotAuthorized",
    source: LEDGER,
    find: "            payment.amount,\n            authorization.validAfter",
    replace: "            400,\n            authorization.validAfter",
    why: "the relayer says how much counts as paid",
    also: [
      {
        source: LEDGER,
        find: "            authorization.s\n        );\n        _checkBalance(expected);",
        replace: "            authorization.s\n        );\n        expected;",
      },
    ],
  },
  {
    name: "AttributionLedger_SubmitterIsPayer",
    source: LEDGER,
    find: "Accounts.wallet(payer), payment.amount",
    replace: "Accounts.wallet(msg.sender), payment.amount",
    why: "whoever submits an authorization passes for the payer",
  },
  {
    name: "AttributionLedger_TokenMayFail",
    source: LEDGER,
    find: "        IERC3009(address(token)).receiveWithAuthorization(",
    replace: "        expected;\n        try IERC3009(address(token)).receiveWithAuthorization(",
    why: "what the token refuses counts as paid",
    also: [
      {
        source: LEDGER,
        find: "            authorization.s\n        );\n        _checkBalance(expected);",
        replace: "            authorization.s\n        ) {} catch {}",
      },
    ],
  },
  {
    name: "AttributionLedger_NoAuthorizedArrivalCheck",
    source: LEDGER,
    find: "            authorization.s\n        );\n        _checkBalance(expected);",
    replace: "            authorization.s\n        );\n        expected;",
    why: "a token's silence counts as a payment",
  },
  {
    name: "AttributionLedger_AnyoneTransfers",
    source: LEDGER,
    find: "IERC3009(address(token)).receiveWithAuthorization(",
    replace: "IERC3009(address(token)).transferWithAuthorization(",
    why: "anybody can have the tokens transferred without a payment",
  },
  {
    name: "AuthorizationBatch_NoGasLimit",
    source: BATCH,
    find: "{gas: PAYMENT_GAS}",
    replace: "",
    why: "one payer uses up the gas of all",
  },
  {
    name: "AuthorizationBatch_WholeReason",
    source: BATCH,
    find: "new bytes(size < MAX_REASON_BYTES ? size : MAX_REASON_BYTES)",
    replace: "new bytes(size)",
    why: "one payer makes the batch log the gas of all away",
  },
  {
    name: "AuthorizationBatch_ZerosAreMade",
    source: BATCH,
    find: "bytes4(reason) == 0 ? bytes4(0xffffffff) : bytes4(reason)",
    replace: "bytes4(reason)",
    why: "a payment that was skipped passes for made",
  },
  {
    name: "AuthorizationBatch_AllOrNothing",
    source: BATCH,
    find: "bytes memory reason = _reason();",
    replace: "revert AuthorizationBatch_Empty();",
    why: "one bad payment undoes all others",
    also: [
      {
        source: BATCH,
        find: "                errors[i] = bytes4(reason) == 0 ? bytes4(0xffffffff) : bytes4(reason);\n                emit PaymentSkipped(p.payer, p.payment.splitId, i, reason);\n",
        replace: "",
      },
    ],
  },
  {
    name: "AuthorizationBatch_NoGasCheck",
    source: BATCH,
    find: "if (gasleft() < GAS_NEEDED) revert AuthorizationBatch_NotEnoughGas(i, gasleft(), GAS_NEEDED);",
    replace: "",
    why: "a payment is skipped because there was too little gas for it",
  },

  // ------------------------------------------------------------------ jobs
  {
    name: "JobEscrow_AnyoneSubmits",
    source: JOBS,
    find: "if (msg.sender != job.provider) revert JobEscrow_NotAllowed(jobId, msg.sender);\n        if (state.status",
    replace: "if (state.status",
    why: "whoever wants to be paid delivers in the provider's place",
  },
  {
    name: "JobEscrow_PaysUndelivered",
    source: JOBS,
    find: "if (state.status == JobStatus.Submitted) {\n            if",
    replace:
      "if (state.status == JobStatus.Funded) return _complete(job, jobId, state, 0, reason);\n        if (state.status == JobStatus.Submitted) {\n            if",
    why: "a job is paid before anything is delivered",
  },
  {
    name: "JobEscrow_SubmitsAgain",
    source: JOBS,
    find: "        if (state.status != JobStatus.Funded) revert JobEscrow_WrongStatus(jobId, state.status);\n",
    replace: "",
    why: "a job can be delivered in any state, as often as one likes",
  },
  {
    name: "JobEscrow_NoExpiry",
    source: JOBS,
    find: "_checkNotLater(jobId, job.expiredAt);\n        emit",
    replace: "emit",
    why: "a job never expires for its provider",
  },
  {
    name: "JobEscrow_CompletesEarly",
    source: JOBS,
    find: "if (msg.sender != job.client) _checkNotSooner(jobId, state.deadline);",
    replace: "",
    why: "a delivery is paid before the client could dispute it",
  },
  {
    name: "JobEscrow_AnyoneRules",
    source: JOBS,
    find: "        if (msg.sender != job.evaluator) revert JobEscrow_NotAllowed(jobId, msg.sender);\n",
    replace: "",
    why: "everybody is the evaluator",
  },
  {
    name: "JobEscrow_NoWindowLimit",
    source: JOBS,
    find: "        _checkAtMost(job.acceptanceSeconds, MAX_WINDOW_SECONDS);\n",
    replace: "",
    why: "the end of a long window does not fit, and is in the past",
  },
  {
    name: "JobEscrow_ForgetsCompletion",
    source: JOBS,
    find: "        state.status = JobStatus.Completed;\n",
    replace: "",
    why: "a job that is paid can still be paid, or refunded",
  },
  {
    name: "JobEscrow_RefundsTwice",
    source: JOBS,
    find: "        state.status = JobStatus.Expired;\n",
    replace: "",
    why: "a refund can be claimed again",
  },
  {
    name: "JobEscrow_RejectsTwice",
    source: JOBS,
    find: "        state.status = JobStatus.Rejected;\n",
    replace: "",
    why: "a job can be rejected again",
  },
  {
    name: "JobEscrow_DisputesAnything",
    source: JOBS,
    find: "        if (state.status != JobStatus.Submitted) revert JobEscrow_WrongStatus(jobId, state.status);\n        _checkNotLater(jobId, state.deadline);\n",
    replace: "        if (state.status == JobStatus.Submitted) _checkNotLater(jobId, state.deadline);\n",
    why: "what is not delivered or already paid can be disputed",
  },
  {
    name: "JobEscrow_RulesUndisputed",
    source: JOBS,
    find: "        if (state.status != JobStatus.Disputed) revert JobEscrow_WrongStatus(jobId, state.status);\n        if (msg.sender",
    replace: "        if (msg.sender",
    why: "an evaluator decides where there is no dispute",
  },
  {
    name: "JobEscrow_FundsTwice",
    source: JOBS,
    find: "        if (state.status != JobStatus.Open) revert JobEscrow_WrongStatus(jobId, state.status);\n",
    replace: "",
    why: "a second budget for the same job is never given back",
  },
  {
    name: "JobEscrow_DisputesAnytime",
    source: JOBS,
    find: "_checkNotLater(jobId, state.deadline);\n        state.status",
    replace: "state.status",
    why: "a delivery can be disputed for ever",
  },
  {
    name: "JobEscrow_RefundsEarly",
    source: JOBS,
    find: "if (state.status == JobStatus.Funded) _checkNotSooner(jobId, job.expiredAt);",
    replace: "if (state.status == JobStatus.Funded) {}",
    why: "the money is gone while the provider works for it",
  },
  {
    name: "JobEscrow_RefundsDisputed",
    source: JOBS,
    find: "else if (state.status == JobStatus.Disputed) _checkNotSooner(jobId, state.deadline);",
    replace: "else if (state.status == JobStatus.Disputed) {}",
    why: "a dispute is won by starting it",
  },
  {
    name: "JobEscrow_RefundsDelivered",
    source: JOBS,
    find: "        else revert JobEscrow_WrongStatus(jobId, state.status);\n",
    replace: "",
    why: "a client has the delivery and its money",
  },
  {
    name: "JobEscrow_NoEvaluator",
    source: JOBS,
    find: "if (judged != (job.acceptanceSeconds != 0) || judged != (job.evaluationSeconds != 0)) {",
    replace: "if (judged && (job.acceptanceSeconds == 0 || job.evaluationSeconds == 0)) {",
    why: "a dispute that nobody can decide is lost by the provider",
  },
  {
    name: "JobEscrow_FewTermsInId",
    source: JOBS,
    find: "keccak256(abi.encode(_chainId, address(this), job))",
    replace: "keccak256(abi.encode(job.client, job.budget, job.salt))",
    why: "most terms of a job can be changed after the client has agreed to them",
  },
  {
    name: "JobEscrow_RulesLate",
    source: JOBS,
    find: "        _checkNotLater(jobId, state.deadline);\n    }",
    replace: "    }",
    why: "an evaluator decides when the client's refund is due",
  },
  {
    name: "JobEscrow_AnyoneDisputes",
    source: JOBS,
    find: "        if (msg.sender != job.client) revert JobEscrow_NotAllowed(jobId, msg.sender);\n",
    replace: "",
    why: "a stranger holds payments up",
  },
  {
    name: "JobEscrow_AnyoneRejects",
    source: JOBS,
    find: "            if (msg.sender != job.provider) revert JobEscrow_NotAllowed(jobId, msg.sender);\n",
    replace: "",
    why: "a stranger takes the provider's jobs away",
  },
  {
    name: "JobEscrow_RefundsCaller",
    source: JOBS,
    find: "emit JobExpired(jobId, job.budget);\n        _giveBack(job.client, job.budget);",
    replace: "emit JobExpired(jobId, job.budget);\n        _giveBack(msg.sender, job.budget);",
    why: "whoever claims a refund gets it",
  },
  {
    name: "JobEscrow_AnyoneFunds",
    source: JOBS,
    find: "        if (from != job.client) revert JobEscrow_NotAllowed(jobId, from);\n",
    replace: "",
    why: "jobs are asked for in the name of clients who know nothing of it",
  },
  {
    name: "JobEscrow_TakesNothing",
    source: JOBS,
    find: "        _takeAuthorized(job.client, job.budget, jobId, authorization);\n",
    replace: "        authorization;\n",
    why: "a job needs no money of its own, and is paid with that of others",
  },
  {
    name: "JobEscrow_RefundsTokensFirst",
    source: JOBS,
    find: "state.status = JobStatus.Expired;\n        emit JobExpired(jobId, job.budget);\n        _giveBack(job.client, job.budget);",
    replace:
      "_giveBack(job.client, job.budget);\n        state.status = JobStatus.Expired;\n        emit JobExpired(jobId, job.budget);",
    why: "a client that the token calls while it is refunded is refunded again",
    also: [
      {
        source: FUNDS,
        find: "ledger.transferBalance(0, Accounts.wallet(owner), amount);",
        replace: "ledger.withdraw(0, amount, owner);",
      },
    ],
  },

  // ------------------------------------------------------------------ in files of their own
  ...CHANNEL_TWINS,
  ...STAKING_TWINS,
  ...DISPUTE_TWINS,
  ...GOVERNOR_TWINS,
  ...VERIFIER_TWINS,
  ...GAUGE_TWINS,
];
