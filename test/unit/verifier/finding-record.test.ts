// Does a finding come back from its file as it was kept, and is a file refused that is none?
import { describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import {
  type CheckName,
  encodeFinding,
  type FindingFile,
  parseFinding,
} from '../../../src/verifier/findings/record.ts';
import { findingOf } from '../../../src/verify/finding.ts';
import { NOW_MS } from '../../support/archive-builder.ts';

const CHECKS: readonly CheckName[] = [
  ...(['confirm', 'clock', 'look', 'freshness', 'sweep'] as const),
  ...(['full-pass', 'configuration', 'completeness', 'access'] as const),
];
const file = (check: CheckName): FindingFile => ({
  ...{ state: 'open', scope: 'topic=orders/partition=0', chain: 'orders', partition: 0, check, opening: 1 },
  finding: findingOf('sequence-gap', { key: 'seals/x', sequence: 3, expected: 'a', found: 'b' }),
  ...{ firstSeenMs: NOW_MS, lastSeenMs: NOW_MS + 1, verifier: { name: 'v', version: '1' } },
  closed: null,
});
const changed = (members: object): Uint8Array =>
  utf8(JSON.stringify({ ...JSON.parse(utf8Text(encodeFinding(file('look')))), ...members }));

describe('a finding in its file', () => {
  it.each(CHECKS)('comes back, by check %s', (check) => {
    expect(parseFinding(encodeFinding(file(check)))).toEqual(file(check));
  });

  it('says when it was closed, by whom and why', () => {
    const by = { name: 'w', version: '2' };
    const gone = {
      ...file('sweep'),
      state: 'closed',
      closed: { atMs: NOW_MS, check: 'sweep', why: 'x', by },
    };
    const bytes = encodeFinding(gone as FindingFile);
    expect(parseFinding(bytes)).toEqual(gone);
    expect(JSON.parse(utf8Text(bytes)).closed).toEqual({
      ...{ at: new Date(NOW_MS).toISOString(), check: 'sweep', why: 'x', by },
    });
  });

  it('has the severity of the table, whatever the file says, and no member of its own', () => {
    expect(parseFinding(changed({ severity: 'info', more: 1 }))).toEqual(file('look'));
  });

  it.each([
    ['another format', { format: 'ledgerstone/finding/2' }],
    ['an unknown state', { state: 'gone' }],
    ['an unknown check', { check: 'guess' }],
    ['an unknown code', { code: 'toString' }],
    ['a code that is no text', { code: ['fork'] }],
    ['a key that is a number', { key: 1 }],
    ['no key at all', { key: undefined }],
    ['a negative sequence', { sequence: -1 }],
    ['half a partition', { partition: 0.5 }],
    ['an opening beyond safe numbers', { opening: 1e300 }],
    ['a time in other words', { firstSeen: '2026-11-22' }],
    ['a verifier without a version', { verifier: { name: 'v' } }],
    ['no verifier', { verifier: null }],
    ['a closing by nobody', { closed: { at: '2026-11-22T10:00:00.000Z', check: 'sweep', why: 'x' } }],
  ])('is refused with %s', (_, members) => {
    expect(() => parseFinding(changed(members))).toThrow(FormatError);
  });

  it.each(['', 'null', '[]', '"x"', '{', '\u0000'])('is refused as %j', (text) => {
    expect(() => parseFinding(utf8(text))).toThrow(FormatError);
  });

  it('is refused where it is no UTF-8', () => {
    expect(() => parseFinding(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(FormatError);
  });
});
