/**
 * @file Does the model still get better on rows it does not train on? What is measured, what counts as better, and when
 * it is time to stop.
 *
 *   metric    ●  ●     goal "max": better means above the best so far by more than minDelta
 *           ●      ● ● ●        `patience` validations without a better one: stop
 *                ▲ best: its parameters are kept if `restoreBest`
 *
 * Source: Prechelt, "Early Stopping – But When?", in "Neural Networks: Tricks of the Trade", 1998, §2 (the criterion
 * UP_s: stop after s checks in a row without improvement). Differs from it: "in a row" is "since the best", so that a
 * metric that goes up and down below its best does not train on.
 */
import { ConfigError } from "../core/errors.js";

/** What is measured, how often, and which metric decides. */
export interface ValidationOptions {
  /** Metrics by name, of the model as it stands; called in evaluate mode. */
  readonly evaluate: () => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Epochs between two validations; the last epoch always has one. Default 1. */
  readonly everyEpochs?: number;
  /** The metric that decides which parameters are best. */
  readonly monitor: string;
  /** Whether the least or the greatest value of `monitor` is best. */
  readonly goal: "min" | "max";
}

/** When training stops for want of progress, and with which parameters. */
export interface EarlyStoppingOptions {
  /** Validations without a better one after which training stops; at least 1. */
  readonly patience: number;
  /** By how much a metric must be better to count. Default 0: any improvement does. */
  readonly minDelta?: number;
  /** End with the parameters of the best validation instead of the last. Default false. */
  readonly restoreBest?: boolean;
}

/** The monitored metric at its best. */
export interface BestValidation {
  /** The one monitored. */
  readonly metric: string;
  /** At whose end it was measured, from 1. */
  readonly epoch: number;
  readonly value: number;
}

/** What a Monitor knows, as JSON. */
export interface MonitorState {
  readonly best: BestValidation | null;
  readonly since: number;
}

/** Follows one metric. */
export class Monitor {
  private readonly validation: ValidationOptions;
  private readonly minDelta: number;
  private readonly patience: number;
  private state: MonitorState;

  /** @throws {ConfigError} for options out of range. */
  constructor(validation: ValidationOptions, earlyStopping: EarlyStoppingOptions | undefined) {
    const { everyEpochs = 1, goal } = validation;
    const { patience = Number.POSITIVE_INFINITY, minDelta = 0 } = earlyStopping ?? {};
    if (!Number.isInteger(everyEpochs) || everyEpochs < 1) {
      throw new ConfigError(`Trainer: expected everyEpochs to be an integer of at least 1, got ${everyEpochs}`);
    }
    if (goal !== "min" && goal !== "max") {
      throw new ConfigError(`Trainer: expected goal to be "min" or "max", got ${String(goal)}; a loss has "min"`);
    }
    if (earlyStopping !== undefined && !(Number.isInteger(patience) && patience >= 1)) {
      throw new ConfigError(`Trainer: expected patience to be an integer of at least 1, got ${patience}`);
    }
    if (!(minDelta >= 0 && minDelta < Infinity)) {
      throw new ConfigError(`Trainer: expected minDelta to be zero or a positive number, got ${minDelta}`);
    }
    this.validation = validation;
    this.minDelta = minDelta;
    this.patience = patience;
    this.state = { best: null, since: 0 };
  }

  /** Measures the model as it stands. */
  evaluate(): ReturnType<ValidationOptions["evaluate"]> {
    return this.validation.evaluate();
  }

  get best(): BestValidation | null {
    return this.state.best;
  }

  /** True after `patience` validations without a better one. */
  get isExhausted(): boolean {
    return this.state.since >= this.patience;
  }

  /** Whether `epoch`, from 1, ends with a validation. */
  isDue(epoch: number, epochs: number): boolean {
    return epoch % (this.validation.everyEpochs ?? 1) === 0 || epoch === epochs;
  }

  /** @returns whether `metrics` are the best so far; one that is not finite never is. @throws {ConfigError} if the metric is not among them. */
  observe(epoch: number, metrics: Readonly<Record<string, number>>): boolean {
    const { monitor, goal } = this.validation;
    const value = metrics[monitor];
    if (typeof value !== "number") {
      throw new ConfigError(
        `Trainer: expected the metric "${monitor}" from evaluate, got ${Object.keys(metrics).join(", ") || "none"}; ` +
          "monitor one of those that evaluate returns",
      );
    }
    const { best, since } = this.state;
    const gain = best === null ? Infinity : goal === "max" ? value - best.value : best.value - value;
    const isBetter = Number.isFinite(value) && gain > this.minDelta;
    this.state = isBetter ? { best: { metric: monitor, epoch, value }, since: 0 } : { best, since: since + 1 };
    return isBetter;
  }

  snapshot(): MonitorState {
    return this.state;
  }

  restore(state: MonitorState): void {
    this.state = state;
  }
}
