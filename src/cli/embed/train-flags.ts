/** @file The flags of `manyworlds embed train`, and which model each is for. */
import { VECTOR_FORMATS } from "../../embeddings/word-vector-file.node.js";
import { type Flag, integer, number } from "../flags.js";

export const EMBEDDING_MODELS = ["skipgram", "cbow", "glove"] as const;
export type EmbeddingModel = (typeof EMBEDDING_MODELS)[number];

const WORD2VEC: readonly EmbeddingModel[] = ["skipgram", "cbow"];
const GLOVE: readonly EmbeddingModel[] = ["glove"];

export const EMBED_RUN_FLAGS: readonly Flag<unknown>[] = [
  { syntax: "-o, --output <file>", help: "file to write (required); .bin: binary, else text" },
  {
    syntax: "--model <name>",
    help: "what learns: word2vec's skip-gram or CBOW, or GloVe",
    choices: EMBEDDING_MODELS,
    defaultValue: "skipgram",
  },
  {
    syntax: "--format <name>",
    help: "format of the output; glove: text without a first line",
    choices: VECTOR_FORMATS,
  },
  { syntax: "--overwrite", help: "replace the output if it is there" },
  {
    syntax: "--threads <count>",
    help: "threads (default: one a core); one gives the same bytes each time",
    parse: integer(1, 1024),
  },
  { syntax: "--temporary <dir>", help: "where ids and counts are kept meanwhile (default: the system's directory)" },
  { syntax: "--json", help: "print the summary as one JSON object" },
  { syntax: "--quiet", help: "no progress" },
];

/** Options of the models. `option`: commander's name of it; `models`: those that know it. */
export const EMBED_MODEL_FLAGS: readonly (Flag<unknown> & {
  readonly option: string;
  readonly models: readonly EmbeddingModel[];
})[] = [
  {
    option: "dimension",
    models: EMBEDDING_MODELS,
    syntax: "--dimension <count>",
    help: "numbers of a vector (default: 100; glove: 50)",
    parse: integer(1, 4096),
  },
  {
    option: "window",
    models: EMBEDDING_MODELS,
    syntax: "--window <words>",
    help: "words to each side that count as near (default: 5; glove: 15)",
    parse: integer(1, 1000),
  },
  {
    option: "iterations",
    models: EMBEDDING_MODELS,
    syntax: "--iterations <count>",
    help: "passes over the text, or over the counts (default: 5; glove: 25)",
    parse: integer(1),
  },
  {
    option: "minCount",
    models: EMBEDDING_MODELS,
    syntax: "--min-count <count>",
    help: "leave out words that occur less often (default: 5)",
    parse: integer(0),
  },
  {
    option: "learningRate",
    models: EMBEDDING_MODELS,
    syntax: "--learning-rate <rate>",
    help: "first learning rate (default: 0.025; cbow, glove: 0.05)",
    parse: number(1e-12, 100),
  },
  {
    option: "seed",
    models: EMBEDDING_MODELS,
    syntax: "--seed <number>",
    help: "everything random derives from it (default: 1)",
    parse: integer(0),
  },
  {
    option: "negative",
    models: WORD2VEC,
    syntax: "--negative <count>",
    help: "word2vec: negative examples, shared by a window; 0: none (default: 5)",
    parse: integer(0),
  },
  {
    option: "hierarchicalSoftmax",
    models: WORD2VEC,
    syntax: "--hierarchical-softmax",
    help: "word2vec: predict words by paths in a Huffman tree, beside negatives or (--negative 0) instead",
  },
  {
    option: "sample",
    models: WORD2VEC,
    syntax: "--sample <share>",
    help: "word2vec: thin out words above this share of the text; 0: none (default: 0.001)",
    parse: number(0, 1),
  },
  {
    option: "checkpoint",
    models: WORD2VEC,
    syntax: "--checkpoint <file>",
    help: "word2vec: go on from this file if it is there, and write it when interrupted",
  },
  {
    option: "xMax",
    models: GLOVE,
    syntax: "--x-max <count>",
    help: "glove: counts from here on have full weight; less for small texts (default: 100)",
    parse: number(1e-6),
  },
  {
    option: "alpha",
    models: GLOVE,
    syntax: "--alpha <power>",
    help: "glove: weight of a smaller count x is (x/x-max)^alpha (default: 0.75)",
    parse: number(0, 10),
  },
  {
    option: "memory",
    models: GLOVE,
    syntax: "--memory <MiB>",
    help: "glove: memory for counting; what does not fit goes through the disk (default: 1024)",
    parse: integer(1),
  },
];
