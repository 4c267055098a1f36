/**
 * @file A file's bytes in chunks, gunzipped where needed, with every way of failing put in words.
 *
 * Compression is told by the first bytes, not by the name. Raw bytes go past `onRaw` (progress, fingerprint) before they
 * are inflated. Other compressions are named and refused.
 */
import { open, stat } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FormatError } from "../core/errors.js";

/** Large enough that a chunk's overhead vanishes, small enough to stay in a core's L2 cache with its output. */
const CHUNK_BYTES = 262_144;

const OTHER_COMPRESSIONS: readonly {
  readonly name: string;
  readonly magic: readonly number[];
  readonly tool: string;
}[] = [
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], tool: "zstd -d" },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], tool: "xz -d" },
  { name: "bzip2", magic: [0x42, 0x5a, 0x68], tool: "bzip2 -d" },
  { name: "zip", magic: [0x50, 0x4b, 0x03, 0x04], tool: "unzip" },
];

/** Size in bytes of a file that can be read as data. @throws {FormatError} when it is absent or no file. */
export async function fileSize(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      throw new FormatError({ file: path }, "expected a file, got a directory; name the file in it");
    }
    return info.size;
  } catch (error) {
    throw asFormatError(error, path);
  }
}

/**
 * The decompressed bytes of a file. A chunk's memory is reused for the next: read it before asking for more.
 * @throws {FormatError} when the file is absent, a directory, unreadable, cut off or in another compression.
 */
export async function* readBytes(
  path: string,
  onRaw: (chunk: Uint8Array) => void = () => {},
): AsyncGenerator<Uint8Array> {
  await fileSize(path);
  const raw = readRaw(path, onRaw);
  try {
    const first = await raw.next();
    if (first.done === true) return;
    refuseOtherCompression(path, first.value);
    if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* gunzip(first.value, raw);
    else {
      yield first.value;
      yield* raw;
    }
  } catch (error) {
    throw asFormatError(error, path);
  } finally {
    await raw.return(undefined);
  }
}

async function* gunzip(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Zlib keeps a chunk until it is through with it: it needs copies.
  const compressed = (async function* () {
    yield Buffer.from(first);
    for await (const chunk of rest) yield Buffer.from(chunk);
  })();
  const inflate = createGunzip({ chunkSize: CHUNK_BYTES });
  // Errors of the source destroy `inflate` with that error, so that the loop below sees them.
  pipeline(Readable.from(compressed, { objectMode: false }), inflate, () => {});
  for await (const chunk of inflate) yield chunk as Uint8Array;
}

/** True for gzip. @throws {FormatError} for other compressions, and when the file cannot be read. */
export async function isCompressed(path: string): Promise<boolean> {
  await fileSize(path);
  for await (const chunk of readRaw(path, () => {})) {
    refuseOtherCompression(path, chunk);
    return chunk[0] === 0x1f && chunk[1] === 0x8b;
  }
  return false;
}

/**
 * The bytes of a plain file from `startBytes` to its end. A chunk's memory is reused for the next.
 * @throws {FormatError} when the file cannot be read.
 */
export function readPlainBytes(path: string, startBytes: number): AsyncGenerator<Uint8Array> {
  return readRaw(path, () => {}, startBytes);
}

async function* readRaw(path: string, onRaw: (chunk: Uint8Array) => void, startBytes = 0): AsyncGenerator<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const buffer = new Uint8Array(CHUNK_BYTES);
      for (let at = startBytes; ; ) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, startBytes === 0 ? null : at);
        if (bytesRead === 0) return;
        at += bytesRead;
        const chunk = buffer.subarray(0, bytesRead);
        onRaw(chunk);
        yield chunk;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asFormatError(error, path);
  }
}

function refuseOtherCompression(path: string, head: Uint8Array): void {
  const other = OTHER_COMPRESSIONS.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
  if (other === undefined) return;
  const problem = `expected plain text or gzip, got ${other.name}`;
  throw new FormatError({ file: path }, `${problem}; decompress it first: ${other.tool}`);
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "expected a file, got nothing of that name; check the path",
  ENOTDIR: "expected a file, got nothing of that name; check the path",
  EISDIR: "expected a file, got a directory; name the file in it",
  EACCES: "expected a readable file, got no permission; check its mode",
  EPERM: "expected a readable file, got no permission; check its mode",
  Z_BUF_ERROR: "expected a whole gzip file, got one that is cut off; copy or download it again",
  Z_DATA_ERROR: "expected a sound gzip file, got damaged data; copy or download it again",
};

function asFormatError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof FormatError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined;
  const problem = PROBLEMS[code] ?? (isOfSystem ? `could not be read: ${error.message}` : undefined);
  return problem === undefined ? error : new FormatError({ file: path }, problem, { cause: error });
}
