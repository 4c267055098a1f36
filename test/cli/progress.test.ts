/** @file What stands on a terminal while work goes on, and what a log gets instead; on a clock that the test sets. */
import type { WriteStream } from "node:tty";
import { describe, expect, it } from "vitest";
import { createProgress, type Progress, type ProgressUpdate, renderBar } from "../../src/cli/progress.js";

const update = (over: Partial<ProgressUpdate> = {}): ProgressUpdate => ({
  job: "world 3",
  fraction: 0.5,
  details: { epoch: "4/6", loss: 2.1144444, rows: 31204 },
  rate: { perSecond: 31_203.6, unit: "rows" },
  ...over,
});

/** A stream that shows what a terminal of `columns` would: lines, moved over and erased by escape codes. */
class Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly lines: string[] = [""];

  constructor(isTTY: boolean, columns = 200) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): boolean {
    // Only two codes are used: n lines up, to the start of the line, and erase all below.
    for (const [i, part] of text.split("\x1b[").entries()) {
      const up = i > 0 ? /^(\d+)A$/.exec(part) : null;
      if (up !== null) {
        this.lines.splice(this.lines.length - 1 - Number(up[1]), Infinity, "");
        continue;
      }
      const [first, ...rest] = (i > 0 ? part.replace(/^0J/, "") : part).split("\n");
      this.lines[this.lines.length - 1] += first;
      this.lines.push(...rest);
    }
    return true;
  }
}

function start(isTTY: boolean, columns?: number): { progress: Progress; screen: Screen; clock: { ms: number } } {
  const screen = new Screen(isTTY, columns);
  const clock = { ms: 1_000_000 };
  const progress = createProgress(screen as unknown as WriteStream, { now: () => clock.ms });
  return { progress, screen, clock };
}

describe("renderBar", () => {
  it("shows job, share, details, rate and the time that is left", () => {
    const bar = "━".repeat(13) + "─".repeat(13);
    expect(renderBar(update(), 12)).toBe(
      `world 3   ${bar}  50 %  epoch 4/6  loss 2.114  rows 31,204  31,204 rows/s  ETA 12 s`,
    );
    const { rate: _, ...bare } = update({ details: {} });
    expect(renderBar(bare, Number.NaN)).toBe(`world 3   ${bar}  50 %`);
  });

  it("is full only at the end", () => {
    const filled = (fraction: number): number => renderBar(update({ fraction }), 1).split("━").length - 1;
    expect([0, 0.999, 1, 1.2, -0.1].map(filled)).toEqual([0, 25, 26, 26, 0]);
    expect(renderBar(update({ fraction: 0.999 }), 1)).toContain(" 99 %");
  });
});

describe("on a terminal", () => {
  it("keeps a bar for each running job, redraws in place, and leaves what ended as lines", () => {
    const { progress, screen, clock } = start(true);
    progress.update(update({ job: "world 0", fraction: 0.1 }));
    clock.ms += 1000;
    progress.update(update({ job: "world 1", fraction: 0.2 }));
    clock.ms += 1000;
    progress.update(update({ job: "world 0", fraction: 0.3 }));
    // 0.2 of the work in two seconds: the other 0.7 take seven.
    expect(screen.lines.map((line) => line.slice(0, 7))).toEqual(["world 0", "world 1", ""]);
    expect(screen.lines[0]).toMatch(/ 30 % .* ETA 7\.0 s$/);
    progress.note("a remark");
    progress.finish("world 0", "world 0 done");
    expect(screen.lines.slice(0, 2)).toEqual(["a remark", "world 0 done"]);
    expect(screen.lines[2]).toMatch(/^world 1 /);
    progress.close();
    expect(screen.lines).toEqual(["a remark", "world 0 done", ""]);
    progress.close();
    expect(screen.lines).toEqual(["a remark", "world 0 done", ""]);
  });

  it("redraws ten times a second at most, and never wider than the terminal", () => {
    const { progress, screen, clock } = start(true, 40);
    for (let i = 1; i <= 100; i++) {
      progress.update(update({ fraction: i / 100 }));
      clock.ms += 10;
    }
    expect(screen.lines[0]).toHaveLength(39);
    progress.close();
    expect(screen.lines).toEqual([""]);
  });
});

describe("elsewhere", () => {
  it("prints a JSON object a line, one a second for each job, and always its end", () => {
    const { progress, screen, clock } = start(false);
    for (let i = 0; i < 30; i++) {
      progress.update(update({ fraction: i / 30 }));
      progress.update(update({ job: "reading", fraction: i / 30 }));
      clock.ms += 100;
    }
    progress.note("a remark");
    progress.finish("reading");
    progress.finish("world 3", "world 3 done");
    progress.close();
    const lines = screen.lines.slice(0, -1).map((line) => JSON.parse(line));
    const worlds = lines.filter(({ event, job }) => event === "progress" && job === "world 3");
    expect(worlds.map(({ fraction }) => fraction)).toEqual([0, 0.3333, 0.6667]);
    expect(worlds[0]).toMatchObject({ epoch: "4/6", loss: 2.1144444, "rows/s": 31_204 });
    expect(lines.slice(-3)).toEqual([
      { event: "note", message: "a remark" },
      { event: "finished", job: "reading" },
      { event: "finished", job: "world 3", message: "world 3 done" },
    ]);
  });

  it("says nothing when it shall be quiet", () => {
    const screen = new Screen(false);
    const progress = createProgress(screen as unknown as WriteStream, { quiet: true });
    progress.update(update());
    progress.note("a remark");
    progress.finish("world 3", "done");
    progress.close();
    expect(screen.lines).toEqual([""]);
  });
});
