/**
 * @file The hash that makes MACH small: R functions, each sending L labels into B buckets.
 *
 *   label ──h₀──▶ bucket of world 0     Two given labels are confused only if they
 *         ──h₁──▶ bucket of world 1     share a bucket in all R: chance B⁻ᴿ.
 *
 *   h(i) = ((a·i + c) mod p) mod B      p the smallest prime ≥ max(L, B, capacity); a ∈ [1, p) and c ∈ [0, p) from the
 *                                       seed and the world's number alone, so that worlds can be added later.
 *
 * i ↦ (a·i + c) mod p permutes Z_p, hence the hash is its own index. Bucket b holds the labels
 *   x_j = a⁻¹·(b + j·B − c) mod p,  j = 0, 1, … while b + j·B < p,  less those with x_j ≥ L,
 * and x_{j+1} = x_j + (a⁻¹·B mod p) mod p: one add and one conditional subtract a label, no table. Over Z_p the sizes of
 * buckets differ by at most 1.
 *
 * Source: Medini et al., "Extreme Classification in Log Memory using Count-Min Sketch", NeurIPS 2019, §3; the family is
 * Carter and Wegman, "Universal Classes of Hash Functions", 1979: P[h(i) = h(j)] ≤ 1/B for i ≠ j.
 * Not here: hashing in bulk (Kernels.hashLabels, Kernels.hashTargets).
 */
import type { HashRecord } from "../checkpoint/manifest.js";
import { ConfigError } from "../core/errors.js";
import type { BucketId, LabelId } from "../core/ids.js";
import { Rng } from "../core/rng.js";
import type { HashParameters } from "../kernels/contract.js";
import { inverseMod, LARGEST_PRIME, mulMod, nextPrime } from "./modular.js";

/** How many labels, buckets and worlds, and what the hash is drawn from. */
export interface LabelHashOptions {
  /** L, 1 … 4294967291. */
  readonly numLabels: number;
  /** B, the same in all worlds. */
  readonly numBuckets: number;
  /** R. */
  readonly numWorlds: number;
  /** Any non-negative safe integer. */
  readonly seed: number;
  /** Room for labels to come: with p ≥ capacity, L may grow without moving a label. Default L. */
  readonly capacity?: number;
}

/** What a manifest keeps: enough to hash without knowing how the parameters were drawn. */
export type LabelHashJson = HashRecord;

/** R invertible hash functions from labels 0 … L − 1 to buckets 0 … B − 1, computed and never stored. */
export class LabelHash {
  readonly seed: number;
  /** L. */
  readonly numLabels: number;
  /** B. */
  readonly numBuckets: number;
  /** R. */
  readonly numWorlds: number;
  /** Labels that fit without moving one; at least L. */
  readonly capacity: number;
  /** The prime modulus of all worlds. */
  readonly p: number;
  private readonly worlds: readonly HashParameters[];

  /** @throws {ConfigError} naming the option that makes no sense. */
  constructor(options: LabelHashOptions) {
    const { numLabels, numBuckets, numWorlds, seed, capacity = numLabels } = options;
    checkInteger("numLabels", numLabels, 1, LARGEST_PRIME);
    checkInteger("numBuckets", numBuckets, 1, LARGEST_PRIME);
    checkInteger("numWorlds", numWorlds, 1, 2 ** 20);
    checkInteger("capacity", capacity, numLabels, LARGEST_PRIME);
    checkInteger("seed", seed, 0, Number.MAX_SAFE_INTEGER);
    this.seed = seed;
    this.numLabels = numLabels;
    this.numBuckets = numBuckets;
    this.numWorlds = numWorlds;
    this.capacity = capacity;
    this.p = nextPrime(Math.max(capacity, numBuckets));
    this.worlds = Array.from({ length: numWorlds }, (_, world) => {
      const rng = Rng.derive(seed, "hash", world);
      const a = 1 + rng.nextBelow(this.p - 1);
      return Object.freeze({ a, c: rng.nextBelow(this.p), p: this.p, numBuckets });
    });
  }

  /** The hash that `json` describes. @throws {ConfigError} if its parameters are not those that its seed gives. */
  static fromJSON(json: LabelHashJson): LabelHash {
    const hash = new LabelHash(json);
    const same =
      hash.p === json.p &&
      json.a.length === hash.numWorlds &&
      json.c.length === hash.numWorlds &&
      hash.worlds.every((w, r) => w.a === json.a[r] && w.c === json.c[r]);
    if (!same) {
      throw new ConfigError(
        `LabelHash.fromJSON: p, a and c are not what seed ${json.seed} gives for ${json.numLabels} labels in ${json.numBuckets} buckets; ` +
          "the file was edited or damaged: restore it or train again",
      );
    }
    return hash;
  }

  /** Options and drawn parameters, for `fromJSON`. */
  toJSON(): LabelHashJson {
    const { seed, numLabels, numBuckets, numWorlds, capacity, p } = this;
    const a = this.worlds.map((w) => w.a);
    return { seed, numLabels, numBuckets, numWorlds, capacity, p, a, c: this.worlds.map((w) => w.c) };
  }

  /** This hash with another number of worlds; those in both are equal. */
  withWorlds(numWorlds: number): LabelHash {
    return new LabelHash({ ...this.toJSON(), numWorlds });
  }

  /** What the kernels need to hash in world `world`. @throws {RangeError} if world ≥ R. */
  parameters(world: number): HashParameters {
    const parameters = this.worlds[world];
    if (parameters === undefined) {
      throw new RangeError(`LabelHash.parameters: expected a world below ${this.numWorlds}, got ${world}`);
    }
    return parameters;
  }

  /** Bucket of `label` in world `world`. @throws {RangeError} if label ≥ L or world ≥ R. */
  bucket(label: LabelId | number, world: number): BucketId {
    if (!(label >= 0 && label < this.numLabels)) {
      throw new RangeError(`LabelHash.bucket: expected a label below ${this.numLabels}, got ${label}`);
    }
    const { a, c, p, numBuckets } = this.parameters(world);
    return (((mulMod(label, a, p) + c) % p) % numBuckets) as BucketId;
  }

  /** Writes the R buckets of `label` into `out` [R]. @throws {RangeError} if label ≥ L. */
  bucketsInto(label: LabelId | number, out: Uint32Array): void {
    for (let world = 0; world < this.numWorlds; world++) out[world] = this.bucket(label, world);
  }

  /**
   * The labels of one bucket, in the order of the progression (not ascending). Costs ⌈p/B⌉ steps whatever the bucket.
   * @throws {RangeError} if bucket ≥ B or world ≥ R.
   */
  *members(world: number, bucket: BucketId | number): Generator<LabelId, void> {
    const { a, c, p, numBuckets } = this.parameters(world);
    if (!(bucket >= 0 && bucket < numBuckets)) {
      throw new RangeError(`LabelHash.members: expected a bucket below ${numBuckets}, got ${bucket}`);
    }
    const inverse = inverseMod(a, p);
    const step = mulMod(inverse, numBuckets % p, p);
    let label = mulMod(inverse, (bucket - c + p) % p, p);
    for (let y = bucket; y < p; y += numBuckets) {
      if (label < this.numLabels) yield label as LabelId;
      label += step;
      if (label >= p) label -= p;
    }
  }
}

function checkInteger(name: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new ConfigError(`LabelHash: expected ${name} to be an integer from ${low} to ${high}, got ${value}`);
}
