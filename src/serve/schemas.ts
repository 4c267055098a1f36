/** @file How are requests checked, and answers described? The shapes of mach/search-contract.ts as zod schemas, for validation and OpenAPI. */
import { z } from "zod";
import {
  type CatalogueItem,
  type CheckedSearchRequest,
  COMPANIONS_NAMED,
  ERROR_CODES,
  type ErrorResponse,
  EXPLAINED_BUCKETS,
  type FoundLabel,
  type LabelNames,
  type LabelResponse,
  MOST_EXPLAINED,
  MOST_RESULTS,
  type ModelResponse,
  type SearchRequest,
  type SearchResponse,
  type SearchResult,
  type Vote,
  type WorldView,
} from "../mach/search-contract.js";

/** How much one request may ask for. */
export interface SearchLimits {
  /** UTF-16 units of one query. */
  readonly queryLength: number;
  /** Queries of one request. */
  readonly queries: number;
  /** Labels of one query; at most MOST_RESULTS. */
  readonly k: number;
  /** Names in each list of a filter. */
  readonly filterNames: number;
}

/** Accepts a SearchRequest within `limits`, gives it with its defaults. */
export function searchRequestSchema(
  limits: Partial<SearchLimits> = {},
): z.ZodType<CheckedSearchRequest, SearchRequest> {
  const { queryLength, queries, k = MOST_RESULTS, filterNames } = limits;
  const text = queryLength === undefined ? z.string() : z.string().max(queryLength);
  const texts = queries === undefined ? z.array(text) : z.array(text).max(queries);
  const names = filterNames === undefined ? z.array(z.string()) : z.array(z.string()).max(filterNames);
  const filter: z.ZodType<LabelNames, LabelNames> = z
    .strictObject({
      only: names.optional().describe("Names of the labels that may be returned. Default all."),
      except: names.optional().describe("Names of labels that may not be returned. Default none."),
    })
    .describe(
      "Labels to choose from; the answer is exact among them. A name that the model does not know is an error.",
    );
  return z
    .strictObject({
      query: text.optional().describe("One text. Give this or `queries`."),
      queries: texts.min(1).optional().describe("Several texts, answered in their order."),
      k: z
        .int()
        .min(1)
        .max(Math.min(k, MOST_RESULTS))
        .default(Math.min(10, k))
        .describe("Labels wanted for each query."),
      filter: filter.optional(),
      minProbability: z.number().min(0).max(1).default(0).describe("Leave out labels less probable than this."),
      explain: z.boolean().default(false).describe(`Say how each world voted; for k of at most ${MOST_EXPLAINED}.`),
    })
    .refine(({ query, queries }) => (query === undefined) !== (queries === undefined), {
      message: "expected `query` or `queries`, one of the two",
    })
    .refine(({ k, explain }) => !explain || k <= MOST_EXPLAINED, {
      message: `expected k of at most ${MOST_EXPLAINED} with \`explain\``,
      path: ["k"],
    })
    .transform(({ query, queries, ...rest }) => ({ ...rest, queries: queries ?? [query ?? ""] }));
}

/** Without a server's limits. */
export const SearchRequestSchema: z.ZodType<CheckedSearchRequest, SearchRequest> = searchRequestSchema();

export const CatalogueItemSchema: z.ZodType<CatalogueItem> = z
  .object({
    title: z.string().optional(),
    url: z.string().optional(),
    image: z.string().optional(),
    price: z.string().optional().describe("As the catalogue writes it, with its currency if it has one."),
  })
  .describe("What the catalogue says of a label.");

export const VoteSchema: z.ZodType<Vote> = z
  .object({
    world: z.int(),
    bucket: z.int().describe("The bucket that the label fell into in this world."),
    probability: z.number().describe("What this world gives the bucket."),
    rank: z.int().min(1).describe("The bucket's place among this world's buckets: 1 is its favourite."),
    shared: z
      .object({ count: z.int(), labels: z.array(z.string()) })
      .describe("Other labels of the bucket: how many, and the most frequent of them."),
  })
  .describe("What one world says of one label.");

export const FoundLabelSchema: z.ZodType<FoundLabel> = z.object({
  id: z.int(),
  label: z.string(),
  probability: z.number(),
  item: CatalogueItemSchema.optional(),
  votes: z.array(VoteSchema).optional().describe("One a world, in the order of the worlds; only if explained."),
  companions: z
    .array(z.object({ label: z.string(), worlds: z.array(z.int()) }))
    .optional()
    .describe(
      `Of all other labels the ${COMPANIONS_NAMED} that share most buckets with it, and in which worlds; only if explained.`,
    ),
});

export const WorldViewSchema: z.ZodType<WorldView> = z
  .object({
    world: z.int(),
    buckets: z.array(z.object({ bucket: z.int(), probability: z.number() })),
  })
  .describe(`A world's ${EXPLAINED_BUCKETS} best buckets for the query, best first.`);

export const SearchResultSchema: z.ZodType<SearchResult> = z.object({
  query: z.string(),
  unknown: z
    .boolean()
    .describe("True where the model knows no word of the query: labels are then ranked by frequency alone."),
  labels: z.array(FoundLabelSchema).describe("Best first; ties by smaller id."),
  worlds: z.array(WorldViewSchema).optional().describe("Only if explained."),
});

export const SearchResponseSchema: z.ZodType<SearchResponse> = z.object({
  model: z.string().describe("Version of the model that answered."),
  tookMs: z.number().describe("Milliseconds in the server, waiting included."),
  results: z.array(SearchResultSchema),
});

export const LabelResponseSchema: z.ZodType<LabelResponse> = z.object({
  id: z.int(),
  label: z.string(),
  count: z.int().nullable().describe("Training rows that had it; null if the model does not say."),
  buckets: z.array(z.object({ world: z.int(), bucket: z.int() })),
  item: CatalogueItemSchema.optional(),
});

export const ModelResponseSchema: z.ZodType<ModelResponse> = z.object({
  version: z.string(),
  kind: z.enum(["text", "numeric"]).describe("What it was trained on: words, or feature numbers that cannot be typed."),
  numLabels: z.int(),
  numFeatures: z.int(),
  numBuckets: z.int(),
  numWorlds: z.int().describe("Worlds that the model should have."),
  worlds: z.array(z.int()).describe("Worlds that answer."),
  failedWorlds: z.array(z.object({ world: z.int(), reason: z.string() })).describe("Worlds that do not, and why."),
  hidden: z.array(z.int()),
  merge: z.string(),
  metrics: z
    .record(z.string(), z.number())
    .describe("On held-out rows, as `evaluate` names them; empty if not measured."),
  hasCatalogue: z.boolean(),
  kernels: z.string().describe("What computes, such as `native avx512`."),
});

export const ErrorResponseSchema: z.ZodType<ErrorResponse> = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: z.string().describe("What was expected, what came, and what to do."),
  }),
});
