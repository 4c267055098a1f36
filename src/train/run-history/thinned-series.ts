/**
 * @file How does a curve that grows for days stay small? Points at least a gap apart; full, every second one goes and the
 * gap doubles.
 *
 *   ● ● ● ● ● ● ● ●  │ full        gap 1
 *   ●   ●   ●   ●  … │             gap 2: half as many, the same shape
 *
 * The newest point is always known (`latest`), kept or not. A point at or before the newest one takes the place of all
 * from there on: a run that was killed goes on from its last checkpoint, behind the point it had reached.
 */
export class ThinnedSeries<T> {
  private kept: T[];
  private newest: T | null;
  private gap: number;
  private readonly most: number;
  private readonly at: (item: T) => number;

  /** Keeps at most `most` items, placed by `at`. */
  constructor(most: number, at: (item: T) => number) {
    this.kept = [];
    this.newest = null;
    this.gap = 0;
    this.most = Math.max(4, most);
    this.at = at;
  }

  get latest(): T | null {
    return this.newest;
  }

  /** Those kept, and the newest. */
  get items(): readonly T[] {
    const { kept, newest } = this;
    return newest === null || kept[kept.length - 1] === newest ? kept : [...kept, newest];
  }

  /** @returns whether `item` was kept: one that was not is forgotten when the next one comes. */
  add(item: T): boolean {
    const { kept, at } = this;
    const x = at(item);
    while (kept.length > 0 && at(kept[kept.length - 1]) >= x) kept.pop();
    this.newest = item;
    if (kept.length > 0 && x - at(kept[kept.length - 1]) < this.gap) return false;
    kept.push(item);
    if (kept.length > this.most) this.thin();
    return true;
  }

  private thin(): void {
    const { kept, at } = this;
    this.gap = (2 * (at(kept[kept.length - 1]) - at(kept[0]))) / kept.length;
    this.kept = kept.filter((_, i) => i % 2 === 0);
  }
}
