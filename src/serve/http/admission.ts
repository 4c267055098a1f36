/**
 * @file Which searches are taken on? As many as the limits allow at once, in all and for each client. What is refused
 * is refused before its body is read: a client learns at once that it has to wait, and no queue grows.
 */
import { HttpError } from "./http-error.js";

export interface AdmissionLimits {
  readonly concurrent: number;
  readonly concurrentPerClient: number;
}

export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly running = new Map<string, number>();
  private total = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  /** Searches under way. */
  get numRunning(): number {
    return this.total;
  }

  /** Refuses what cannot be taken on now. @throws {HttpError} 429 where this client has too many, 503 where all have. */
  check(client: string): void {
    const { concurrent, concurrentPerClient } = this.limits;
    if ((this.running.get(client) ?? 0) >= concurrentPerClient) {
      const message = `expected at most ${concurrentPerClient} searches at once from one client; wait for answers before asking more`;
      throw new HttpError(429, "too_many_requests", message, { retryAfterSeconds: 1, shed: "client" });
    }
    if (this.total >= concurrent) {
      const message = `${concurrent} searches are under way; ask again in a moment`;
      throw new HttpError(503, "overloaded", message, { retryAfterSeconds: 1, shed: "concurrency" });
    }
  }

  /** Takes a search on. Call `leave` when it is done. @throws {HttpError} as `check` does. */
  enter(client: string): void {
    this.check(client);
    this.total++;
    this.running.set(client, (this.running.get(client) ?? 0) + 1);
  }

  leave(client: string): void {
    this.total--;
    const left = (this.running.get(client) ?? 0) - 1;
    if (left > 0) this.running.set(client, left);
    else this.running.delete(client);
  }
}
