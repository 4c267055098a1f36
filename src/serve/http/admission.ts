/**
 * @file Which searches are taken on? As many as the limits allow at once, in all and for each client, and for each client
 * also by their queries: a few searches of many queries would fill the engine's queue. What is refused is refused before
 * its body is read where it can be: a client learns at once that it has to wait, and no queue grows.
 */
import { HttpError } from "./http-error.js";

export interface AdmissionLimits {
  readonly concurrent: number;
  readonly concurrentPerClient: number;
  readonly queriesPerClient: number;
}

/** What one client has under way. */
interface Share {
  searches: number;
  queries: number;
}

const NOTHING: Readonly<Share> = { searches: 0, queries: 0 };

export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly running = new Map<string, Share>();
  private total = 0;

  constructor(limits: AdmissionLimits) {
    this.limits = limits;
  }

  /** Searches under way. */
  get numRunning(): number {
    return this.total;
  }

  /**
   * Refuses a search of `numQueries`, at least 1, that cannot be taken on now. A client without another may ask as many as
   * the schema lets it. @throws {HttpError} 429 where this client has too many, 503 where all have.
   */
  check(client: string, numQueries = 1): void {
    const { concurrent, concurrentPerClient, queriesPerClient } = this.limits;
    const { searches, queries } = this.running.get(client) ?? NOTHING;
    if (searches >= concurrentPerClient) refuseClient(`${concurrentPerClient} searches`);
    if (searches > 0 && queries + numQueries > queriesPerClient) refuseClient(`${queriesPerClient} queries`);
    if (this.total >= concurrent) {
      const message = `${concurrent} searches are under way; ask again in a moment`;
      throw new HttpError(503, "overloaded", message, { retryAfterSeconds: 1, shed: "concurrency" });
    }
  }

  /** Takes a search on. Call `leave` with the same when it is done. @throws {HttpError} as `check` does. */
  enter(client: string, numQueries: number): void {
    this.check(client, numQueries);
    this.total++;
    const share = this.running.get(client) ?? { ...NOTHING };
    share.searches++;
    share.queries += numQueries;
    this.running.set(client, share);
  }

  leave(client: string, numQueries: number): void {
    const share = this.running.get(client);
    if (share === undefined) return;
    this.total--;
    share.searches--;
    share.queries -= numQueries;
    if (share.searches === 0) this.running.delete(client);
  }
}

function refuseClient(most: string): never {
  const message = `expected at most ${most} at once from one client; wait for answers before asking more`;
  throw new HttpError(429, "too_many_requests", message, { retryAfterSeconds: 1, shed: "client" });
}
