/**
 * @file When does the memory of a replaced model go? Its parameters stand on shared memory, gigabytes behind some dozens of
 * small objects: for V8, which counts the objects, there is nothing to collect, and a server would hold two models for
 * hours. So it is asked to collect, once a reload.
 *
 * Costs a pause of some tens of milliseconds for the heap of a server. The flag that gives the function is V8's own and is
 * taken back at once; a program that runs in a host without it goes on with V8's own pace.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects all of this thread's garbage, when the event loop has nothing else to do in this turn. */
export function collectGarbageSoon(): void {
  setImmediate(() => {
    try {
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      setFlagsFromString("--no-expose-gc");
      collect();
    } catch {
      // Without the function, memory goes when V8 likes.
    }
  }).unref();
}
