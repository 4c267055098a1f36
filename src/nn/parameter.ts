/**
 * @file Where do weights live? In one flat vector; a `Parameter` is a named view of a part of it.
 *
 *   flat value  │ w1 [D, H] ········ │ b1 [H] │ w2 [B, H] ···· │ b2 [B] │
 *                 └ Parameter "0.weight"          └ "3.weight"
 *
 * A module is built on numbers of its own; `flatten` moves all of them into one vector in the kernels' memory and
 * re-points the views, as Torch7's getParameters. Initial weights are drawn when they are first read, by `flatten` in
 * their place: a large input layer is never in memory twice. A model that is not flattened works too, on ordinary arrays,
 * which a WASM backend copies into its own memory, for good.
 * Checkpoints and averaging then see one array. State that no optimiser moves, such as running statistics, stands in it
 * too (`trainable` false).
 *
 * Gradients are not flat: a dense parameter has a gradient of its shape, while a parameter whose rows are touched
 * sparsely (inputs of a bag of words, sampled outputs) has a `RowSparseGradient`: the touched rows and their values,
 * compact. So the gradient of a [D, H] input layer costs [touched, H], not a second [D, H].
 */
import type { CompactTranspose, Kernels, WriteMode } from "../kernels/contract.js";

/** Gradient of the rows `ids[0 … count)`; all others are zero. Replaced by each backward. */
export interface RowSparseGradient {
  readonly kind: "rows";
  /** [≥ count] rows of the parameter, distinct, in no order. */
  ids: Uint32Array;
  /** Rows touched; 0 is a gradient of zero. */
  count: number;
  /** [≥ count, cols]. Reading it makes the sums that wait. */
  values: Float32Array;
  /**
   * Whether sums may wait until they are read: for whoever takes a step right after backward, while the output gradient
   * that backward was given still stands. Default false. Modules that sum otherwise do not look at it.
   */
  mayWait?: boolean;
  /** Sums that wait: an optimiser that can make them as it goes takes them from here, and none are stored. null: none. */
  readonly waiting?: WaitingSums | null;
}

/** dW = xᵀ·dy, not yet computed: row u of it belongs to row `x.columns[u]` of the parameter. */
export interface WaitingSums {
  /** The inputs of the batch, column by column. */
  readonly x: CompactTranspose;
  /** [N, cols] gradient of the layer's sums. */
  readonly dy: Float32Array;
  /** [≥ cols] scratch. */
  readonly row: Float32Array;
}

/**
 * Gradient of the parameter's shape, added to by each backward.
 *
 * Zeroing is put off: `zero` only notes it, the first to add overwrites instead (`beginAccumulate`), and whoever reads
 * `values` before that gets zeros. That saves a write and a read of the whole gradient in every step.
 */
export class DenseGradient {
  readonly kind = "dense";
  private array: Float32Array;
  private isZero: boolean;

  /** Takes `values` as they are; they may stand on shared memory. */
  constructor(values: Float32Array) {
    this.array = values;
    this.isZero = false;
  }

  /** The gradient, [≥ size of the parameter]. */
  get values(): Float32Array {
    if (this.isZero) {
      this.array.fill(0);
      this.isZero = false;
    }
    return this.array;
  }

  set values(values: Float32Array) {
    this.array = values;
    this.isZero = false;
  }

  /** Makes the gradient zero; the writing is put off, see above. */
  zero(): void {
    this.isZero = true;
  }

  /**
   * To be called before adding: says whether to overwrite all of `values` (they count as zero) or to add to them.
   * After "overwrite" the caller must write every number.
   */
  beginAccumulate(): WriteMode {
    const mode = this.isZero ? "overwrite" : "accumulate";
    this.isZero = false;
    return mode;
  }
}

/** Numbers that a parameter starts with: written straight to where it is to stand, if that is known in time. */
export interface InitialValues {
  readonly length: number;
  /** Writes all `length` of them; the same ones each time. */
  writeInto(out: Float32Array): void;
}

/** Named numbers that a module learns or keeps: a view of a part of the model's vector, with its gradient. */
export class Parameter {
  /** Path within the model, such as `0.weight`; containers prefix it. */
  name: string;
  /** Rows first, such as [out, in]; weight decay spares parameters of one dimension. */
  readonly shape: readonly number[];
  /** Factor on the optimiser's learning rate for this parameter. Default 1. */
  learningRateScale = 1;
  /** One second moment a row instead of moments of each number, where the gradient is row-sparse and the optimiser Adam. */
  momentsByRow = false;
  /**
   * Whether optimisers move it; one that they do not is state of its module, such as running statistics, which belongs
   * to the flat vector and to checkpoints. Its gradient stays zero and counts nowhere. Set before an optimiser prepares.
   */
  trainable = true;
  /** "dense": each backward adds to it; "rows": each replaces it. */
  readonly grad: DenseGradient | RowSparseGradient;
  private numbers: Float32Array | InitialValues;

  constructor(
    name: string,
    shape: readonly number[],
    value: Float32Array | InitialValues,
    grad: DenseGradient | RowSparseGradient,
  ) {
    this.name = name;
    this.shape = shape;
    this.grad = grad;
    this.numbers = value;
  }

