/**
 * @file Which windows can be pooled? Those that always hold a number: padding less than the kernel.
 */
import { ConfigError } from "../../core/index.js";
import type { WindowDims } from "../../kernels/contract.js";

/** @throws {ConfigError} if a window could lie in the padding alone, or is wider than `mostColumns`. */
export function checkPooling(where: string, dims: WindowDims, mostColumns: number): void {
  const { kernelHeight, kernelWidth, padHeight, padWidth } = dims;
  if (padHeight >= kernelHeight || padWidth >= kernelWidth) {
    throw new ConfigError(
      `${where}: expected padding less than the kernel's ${kernelHeight} × ${kernelWidth}, got ${padHeight} × ${padWidth}; ` +
        "a window of nothing but padding has no value",
    );
  }
  if (kernelWidth > mostColumns) {
    throw new ConfigError(`${where}: expected a kernel of at most ${mostColumns} columns, got ${kernelWidth}`);
  }
}
