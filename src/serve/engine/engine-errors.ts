/** @file Why can a search not be answered? The client's fault, too much at once, or a thread that died. */
import { ConfigError, ManyworldsError } from "../../core/errors.js";

/** The query cannot be answered as it stands, and asking again will not help: an unknown name in a filter, text for a model of numbers. */
export class BadQueryError extends ConfigError {}

/** More queries wait than the engine takes. Nothing was done for the request. */
export class OverloadedError extends ManyworldsError {
  readonly exitCode = 1;
  /** After how long a client may ask again: what waits now should be answered then. At least 1. */
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The engine was closed before the answer, or never loaded. */
export class EngineClosedError extends ManyworldsError {
  readonly exitCode = 1;
}

/** The thread that had the query died, and so did the one that had it next. */
export class PredictionThreadError extends ManyworldsError {
  readonly exitCode = 1;
}
