import type { Edit, Twin } from "./twins.ts";

const TREE = "contracts/ledger/MerkleSumTree.sol";
const SIGNATURES = "contracts/ledger/Signatures.sol";
const ASSETS = "contracts/registry/AssetRegistry.sol";
const LINEAGES = "contracts/registry/LineageRegistry.sol";
const DATANETS = "contracts/registry/DatanetRegistry.sol";
const MODELS = "contracts/registry/ModelRegistry.sol";
const AGENTS = "contracts/registry/AgentRegistry.sol";
const POLICY = "contracts/registry/FeePolicy.sol";
const SERVICES = "contracts/registry/ServiceRegistry.sol";

/** A defence of the registries that can be switched off, and what stands in its place then. */
export interface Weakness {
  /** What the registries do without it. */
  name: string;
  source: string;
  /** Occurs exactly once in the source. */
  find: string;
  instead: string;
  /** An expression has a value; statements do not. */
  form: "expression" | "statement";
  why: string;
}

const RECOVER = `(address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && recovered == signer;`;
const ENQUEUE = "Hashes.efficientKeccak256(Hashes.efficientKeccak256(head, Accounts.wallet(contributor)), evidence)";
const CONSENT = "keccak256(abi.encode(AGENT_WALLET_SET_TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline))";
const DEADLINE = "block.timestamp > deadline || deadline > block.timestamp + MAX_DEADLINE_SECONDS";
const LEAST_SHARE = "units * BPS < totalUnits * minShareBps[i]";

/** A domain separator that lacks a field. */
function separatorOf({ type, values }: { type: string; values: string }): string {
  const names = 'keccak256("DatanetRegistry"), keccak256("1")';
  return `keccak256(abi.encode(keccak256("EIP712Domain(string name,string version,${type})"), ${names}, ${values}))`;
}

