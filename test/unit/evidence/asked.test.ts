// Does a package say in words all that was asked for, the range of times too?
import { describe, expect, it } from 'vitest';
import type { PackageStatement } from '../../../src/evidence/protocol.ts';
import { askedText, ENGLISH } from '../../../src/evidence/texts.ts';
import { GERMAN } from '../../../src/evidence/texts-de.ts';

type Time = { kind: 'record' | 'event' | 'sealed'; from: string | null; to: string | null } | null;
const search = (time?: Time): PackageStatement => ({
  ...{ kind: 'search', hits: 1, before: 0, lines: 1, statement: 's' },
  search: {
    ...{ isComplete: true, leftOut: [], facts: [], bounds: [], chains: [] },
    asked: { where: ['actor=x'], text: ['a b'], ...(time === undefined ? {} : { time }) },
  },
});

describe('what was asked for', () => {
  it.each<[Time | undefined, string]>([
    [undefined, 'actor=x; "a b"'],
    [null, 'actor=x; "a b"'],
    [
      { kind: 'event', from: '2026-01-01T00:00:00Z', to: null },
      'actor=x; "a b"; time of the event from 2026-01-01T00:00:00Z to before …',
    ],
    [
      { kind: 'sealed', from: null, to: '2026-01-02T00:00:00Z' },
      'actor=x; "a b"; archived from … to before 2026-01-02T00:00:00Z',
    ],
  ])('with the time %j', (time, text) => expect(askedText(ENGLISH, search(time))).toBe(text));

  it('in German', () =>
    expect(askedText(GERMAN, search({ kind: 'record', from: null, to: 'b' }))).toContain(
      'Zeit des Eintrags von',
    ));
});
