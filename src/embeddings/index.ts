/** @file Public face of embeddings/: corpora, vocabularies, vectors of words, their files, and what can be asked of them. */

export {
  type CorpusOptions,
  type CorpusProgress,
  type CountOptions,
  countWords,
  type EncodeOptions,
  encodeCorpus,
} from "./corpus.node.js";
export { EncodedCorpus, type EncodedCorpusParts, IdReader, SENTENCE_END } from "./encoded-corpus.node.js";
export { ranks, spearman } from "./evaluation/rank-correlation.js";
export {
  type AnalogyOptions,
  type AnalogyResult,
  type AnalogyScore,
  type AnalogySection,
  evaluateAnalogies,
  isAnalogies,
  parseAnalogies,
} from "./evaluation/word-analogies.js";
export {
  evaluateSimilarity,
  parseWordPairs,
  type SimilarityResult,
  type WordPair,
} from "./evaluation/word-similarity.js";
export {
  DEFAULT_COUNT_MEMORY_BYTES,
  GLOVE_DEFAULTS,
  type GloveOptions,
} from "./glove/glove-options.js";
export { type GloveProgress, type GloveResult, type GloveRun, trainGlove } from "./glove/train-glove.node.js";
export {
  type FoundPhrase,
  type JoinPhrasesOptions,
  joinPhrases,
  type PhrasePass,
  type PhraseProgress,
  type PhraseReport,
} from "./join-phrases.node.js";
export { choosePhraseOptions, PHRASE_DEFAULTS, type PhraseOptions } from "./phrases.js";
export { type PlaneProjection, projectOnComponents } from "./projection/principal-components.js";
export { MAX_TSNE_POINTS, type TsneOptions, tsne } from "./projection/tsne.js";
export {
  PROJECTION_METHODS,
  type ProjectionMethod,
  projectWords,
  type WordProjection,
  wordMap,
} from "./projection/word-map.js";
export { cutText, scanText, type TextPart } from "./text-part.node.js";
export { MAX_TOKEN_BYTES, TokenScanner, type TokenSink } from "./token-scanner.js";
export {
  trainWord2Vec,
  type Word2VecProgress,
  type Word2VecReport,
  type Word2VecRequest,
} from "./train-word2vec.node.js";
export { type Neighbor, VectorSearch } from "./vector-search.js";
export { VOCABULARY_DEFAULTS, Vocabulary, type VocabularyOptions, type VocabularyParts } from "./vocabulary.js";
export { MAX_DISTINCT_WORDS, VocabularyCounter } from "./vocabulary-counter.js";
export { loadVocabulary, saveVocabulary } from "./vocabulary-file.node.js";
export {
  type ReadVectorsOptions,
  readWordVectors,
  VECTOR_FORMATS,
  type VectorFormat,
  vectorFormatOf,
  writeWordVectors,
} from "./word-vector-file.node.js";
export { WordVectors } from "./word-vectors.js";
export {
  chooseWord2VecOptions,
  initialAlpha,
  WORD2VEC_ARCHITECTURES,
  WORD2VEC_DEFAULTS,
  type Word2VecArchitecture,
  type Word2VecOptions,
} from "./word2vec-options.js";
