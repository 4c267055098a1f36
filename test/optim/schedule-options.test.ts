/** @file What a schedule of steps refuses: factors and milestones that no training could follow. */
import { expect, it } from "vitest";
import { createSchedule } from "../../src/optim/index.js";

it.each([-0.1, Number.NaN, Infinity])("refuses decay %d", (decay) => {
  expect(() => createSchedule("step", { decay })).toThrow(`expected decay of at least 0, got ${decay}`);
});

it.each([[[0.75, 0.5]], [[-0.1]], [[0.5, Number.NaN]], [[30, 60]]])("refuses milestones %j", (milestones) => {
  expect(() => createSchedule("step", { milestones })).toThrow("expected milestones in [0, 1], ascending");
});

it("takes none, and several at one place", () => {
  expect(createSchedule("step", { milestones: [] })(1)).toBe(1);
  expect(createSchedule("step", { milestones: [0.5, 0.5], decay: 0.5 })(0.5)).toBe(0.25);
});
