/** @file By which strategy is a model continued? */
import { describe, expect, it } from "vitest";
import { resumedStrategy } from "../../../src/train/strategies/resumed-strategy.js";
import { resolveStrategy, STRATEGY_DEFAULTS } from "../../../src/train/strategies/strategy.js";

const HOGWILD = resolveStrategy({ strategy: "hogwild", numWorkers: 4, backoff: 0.9 });

describe("resumedStrategy", () => {
  it("is that of the model's worlds where none is given", () => {
    expect(resumedStrategy({}, undefined, "m")).toEqual(STRATEGY_DEFAULTS);
    expect(resumedStrategy({}, HOGWILD, "m")).toEqual(HOGWILD);
  });

  it("takes another number of workers", () => {
    expect(resumedStrategy({ numWorkers: 2 }, HOGWILD, "m")).toEqual({ ...HOGWILD, numWorkers: 2 });
    expect(resumedStrategy({ strategy: "hogwild", numWorkers: 2 }, HOGWILD, "m").numWorkers).toBe(2);
  });

  it("refuses what would make other worlds, by name", () => {
    expect(() => resumedStrategy({ strategy: "averaging" }, HOGWILD, "m")).toThrow(
      /m: .*strategy "hogwild", got "averag/,
    );
    expect(() => resumedStrategy({ backoff: 0.8 }, HOGWILD, "m")).toThrow(/backoff 0\.9, got 0\.8/);
    expect(() => resumedStrategy({ strategy: "sequential" }, HOGWILD, "m")).toThrow(/got "sequential"/);
    expect(() => resumedStrategy({ strategy: "hogwild" }, undefined, "m")).toThrow(
      /strategy "sequential", got "hogwild"/,
    );
  });

  it("lets sequential and model-parallel, which write the same bytes, stand for each other", () => {
    const split = { strategy: "model-parallel", numWorkers: 2, microBatches: 2 } as const;
    expect(resumedStrategy(split, undefined, "m")).toEqual(split);
    expect(resumedStrategy({ strategy: "sequential" }, resolveStrategy(split), "m")).toEqual({
      strategy: "sequential",
    });
  });
});