  /** The view; replaced by `flatten`, so modules read it through the parameter each time. */
  get value(): Float32Array {
    if ("writeInto" in this.numbers) {
      const array = new Float32Array(this.numbers.length);
      this.numbers.writeInto(array);
      this.numbers = array;
    }
    return this.numbers;
  }

  set value(value: Float32Array) {
    this.numbers = value;
  }

  /** Becomes `home` [size], where its numbers are written. */
  moveTo(home: Float32Array): void {
    if ("writeInto" in this.numbers) this.numbers.writeInto(home);
    else home.set(this.numbers.subarray(0, this.size));
    this.numbers = home;
  }

  /** Numbers in the parameter. */
  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }

  /** Columns of a row: the size less its first dimension. */
  get cols(): number {
    return this.shape.length < 2 ? 1 : this.size / this.shape[0];
  }

  /** Makes the gradient zero; the writing is put off. */
  zeroGrad(): void {
    if (this.grad.kind === "rows") this.grad.count = 0;
    else this.grad.zero();
  }
}

/** A module's parameters as one vector. */
export interface FlatParameters {
  /** [n] all numbers, one parameter after another: the parameters are views of it, and a write changes the model. */
  readonly value: Float32Array;
  /** In the order in which they stand in `value`. */
  readonly parameters: readonly Parameter[];
  /** Start of each parameter within `value`, in elements. */
  readonly offsets: readonly number[];
}

/**
 * Writes the gradients as one vector: out [n] ← the gradient of each number of `parameters.value`, 0 where a row-sparse
 * gradient names no row and where a parameter is not trained.
 */
export function flatGradientInto(
  kernels: Pick<Kernels, "scatterAddRows">,
  { value, parameters, offsets }: FlatParameters,
  out: Float32Array,
): void {
  out.fill(0, 0, value.length);
  parameters.forEach(({ grad, size, cols, trainable }, i) => {
    if (!trainable) return;
    const to = out.subarray(offsets[i], offsets[i] + size);
    if (grad.kind === "dense") to.set(grad.values.subarray(0, size));
    else kernels.scatterAddRows(grad.count, cols, grad.ids, null, grad.values, to);
  });
}

/** The vector that each parameter was last moved to, and whose memory that is in. */
const homes = new WeakMap<Parameter, { readonly flat: FlatParameters; readonly kernels: object }>();

/**
 * Moves all parameters into one vector in the kernels' memory and re-points their views. Those that stand there already,
 * one after another, stay: then it is the same vector, or a part of it. A vector that held some of them before a move
 * holds them no more (`isCurrent`), as where a pretrained part goes into another model.
 */
export function flatten(kernels: Pick<Kernels, "f32">, parameters: readonly Parameter[]): FlatParameters {
  return standing(kernels, parameters) ?? moved(kernels, parameters);
}

/** Whether the parameters still stand in the vector: another `flatten`, with other parameters too, may have moved them. */
export function isCurrent({ value, parameters, offsets }: FlatParameters): boolean {
  return parameters.every(
    (parameter, i) =>
      parameter.value.buffer === value.buffer &&
      parameter.value.byteOffset === value.byteOffset + offsets[i] * value.BYTES_PER_ELEMENT,
  );
}

/**
 * Moves the vector to `home` [n], memory of the caller's choice such as one that threads share, and re-points the views.
 * "copy": with its numbers; "adopt": `home` holds those that count, another thread's.
 */
export function moveParameters(flat: FlatParameters, home: Float32Array, numbers: "copy" | "adopt"): void {
  if (numbers === "copy") home.set(flat.value);
  (flat as { value: Float32Array }).value = home;
  flat.parameters.forEach((parameter, i) => {
    parameter.value = home.subarray(flat.offsets[i], flat.offsets[i] + parameter.size);
  });
}

/** The vector, or the part of one, in which the parameters stand already in this order; null if they do not. */
function standing(kernels: object, parameters: readonly Parameter[]): FlatParameters | null {
  const home = parameters.length === 0 ? undefined : homes.get(parameters[0]);
  if (home === undefined || home.kernels !== kernels) return null;
  const { flat } = home;
  const first = flat.parameters.indexOf(parameters[0]);
  const isRun = parameters.every((parameter, i) => flat.parameters[first + i] === parameter);
  if (!isRun || !isCurrent(flat)) return null;
  if (parameters.length === flat.parameters.length) return flat;
  const start = flat.offsets[first];
  const offsets = parameters.map((_, i) => flat.offsets[first + i] - start);
  const length = parameters.reduce((sum, { size }) => sum + size, 0);
  return { value: flat.value.subarray(start, start + length), parameters, offsets };
}

function moved(kernels: Pick<Kernels, "f32">, parameters: readonly Parameter[]): FlatParameters {
  const offsets: number[] = [];
  let total = 0;
  for (const p of parameters) {
    offsets.push(total);
    total += p.size;
  }
  const value = kernels.f32(total);
  parameters.forEach((p, i) => {
    p.moveTo(value.subarray(offsets[i], offsets[i] + p.size));
  });
  const flat = { value, parameters, offsets };
  for (const parameter of parameters) homes.set(parameter, { flat, kernels });
  return flat;
}
