/** @file Vocabularies as files of lines `word count`, written atomically. */
import { writeFileAtomic } from "../checkpoint/atomic-write.node.js";
import { readBytes } from "../data/byte-source.node.js";
import { Vocabulary } from "./vocabulary.js";

/**
 * Writes lines `word count`, most frequent first; an earlier file stands until the new one is whole.
 * @throws {StorageError} if the system refuses.
 */
export function saveVocabulary(vocabulary: Vocabulary, path: string): void {
  writeFileAtomic(path, vocabulary.toBytes());
}

/** Reads what `saveVocabulary`, the word2vec tool or the GloVe tool wrote; plain or gzipped. @throws {FormatError} */
export async function loadVocabulary(path: string): Promise<Vocabulary> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBytes(path)) chunks.push(chunk.slice());
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return Vocabulary.parse(bytes, path);
}
