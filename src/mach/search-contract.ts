/**
 * @file What is asked of a search, and what is answered? The types that the HTTP API, the pages and the model in the
 * browser share; src/serve/schemas.ts checks them.
 *
 *   POST /v1/search       SearchRequest  → SearchResponse
 *   GET  /v1/labels/:id                  → LabelResponse
 *   GET  /v1/model                       → ModelResponse
 *   anything that fails                  → ErrorResponse
 *
 * Probabilities are merged scores as merge.ts reports them: the mean of the worlds' bucket probabilities, or their
 * geometric mean where log-scores are merged; a prior that ranks is in them.
 */

/** Most labels that one query may ask for, whatever a server's own limit. */
export const MOST_RESULTS = 1000;
/** Most labels whose votes one query may ask for. */
export const MOST_EXPLAINED = 20;
/** Buckets of each world that an explanation shows, best first. */
export const EXPLAINED_BUCKETS = 12;
/** Other labels of a bucket that a vote names: the most frequent in training. */
export const SHARED_LABELS_NAMED = 5;
/** Labels that an explanation names as sharing most buckets with the label: most of all labels. */
export const COMPANIONS_NAMED = 5;

/** Labels to choose from, by name; the answer is exact among them. A name that the model does not know is an error. */
export interface LabelNames {
  /** Default all. */
  readonly only?: readonly string[] | undefined;
  /** Default none. */
  readonly except?: readonly string[] | undefined;
}

/** What is asked of a search: one text or several, and how they are to be answered. */
export interface SearchRequest {
  /** One text. Give this or `queries`. */
  readonly query?: string | undefined;
  /** Several texts, at least one; answered in their order. */
  readonly queries?: readonly string[] | undefined;
  /** Labels wanted for each query, 1 … MOST_RESULTS or a server's own limit. Default 10, or that limit. */
  readonly k?: number | undefined;
  /** Default all labels. */
  readonly filter?: LabelNames | undefined;
  /** Leave out labels less probable than this, 0 … 1. Default 0. */
  readonly minProbability?: number | undefined;
  /** Say how each world voted; for k of at most MOST_EXPLAINED. Default false. */
  readonly explain?: boolean | undefined;
}

/** A request whose fields were checked and filled in. */
export interface CheckedSearchRequest {
  readonly queries: readonly string[];
  readonly k: number;
  readonly filter?: LabelNames | undefined;
  readonly minProbability: number;
  readonly explain: boolean;
}

/** What the catalogue says of a label. */
export interface CatalogueItem {
  readonly title?: string | undefined;
  readonly url?: string | undefined;
  readonly image?: string | undefined;
  /** As the catalogue writes it, with its currency if it has one. */
  readonly price?: string | undefined;
}

/** What one world says of one label. */
export interface Vote {
  readonly world: number;
  /** The bucket that the label fell into in this world. */
  readonly bucket: number;
  /** What this world gives the bucket. */
  readonly probability: number;
  /** The bucket's place among this world's buckets: 1 is its favourite. */
  readonly rank: number;
  /** Other labels of the bucket: how many, and the most frequent of them. */
  readonly shared: { readonly count: number; readonly labels: readonly string[] };
}

/** Another label that fell into some of a label's buckets. */
export interface Companion {
  readonly label: string;
  /** Worlds in which both share a bucket: at least one, in the order of the worlds. */
  readonly worlds: readonly number[];
}

/** A label that answers a query. */
export interface FoundLabel {
  readonly id: number;
  readonly label: string;
  readonly probability: number;
  readonly item?: CatalogueItem | undefined;
  /** One a world, in the order of the worlds; only if explained. */
  readonly votes?: readonly Vote[] | undefined;
  /**
   * Of all other labels the COMPANIONS_NAMED that share most buckets with it, most first: no label that is not named
   * shares more (companions.ts). Only if explained.
   */
  readonly companions?: readonly Companion[] | undefined;
}

/** A world's EXPLAINED_BUCKETS best buckets for the query, best first. */
export interface WorldView {
  readonly world: number;
  readonly buckets: readonly { readonly bucket: number; readonly probability: number }[];
}

/** The answer to one query. */
export interface SearchResult {
  /** As it was asked. */
  readonly query: string;
  /** True where the model knows no word of the query: labels are then ranked by frequency alone. */
  readonly unknown: boolean;
  /** Best first; ties by smaller id. */
  readonly labels: readonly FoundLabel[];
  /** Only if explained. */
  readonly worlds?: readonly WorldView[] | undefined;
}

/** The answers to a SearchRequest. */
export interface SearchResponse {
  /** Version of the model that answered. */
  readonly model: string;
  /** Milliseconds in the server, waiting included. */
  readonly tookMs: number;
  /** In the order of the queries. */
  readonly results: readonly SearchResult[];
}

/** What the model knows of one label. */
export interface LabelResponse {
  readonly id: number;
  readonly label: string;
  /** Training rows that had it; null if the model does not say. */
  readonly count: number | null;
  /** One a world that answers, in the order of the worlds. */
  readonly buckets: readonly { readonly world: number; readonly bucket: number }[];
  /** Absent where no catalogue has it. */
  readonly item?: CatalogueItem | undefined;
}

/** What answers: the model's sizes, worlds and figures. */
export interface ModelResponse {
  readonly version: string;
  /** What it was trained on: words, or feature numbers that cannot be typed. */
  readonly kind: "text" | "numeric";
  readonly numLabels: number;
  readonly numFeatures: number;
  readonly numBuckets: number;
  /** Worlds that the model should have. */
  readonly numWorlds: number;
  /** Worlds that answer. */
  readonly worlds: readonly number[];
  /** Worlds that do not, and why. */
  readonly failedWorlds: readonly { readonly world: number; readonly reason: string }[];
  /** Units of each hidden layer of a world. */
  readonly hidden: readonly number[];
  /** How worlds' scores become one, a MergeKind. */
  readonly merge: string;
  /** On held-out rows, named as `evaluate` names them; empty if not measured. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether answers may say more of a label than its name (`item`). */
  readonly hasCatalogue: boolean;
  /** What computes, such as `native avx512`. */
  readonly kernels: string;
}

/** Why a request failed, for programs to tell apart. */
export const ERROR_CODES = [
  "bad_request",
  "unauthorized",
  "not_found",
  "method_not_allowed",
  "payload_too_large",
  "unsupported_media_type",
  "too_many_requests",
  "overloaded",
  "timeout",
  "not_ready",
  "internal",
] as const;

/** One of ERROR_CODES. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The body of every answer that is an error. */
export interface ErrorResponse {
  readonly error: {
    readonly code: ErrorCode;
    /** What was expected, what came, and what to do. */
    readonly message: string;
  };
}
