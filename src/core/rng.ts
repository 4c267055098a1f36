/**
 * @file Seeded random numbers: xoshiro128** with splitmix32 seeding, and named streams.
 *
 * Every consumer derives its own stream, `Rng.derive(seed, "world", 7, "shuffle", epoch)`, so that adding a consumer
 * or resuming in the middle never shifts what another one draws. Bulk arrays (initial weights, dropout masks) are
 * filled by the counter-based generator of the kernels instead; `nextUint32` supplies their seeds.
 *
 * Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 2021.
 */

/** One step of splitmix32's output function: a bijection of 32-bit integers that mixes well. */
export function mix32(x: number): number {
  let z = (x + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

/** Items in one go: V8 compiles a function that is called often once, a loop that it has to leave each time it runs. */
const BLOCK = 1024;

/** A deterministic generator; equal seeds give equal sequences on every platform. */
export class Rng {
  private readonly state: Int32Array;

  constructor(seed: number) {
    this.state = new Int32Array(4);
    let s = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      s = mix32(s + i);
      this.state[i] = s;
    }
    if (this.state.every((x) => x === 0)) this.state[0] = 1;
  }

  /** A stream of its own for each path of names and numbers below `seed`. */
  static derive(seed: number, ...path: (string | number)[]): Rng {
    let h = mix32(seed >>> 0) ^ mix32(Math.floor(seed / 2 ** 32) >>> 0);
    for (const part of path) {
      if (typeof part === "number") h = mix32(h ^ mix32(part));
      else for (let i = 0; i < part.length; i++) h = mix32(h ^ part.charCodeAt(i));
      h = mix32(h ^ 0x2545f491);
    }
    return new Rng(h);
  }

  /** The generator's whole state, four 32-bit integers: give it to `restore` to go on from here. */
  snapshot(): number[] {
    return Array.from(this.state);
  }

  /** Continues as the generator whose `snapshot` this is. */
  restore(state: readonly number[]): void {
    if (state.length !== 4 || state.every((x) => (x | 0) === 0)) {
      throw new RangeError(`Rng.restore: expected four integers, not all zero, got [${state.join(", ")}]`);
    }
    this.state.set(state);
  }

  /** Uniform in [0, 2³²). */
  nextUint32(): number {
    const s = this.state;
    const x = Math.imul(s[1], 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** Uniform in [0, 1), with 53 random bits. */
  nextFloat(): number {
    return ((this.nextUint32() >>> 5) * 2 ** 26 + (this.nextUint32() >>> 6)) / 2 ** 53;
  }

  /** Uniform integer in [0, bound), bound ≤ 2³², without modulo bias (rejection). */
  nextBelow(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let x: number;
    do x = this.nextUint32();
    while (x >= limit);
    return x % bound;
  }

  /** Puts `items` in a uniformly random order, in place (Fisher–Yates). */
  shuffle(items: Uint32Array): void {
    for (let end = items.length; end > 1; end -= BLOCK) this.shuffleBlock(items, Math.max(1, end - BLOCK), end);
  }

  /** Items from `end` − 1 down to `start`, each exchanged with one at or before it. */
  private shuffleBlock(items: Uint32Array, start: number, end: number): void {
    for (let i = end - 1; i >= start; i--) {
      const j = this.nextBelow(i + 1);
      const t = items[i];
      items[i] = items[j];
      items[j] = t;
    }
  }
}
