// Does a package say where events have their own time, and is what the page shows what stands there?
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import type { ShownEvent } from '../../../src/evidence/event.ts';
import { isOwnTimeFields, OwnTimes } from '../../../src/evidence/own-time.ts';
import {
  changeText,
  filesOf,
  type PackageWorld,
  packageWorld,
  relisted,
  writeZip,
} from '../../support/package-world.ts';
import { ledgerstone } from '../cli/captured-io.ts';

const event = (changed: Partial<ShownEvent>): ShownEvent => ({
  ...{ offset: 1, nextOffset: 2, gap: null, timeMs: null, clock: null, key: null, headers: [], value: null },
  ...changed,
});
const times = (...fields: string[]) => new OwnTimes([{ chain: 'orders', fields }]);
const at = (value: unknown, ...fields: string[]) =>
  times(...fields).of('orders', event({ value: typeof value === 'string' ? value : JSON.stringify(value) }));
const TEN = Date.parse('2026-11-22T10:00:00Z');

describe('the own time of an event', () => {
  it.each<readonly [string, unknown]>([
    ['with an offset from UTC', { at: '2026-11-22T11:00:00+01:00' }],
    ['as seconds', { at: TEN / 1000 }],
    ['as milliseconds', { at: TEN }],
    ['as nanoseconds, which are more than a double holds', `{"at": ${TEN}000001}`],
    ['in an array', { at: ['2026-11-22T10:00:00Z'] }],
    ['inside of JSON in a string', `{"at": 1, "in": ${JSON.stringify('{"at":"2026-11-22T10:00:00Z"}')}}`],
  ])('%s is the moment that is meant', (name, value) => {
    expect(at(value, name.startsWith('inside') ? '/in/at' : '/at')).toMatchObject({
      ms: TEN,
      hasMore: false,
    });
  });

  it('stands in the key or a header too, and in whichever of several places has it', () => {
    const text = '2026-11-22T10:00:00Z';
    expect(times('key').of('orders', event({ key: text }))?.ms).toBe(TEN);
    const headers = [
      { name: 'id', value: 'x' },
      { name: 'when', value: text },
    ];
    expect(times('header:when').of('orders', event({ headers }))?.ms).toBe(TEN);
    expect(at({ b: text }, '/a', '/b')?.ms).toBe(TEN);
  });

  it('is as it is written where its moment is not known, and says if there are others', () => {
    expect(at({ at: '2026-11-22 10:00:00' }, '/at')).toEqual({
      text: '2026-11-22 10:00:00',
      ms: null,
      hasMore: false,
    });
    expect(at({ at: 'soon' }, '/at')).toMatchObject({ text: 'soon', ms: null });
    expect(at('{"at": 1, "at": 2}', '/at')).toMatchObject({ text: '1', hasMore: true });
    expect(at({ at: ['1', '1'] }, '/at')?.hasMore).toBe(false);
  });

  it.each(['-1', '0000-01-01T00:00:00Z', '1969-12-31T23:59:59.999Z'])(
    'is as it is written outside of the years that the page can show: %s',
    (text) => {
      expect(at({ at: text }, '/at')).toEqual({ text, ms: null, hasMore: false });
    },
  );

  it('is none where nothing stands, or nobody said where', () => {
    for (const value of [{ other: 1 }, { at: { b: 1 } }, 'no JSON', '{"at": 1'])
      expect(at(value, '/at')).toBeNull();
    expect(times('/at').of('payments', event({ value: '{"at":1}' }))).toBeNull();
    expect(times('/at').of('orders', event({}))).toBeNull();
    expect([times('/at').isEmpty, new OwnTimes([]).isEmpty]).toEqual([false, true]);
  });
});

