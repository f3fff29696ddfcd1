// Is the surface of the library what it was: what is exported, and its types as TypeScript writes them down?
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeTypes } from '../../src/apps/cli/types-build.ts';
import * as library from '../../src/index.ts';
import { ROOT } from '../support/docs/pages.ts';

describe('the surface', () => {
  it('is what it was: what is exported, and its types', async () => {
    const out = mkdtempSync(join(tmpdir(), 'ledgerstone-surface-'));
    try {
      await writeTypes(ROOT, out);
      const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.d.ts'),
      );
      const own = files.filter((name) => /^(?:index|library)/.test(name)).sort();
      const texts = own.map((name) => `// ${name}\n${readFileSync(join(out, name), 'utf8')}`);
      expect(texts.join('\n')).toMatchSnapshot();
      expect(files.length).toBeGreaterThan(own.length);
      // What a type names is there, and no code comes along.
      for (const text of texts) expect(text).not.toMatch(/\.ts['"]/);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
    expect(Object.keys(library).sort()).toEqual([
      ...[
        'LedgerstoneError',
        'checkProof',
        'checkStamp',
        'find',
        'openArchive',
        'proveEvent',
        'verifyArchive',
        'verifyPackage',
      ],
    ]);
  });
});
