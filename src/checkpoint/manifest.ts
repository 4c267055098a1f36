/**
 * @file What does a model directory say about itself? manifest.json, parsed as untrusted input.
 *
 *   manifest.json   { "format": "manyworlds", "formatVersion": 1, …, "worlds": […], "files": {…}, "checksum": "1a2b3c4d" }
 *
 * `files` and `worlds` carry size and SHA-256 of every other file. The manifest itself carries a CRC-32 of its own
 * content (of JSON.stringify of the object less `checksum`, keys in file order): it finds damage and edits by accident,
 * not on purpose. Unknown fields are errors, so a field that a reader must know raises `formatVersion`.
 *
 * Not here: what the numbers mean (mach/ checks the hash against its seed); reading and writing (model-directory.node.ts).
 */
import { z } from "zod";
import { FormatError } from "../core/errors.js";
import { crc32 } from "./crc32.js";

/** What every manifest says of itself. */
export const FORMAT = "manyworlds";
/** Format that this version writes, and the newest that it reads. */
export const FORMAT_VERSION = 1;

/** JSON data that checkpoint/ keeps without looking inside. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
/** A JSON object that checkpoint/ keeps without looking inside. */
export type JsonRecord = Readonly<Record<string, JsonValue>>;

/** Size and hash of a file. */
export interface FileRecord {
  /** Size. */
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A finished world. */
export interface WorldRecord extends FileRecord {
  /** Below R, each once. */
  readonly world: number;
  /** Relative to the model directory, such as `worlds/world-007.safetensors`. */
  readonly file: string;
  /** Passes over the data that it was trained for. */
  readonly epochs: number;
  /** Mean training loss of the last epoch. */
  readonly loss: number;
  /** Seconds that training took, all runs together. */
  readonly seconds: number;
}

/** Shape of every world; the same fields as mach/ WorldOptions. */
export interface NetworkRecord {
  /** D. */
  readonly numFeatures: number;
  /** Units of each hidden layer; [] for a linear world. */
  readonly hidden: readonly number[];
  /** B. */
  readonly numBuckets: number;
  /** Behind each hidden layer. */
  readonly activation: "relu" | "none";
  /** Chance that a hidden unit is dropped while training, [0, 1). */
  readonly dropout: number;
  /** softmax: one of B; sigmoid: any of B. */
  readonly loss: "softmax" | "sigmoid";
  /** Training computes all logits, or those of sampled buckets. */
  readonly output: "full" | "sampled";
}

/** A label hash, as mach/label-hash.ts writes and reads it. */
export interface HashRecord {
  /** All parameters of the worlds' hashes follow from it. */
  readonly seed: number;
  /** L. */
  readonly numLabels: number;
  /** B. */
  readonly numBuckets: number;
  /** R. */
  readonly numWorlds: number;
  /** Labels for which there is room, ≥ L. */
  readonly capacity: number;
  /** The prime modulus of all worlds. */
  readonly p: number;
  /** [R] factor of each world's hash. */
  readonly a: readonly number[];
  /** [R] shift of each world's hash. */
  readonly c: readonly number[];
}

/** All that manifest.json says, less its checksum. */
export interface Manifest {
  readonly format: typeof FORMAT;
  /** FORMAT_VERSION; readers refuse any other. */
  readonly formatVersion: number;
  /** Version of the program that wrote it. */
  readonly writtenBy: string;
  /** ISO 8601, or null: nothing that is compared depends on the clock. */
  readonly created: string | null;
  readonly network: NetworkRecord;
  readonly hash: HashRecord;
  /** How worlds are merged unless the user says otherwise. */
  readonly merge: "probability" | "log-score" | "min" | "median";
  /** Weight of a label's log count in the score; whether labels never seen in training are left out. */
  readonly prior: { readonly alpha: number; readonly seenOnly: boolean };
  /** Options of the trainer, in its words. */
  readonly training: JsonRecord;
  /** What it was trained on: `fingerprint` is equal only for equal data. */
  readonly dataset: JsonRecord & { readonly fingerprint: string };
  /** Name within the directory. */
  readonly labelsFile: string;
  /** Name within the directory; null: the model has none. */
  readonly vectorizerFile: string | null;
  /** Name within the directory; null: the counts stand in `labelsFile`. */
  readonly labelCountsFile: string | null;
  /** Figures on held-out rows, such as "p@1"; null before they are known. */
  readonly metrics: Readonly<Record<string, number>> | null;
  /** Ascending by `world`. */
  readonly worlds: readonly WorldRecord[];
  /** Every file but the manifest and the worlds, by its name within the directory. */
  readonly files: Readonly<Record<string, FileRecord>>;
}

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const positive = count.min(1);
const fileRecord = { bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) };
/** Names stay inside the directory: no root, no `..`, no drive, one folder at most. */
const fileName = z.string().regex(/^(?!\.)[\w.-]+(\/(?!\.)[\w.-]+)?$/, "a file name inside the model directory");
const json: z.ZodType<JsonValue> = z.json();

