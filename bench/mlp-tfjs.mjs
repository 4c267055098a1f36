/**
 * @file How fast does a multi-layer perceptron train here, and how fast in TensorFlow.js with its WASM backend?
 *
 *   npm run bench mlp-tfjs                                   installs tfjs below bench/ first, if it is not there
 *   node bench/mlp-tfjs.mjs [--steps 50] [--rounds 5]
 *
 * 784 → 1024 → 1024 → 10, ReLU, softmax cross-entropy, plain SGD, batches of 128 digits: the same initial weights and
 * the same batches in the same order for all. First the losses of every step are compared, then the trainings take
 * turns at being timed, so that what else happens on the machine meets all of them. A step is what a loop around either
 * library does: copy the batch in, forward, backward, update. Every contender computes on one thread.
 *
 * tfjs in Node: its threaded binary needs a worker made of a blob, which Node has not, and so it turns threads off there
 * (github.com/tensorflow/tfjs/issues/3830); the SIMD binary is what runs. Operations are fused (`tf.fused.matMul`), which
 * was a little faster than separate ones and than `trainOnBatch` of a layers model. Most of its step goes into gradients:
 * its product of a transposed matrix does not use XNNPACK. So there is a second row, in which a user has written the
 * gradient of the product by hand, with transposes of their own: the best that we got out of it.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Rng } from "../dist/src/core/index.js";
import { loadIdx } from "../dist/src/data/index.js";
import { createKernels } from "../dist/src/kernels/index.js";
import { flatten, Linear, ReLU, Sequential, SoftMaxCrossEntropyCriterion } from "../dist/src/nn/index.js";
import { Sgd } from "../dist/src/optim/index.js";
import { dataRoot } from "./datasets.mjs";
import { machineLine, table } from "./machine.mjs";

const { values: args } = parseArgs({
  options: { steps: { type: "string", default: "50" }, rounds: { type: "string", default: "5" } },
});
const SIZES = [784, 1024, 1024, 10];
const BATCH = 128;
const LEARNING_RATE = 0.1;
/** Multiply-adds × 2 of a step: each layer's product forward, and backward for its weights and, but for the first, its input. */
const FLOPS = SIZES.slice(1).reduce((sum, out, i) => sum + 2 * BATCH * SIZES[i] * out * (i === 0 ? 2 : 3), 0);

const images = await loadIdx(join(dataRoot, "mnist10k/train-images-idx3-ubyte.gz"));
const labels = await loadIdx(join(dataRoot, "mnist10k/train-labels-idx1-ubyte.gz"));
const [numRows] = labels.shape;
const order = Uint32Array.from({ length: numRows }, (_, i) => i);
Rng.derive(1, "order").shuffle(order);
/** Batch i, in ordinary memory. */
const batches = Array.from({ length: Math.floor(numRows / BATCH) }, (_, b) => {
  const x = new Float32Array(BATCH * SIZES[0]);
  const rows = order.subarray(b * BATCH, (b + 1) * BATCH);
  rows.forEach((row, i) => {
    for (let j = 0; j < SIZES[0]; j++) x[i * SIZES[0] + j] = images.data[row * SIZES[0] + j] / 255;
  });
  return { x, classes: Uint32Array.from(rows, (row) => labels.data[row]) };
});

/** A contender is a name, a note and `step(batch)` → a function that tells the loss before the step. */
function manyworlds(backend) {
  const kernels = createKernels({ backend });
  const rng = Rng.derive(1, "weights");
  const layers = SIZES.slice(1).map((out, i) => new Linear(kernels, SIZES[i], out, rng, { gradInput: i > 0 }));
  const model = new Sequential(layers[0], new ReLU(kernels), layers[1], new ReLU(kernels), layers[2]);
  const parameters = flatten(kernels, model.parameters());
  const criterion = new SoftMaxCrossEntropyCriterion(kernels);
  const sgd = new Sgd(kernels, { learningRate: LEARNING_RATE });
  const input = { data: kernels.f32(BATCH * SIZES[0]), shape: [BATCH, SIZES[0]] };
  const target = {
    numRows: BATCH,
    numCols: 10,
    offsets: kernels.u32(BATCH + 1),
    columns: kernels.u32(BATCH),
    values: kernels.f32(BATCH).fill(1),
  };
  for (let i = 0; i <= BATCH; i++) target.offsets[i] = i;
  return {
    name: `manyworlds ${backend}`,
    note: `${kernels.info.gemm}, 1 thread`,
    layers,
    step({ x, classes }) {
      input.data.set(x);
      target.columns.set(classes);
      model.zeroGradParameters();
      const output = model.forward(input);
      const loss = criterion.forward(output, target);
      model.backward(input, criterion.backward(output, target));
      sgd.step(parameters);
      return () => loss;
    },
  };
}

/** tfjs is CommonJS as far as Node is concerned, and does not look for its binaries beside itself when bundled. */
const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const wasmBackend = require("@tensorflow/tfjs-backend-wasm");
tf.env().set("PROD", true);
if (!(await tf.setBackend("wasm"))) throw new Error("tfjs: expected its WASM backend to start, it did not");
const binary = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? "simd" : "plain";
const tfNote = `tfjs ${tf.version.tfjs}, ${binary} binary, ${wasmBackend.getThreadsCount()} thread`;

/** relu?(h·w + b) as tfjs has it, gradients included. */
const fused = (h, w, bias, activation) => tf.fused.matMul({ a: h, b: w, bias, activation });

