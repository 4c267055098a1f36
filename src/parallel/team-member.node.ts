/**
 * @file A member's side of a team: its number, the barrier, values exchanged with the others, what it posts.
 */
import { parentPort, workerData } from "node:worker_threads";
import { ProtocolError } from "../core/errors.js";
import { Barrier, BarrierAborted } from "./barrier.js";
import { cloneError } from "./job-thread.node.js";
import { packLargeViews, unpackLargeViews } from "./large-views.js";
import type { MemberMessage, OwnerMessage, TeamWorkerData } from "./team-messages.js";

/** What a member knows of its team, and how it speaks to the others. */
export interface TeamMember<S = unknown, P = unknown> {
  /** From 0. */
  readonly index: number;
  /** Members of the team. */
  readonly size: number;
  readonly shared: S;
  readonly barrier: Barrier;
  postProgress(progress: P): void;
  /** Gives `value` to all and resolves with everyone's, by index. All members must call it equally often. */
  exchange<T>(value: T): Promise<readonly T[]>;
}

/** Runs `run` once and posts what it returns or throws. Call once, at the top of a member's module. */
export function serveTeam<S, P, R>(run: (member: TeamMember<S, P>) => R | Promise<R>): void {
  const port = parentPort;
  if (port === null) throw new ProtocolError("serveTeam: expected to run in a worker thread; start it with runTeam");
  const { shared, index, size, words } = unpackLargeViews(workerData) as TeamWorkerData;
  const post = (message: MemberMessage<P, R>): void => port.postMessage(message);
  const member: TeamMember<S, P> = {
    index,
    size,
    shared: shared as S,
    barrier: new Barrier(words, size),
    postProgress: (progress) => post({ kind: "progress", progress }),
    exchange: <T>(value: T) =>
      new Promise<readonly T[]>((resolve) => {
        port.once("message", (values: OwnerMessage) => resolve(unpackLargeViews(values) as readonly T[]));
        post({ kind: "exchange", value: packLargeViews(value) });
      }),
  };
  const main = async (): Promise<void> => {
    try {
      post({ kind: "done", result: packLargeViews(await run(member)) as R });
    } catch (error) {
      post({ kind: "failed", error: cloneError(error), aborted: error instanceof BarrierAborted });
    }
  };
  void main();
}
