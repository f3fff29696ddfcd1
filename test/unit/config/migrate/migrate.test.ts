// Does a configuration file of an earlier version become one of this version, and keep everything else?
import { describe, expect, it } from 'vitest';
import { problemsOfFile } from '../../../../src/config/any-file.ts';
import { ConfigError } from '../../../../src/config/config-error.ts';
import { lineDiff } from '../../../../src/config/migrate/line-diff.ts';
import { migrate, type Rules } from '../../../../src/config/migrate/migrate.ts';
import type { Step } from '../../../../src/config/migrate/steps.ts';

const ARCHIVER = `# of the platform team
version: 1   # as of 2026
archive:
  origin: audit.example.com/prod   # never changes
  store: { kind: directory, path: "./archive" }
  signing: { kind: local, keyFile: key.pem }

source: { kind: file, path: "-", topic: { name: orders, retention: long } }
retention:
  long: { mode: COMPLIANCE, period: 12y } # asked for by legal
`;
const VERIFIER = `archive:
  store: { kind: directory, path: archive }
  trusted: ["audit.example.com/prod+b29d6cd4+AV0OnEzvEAP/ZqETYJbLG+F3cGE1Op4xDBoXrw1pNuAE"]
attestations: { store: { kind: directory, path: own }, retention: { mode: COMPLIANCE, period: 1h } }
cosigner: { name: verifier.example.com, signing: { kind: local, keyFile: cosigner.pem } }
`;

