/** @file How does a route refuse? With a status, a code of the contract, and words that a client may see. */
import type { ErrorCode } from "../../mach/search-contract.js";

/** Which limit turned a request away. */
export type ShedReason = "client" | "concurrency" | "queue" | "timeout" | "not_ready";

export interface HttpErrorFacts {
  readonly retryAfterSeconds?: number;
  readonly shed?: ShedReason;
}

export class HttpError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly facts: HttpErrorFacts;

  /** `message` goes to the client as it is: no path, no stack, nothing of another request. */
  constructor(status: number, code: ErrorCode, message: string, facts: HttpErrorFacts = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }

  override get name(): string {
    return "HttpError";
  }
}
