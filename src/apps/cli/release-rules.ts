// What has to hold of a commit before its tag is released? CONTRIBUTING.md, A release.

export type Candidate = {
  readonly tag: string;
  /** Of package.json. */
  readonly version: string;
  /** All of CHANGELOG.md. */
  readonly changelog: string;
  /** What `git status --porcelain` printed. */
  readonly status: string;
};

/** Each with what to do. None: it may be released. */
export function releaseProblems({ tag, version, changelog, status }: Candidate): string[] {
  const problems: string[] = [];
  const say = (problem: string, remedy: string) => problems.push(`${problem}: ${remedy}`);
  if (tag !== `v${version}`)
    say(`the tag is ${tag}, and package.json has ${version}`, `tag the commit whose version it is`);
  const title = `## [${version}] - `;
  const entries = `\n${changelog}`.split('\n## ').slice(1);
  const entry = entries.find((one) => one.startsWith(`[${version}]`));
  if (entry === undefined)
    say(`CHANGELOG.md has no entry of ${version}`, `make its entry "Unreleased" to "${title}YYYY-MM-DD"`);
  else if (!/^\[[^\]]+\] - \d{4}-\d\d-\d\d$/.test(entry.split('\n', 1)[0] ?? ''))
    say(`the entry of ${version} in CHANGELOG.md has no date`, `"${title}YYYY-MM-DD"`);
  else if (/not released/i.test(entry) || isEmpty(entry))
    say(`the entry of ${version} in CHANGELOG.md does not say what the release is`, 'write it');
  const open = entries.find((one) => one.startsWith('[Unreleased]'));
  if (entry !== undefined && open !== undefined && !isEmpty(open))
    say('CHANGELOG.md still has something under "Unreleased"', `move it into the entry of ${version}`);
  if (status !== '')
    say('there are changes that are not committed', 'commit them, or release from a clean clone');
  return problems;
}

/** No text but its title and titles in it. */
const isEmpty = (entry: string): boolean =>
  entry
    .split('\n')
    .slice(1)
    .every((line) => line.trim() === '' || line.startsWith('#'));
