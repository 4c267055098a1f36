import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import { countWords, encodeCorpus } from "../../src/embeddings/corpus.node.js";
import { type EncodedCorpus, SENTENCE_END } from "../../src/embeddings/encoded-corpus.node.js";
import { cutText, scanText } from "../../src/embeddings/text-part.node.js";
import type { TokenSink } from "../../src/embeddings/token-scanner.js";
import { temporaryDirectory } from "../checkpoint/temporary-directory.js";

function idsOf(corpus: EncodedCorpus, from = 0, to = corpus.numIds, bufferLength = 7): number[] {
  const reader = corpus.open(from, to);
  const buffer = new Uint32Array(bufferLength);
  const ids: number[] = [];
  for (let n = reader.readInto(buffer); n > 0; n = reader.readInto(buffer)) ids.push(...buffer.subarray(0, n));
  reader.close();
  return ids;
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return path;
}

/** Words of all lengths, lines of all lengths, some empty. */
function randomText(rng: Rng, numWords: number): string {
  let text = "";
  for (let i = 0; i < numWords; i++) {
    text += "abcdefgh".slice(0, 1 + rng.nextBelow(8)) + [" ", " ", " ", "  ", "\n", "\n\n", "\r\n"][rng.nextBelow(7)];
  }
  return text;
}

describe("cutText and scanText", () => {
  it("give each token and each line end to exactly one part, in order, wherever the cuts fall", async () => {
    const alphabet = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n"), minLength: 1, maxLength: 40 });
    const folder = temporaryDirectory();
    const path = join(folder, "text");
    await fc.assert(
      fc.asyncProperty(alphabet, fc.integer({ min: 1, max: 9 }), async (text, numParts) => {
        writeFileSync(path, text);
        const seen: string[] = [];
        const sink: TokenSink = {
          onToken: (bytes, start, end) => seen.push(new TextDecoder().decode(bytes.slice(start, end))),
          onLineEnd: () => seen.push("\n"),
        };
        const parts = await cutText([path], numParts, 1);
        expect(parts).toHaveLength(Math.min(numParts, text.length));
        for (const part of parts) await scanText(part, sink);
        expect(seen).toEqual(text.match(/[ab]+|\n/g) ?? []);
      }),
      { numRuns: 200 },
    );
  });

  it("hold across chunks: a text of several chunks in parts equals the whole", async () => {
    const path = write("text", randomText(new Rng(1), 200_000));
    const hashOf = async (numParts: number): Promise<{ tokens: number; lines: number; hash: number }> => {
      const state = { tokens: 0, lines: 0, hash: 0 };
      const sink: TokenSink = {
        onToken: (_, start, end) => {
          state.tokens++;
          state.hash = (Math.imul(state.hash, 31) + end - start) | 0;
        },
        onLineEnd: () => {
          state.lines++;
          state.hash = Math.imul(state.hash, 37) | 0;
        },
      };
      for (const part of await cutText([path], numParts, 1)) await scanText(part, sink);
      return state;
    };
    const whole = await hashOf(1);
    expect(whole.tokens).toBe(200_000);
    for (const numParts of [2, 3, 7]) expect(await hashOf(numParts)).toEqual(whole);
  });
});

describe("countWords and encodeCorpus", () => {
  const TEXT = "the cat sat\nthe dog\n\nrare the cat";

  it("leave out rare words, mark line ends, and report what was left out", async () => {
    const path = write("text", TEXT);
    const vocabulary = await countWords([path], { minCount: 2 });
    expect(vocabulary.words).toEqual(["the", "cat"]);
    const progress: number[] = [];
    const corpus = await encodeCorpus([path], vocabulary, {
      onProgress: ({ doneBytes, totalBytes }) => progress.push(doneBytes / totalBytes),
    });
    expect(idsOf(corpus)).toEqual([0, 1, SENTENCE_END, 0, SENTENCE_END, 0, 1, SENTENCE_END]);
    expect(corpus).toMatchObject({ numTokens: 5, numUnknown: 3, numIds: 8 });
    expect(progress.at(-1)).toBe(1);
    corpus.dispose();
    expect(existsSync(corpus.directory)).toBe(false);
  });

  it("read gzipped files, and several as one text that has no line across files", async () => {
    const [plain, gzipped] = [write("plain", "a b"), write("zipped.txt", gzipSync("b a\n"))];
    const vocabulary = await countWords([plain, gzipped], { minCount: 1 });
    expect(vocabulary.words).toEqual(["a", "b"]);
    const corpus = await encodeCorpus([plain, gzipped], vocabulary);
    expect(idsOf(corpus)).toEqual([0, 1, SENTENCE_END, 1, 0, SENTENCE_END]);
    corpus.dispose();
  });

  it("are read by ranges that cover each id once, across files of ids and buffers", async () => {
    const paths = [
      write("1", randomText(new Rng(2), 50)),
      write("2", randomText(new Rng(3), 1)),
      write("3", "abc abc"),
    ];
    const corpus = await encodeCorpus(paths, await countWords(paths, { minCount: 1 }));
    const all = idsOf(corpus);
    expect(all).toHaveLength(corpus.numIds);
    for (const numParts of [1, 2, 3, 10, corpus.numIds]) {
      const cut = (i: number): number => Math.floor((i * corpus.numIds) / numParts);
      for (const bufferLength of [1, 5, 1000]) {
        const pieces = Array.from({ length: numParts }, (_, i) => idsOf(corpus, cut(i), cut(i + 1), bufferLength));
        expect(pieces.flat()).toEqual(all);
      }
    }
    expect(() => corpus.open(0, corpus.numIds + 1)).toThrow(/range within 0/);
    corpus.dispose();
  });

  it("say what is wrong, and leave nothing behind", async () => {
    const folder = temporaryDirectory();
    const path = write("text", TEXT);
    const other = write("other", "nothing known here");
    const vocabulary = await countWords([path], { minCount: 2 });
    await expect(countWords([])).rejects.toThrow(/expected one file or more/);
    await expect(countWords([path])).rejects.toThrow(/expected words that occur 5 times or more, got none among 5/);
    await expect(countWords([write("empty", "")])).rejects.toThrow(/expected words in .*empty, got none/);
    await expect(countWords([`${path}.absent`])).rejects.toThrow(/absent: expected a file, got nothing of that name/);
    await expect(countWords([write("binary", new Uint8Array(100))])).rejects.toThrow(/got binary data/);
    await expect(countWords([path], { numThreads: 0 })).rejects.toThrow(/numThreads of 1 or more, got 0/);
    await expect(encodeCorpus([other], vocabulary, { directory: folder })).rejects.toThrow(/words of the vocabulary/);
    await expect(encodeCorpus([path], vocabulary, { directory: join(folder, "no") })).rejects.toThrow(/no such file/);
    const signal = AbortSignal.abort();
    await expect(encodeCorpus([path], vocabulary, { directory: folder, signal })).rejects.toThrow(/interrupted/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
