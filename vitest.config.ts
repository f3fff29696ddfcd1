import { defineConfig } from 'vitest/config';

const project = (name: string, timeoutMs = 20_000, extra: Record<string, unknown> = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    environment: 'node' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    ...extra,
  },
});

export default defineConfig({
  test: {
    globalSetup: ['test/support/stack/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      project('unit'),
      project('property', 60_000),
      project('vectors', 60_000),
      project('fault', 120_000),
      project('contract', 300_000),
      project('infra', 120_000),
      project('e2e', 600_000, { fileParallelism: false }),
    ],
  },
});
