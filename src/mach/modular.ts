/**
 * @file Exact arithmetic modulo a 32-bit number, in doubles.
 *
 * A product of two 32-bit numbers has 64 bits, a double holds 53. Splitting one factor into 16-bit halves keeps every
 * intermediate below 2⁴⁹:  a·b = (a·⌊b/2¹⁶⌋ mod m)·2¹⁶ + a·(b mod 2¹⁶).  Three remainders, no BigInt.
 */

/** a·b mod m, exactly. a, b < m ≤ 2³². */
export function mulMod(a: number, b: number, m: number): number {
  const low = b & 0xffff;
  const high = (b - low) / 65536;
  return (((a * high) % m) * 65536 + a * low) % m;
}

/** The x in [1, p) with a·x ≡ 1 (mod p), by the extended Euclidean algorithm. p prime, 1 ≤ a < p ≤ 2³². */
export function inverseMod(a: number, p: number): number {
  let [r0, r1] = [p, a];
  let [t0, t1] = [0, 1];
  while (r1 !== 0) {
    // |t| never exceeds p, so that q·t stays below 2·p: exact.
    const q = Math.floor(r0 / r1);
    [r0, r1] = [r1, r0 - q * r1];
    [t0, t1] = [t1, t0 - q * t1];
  }
  return t0 < 0 ? t0 + p : t0;
}

/** Trial division: at most 2¹⁵ of them for a 32-bit number. */
export function isPrime(n: number): boolean {
  if (n < 4) return n >= 2;
  if (n % 2 === 0) return false;
  for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
  return true;
}

/** The largest prime below 2³². */
export const LARGEST_PRIME = 4294967291;

/** The smallest prime ≥ n, n ≤ LARGEST_PRIME. */
export function nextPrime(n: number): number {
  let p = Math.max(2, n);
  while (!isPrime(p)) p++;
  return p;
}
