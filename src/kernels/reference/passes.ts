/**
 * @file The oracle for passes over sparse problems: one example after another in f64, rounded where it is stored.
 *
 * Waits as the compiled passes do, by Atomics; its threads too may share x.
 */
import type {
  CutPassProblem,
  FactorPassProblem,
  LinearPassProblem,
  Pass,
  PassExchange,
  PassKernels,
  PassMode,
} from "../contract.js";
import { sigmoid, softplus } from "./dense.js";

const isStopped = ({ stop }: Pass): boolean => stop !== null && Atomics.load(stop, 0) !== 0;

/** x ← x + (own − base), own ← base ← x. */
function exchangeWith(x: Float32Array, { own, base }: PassExchange): void {
  for (let j = 0; j < x.length; j++) {
    x[j] += Math.fround(own[j] - base[j]);
    own[j] = x[j];
    base[j] = x[j];
  }
}

function* examplesOf(pass: Pass, x: Float32Array): Generator<number> {
  const { numExamples, blockSize, firstBlock, blockStep, numBlocks, exchange } = pass;
  const allBlocks = Math.ceil(numExamples / blockSize);
  for (let i = 0; i < numBlocks && !isStopped(pass); i++) {
    if (exchange !== null && i > 0 && i % exchange.numBlocks === 0) exchangeWith(x, exchange);
    const start = ((firstBlock + i * blockStep) % allBlocks) * blockSize;
    for (let e = start; e < Math.min(start + blockSize, numExamples); e++) yield e;
  }
  if (exchange !== null && numBlocks > 0) exchangeWith(x, exchange);
}

/** Waits until `isReady`. @returns false if the pass was stopped. */
function wait(pass: Pass, isReady: () => boolean): boolean {
  while (!isReady()) if (isStopped(pass)) return false;
  return true;
}

/** One example: computes its gradient and, if asked, waits for the right to write. */
interface Example {
  readonly parts: readonly number[];
  /** Reads. @returns loss, mistake, and what writes the step; null: the step is 0. */
  compute(): { loss: number; isMistake: boolean; write: (() => void) | null };
}

/** Ascending. */
function locksOf({ locks }: Pass, parts: readonly number[]): number[] {
  if (locks === null) return [];
  const { perPart } = locks;
  return parts.flatMap((part) => Array.from({ length: perPart }, (_, j) => part * perPart + j));
}

const WRITES: readonly PassMode[] = ["free", "locked", "ordered"];

/** A pass whose examples are given by their number. */
function run(pass: Pass, shared: Float32Array, example: (i: number, x: Float32Array) => Example): number {
  const { mode, order } = pass;
  const words = pass.locks?.words ?? new Uint32Array(0);
  // RACE: any thread may hold a lock; ascending order, so that no two wait for each other.
  const take = (lock: number): boolean => wait(pass, () => Atomics.compareExchange(words, lock, 0, 1) === 0);
  const leave = (lock: number): number => Atomics.store(words, lock, 0);
  let sum = 0;
  let ticket = order?.firstTicket ?? 0;
  let turns = mode === "ordered" ? (order?.numTurns ?? 0) : 0;
  const awaitTurn = (): boolean => order === null || wait(pass, () => Atomics.load(order.turn, 0) === ticket);
  const passTurn = (): void => {
    if (order === null) return;
    Atomics.store(order.turn, 0, (ticket + 1) >>> 0);
    ticket = (ticket + order.ticketStep) >>> 0;
    turns--;
  };
  const x = pass.exchange?.own ?? shared;
  for (const i of examplesOf(pass, shared)) {
    const { parts, compute } = example(i, x);
    const { loss, isMistake, write } = compute();
    sum += mode === "mistakes" ? Number(isMistake) : loss;
    if (!WRITES.includes(mode)) continue;
    spin(pass.delay);
    const held = mode === "locked" && write !== null ? locksOf(pass, parts) : [];
    const taken = held.findIndex((lock) => !take(lock));
    if (taken >= 0) {
      for (const lock of held.slice(0, taken)) leave(lock);
      return sum;
    }
    if (mode === "ordered" && !awaitTurn()) return sum;
    write?.();
    for (const lock of held) leave(lock);
    if (mode === "ordered") passTurn();
  }
  while (turns > 0 && awaitTurn()) passTurn();
  return sum;
}

/** ℓ(m) and −ℓ'(m). */
function marginLoss(kind: LinearPassProblem["loss"], margin: number): { loss: number; slope: number } {
  if (kind === "logistic") return { loss: softplus(-margin), slope: sigmoid(-margin) };
  const slack = 1 - margin;
  if (Number.isNaN(slack)) return { loss: slack, slope: slack };
  return { loss: Math.max(0, slack), slope: slack > 0 ? 1 : 0 };
}

