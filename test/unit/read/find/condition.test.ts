// What does a condition mean, and which one is none?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, parseDecimal, scaledFloor } from '../../../../src/base/decimal-order.ts';
import { eventTimeOf } from '../../../../src/base/event-time.ts';
import { parseCondition, valueTest } from '../../../../src/read/find/condition.ts';

describe('a condition', () => {
  it.each([
    ['actor=alice', 'actor', '=', 'alice'],
    ['actor=', 'actor', '=', ''],
    ['/a/b~x=y', '/a/b', '~', 'x=y'],
    ['/n>=1e3', '/n', '>=', '1e3'],
    ['/n<-1', '/n', '<', '-1'],
    ['key^k', 'key', '^', 'k'],
    ['header:trace=4b=', 'header:trace', '=', '4b='],
    ['"/a~1b=c"=x', '/a~1b=c', '=', 'x'],
    ['"/\\u0061"~x\ny', '/a', '~', 'x\ny'],
    ['/t>2026-11-22', '/t', '>', '2026-11-22'],
  ])('%s', (text, field, operator, value) => {
    expect(parseCondition(text)).toEqual({ field, operator, value });
  });

  it.each([
    '',
    '=x',
    'a b=x',
    '/a',
    '"/a=x',
    '"/a',
    '/a~1b=x',
    '/a~0=x',
    '/n>x',
    '/n<',
    '/a~',
    'header:=x',
    '/a~2=x".',
  ])('%s is none', (text) => {
    // `/a~2=x` is a good one: /a contains "2=x".
    if (text === '/a~2=x".') expect(parseCondition(text)).toMatchObject({ field: '/a', value: '2=x".' });
    else expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('a value', () => {
  it.each([
    ['=', '1', '1.0', 'number', true],
    ['=', '1', '1.0', 'string', false],
    ['=', '1.0', '1', 'number', true],
    ['=', 'true', 'true', 'other', true],
    ['=', '9007199254740993', '9007199254740992', 'number', false],
    ['=', '0', '-0.0e5', 'number', true],
    ['>', '9', '10', 'string', true],
    ['>', '9', 'ten', 'string', 'unreadable'],
    ['<', '9', '', 'string', 'unreadable'],
    ['>', '9', 'true', 'other', 'unreadable'],
    ['=', '9', 'ten', 'string', false],
    ['>', '9', 'null', 'other', false],
    ['<', '1e-400', '1e-401', 'number', true],
    ['>', '1e400', '1e401', 'number', true],
    ['>=', '2026-11-22T10:00:00Z', '2026-11-22T11:00:00+01:00', 'string', true],
    ['>', '2026-11-22T10:00:00Z', '2026-11-22T11:00:00+01:00', 'string', false],
    ['>', '2026-11-22', '1795341600000', 'number', 'unreadable'],
    ['>', '2026-11-22', '22 Nov 2026 13:00', 'string', 'unreadable'],
    ['>', '2026-11-22', 'null', 'other', false],
    // Written without an offset on both sides: as they are written.
    ['>=', '2026-11-22', '2026-11-21 23:30', 'string', false],
    ['>=', '2026-11-22', '2026-11-22 00:30', 'string', 'as-utc'],
    ['>=', '2026-11-22T00:00Z', '2026-11-22 00:30', 'string', 'as-utc'],
    ['>=', '2026-11-22T00:00Z', '2026-11-21 12:00', 'string', 'unzoned'],
    ['>=', '2026-11-22T00:00Z', '2026-11-21 11:59', 'string', false],
    ['<', '2026-11-22T00:00Z', '2026-11-22 13:59', 'string', 'unzoned'],
    ['<', '2026-11-22T00:00Z', '2026-11-22 14:00', 'string', false],
    ['~', '0', '1.0', 'number', true],
    ['^', '1', '1.0', 'number', true],
  ] as const)('%s %s: %s (%s) is %s', (operator, value, text, kind, answer) => {
    expect(valueTest({ operator, value })(text, kind)).toBe(answer);
  });
});

const number = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: -20, max: 20 }))
  .map(([digits, exponent]) => ({ digits, exponent, text: `${digits}e${exponent}` }));

it('numbers are in the order of their values, in any spelling', () => {
  fc.assert(
    fc.property(number, number, fc.integer({ min: 0, max: 9 }), (a, b, zeros) => {
      const scaled = (one: typeof a) => one.digits * 10n ** BigInt(one.exponent + 20);
      const order = scaled(a) - scaled(b);
      const other = `${b.text.replace('e', `.${'0'.repeat(zeros + 1)}E+0`).replace('+0-', '-0')}`;
      const [one, two] = [parseDecimal(a.text), parseDecimal(other)];
      expect(Math.sign(compareDecimals(one!, two!))).toBe(order > 0n ? 1 : order < 0n ? -1 : 0);
    }),
  );
});

it('a number is rounded down', () => {
  const floor = (text: string, shift: number) => scaledFloor(parseDecimal(text)!, shift);
  expect(floor('1.9999', 3)).toBe(1999n);
  expect(floor('-1.0001', 3)).toBe(-1001n);
  expect(floor('-1', 3)).toBe(-1000n);
  expect(floor('0.0004', 3)).toBe(0n);
  expect(floor('-0.0004', 3)).toBe(-1n);
  expect(floor('1e30', 3)).toBeNull();
});

describe('the time of an event', () => {
  const MS = Date.parse('2026-11-22T10:00:00.123Z');
  it.each([
    ['2026-11-22T10:00:00.123Z', MS, true],
    ['2026-11-22T10:00:00.123999Z', MS, true],
    ['2026-11-22t11:00:00,123+01:00', MS, true],
    ['2026-11-22 05:00:00.123 -0500', MS, true],
    ['2026-11-22 10:00:00.123', MS, false],
    ['2026-11-22', Date.parse('2026-11-22'), false],
    ['1795341600.123', MS, true],
    ['1795341600123', MS, true],
    ['1795341600123999', MS, true],
    ['1795341600123999999', MS, true],
    ['1.795341600123e12', MS, true],
    ['0', 0, true],
    ['-1', -1000, true],
    ['2026-06-30T23:59:60Z', Date.parse('2026-07-01'), true],
  ])('%s', (text, ms, hasZone) => {
    expect(eventTimeOf(text)).toEqual({ ms, hasZone });
  });

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '2026-11-22T25:00:00Z',
    '2026-13-01',
    'Nov 22 2026',
    '1e21',
    'null',
  ])('%s is none', (text) => expect(eventTimeOf(text)).toBeNull());
});