/** One at a time can be switched off in {@link REGISTRY_TWIN}. */
export const WEAKNESSES: readonly Weakness[] = [
  // ------------------------------------------------------------------ Datanets: consent
  {
    name: "unsigned",
    source: DATANETS,
    find: "revert DatanetRegistry_NotSigned(i, contributor, evidence);",
    instead: "",
    form: "statement",
    why: "any bytes pass for a contributor's signature",
  },
  {
    name: "signedForFirstDatanet",
    source: DATANETS,
    find: "bytes32(id)",
    instead: "bytes32(uint256(1))",
    form: "expression",
    why: "what was signed for the first Datanet is good for all others",
  },
  {
    name: "noChainInDomain",
    source: DATANETS,
    find: "_domainSeparatorV4()",
    instead: separatorOf({ type: "address verifyingContract", values: "address(this)" }),
    form: "expression",
    why: "what was signed for one chain is good on all others",
  },
  {
    name: "noContractInDomain",
    source: DATANETS,
    find: "_domainSeparatorV4()",
    instead: separatorOf({ type: "uint256 chainId", values: "block.chainid" }),
    form: "expression",
    why: "what was signed for one registry is good for all others",
  },
  {
    name: "malleableSignatures",
    source: SIGNATURES,
    find: RECOVER,
    instead: `if (signature.length == 65) {
            address recovered = ecrecover(
                digest,
                uint8(signature[64]),
                bytes32(signature[:32]),
                bytes32(signature[32:64])
            );
            if (recovered != address(0) && recovered == signer) return true;
        }`,
    form: "statement",
    why: "the other half of the curve gives every signature a second form",
  },
  {
    name: "compactSignatures",
    source: SIGNATURES,
    find: RECOVER,
    instead: `(address recovered, ECDSA.RecoverError failure, ) = signature.length == 64
            ? ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]))
            : ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;`,
    form: "statement",
    why: "every signature has a second, shorter form",
  },
  {
    name: "nobodySigns",
    source: SIGNATURES,
    find: RECOVER,
    instead: `(address recovered, , ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered == signer) return true;`,
    form: "statement",
    why: "a signature that recovers nobody is the zero address's",
  },
  {
    name: "anyContractSigns",
    source: SIGNATURES,
    find: "SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature)",
    instead: "signer.code.length != 0",
    form: "expression",
    why: "a contract counts as having signed, whatever it says",
  },
  {
    name: "unsubmitted",
    source: DATANETS,
    find: "decided > queue.submitted || head != queue.heads[decided]",
    instead: "false",
    form: "expression",
    why: "the curator accepts what nobody submitted",
  },
  {
    name: "anyLog",
    source: DATANETS,
    find: "size != expected",
    instead: "false",
    form: "expression",
    why: "what somebody puts in front of a curator's batch makes the batch a duplicate",
  },
  {
    name: "noContributorInQueue",
    source: DATANETS,
    find: ENQUEUE,
    instead: "Hashes.efficientKeccak256(head, evidence)",
    form: "expression",
    why: "the curator accepts a submission as somebody else's",
  },
  {
    name: "noEvidenceInQueue",
    source: DATANETS,
    find: ENQUEUE,
    instead: "Hashes.efficientKeccak256(head, Accounts.wallet(contributor))",
    form: "expression",
    why: "the curator accepts something else than was submitted",
  },
  {
    name: "decidesAgain",
    source: DATANETS,
    find: "queue.decided = uint64(decided);",
    instead: "",
    form: "statement",
    why: "a submission can be accepted again and again",
  },
  {
    name: "rejectsBeforehand",
    source: DATANETS,
    find: "count > queue.submitted - queue.decided",
    instead: "false",
    form: "expression",
    why: "the curator rejects what has not been submitted yet",
  },
  {
    name: "anyUri",
    source: DATANETS,
    find: "uriHash != content.uriHash",
    instead: "false",
    form: "expression",
    why: "a submission advertises a URI it does not commit to",
  },
  {
    name: "emptyContent",
    source: DATANETS,
    find: "content.byteLength == 0",
    instead: "false",
    form: "expression",
    why: "nothing can be contributed and paid for",
  },
  {
    name: "noEvidenceInLog",
    source: DATANETS,
    find: "MerkleSumTree.leafHash(Kind.Account, Accounts.wallet(contributor), units, evidence)",
    instead: "MerkleSumTree.leafHash(Kind.Account, Accounts.wallet(contributor), units, 0)",
    form: "expression",
    why: "the log does not say what was contributed, so nobody can prove that it was twice",
  },
  {
    name: "spareSignatureBytes",
    source: DATANETS,
    find: "cursor != signatures.length",
    instead: "false",
    form: "expression",
    why: "a call carries bytes that belong to no contribution",
  },
  // ------------------------------------------------------------------ Datanets: who may, and how much
  {
    name: "anyoneCurates",
    source: DATANETS,
    find: "if (msg.sender != curationOf[id].curator) revert DatanetRegistry_NotCurator(id, msg.sender);",
    instead: "",
    form: "statement",
    why: "strangers decide who is a contributor",
  },
  {
    name: "noOwnerCap",
    source: DATANETS,
    find: "curation.ownerBps > MAX_OWNER_BPS",
    instead: "false",
    form: "expression",
    why: "the owner takes what it likes of the contributors' money",
  },
  {
    name: "noCuratorCap",
    source: DATANETS,
    find: "curation.curatorBps > MAX_CURATOR_BPS",
    instead: "false",
    form: "expression",
    why: "the curator takes what it likes of the contributors' money",
  },
  {
    name: "anyoneRevokes",
    source: DATANETS,
    find: "msg.sender != contribution.contributor && msg.sender != curationOf[id].curator",
    instead: "false",
    form: "expression",
    why: "strangers throw contributors out",
  },
  {
    name: "revokesAgain",
    source: DATANETS,
    find: "contribution.units == 0",
    instead: "false",
    form: "expression",
    why: "a revoked contribution makes another version each time it is revoked",
  },
  {
    name: "noLogProof",
    source: TREE,
    find: "oldHash != log.hashes[top]",
    instead: "false",
    form: "expression",
    why: "whatever stands at an index can be overwritten",
  },
  {
    name: "noLogRange",
    source: TREE,
    find: "index >= size",
    instead: "false",
    form: "expression",
    why: "a contribution is revoked at an index that the log does not have",
  },
  // ------------------------------------------------------------------ assets
  {
    name: "anyoneOwns",
    source: ASSETS,
    find: "!_isAuthorized(_requireOwned(id), msg.sender, id)",
    instead: "false",
    form: "expression",
    why: "strangers publish versions, set terms and wallets",
  },
  {
    name: "paysNobody",
    source: ASSETS,
    find: "splitId == 0",
    instead: "false",
    form: "expression",
    why: "versions that nobody can draw from can be paid and built on",
  },
  {
    name: "anyTerms",
    source: ASSETS,
    find: "terms.minShareBps > MAX_MIN_SHARE_BPS",
    instead: "false",
    form: "expression",
    why: "a parent can leave nothing to those who build on it",
  },
  {
    name: "noLicence",
    source: ASSETS,
    find: "!asset.open && !isLicensee[id][licensee] && licensee != ownerOf(id)",
    instead: "false",
    form: "expression",
    why: "closed assets are open to everybody",
  },
  {
    name: "licencesForEver",
    source: ASSETS,
    find: "isLicensee[id][licensee] = allowed;",
    instead: "if (allowed) isLicensee[id][licensee] = true;",
    form: "statement",
    why: "a licence cannot be taken back",
  },
  {
    name: "versionsChange",
    source: ASSETS,
    find: "asset.versions + 1",
    instead: "(_assets[id].versions = 1)",
    form: "expression",
    why: "a later version takes the place of the one that others serve",
  },
  // ------------------------------------------------------------------ lineage
  {
    name: "noLeastShare",
    source: LINEAGES,
    find: LEAST_SHARE,
    instead: "false",
    form: "expression",
    why: "a child pays its parent what it likes",
  },
  {
    name: "leastShareRoundsDown",
    source: LINEAGES,
    find: LEAST_SHARE,
    instead: "units < (totalUnits * minShareBps[i]) / BPS",
    form: "expression",
    why: "with few units a child pays its parent far less than it owes",
  },
  {
    name: "anyUpstream",
    source: LINEAGES,
    find: "!_isUpstream(upstream.registry)",
    instead: "false",
    form: "expression",
    why: "a registry without terms stands in for the one that has them",
  },
  {
    name: "noUnits",
    source: LINEAGES,
    find: "shares[i].units == 0",
    instead: "false",
    form: "expression",
    why: "a child names parents it pays nothing at all",
  },
  {
    name: "noBuilder",
    source: LINEAGES,
    find: "uint160(uint256(builder.account)) == 0",
    instead: "false",
    form: "expression",
    why: "money goes to an account that nobody can spend from",
  },
  {
    name: "licenceOfCaller",
    source: LINEAGES,
    find: "ownerOf(id)",
    instead: "msg.sender",
    form: "expression",
    why: "whoever has no licence lets somebody publish who has one",
  },
  {
    name: "forkAtAnyShare",
    source: MODELS,
    find: "parentBps > maxParentBps",
    instead: "false",
    form: "expression",
    why: "terms raised in front of a fork take half of it",
  },
  // ------------------------------------------------------------------ agents
  {
    name: "noWalletConsent",
    source: AGENTS,
    find: "revert AgentRegistry_BadWalletSignature(agentId, newWallet);",
    instead: "",
    form: "statement",
    why: "an agent claims any wallet as its own",
  },
  {
    name: "noOwnerInConsent",
    source: AGENTS,
    find: CONSENT,
    instead:
      'keccak256(abi.encode(keccak256("AgentWalletSet(uint256 agentId,address newWallet,uint256 deadline)"), agentId, newWallet, deadline))',
    form: "expression",
    why: "a wallet that agreed with one owner finds itself with the next",
  },
  {
    name: "consentToFirstAgent",
    source: AGENTS,
    find: CONSENT,
    instead: "keccak256(abi.encode(AGENT_WALLET_SET_TYPEHASH, uint256(1), newWallet, ownerOf(agentId), deadline))",
    form: "expression",
    why: "a wallet that agreed to be the first agent's can be made any other's",
  },
  {
    name: "keepsWallet",
    source: AGENTS,
    find: 'if (from != address(0)) _writeMetadata(agentId, WALLET_KEY, "");',
    instead: "",
    form: "statement",
    why: "an agent's new owner speaks for the old one's wallet",
  },
  {
    name: "noReservedKey",
    source: AGENTS,
    find: "keccak256(bytes(key)) == keccak256(bytes(WALLET_KEY))",
    instead: "false",
    form: "expression",
    why: "an agent's wallet is set as plain metadata, without consent",
  },
  {
    name: "consentForEver",
    source: AGENTS,
    find: DEADLINE,
    instead: "deadline > block.timestamp + MAX_DEADLINE_SECONDS",
    form: "expression",
    why: "consent can be used after its deadline",
  },
  {
    name: "anyDeadline",
    source: AGENTS,
    find: DEADLINE,
    instead: "block.timestamp > deadline",
    form: "expression",
    why: "consent can be asked for that lasts for years",
  },
  // ------------------------------------------------------------------ fee policy
  {
    name: "noTreasuryCap",
    source: POLICY,
    find: '_cap("treasuryBps", policy.treasuryBps, MAX_TREASURY_BPS);',
    instead: "",
    form: "statement",
    why: "the treasury takes what its governor likes",
  },
  {
    name: "noOperatorCap",
    source: POLICY,
    find: '_cap("operatorBps", policy.operatorBps, MAX_OPERATOR_BPS);',
    instead: "",
    form: "statement",
    why: "operators take what the governor likes",
  },
  {
    name: "noStakersCap",
    source: POLICY,
    find: '_cap("stakersBps", policy.stakersBps, MAX_STAKERS_BPS);',
    instead: "",
    form: "statement",
    why: "stakers take what the governor likes",
  },
  {
    name: "noSumCap",
    source: POLICY,
    find: '_cap("sumBps", uint256(policy.treasuryBps) + policy.operatorBps + policy.stakersBps, MAX_SUM_BPS);',
    instead: "",
    form: "statement",
    why: "treasury, operator and stakers leave nothing to the asset",
  },
  {
    name: "noPlatformFeeCap",
    source: POLICY,
    find: '_cap("platformFee", policy.platformFee, MAX_PLATFORM_FEE);',
    instead: "",
    form: "statement",
    why: "a fixed fee of any height stops all calls",
  },
  {
    name: "noTreasury",
    source: POLICY,
    find: "uint160(uint256(policy.treasury)) == 0",
    instead: "false",
    form: "expression",
    why: "fees go to an account that nobody can spend from",
  },
  {
    name: "anyoneGoverns",
    source: POLICY,
    find: "_checkCanCall(_msgSender(), _msgData());",
    instead: "",
    form: "statement",
    why: "strangers say who gets the fees",
  },
  {
    name: "onePolicy",
    source: POLICY,
    find: "++currentVersion",
    instead: "(currentVersion = 1)",
    form: "expression",
    why: "a change of policy changes what the splits before it were",
  },
  // ------------------------------------------------------------------ services
  {
    name: "anyoneServes",
    source: SERVICES,
    find: "revert ServiceRegistry_NotEligible(operator);",
    instead: "",
    form: "statement",
    why: "operators without stake take calls",
  },
  {
    name: "noMaximum",
    source: SERVICES,
    find: "cost > maximum",
    instead: "false",
    form: "expression",
    why: "a price raised in front of a payment takes all that the payer approved",
  },
  {
    name: "anyoneOperates",
    source: SERVICES,
    find: "msg.sender != _services[serviceId].operator",
    instead: "false",
    form: "expression",
    why: "strangers set prices and stop services",
  },
  {
    name: "anyServedRegistry",
    source: SERVICES,
    find: "address(registry) != address(models) && address(registry) != address(agents)",
    instead: "false",
    form: "expression",
    why: "the asset's part goes wherever a made-up registry says",
  },
  {
    name: "neverInactive",
    source: SERVICES,
    find: "!service.active",
    instead: "false",
    form: "expression",
    why: "calls are paid that nobody answers",
  },
  {
    name: "quotesRoundDown",
    source: SERVICES,
    find: "(price + RATE_TOKENS - 1) / RATE_TOKENS",
    instead: "price / RATE_TOKENS",
    form: "expression",
    why: "calls in small pieces are free",
  },
  {
    name: "noCalls",
    source: SERVICES,
    find: "calls == 0",
    instead: "false",
    form: "expression",
    why: "whoever states no calls pays no fixed fee",
  },
  {
    name: "servingNeedsLicence",
    source: SERVICES,
    find: "service.registry.splitOf(service.assetId, service.assetVersion)",
    instead: "_licensedSplit(service)",
    form: "expression",
    why: "an asset's owner switches off the services of those who serve it already",
  },
];

