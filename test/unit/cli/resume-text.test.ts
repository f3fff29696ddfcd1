// Does `resume` say what it sealed itself, in words that hold for one gap and for a range of many?
import { expect, it } from 'vitest';
import { recordedText } from '../../../src/apps/cli/resume.ts';

const ONE = { origin: 'example.com/a/orders/0', sequence: 4, from: 13, to: 15 };

it('one gap', () => {
  const recorded = { ...ONE, segments: 1, gaps: 1, givenUp: 2, archived: 0 };
  expect(recordedText(recorded, 'expired')).toBe(
    'recorded: offsets 13 to 14 are expired in segment 4 of example.com/a/orders/0',
  );
});

it('the holes of a compacted range apart from what was archived between them', () => {
  const recorded = { ...ONE, to: 5_000, segments: 3, gaps: 990, givenUp: 1_200, archived: 3_787 };
  expect(recordedText(recorded, 'compacted')).toBe(
    'recorded: of offsets 13 to 4999, 1,200 offsets in 990 gaps are compacted and 3,787 records archived, in 3 segments up to 4 of example.com/a/orders/0',
  );
  expect(
    recordedText({ ...recorded, to: 15, segments: 1, gaps: 1, givenUp: 1, archived: 1 }, 'compacted'),
  ).toBe(
    'recorded: of offsets 13 to 14, 1 offset in 1 gap is compacted and 1 record archived, in segment 4 of example.com/a/orders/0',
  );
});

it('nothing, where another writer was faster', () => {
  const recorded = { ...ONE, sequence: null, segments: 0, gaps: 0, givenUp: 0, archived: 0 };
  expect(recordedText(recorded, 'compacted')).toBe(
    'nothing to record: another writer has sealed example.com/a/orders/0 up to 14',
  );
});
