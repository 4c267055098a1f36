/**
 * @file How do millions of numbers pass between f32 and decimal text without a string for each?
 *
 * Reading: digits gather in an integer below 10¹⁵, exact in f64, and meet one power of ten up to 10²², exact too: one
 * rounding, so the result is that of `Number(text)`. What has more digits or a larger exponent goes to `Number`.
 * Writing: nine significant digits always bring an f32 back (2⁻²⁵ > ½·10⁻⁸); as few of them are written as do.
 *
 * Source of the reading rule: Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990, §3.
 */

const POWERS: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MOST_DIGITS = 15;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const text = new TextDecoder("latin1");
const [PLUS, MINUS, POINT, ZERO] = [0x2b, 0x2d, 0x2e, 0x30];

/** The number that bytes[start, end) spell; NaN where they spell none (also for `nan` and `inf`). */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = bytes[at];
  if (sign === MINUS || sign === PLUS) at++;
  let mantissa = 0;
  let numDigits = 0;
  let exponent = 0;
  let isFraction = false;
  for (; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      if (mantissa > 0) numDigits++;
      if (isFraction) exponent--;
    } else if (bytes[at] === POINT && !isFraction) isFraction = true;
    else break;
  }
  // A number's last byte is a digit in the common case; "5.", ".", "1e3" and the like take the slow road.
  if (at < end || numDigits > MOST_DIGITS || exponent < -22 || bytes[end - 1] - ZERO > 9 || bytes[end - 1] < ZERO) {
    const slow = text.decode(bytes.slice(start, end));
    return DECIMAL.test(slow) ? Number(slow) : Number.NaN;
  }
  const value = mantissa / POWERS[-exponent];
  return sign === MINUS ? -value : value;
}

/** Room that `formatDecimal` may need. */
export const MOST_DECIMAL_BYTES = 24;

/** Writes the finite f32 `value` at bytes[at, …) so that reading gives it back. @returns the position behind it. */
export function formatDecimal(value: number, bytes: Uint8Array, at: number): number {
  const size = Math.abs(value);
  if (!(size >= 1e-12 && size < 1e9)) return formatSlowly(value, bytes, at);
  // size·10^scale has nine digits before its point; scale is 0 … 20.
  let scale = 8 - Math.floor(Math.log10(size));
  const scaled = size * POWERS[scale];
  let digits = Math.round(scaled);
  // Fewer digits while they still read as the same f32: most weights need eight or nine, round numbers one.
  for (let step = 10; step <= 1e8; step *= 10) {
    const shorter = Math.round(scaled / step) * step;
    if (Math.fround(shorter / POWERS[scale]) !== size) break;
    digits = shorter;
  }
  while (digits % 10 === 0 && scale > 0) {
    digits /= 10;
    scale--;
  }
  const whole = Math.floor(digits / POWERS[scale]);
  let next = at;
  if (value < 0) bytes[next++] = MINUS;
  next = formatInteger(whole, 1, bytes, next);
  if (scale === 0) return next;
  bytes[next++] = POINT;
  return formatInteger(digits - whole * POWERS[scale], scale, bytes, next);
}

/** `value` with leading zeros to at least `width` digits. */
function formatInteger(value: number, width: number, bytes: Uint8Array, at: number): number {
  let length = width;
  while (length < 16 && value >= POWERS[length]) length++;
  let rest = value;
  for (let i = at + length - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    bytes[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + length;
}

/** Zero and what would need many zeros: `1.17549435e-38`. */
function formatSlowly(value: number, bytes: Uint8Array, at: number): number {
  const spelled = value === 0 ? "0" : String(Number(value.toPrecision(9)));
  for (let i = 0; i < spelled.length; i++) bytes[at + i] = spelled.charCodeAt(i);
  return at + spelled.length;
}
