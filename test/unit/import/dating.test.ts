// Is each record its bytes, and its time the one that it names?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { InputFile } from '../../../src/import/input-file.ts';
import { datedRecords, type ImportPlan, surveyImport } from '../../../src/import/survey.ts';
import { wallClock } from '../../../src/import/zone.ts';
import { planOf } from '../../support/import-world.ts';

const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-dating-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const signal = new AbortController().signal;
let files = 0;

function file(content: string | Uint8Array): string {
  const path = join(dir, `file-${files++}`);
  writeFileSync(path, content);
  return path;
}
async function dated(content: string | Uint8Array, change: Partial<ImportPlan>) {
  const all: [string, string | null][] = [];
  const path = file(content);
  for await (const { value, timeMs } of datedRecords(planOf([path], change), new InputFile(path), signal))
    all.push([
      Buffer.from(value).toString('latin1'),
      timeMs === null ? null : new Date(timeMs).toISOString(),
    ]);
  return all;
}
const times = async (content: string, change: Partial<ImportPlan>) =>
  (await dated(content, change)).map(([, time]) => time);
const lines = (name: string, count: number) =>
  readFileSync(join(import.meta.dirname, '../../data', name), 'utf8')
    .split('\n')
    .slice(0, count);

describe('JSON lines', () => {
  it('are kept byte for byte, with their CR, and blank ones too', async () => {
    const all = await dated('{"t":"2020-01-02T03:04:05Z"}\r\n\n{"t": 1577934245}\nno json', {});
    expect(all).toEqual([
      ['{"t":"2020-01-02T03:04:05Z"}\r', '2020-01-02T03:04:05.000Z'],
      ['', null],
      ['{"t": 1577934245}', '2020-01-02T03:04:05.000Z'],
      ['no json', null],
    ]);
  });

  it('have times in every form that a search reads, and else none', async () => {
    const of = (...values: unknown[]) => values.map((t) => JSON.stringify({ t })).join('\n');
    expect(
      await times(
        of('2020-01-02', '2020-01-02 03:04:05,678', '2020-01-02T03:04:05+01:00', 1577934245678),
        {},
      ),
    ).toEqual([
      '2020-01-02T00:00:00.000Z',
      '2020-01-02T03:04:05.678Z',
      '2020-01-02T02:04:05.000Z',
      '2020-01-02T03:04:05.678Z',
    ]);
    const none = of(
      '2020-02-30T00:00:00Z',
      '2020-01-01T25:00:00Z',
      'soon',
      null,
      true,
      {},
      '1960-01-01T00:00:00Z',
      1e30,
      -1,
    );
    expect(await times(none, {})).toEqual(Array(9).fill(null));
  });

  it('without an offset are meant in the zone, and a time that its clocks skip is none', async () => {
    const change = { clock: wallClock('Europe/Berlin') };
    const of = (t: string) => JSON.stringify({ t });
    expect(
      await times(
        ['2020-07-01 12:00:00', '2020-01-01 12:00:00', '2020-03-29 02:30:00', '2020-10-25 02:30:00']
          .map(of)
          .join('\n'),
        change,
      ),
    ).toEqual(['2020-07-01T10:00:00.000Z', '2020-01-01T11:00:00.000Z', null, '2020-10-25T00:30:00.000Z']);
  });

  it('of Google Workspace are dated by a pointer into them', async () => {
    const real = lines('google-workspace.jsonl', 5);
    const all = await dated(real.join('\n'), { timeField: '/id/time' });
    expect(all.map(([value]) => value)).toEqual(real);
    expect(all[0]![1]).toBe('2022-08-15T16:24:44.109Z');
  });

  it('that are too long are refused by their number, before anything is written', async () => {
    const long = `{}\n{}\n"${'x'.repeat(2000)}"\n`;
    await expect(dated(long, { recordBytesMax: 1000 })).rejects.toMatchObject({
      code: 'import-file',
      message: expect.stringContaining('begins at line 3'),
    });
  });
});

