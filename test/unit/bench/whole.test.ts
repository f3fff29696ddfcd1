// Does the bench of groups see a record that is lost, one that is doubled, and an archive that was changed?
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wholeOf } from '../../../bench/groups/whole.ts';
import { cli } from '../../support/cli.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-whole-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Archives these lines as one partition, from a file into a directory. */
async function archived(lines: readonly string[]): Promise<void> {
  writeFileSync(join(dir, 'events.jsonl'), lines.map((line) => `${line}\n`).join(''));
  const config = join(dir, 'ledgerstone.yaml');
  writeFileSync(
    config,
    `archive:
  origin: bench.example.com/whole
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: archive.pem }
source: { kind: file, path: events.jsonl, topic: { name: numbers, retention: bench } }
retention: { bench: { mode: COMPLIANCE, period: 1d } }
server: { port: 0 }
`,
  );
  for (const args of [['init', '--vkey', join(dir, 'archive.vkey')], ['archive']]) {
    const { code, stderr, stdout } = await cli([...args, '--config', config]);
    if (code !== 0) throw new Error(`${args[0]} ended with ${code}: ${stderr}${stdout}`);
  }
}

const wholeWith = (values: readonly string[]) =>
  wholeOf(
    join(dir, 'archive'),
    {},
    {
      key: readFileSync(join(dir, 'archive.vkey'), 'utf8'),
      ...{ topic: 'numbers', partitions: 1 },
      sent: {
        acknowledged: values.map((value, offset) => ({ partition: 0, offset, key: null, value })),
        mayBe: () => false,
      },
    },
  );

const NUMBERS = ['{"n":0}', '{"n":1}', '{"n":2}'];

describe('wholeOf', () => {
  it('finds each acknowledged record once', async () => {
    await archived(NUMBERS);
    const whole = await wholeWith(NUMBERS);
    expect(whole).toMatchObject({ verdict: 'verified', chains: 1, entries: 3, archived: 3, problems: [] });
    expect(whole).toMatchObject({ lost: 0, doubled: 0, differing: 0, unacknowledged: 0 });
  });

  it('says which one is not there, which one is there twice, and which one is another', async () => {
    await archived(['{"n":0}', '{"n":0}', '{"n":7}']);
    const whole = await wholeWith([...NUMBERS, '{"n":3}']);
    expect(whole).toMatchObject({ verdict: 'verified', lost: 1, doubled: 1, differing: 2 });
    expect(whole.problems).toContain('lost: 0/3 {"n":3}');
  });

  it('does not call an archive verified whose data was changed', async () => {
    await archived(NUMBERS);
    const files = readdirSync(join(dir, 'archive'), { recursive: true, encoding: 'utf8' });
    const data = join(dir, 'archive', files.find((file) => file.endsWith('.zst')) as string);
    const bytes = readFileSync(data);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
    rmSync(data);
    writeFileSync(data, bytes);
    const whole = await wholeWith(NUMBERS);
    expect(whole.verdict).toBe('broken');
    expect(whole.problems).not.toEqual([]);
  });
});
