/**
 * @file Images on a bridge: the numbers of `ConvolutionDims` pass as one array, in the order that kernels/ops.h names.
 */
import {
  type ConvolutionDims,
  type CrossMapOptions,
  localScratchLength,
  MAX_CROSS_MAP_WINDOW,
  MAX_KERNEL_CELLS,
  MAX_POOL_WIDTH,
  type SpatialKernels,
  type WindowDims,
  windowOutput,
} from "../contract.js";
import type { Bridge, Pointer } from "./flat-operations.js";

/** kernels/ops.h, SPATIAL_OPERATIONS. */
export interface FlatSpatialOperations {
  f32_convolve(dims: Pointer, x: Pointer, weight: Pointer, bias: Pointer, y: Pointer): void;
  f32_convolve_grad_weight(dims: Pointer, x: Pointer, dy: Pointer, dw: Pointer, accumulate: number): void;
  f32_convolve_grad_input(dims: Pointer, weight: Pointer, dy: Pointer, dx: Pointer): void;
  f32_sum_planes(batch: number, planes: number, size: number, x: Pointer, out: Pointer, accumulate: number): void;
  f32_convolve_local(dims: Pointer, x: Pointer, weight: Pointer, scratch: Pointer, y: Pointer): void;
  f32_convolve_local_grad_weight(
    dims: Pointer,
    x: Pointer,
    dy: Pointer,
    scratch: Pointer,
    dw: Pointer,
    accumulate: number,
  ): void;
  f32_convolve_local_grad_input(dims: Pointer, weight: Pointer, dy: Pointer, scratch: Pointer, dx: Pointer): void;
  f32_max_pool(dims: Pointer, x: Pointer, y: Pointer, indices: Pointer): void;
  f32_max_pool_grad(dims: Pointer, indices: Pointer, dy: Pointer, dx: Pointer): void;
  f32_average_pool(dims: Pointer, countPadding: number, x: Pointer, y: Pointer): void;
  f32_average_pool_grad(dims: Pointer, countPadding: number, dy: Pointer, dx: Pointer): void;
  f32_cross_map_normalize(
    batch: number,
    planes: number,
    size: number,
    window: number,
    alpha: number,
    beta: number,
    k: number,
    x: Pointer,
    scale: Pointer,
    y: Pointer,
  ): void;
  f32_cross_map_normalize_grad(
    batch: number,
    planes: number,
    size: number,
    window: number,
    alpha: number,
    beta: number,
    x: Pointer,
    scale: Pointer,
    y: Pointer,
    dy: Pointer,
    dx: Pointer,
  ): void;
}

/** What the arrays of one operation hold: numbers of x, of y for each plane of outputs, of one output's kernel. */
interface Extents {
  readonly dimsAt: Pointer;
  readonly x: number;
  readonly positions: number;
  readonly cells: number;
}

