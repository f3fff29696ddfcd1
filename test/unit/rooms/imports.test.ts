// Does every file keep to the rooms of the table, and would the rule notice one that doesn't?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf } from './imports.ts';
import { forbidden, roomOf, targetOf } from './rules.ts';
import { CROSSINGS, NOT_YET, ROOMS, tableRows } from './table.ts';

const SRC = join(import.meta.dirname, '../../../src');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));
const imports = files.flatMap((file) =>
  importsOf(file, readFileSync(join(SRC, file), 'utf8')).map((one) => ({ file, ...one })),
);

/** What the rule says of a file with this source. */
const judged = (file: string, source: string) => importsOf(file, source).map((one) => forbidden(file, one));

describe('imports', () => {
  it('keep to the table', () => {
    const wrong = imports.flatMap((one) => {
      const why = forbidden(one.file, one);
      const isKnown = NOT_YET.some(
        ({ from, to }) => from === one.file && to === targetOf(one.file, one.specifier),
      );
      return why === null || isKnown ? [] : [`src/${one.file}: ${why}`];
    });
    expect(wrong).toEqual([]);
  });

  it('are all looked at', () => {
    expect(files.length).toBeGreaterThan(250);
    expect(imports.length).toBeGreaterThan(files.length * 3);
    expect(imports.some(({ isType }) => isType)).toBe(true);
  });

  it.each([...CROSSINGS, ...NOT_YET])('$from → $to is still needed as an exception', ({ from, to }) => {
    expect(imports.some((one) => one.file === from && targetOf(from, one.specifier) === to)).toBe(true);
  });

  it.each(ROOMS.map(({ name }) => name))('%s is a room that has files', (name) => {
    expect(files.filter((file) => roomOf(file).name === name)).not.toEqual([]);
  });
});

it('README shows the same table', () => {
  const readme = readFileSync(join(SRC, '../README.md'), 'utf8');
  const lines = readme.split('\n').map((line) => line.replace(/ +\|/g, ' |').trim());
  const start = lines.findIndex((line) => line.startsWith('| room | what it knows | may import'));
  expect(lines.slice(start + 2, start + 2 + ROOMS.length)).toEqual(tableRows());
});

describe('the rule notices', () => {
  /** For each room one import that is forbidden there, planted at a depth of its own. */
  const PLANTED: readonly (readonly [file: string, specifier: string])[] = [
    ['base/deep/x.ts', '../../format/line.ts'],
    ['base/node/x.ts', '../../format/line.ts'],
    ['format/x.ts', 'node:fs'],
    ['format/deep/x.ts', 'zod'],
    ['access/x.ts', '../base/node/hash.ts'],
    ['merkle/x.ts', '../base/node/hash.ts'],
    ['segment/x.ts', '../store/store.ts'],
    ['kernel/x.ts', '../ingest/pack.ts'],
    ['apps/archiver/x.ts', '../../kernel/kernel.ts'],
    ['verify/node/x.ts', '../../kernel/kernel.ts'],
    ['sign/x.ts', '@aws-sdk/client-s3'],
    ['store/x.ts', '@aws-sdk/client-kms'],
    ['store/deep/x.ts', '../../verify/verify.ts'],
    ['ingest/kafka/protocol/x.ts', '../../../store/store.ts'],
    ['archiver/x.ts', '../ingest/kafka/produce/producer.ts'],
    ['ingest/kafka/x.ts', './produce/producer.ts'],
    ['ingest/kafka/produce/x.ts', '../../../store/store.ts'],
    ['replay/x.ts', '../ingest/kafka/source.ts'],
    ['verify/x.ts', '../store/head.ts'],
    ['verify/x.ts', '../base/node/hash.ts'],
    ['verify/node/x.ts', '../../segment/segment.ts'],
    ['evidence/x.ts', '../store/store.ts'],
    ['evidence/deep/x.ts', 'node:fs'],
    ['config/x.ts', '../verifier/tasks/holds.ts'],
    ['read/x.ts', '../apps/cli/output.ts'],
    ['copy/x.ts', '../sign/local.ts'],
    ['import/x.ts', '../archiver/pipeline.ts'],
    ['clients/x.ts', '../archiver/pipeline.ts'],
    ['library/x.ts', '../store/directory.ts'],
    ['library/x.ts', '../archiver/pipeline.ts'],
    ['index.ts', './sign/local.ts'],
    ['sealing/x.ts', '../ingest/source.ts'],
    ['governance/x.ts', '../archiver/pipeline.ts'],
    ['archiver/x.ts', '../verify/verify.ts'],
    ['archiver/chain/x.ts', '../../verify/open-seal.ts'],
    ['archiver/x.ts', '../verifier/run.ts'],
    ['timestamp/x.ts', '../format/note.ts'],
    ['verifier/x.ts', '../archiver/pipeline.ts'],
    ['verifier/x.ts', '../sealing/sealer.ts'],
    ['verifier/tasks/x.ts', '../../segment/segment.ts'],
    ['verifier/tasks/x.ts', '../../merkle/tree.ts'],
    ['verifier/x.ts', '../ingest/kafka/source.ts'],
    ['apps/cli/x.ts', 'kafkajs'],
    ['apps/verifier/x.ts', '@aws-sdk/client-sns'],
  ];
  const FORMS: readonly (readonly [form: string, source: (specifier: string) => string])[] = [
    ['import', (to) => `import { a } from '${to}';`],
    ['import for its effect', (to) => `import '${to}';`],
    ['import type', (to) => `import type { A } from '${to}';`],
    ['import of a type among others', (to) => `import { type A } from '${to}';`],
    ['export from', (to) => `export * from '${to}';`],
    ['export type from', (to) => `export type { A } from '${to}';`],
    ['import()', (to) => `async function f() { return (await import('${to}')).a; }`],
    ['import() in a type', (to) => `type A = import('${to}').A;`],
    ['import = require', (to) => `import a = require('${to}');`],
  ];

  it('a forbidden import in every room', () => {
    expect(new Set(PLANTED.map(([file]) => roomOf(file).name))).toEqual(
      new Set(ROOMS.map(({ name }) => name)),
    );
  });

  describe.each(PLANTED)('%s ← %s', (file, specifier) => {
    it.each(FORMS)('%s', (_form, source) => {
      expect(judged(file, source(specifier))).toContainEqual(expect.any(String));
    });
  });

  it("a package that is taken by a `require` of one's own", () => {
    const source = "const a = createRequire(import.meta.url)('kafkajs/src/admin');";
    expect(judged('store/x.ts', source)).toContainEqual(expect.stringContaining('kafkajs'));
    expect(judged('ingest/x.ts', source)).toEqual([null]);
  });

  it('a worker of another room', () => {
    const source = "new Worker(new URL('../archiver/lanes/lane-worker.ts', import.meta.url));";
    expect(judged('verifier/x.ts', source)).toContainEqual(expect.any(String));
  });

  it('an import whose name is computed', () => {
    expect(judged('store/x.ts', 'await import(name);')).toContainEqual(expect.any(String));
  });

  it('a file that lies in no room, and a file outside of src', () => {
    expect(() => judged('shared/x.ts', "import './y.ts';")).toThrow('no room');
    expect(judged('base/x.ts', "import '../../package.json';")).toContainEqual(expect.any(String));
  });
});