const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  writtenBy: z.string(),
  created: z.string().nullable(),
  network: z.strictObject({
    numFeatures: positive,
    hidden: z.array(positive),
    numBuckets: positive,
    activation: z.enum(["relu", "none"]),
    dropout: z.number().min(0).lt(1),
    loss: z.enum(["softmax", "sigmoid"]),
    output: z.enum(["full", "sampled"]),
  }),
  hash: z.strictObject({
    seed: count,
    numLabels: positive,
    numBuckets: positive,
    numWorlds: positive,
    capacity: positive,
    p: positive,
    a: z.array(positive),
    c: z.array(count),
  }),
  merge: z.enum(["probability", "log-score", "min", "median"]),
  prior: z.strictObject({ alpha: z.number().min(0), seenOnly: z.boolean() }),
  training: z.record(z.string(), json),
  dataset: z.looseObject({ fingerprint: z.string() }) as unknown as z.ZodType<Manifest["dataset"]>,
  labelsFile: fileName,
  vectorizerFile: fileName.nullable(),
  labelCountsFile: fileName.nullable(),
  metrics: z.record(z.string(), z.number()).nullable(),
  worlds: z.array(
    z.strictObject({
      world: count,
      file: fileName,
      ...fileRecord,
      epochs: z.number().min(0),
      loss: z.number(),
      seconds: z.number().min(0),
    }),
  ),
  files: z.record(fileName, z.strictObject(fileRecord)),
});

/** The text of manifest.json. */
export function formatManifest(manifest: Manifest): string {
  const checksum = checksumOf(manifest);
  return `${JSON.stringify({ ...manifest, checksum }, null, 2)}\n`;
}

/** The manifest in `text`. `file` names it in errors. @throws {FormatError} for anything but a whole, known manifest. */
export function parseManifest(text: string, file: string): Manifest {
  const fail = (problem: string): never => {
    throw new FormatError({ file }, problem);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`expected JSON, got: ${(error as Error).message}; restore the file or train again with --overwrite`);
  }
  const { format, formatVersion, checksum, ...rest } = (
    typeof value === "object" && value !== null ? value : {}
  ) as Record<string, unknown>;
  if (format !== FORMAT) return fail('expected "format": "manyworlds"; this is not the manifest of a model');
  if (typeof formatVersion === "number" && formatVersion > FORMAT_VERSION) {
    return fail(
      `format version ${formatVersion} is newer than ${FORMAT_VERSION}, the newest that this version reads; upgrade manyworlds`,
    );
  }
  const content = { format, formatVersion, ...rest };
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    const where = path.length === 0 ? "manifest" : path.join(".");
    return fail(`${where}: ${message}; restore the file or train again with --overwrite`);
  }
  if (checksum !== checksumOf(value as Record<string, unknown>)) {
    return fail(
      "its checksum does not fit its content: it was damaged or edited; restore it or train again with --overwrite",
    );
  }
  return checkReferences(parsed.data, fail);
}

/** Cross-checks that a schema cannot say. */
function checkReferences(manifest: Manifest, fail: (problem: string) => never): Manifest {
  const { network, hash, worlds, files } = manifest;
  if (network.numBuckets !== hash.numBuckets) {
    return fail(`expected equal numbers of buckets, got ${network.numBuckets} (network) and ${hash.numBuckets} (hash)`);
  }
  worlds.forEach(({ world }, i) => {
    const previous = i === 0 ? -1 : worlds[i - 1].world;
    if (world <= previous || world >= hash.numWorlds) {
      fail(`expected worlds ascending and below ${hash.numWorlds}, got ${world} after ${previous}`);
    }
  });
  for (const name of [manifest.labelsFile, manifest.vectorizerFile, manifest.labelCountsFile]) {
    if (name !== null && files[name] === undefined) fail(`expected ${name} among the files`);
  }
  return manifest;
}

function checksumOf(value: object): string {
  const { checksum: _, ...content } = value as Record<string, unknown>;
  return crc32(new TextEncoder().encode(JSON.stringify(content)))
    .toString(16)
    .padStart(8, "0");
}
