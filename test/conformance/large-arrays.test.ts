/** @file Can native kernels have arrays of more than 4 GiB? What is never touched takes no memory. */
import { expect, it } from "vitest";
import { createKernels } from "../../src/kernels/index.js";

const LENGTH = 2 ** 30 + 7;

it.each(["f32", "sharedF32"] as const)("%s of 4 GiB and a little more", (make) => {
  const kernels = createKernels({ backend: "native" });
  try {
    const array = kernels[make](LENGTH);
    expect(array.length).toBe(LENGTH);
    array[LENGTH - 1] = 3;
    expect(array.subarray(LENGTH - 2)).toEqual(Float32Array.of(0, 3));
  } finally {
    kernels.dispose();
  }
});
