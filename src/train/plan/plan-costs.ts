/**
 * @file What do models cost on this machine? Memory from what the program allocates, time from a calibration, scaled.
 *
 *   a world     setup + steps · seconds a step + checkpoints every 30 s + its file
 *   training    reading + rounds · a world,   rounds = ⌈worlds / worlds at once⌉
 *   a query     R · forward + retrieval
 */

import type { ModelOptions } from "../model-options.js";
import { CHECKPOINT_INTERVAL_MS } from "../trainer-options.js";
import { type PlanShape, trainingRows } from "./plan-shape.js";
import type { QueryTimes } from "./query-calibration.js";
import type { PlanCosts } from "./recommend.js";
import { servingMemory } from "./serving-memory.js";
import { queryWork, stepWork } from "./step-work.js";
import { checkpointBytes, type ProcessMemory, trainingBytes, worldMemory } from "./training-memory.js";

/** Measured figures and what they were measured with. */
export interface TrainingTimes {
  readonly options: ModelOptions;
  readonly shape: PlanShape;
  readonly setupSeconds: number;
  readonly stepSeconds: number;
  readonly secondsPerByte: number;
}

export interface CostsRequest {
  readonly shape: PlanShape;
  /** Before reading, and after. */
  readonly startedBytes: number;
  readonly process: ProcessMemory;
  /** Seconds that pass before worlds are trained. */
  readonly secondsBefore: number;
  /** Worlds that are trained, where that is not all of them. */
  readonly numTrained?: number | undefined;
  /** null: time costs nothing. */
  readonly training: TrainingTimes | null;
  readonly query: { readonly options: ModelOptions; readonly times: QueryTimes } | null;
}

/** What training takes. */
export interface TrainingTime {
  readonly stepSeconds: number;
  readonly stepsPerWorld: number;
  readonly worldSeconds: number;
  readonly trainingSeconds: number;
}

/** Starting threads and loading the program into them; publishing the model. */
const START_SECONDS = 0.4;

/** Costs of any options, by scaling what was measured with some. */
export class MeasuredCosts implements PlanCosts {
  private readonly request: CostsRequest;

  constructor(request: CostsRequest) {
    this.request = request;
  }

  trainingBytes(options: ModelOptions, worldsAtOnce: number): number {
    const { shape, process } = this.request;
    return trainingBytes(options, shape, process, worldsAtOnce);
  }

  servingBytes(options: ModelOptions): number {
    const { shape, startedBytes } = this.request;
    return servingMemory(options, shape, startedBytes).total;
  }

  trainingSeconds(options: ModelOptions, worldsAtOnce: number): number {
    return this.trainingTime(options, worldsAtOnce)?.trainingSeconds ?? 0;
  }

  querySeconds(options: ModelOptions): number {
    const times = this.queryTimes(options);
    if (times === null) return 0;
    const retrieval = times.retrievalSeconds.get(options.merge);
    if (retrieval === undefined) throw new Error(`MeasuredCosts: no query was timed with merge ${options.merge}`);
    return options.numWorlds * times.forwardSeconds + retrieval;
  }

  /** null: nothing was measured. */
  trainingTime(options: ModelOptions, worldsAtOnce: number): TrainingTime | null {
    const { shape, training, secondsBefore, numTrained } = this.request;
    if (training === null) return null;
    const stepSeconds = (training.stepSeconds * stepWork(options, shape)) / stepWork(training.options, training.shape);
    const { weights } = worldMemory(options, shape);
    const setup = (training.setupSeconds * weights) / worldMemory(training.options, training.shape).weights;
    const stepsPerWorld = options.epochs * Math.ceil(trainingRows(options, shape) / options.batchSize);
    const stepping = stepsPerWorld * stepSeconds;
    const numCheckpoints = Math.floor((1000 * stepping) / CHECKPOINT_INTERVAL_MS);
    const writing = training.secondsPerByte * (weights + numCheckpoints * checkpointBytes(options, shape));
    const worldSeconds = setup + stepping + writing;
    const rounds = Math.ceil(Math.min(numTrained ?? options.numWorlds, options.numWorlds) / worldsAtOnce);
    const trainingSeconds = secondsBefore + START_SECONDS + rounds * worldSeconds;
    return { stepSeconds, stepsPerWorld, worldSeconds, trainingSeconds };
  }

  /** null: nothing was measured. */
  queryTimes(options: ModelOptions): QueryTimes | null {
    const { shape, query } = this.request;
    if (query === null) return null;
    const { times } = query;
    return {
      forwardSeconds: (times.forwardSeconds * queryWork(options, shape)) / queryWork(query.options, shape),
      retrievalSeconds: new Map(
        [...times.retrievalSeconds].map(([merge, seconds]) => [
          merge,
          (seconds * options.numWorlds) / query.options.numWorlds,
        ]),
      ),
    };
  }
}
