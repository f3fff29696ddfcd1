// Do an older version and this one read, continue and verify what the other has written, and what is foreign to which?
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Older, unpackOlder } from '../older/older.ts';
import { cli, type Ran, startCommand } from '../support/cli.ts';
import { until } from '../support/patience.ts';

const LINES = 50;
const PER_SEGMENT = 20;
const ARCHIVER = `archive:
  origin: older.example.com/files
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: archive-key.pem }
source: { kind: file, path: events.jsonl, topic: { name: orders, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1h } }
segment: { maxRecords: ${PER_SEGMENT} }
server: { port: 0 }
`;
/** A kind of note in the verifier's bucket that came after the older version. */
const FOREIGN = /^index\//;

let dir: string;
let older: Older;
const at = (name: string) => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-older-'));
  older = unpackOlder(dir);
  writeFileSync(at('ledgerstone.yaml'), ARCHIVER);
  writeFileSync(at('events.jsonl'), '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Which = 'older' | 'this';
const BOTH: readonly Which[] = ['older', 'this'];

const run = (which: Which, ...args: string[]): Promise<Ran> =>
  cli(args, { cwd: dir, ...(which === 'older' ? { main: older.main } : {}) });

async function good(which: Which, ...args: string[]): Promise<string> {
  const ran = await run(which, ...args);
  expect(ran.code, `${which}: ${args.join(' ')}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout.toString();
}

/** What every verification of a directory says. */
const NO_LOCKS = [{ code: 'locks-not-applicable' }];

let written = 0;
/** The first one creates the chain. */
let segments = 1;
async function archiveMore(which: Which): Promise<void> {
  const lines = Array.from({ length: LINES }, () => `{"n":${written++}}\n`);
  appendFileSync(at('events.jsonl'), lines.join(''));
  await good(which, 'archive', '--config', 'ledgerstone.yaml');
  segments += Math.ceil(LINES / PER_SEGMENT);
}

describe('one archive, which an older version begins', () => {
  it('is continued by each of them in turn', async () => {
    await good('older', 'init', '--config', 'ledgerstone.yaml', '--vkey', 'archive.vkey');
    for (const which of ['older', 'this', 'older', 'this'] as const) await archiveMore(which);
    await good('this', 'init', '--config', 'ledgerstone.yaml');
    const writers = new Set<string>();
    for (let sequence = 0; sequence < segments; sequence++) {
      const place = ['--topic', 'orders', '--partition', '0', '--sequence', String(sequence)];
      const shown = await good('this', 'show', 'archive', '--key', 'archive.vkey', ...place, '--json');
      writers.add(JSON.parse(shown).manifest.writer.version);
    }
    expect([...writers]).toEqual([older.version, JSON.parse(readFileSync('package.json', 'utf8')).version]);
  });

  it('is verified by both, with the same checkpoint', async () => {
    const checkpoints: string[] = [];
    for (const which of BOTH) {
      const json = JSON.parse(await good(which, 'verify', 'archive', '--key', 'archive.vkey', '--json'));
      expect(json).toMatchObject({
        verdict: 'verified',
        findings: NO_LOCKS,
        chains: [{ nextOffset: 4 * LINES }],
      });
      const kept = await good(which, 'verify', 'archive', '--key', 'archive.vkey', '--checkpoints');
      checkpoints.push(kept);
      writeFileSync(at(`${which}.checkpoints`), kept);
    }
    expect(checkpoints[0]).toBe(checkpoints[1]);
    await archiveMore('this');
    await good('older', 'verify', 'archive', '--key', 'archive.vkey', '--since', 'this.checkpoints');
  });

  it('gives each the same lines', async () => {
    const [theirs, ours] = await Promise.all(
      BOTH.map((which) =>
        good(
          which,
          'get',
          'archive',
          '--key',
          'archive.vkey',
          '--topic',
          'orders',
          '--partition',
          '0',
          '--prove',
        ),
      ),
    );
    expect(theirs).toBe(ours);
    expect(theirs?.split('\n')).toHaveLength(written + 1);
  });
});

type Event = Readonly<Record<string, unknown>> & { readonly msg: string };

/** Runs `watch` until it has attested all and swept afterwards, and returns what it logged. */
async function watched(which: Which): Promise<readonly Event[]> {
  const main = which === 'older' ? older.main : undefined;
  const service = startCommand(['watch', '--config', at(`${which}.yaml`)], {}, main);
  const events = (): Event[] =>
    service
      .log()
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  const is = (msg: string) => (event: Event) => event.msg === msg;
  await until(`watch of ${which} attests ${segments} segments, and has swept and read all`, () => {
    const all = events();
    if (service.child.exitCode !== null) throw new Error(`watch ended: ${service.log()}`);
    const attested = all.findIndex((event) => is('attested')(event) && event['size'] === segments);
    return attested >= 0 && all.findLastIndex(is('swept')) > attested && all.some(is('read again'));
  });
  expect(await service.end('SIGTERM'), service.log()).toBe(0);
  return events();
}

let foreign = 0;
const findingsOf = (events: readonly Event[]) => events.filter(({ msg }) => msg === 'finding');

describe("one verifier's bucket", () => {
  beforeAll(() => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(at('cosigner.pem'), key, { mode: 0o600 });
    const vkey = readFileSync(at('archive.vkey'), 'utf8').trim();
    const file = (cosigner: string, more: string) => `archive:
  store: { kind: directory, path: archive }
  trusted: ["${vkey}"]
attestations: { store: { kind: directory, path: attestations }, retention: { mode: COMPLIANCE, period: 1h } }
cosigner: { name: verifier.example.com, signing: { kind: local, keyFile: cosigner.pem }${cosigner} }
watch: { every: 200ms }
${more}`;
    writeFileSync(at('older.yaml'), file('', ''));
    const second = ', postQuantum: { kind: local, keyFile: second.pem }';
    writeFileSync(at('this.yaml'), file(second, 'index: { fields: { "*": { id: /n } } }\n'));
  });

  it('begun by the older version, goes on under this one: nothing in it is foreign', async () => {
    await good('older', 'init', '--config', 'older.yaml', '--vkey', 'cosigner.vkey');
    expect(findingsOf(await watched('older'))).toEqual([]);
    await good('this', 'init', '--config', 'this.yaml', '--vkey', 'both.vkey');
    await archiveMore('this');
    expect(findingsOf(await watched('this'))).toEqual([]);
  });

  it('goes back to the older one, which attests on and calls foreign what it does not know', async () => {
    await archiveMore('older');
    const found = findingsOf(await watched('older'));
    // Of each segment that this version has read as a verifier, and of none twice.
    expect(new Set(found.map(({ key }) => key)).size).toBe(found.length);
    foreign = found.length;
    expect(foreign).toBeGreaterThan(0);
    for (const finding of found) {
      expect(finding).toMatchObject({ code: 'foreign-object', severity: 'attempt', scope: 'attestations' });
      expect(finding['key']).toMatch(FOREIGN);
    }
  });

  it('comes back to this one, to which nothing of that is foreign', async () => {
    await archiveMore('this');
    const events = await watched('this');
    expect(findingsOf(events)).toEqual([]);
    expect(events.filter(({ msg }) => msg === 'finding closed')).toHaveLength(foreign);
  });

  it('vouches for the archive in both, by what either has attested', async () => {
    const args = [
      'verify',
      'archive',
      '--key',
      'archive.vkey',
      '--attestations',
      'attestations',
      '--cosigner',
    ];
    for (const which of BOTH) {
      const shown = await good(which, ...args, 'cosigner.vkey', '--json');
      expect(JSON.parse(shown)).toMatchObject({ verdict: 'verified', findings: NO_LOCKS });
    }
  });
});