describe('syslog', () => {
  const syslog = { format: 'syslog', year: 2019 } as const;
  it.each([
    ['<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - x', '2003-10-11T22:14:15.003Z'],
    ['<34>Oct 11 22:14:15 mymachine su: failed', '2019-10-11T22:14:15.000Z'],
    ['Oct  1 22:14:15 mymachine su: failed', '2019-10-01T22:14:15.000Z'],
    ['2021-05-01T01:02:03.123456+02:00 host app: x', '2021-04-30T23:02:03.123Z'],
    [lines('macos-santa.raw.jsonl', 1)[0]!, '2018-08-19T03:09:13.120Z'],
    [lines('linux-auditd.raw.jsonl', 1)[0]!, '2017-03-31T21:29:12.404Z'],
    ['Feb 30 22:14:15 mymachine x', null],
    ['Foo 11 22:14:15 mymachine x', null],
    ['<34>1 - mymachine x', null],
    ['no time 2021-05-01T01:02:03Z', null],
    ['', null],
  ])('%s', async (line, time) => {
    expect(await dated(`${line}\n`, syslog)).toEqual([[Buffer.from(line).toString('latin1'), time]]);
  });

  it('of RFC 3164 has no time without a year', async () => {
    expect(await times('Oct 11 22:14:15 mymachine su: failed\n', { ...syslog, year: null })).toEqual([null]);
  });

  it('takes any bytes', async () => {
    const bytes = Buffer.from([0, 255, 0xc3, 0x28, 13, 10, 27, 91, 50, 74, 10]);
    expect((await dated(bytes, syslog)).map(([value]) => value)).toEqual(['\0ÿÃ(\r', '\u001b[2J']);
  });
});

describe('CSV', () => {
  const csv = { format: 'csv', timeField: 'when' } as const;
  it('is a JSON object by its header, with quotes, commas and line ends in cells', async () => {
    const all = await dated(
      '\ufeffid,when,"what, else"\r\n1,2020-01-02T00:00:00Z,"a ""b""\r\nc"\r\n2,soon,\n',
      csv,
    );
    const [first] = await dated(Buffer.from('id,when\n1,2020-01-01\n'), csv);
    expect(JSON.parse(all[0]![0])).toEqual({
      id: '1',
      when: '2020-01-02T00:00:00Z',
      'what, else': 'a "b"\r\nc',
    });
    expect([all.length, all[1]![1], first![1]]).toEqual([2, null, '2020-01-01T00:00:00.000Z']);
  });

  it('rows of another length, or with odd quotes, stay as they are and have no time', async () => {
    const all = await dated('id,when\n1\n1,2020-01-02,3\n"1"x,2020-01-02\n', csv);
    expect(all).toEqual([
      ['1', null],
      ['1,2020-01-02,3', null],
      ['"1"x,2020-01-02', null],
    ]);
  });

  it('of real alarms is dated', async () => {
    const all = await dated(`${lines('s3-access-csv.raw.jsonl', 10).join('\n')}\n`, {
      ...csv,
      timeField: 'Event DateTime',
    });
    expect(all).toHaveLength(9);
    expect(all[0]![1]).toBe('2022-02-18T17:34:57.000Z');
    expect(JSON.parse(all[0]![0])['Event Name']).toBe('ListObjects');
  });

  it.each([
    ['no such column', 'a,b\n1,2\n', 'it has no column when'],
    ['two columns of one name', 'when,a,a\n1,2,3\n', 'two columns have the same name'],
    ['a quote that is never closed', `when\n"${'x\n'.repeat(600_000)}`, 'begins at line 2'],
  ])('%s is refused', async (_, content, said) => {
    await expect(dated(content, { ...csv, recordBytesMax: 32 * 1024 * 1024 })).rejects.toMatchObject({
      code: 'import-file',
      message: expect.stringContaining(said),
    });
  });
});

