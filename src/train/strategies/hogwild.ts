/**
 * @file hogwild: every worker steps the one shared vector whenever it has a gradient; no lock, no order, no waiting.
 *
 *   worker 0   read w ─ gradient ─ w ← w − γ·g, component by component
 *   worker 1       read w ─ gradient ─ w ← w − γ·g            between reading and writing w has moved on: that is all
 *
 * Where steps touch few components each, two workers seldom meet and it converges as one worker does, at N times the pace.
 * Where every step touches all (a dense layer), gradients are stale everywhere and cache lines travel: then measure.
 * After each epoch the step may be cut by a factor, the paper's back-off.
 *
 * The optimiser's state is shared like the parameters. A thread's own would remember an N-th of the past each, take N
 * times the memory, and divide steps by second moments of too few gradients; shared, N workers' steps together do what
 * one worker's do, and a lost update of a moment matters as little as one of a weight. Steps are counted together, too.
 *
 * Not the same bytes again: which update comes first, and which of two at once is lost, is chance. Resuming goes on at the
 * lead's round; batches that others had under way are taken again or left out.
 *
 * Source: Niu, Recht, Ré, Wright, "HOGWILD!: A Lock-Free Approach to Parallelizing Stochastic Gradient Descent", NIPS
 * 2011, §2 and §5 (back-off). Differs from the paper: a gradient is that of a batch, not of one row; additions are
 * vectors of some components at once, so that what is lost is lost by vectors; any optimiser, not plain SGD alone.
 */
import { createBoard, type FreeBoard, FreeRunning } from "./free-running.js";
import { adoptModel, checkOptimizer, type SharedModel, shareModel } from "./shared-model.js";
import type { Strategy } from "./strategy.js";

interface Handout {
  readonly model: SharedModel;
  readonly board: FreeBoard;
}

export const hogwild: Strategy = {
  async join(enrolment) {
    const { index, size, kernels, options } = enrolment;
    const local = await enrolment.build();
    const { parameters } = local.objective;
    const optimizer = checkOptimizer("hogwild", local.optimizer);
    const handout: Handout | null =
      index === 0 ? { model: shareModel(kernels, parameters, optimizer), board: createBoard(size) } : null;
    const [given] = (await enrolment.exchange(handout)) as readonly [Handout];
    // RACE: from here on all workers read and write these numbers at once. An update can be lost: the gradient that it
    // held is one of many, and the next that touches the component starts from whatever stands there.
    if (index > 0) adoptModel(parameters, optimizer, given.model);
    const scheme = {
      local,
      optimizer,
      published: local,
      stepCount: "shared",
      rateOfEpoch: (epoch: number) => options.backoff ** epoch,
      endEpoch() {
        optimizer.stepCount = given.board.flags[1];
      },
      state: () => optimizer.state(),
      saves: "any step",
    } as const;
    return new FreeRunning(enrolment, scheme, given.board);
  },
};
