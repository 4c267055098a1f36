/** @file What a thread that reads text is told, and what it answers (corpus-worker.node.ts). */
import type { EncodedPart } from "./encoded-corpus.node.js";
import type { TextPart } from "./text-part.node.js";
import type { VocabularyParts } from "./vocabulary.js";

/** Given to every thread: counting needs no vocabulary. */
export interface CorpusJobShared {
  readonly vocabulary: VocabularyParts | null;
  readonly maxDistinct: number;
}

/** Count a part's words, or (with a file) write them as ids to it. */
export interface CorpusJob {
  readonly part: TextPart;
  readonly file: string | null;
}

/** Bytes read since the last message. */
export type CorpusJobProgress = number;

export type CorpusJobResult =
  | { readonly kind: "counted"; readonly counts: VocabularyParts; readonly numTokens: number }
  | { readonly kind: "encoded"; readonly part: EncodedPart; readonly numTokens: number; readonly numUnknown: number };
