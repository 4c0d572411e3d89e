import { defineConfig } from "vitest/config";

// Agreement tests ask PostgreSQL, wherever they live; all else in core and steps is pure, and must not wait for a server.
const pure = ["src/core/**/*.test.ts", "src/steps/**/*.test.ts"];
const agreement = "src/**/*-agreement.test.ts";

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // As long as a machine that is busy with other things may take; what is waited for comes at once elsewhere.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      { extends: true, test: { name: "pure", include: pure, exclude: [agreement] } },
      {
        extends: true,
        test: {
          name: "database",
          include: ["src/**/*.test.ts", "bench/**/*.test.ts", "e2e/**/*.test.ts", "scripts/**/*.test.ts", agreement],
          exclude: [...pure.map((pattern) => pattern.replace("*.test.ts", "!(*-agreement).test.ts"))],
          globalSetup: ["src/testing/global-setup.ts"],
        },
      },
    ],
  },
});
