/**
 * @file When are finished worlds merged and measured? As they come, on a thread of its own, for about a fiftieth of the time.
 *
 * Each world is scored once when it is done. Ranking grows with the worlds and the labels: after one that took t, the next
 * waits until 50·t have passed, so that models that train long get a point a world. Powers of two and all worlds are
 * measured in any case: a curve of few points is a curve. What goes wrong here is told and costs the curve, never the
 * training.
 */
import type { MetricValues } from "../../mach/metrics.js";
import { JobThread } from "../../parallel/job-thread.node.js";
import type { MergeCurveJob, MergeCurveResult, MergeCurveShared } from "./merge-curve-job.js";

/** Time left to training for each second of ranking. */
const REST_FACTOR = 50;

export interface MergeCurveEvents {
  onPoint(numWorlds: number, figures: MetricValues): void;
  /** Called at most once: no point comes after it. */
  onFailure(error: Error): void;
}

export class MergeCurveThread {
  private readonly thread: JobThread<MergeCurveJob, never, MergeCurveResult>;
  private readonly events: MergeCurveEvents;
  private last: Promise<void>;
  private nextMs: number;
  private numAdded: number;
  private isBehind: boolean;
  private hasFailed: boolean;

  constructor(shared: MergeCurveShared, events: MergeCurveEvents) {
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const script = new URL("./merge-curve-worker.node.js", import.meta.url);
    this.thread = new JobThread(script, { shared, stop });
    this.events = events;
    this.last = Promise.resolve();
    this.nextMs = 0;
    this.numAdded = 0;
    this.isBehind = false;
    this.hasFailed = false;
  }

  /** Takes in a world whose file is complete. `mayMeasure` false: more come at once. */
  add(world: number, path: string, mayMeasure = true): void {
    this.numAdded++;
    const isPower = Number.isInteger(Math.log2(this.numAdded));
    const isDue = (): boolean => mayMeasure && (isPower || performance.now() >= this.nextMs);
    this.enqueue(() => ({ added: { world, path }, isMeasured: isDue() }));
  }

  /** Measures all worlds, if that has not been done, and ends the thread. `isStopped`: ends it at once. */
  async close(isStopped: boolean): Promise<void> {
    if (!isStopped) {
      this.enqueue(() => (this.isBehind ? { added: null, isMeasured: true } : null));
      await this.last;
    }
    this.hasFailed = true;
    await this.thread.terminate();
  }

  private enqueue(job: () => MergeCurveJob | null): void {
    this.last = this.last.then(async () => {
      if (this.hasFailed) return;
      try {
        await this.run(job());
      } catch (error) {
        if (this.hasFailed) return;
        this.hasFailed = true;
        this.events.onFailure(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  private async run(job: MergeCurveJob | null): Promise<void> {
    if (job === null) return;
    const { figures, numWorlds, seconds } = await this.thread.run(job, () => {});
    this.isBehind = figures === null;
    if (figures === null) return;
    this.nextMs = performance.now() + 1000 * REST_FACTOR * seconds;
    this.events.onPoint(numWorlds, figures);
  }
}
