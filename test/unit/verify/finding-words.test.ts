// Which words and figures does the report of each frozen archive have? Codes alone are the vectors' matter.
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/verify/finding.ts';
import { readArchiveVectors, thawArchive } from '../../vectors/archive-vector.ts';
import { runVector } from '../../vectors/run-vector.ts';

const wordsOf = ({ code, severity, key, versionId, sequence, expected, found }: Finding): string =>
  `${code} (${severity}) at ${key} ${versionId}, segment ${sequence}: ${found}; expected ${expected}`;

describe('the report', () => {
  it.each(readArchiveVectors())('of $name', async (vector) => {
    const report = await runVector(vector, thawArchive(vector));
    const { verdict, findingsOmitted, findings } = report;
    const lines = [`${verdict}, ${findingsOmitted} omitted`, ...findings.map(wordsOf).sort()];
    for (const { findings: own, checkpoint, ...figures } of report.chains) {
      lines.push(
        JSON.stringify({ ...figures, hasCheckpoint: checkpoint !== null }),
        ...own.map(wordsOf).sort(),
      );
    }
    expect(lines.join('\n')).toMatchSnapshot();
  });
});