describe('a package', () => {
  let world: PackageWorld;
  beforeAll(async () => {
    world = await packageWorld((record) => ({
      ...record,
      value: utf8(`{"n":${record.offset},"at":"2026-11-2${record.offset % 10}T10:00:00Z"}`),
    }));
    writeFileSync(
      world.at('fields.yaml'),
      'orders: { time: [/at, header:when] }\npayments: { actor: /who }\n',
    );
  });
  afterAll(() => world.remove());

  const statementOf = (zip: string) =>
    JSON.parse(Buffer.from(filesOf(zip).get('statement.json') as Uint8Array).toString());

  const tableOf = (zip: string) => Buffer.from(filesOf(zip).get('events.csv') as Uint8Array).toString();

  it('says where each topic has its time, whatever was searched for', async () => {
    const fields = ['--fields', world.at('fields.yaml')];
    const found = await world.exported('s.zip', '--where', '/n>10', ...fields);
    expect(statementOf(found).ownTime).toEqual([{ chain: 'orders', fields: ['/at', 'header:when'] }]);
    const drawn = await world.exported(
      'd.zip',
      '--sample',
      '3',
      '--seed',
      'a seed',
      '--where',
      '/n>0',
      ...fields,
    );
    expect(statementOf(drawn).ownTime).toEqual([{ chain: 'orders', fields: ['/at', 'header:when'] }]);
    const without = await world.exported('o.zip');
    expect(statementOf(without)).not.toHaveProperty('ownTime');
    expect([tableOf(found), tableOf(without)].map((table) => table.split('\r\n')[0])).toEqual([
      expect.stringContaining(',event_time_utc,event_time,'),
      expect.not.stringContaining('event_time'),
    ]);
    expect(tableOf(found)).toMatch(/,2026-11-2\dT10:00:00\.000Z,2026-11-2\dT10:00:00Z,/);
    const { code } = await ledgerstone(['verify-package', found, ...world.key]);
    expect(code).toBe(3);
  });

  it.each([
    [
      'another time in the table',
      'events.csv',
      /T10:00:00\.000Z(?=,2026-11-2\dT10:00:00Z)/,
      'T10:00:01.000Z',
    ],
    ['another place of the time', 'statement.json', '"/at"', '"/n"'],
    ['no place of the time', 'statement.json', /,\s*"ownTime": \[[\s\S]*\](?=\s*\}\s*$)/, ''],
  ])('of which somebody made a new list with %s is red', async (name, path, from, to) => {
    const zip = await world.exported(`${name}.zip`, '--where', '/n>10', '--fields', world.at('fields.yaml'));
    let edits = 0;
    const edited = changeText(filesOf(zip), path, (text) =>
      text.replace(from, () => {
        edits++;
        return to;
      }),
    );
    const file = writeZip(world.at(`edited-${name}.zip`), relisted(edited));
    const { code, out } = await ledgerstone(['verify-package', file, ...world.key]);
    expect([edits, code, out]).toEqual([1, 1, expect.stringContaining('The table events.csv is not what')]);
  });

  it('of which somebody wrote there what is no field is not what it says', async () => {
    const zip = await world.exported('h.zip', '--where', '/n>10', '--fields', world.at('fields.yaml'));
    const hostile = changeText(filesOf(zip), 'statement.json', (text) => text.replace('"/at"', '7'));
    const file = writeZip(world.at('hostile.zip'), relisted(hostile));
    const { code, out } = await ledgerstone(['verify-package', file, ...world.key]);
    expect([code, out]).toEqual([1, expect.stringContaining('The statement does not fit the events (kind)')]);
  });

  it.each<readonly [string, unknown]>([
    ['no list', {}],
    ['null in it', [null]],
    ['a chain without a name', [{ fields: ['/a'] }]],
    ['a field that is no text', [{ chain: 'a', fields: [1] }]],
    ['a text that is no field', [{ chain: 'a', fields: ['nothing'] }]],
    ['a field longer than any', [{ chain: 'a', fields: [`/${'x'.repeat(2000)}`] }]],
    ['more fields than any topic has', [{ chain: 'a', fields: Array.from({ length: 1001 }, () => '/a') }]],
  ])('takes no %s', (_, fields) => {
    expect(isOwnTimeFields(fields)).toBe(false);
  });
});
