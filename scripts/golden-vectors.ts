/**
 * Writes the golden vectors in test/vectors, which the TypeScript and the Solidity tests share; with `--check`, compares
 * them with what is there. They come from the plain definitions in test/sdk/naive.ts, not from the SDK.
 *
 * The files hold one array per column, because that is what Solidity tests can read.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import {
  AbiCoder,
  concat,
  getAddress,
  hexlify,
  id,
  keccak256,
  computeAddress,
  SigningKey,
  solidityPacked,
  toBeHex,
  ZeroAddress,
  zeroPadValue,
} from "ethers";
import { format } from "prettier";

import type { Share } from "../sdk/share.ts";
import {
  naiveChunkProof,
  naiveContentRoot,
  naiveDraw,
  naiveFrontier,
  naiveLeaf,
  naiveNode,
  naivePackedNode,
  naiveRangeProof,
  naiveRoot,
  naiveSplitId,
} from "../test/sdk/naive.ts";
import { randomFrom } from "../test/sdk/random.ts";

const FOLDER = new URL("../test/vectors/", import.meta.url);
const SIZES = [1, 2, 3, 5, 7, 8, 13, 100];
const CHAIN_ID = 31337n;
const CONTENT_TYPE = "Content(bytes32 contentRoot,uint64 byteLength,bytes32 licenseHash,bytes32 uriHash)";

const random = randomFrom(0x5917);
const coder = AbiCoder.defaultAbiCoder();
// Signs the vectors, and nothing else.
const key = new SigningKey(id("golden vectors"));
const address = (): string => getAddress(random.hex(20));

// Every tree is over the first shares of this list.
const shares: Share[] = Array.from({ length: 100 }, () => random.share());
shares[1] = { ...shares[1], units: 0n };
shares[4] = { ...shares[4], units: 2n ** 127n };
const leaves = shares.map(naiveLeaf);
const trees = SIZES.map((size) => ({ size, root: naiveRoot(leaves.slice(0, size)), arbiter: address() }));

type Column = (string | number)[];

const files: Record<string, Record<string, Column | string>> = {
  shares: {
    kinds: shares.map(({ kind }) => kind),
    recipients: shares.map(({ recipient }) => recipient),
    units: shares.map(({ units }) => String(units)),
    evidences: shares.map(({ evidence }) => evidence),
    leafHashes: leaves.map(({ hash }) => hash),
  },
  nodes: nodeVectors(),
  trees: {
    sizes: SIZES,
    roots: trees.map(({ root }) => root.hash),
    totalUnits: trees.map(({ root }) => String(root.units)),
    arbiters: trees.map(({ arbiter }) => arbiter),
    splitIds: trees.map(({ size, root, arbiter }) => naiveSplitId(root, size, arbiter)),
  },
  frontiers: frontierVectors(),
  draws: drawVectors(),
  revocations: revocationVectors(),
  contents: contentVectors(),
  chunks: chunkVectors(),
  contributions: contributionVectors(),
  claims: claimVectors(),
  vouchers: voucherVectors(),
  receipts: receiptVectors(),
  report: reportVectors(),
};

const check = process.argv.includes("--check");
await mkdir(FOLDER, { recursive: true });
for (const [name, columns] of Object.entries(files)) {
  const file = new URL(`${name}.json`, FOLDER);
  const content = await format(JSON.stringify(columns), { parser: "json", printWidth: 120 });
  if (!check) {
    await writeFile(file, content);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== content) {
    console.error(
      `${fileURLToPath(file)} is not what the definitions give. Write it again: node scripts/golden-vectors.ts`,
    );
    process.exitCode = 1;
  }
}

function nodeVectors(): Record<string, Column> {
  const pairs = [
    ...Array.from({ length: 8 }, () => [random.share(), random.share()].map(naiveLeaf)),
    [
      { hash: random.hex(32), units: 0n },
      { hash: random.hex(32), units: 0n },
    ],
    [
      { hash: random.hex(32), units: 2n ** 128n - 2n },
      { hash: random.hex(32), units: 1n },
    ],
  ];
  const parents = pairs.map(([left, right]) => naiveNode(left, right));
  return {
    leftHashes: pairs.map(([left]) => left.hash),
    leftUnits: pairs.map(([left]) => String(left.units)),
    rightHashes: pairs.map(([, right]) => right.hash),
    rightUnits: pairs.map(([, right]) => String(right.units)),
    hashes: parents.map(({ hash }) => hash),
    units: parents.map(({ units }) => String(units)),
  };
}

/** Roots of the perfect subtrees of the first `size` shares, largest first. */
function frontierVectors(): Record<string, Column> {
  const rows = SIZES.flatMap((size) => naiveFrontier(leaves.slice(0, size)).map((entry) => ({ size, ...entry })));
  return {
    sizes: rows.map(({ size }) => size),
    levels: rows.map(({ level }) => level),
    hashes: rows.map(({ node }) => node.hash),
    units: rows.map(({ node }) => String(node.units)),
  };
}

