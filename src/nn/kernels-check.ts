/**
 * @file Were kernels and modules given where they belong? For callers without a compiler: in JavaScript a module in the
 * kernels' place would be dropped in silence, or fail at the first batch.
 */
import { ConfigError } from "../core/index.js";
import type { Kernels } from "../kernels/contract.js";

/** What a value is, in a word: its class, or the value itself. */
export function describeValue(value: unknown): string {
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "an object") : String(value);
}

/** @throws {ConfigError} that names `where`, unless `kernels` are some. */
export function checkKernels(where: string, kernels: unknown): void {
  if (typeof (kernels as Partial<Kernels> | null | undefined)?.f32 === "function") return;
  throw new ConfigError(
    `${where}: expected kernels as the first argument, got ${describeValue(kernels)}; createKernels makes them`,
  );
}
