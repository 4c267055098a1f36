import { defineConfig } from "vitest/config";

/**
 * Two projects: `unit` (fast, imports `src/`) is what `npm run check` runs; `system` runs the built package as a user
 * would (worker threads and the CLI need compiled files) and the tests that take seconds.
 */
export default defineConfig({
  test: {
    // Every core: the system tests mostly wait for processes that they start.
    maxWorkers: "100%",
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/system/**"], testTimeout: 30_000 } },
      {
        test: {
          name: "system",
          include: ["test/system/**/*.test.ts"],
          globalSetup: ["test/system/run-folder.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
