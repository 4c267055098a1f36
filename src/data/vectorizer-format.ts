/**
 * @file What `vectorizer.json` says about itself: every vectorizer starts with these two fields.
 */

/** The `format` field. */
export const VECTORIZER_FORMAT = "manyworlds-vectorizer";
/** The `version` field; a reader refuses any other. */
export const VECTORIZER_VERSION = 1;
