/**
 * @file What do hogwild, locked and round-robin have in common? All workers step one vector, with one optimiser's state.
 *
 *   lead     own parameters ─▶ shared memory ─┐ handout: value, state, board, words of the gate
 *   others   theirs are forgotten             └▶ adopted: from here on they read and write the lead's
 *
 * The optimiser's state is shared like the parameters. A thread's own would remember an N-th of the past each, take N
 * times the memory, and divide steps by second moments of too few gradients; shared, N workers' steps together do what
 * one worker's do. Steps are counted together, too. After each epoch the step may be cut by a factor, the paper's back-off.
 *
 * Source: Niu, Recht, Ré, Wright, "HOGWILD!: A Lock-Free Approach to Parallelizing Stochastic Gradient Descent", NIPS
 * 2011, §5 (back-off) and §7 (the schemes that it is compared with).
 */
import type { Parameter } from "../../nn/parameter.js";
import type { Barrier } from "../../parallel/barrier.js";
import { createBoard, type FreeBoard, FreeRunning } from "./free-running.js";
import { adoptModel, checkOptimizer, type SharedModel, shareModel } from "./shared-model.js";
import type { StepGate } from "./step-gate.js";
import type { Enrolment, StrategyWorker } from "./strategy.js";

/** What a worker's gate is made of. */
export interface GateParts {
  /** Zero at first, the same memory for all. */
  readonly words: Int32Array;
  readonly parameters: readonly Parameter[];
  readonly barrier: Barrier;
  /** This worker, of `size`. */
  readonly index: number;
  readonly size: number;
}

/** How workers keep out of each other's way. */
export interface GateKind {
  /** Words of shared memory that the gate of `size` workers needs. */
  numWords(parameters: readonly Parameter[], size: number): number;
  create(parts: GateParts): StepGate;
}

interface Handout {
  readonly model: SharedModel;
  readonly board: FreeBoard;
  readonly words: Int32Array;
}

/** A worker's side of a strategy on one vector. */
export async function joinOneVector<B>(enrolment: Enrolment<B>, kind: GateKind): Promise<StrategyWorker> {
  const { index, size, kernels, options, barrier } = enrolment;
  const local = await enrolment.build();
  const flat = local.objective.parameters;
  const { parameters } = flat;
  const optimizer = checkOptimizer(options.strategy, local.optimizer);
  let handout: Handout | null = null;
  if (index === 0) {
    const words = new Int32Array(new SharedArrayBuffer(4 * kind.numWords(parameters, size)));
    handout = { model: shareModel(kernels, flat, optimizer), board: createBoard(size), words };
  }
  const [{ model, board, words }] = (await enrolment.exchange(handout)) as readonly [Handout];
  // RACE: from here on all workers read these numbers while others write them, and hogwild's write them at once. An
  // update can then be lost: the gradient that it held is one of many, and the next that touches the component starts from
  // whatever stands there.
  if (index > 0) adoptModel(flat, optimizer, model);
  const scheme = {
    local,
    optimizer,
    published: local,
    stepCount: "shared",
    gate: kind.create({ words, parameters, barrier, index, size }),
    rateOfEpoch: (epoch: number) => options.backoff ** epoch,
    endEpoch() {
      optimizer.stepCount = board.flags[1];
    },
    state: () => optimizer.state(),
    saves: "any step",
  } as const;
  return new FreeRunning(enrolment, scheme, board);
}
