/**
 * @file The loss of a batch on a sample of the output columns, and its gradient.
 *
 *   forward(logits [N, shared], sample)   logits of the shared columns; those of each row's other targets are in sample.rest
 *   backward()                           gradient [N, shared]; sample.rest.values are gradients since `forward`
 *
 * column-sampler.ts says what the sample stands for; the division by N is folded into the gradient's scale.
 */
import { ShapeError } from "../../core/index.js";
import type { Kernels } from "../../kernels/contract.js";
import type { Tensor } from "../module.js";
import { formatShape } from "../shape-check.js";
import { TensorBuffer } from "../tensor-buffer.js";
import type { ColumnSample } from "./column-sampler.js";

/** Softmax or sigmoid cross-entropy on a sample, averaged over rows. */
export class SampledLoss {
  private readonly lossAndGradient: Kernels["sampledSoftmax"];
  private readonly gradInput: TensorBuffer;
  private readonly dims: { rows: number; cols: number };

  /** softmax wants samples whose correction is a shift, sigmoid such whose correction is a weight. */
  constructor(kernels: Kernels, loss: "softmax" | "sigmoid") {
    this.lossAndGradient = loss === "softmax" ? kernels.sampledSoftmax : kernels.sampledSigmoid;
    this.gradInput = new TensorBuffer(kernels);
    this.dims = { rows: 0, cols: 0 };
  }

  /** Turns the logits of `sample.rest` into gradients. @returns the mean loss of a row; 0 for no rows. @throws {ShapeError} */
  forward(logits: Tensor, sample: ColumnSample): number {
    const { targets, numShared, correction, rest } = sample;
    const rows = targets.numRows;
    if (logits.shape.length !== 2 || logits.shape[0] !== rows || logits.shape[1] !== numShared) {
      throw new ShapeError(
        `SampledLoss.forward: expected logits ${formatShape([rows, numShared])} of the shared columns, ` +
          `got ${formatShape(logits.shape)}; was the layer given this sample?`,
      );
    }
    this.gradInput.resize(rows, numShared);
    if (rows === 0) return 0;
    this.dims.rows = rows;
    this.dims.cols = numShared;
    return (
      this.lossAndGradient(this.dims, logits.data, correction, targets, rest, 1 / rows, this.gradInput.data) / rows
    );
  }

  /** The gradient of the mean loss with respect to the logits [N, shared], as the last forward computed it. */
  backward(): Tensor {
    return this.gradInput;
  }
}
