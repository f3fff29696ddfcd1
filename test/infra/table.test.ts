// Does the table of who may do what say what the simulation says? Each cell against the rows that are asserted there.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WORLD } from './account-events.ts';
import type { Actor } from './two-parties.ts';
import {
  ARCHIVE_ROWS,
  ATTESTATION_ROWS,
  LOG_KEY_ROWS,
  machineRows,
  type Row,
  recordRows,
  verifierKeyRows,
} from './two-party-requests.ts';

const ROWS = [
  ...[...ARCHIVE_ROWS, ...ATTESTATION_ROWS, ...LOG_KEY_ROWS],
  ...[...verifierKeyRows(WORLD), ...machineRows(WORLD), ...recordRows(WORLD)],
];
const readme = readFileSync(new URL('../../infra/README.md', import.meta.url), 'utf8');

/** Labels with their cells by column, without footnotes. */
function table(after: string): { readonly label: string; readonly cells: ReadonlyMap<string, string> }[] {
  const [block = ''] = readme.slice(readme.indexOf(after)).match(/(?:^\|.*\n)+/m) ?? [];
  const lines = block
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replace(/[⁰-⁹¹²³]/g, '').trim()),
    );
  const [head = [], , ...rest] = lines;
  return rest.map(([label = '', ...cells]) => ({
    label,
    cells: new Map(cells.map((cell, index) => [head[index + 1] as string, cell])),
  }));
}

type Meaning = readonly [label: RegExp, requests: RegExp];
const ARCHIVE: readonly Meaning[] = [
  [/^put a new object/, /^archive: put a seal$/],
  [/^put over an object/, /^archive: put (over|without|a day)/],
  [/^lengthen/, /^archive: lengthen/],
  [/^lock for longer/, /^archive: (lock for over|hold until)/],
  [/^shorten a lock, delete/, /^archive: (shorten|s3:DeleteObject|s3:Bypass)/],
  [/^read objects/, /^archive: s3:GetObject(Version|Retention)$/],
  [/^list the bucket/, /^archive: list/],
  [/^read the bucket's settings/, /^archive: s3:Get(BucketObjectLock|BucketVersioning)/],
  [/^change the bucket's/, /^archive: s3:PutBucket/],
  [/^sign/, /^log key: sign/],
  [/^read the public key/, /^log key: kms:GetPublicKey/],
  [/^describe/, /^log key: kms:DescribeKey/],
  [/^tag/, /^log key: kms:TagResource/],
  [/^cancel/, /^log key: kms:CancelKeyDeletion/],
  [/^change the key's policy/, /^log key: kms:PutKeyPolicy/],
  [/^disable or delete/, /^log key: kms:(Disable|Schedule|Enable)/],
  [/^lend/, /^log key: kms:CreateGrant/],
];
const ATTESTATIONS: readonly Meaning[] = [
  [/^put a new object/, /^attestations: put an? (attestation|finding|pass)$/],
  [/^put a response/, /^responses: put one$/],
  [/^put over a response/, /^responses: (put over|put without|shorten|s3:DeleteObject)/],
  [/^put anywhere else/, /^attestations: put (anything|over|without a|in|under)/],
  [/^lock for longer/, /^attestations: put (over ten|with an event|without a date)/],
  [/^lengthen/, /^attestations: lengthen/],
  [/^shorten/, /^attestations: (shorten|s3:DeleteObject|s3:Bypass)/],
  [/^read objects/, /^attestations: s3:GetObject/],
  [/^read and list findings/, /^findings: s3:GetObject/],
  [/^list the bucket/, /^attestations: list/],
  [/^read the bucket's settings/, /^attestations: s3:GetBucket/],
  [/^change the bucket's/, /^attestations: s3:PutBucket/],
  [/^sign with/, /^verifier key: sign$/],
  [/^read its public key/, /^verifier key: kms:GetPublicKey/],
  [/^change its policy/, /^verifier key: kms:PutKeyPolicy/],
  [/^disable or delete it/, /^verifier key: kms:(Disable|Schedule)/],
  [/^lend/, /^verifier key: kms:CreateGrant/],
  [/^publish to the topic/, /^(topic: publish|queue: take an event away)$/],
  [/^read the files of both trails/, /^records: read/],
  [/^put, lock or delete such a file/, /^records: s3:(Put|Delete|Bypass)(Object|Governance)/],
  [/^change the function's code/, /^(function: change|role: widen|schedules: stop|trail: stop)/],
];
const OF_ARCHIVE: Readonly<Record<string, Actor>> = {
  ...{ archiver: 'archiver', auditor: 'auditor', verifier: 'verifier', 'key admin': 'keyAdmin' },
  ...{ 'break-glass': 'breakGlass', deployer: 'deployer', administrator: 'admin', drill: 'driller' },
};
const OF_VERIFIER: Readonly<Record<string, Actor>> = {
  ...{
    verifier: 'verifier',
    archiver: 'archiver',
    "verifier's auditor": 'secondAuditor',
    auditor: 'auditor',
  },
  ...{ 'key admin': 'secondKeyAdmin', 'break-glass': 'secondBreakGlass', deployer: 'secondDeployer' },
  ...{ administrator: 'secondAdmin', drill: 'driller', responder: 'responder' },
};

describe.each([
  ['Of the archive:', ARCHIVE, OF_ARCHIVE],
  ['Of the attestations:', ATTESTATIONS, OF_VERIFIER],
] as const)('%s', (after, meanings, columns) => {
  const lines = table(after);

  it('every line and every column has a meaning', () => {
    expect(lines).toHaveLength(meanings.length);
    for (const { label, cells } of lines) {
      expect([label, meanings.filter(([name]) => name.test(label)).length]).toEqual([label, 1]);
      expect([...cells.keys()].toSorted()).toEqual(Object.keys(columns).toSorted());
    }
  });

  it.each(lines.map((line) => [line.label, line] as const))('%s', (label, { cells }) => {
    const [, requests] = meanings.find(([name]) => name.test(label)) as Meaning;
    const rows: readonly Row[] = ROWS.filter(({ what }) => requests.test(what));
    expect(rows.length).toBeGreaterThan(0);
    for (const [column, cell] of cells) {
      const actor = columns[column] as Actor;
      const may = rows.filter((row) => row.may.includes(actor)).length;
      // A word in place of yes bounds it: some of these requests, or in some state.
      const isRight = cell === '–' ? may === 0 : cell === 'yes' ? may === rows.length : may > 0;
      expect([column, cell, isRight]).toEqual([column, cell, true]);
    }
  });
});
