// What does a partition do about a record that its source did not even hold?
import { expect, it } from 'vitest';
import { Continuity } from '../../../src/archiver/continuity.ts';
import { admit } from '../../../src/ingest/gate.ts';

const judged = (tooLarge: { bytes: number } | { headers: number }) => {
  const undecodable = { offset: 7, last: 7, reason: 'a record of that size is too large', tooLarge };
  const fetched = { topic: 't', partition: 0, records: [], seen: [], highWatermark: 9, undecodable };
  const refusal = admit(7, fetched);
  if (refusal.kind !== 'undecodable') throw new Error(refusal.kind);
  return new Continuity('t/0').judge(refusal);
};

it.each([
  ['may still be raised to', { bytes: 30 * 1024 * 1024 }, /31457280 bytes/, /^Raise limits.recordBytes/],
  ['can not be raised to', { bytes: 2 ** 30 }, /1073741824 bytes/, /^Give it up/],
  ['has too many headers for', { headers: 100_001 }, /100001 headers/, /^Give it up/],
])(
  'it halts as too large, with the gap of that record alone: one that the limit %s',
  (_, size, message, remedy) => {
    expect(judged(size)).toMatchObject({
      kind: 'halt-after',
      halt: {
        code: 'record-too-large',
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
        gap: { from: 7, to: 8 },
      },
    });
  },
);