function linearPass(pass: Pass, problem: LinearPassProblem, shared: Float32Array): number {
  const { features, labelOffsets, labelIds, numOutputs, decay } = problem;
  const { offsets, columns, values } = features;
  return run(pass, shared, (i, x) => {
    const entries = Array.from({ length: offsets[i + 1] - offsets[i] }, (_, j) => offsets[i] + j);
    const labels = labelIds.subarray(labelOffsets[i], labelOffsets[i + 1]);
    const isPositive = (k: number): boolean => (numOutputs === 1 ? labels.length > 0 : labels.includes(k));
    const compute = () => {
      const scores = Array.from({ length: numOutputs }, (_, k) =>
        entries.reduce((sum, e) => sum + values[e] * x[columns[e] * numOutputs + k], 0),
      );
      const steps = scores.map((score, k) => {
        const y = isPositive(k) ? 1 : -1;
        const { loss, slope } = marginLoss(problem.loss, y * score);
        return { loss, toward: slope * y };
      });
      const isMistake =
        numOutputs === 1
          ? !((isPositive(0) ? 1 : -1) * scores[0] > 0)
          : !isPositive(scores.indexOf(Math.max(...scores)));
      const write = (): void => {
        for (const e of entries) {
          for (let k = 0; k < numOutputs; k++) {
            const at = columns[e] * numOutputs + k;
            const shrink = decay === null ? 0 : decay[columns[e]] * x[at];
            x[at] += pass.rate * (steps[k].toward * values[e] - shrink);
          }
        }
      };
      const loss = steps.reduce((sum, step) => sum + step.loss, 0);
      const isIdle = numOutputs === 1 && decay === null && steps[0].toward === 0;
      return { loss, isMistake, write: isIdle ? null : write };
    };
    return { parts: entries.map((e) => columns[e]), compute };
  });
}

function factorPass(pass: Pass, problem: FactorPassProblem, shared: Float32Array): number {
  const { numLeft, rank, lefts, rights, values, decay } = problem;
  return run(pass, shared, (i, x) => {
    const parts = [lefts[i], numLeft + rights[i]];
    const [a, b] = parts.map((row) => x.subarray(row * rank, (row + 1) * rank));
    const compute = () => {
      const error = a.reduce((sum, value, j) => sum + value * b[j], 0) - values[i];
      const write = (): void => {
        for (let j = 0; j < rank; j++) {
          const [l, r] = [a[j], b[j]];
          a[j] = l - pass.rate * (2 * error * r + (decay === null ? 0 : decay[parts[0]] * l));
          b[j] = r - pass.rate * (2 * error * l + (decay === null ? 0 : decay[parts[1]] * r));
        }
      };
      return { loss: error * error, isMistake: false, write };
    };
    return { parts, compute };
  });
}

/** By sorting: Duchi et al., "Efficient projections onto the l1-ball for learning in high dimensions", ICML 2008. */
function projectOnSimplex(point: readonly number[]): number[] {
  if (point.some(Number.isNaN)) return point.map(() => Number.NaN);
  const sorted = [...point].sort((a, b) => b - a);
  let sum = 0;
  let theta = 0;
  for (const [j, value] of sorted.entries()) {
    sum += value;
    if (value - (sum - 1) / (j + 1) > 0) theta = (sum - 1) / (j + 1);
  }
  // A sum of 1 but for roundings: no shift, which would turn zeros into dust.
  if (Math.abs(theta) < 2 ** -22) theta = 0;
  return point.map((value) => Math.max(0, value - theta));
}

function cutPass(pass: Pass, problem: CutPassProblem, shared: Float32Array): number {
  const { numTerminals, heads, tails, weights, fixed } = problem;
  return run(pass, shared, (i, x) => {
    const ends = [heads[i], tails[i]];
    const rows = ends.map((vertex) => x.subarray(vertex * numTerminals, (vertex + 1) * numTerminals));
    const compute = () => {
      const differences = Array.from(rows[0], (value, j) => value - rows[1][j]);
      const write = (): void => {
        for (const side of [0, 1]) {
          if (fixed[ends[side]] !== 0) continue;
          const step = (side === 0 ? -1 : 1) * pass.rate * weights[i];
          rows[side].set(projectOnSimplex(differences.map((d, j) => rows[side][j] + step * Math.sign(d))));
        }
      };
      const distance = differences.reduce((sum, d) => sum + Math.abs(d), 0);
      return { loss: weights[i] * distance, isMistake: false, write };
    };
    return { parts: [...ends].sort((a, b) => a - b), compute };
  });
}

function projectRowsOnSimplex(rows: number, cols: number, x: Float32Array): void {
  for (let i = 0; i < rows; i++) {
    const row = x.subarray(i * cols, (i + 1) * cols);
    row.set(projectOnSimplex(Array.from(row)));
  }
}

function spin(count: number): void {
  let x = 1;
  for (let i = 0; i < count; i++) x = (Math.imul(x, 0x9e3779b1) + 1) >>> 0;
}

export const passes: PassKernels = { linearPass, factorPass, cutPass, projectRowsOnSimplex, spin };
