import { describe, expect, it } from "vitest";
import { settle } from "../../../src/train/plan/settle.js";

/**
 * Choices are numbers of worlds, and the largest whose time fits the budget is chosen. `turns`: seconds a world that the
 * machine shows at each timing; the first guess is 1.
 */
async function settled(turns: readonly number[], { budget = 8, mostTimings = 5 } = {}) {
  let secondsAWorld = 1;
  const timings: number[] = [];
  const chosen = await settle<number>({
    choose: () => [8, 6, 4, 2, 1].find((worlds) => worlds * secondsAWorld <= budget) ?? 1,
    time: async (worlds) => {
      secondsAWorld = turns[Math.min(timings.length, turns.length - 1)];
      timings.push(worlds);
    },
    fits: (worlds) => worlds * secondsAWorld <= budget,
    keyOf: String,
    mostTimings,
  });
  return { chosen, timings };
}

describe("settle", () => {
  it("keeps a choice that its own timing confirms", async () => {
    expect(await settled([1])).toEqual({ chosen: 8, timings: [8] });
    expect(await settled([2])).toEqual({ chosen: 4, timings: [8, 4] });
  });

  it("does not go back to a choice that was too slow while the present one fits", async () => {
    // Eight worlds took 2 s each, four of them take 1 s each: eight would seem to fit again.
    expect(await settled([2, 1])).toEqual({ chosen: 4, timings: [8, 4] });
  });

  it("times an earlier choice again where the present one is over the budget by its own figures", async () => {
    const budget = 8;
    let seconds = 9;
    const timings: string[] = [];
    // Two choices, each within the budget by the other's figures alone, while the machine is busy.
    const chosen = await settle<string>({
      choose: () =>
        timings.length === 0 || timings.at(-1) === "small" ? "large" : seconds > budget ? "small" : "large",
      time: async (choice) => {
        timings.push(choice);
        seconds = timings.length < 3 ? 9 : 7;
      },
      fits: () => seconds <= budget,
      keyOf: (choice) => choice,
      mostTimings: 5,
    });
    expect(timings).toEqual(["large", "small", "large"]);
    expect(chosen).toBe("large");
  });

  it("times nothing where no budget asks for it, and ends on a machine that never settles", async () => {
    expect(await settled([3], { mostTimings: 0 })).toEqual({ chosen: 8, timings: [] });
    expect((await settled([9, 0.5, 9, 0.5, 9, 0.5], { mostTimings: 3 })).timings.length).toBeLessThanOrEqual(3);
  });
});