/** The same with gradients by hand; the first layer's input needs none. */
function byHand(h, w, bias, activation, isFirst) {
  const product = isFirst
    ? tf.customGrad((b) => ({ value: tf.matMul(h, b), gradFunc: (dy) => tf.matMul(tf.transpose(h), dy) }))(w)
    : tf.customGrad((a, b, save) => {
        save([a, b]);
        return {
          value: tf.matMul(a, b),
          gradFunc: (dy, [x, y]) => [tf.matMul(dy, tf.transpose(y)), tf.matMul(tf.transpose(x), dy)],
        };
      })(h, w);
  const sum = product.add(bias);
  return activation === "relu" ? sum.relu() : sum;
}

/** `layers` are manyworlds' before their first step: weights [out, in], which tfjs stores transposed. */
function tensorflow(name, layers, dense) {
  const weights = layers.map(({ weight }) =>
    tf.tidy(() => tf.variable(tf.tensor2d(Float32Array.from(weight.value), weight.shape).transpose())),
  );
  const biases = layers.map(({ bias }) => tf.variable(tf.tensor1d(Float32Array.from(bias.value))));
  const sgd = tf.train.sgd(LEARNING_RATE);
  return {
    name,
    note: tfNote,
    step: ({ x, classes }) =>
      tf.tidy(() => {
        const input = tf.tensor2d(x, [BATCH, SIZES[0]]);
        const target = tf.oneHot(tf.tensor1d(Int32Array.from(classes), "int32"), 10).toFloat();
        const cost = sgd.minimize(() => {
          let h = input;
          weights.forEach((w, i) => {
            h = dense(h, w, biases[i], i < 2 ? "relu" : "linear", i === 0);
          });
          return tf.losses.softmaxCrossEntropy(target, h);
        }, true);
        const loss = cost.dataSync()[0];
        return () => loss;
      }),
  };
}

const native = manyworlds("native");
const contenders = [
  native,
  manyworlds("wasm"),
  tensorflow("tfjs-wasm", native.layers, fused),
  tensorflow("tfjs-wasm, gradients by hand", native.layers, byHand),
];
/** The one that rates are compared with. */
const TFJS = 2;

console.log(machineLine());
console.log(
  `${SIZES.join(" → ")}, ReLU, batch ${BATCH}, SGD ${LEARNING_RATE}; ${(FLOPS / 1e9).toFixed(3)} GFLOP a step`,
);

/**
 * The same arithmetic in another order. A product of K terms is rounded by at most K·2⁻²⁴ of its terms' sizes, so that a
 * step may move two trainings apart by that much, and steps add up: (t + 1)·K·2⁻²⁴ of the loss after t steps, K = 1024.
 * Roundings mostly cancel (√K of K), which leaves room for what a step makes of a difference that it was given, and for
 * units whose input is rounded to the other side of 0: each moves a gradient by one part in 128·1024, 8·10⁻⁶.
 */
const tolerance = (step) => (step + 1) * 1024 * 2 ** -24;
const steps = Number(args.steps);
const curves = contenders.map(({ step }) =>
  Array.from({ length: steps }, (_, t) => step(batches[t % batches.length])()),
);
const apart = curves.slice(1).map((curve) => curve.map((loss, t) => Math.abs(loss / curves[0][t] - 1)));
apart.forEach((differences, c) => {
  const t = differences.findIndex((difference, step) => !(difference <= tolerance(step)));
  if (t === -1) return;
  const got = `${curves[c + 1][t]} where ${native.name} has ${curves[0][t]}`;
  throw new Error(`${contenders[c + 1].name}: step ${t} expected the same loss to ${tolerance(t)}, got ${got}`);
});
console.log(`\nthe same losses in ${steps} steps: no further apart than (t + 1)·1024·2⁻²⁴ after t steps, relative`);
const shown = [0, 1, 2, 5, 10, 20, 30, 40, 49, 99].filter((t) => t < steps);
console.log(
  table([
    ["step", ...shown],
    [native.name, ...shown.map((t) => curves[0][t].toFixed(5))],
    ...apart.map((differences, c) => [
      `apart: ${contenders[c + 1].name}`,
      ...shown.map((t) => differences[t].toExponential(0)),
    ]),
    ["tolerance", ...shown.map((t) => tolerance(t).toExponential(0))],
  ]),
);

/** Steps of a turn: about a second of each. All are warm from the comparison. */
const TURN_MS = 1000;
const times = contenders.map(() => []);
for (let round = 0; round < Number(args.rounds); round++) {
  contenders.forEach(({ step }, c) => {
    const start = performance.now();
    let count = 0;
    do step(batches[count++ % batches.length]);
    while (performance.now() - start < TURN_MS || count < 3);
    times[c].push((performance.now() - start) / count);
  });
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const milliseconds = times.map(median);
console.log(`\na step: median of ${args.rounds} turns of about a second, all in turn`);
console.log(
  table([
    ["", "ms/step", "fastest…slowest turn", "examples/s", "GFLOP/s", "× tfjs-wasm", "computed by"],
    ...contenders.map(({ name, note }, c) => [
      name,
      milliseconds[c].toFixed(1),
      `${Math.min(...times[c]).toFixed(1)}…${Math.max(...times[c]).toFixed(1)}`,
      Math.round((BATCH * 1000) / milliseconds[c]),
      (FLOPS / milliseconds[c] / 1e6).toFixed(1),
      (milliseconds[TFJS] / milliseconds[c]).toFixed(2),
      note,
    ]),
  ]),
);
