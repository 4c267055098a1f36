/** @file What does an engine throw on purpose? Two errors that HTTP answers in words of the contract. */
import { ConfigError, ManyworldsError } from "../../core/errors.js";

/** The query cannot be answered as it stands: an unknown name in a filter, text for a model of numbers. */
export class BadQueryError extends ConfigError {}

/** More queries wait than the engine takes. */
export class OverloadedError extends ManyworldsError {
  readonly exitCode = 1;
  /** After how long a client may ask again. */
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
