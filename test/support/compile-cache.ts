// What spares each process that a test starts half of its start? Node keeps what it has compiled beside the packages.
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Node looks at the whole source before it takes an entry. Coverage would count less exactly with it. */
export function setup({ vitest }: TestProject): void {
  if (vitest.config.coverage.enabled) return;
  process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../node_modules/.cache/compile');
}