/** Number by which `Weakness.sol` knows a defence; nothing is switched off at zero. */
export function numberOf(name: string): number {
  const index = WEAKNESSES.findIndex((weakness) => weakness.name === name);
  if (index < 0) throw new Error(`No defence is called ${name}. List it in test/twins/registryTwins.ts.`);
  return index + 1;
}

/** Neutral changes that make room for the others. */
const PREPARATIONS: readonly Edit[] = [
  ...[TREE, SIGNATURES, ASSETS, LINEAGES, DATANETS, MODELS, AGENTS, POLICY, SERVICES].map((source) => ({
    source,
    find: "pragma solidity 0.8.37;\n",
    replace: 'pragma solidity 0.8.37;\n\nimport {Weakness} from "../../test/mocks/Weakness.sol";\n',
  })),
  {
    source: POLICY,
    find: "external restricted {\n",
    replace: "external {\n        _checkCanCall(_msgSender(), _msgData());\n",
  },
  // What wallets are told of the domain (ERC-5267) goes with what is signed.
  insertion({
    source: DATANETS,
    before: "    function _setCuration(",
    text: `    function eip712Domain()
        public
        view
        override
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        bytes1 fields = ${isOff("noChainInDomain")}
            ? bytes1(0x0b)
            : ${isOff("noContractInDomain")} ? bytes1(0x07) : bytes1(0x0f);
        return (fields, "DatanetRegistry", "1", block.chainid, address(this), 0, new uint256[](0));
    }`,
  }),
  insertion({
    source: SERVICES,
    before: "    function _checkEligible(",
    text: `    function _licensedSplit(Service memory s) private view returns (bytes32 splitId) {
        (splitId, ) = s.registry.licensedSplit(s.assetId, s.assetVersion, s.operator);
    }`,
  }),
];

/**
 * All registries once more, as `DatanetRegistry_Weak` and so on. They are the real ones as long as nothing is switched
 * off, and lack exactly one defence while its number stands in their storage. One twin for all defences, because the
 * registries take seconds to compile.
 */
export const REGISTRY_TWIN: Twin = {
  name: "ServiceRegistry_Weak",
  ...PREPARATIONS[0],
  why: "any one of its defences can be switched off",
  also: [...PREPARATIONS.slice(1), ...WEAKNESSES.map(guarded)],
};

function guarded({ name, source, find, instead, form }: Weakness): Edit {
  const replace =
    form === "expression"
      ? `(${isOff(name)} ? ${instead} : ${find})`
      : `if (${isOff(name)}) {
            ${instead}
        } else {
            ${find}
        }`;
  return { source, find, replace };
}

function isOff(name: string): string {
  return `Weakness.on(${numberOf(name)})`;
}

function insertion({ source, before, text }: { source: string; before: string; text: string }): Edit {
  return { source, find: before, replace: `${text}\n\n${before}` };
}
