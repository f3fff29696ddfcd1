// Does each operator of a condition hold for what it should, and leave open what is not known?
import { describe, expect, it } from 'vitest';
import { holds, matchesWildcard, type RequestFacts } from '../../../src/access/access-condition.ts';

const facts = (values: Readonly<Record<string, string>>, unknown: readonly string[] = []): RequestFacts => ({
  values: new Map(Object.entries(values)),
  isAbsent: (key) => !unknown.includes(key),
});
const asked = (operator: string, found: string | null, values: readonly string[], hasVariables = true) =>
  holds({ operator, key: 'k:Key', values }, facts(found === null ? {} : { 'k:key': found }), hasVariables).is;

describe('a wildcard', () => {
  it.each([
    ['*', '', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abb', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*ab*ab', 'abxabab', true],
    ['a**', 'a', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
  ])('%s and "%s": %s', (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected);
  });
});

describe('an operator', () => {
  it.each<[operator: string, values: readonly string[], yes: string, no: string]>([
    ['StringEquals', ['a', 'b'], 'b', 'B'],
    ['StringNotEquals', ['a', 'b'], 'c', 'a'],
    ['StringEqualsIgnoreCase', ['Ab'], 'aB', 'a'],
    ['StringNotEqualsIgnoreCase', ['Ab'], 'a', 'aB'],
    ['StringLike', ['a*'], 'ab', 'ba'],
    ['StringNotLike', ['a*'], 'ba', 'ab'],
    ['Bool', ['true'], 'TRUE', 'false'],
    ['ArnLike', ['arn:aws:iam::*:role/x*'], 'arn:aws:iam::1:role/xy', 'arn:aws:iam::1:user/xy'],
    ['ArnEquals', ['arn:aws:s3:::b/a:*'], 'arn:aws:s3:::b/a:b:c', 'arn:aws:s3:::b/b'],
    ['ArnNotEquals', ['*'], '', 'arn:aws:s3:::b'],
    ['ArnNotLike', ['arn:aws:iam:*:role/x'], 'arn:aws:iam::1:role/x', 'arn:aws:iam:2:role/x'],
    ['NumericEquals', ['10'], '10.0', '11'],
    ['NumericNotEquals', ['10'], '11', '10'],
    ['NumericLessThan', ['10'], '9', '10'],
    ['NumericLessThanEquals', ['10'], '10', '11'],
    ['NumericGreaterThan', ['10'], '11', '10'],
    ['NumericGreaterThanEquals', ['10'], '10', '9'],
    ['DateEquals', ['1970-01-01T00:01:00Z'], '60', '61'],
    ['DateNotEquals', ['60'], '1970-01-01T00:01:01Z', '1970-01-01T00:01:00Z'],
    ['DateLessThan', ['2026-01-01T00:00:00Z'], '2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z'],
    ['DateGreaterThan', ['2026-01-01T00:00:00Z'], '2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z'],
  ])('%s %j holds for "%s" and not for "%s"', (operator, values, yes, no) => {
    const answers = [yes, no].map((found) => asked(operator, found === '' ? null : found, values));
    expect(answers).toEqual(['yes', 'no']);
  });

  it('that is negative holds where the request has no such key, and another one does not', () => {
    expect(asked('StringNotEquals', null, ['a'])).toBe('yes');
    expect(asked('StringEquals', null, ['a'])).toBe('no');
    expect(asked('StringEqualsIfExists', null, ['a'])).toBe('yes');
    expect(asked('StringEqualsIfExists', 'b', ['a'])).toBe('no');
  });

  it('over all values holds of none, and over any of them does not', () => {
    expect(asked('ForAllValues:StringEquals', null, ['a'])).toBe('yes');
    expect(asked('ForAnyValue:StringEquals', null, ['a'])).toBe('no');
    expect(asked('ForAnyValue:StringNotEquals', null, ['a'])).toBe('no');
    expect(asked('ForAllValues:StringEquals', 'a', ['a'])).toBe('yes');
  });

  it('asks by Null whether the key is there', () => {
    expect([asked('Null', null, ['true']), asked('Null', 'x', ['true'])]).toEqual(['yes', 'no']);
    expect([asked('Null', null, ['false']), asked('Null', 'x', ['false'])]).toEqual(['no', 'yes']);
  });

  it('of later, or of a key of which nothing is known, is left open', () => {
    expect(holds({ operator: 'StringSounds', key: 'k', values: ['a'] }, facts({ k: 'a' }), true)).toEqual({
      ...{ is: 'maybe', on: ['StringSounds'] },
    });
    expect(holds({ operator: 'StringEquals', key: 'K', values: ['a'] }, facts({}, ['k']), true)).toEqual({
      ...{ is: 'maybe', on: ['K'] },
    });
  });

  it('fills in variables where the document has them', () => {
    const ask = (value: string, hasVariables: boolean) =>
      holds(
        { operator: 'StringEquals', key: 'k', values: [value] },
        facts({ k: 'ada$', 'aws:username': 'ada' }),
        hasVariables,
      );
    const name = `$${'{aws:UserName}'}`;
    const dollar = `$${'{$}'}`;
    expect(ask(`${name}${dollar}`, true).is).toBe('yes');
    expect(ask(`${name}${dollar}`, false).is).toBe('no');
    const other = `$${'{aws:SourceIp}'}`;
    expect(ask(other, true)).toEqual({ is: 'maybe', on: [other] });
  });
});
