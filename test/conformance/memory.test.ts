import { afterEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.js";
import { Rng } from "../../src/core/rng.js";
import { createKernels } from "../../src/kernels/create.node.js";
import { numbers, unwritten } from "./arrays.js";
import { describeBackends, reference } from "./backends.js";

describeBackends("memory", (kernels) => {
  const dims = { m: 20, n: 30, k: 10 };
  const a = numbers(new Rng(1), 200);
  const b = numbers(new Rng(2), 300);
  const expected = unwritten(600);
  reference.gemm(dims, a, b, expected, "overwrite");
  const own = [kernels.f32(200), kernels.f32(300)];
  own[0].set(a);
  own[1].set(b);
  const mine = kernels.f32(600);
  kernels.gemm(dims, own[0], own[1], mine, "overwrite");

  it("own arrays start zeroed and serve as arguments", () => {
    expect(kernels.u32(5)).toEqual(new Uint32Array(5));
    expect(kernels.u8(5)).toEqual(new Uint8Array(5));
    expect(kernels.f32(0).length).toBe(0);
    expect(Math.max(...mine.map((x, i) => Math.abs(x - expected[i])))).toBeLessThan(1e-5);
  });

  it("foreign arrays, views at odd offsets and shared memory give the same bytes", () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 607), 28, 600);
    kernels.gemm(dims, a, b, shared, "overwrite");
    expect(new Float32Array(shared)).toEqual(new Float32Array(mine));
    const odd = unwritten(602);
    kernels.gemm(dims, a, b, odd.subarray(1, 601), "overwrite");
    expect(odd.subarray(1, 601)).toEqual(new Float32Array(mine));
    expect([odd[0], odd[601]]).toEqual([Number.NaN, Number.NaN]);
  });

  it("adopt returns the same numbers, and itself the second time", () => {
    const adopted = kernels.adopt(a);
    expect(new Float32Array(adopted)).toEqual(a);
    expect(kernels.adopt(adopted)).toBe(adopted);
  });

  it("refuses arrays that are too short and contents that point outside", () => {
    expect(() => kernels.gemm(dims, a.subarray(1), b, unwritten(600), "overwrite")).toThrow(
      /gemm: a: expected at least/,
    );
    expect(() => kernels.relu(10, a, new Float32Array(9))).toThrow(RangeError);
    const x = { offsets: Uint32Array.of(0, 1), columns: Uint32Array.of(30), values: Float32Array.of(1) };
    expect(() => kernels.csrGemm({ rows: 1, cols: 10 }, x, b, unwritten(10), "overwrite")).toThrow(/below 30/);
    const falling = { ...x, offsets: Uint32Array.of(1, 0, 1), columns: Uint32Array.of(3) };
    expect(() => kernels.csrGemm({ rows: 2, cols: 10 }, falling, b, unwritten(20), "overwrite")).toThrow(/do not fall/);
    const source = { ...falling, columns: new Uint32Array(9), values: new Float32Array(9) };
    const gathered = { offsets: new Uint32Array(3), columns: new Uint32Array(9), values: new Float32Array(9) };
    expect(() => kernels.csrGatherRows(source, Uint32Array.of(1, 0), 2, gathered)).toThrow(/do not fall/);
    const gather = (offsets: Uint32Array, ids: Uint32Array, room = gathered) =>
      kernels.csrGatherRows({ ...source, offsets }, ids, ids.length, room);
    expect(() => gather(Uint32Array.of(0, 1, 9), Uint32Array.of(0, 2))).toThrow(/ids: expected numbers below 2/);
    expect(() => gather(Uint32Array.of(0, 1, 10), Uint32Array.of(1))).toThrow(/expected at most 9/);
    expect(() => gather(Uint32Array.of(0, 1, 9), Uint32Array.of(1, 1))).toThrow(/expected room for all entries/);
    expect(gather(Uint32Array.of(0, 1, 9), Uint32Array.of(1, 0))).toBe(9);
    const rows = { ids: Uint32Array.of(0, 20), count: 2 };
    const sgd = { learningRate: 1, momentum: 0, nesterov: false, weightDecay: 0 };
    expect(() => kernels.sgdStep({ cols: 10, rows }, a, b, null, sgd)).toThrow(/below 20/);
  });
});

describe("dispose", () => {
  it("empties the arrays of native kernels and no others; operations then refuse them", () => {
    const kernels = createKernels({ backend: "native" });
    const other = createKernels({ backend: "native" });
    const [small, large, theirs] = [kernels.f32(10), kernels.u32(2 ** 20), other.f32(10).fill(1)];
    kernels.dispose();
    expect([small.length, large.length, theirs.length]).toEqual([0, 0, 10]);
    expect(() => kernels.relu(10, small, theirs)).toThrow(/relu: x: expected at least 10 elements, got 0/);
    kernels.relu(10, theirs, kernels.f32(10));
    kernels.dispose();
    kernels.dispose();
    expect([...theirs]).toEqual(new Array(10).fill(1));
  });
});

describe("WASM memory", () => {
  it("says when it is exhausted, by arrays or by foreign arguments, and works on", () => {
    const kernels = createKernels({ backend: "wasm", wasmMemoryBytes: 4 * 2 ** 20 });
    expect(() => kernels.f32(2 ** 20)).toThrow(/larger memoryBytes/);
    const big = new Float32Array(2 ** 19);
    expect(() => kernels.axpby(big.length, 1, big, 1, big.slice())).toThrow(RangeError);
    const y = Float32Array.of(1, 2);
    kernels.axpby(2, 2, Float32Array.of(3, 4), 1, y);
    expect([...y]).toEqual([7, 10]);
  });
});

describe("createKernels", () => {
  const environment = { ...process.env };
  afterEach(() => {
    process.env = { ...environment };
  });

  it("honours MANYWORLDS_KERNELS and rejects other names", () => {
    process.env.MANYWORLDS_KERNELS = "reference";
    expect(createKernels().info.backend).toBe("reference");
    process.env.MANYWORLDS_KERNELS = "wasm";
    expect(createKernels().info.backend).toBe("wasm");
    process.env.MANYWORLDS_KERNELS = "cuda";
    expect(() => createKernels()).toThrow(ConfigError);
  });

  it("rejects an instruction set that does not exist", () => {
    expect(() => createKernels({ backend: "native", isa: "mmx" })).toThrow(ConfigError);
  });
});
