import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each test that starts a process or synthesizes a stack takes seconds on a small machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
