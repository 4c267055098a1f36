/** @file Sampled columns and the losses on them: every backend against the oracle, and what the draws promise. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Rng } from "../../src/core/rng.js";
import type { AliasDraws, Csr, Kernels } from "../../src/kernels/index.js";
import { EPSILON, expectClose, integers, numbers, SIZES, sparseRows, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

interface Draw {
  readonly counts: [number, number];
  readonly chosen: number[];
  readonly positions: Uint32Array;
  readonly rest: { readonly offsets: Uint32Array; readonly columns: number[] };
}

function draw(
  by: Kernels,
  targets: Csr,
  numColumns: number,
  numDraws: number,
  draws: AliasDraws | null,
  seed: number,
): Draw {
  const rows = targets.offsets.length - 1;
  const entries = targets.offsets[rows] - targets.offsets[0];
  const own = { ...targets, columns: targets.columns.slice() };
  const scratch = new Uint32Array(numColumns);
  const out = new Uint32Array(Math.min(numColumns, numDraws + entries)).fill(9);
  const rest = {
    offsets: new Uint32Array(rows + 1).fill(9),
    columns: new Uint32Array(entries),
    values: new Float32Array(entries),
  };
  const counts = by.sampleColumns(rows, own, numColumns, numDraws, draws, seed, scratch, out, rest);
  expect(scratch.every((s) => s === 0)).toBe(true);
  const columns = [...rest.columns.subarray(0, rest.offsets[rows])];
  return {
    counts,
    chosen: [...out.subarray(0, counts[0])],
    positions: own.columns,
    rest: { offsets: rest.offsets, columns },
  };
}

function aliasDraws(rng: Rng, numColumns: number): AliasDraws {
  return {
    thresholds: integers(rng, numColumns, 2 ** 32).fill(2 ** 32 - 1, 0, 1),
    aliases: integers(rng, numColumns, numColumns),
  };
}

/** Rows of distinct positive targets, some drawn (below `cols`), some not; `rest` holds a logit for each of the latter. */
function lossInputs(rng: Rng, rows: number, cols: number): { targets: Csr; rest: Csr } {
  const raw = sparseRows(rng, { rows, cols: 2 * cols + 3, most: 5, skip: 2, distinct: true });
  const targets = { ...raw, values: raw.values.map((v) => Math.abs(v) + 0.1) };
  const offsets = new Uint32Array(rows + 1);
  for (let i = 0; i < rows; i++) {
    const row = targets.columns.subarray(targets.offsets[i], targets.offsets[i + 1]);
    offsets[i + 1] = offsets[i] + row.filter((column) => column >= cols).length;
  }
  return {
    targets,
    rest: { offsets, columns: new Uint32Array(offsets[rows]), values: numbers(rng, offsets[rows], 9) },
  };
}

