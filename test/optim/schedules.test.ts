/** @file Learning-rate schedules: their ends, their middles, and where warm-up meets them. */
import { describe, expect, it } from "vitest";
import { createSchedule, SCHEDULE_NAMES } from "../../src/optim/index.js";

describe("schedules", () => {
  it("constant is 1", () => {
    const schedule = createSchedule("constant");
    expect([0, 0.3, 1].map(schedule)).toEqual([1, 1, 1]);
  });

  it("linear falls to its end", () => {
    const schedule = createSchedule("linear", { end: 0.2 });
    expect(schedule(0)).toBe(1);
    expect(schedule(0.5)).toBeCloseTo(0.6, 12);
    expect(schedule(1)).toBeCloseTo(0.2, 12);
  });

  it("cosine falls to its end, half-way in the middle", () => {
    const schedule = createSchedule("cosine", { end: 0.5 });
    expect(schedule(0)).toBe(1);
    expect(schedule(0.5)).toBeCloseTo(0.75, 12);
    expect(schedule(0.25)).toBeCloseTo(0.5 + (0.5 * (1 + Math.SQRT1_2)) / 2, 12);
    expect(schedule(1)).toBeCloseTo(0.5, 12);
  });

  it("step multiplies at milestones", () => {
    const schedule = createSchedule("step", { milestones: [0.3, 0.6], decay: 0.5 });
    expect([0, 0.29, 0.3, 0.59, 0.6, 1].map(schedule)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  it.each([...SCHEDULE_NAMES])("%s rises to 1 over the warm-up", (name) => {
    const schedule = createSchedule(name, { warmup: 0.2 });
    expect(schedule(0)).toBe(0);
    expect(schedule(0.1)).toBeCloseTo(0.5, 12);
    expect(schedule(0.2)).toBeCloseTo(1, 12);
  });

  it.each([...SCHEDULE_NAMES])("%s stays at its ends beyond them", (name) => {
    const schedule = createSchedule(name, { warmup: 0.2, end: 0.1 });
    expect(schedule(-1)).toBe(schedule(0));
    expect(schedule(2)).toBe(schedule(1));
  });

  it("refuses options out of range and unknown names", () => {
    expect(() => createSchedule("linear", { warmup: 1 })).toThrow("expected warmup in [0, 1), got 1");
    expect(() => createSchedule("linear", { end: 2 })).toThrow("expected end in [0, 1], got 2");
    expect(() => createSchedule("exponential" as "linear")).toThrow("expected one of constant, linear, cosine, step");
  });
});
