/**
 * @file A training whose result says which steps were taken: its gradient is −1 wherever a step writes, whatever the
 * parameters are, and the rate is 1. So each number ends as the count of the steps that reached it; a lost update is one less.
 *
 *   dense [width]          written by each step                       not there if width is 0
 *   rows  [numRows, 64]    rows `rowsOf[batch]`, in that order        not there if rowsOf is null
 *
 * `data.journal`, on shared memory, takes down what the optimisers of all workers do, at `data.places` (counted-steps.ts).
 */
import { workerData } from "node:worker_threads";
import { DenseGradient, flatten, Parameter } from "../../../dist/src/nn/parameter.js";
import { Sgd } from "../../../dist/src/optim/sgd.js";

const COLS = 64;

/** Sleeps where nobody wakes it. */
function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Plain steps, taken down. */
class WatchedSgd extends Sgd {
  constructor(kernels, data, current) {
    super(kernels, { learningRate: 1 });
    this.data = data;
    this.current = current;
  }

  step(parameters) {
    const { journal, places, meet, hangsAt, stepMs } = this.data;
    const at = Atomics.add(journal, places.begun, 1);
    if (places.batches + at < journal.length) journal[places.batches + at] = this.current.batch;
    const enter = () => {
      const within = Atomics.add(journal, places.within, 1) + 1;
      if (within > Atomics.load(journal, places.most)) Atomics.store(journal, places.most, within);
      Atomics.notify(journal, places.within);
    };
    enter();
    // Whoever is alone waits for company, for a while.
    if (meet && Atomics.load(journal, places.most) < 2) Atomics.wait(journal, places.within, 1, meet);
    if (hangsAt !== undefined && workerData.index === hangsAt.index && this.current.batch >= hangsAt.batch) {
      Atomics.store(journal, places.hangs, 1);
      pause(600_000);
    }
    if (stepMs) pause(stepMs);
    super.step(parameters);
    Atomics.sub(journal, places.within, 1);
  }
}

export function createTraining(kernels, data) {
  const { numBatches, epochs, width = 0, numRows = 0, rowsOf = null, gradientMs } = data;
  const parameters = [];
  // Row-sparse first, as in a world.
  if (rowsOf !== null) {
    const grad = { kind: "rows", ids: new Uint32Array(0), count: 0, values: new Float32Array(0) };
    parameters.push(new Parameter("rows", [numRows, COLS], new Float32Array(numRows * COLS), grad));
  }
  if (width > 0) {
    const grad = new DenseGradient(kernels.f32(width).fill(-1));
    parameters.push(new Parameter("dense", [width], new Float32Array(width), grad));
  }
  const current = { batch: 0 };
  const objective = {
    parameters: flatten(kernels, parameters),
    lossAndGradient({ epoch, index }) {
      current.batch = epoch * numBatches + index;
      if (rowsOf !== null) {
        const { grad } = parameters[0];
        const ids = rowsOf[index % rowsOf.length];
        grad.count = ids.length;
        grad.ids = kernels.u32(ids.length);
        grad.ids.set(ids);
        grad.values = kernels.f32(ids.length * COLS).fill(-1);
      }
      const ms = gradientMs?.[workerData.index] ?? 0;
      if (ms > 0) pause(ms);
      return 1;
    },
    setMode() {},
  };
  const source = { numRows: numBatches, batchesPerEpoch: numBatches, load: (epoch, index) => ({ epoch, index }) };
  return { objective, source, optimizer: new WatchedSgd(kernels, data, current), epochs };
}