/** All ranges of the small trees, some of the large ones. */
function drawVectors(): Record<string, Column> {
  const rows = trees.flatMap(({ size, root, arbiter }) => {
    const ranges: { first: number; count: number }[] = [];
    for (let first = 0; first < size; first++) {
      for (let count = 1; first + count <= size; count++) ranges.push({ first, count });
    }
    return ranges
      .filter(() => size <= 8 || random.integer(ranges.length) < 12)
      .map((range) => ({
        size,
        ...range,
        splitId: naiveSplitId(root, size, arbiter),
        draw: naiveDraw({ shares: shares.slice(0, size), arbiter, ...range }),
      }));
  });
  return {
    sizes: rows.map(({ size }) => size),
    firsts: rows.map(({ first }) => first),
    counts: rows.map(({ count }) => count),
    splitIds: rows.map(({ splitId }) => splitId),
    draws: rows.map(({ draw }) => draw),
  };
}

/** Trees of which one share has lost its units, and the proof up to the frontier that the change needs. */
function revocationVectors(): Record<string, Column> {
  const rows = SIZES.flatMap((size) => {
    const indexes = size <= 13 ? Array.from({ length: size }, (_, i) => i) : [0, 63, 64, 95, 96, 99];
    return indexes.map((index) => {
      const revoked = naiveLeaf({ ...shares[index], units: 0n });
      return {
        size,
        index,
        proof: concat(perfectSubtreeProof(size, index)),
        root: naiveRoot(leaves.slice(0, size).with(index, revoked)),
      };
    });
  });
  return {
    sizes: rows.map(({ size }) => size),
    indexes: rows.map(({ index }) => index),
    proofs: rows.map(({ proof }) => proof),
    roots: rows.map(({ root }) => root.hash),
    totalUnits: rows.map(({ root }) => String(root.units)),
  };
}

function perfectSubtreeProof(size: number, index: number): string[] {
  let start = 0;
  for (const { level } of naiveFrontier(leaves.slice(0, size))) {
    const end = start + 2 ** level;
    if (index < end) return naiveRangeProof(leaves.slice(start, end), index - start, 1).map(naivePackedNode);
    start = end;
  }
  throw new RangeError(`There is no leaf ${index} among ${size}.`);
}

interface ContentRow {
  content: Uint8Array;
  contentRoot: string;
  licenseHash: string;
  uriHash: string;
  evidence: string;
}

function contents(): ContentRow[] {
  const source = randomFrom(0xc047);
  return [1, 255, 256, 257, 512, 1_000, 1_281, 3_000].map((length) => {
    const content = source.bytes(length);
    const contentRoot = naiveContentRoot(content);
    const licenseHash = id("CC-BY-4.0");
    const uriHash = id(`https://example.org/${length}.txt`);
    const evidence = keccak256(
      coder.encode(
        ["bytes32", "bytes32", "uint64", "bytes32", "bytes32"],
        [id(CONTENT_TYPE), contentRoot, length, licenseHash, uriHash],
      ),
    );
    return { content, contentRoot, licenseHash, uriHash, evidence };
  });
}

function contentVectors(): Record<string, Column> {
  const rows = contents();
  return {
    contents: rows.map(({ content }) => hexlify(content)),
    byteLengths: rows.map(({ content }) => content.length),
    contentRoots: rows.map(({ contentRoot }) => contentRoot),
    licenseHashes: rows.map(({ licenseHash }) => licenseHash),
    uriHashes: rows.map(({ uriHash }) => uriHash),
    evidences: rows.map(({ evidence }) => evidence),
  };
}

function chunkVectors(): Record<string, Column> {
  const rows = contents().flatMap(({ content, contentRoot }) =>
    Array.from({ length: Math.ceil(content.length / 256) }, (_, index) => ({
      contentRoot,
      byteLength: content.length,
      index,
      ...naiveChunkProof(content, index),
    })),
  );
  return {
    contentRoots: rows.map(({ contentRoot }) => contentRoot),
    byteLengths: rows.map(({ byteLength }) => byteLength),
    indexes: rows.map(({ index }) => index),
    chunks: rows.map(({ chunk }) => chunk),
    siblings: rows.map(({ siblings }) => concat(siblings)),
  };
}

