/** @file What a team's owner and its members say to each other. */
import type { ClonedError } from "./job-thread.node.js";

/** What `workerData` of a member holds. */
export interface TeamWorkerData {
  readonly shared: unknown;
  readonly index: number;
  readonly size: number;
  /** See barrier.ts. */
  readonly words: Int32Array;
}

/** What a member posts. */
export type MemberMessage<P, R> =
  | { readonly kind: "progress"; readonly progress: P }
  | { readonly kind: "exchange"; readonly value: unknown }
  | { readonly kind: "done"; readonly result: R }
  /** `aborted`: it gave up because another failed. */
  | { readonly kind: "failed"; readonly error: ClonedError; readonly aborted: boolean };

/** What the owner posts: the values of all members, in the order of their indices. */
export type OwnerMessage = readonly unknown[];
