/**
 * @file Which choice stands, when a choice is made by figures and timing it changes the figures?
 *
 *   choose ─ time ─ choose again ─┬─ the same           it stands
 *                                 ├─ a new one          time that
 *                                 └─ an earlier one     it was too slow then: the present one stands if it fits by its own
 *                                                       figures; else the machine was busy then or is now: time it again
 */
export interface Settling<C> {
  /** By the latest figures. */
  choose(): C;
  /** Measures the figures of `choice`. */
  time(choice: C): Promise<void>;
  /** Whether `choice`, the one timed last, is within the budgets by its own figures. */
  fits(choice: C): boolean;
  /** Equal for equal choices. */
  keyOf(choice: C): string;
  /** Times that a choice is timed; the last one made stands. */
  readonly mostTimings: number;
}

/** @returns the choice, timed unless there were too many. */
export async function settle<C>({ choose, time, fits, keyOf, mostTimings }: Settling<C>): Promise<C> {
  let chosen = choose();
  const timed = new Set<string>();
  for (let turn = 0; turn < mostTimings; turn++) {
    timed.add(keyOf(chosen));
    await time(chosen);
    const next = choose();
    if (keyOf(next) === keyOf(chosen)) break;
    if (timed.has(keyOf(next)) && fits(chosen)) break;
    chosen = next;
  }
  return chosen;
}