function contributionVectors(): Record<string, Column | string> {
  const registry = address();
  const domain = domainSeparator("DatanetRegistry", registry);
  const rows = contents().map(({ evidence }, i) => {
    const datanetId = BigInt(i) ** 20n;
    const types = ["bytes32", "uint256", "bytes32"];
    const type = `Contribution(uint256 datanetId,Content content)${CONTENT_TYPE}`;
    const structHash = keccak256(coder.encode(types, [id(type), datanetId, evidence]));
    return { datanetId, structHash, digest: digestOf(domain, structHash) };
  });
  return {
    chainId: String(CHAIN_ID),
    registry,
    domainSeparator: domain,
    signer: computeAddress(key),
    datanetIds: rows.map(({ datanetId }) => String(datanetId)),
    structHashes: rows.map(({ structHash }) => structHash),
    digests: rows.map(({ digest }) => digest),
    signatures: rows.map(({ digest }) => key.sign(digest).serialized),
  };
}

function claimVectors(): Record<string, Column | string> {
  const ledger = address();
  const domain = domainSeparator("AttributionLedger", ledger);
  const account = computeAddress(key);
  const type =
    "Claim(address account,address to,bytes32 drawsHash,uint256 minAmount,uint256 fee,uint256 nonce,uint256 deadline)";
  const rows = Array.from({ length: 6 }, (_, i) => {
    const claim = {
      draws: hexlify(random.bytes(i * 100)),
      to: address(),
      minAmount: random.uint(127),
      fee: random.uint(60),
      nonce: BigInt(i),
      deadline: 1_900_000_000n + BigInt(i),
    };
    const { draws, to, minAmount, fee, nonce, deadline } = claim;
    const structHash = keccak256(
      coder.encode(
        ["bytes32", "address", "address", "bytes32", "uint256", "uint256", "uint256", "uint256"],
        [id(type), account, to, keccak256(draws), minAmount, fee, nonce, deadline],
      ),
    );
    return { ...claim, structHash, digest: digestOf(domain, structHash) };
  });
  return {
    chainId: String(CHAIN_ID),
    ledger,
    domainSeparator: domain,
    account,
    draws: rows.map(({ draws }) => draws),
    tos: rows.map(({ to }) => to),
    minAmounts: rows.map(({ minAmount }) => String(minAmount)),
    fees: rows.map(({ fee }) => String(fee)),
    nonces: rows.map(({ nonce }) => String(nonce)),
    deadlines: rows.map(({ deadline }) => String(deadline)),
    structHashes: rows.map(({ structHash }) => structHash),
    digests: rows.map(({ digest }) => digest),
    signatures: rows.map(({ digest }) => key.sign(digest).serialized),
  };
}

