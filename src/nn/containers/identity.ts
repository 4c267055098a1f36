/** @file y = x, the same object: one branch of a residual connection. */
import { Module, type Tensor } from "../module.js";

/** Whatever it is given. */
export class Identity<T = Tensor> extends Module<T, T> {
  forward(input: T): T {
    return input;
  }

  /** @returns `gradOutput` itself. */
  backward(_input: T, gradOutput: T): T | null {
    return gradOutput;
  }
}