const of = (text: string, rules?: Rules) => migrate(text, 'file.yaml', rules);
const refused = (text: string, rules?: Rules): ConfigError => {
  try {
    of(text, rules);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was migrated');
};

describe('allowLongRetention of ledgerstone.yaml', () => {
  it('becomes greatestLock, in its place, and everything else stays byte for byte', () => {
    const [head, tail] = [ARCHIVER, '# at the end\nserver: { port: 0 }\n'];
    const { text, changes } = of(`${head}allowLongRetention: true   # 12 years\n${tail}`);
    expect(text).toBe(`${head}greatestLock: 100y   # 12 years\n${tail}`);
    expect(changes).toMatchObject([{ line: 11, member: 'allowLongRetention', left: expect.any(String) }]);
    expect(problemsOfFile('ledgerstone', text, 'file.yaml', {})).toEqual([]);
  });

  it.each(['false', 'true\ngreatestLock: 20y'])('goes where it says nothing: %j', (value) => {
    const { text, changes } = of(`allowLongRetention: ${value}\n${ARCHIVER}`);
    expect(text).toBe(
      `${value.slice(value.indexOf('\n') + 1).replace(/^false$/, '')}\n${ARCHIVER}`.trimStart(),
    );
    expect(changes).toMatchObject([{ line: 1, left: null }]);
  });
});

describe('sweep.holds of verifier.yaml', () => {
  it.each([
    [
      'in a mapping of lines',
      'sweep:\n  every: 2h\n  holds:\n    - chain: orders\n      from: 3\n    # old\n',
      'sweep:\n  every: 2h\n',
    ],
    ['first of them', 'sweep:\n  holds: [{ chain: a }] # x\n  every: 2h\n', 'sweep:\n  every: 2h\n'],
    ['in braces', 'sweep: { every: 2h, holds: [{ chain: a, to: 4 }] } # s\n', 'sweep: { every: 2h } # s\n'],
    ['first in braces', 'sweep: { holds: [{ chain: a }], every: 2h }\n', 'sweep: { every: 2h }\n'],
    ['alone', 'sweep:\n  holds:\n    - chain: a\n', ''],
    ['alone in braces', 'sweep: { holds: [{ chain: a }] }\n', ''],
  ])('goes, %s, and somebody has to decide', (_, before, after) => {
    const { text, changes } = of(VERIFIER + before);
    expect(text.replace(/ *# old\n/, '')).toBe(VERIFIER + after);
    expect(changes[0]?.left).toContain('hold place');
    expect(problemsOfFile('verifier', text, 'file.yaml', {}).map(({ path }) => path)).not.toContain('sweep');
  });

  it('asks nobody where it was empty', () => {
    expect(of(`${VERIFIER}sweep: { holds: [] }\n`).changes).toMatchObject([{ left: null }]);
  });

  it('is refused by its reader with the remedy', () => {
    const [problem] = problemsOfFile('verifier', `${VERIFIER}sweep: { holds: [] }\n`, 'file.yaml', {}).filter(
      ({ path }) => path === 'sweep.holds',
    );
    expect(problem?.message).toContain('ledgerstone config migrate');
  });

  it('is left alone where no program may edit it', () => {
    const shared = `sweep: &s { holds: [] }\nchains: *s\n`;
    expect(() => of(VERIFIER + shared)).toThrow(/sweep\.holds|sweep/);
  });
});

describe('a file of this version', () => {
  it.each([
    ARCHIVER,
    `\uFEFF${ARCHIVER}`,
    ARCHIVER.replaceAll('\n', '\r\n'),
    VERIFIER,
    'brokers: ["a:9092"]\n',
  ])('stays as it is', (text) => expect(of(text)).toMatchObject({ from: 1, to: 1, text, changes: [] }));
});

describe('versions that do not exist yet', () => {
  const renamed = (from: number, old: string, now: string): Step => ({
    kind: 'ledgerstone',
    from,
    to: from + 1,
    members: [old],
    apply(file) {
      const line = file.lineOf([old]);
      if (line === null) return [];
      file.replace([old], now, '7');
      return [{ line, member: old, what: `is ${now}`, left: null }];
    },
  });
  const rules: Rules = { version: 3, steps: [renamed(2, 'second', 'third'), renamed(1, 'first', 'second')] };

  it('are reached one after the other, and the file says so', () => {
    const { text, from, to } = of(`# c\nversion: 1 # v\nsource: {}\nfirst: 7 # f\n`, rules);
    expect(text).toBe('# c\nversion: 3 # v\nsource: {}\nthird: 7 # f\n');
    expect([from, to]).toEqual([1, 3]);
  });

  it('begin at the file’s own, and at 1 where it states none', () => {
    expect(of('version: 2\nsource: {}\nfirst: 7\n', rules).text).toBe('version: 3\nsource: {}\nfirst: 7\n');
    expect(of('# c\nsource: {}\nfirst: 7\n', rules).text).toBe('# c\nversion: 3\nsource: {}\nthird: 7\n');
  });

  it('reach files of the other kinds, which only state them', () => {
    expect(of(`version: 1\n${VERIFIER}`, rules).text).toBe(`version: 3\n${VERIFIER}`);
  });

  it('are refused once they are later than ours', () => {
    expect(refused('version: 4\nsource: {}\n', rules).message).toContain('reads version 3');
    const { message, remedy } = refused(`version: 2\nsource: {}\n`);
    expect(message).toContain('made for a newer version');
    expect(remedy).toMatch(/^Upgrade/);
  });
});

describe('no file of ours', () => {
  it.each(['', '[]', 'a: 1', 'source: {}\ncosigner: {}\n', 'a: [', 'a: 1\na: 2', 'x: *y', '--- 1\n--- 2'])(
    '%j is refused',
    (text) => expect(refused(text).problems.length).toBeGreaterThan(0),
  );
  it.each(['0', '1.5', '"1"', 'one', '[1]', 'true'])('a version of %s is refused', (version) =>
    expect(refused(`version: ${version}\nsource: {}\n`).problems).toMatchObject([
      { path: 'version', line: 1 },
    ]),
  );
});

describe('the lines that change', () => {
  it.each([
    ['a\nb\nc\n', 'a\nb\nc\n', ''],
    ['a\nb\nc\n', 'a\nx\nc\n', '@@ -2,1 +2,1 @@\n-b\n+x\n'],
    ['a\nb\nc\nd\n', 'a\nc\nd\ne\n', '@@ -2,1 +1,0 @@\n-b\n@@ -4,0 +4,1 @@\n+e\n'],
    ['a\n', 'v\na\n', '@@ -0,0 +1,1 @@\n+v\n'],
    ['a', '', '@@ -1,1 +1,1 @@\n-a\n+\n'],
  ])('from %j to %j', (before, after, diff) => expect(lineDiff(before, after)).toBe(diff));

  it('are one change where the file is enormous', () => {
    const lines = (prefix: string) =>
      Array.from({ length: 3000 }, (_, index) => `${prefix}${index % 7}`).join('\n');
    expect(lineDiff(`x\n${lines('a')}`, `y\n${lines('b')}`).match(/^@@/gm)).toHaveLength(1);
  });
});