/** Each combination of flags, with a key's or a contract's signature. */
function voucherVectors(): Record<string, Column | string> {
  const source = randomFrom(0xc4a7);
  const channels = getAddress(source.hex(20));
  const domain = domainSeparator("PaymentChannels", channels);
  const rows = Array.from({ length: 16 }, (_, i) => {
    const [hasTotal, hasPayer, byContract] = [1, 2, 4].map((flag) => (i & flag) !== 0);
    const signer = byContract ? getAddress(source.hex(20)) : computeAddress(key);
    const payer = hasPayer ? getAddress(source.hex(20)) : signer;
    const terms = {
      operator: getAddress(source.hex(20)),
      splitId: source.hex(32),
      delay: 900n + source.uint(21),
      salt: source.hex(32),
    };
    const termsId = keccak256(
      coder.encode(
        ["address", "address", "bytes32", "uint256", "bytes32"],
        [hasPayer ? payer : ZeroAddress, terms.operator, terms.splitId, terms.delay, terms.salt],
      ),
    );
    const channelId = keccak256(coder.encode(["bytes32", "address"], [termsId, signer]));
    const max = i < 8 ? 2n ** 95n + source.uint(95) : 1n + source.uint(40);
    const total = hasTotal ? max - 1n : max;
    const type = "Voucher(bytes32 termsId,uint128 maxClaimableAmount)";
    const structHash = keccak256(coder.encode(["bytes32", "bytes32", "uint128"], [id(type), termsId, max]));
    const digest = digestOf(domain, structHash);
    const { serialized, r, yParityAndS } = key.sign(digest);
    const signature = byContract ? hexlify(source.bytes(i * 10)) : serialized;
    const packed = concat([
      toBeHex(i & 7, 1),
      toBeHex(max, 12),
      ...(hasTotal ? [toBeHex(total, 12)] : []),
      ...(hasPayer ? [payer] : []),
      ...(byContract ? [signer, toBeHex(i * 10, 2), signature] : [r, yParityAndS]),
    ]);
    return { payer, signer, ...terms, termsId, channelId, max, total, digest, signature, byContract, packed };
  });
  return {
    chainId: String(CHAIN_ID),
    channels,
    domainSeparator: domain,
    payers: rows.map(({ payer }) => payer),
    signers: rows.map(({ signer }) => signer),
    operators: rows.map(({ operator }) => operator),
    splitIds: rows.map(({ splitId }) => splitId),
    delays: rows.map(({ delay }) => String(delay)),
    salts: rows.map(({ salt }) => salt),
    termsIds: rows.map(({ termsId }) => termsId),
    channelIds: rows.map(({ channelId }) => channelId),
    maxima: rows.map(({ max }) => String(max)),
    totals: rows.map(({ total }) => String(total)),
    digests: rows.map(({ digest }) => digest),
    contractSignatures: rows.map(({ byContract }) => Number(byContract)),
    signatures: rows.map(({ signature }) => signature),
    packed: rows.map(({ packed }) => packed),
  };
}

/** Receipts with random fields, whose call ids fit. */
function receiptVectors(): Record<string, Column | string> {
  const source = randomFrom(0x4ece);
  const services = getAddress(source.hex(20));
  const domain = domainSeparator("CallReceipts", services);
  const request = "address payer,bytes32 parentCallId,uint256 serviceId,bytes32 inputHash,bytes32 salt";
  const requestTypes = ["address", "bytes32", "uint256", "bytes32", "bytes32"];
  const rest =
    "bytes32 childrenHash,bytes32 splitId,bytes32 assetSplitId,address executor,bytes32 outputRoot," +
    "uint64 tokensIn,uint64 tokensOut,uint256 amount,uint64 servedAt";
  const restTypes = [
    ...["bytes32", "bytes32", "bytes32", "address", "bytes32"],
    ...["uint64", "uint64", "uint256", "uint64"],
  ];
  const rows = Array.from({ length: 8 }, () => {
    const asked = {
      payer: getAddress(source.hex(20)),
      parentCallId: source.hex(32),
      serviceId: source.uint(256),
      inputHash: source.hex(32),
      salt: source.hex(32),
    };
    const served = {
      childrenHash: source.hex(32),
      splitId: source.hex(32),
      assetSplitId: source.hex(32),
      executor: computeAddress(key),
      outputRoot: source.hex(32),
      tokensIn: source.uint(64),
      tokensOut: source.uint(64),
      amount: source.uint(256),
      servedAt: source.uint(64),
    };
    const requestHash = keccak256(
      coder.encode(["bytes32", ...requestTypes], [id(`CallRequest(${request})`), ...Object.values(asked)]),
    );
    const callId = digestOf(domain, requestHash);
    const structHash = keccak256(
      coder.encode(
        ["bytes32", "bytes32", ...requestTypes, ...restTypes],
        [id(`Receipt(bytes32 callId,${request},${rest})`), callId, ...Object.values(asked), ...Object.values(served)],
      ),
    );
    return { callId, ...asked, ...served, digest: digestOf(domain, structHash) };
  });
  return {
    chainId: String(CHAIN_ID),
    services,
    domainSeparator: domain,
    callIds: rows.map(({ callId }) => callId),
    payers: rows.map(({ payer }) => payer),
    parentCallIds: rows.map(({ parentCallId }) => parentCallId),
    serviceIds: rows.map(({ serviceId }) => String(serviceId)),
    inputHashes: rows.map(({ inputHash }) => inputHash),
    salts: rows.map(({ salt }) => salt),
    childrenHashes: rows.map(({ childrenHash }) => childrenHash),
    splitIds: rows.map(({ splitId }) => splitId),
    assetSplitIds: rows.map(({ assetSplitId }) => assetSplitId),
    executors: rows.map(({ executor }) => executor),
    outputRoots: rows.map(({ outputRoot }) => outputRoot),
    tokensIn: rows.map(({ tokensIn }) => String(tokensIn)),
    tokensOut: rows.map(({ tokensOut }) => String(tokensOut)),
    amounts: rows.map(({ amount }) => String(amount)),
    servedAts: rows.map(({ servedAt }) => String(servedAt)),
    digests: rows.map(({ digest }) => digest),
    signatures: rows.map(({ digest }) => key.sign(digest).serialized),
  };
}

