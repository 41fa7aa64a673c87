import type { Edit, Twin } from "./twins.ts";

const CHANNELS = "contracts/payments/PaymentChannels.sol";
const VOUCHERS = "contracts/payments/Vouchers.sol";
const FUNDS = "contracts/ledger/LedgerFunds.sol";
const SIGNATURES = "contracts/ledger/Signatures.sol";

const BARE_DOMAIN = 'keccak256(abi.encode(keccak256("EIP712Domain(string name)"), keccak256("PaymentChannels")))';

/** Terms of which one field is hashed as zero. */
function termsWithout(field: string): Edit {
  const fields = ["payer", "operator", "splitId", "withdrawDelaySeconds", "salt"];
  const none = ["payer", "operator"].includes(field)
    ? "address(0)"
    : field === "withdrawDelaySeconds"
      ? "0"
      : "bytes32(0)";
  const values = fields.map((name) => (name === field ? none : `terms.${name}`));
  return {
    source: VOUCHERS,
    find: "return keccak256(abi.encode(terms));",
    replace: `return keccak256(abi.encode(${values.join(", ")}));`,
  };
}

export const CHANNEL_TWINS: readonly Twin[] = [
  // ------------------------------------------------------------------ what a voucher is bound to
  {
    name: "PaymentChannels_NoDomain",
    source: VOUCHERS,
    find: "MessageHashUtils.toTypedDataHash(domainSeparator, ",
    replace: `MessageHashUtils.toTypedDataHash(${BARE_DOMAIN}, `,
    why: "a voucher is good on every chain and in every contract",
    also: [
      {
        source: VOUCHERS,
        find: "            domainSeparator,\n            uint256(0), // 130",
        replace: `            ${BARE_DOMAIN},\n            uint256(0), // 130`,
      },
    ],
  },
  {
    name: "PaymentChannels_NoPayerInTerms",
    ...termsWithout("payer"),
    why: "what a key signed for one payer spends the deposit of every other that trusts the key",
  },
  {
    name: "PaymentChannels_NoOperatorInTerms",
    ...termsWithout("operator"),
    why: "every operator settles the vouchers of all others",
  },
  {
    name: "PaymentChannels_NoSplitInTerms",
    ...termsWithout("splitId"),
    why: "the operator says which split is paid",
  },
  {
    name: "PaymentChannels_NoDelayInTerms",
    ...termsWithout("withdrawDelaySeconds"),
    why: "whoever closes or withdraws says how long the delay is",
  },
  {
    name: "PaymentChannels_NoSaltInTerms",
    ...termsWithout("salt"),
    why: "channels that differ by salt only are one",
  },

  // ------------------------------------------------------------------ signatures
  {
    name: "PaymentChannels_UpperS",
    source: VOUCHERS,
    find: "if or(gt(s, LOWER_HALF), iszero(lt(sub(difference, 1), shr(160, word)))) {",
    replace: "if iszero(lt(sub(difference, 1), shr(160, word))) {",
    why: "some signatures have a second form",
  },
  {
    name: "PaymentChannels_SignerOfBefore",
    source: VOUCHERS,
    find: "mstore(32, 0)",
    replace: "",
    why: "a signature that recovers nobody passes for one of whoever signed the voucher before",
  },
  {
    name: "PaymentChannels_NobodySigns",
    source: CHANNELS,
    find: "if (v.signer == address(0)) status = Status.BadSignature;\n        else if",
    replace: "if",
    why: "any bytes are a signature of nobody, whom a channel may name as its signer",
    also: [
      {
        source: CHANNELS,
        find: "if (channel.signer == address(0)) revert PaymentChannels_NoSigner(channelId);",
        replace: "",
      },
    ],
  },
  {
    name: "PaymentChannels_UnlimitedGas",
    source: SIGNATURES,
    find: "staticcall(gasLimit, signer",
    replace: "staticcall(gas(), signer",
    why: "a contract that is asked about one voucher spends the gas of all",
  },
  {
    name: "PaymentChannels_CopiesAnswers",
    source: SIGNATURES,
    find: `            let success := staticcall(gasLimit, signer, add(data, 32), mload(data), 0, 32)
`,
    replace: `            let success := staticcall(gasLimit, signer, add(data, 32), mload(data), 0, 32)
            let copy := mload(64)
            returndatacopy(copy, 0, returndatasize())
            mstore(64, add(copy, returndatasize()))
`,
    why: "whoever settles pays for the memory that contracts' answers take",
  },
  {
    name: "PaymentChannels_AnyGas",
    source: SIGNATURES,
    find: "if (gasleft() < needed) revert Signatures_NotEnoughGas(gasleft(), needed);",
    replace: "",
    why: "a contract that has too little gas to answer seems to refuse",
  },

  // ------------------------------------------------------------------ amounts
  {
    name: "PaymentChannels_ForgetsSettled",
    source: VOUCHERS,
    find: "word := add(word, difference)",
    replace: "",
    why: "a voucher can be settled as often as the balance allows",
  },
  {
    name: "PaymentChannels_FallingVouchers",
    source: VOUCHERS,
    find: "let difference := sub(max, and(word, AMOUNT_MASK))",
    replace: "let difference := max",
    why: "vouchers are added up instead of the later one replacing those before it",
  },
  {
    name: "PaymentChannels_NoBalanceCheck",
    source: VOUCHERS,
    find: "iszero(lt(sub(difference, 1), shr(160, word)))",
    replace: "iszero(lt(sub(difference, 1), AMOUNT_MASK))",
    why: "a voucher above its deposit is paid out of those of others",
  },
  {
    name: "PaymentChannels_BalanceStays",
    source: VOUCHERS,
    find: "sstore(id, sub(word, shl(160, difference)))",
    replace: "sstore(id, word)",
    why: "each voucher finds the whole deposit, whatever those before it took",
  },
  {
    name: "PaymentChannels_AnyTotal",
    source: CHANNELS,
    find: "        else if (v.total > v.max) status = Status.AboveVoucher;\n",
    replace: "",
    why: "the operator claims what nobody signed",
  },
  {
    name: "PaymentChannels_OneBadStopsAll",
    source: CHANNELS,
    find: "emit VoucherSkipped(channelId, msg.sender, v.signer, status, v.total);",
    replace: "revert PaymentChannels_NotAllowed(channelId, msg.sender, v.signer);",
    why: "whoever spoils one voucher keeps the operator from settling all others",
  },
  {
    name: "PaymentChannels_ReadsOn",
    source: VOUCHERS,
    find: "if (vouchers.length != batch.position) revert Vouchers_BadLength(vouchers.length, batch.position);",
    replace: "",
    why: "vouchers go on in the bytes of the next settlement, under terms that are not theirs",
  },

  // ------------------------------------------------------------------ what is on record
  {
    name: "PaymentChannels_KeepsWhatIsSaid",
    source: CHANNELS,
    find: "_keep(settlement.splitId, settlement.memo, amount);",
    replace: "_keep(settlement.splitId, settlement.memo, settlement.calls);",
    why: "the operator says how much it settled",
  },
  {
    name: "PaymentChannels_KeepsForEverybody",
    source: CHANNELS,
    find: "return keccak256(abi.encode(operator, splitId, memo, amount));",
    replace: "return keccak256(abi.encode(address(0), splitId, memo, amount));",
    why: "what one operator settled is on record as what every other did",
  },
  {
    name: "PaymentChannels_KeepsTheLastTime",
    source: CHANNELS,
    find: "if (_settledAt[id] != 0) return;",
    replace: "",
    why: "whoever settles the same again makes an old settlement a new one",
  },

  // ------------------------------------------------------------------ who may do what, and when
  {
    name: "PaymentChannels_AnyCaller",
    source: CHANNELS,
    find: "if (msg.sender != allowed) revert PaymentChannels_NotAllowed(channelId, msg.sender, allowed);",
    replace: "",
    why: "anybody empties a channel before its operator settles",
  },
  {
    name: "PaymentChannels_AnyDepositor",
    source: CHANNELS,
    find: "if (from != channel.payer) revert PaymentChannels_NotAllowed(channelId, from, channel.payer);",
    replace: "",
    why: "anybody ends a payer's wish to withdraw, again and again",
  },
  {
    name: "PaymentChannels_NamelessPayer",
    source: CHANNELS,
    find: "if (channel.payer == address(0)) revert PaymentChannels_NoPayer();",
    replace: "",
    why: "terms without a payer lead to a channel whose signer pays, and what is in it comes back to nobody",
    also: [
      {
        source: CHANNELS,
        find: "_limits[channel.payer][channel.operator].deposited -= uint96(amount);",
        replace: "",
      },
    ],
  },
  {
    name: "PaymentChannels_NoDelay",
    source: CHANNELS,
    find: "if (time == 0 || block.timestamp < time) {",
    replace: "if (time == 0) {",
    why: "a payer has its money back before the operator can settle",
  },
  {
    name: "PaymentChannels_ContractSignsTerms",
    source: CHANNELS,
    find: "if (v.byContract) digest = Vouchers.digest(_domainSeparatorV4(), channelId, v.max);",
    replace: "if (v.byContract) digest = Vouchers.digest(_domainSeparatorV4(), termsId, v.max);",
    why: "contract wallets that take the signature of the same key take each other's vouchers",
  },
  {
    name: "PaymentChannels_NoRequest",
    source: CHANNELS,
    find: "if (time == 0 || block.timestamp < time) {",
    replace: "if (block.timestamp < time) {",
    why: "a payer has its money back without a warning",
  },
  {
    name: "PaymentChannels_DepositKeepsRequest",
    source: CHANNELS,
    find: "if (withdrawableAt[channelId] != 0) withdrawableAt[channelId] = 0;",
    replace: "",
    why: "a payer that asked for its money long ago can take back what it deposits now at any moment",
  },
  {
    name: "PaymentChannels_AnyDelay",
    source: CHANNELS,
    find: "if (delay < MIN_WITHDRAW_DELAY_SECONDS || delay > MAX_WITHDRAW_DELAY_SECONDS) {",
    replace: "if (delay > MAX_WITHDRAW_DELAY_SECONDS) {",
    why: "a channel can be too short-lived to be settled",
  },
  {
    name: "PaymentChannels_CapPerDeposit",
    source: CHANNELS,
    find: "uint256 deposited = limit.deposited + amount;",
    replace: "uint256 deposited = amount;",
    why: "a cap bounds each deposit, not all of them",
  },
  {
    name: "PaymentChannels_AuthorizedForAnything",
    source: FUNDS,
    find: "keccak256(abi.encode(purpose, authorization.salt)),",
    replace: "authorization.salt,",
    why: "tokens signed away for one channel can be put into another",
  },
];