describeBackends("sampled columns", (kernels) => {
  it("are those of the oracle", () => {
    for (const numColumns of [1, 3, 33, 257]) {
      for (const numDraws of [0, 1, 20, 256, 1000]) {
        for (const weighted of [false, true]) {
          const rng = new Rng(numColumns * 1000 + numDraws);
          const targets = sparseRows(rng, { rows: 7, cols: numColumns, most: 4, skip: 2, distinct: true });
          const draws = weighted ? aliasDraws(rng, numColumns) : null;
          const actual = draw(kernels, targets, numColumns, numDraws, draws, 77);
          expect(actual).toEqual(draw(reference, targets, numColumns, numDraws, draws, 77));
        }
      }
    }
  });

  it("are distinct, hold all targets, and are the same again for the same seed", () => {
    const shapes = fc.record({
      numColumns: fc.integer({ min: 1, max: 300 }),
      numDraws: fc.integer({ min: 0, max: 400 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      weighted: fc.boolean(),
    });
    fc.assert(
      fc.property(shapes, ({ numColumns, numDraws, seed, weighted }) => {
        const rng = new Rng(seed);
        const targets = sparseRows(rng, { rows: 5, cols: numColumns, most: 4, distinct: true });
        const draws = weighted ? aliasDraws(rng, numColumns) : null;
        const { counts, chosen, positions, rest } = draw(kernels, targets, numColumns, numDraws, draws, seed);
        const [numChosen, numDrawn] = counts;
        expect(new Set(chosen).size).toBe(numChosen);
        expect(numDrawn).toBeLessThanOrEqual(Math.min(numDraws, numColumns));
        expect([...positions].map((position) => chosen[position])).toEqual([...targets.columns]);
        const notDrawn = [...targets.columns].filter((_, e) => positions[e] >= numDrawn);
        expect(rest.columns).toEqual(notDrawn);
        expect(chosen.slice(numDrawn)).toEqual([...new Set(notDrawn)]);
        expect(draw(kernels, targets, numColumns, numDraws, draws, seed)).toEqual({
          counts,
          chosen,
          positions,
          rest,
        });
      }),
      { numRuns: 50 },
    );
  });

  it("are drawn alike: chi-square over 40 columns", () => {
    const [numColumns, numDraws, trials] = [40, 10, 2000];
    const none = sparseRows(new Rng(1), { rows: 1, cols: numColumns, most: 0 });
    const met = new Float64Array(numColumns);
    for (let seed = 0; seed < trials; seed++) {
      for (const column of draw(kernels, none, numColumns, numDraws, null, seed).chosen) met[column]++;
    }
    const chance = 1 - (1 - 1 / numColumns) ** numDraws;
    const square = met.reduce((sum, m) => sum + (m - trials * chance) ** 2 / (trials * chance * (1 - chance)), 0);
    // 40 degrees of freedom (columns of one draw are nearly independent): 73.4 is passed once in a thousand.
    expect(square).toBeLessThan(73.4);
    expect(square).toBeGreaterThan(18);
  });

  it("touch nothing but their own places of what is as long as the layer", () => {
    const numColumns = 100_000;
    const targets: Csr = {
      offsets: Uint32Array.of(0, 2),
      columns: Uint32Array.of(7, 99_999),
      values: new Float32Array(2),
    };
    const rest = { offsets: new Uint32Array(2), columns: new Uint32Array(2), values: new Float32Array(2) };
    const scratch = new Uint32Array(numColumns);
    const out = new Uint32Array(12);
    // Marks that any fill or scan that writes would remove; draws must not meet them, so they are put beside the draws.
    kernels.sampleColumns(
      1,
      { ...targets, columns: targets.columns.slice() },
      numColumns,
      10,
      null,
      5,
      scratch,
      out,
      rest,
    );
    const own = new Set(out);
    for (let j = 0; j < numColumns; j++) if (!own.has(j)) scratch[j] = 4_000_000_000;
    const before = scratch.slice();
    kernels.sampleColumns(1, targets, numColumns, 10, null, 5, scratch, out, rest);
    expect(scratch).toEqual(before);
    expect(new Set(out)).toEqual(own);
  });

  for (const name of ["sampledSoftmax", "sampledSigmoid"] as const) {
    it(`${name}: as the oracle, also in place`, () => {
      for (const cols of SIZES) {
        for (const rows of [0, 1, 3, 31]) {
          const rng = new Rng(cols * 100 + rows);
          const { targets, rest } = lossInputs(rng, rows, cols);
          const x = numbers(rng, rows * cols, 9);
          const correction = numbers(rng, cols).map((v) => (name === "sampledSoftmax" ? 4 * v : 1 + 40 * Math.abs(v)));
          const run = (by: Kernels, grad: Float32Array, logits = x) => {
            const others = { ...rest, values: rest.values.slice() };
            const loss = by[name]({ rows, cols }, logits, correction, targets, others, 0.5, grad);
            return { loss, grad, rest: others.values };
          };
          const actual = run(kernels, unwritten(rows * cols));
          const expected = run(reference, unwritten(rows * cols));
          // Terms of a sigmoid row: cols of at most 41·13, summed in f32 by blocks of at most 1024; five targets a row.
          const size = name === "sampledSoftmax" ? 5 * 1.1 * 26 : cols * 41 * 13 + 5 * 41 * 13;
          expect(Math.abs(actual.loss - expected.loss)).toBeLessThanOrEqual(
            rows * size * (Math.min(cols, 1024) + 16) * EPSILON,
          );
          // Softmax: a share of at most 5.5 target mass, its exponent off by 26 roundings of the logits.
          const bound = name === "sampledSoftmax" ? 0.5 * 5.5 * 64 * EPSILON : 0.5 * 41 * 10 * EPSILON;
          expectClose(actual.grad, expected.grad, () => bound);
          expectClose(actual.rest, expected.rest, () => bound);
          expect(run(kernels, x.slice()).grad).toEqual(actual.grad);
          const copy = x.slice();
          expect(run(kernels, copy, copy)).toEqual({ ...actual, grad: copy });
          expectClose(copy, actual.grad, () => 0);
        }
      }
    });

    it(`${name}: NaN reaches the loss, from a drawn column and from a target`, () => {
      const targets = { offsets: Uint32Array.of(0, 1), columns: Uint32Array.of(3), values: Float32Array.of(1) };
      const loss = (x: number, z: number): number =>
        kernels[name](
          { rows: 1, cols: 3 },
          Float32Array.of(1, x, 2),
          new Float32Array(3).fill(1),
          targets,
          { offsets: Uint32Array.of(0, 1), columns: new Uint32Array(1), values: Float32Array.of(z) },
          1,
          unwritten(3),
        );
      expect(loss(Number.NaN, 1)).toBeNaN();
      expect(loss(1, Number.NaN)).toBeNaN();
      expect(loss(1, 1)).toBeGreaterThan(0);
    });
  }

  it("refuse offsets and columns that would reach beyond the arrays", () => {
    const bad = { offsets: Uint32Array.of(0, 1), columns: Uint32Array.of(5), values: new Float32Array(1) };
    const rest = { offsets: new Uint32Array(2), columns: new Uint32Array(1), values: new Float32Array(1) };
    const room = new Uint32Array(5);
    const scratch = new Uint32Array(5);
    expect(() => kernels.sampleColumns(1, bad, 5, 2, null, 1, scratch, room, rest)).toThrow(/below 5/);
    const good = { ...bad, columns: Uint32Array.of(4) };
    const short = room.subarray(0, 2);
    expect(() => kernels.sampleColumns(1, good, 5, 2, null, 1, scratch, short, rest)).toThrow(/sampleColumns: out/);
  });
});
