/**
 * @file How do the files of a model come in? By any function from a name to bytes; checked, then unpacked.
 *
 *   fetch  │ bytes as fetched │ SHA-256 = the index's? │ gzip → content
 *
 * A file that differs from the index is damaged, or of another export behind a cache: it is fetched once more, past the
 * caches, before that is an error.
 */
import { FormatError, ManyworldsError } from "../core/errors.js";
import {
  INDEX_FILE,
  type InputRecord,
  numShards,
  type PortableIndex,
  parsePortableIndex,
  SHARD_DIGEST_BYTES,
  shardFile,
} from "./portable-index.js";
import { sha256 } from "./sha256.js";

/** A file of the model did not arrive: no connection, no such file. Trying again may help. */
export class FetchError extends ManyworldsError {
  readonly exitCode = 2;
  /** What the host answered; null: nothing. */
  readonly status: number | null;

  constructor(message: string, status: number | null = null) {
    super(message);
    this.status = status;
  }
}

/**
 * The bytes of a file of the model, such as "index.json" or "1a2b3c4d5e6f/world-000.bin". `fresh`: past all caches, for a
 * copy that differs from the index; of the index itself, the host's newest. Rejects if there is none.
 */
export type FileFetcher = (name: string, fresh: boolean) => Promise<Uint8Array>;

/** Unpacks gzip. */
export type Inflate = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Files below `baseUrl`, the model's folder, by HTTP. @throws {FetchError} */
export function httpFiles(baseUrl: string | URL): FileFetcher {
  const base = String(baseUrl).replace(/\/?$/, "/");
  return async (name, fresh) => {
    const url = base + name;
    try {
      // The index changes under its name: caches ask for the newest, and may be told that theirs is. Another file's copy
      // is wanted afresh because it is wrong, whatever the host says of its age.
      const cache = name === INDEX_FILE ? "no-cache" : "reload";
      const response = await fetch(url, (fresh && knowsCaches() ? { cache } : {}) as RequestInit);
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      const remedy = "was all of it copied? If it was exported anew meanwhile, load the page again";
      const problem = `expected a file of the model, got status ${response.status}; ${remedy}`;
      throw new FetchError(`${url}: ${problem}`, response.status);
    } catch (error) {
      if (error instanceof FetchError) throw error;
      throw new FetchError(`${url}: it could not be fetched (${messageOf(error)}); is there a connection?`);
    }
  };
}

/** False at edges without caches of their own, where the option is an error. */
function knowsCaches(): boolean {
  return typeof Request !== "undefined" && "cache" in Request.prototype;
}

/** Unpacks by the platform: browsers since 2023, Node, Deno, workers at the edge. */
export async function inflateGzip(bytes: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") {
    throw new FormatError({ file: INDEX_FILE }, "expected a platform with DecompressionStream; give `inflate` instead");
  }
  const packed = new Response(bytes as Uint8Array<ArrayBuffer>).body as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

/** The files of one export. */
export class PortableFiles {
  readonly index: PortableIndex;
  /** Bytes that came in, as fetched. */
  bytesFetched: number;
  private readonly fetch: FileFetcher;
  private readonly inflate: Inflate;
  private readonly digests: Uint8Array;

  private constructor(fetch: FileFetcher, inflate: Inflate, index: PortableIndex, bytesFetched: number) {
    this.fetch = fetch;
    this.inflate = inflate;
    this.index = index;
    this.bytesFetched = bytesFetched;
    this.digests = decodeDigests(index.input);
  }

  /** Fetches the index. @throws {FetchError | FormatError} */
  static async open(fetch: FileFetcher, inflate: Inflate): Promise<PortableFiles> {
    const bytes = await fetch(INDEX_FILE, true);
    const index = parsePortableIndex(new TextDecoder().decode(bytes), INDEX_FILE);
    return new PortableFiles(fetch, inflate, index, bytes.length);
  }

  /** The content of one of the index's files. @throws {FetchError | FormatError} */
  async read(name: string): Promise<Uint8Array> {
    const { bytes, sha256: expected } = this.index.files[name];
    const packed = await this.fetchChecked(name, (found, digest) => {
      return found.length === bytes && hexadecimal(digest) === expected;
    });
    return this.unpack(name, packed);
  }

  /** The content of a shard. @throws {FetchError | FormatError} */
  async readShard(shard: number): Promise<Uint8Array> {
    const name = shardFile(shard);
    const expected = this.digests.subarray(shard * SHARD_DIGEST_BYTES, (shard + 1) * SHARD_DIGEST_BYTES);
    const packed = await this.fetchChecked(name, (_, digest) => expected.every((byte, i) => byte === digest[i]));
    return this.unpack(name, packed);
  }

  private async fetchChecked(
    name: string,
    isRight: (bytes: Uint8Array, digest: Uint8Array) => boolean,
  ): Promise<Uint8Array> {
    const path = `${this.index.version}/${name}`;
    for (const fresh of [false, true]) {
      const bytes = await this.fetch(path, fresh);
      this.bytesFetched += bytes.length;
      if (isRight(bytes, await sha256(bytes))) return bytes;
    }
    throw new FormatError({ file: path }, "it is not the file that index.json names; copy the whole export again");
  }

  private async unpack(name: string, packed: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.inflate(packed);
    } catch (error) {
      if (error instanceof ManyworldsError) throw error;
      throw new FormatError({ file: name }, `expected gzip, got: ${messageOf(error)}; export the model again`);
    }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @throws {FormatError} unless there is one digest a shard. */
function decodeDigests(input: InputRecord): Uint8Array {
  const expected = numShards(input) * SHARD_DIGEST_BYTES;
  let binary = "";
  try {
    binary = atob(input.digests);
  } catch {}
  if (binary.length !== expected) {
    const problem = `expected ${expected} bytes of digests of shards, got ${binary.length}; export the model again`;
    throw new FormatError({ file: INDEX_FILE }, problem);
  }
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}
