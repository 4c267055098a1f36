/**
 * @file What a linear code of a given width can keep: the leading principal components, by orthogonal iteration.
 *
 *   C = Xᵀ·X of the centred rows,  Q ← orthonormal columns of C·Q, until Q spans the leading eigenvectors of C
 *
 * No linear autoencoder of that width has a smaller squared error on X: the measure of what the nonlinear one gains.
 *
 * Sources: Eckart, Young, "The approximation of one matrix by another of lower rank", Psychometrika 1936; Golub, Van Loan,
 * "Matrix Computations", §8.2.4 (orthogonal iteration).
 */
import { Rng } from "manyworlds/core";

const ITERATIONS = 50;

/** Mean squared error a number of `test` [M, D] by the mean of `train` [N, D] and by `width` components. */
export function linearErrors(kernels, train, test, width) {
  const [numRows, numCols] = train.shape;
  const mean = new Float32Array(numCols);
  train.data.forEach((x, i) => {
    mean[i % numCols] += x / numRows;
  });
  const centred = (data) => kernels.adopt(data.map((x, i) => x - mean[i % numCols]));
  const [x, y] = [centred(train.data), centred(test.data)];
  const covariance = kernels.f32(numCols * numCols);
  kernels.gemm({ m: numCols, n: numCols, k: numRows, transposeA: true }, x, x, covariance, "overwrite");

  // The rows of q [width, D] are the components.
  const q = kernels.f32(width * numCols);
  kernels.fillUniform(q.length, -1, 1, new Rng(1).nextUint32(), q);
  const product = kernels.f32(q.length);
  for (let i = 0; i < ITERATIONS; i++) {
    orthonormalize(q, width, numCols);
    kernels.gemm({ m: width, n: numCols, k: numCols }, q, covariance, product, "overwrite");
    q.set(product);
  }
  orthonormalize(q, width, numCols);

  const codes = kernels.f32(test.shape[0] * width);
  kernels.gemm({ m: test.shape[0], n: width, k: numCols, transposeB: true }, y, q, codes, "overwrite");
  return { mean: dot(y, y) / y.length, components: (dot(y, y) - dot(codes, codes)) / y.length };
}

/** Gram–Schmidt on the rows of q, in place. */
function orthonormalize(q, numRows, numCols) {
  const rows = Array.from({ length: numRows }, (_, i) => q.subarray(i * numCols, (i + 1) * numCols));
  rows.forEach((row, i) => {
    for (const before of rows.slice(0, i)) {
      const shared = dot(row, before);
      for (let c = 0; c < numCols; c++) row[c] -= shared * before[c];
    }
    const norm = Math.sqrt(dot(row, row));
    for (let c = 0; c < numCols; c++) row[c] /= norm;
  });
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
