// Tests run the built command too, some on all of the shared data: each gets time for that, also on a slow machine.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { TZ: 'America/New_York', NO_COLOR: '1' },
  },
});