/** What reports of attribution are made of, and the ids of pot, report and payout. */
function reportVectors(): Record<string, Column | string> {
  const source = randomFrom(0x7e09);
  const potTypes = "address uint96 uint256 uint256 bytes32 bytes32 uint64 address uint8 uint64 uint16".split(" ");
  const pot = [
    getAddress(source.hex(20)),
    ...[source.uint(96), source.uint(256), source.uint(256)].map(String),
    ...[source.hex(32), source.hex(32)],
    ...[String(source.uint(50)), getAddress(source.hex(20)), "5", String(source.uint(50)), "200"],
  ];
  const inferenceTypes =
    "bytes32 address bytes32 bytes32 uint128 uint64 uint64 uint128 bytes32 uint64 bytes32 uint32".split(" ");
  const inferences = Array.from({ length: 4 }, () =>
    inferenceTypes.map((type) => {
      if (type === "address") return getAddress(source.hex(20));
      return type === "bytes32" ? source.hex(32) : String(source.uint(Math.min(Number(type.slice(4)), 52)));
    }),
  );
  const spanTypes = ["uint32", "uint32", "uint32", "uint32", "uint64", "uint64", "uint32"];
  const spans = Array.from({ length: 5 }, (_, i) =>
    spanTypes.map((type) => String(type === "uint32" ? (i === 0 ? 2n ** 32n - 1n : source.uint(32)) : source.uint(52))),
  );
  const packed = spans.map((span) => solidityPacked(spanTypes, span));
  const spanLeaves = packed.map((bytes) => keccak256(concat(["0x20", bytes])));
  const places = Array.from({ length: 4 }, () => [source.uint(32), source.uint(32)]);
  const payout = { hash: source.hex(32), units: source.uint(96) };
  const potId = keccak256(coder.encode(potTypes, pot));
  const figures = [
    ...[potId, source.hex(32), source.hex(32), payout.hash, String(payout.units), String(source.uint(96))],
    ...["20000", "4", "5", "6"],
  ];
  const reporter = getAddress(source.hex(20));
  const postedAt = "1770000000";
  const amounts = solidityPacked(["uint64", "uint96", "uint96"], [0, ...figures.slice(4, 6)]);
  const counts = solidityPacked(["uint128", "uint32", "uint32", "uint32", "uint32"], [0, ...figures.slice(6)]);
  const posted = [...figures.slice(0, 4), amounts, counts, zeroPadValue(reporter, 32), toBeHex(BigInt(postedAt), 32)];
  return {
    pot,
    potId,
    inferences: inferences.flat(),
    inferenceEvidences: inferences.map((inference) => keccak256(coder.encode(inferenceTypes, inference))),
    spans: spans.flat(),
    packedSpans: packed,
    spanLeaves,
    spanRoots: spanLeaves.map((_, i) => naiveHashRoot(spanLeaves.slice(0, i + 1), "0x21")),
    creditPlaces: places.flat().map(String),
    creditEvidences: places.map((place) => solidityPacked(["uint192", "uint32", "uint32"], [0, ...place])),
    payoutSplitId: naiveSplitId(payout, 6, ZeroAddress),
    figures,
    reporter,
    postedAt,
    reportId: keccak256(concat(posted)).slice(0, 50),
  };
}

/** RFC 9162 §2.1.1 over plain hashes. */
function naiveHashRoot(hashes: readonly string[], prefix: string): string {
  if (hashes.length === 1) return hashes[0];
  let k = 1;
  while (2 * k < hashes.length) k *= 2;
  const [left, right] = [hashes.slice(0, k), hashes.slice(k)].map((part) => naiveHashRoot(part, prefix));
  return keccak256(concat([prefix, left, right]));
}

function domainSeparator(name: string, contract: string): string {
  const type = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
  return keccak256(
    coder.encode(
      ["bytes32", "bytes32", "bytes32", "uint256", "address"],
      [id(type), id(name), id("1"), CHAIN_ID, contract],
    ),
  );
}

function digestOf(domain: string, structHash: string): string {
  return keccak256(concat(["0x1901", domain, structHash]));
}
