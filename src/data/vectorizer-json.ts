/**
 * @file `vectorizer.json` → Vectorizer. Everything is checked: the file may have been edited or come from elsewhere.
 */
import { z } from "zod";
import { FormatError, ManyworldsError } from "../core/errors.js";
import { ByteTable } from "./byte-table.js";
import { NumericVectorizer } from "./numeric-vectorizer.js";
import { checkTextOptions, TextVectorizer } from "./text-vectorizer.js";
import { decodeCounts, numCounts } from "./varint.js";
import type { Vectorizer } from "./vectorizer.js";
import { VECTORIZER_FORMAT, VECTORIZER_VERSION } from "./vectorizer-format.js";

const count = z.number().int().min(0).max(0xffffffff);

const NumericJson = z.object({
  kind: z.literal("numeric"),
  numFeatures: count,
  dimensionFrom: z.enum(["header", "data"]),
  options: z.object({ scaling: z.enum(["l2", "max", "none"]), power: z.number().positive() }),
});

const TextJson = z.object({
  kind: z.literal("text"),
  options: z.object({
    wordNgrams: count,
    charNgrams: z.tuple([count, count]).nullable(),
    alphabet: z.enum(["unicode", "ascii"]),
    hashBits: count.nullable(),
    minDocumentFrequency: count,
    maxFeatures: count.nullable(),
    useIdf: z.boolean(),
  }),
  numDocuments: count,
  terms: z.string().nullable(),
  documentFrequency: z.string(),
});

const Header = z.object({ format: z.literal(VECTORIZER_FORMAT), version: z.number() });
const Body = z.discriminatedUnion("kind", [NumericJson, TextJson]);

/** The vectorizer whose `toJSON` this is. @throws {FormatError} naming `file` and the field at fault. */
export function parseVectorizer(json: unknown, file: string): Vectorizer {
  const fail = (problem: string): never => {
    throw new FormatError({ file }, `${problem}; restore the file or train again`);
  };
  const header = Header.safeParse(json);
  if (!header.success) return fail(`expected a vectorizer (format "${VECTORIZER_FORMAT}"), got something else`);
  if (header.data.version !== VECTORIZER_VERSION) {
    const problem = `expected vectorizer version ${VECTORIZER_VERSION}, got ${header.data.version}`;
    throw new FormatError({ file }, `${problem}; update manyworlds`);
  }
  const body = Body.safeParse(json);
  if (!body.success) {
    const [issue] = body.error.issues;
    return fail(`field ${issue.path.join(".") || "(root)"}: ${issue.message}`);
  }
  if (body.data.kind === "numeric") {
    return new NumericVectorizer(body.data.numFeatures, body.data.dimensionFrom, body.data.options);
  }
  try {
    return textVectorizer(body.data);
  } catch (error) {
    // Options out of range and counts that do not fit the terms.
    if (error instanceof ManyworldsError || error instanceof RangeError || error instanceof DOMException) {
      return fail(error.message);
    }
    throw error;
  }
}

function textVectorizer(json: z.infer<typeof TextJson>): TextVectorizer {
  const options = checkTextOptions(json.options);
  let terms: ByteTable | null = null;
  let numFeatures: number;
  if (options.hashBits === null) {
    if (json.terms === null) throw new RangeError("terms: expected a vocabulary, got null");
    terms = splitTerms(json.terms);
    numFeatures = terms.size;
  } else {
    numFeatures = 2 ** options.hashBits;
    const found = numCounts(json.documentFrequency);
    if (found !== numFeatures) throw new RangeError(`documentFrequency: expected ${numFeatures} counts, got ${found}`);
  }
  const documentFrequency = decodeCounts(json.documentFrequency, numFeatures);
  return new TextVectorizer(options, { numDocuments: json.numDocuments, documentFrequency, terms });
}

function splitTerms(joined: string): ByteTable {
  const table = new ByteTable();
  if (joined === "") return table;
  const bytes = new TextEncoder().encode(joined);
  let start = 0;
  for (let lines = 0; start <= bytes.length; lines++) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    if (table.intern(bytes, start, end) !== lines)
      throw new RangeError(`terms: expected distinct terms, line ${lines + 1} repeats`);
    start = end + 1;
  }
  return table;
}
