/**
 * @file With which settings is each system compared? Chosen on a tenth of the training split that was set aside;
 * bench/claims/validation.mjs compares those of the networks again; those of one-vs-all were tried by hand.
 *
 * Networks share what MACH's worlds have: a linear bottleneck of H units with one second moment a row, Adam, a linearly
 * falling learning rate. `passes` and `rate` are each system's own.
 */

/** Of all systems but MACH on a data set, where they have none of their own. `passes`: epochs. */
export const SHARED = {
  nvd: { hidden: 256, batchSize: 256, inputSpread: 0.017, dropout: 0.5, passes: 5, rate: 0.01, inputRateScale: 2 },
  wikisent: {
    hidden: 256,
    batchSize: 512,
    inputSpread: 0.017,
    dropout: 0.5,
    passes: 4,
    rate: 0.005,
    inputRateScale: 4,
  },
  bibtex: { hidden: 256, batchSize: 128, inputSpread: 0.17, dropout: 0.5, passes: 10, rate: 0.003, inputRateScale: 4 },
};

/** What a system has of its own, by data set. */
export const SETTINGS = {
  nvd: {
    sampled: { numNegatives: 1000 },
    "mixture-of-experts": { numNegatives: 1000 },
    "one-vs-all": { passes: 2, rate: 600, blockSize: 1024 },
    mach: { worlds: 32 },
  },
  wikisent: {
    // Four minutes a pass.
    "full-softmax": { passes: 3 },
    sampled: { numNegatives: 1000 },
    "mixture-of-experts": { numNegatives: 1000 },
    "one-vs-all": { passes: 2, rate: 2000, blockSize: 1024 },
    mach: { worlds: 32 },
  },
  bibtex: {
    sampled: { numNegatives: 100 },
    "mixture-of-experts": { numNegatives: 100 },
    "one-vs-all": { passes: 5, rate: 300, blockSize: 512 },
    mach: { worlds: 8 },
  },
};
