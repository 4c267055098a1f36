/**
 * @file How do threads share one problem? Seven ways, and what a run of one of them is given.
 *
 *   serial        one thread; the same bytes each time
 *   hogwild       Hogwild!: all threads read and write x as they please
 *   delayed       Hogwild! at a coarser grain: each thread steps on a copy of x; every `exchangeEvery` examples it adds
 *                 what it changed to x, and takes x over, as it pleases. For gradients so cheap, or examples so alike,
 *                 that the cores would do little but pass cache lines to and fro. Not for cuts, whose rows would leave the
 *                 simplex
 *   locked        AIG: gradients at any time; each number that an example touches has a lock, and all of these are held, taken
 *                 in ascending order, while its step is written
 *   locked-parts  the same with a lock for each part (row of factors, vertex, feature of all outputs): examples touch
 *                 parts whole, so that nothing is lost by it but the paper's letter. Parts of one number: the same as locked
 *   round-robin   RR: gradients at any time, updates by the threads in turn
 *   averaging     each thread has an x of its own and its share of each epoch's examples; in the end the mean of all x
 *
 * The step's size γ is constant within an epoch and multiplied by β after it: the paper's back-off, which gives the 1/k
 * rate without knowledge of the curvature (§5).
 *
 * Sources: Niu, Recht, Ré, Wright, "HOGWILD!", NIPS 2011, Algorithm 1, §5 and §7 (AIG: all of e is locked before the loop
 * that writes, and released after it); RR: Langford, Smola, Zinkevich, "Slow Learners are Fast", NIPS 2009; averaging:
 * Zinkevich, Weimer, Smola, Li, "Parallelized Stochastic Gradient Descent", NIPS 2010. Delayed is our own; it is to a shared
 * vector what DistBelief's Downpour SGD (Dean et al., NIPS 2012) is to a parameter server.
 */
import { ConfigError } from "../core/errors.js";
import type { PassMode } from "../kernels/contract.js";

/**
 * How threads share x: as they please (hogwild), through copies (delayed), under locks (locked, locked-parts), by turns
 * (round-robin), not until the end (averaging); serial is one thread.
 */
export type ThreadStrategy = "serial" | "hogwild" | "delayed" | "locked" | "locked-parts" | "round-robin" | "averaging";

/** Every ThreadStrategy. */
export const THREAD_STRATEGIES: readonly ThreadStrategy[] = [
  "serial",
  "hogwild",
  "delayed",
  "locked",
  "locked-parts",
  "round-robin",
  "averaging",
];

export const MODE_OF: Readonly<Record<ThreadStrategy, PassMode>> = {
  serial: "free",
  hogwild: "free",
  delayed: "free",
  locked: "locked",
  "locked-parts": "locked",
  "round-robin": "ordered",
  averaging: "free",
};

/** How a problem is minimised: the steps, and the threads that take them. */
export interface DescentOptions {
  /** γ of the first epoch. */
  readonly learningRate: number;
  /** Default "hogwild". */
  readonly strategy?: ThreadStrategy;
  /**
   * Default 2; 1 when serial. Ratings: at most their numGroups, else their grid is left aside. An epoch has 8 to 64 portions
   * by its work, and threads work on two epochs at most: more threads than that find nothing to do.
   */
  readonly numThreads?: number;
  /** Default 20, as in the paper. */
  readonly epochs?: number;
  /** β, in (0, 1]. Default 0.9, as in the paper. */
  readonly backoff?: number;
  /** Of the order of examples and of random starts. Default 1. */
  readonly seed?: number;
  /**
   * Examples that a thread of strategy delayed takes between two exchanges, at least (blocks of examples are whole).
   * Default 0: as many as touch eight times x's length of numbers, so that exchanging costs little beside the steps; 256 at
   * least, an eighth of the thread's epoch at most.
   */
  readonly exchangeEvery?: number;
  /** Spin steps added to each gradient, for the paper's experiment with costly gradients; see delay.ts. Default 0. */
  readonly delay?: number;
}

/** With the defaults filled in. @throws {ConfigError} */
export function checkDescentOptions(options: DescentOptions): Required<DescentOptions> {
  const {
    strategy = "hogwild",
    epochs = 20,
    backoff = 0.9,
    seed = 1,
    delay = 0,
    learningRate,
    exchangeEvery = 0,
  } = options;
  const numThreads = options.numThreads ?? (strategy === "serial" ? 1 : 2);
  const check = (isGood: boolean, expected: string, got: unknown): void => {
    if (!isGood) throw new ConfigError(`descend: expected ${expected}, got ${String(got)}`);
  };
  const isCount = (x: number, least: number): boolean => Number.isInteger(x) && x >= least && x < 2 ** 32;
  check(THREAD_STRATEGIES.includes(strategy), `strategy to be one of ${THREAD_STRATEGIES.join(", ")}`, strategy);
  check(learningRate > 0 && Number.isFinite(learningRate), "learningRate above 0", learningRate);
  check(isCount(numThreads, 1) && numThreads <= 1024, "numThreads from 1 to 1024", numThreads);
  check(strategy !== "serial" || numThreads === 1, "one thread for strategy serial", numThreads);
  check(isCount(epochs, 1), "epochs of at least 1", epochs);
  check(backoff > 0 && backoff <= 1, "backoff above 0 and at most 1", backoff);
  check(Number.isSafeInteger(seed), "seed to be an integer", seed);
  check(isCount(delay, 0), "delay to be a count of spin steps", delay);
  check(isCount(exchangeEvery, 0), "exchangeEvery to be a count of examples", exchangeEvery);
  return { strategy, epochs, backoff, seed, delay, learningRate, numThreads, exchangeEvery };
}
