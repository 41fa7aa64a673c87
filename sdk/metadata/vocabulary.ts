/** Namespace of the terms that are ours; `docs/metadata.md` says what they mean. */
export const VOCABULARY = "urn:open-attribution-ledger:vocabulary:";

/** Prefix of the namespace. */
export const VOCABULARY_PREFIX = "oal";