describe('CloudTrail', () => {
  const trail = { format: 'cloudtrail', timeField: '/eventTime' } as const;
  it('gives each record as AWS wrote it, packed or not', async () => {
    const real = lines('aws-cloudtrail-delivery.jsonl', 6).find((line) => line.length > 5000)!;
    for (const content of [Buffer.from(real), gzipSync(real)]) {
      const all = await dated(content, trail);
      expect(`{"Records":[${all.map(([value]) => value).join(',')}]}`).toBe(real);
      expect(all.every(([, time]) => time?.startsWith('2023-07-10'))).toBe(true);
    }
  });

  it('finds them behind spaces and whatever else is there', async () => {
    const text = '{ "a":{"Records":[1]}, "b":"Records", "Records" : [ {"x":"]}\\"{"} , 7,[ [] ] ] }';
    expect((await dated(text, trail)).map(([value]) => value)).toEqual(['{"x":"]}\\"{"}', '7', '[ [] ]']);
    expect(await dated('{"Records":[ ]}', trail)).toEqual([]);
  });

  it.each([
    ['{"Records":[', 'it is no JSON'],
    ['[]', 'no list `Records`'],
    ['{"Records":{}}', 'no list `Records`'],
    ['{"Records":[1],"Records":[2]}', 'more than one'],
    ['{"\\u0052ecords":[1]}', 'more than one'],
  ])('%s is refused', async (text, said) => {
    await expect(dated(text, trail)).rejects.toMatchObject({
      code: 'import-file',
      message: expect.stringContaining(said),
    });
  });
});

describe('a survey', () => {
  it('counts, and names what has no time by file and line', async () => {
    const [one, two] = [
      file('{"t":"2020-01-02T00:00:00Z"}\nx\u001b[2J\n'),
      file('{"t":"2019-01-02T00:00:00Z"}'),
    ];
    const survey = await surveyImport(planOf([one, two]), signal);
    expect(survey).toMatchObject({
      records: 3,
      undated: 1,
      firstMs: Date.UTC(2019, 0, 2),
      lastMs: Date.UTC(2020, 0, 2),
    });
    expect(survey.undatedAt).toEqual([{ file: one, line: 2, text: 'x\u001b[2J' }]);
  });

  it('has another id for other bytes, another order, or another way to read them', async () => {
    const [one, two] = [file('{}'), file('{} ')];
    const ids = await Promise.all(
      [
        planOf([one, two]),
        planOf([two, one]),
        planOf([one]),
        planOf([one, two], { tz: 'Europe/Berlin' }),
        planOf([one, two], { timeField: '/u' }),
        planOf([one, two], { chain: 'import.other' }),
        planOf([one, two], { format: 'syslog' }),
        planOf([one, two], { provenance: { name: 'p.txt', sha256: 'cd'.repeat(32), text: 'x' } }),
      ].map(async (plan) => (await surveyImport(plan, signal)).id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect((await surveyImport(planOf([one, two]), signal)).id).toBe(ids[0]);
  });

  it.each([
    ['there is none', () => join(dir, 'nothing')],
    ['a broken gzip', () => file(gzipSync('{}\n'.repeat(1000)).subarray(0, 30))],
    [
      'bytes behind a gzip',
      () => file(Buffer.concat([gzipSync('{}\n'), Buffer.from('{"t":"2020-01-02"}\n')])),
    ],
    ['zeros behind a gzip', () => file(Buffer.concat([gzipSync('{}\n'), Buffer.alloc(9)]))],
    ['a directory', () => dir],
  ])('of a file that can’t be read says which: %s', async (_, path) => {
    const name = path();
    await expect(surveyImport(planOf([name]), signal)).rejects.toMatchObject({
      code: 'import-file',
      message: expect.stringContaining(name),
    });
  });
});
