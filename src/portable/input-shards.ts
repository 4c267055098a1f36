/**
 * @file Which rows of the input layers does a query need, and where are they? Fetched when first asked for, kept while
 * there is room.
 *
 *   shard   scales [rows, R] f32 │ codes [rows, R, bytes of a group]      (32 bits: weights [rows, R, S] f32, no scales)
 *
 * One word's rows of all R worlds stand together: a query reads one place a word, whatever R. A world's own file would
 * repeat the input layer, most of a model, in each of R downloads; here only the rows of the words that somebody types
 * ever travel. Shards are kept in plain memory, least recently used out first; the kernels' memory holds no more than
 * the rows that one call multiplies (`gatherInto`).
 */
import { FormatError } from "../core/errors.js";
import type { PortableFiles } from "./portable-files.js";
import { numShards, type PortableIndex, shardFile } from "./portable-index.js";
import { type WeightBits, weightBytes } from "./quantize.js";

export interface InputShape {
  readonly bits: WeightBits;
  /** R, worlds in the order of the index. */
  readonly numGroups: number;
  /** S: hidden units, or buckets of a linear world. */
  readonly groupSize: number;
}

/** Shape of the input layers of a model. */
export function inputShape({ bits, worlds, network }: Pick<PortableIndex, "bits" | "worlds" | "network">): InputShape {
  return { bits, numGroups: worlds.length, groupSize: network.hidden[0] ?? network.numBuckets };
}

/** Scales of a row; none of 32 bits. */
export function rowScales({ bits, numGroups }: InputShape): number {
  return bits === 32 ? 0 : numGroups;
}

/** Bytes of a row's codes. */
export function rowBytes({ bits, numGroups, groupSize }: InputShape): number {
  return numGroups * weightBytes(groupSize, bits);
}

/** Rows where they are multiplied: an entry of the query each. */
export interface GatheredRows {
  readonly codes: Uint8Array;
  readonly scales: Float32Array;
}

/** Fetches at a time that nobody waits for: a browser makes six to a host, and a query needs some. */
const PREFETCHED_ABREAST = 3;

export class InputShards {
  readonly shape: InputShape;
  private readonly files: PortableFiles;
  private readonly shardRows: number;
  private readonly numRows: number;
  private readonly maxBytes: number;
  /** By number, least recently used first. */
  private readonly shards = new Map<number, Uint8Array>();
  private readonly fetching = new Map<number, Promise<void>>();
  /** How many wait for, or use, a shard: it is not let go. */
  private readonly pins = new Map<number, number>();
  private bytesKept = 0;

  /** `maxBytes`: what may be kept beyond the shards that are in use. */
  constructor(files: PortableFiles, maxBytes: number) {
    this.files = files;
    this.shape = inputShape(files.index);
    this.shardRows = files.index.input.shardRows;
    this.numRows = files.index.input.numRows;
    this.maxBytes = maxBytes;
  }

  get numShards(): number {
    return numShards({ numRows: this.numRows, shardRows: this.shardRows });
  }

  /** Bytes in memory, unpacked. */
  get keptBytes(): number {
    return this.bytesKept;
  }

  /** Bytes of a full shard in memory. */
  get shardBytes(): number {
    return this.shardRows * (4 * rowScales(this.shape) + rowBytes(this.shape));
  }

  /**
   * Runs `use` when the shards of all of `rows` are here; until it returns they stay. Resolves to its result. Rows of one
   * shard that several callers wait for are fetched once. @throws {FetchError | FormatError} if one does not come.
   */
  async with<T>(rows: Iterable<number>, use: () => T): Promise<T> {
    const wanted = new Set<number>();
    for (const row of rows) wanted.add(Math.floor(row / this.shardRows));
    for (const shard of wanted) this.pins.set(shard, (this.pins.get(shard) ?? 0) + 1);
    try {
      await Promise.all([...wanted].filter((shard) => !this.shards.has(shard)).map((shard) => this.fetchShard(shard)));
      for (const shard of wanted) this.touch(shard);
      return use();
    } finally {
      for (const shard of wanted) this.unpin(shard);
      this.shrink();
    }
  }

  /** Copies `rows`, whose shards are here (see `with`), to `out` from its start. */
  gatherInto(rows: ArrayLike<number>, out: GatheredRows): void {
    const [scales, bytes] = [rowScales(this.shape), rowBytes(this.shape)];
    for (let i = 0; i < rows.length; i++) {
      const shard = Math.floor(rows[i] / this.shardRows);
      const content = this.shards.get(shard);
      if (content === undefined) throw new RangeError(`InputShards: expected the shard of row ${rows[i]} to be here`);
      const place = rows[i] - shard * this.shardRows;
      const codesAt = 4 * scales * this.rowsOf(shard);
      if (scales > 0) {
        const start = content.byteOffset + 4 * scales * place;
        out.scales.set(new Float32Array(content.buffer, start, scales), i * scales);
      }
      out.codes.set(content.subarray(codesAt + place * bytes, codesAt + (place + 1) * bytes), i * bytes);
    }
  }

  private rowsOf(shard: number): number {
    return Math.min(this.shardRows, this.numRows - shard * this.shardRows);
  }

  private fetchShard(shard: number): Promise<void> {
    const running = this.fetching.get(shard);
    if (running !== undefined) return running;
    const fetching = this.files
      .readShard(shard)
      .then((content) => {
        const expected = this.rowsOf(shard) * (4 * rowScales(this.shape) + rowBytes(this.shape));
        if (content.length !== expected) {
          const problem = `expected ${expected} bytes, got ${content.length}; export the model again`;
          throw new FormatError({ file: shardFile(shard) }, problem);
        }
        this.shards.set(shard, content);
        this.bytesKept += content.length;
      })
      .finally(() => this.fetching.delete(shard));
    this.fetching.set(shard, fetching);
    return fetching;
  }

  private unpin(shard: number): void {
    const pins = (this.pins.get(shard) ?? 1) - 1;
    if (pins === 0) this.pins.delete(shard);
    else this.pins.set(shard, pins);
  }

  /** Makes `shard` the most recently used one. */
  private touch(shard: number): void {
    const content = this.shards.get(shard) as Uint8Array;
    this.shards.delete(shard);
    this.shards.set(shard, content);
  }

  /** Lets go of the least recently used shards until no more than `maxBytes` are kept. */
  private shrink(): void {
    for (const [shard, content] of this.shards) {
      if (this.bytesKept <= this.maxBytes) return;
      if (this.pins.has(shard)) continue;
      this.shards.delete(shard);
      this.bytesKept -= content.length;
    }
  }

  /** Fetches the first shards, those of the most frequent words, while they fit `bytes` (unpacked). */
  async prefetch(bytes: number, onShard: () => void): Promise<void> {
    const count = Math.min(this.numShards, Math.floor(Math.min(bytes, this.maxBytes) / this.shardBytes));
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const shard = next++;
        if (this.shards.has(shard)) continue;
        await this.fetchShard(shard);
        onShard();
      }
    };
    await Promise.all(Array.from({ length: PREFETCHED_ABREAST }, work));
  }
}
