/**
 * @file The counter-based generator, in plain integers: every backend draws exactly these numbers.
 */
import { mix32 } from "../../core/rng.js";

/** counterHash(seed, index) = mix32(mix32(index) ^ mix32(seed)), in [0, 2³²). */
export function counterHash(seed: number, index: number): number {
  return mix32(mix32(index) ^ mix32(seed));
}
