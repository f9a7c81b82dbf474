import { defineConfig } from 'vitest/config';

// vitest 4: 5 and newer do not support Node.js 20 (its `engines` field begins at 22.12).
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // On Node 20 the SDK warns of Node 22 in every file.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Tests wait for processes more than they compute: a worker for each core, where vitest leaves one core out.
    maxWorkers: '100%',
    // Each test that starts a process or synthesizes a stack takes seconds on a small machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
