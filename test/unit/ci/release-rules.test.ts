// What may be released? A tag of the version, an entry that says what it is, and nothing besides.
import { expect, it } from 'vitest';
import { releaseProblems } from '../../../src/apps/cli/release-rules.ts';

const ENTRY = '## [1.2.3] - 2026-12-01\n\n### Added\n\n- Something.\n';
const OLDER = '\n## [1.2.2] - 2026-01-01\n\n- Older.\n';
const changelog = (unreleased: string, entry = ENTRY) =>
  `# Changelog\n\n## [Unreleased]\n${unreleased}\n${entry}${OLDER}`;
const problems = (change: Partial<Parameters<typeof releaseProblems>[0]> = {}) =>
  releaseProblems({ tag: 'v1.2.3', version: '1.2.3', changelog: changelog(''), status: '', ...change });

it('a tag of the version whose entry is there, dated, and has all there is', () => {
  expect(problems()).toEqual([]);
  expect(problems({ changelog: changelog('\n### Added\n') })).toEqual([]);
  expect(problems({ changelog: `# Changelog\n\n${ENTRY}` })).toEqual([]);
});

it.each([
  ['a tag of another version', { tag: 'v1.2.4' }, /the tag is v1\.2\.4, and package\.json has 1\.2\.3/],
  ['no entry', { changelog: changelog('\n- New.\n', '') }, /no entry of 1\.2\.3: .*"## \[1\.2\.3\] - /],
  [
    'an entry that begins like it',
    { changelog: changelog('', '## [1.2.30] - 2026-12-01\n\n- X.\n') },
    /no entry of/,
  ],
  ['no date', { changelog: changelog('', '## [1.2.3]\n\n- X.\n') }, /has no date/],
  [
    'an empty entry',
    { changelog: changelog('', '## [1.2.3] - 2026-12-01\n\n### Added\n') },
    /does not say what/,
  ],
  [
    'an entry that says it is none',
    { changelog: changelog('', '## [1.2.3] - 2026-12-01\n\n1.2.3, not released yet.\n') },
    /does not say what/,
  ],
  [
    'more that is in no entry',
    { changelog: changelog('\n- New.\n') },
    /still has something under "Unreleased"/,
  ],
  ['uncommitted changes', { status: ' M README.md\n' }, /not committed/],
])('%s: not released', (_, change, said) => {
  const found = problems(change);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(said);
});