export function spatialOperations(bridge: Bridge): SpatialKernels {
  const { flat } = bridge;
  const packed = new Uint32Array(11);

  function begin(name: string, dims: WindowDims, outputs: number): Extents {
    const { batch, planes, height, width, kernelHeight, kernelWidth, strideHeight, strideWidth } = dims;
    const output = windowOutput(dims);
    // Also false for NaN. A C size would wrap around.
    if (!(output.height >= 1 && output.width >= 1)) {
      throw new RangeError(
        `${name}: expected a kernel within the padded image, got ${kernelHeight} × ${kernelWidth} on ${height} × ${width}`,
      );
    }
    packed[0] = batch;
    packed[1] = planes;
    packed[2] = height;
    packed[3] = width;
    packed[4] = outputs;
    packed[5] = kernelHeight;
    packed[6] = kernelWidth;
    packed[7] = strideHeight;
    packed[8] = strideWidth;
    packed[9] = dims.padHeight;
    packed[10] = dims.padWidth;
    bridge.begin();
    return {
      dimsAt: bridge.read(`${name}: dims`, packed, 11),
      x: batch * planes * height * width,
      positions: output.height * output.width,
      cells: planes * kernelHeight * kernelWidth,
    };
  }

  function beginConvolution(name: string, dims: ConvolutionDims): Extents & { y: number; weight: number } {
    const cells = dims.kernelHeight * dims.kernelWidth;
    if (!(cells <= MAX_KERNEL_CELLS)) {
      throw new RangeError(`${name}: expected a kernel of at most ${MAX_KERNEL_CELLS} cells, got ${cells}`);
    }
    const extents = begin(name, dims, dims.outputs);
    const y = dims.batch * dims.outputs * extents.positions;
    return { ...extents, y, weight: dims.outputs * extents.cells };
  }

  function beginPooling(name: string, dims: WindowDims): Extents & { y: number } {
    if (!(dims.padHeight < dims.kernelHeight && dims.padWidth < dims.kernelWidth)) {
      throw new RangeError(
        `${name}: expected less padding than kernel, got ${dims.padHeight} × ${dims.padWidth} for ` +
          `${dims.kernelHeight} × ${dims.kernelWidth}`,
      );
    }
    if (!(dims.kernelWidth <= MAX_POOL_WIDTH)) {
      throw new RangeError(`${name}: expected windows of at most ${MAX_POOL_WIDTH} columns, got ${dims.kernelWidth}`);
    }
    const extents = begin(name, dims, dims.planes);
    return { ...extents, y: dims.batch * dims.planes * extents.positions };
  }

  function checkWindow(name: string, { window }: CrossMapOptions): void {
    if (window % 2 === 1 && window >= 1 && window <= MAX_CROSS_MAP_WINDOW) return;
    throw new RangeError(`${name}: expected an odd window up to ${MAX_CROSS_MAP_WINDOW}, got ${window}`);
  }

  const scratchOf = (name: string, dims: ConvolutionDims, scratch: Float32Array): Pointer =>
    bridge.write(`${name}: scratch`, scratch, localScratchLength(dims));

  return {
    convolve(dims, x, weight, bias, y) {
      const e = beginConvolution("convolve", dims);
      const xAt = bridge.read("convolve: x", x, e.x);
      const weightAt = bridge.read("convolve: weight", weight, e.weight);
      const biasAt = bias && bridge.read("convolve: bias", bias, dims.outputs);
      flat.f32_convolve(e.dimsAt, xAt, weightAt, biasAt, bridge.write("convolve: y", y, e.y));
      bridge.end();
    },
    convolveGradWeight(dims, x, dy, dWeight, mode) {
      const name = "convolveGradWeight";
      const e = beginConvolution(name, dims);
      const xAt = bridge.read(`${name}: x`, x, e.x);
      const dyAt = bridge.read(`${name}: dy`, dy, e.y);
      const dWeightAt = bridge.update(`${name}: dWeight`, dWeight, e.weight);
      flat.f32_convolve_grad_weight(e.dimsAt, xAt, dyAt, dWeightAt, mode === "accumulate" ? 1 : 0);
      bridge.end();
    },
    convolveGradInput(dims, weight, dy, dx) {
      const name = "convolveGradInput";
      const e = beginConvolution(name, dims);
      const weightAt = bridge.read(`${name}: weight`, weight, e.weight);
      const dyAt = bridge.read(`${name}: dy`, dy, e.y);
      flat.f32_convolve_grad_input(e.dimsAt, weightAt, dyAt, bridge.write(`${name}: dx`, dx, e.x));
      bridge.end();
    },
    sumPlanes({ batch, planes, size }, x, out, mode) {
      bridge.begin();
      const xAt = bridge.read("sumPlanes: x", x, batch * planes * size);
      const outAt = bridge.update("sumPlanes: out", out, planes);
      flat.f32_sum_planes(batch, planes, size, xAt, outAt, mode === "accumulate" ? 1 : 0);
      bridge.end();
    },
    convolveLocal(dims, x, weight, scratch, y) {
      const name = "convolveLocal";
      const e = beginConvolution(name, dims);
      const xAt = bridge.read(`${name}: x`, x, e.x);
      const weightAt = bridge.read(`${name}: weight`, weight, e.positions * e.weight);
      const scratchAt = scratchOf(name, dims, scratch);
      flat.f32_convolve_local(e.dimsAt, xAt, weightAt, scratchAt, bridge.write(`${name}: y`, y, e.y));
      bridge.end();
    },
    convolveLocalGradWeight(dims, x, dy, scratch, dWeight, mode) {
      const name = "convolveLocalGradWeight";
      const e = beginConvolution(name, dims);
      const xAt = bridge.read(`${name}: x`, x, e.x);
      const dyAt = bridge.read(`${name}: dy`, dy, e.y);
      const scratchAt = scratchOf(name, dims, scratch);
      const dWeightAt = bridge.update(`${name}: dWeight`, dWeight, e.positions * e.weight);
      const accumulate = mode === "accumulate" ? 1 : 0;
      flat.f32_convolve_local_grad_weight(e.dimsAt, xAt, dyAt, scratchAt, dWeightAt, accumulate);
      bridge.end();
    },
    convolveLocalGradInput(dims, weight, dy, scratch, dx) {
      const name = "convolveLocalGradInput";
      const e = beginConvolution(name, dims);
      const weightAt = bridge.read(`${name}: weight`, weight, e.positions * e.weight);
      const dyAt = bridge.read(`${name}: dy`, dy, e.y);
      const scratchAt = scratchOf(name, dims, scratch);
      flat.f32_convolve_local_grad_input(e.dimsAt, weightAt, dyAt, scratchAt, bridge.write(`${name}: dx`, dx, e.x));
      bridge.end();
    },
    maxPool(dims, x, y, indices) {
      const e = beginPooling("maxPool", dims);
      const xAt = bridge.read("maxPool: x", x, e.x);
      const yAt = bridge.write("maxPool: y", y, e.y);
      flat.f32_max_pool(e.dimsAt, xAt, yAt, bridge.write("maxPool: indices", indices, e.y));
      bridge.end();
    },
    maxPoolGrad(dims, indices, dy, dx) {
      const e = beginPooling("maxPoolGrad", dims);
      const indicesAt = bridge.read("maxPoolGrad: indices", indices, e.y);
      if (flat.ids_fault(e.y, indicesAt, dims.height * dims.width)) {
        throw new RangeError(`maxPoolGrad: indices: expected numbers below ${dims.height * dims.width}`);
      }
      const dyAt = bridge.read("maxPoolGrad: dy", dy, e.y);
      flat.f32_max_pool_grad(e.dimsAt, indicesAt, dyAt, bridge.write("maxPoolGrad: dx", dx, e.x));
      bridge.end();
    },
    averagePool(dims, countPadding, x, y) {
      const e = beginPooling("averagePool", dims);
      const xAt = bridge.read("averagePool: x", x, e.x);
      flat.f32_average_pool(e.dimsAt, countPadding ? 1 : 0, xAt, bridge.write("averagePool: y", y, e.y));
      bridge.end();
    },
    averagePoolGrad(dims, countPadding, dy, dx) {
      const e = beginPooling("averagePoolGrad", dims);
      const dyAt = bridge.read("averagePoolGrad: dy", dy, e.y);
      flat.f32_average_pool_grad(e.dimsAt, countPadding ? 1 : 0, dyAt, bridge.write("averagePoolGrad: dx", dx, e.x));
      bridge.end();
    },
    crossMapNormalize({ batch, planes, size }, options, x, scale, y) {
      const name = "crossMapNormalize";
      checkWindow(name, options);
      const { window, alpha, beta, k } = options;
      const length = batch * planes * size;
      bridge.begin();
      const xAt = bridge.read(`${name}: x`, x, length);
      const scaleAt = bridge.write(`${name}: scale`, scale, length);
      const yAt = bridge.write(`${name}: y`, y, length);
      flat.f32_cross_map_normalize(batch, planes, size, window, alpha, beta, k, xAt, scaleAt, yAt);
      bridge.end();
    },
    crossMapNormalizeGrad({ batch, planes, size }, options, x, scale, y, dy, dx) {
      const name = "crossMapNormalizeGrad";
      checkWindow(name, options);
      const { window, alpha, beta } = options;
      const length = batch * planes * size;
      bridge.begin();
      const xAt = bridge.read(`${name}: x`, x, length);
      const scaleAt = bridge.read(`${name}: scale`, scale, length);
      const yAt = bridge.read(`${name}: y`, y, length);
      const dyAt = bridge.read(`${name}: dy`, dy, length);
      const dxAt = bridge.write(`${name}: dx`, dx, length);
      flat.f32_cross_map_normalize_grad(batch, planes, size, window, alpha, beta, xAt, scaleAt, yAt, dyAt, dxAt);
      bridge.end();
    },
  };
}
