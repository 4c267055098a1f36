/** @file Public face of embeddings/: vectors of words, their files, and what can be asked of them. */
export {
  type ReadVectorsOptions,
  readWordVectors,
  VECTOR_FORMATS,
  type VectorFormat,
  vectorFormatOf,
  writeWordVectors,
} from "./word-vector-file.node.js";
export { WordVectors } from "./word-vectors.js";
