// Is what is said of every frozen vector the same, word for word and number for number?
//
// A change of words is no change of the format: `npx vitest run --project vectors test/vectors/words.test.ts -u` writes
// the new ones, and the difference shows what people will read.
import { expect, it } from 'vitest';
import type { Finding } from '../../src/verify/finding.ts';
import type { Report } from '../../src/verify/report.ts';
import { readArchiveVectors, thawArchive } from './archive-vector.ts';
import { judge, readObjectVectors } from './object-vector.ts';
import { runVector } from './run-vector.ts';

const findingText = (finding: Finding): string => JSON.stringify(finding);

/** One line for each finding, and one for all else that a chain's report says. */
const reportLines = ({ findings, chains, beside, ...report }: Report): string[] => [
  JSON.stringify({ ...report, ...(beside && { verdictAlone: beside.verdictAlone }) }),
  ...findings.map(findingText),
  ...chains.flatMap(({ findings: own, ...chain }) => [JSON.stringify(chain), ...own.map(findingText)]),
  ...(beside?.archives ?? []).flatMap(({ name, report: own }) => [`## ${name}`, ...reportLines(own)]),
];

it('archives', async () => {
  const lines: string[] = [];
  for (const vector of readArchiveVectors()) {
    const report = await runVector(vector, thawArchive(vector));
    lines.push(`# ${vector.name}`, ...reportLines(report));
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('words/archives.txt');
});

it('objects', async () => {
  const lines: string[] = [];
  for (const vector of readObjectVectors()) lines.push(`${vector.name}: ${(await judge(vector)).words}`);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('words/objects.txt');
});
