/**
 * @file Passes over sparse problems on a bridge. Extents are checked, contents are not: contract/passes.ts says why.
 */
import { PASS_MODES, type Pass, type PassKernels } from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

/** kernels/ops.h, PASS_OPERATIONS; dims: its enum PASS_MODE …. */
export interface FlatPassOperations {
  linear_pass(
    dims: Pointer,
    rate: number,
    offsets: Pointer,
    columns: Pointer,
    values: Pointer,
    labelOffsets: Pointer,
    labelIds: Pointer,
    decay: Pointer,
    x: Pointer,
    own: Pointer,
    base: Pointer,
    locks: Pointer,
    turn: Pointer,
    stop: Pointer,
  ): number;
  factor_pass(
    dims: Pointer,
    rate: number,
    lefts: Pointer,
    rights: Pointer,
    values: Pointer,
    decay: Pointer,
    x: Pointer,
    own: Pointer,
    base: Pointer,
    locks: Pointer,
    turn: Pointer,
    stop: Pointer,
  ): number;
  cut_pass(
    dims: Pointer,
    rate: number,
    heads: Pointer,
    tails: Pointer,
    weights: Pointer,
    fixed: Pointer,
    x: Pointer,
    own: Pointer,
    base: Pointer,
    locks: Pointer,
    turn: Pointer,
    stop: Pointer,
  ): number;
  f32_project_rows_on_simplex(rows: number, cols: number, x: Pointer): void;
  u32_spin(count: number): number;
}

type SharedPointers = [Pointer, Pointer, Pointer, Pointer, Pointer, Pointer];

/** What fits a thread's workspace twice. */
const MAX_WIDTH = 65_536;
const NUM_DIMS = 15;

export function passOperations(bridge: Bridge): PassKernels {
  const { flat } = bridge;
  const dims = new Uint32Array(NUM_DIMS);
  const readDims = (name: string, pass: Pass, kind: number, width: number, length: number): Pointer => {
    const { mode, numExamples, blockSize, firstBlock, blockStep, numBlocks, order, exchange } = pass;
    const allBlocks = Math.ceil(numExamples / blockSize);
    if (!(blockSize >= 1 && (numBlocks === 0 || (firstBlock < allBlocks && blockStep < Math.max(2, allBlocks))))) {
      throw new RangeError(`${name}: expected blocks below ${allBlocks}, got ${firstBlock} in steps of ${blockStep}`);
    }
    if (mode === "ordered" && order === null) throw new RangeError(`${name}: expected an order, got none`);
    if (mode === "locked" && pass.locks === null) throw new RangeError(`${name}: expected locks, got none`);
    const perPart = pass.locks?.perPart ?? 0;
    if (mode === "locked" && perPart !== 1 && perPart !== width) {
      throw new RangeError(`${name}: expected a lock a part, or one a number (${width}), got ${perPart}`);
    }
    if (!(width >= 1 && width <= MAX_WIDTH)) {
      throw new RangeError(`${name}: expected a width from 1 to ${MAX_WIDTH}, got ${width}`);
    }
    dims.set([PASS_MODES.indexOf(mode), numExamples, blockSize, firstBlock, blockStep % Math.max(1, allBlocks)]);
    dims.set([numBlocks, order?.firstTicket ?? 0, order?.ticketStep ?? 0, order?.numTurns ?? 0], 5);
    if (exchange !== null && mode !== "free")
      throw new RangeError(`${name}: expected mode free to exchange in, got ${mode}`);
    if (exchange !== null && !(exchange.numBlocks >= 1)) {
      throw new RangeError(`${name}: expected an exchange every 1 or more blocks, got ${exchange.numBlocks}`);
    }
    dims.set([pass.delay, kind, width, exchange?.numBlocks ?? 0, length, perPart], 9);
    return bridge.read(name, dims, NUM_DIMS);
  };
  /** x, own, base, locks, turn, stop. */
  const shared = (name: string, pass: Pass, x: Float32Array, length: number, parts: number): SharedPointers => {
    const { mode, locks, order, stop, exchange } = pass;
    return [
      bridge.update(`${name}: x`, x, length),
      exchange && bridge.update(`${name}: exchange.own`, exchange.own, length),
      exchange && bridge.update(`${name}: exchange.base`, exchange.base, length),
      mode === "locked" && locks !== null ? bridge.update(`${name}: locks`, locks.words, parts * locks.perPart) : null,
      mode === "ordered" && order !== null ? bridge.update(`${name}: order.turn`, order.turn, 1) : null,
      stop && bridge.read(`${name}: stop`, stop, 1),
    ];
  };
  return {
    linearPass(pass, problem, x) {
      const { features, labelOffsets, labelIds, numOutputs } = problem;
      const n = pass.numExamples;
      const numFeatures = Math.floor(x.length / numOutputs);
      bridge.begin();
      const sum = flat.linear_pass(
        readDims("linearPass", pass, problem.loss === "logistic" ? 1 : 0, numOutputs, x.length),
        pass.rate,
        bridge.read("linearPass: features.offsets", features.offsets, n + 1),
        bridge.read("linearPass: features.columns", features.columns, features.offsets[n]),
        bridge.read("linearPass: features.values", features.values, features.offsets[n]),
        bridge.read("linearPass: labelOffsets", labelOffsets, n + 1),
        bridge.read("linearPass: labelIds", labelIds, labelOffsets[n]),
        problem.decay && bridge.read("linearPass: decay", problem.decay, numFeatures),
        ...shared("linearPass", pass, x, x.length, numFeatures),
      );
      bridge.end();
      return sum;
    },
    factorPass(pass, problem, x) {
      const { lefts, rights, values, decay, rank, numLeft } = problem;
      const n = pass.numExamples;
      const numRows = Math.floor(x.length / rank);
      bridge.begin();
      const sum = flat.factor_pass(
        readDims("factorPass", pass, numLeft, rank, x.length),
        pass.rate,
        bridge.read("factorPass: lefts", lefts, n),
        bridge.read("factorPass: rights", rights, n),
        bridge.read("factorPass: values", values, n),
        decay && bridge.read("factorPass: decay", decay, numRows),
        ...shared("factorPass", pass, x, x.length, numRows),
      );
      bridge.end();
      return sum;
    },
    cutPass(pass, problem, x) {
      const { heads, tails, weights, fixed, numTerminals } = problem;
      const n = pass.numExamples;
      bridge.begin();
      const sum = flat.cut_pass(
        readDims("cutPass", pass, 0, numTerminals, fixed.length * numTerminals),
        pass.rate,
        bridge.read("cutPass: heads", heads, n),
        bridge.read("cutPass: tails", tails, n),
        bridge.read("cutPass: weights", weights, n),
        bridge.read("cutPass: fixed", fixed, fixed.length),
        ...shared("cutPass", pass, x, fixed.length * numTerminals, fixed.length),
      );
      bridge.end();
      return sum;
    },
    projectRowsOnSimplex(rows, cols, x) {
      bridge.begin();
      flat.f32_project_rows_on_simplex(rows, cols, bridge.update("projectRowsOnSimplex: x", x, rows * cols));
      bridge.end();
    },
    spin(count) {
      flat.u32_spin(count);
    },
  };
}
