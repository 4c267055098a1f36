/**
 * @file Who may ask? Keys from a file, one a line, with a name before it if the log is to say who asked:
 *
 *   # comment
 *   shop 7Qm0c2…            at least 20 characters, no spaces
 *   9f8e7d…
 *
 * Only HMACs of the keys under a random secret of the process are kept. A presented key is compared with every one of
 * them, in constant time: how long it takes says neither how much of a key was right nor which one.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { explainStorage } from "../../checkpoint/storage-error.js";
import { FormatError } from "../../core/errors.js";

/** 20 characters of base64 are 120 bits: not to be guessed. */
const LEAST_LENGTH = 20;
/** Every request is compared with all: 1000 cost it a fraction of a millisecond. */
const MOST_KEYS = 1000;
/** Longer ones are refused unread. */
const MOST_LENGTH = 512;

/** Keys that open the server, kept as HMACs under a secret of this process. */
export class ApiKeys {
  private readonly secret: Buffer = randomBytes(32);
  private readonly digests: readonly { readonly name: string; readonly digest: Buffer }[];

  /** Keys with the names of their holders. */
  constructor(keys: readonly { readonly name: string; readonly key: string }[]) {
    this.digests = keys.map(({ name, key }) => ({ name, digest: this.digest(key) }));
  }

  /** The holder's name for the value of an Authorization header; null if it holds no key of ours. */
  holderOf(authorization: string | undefined): string | null {
    const match = authorization === undefined ? null : /^Bearer +(\S+) *$/i.exec(authorization);
    if (match === null || match[1].length > MOST_LENGTH) return null;
    const presented = this.digest(match[1]);
    let holder: string | null = null;
    for (const { name, digest } of this.digests) if (timingSafeEqual(digest, presented)) holder = name;
    return holder;
  }

  private digest(key: string): Buffer {
    return createHmac("sha256", this.secret).update(key).digest();
  }
}

/** Reads a file of keys. @throws {FormatError} with the line, never the key. @throws {StorageError} */
export function readApiKeys(path: string): ApiKeys {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw explainStorage(path, "could not be read", error);
  }
  const keys: { name: string; key: string }[] = [];
  const seen = new Set<string>();
  for (const [i, row] of text.split(/\r?\n/).entries()) {
    const words = row.trim().split(/\s+/);
    if (row.trim() === "" || row.trim().startsWith("#")) continue;
    const refuse = (problem: string): never => {
      throw new FormatError({ file: path, line: i + 1 }, problem);
    };
    if (words.length > 2) refuse(`expected a key, or a name and a key, got ${words.length} words`);
    const key = words[words.length - 1];
    if (key.length < LEAST_LENGTH || key.length > MOST_LENGTH) {
      const made = "node -p \"crypto.randomBytes(24).toString('base64url')\"";
      refuse(
        `expected a key of ${LEAST_LENGTH} to ${MOST_LENGTH} characters, got ${key.length}; make one with ${made}`,
      );
    }
    if (seen.has(key)) refuse("expected each key once, got one that stands above; remove it");
    seen.add(key);
    keys.push({ name: words.length === 2 ? words[0] : `key-${keys.length + 1}`, key });
    if (keys.length > MOST_KEYS) refuse(`expected at most ${MOST_KEYS} keys; let a proxy check so many`);
  }
  if (keys.length === 0) {
    throw new FormatError({ file: path }, "expected a key a line, got none; leave --api-keys out to let everybody ask");
  }
  return new ApiKeys(keys);
}
