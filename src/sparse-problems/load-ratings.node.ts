/**
 * @file Ratings from a file: one `row column value` a line, separated by tabs, spaces or commas; plain or gzipped.
 *
 * Rows and columns are numbers from 0 (or from 1: then number 0 is merely never met); the matrix is as large as the
 * largest says. Lines that are empty or start with # are passed over.
 */
import { FormatError } from "../core/errors.js";
import { readBytes } from "../data/index.js";
import type { Ratings } from "./factor-problem.js";

/** Larger row or column numbers are no numbers of a matrix that fits in memory. */
const MAX_NUMBER = 2 ** 31;

/** Reads lines `row column value`, numbered from 0, plain or gzipped. @throws {FormatError} naming file and line. */
export async function loadRatings(path: string): Promise<Ratings> {
  const [lefts, rights, values]: [number[], number[], number[]] = [[], [], []];
  let line = 0;
  let [numLeft, numRight] = [0, 0];
  const take = (text: string): void => {
    line++;
    if (/^\s*(#|$)/.test(text)) return;
    const fields = text.trim().split(/[\s,]+/);
    const [left, right, value] = fields.map(Number);
    const isNumber = (x: number): boolean => Number.isInteger(x) && x >= 0 && x < MAX_NUMBER;
    if (fields.length < 3 || !isNumber(left) || !isNumber(right) || !Number.isFinite(value)) {
      const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
      throw new FormatError({ file: path, line }, `expected a row, a column and a value, got "${shown}"`);
    }
    lefts.push(left);
    rights.push(right);
    values.push(value);
    numLeft = Math.max(numLeft, left + 1);
    numRight = Math.max(numRight, right + 1);
  };
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of readBytes(path)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) take(text);
  }
  if (rest !== "") take(rest);
  if (values.length === 0) throw new FormatError({ file: path }, "expected ratings, got none");
  return {
    numLeft,
    numRight,
    lefts: Uint32Array.from(lefts),
    rights: Uint32Array.from(rights),
    values: Float32Array.from(values),
  };
}
