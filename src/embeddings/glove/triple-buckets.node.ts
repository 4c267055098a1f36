/**
 * @file How are counts put in a random order that no memory could hold at once? Each goes to a bucket drawn at random.
 *
 *   counts in order ──▶ bucket-000  (i, j, x) (i, j, x) …     12 bytes a triple, in the machine's byte order
 *                   ──▶ bucket-001  …
 *
 * A bucket is a random part of the counts. Whoever trains reads one, shuffles it in memory and goes through it; over all
 * buckets in a random order that is a uniformly random order of all counts, and a new one in each epoch.
 */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { explainStorage } from "../../checkpoint/storage-error.js";
import { Rng } from "../../core/rng.js";
import { PAIR_UNIT } from "../../kernels/contract.js";
import { writeWords } from "./pair-run.node.js";

export interface TripleBucket {
  readonly path: string;
  readonly numTriples: number;
}

/** Small enough that a bucket's shuffle stays in the cache, and that threads end at about the same time. */
const BUCKET_BYTES = 2 ** 22;
const MOST_BUCKETS = 256;
const BUFFER_TRIPLES = 2048;

export class TripleBuckets {
  readonly #rng: Rng;
  readonly #files: { readonly path: string; readonly fd: number; numTriples: number }[] = [];
  readonly #buffers: { readonly words: Uint32Array; readonly counts: Float32Array; used: number }[] = [];

  /** Creates files in `directory` for about `numTriples` triples. Close it whatever happens. */
  constructor(directory: string, numTriples: number, seed: number) {
    this.#rng = Rng.derive(seed, "glove", "buckets");
    const numBuckets = Math.min(MOST_BUCKETS, Math.max(1, Math.ceil((12 * numTriples) / BUCKET_BYTES)));
    for (let bucket = 0; bucket < numBuckets; bucket++) {
      const path = join(directory, `bucket-${String(bucket).padStart(3, "0")}`);
      try {
        this.#files.push({ path, fd: openSync(path, "wx"), numTriples: 0 });
      } catch (error) {
        throw explainStorage(path, "could not be written", error);
      }
      const words = new Uint32Array(3 * BUFFER_TRIPLES);
      this.#buffers.push({ words, counts: new Float32Array(words.buffer), used: 0 });
    }
  }

  /** Adds the first `count` pairs of `list` [count, 4]. */
  add(list: Uint32Array, count: number): void {
    for (let at = 0; at < 4 * count; at += 4) {
      const bucket = this.#rng.nextBelow(this.#files.length);
      const buffer = this.#buffers[bucket];
      const { words, counts, used } = buffer;
      words[used] = list[at];
      words[used + 1] = list[at + 1];
      counts[used + 2] = (list[at + 3] * 2 ** 32 + list[at + 2]) / PAIR_UNIT;
      buffer.used = used + 3;
      if (buffer.used === words.length) this.#flush(bucket);
    }
  }

  /** Writes what is still in memory. @returns the buckets that are not empty. */
  finish(): TripleBucket[] {
    for (let bucket = 0; bucket < this.#files.length; bucket++) this.#flush(bucket);
    return this.#files.filter(({ numTriples }) => numTriples > 0).map(({ path, numTriples }) => ({ path, numTriples }));
  }

  close(): void {
    for (const { fd } of this.#files.splice(0)) closeSync(fd);
  }

  #flush(bucket: number): void {
    const [file, buffer] = [this.#files[bucket], this.#buffers[bucket]];
    writeWords(file.fd, file.path, buffer.words.subarray(0, buffer.used));
    file.numTriples += buffer.used / 3;
    buffer.used = 0;
  }
}
