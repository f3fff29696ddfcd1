// What does `ledgerstone drill` print and ask, and which exit code has it? On directories, with a verifier.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../src/apps/cli/cli.ts';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { makeVerifier, openClients } from '../../../src/apps/verifier/wiring.ts';
import { isRetriable } from '../../../src/base/error.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { loadVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { capturedIo, ledgerstone } from './captured-io.ts';

let dir: string;
let config: string;
let before: string[];

/** `.partial` is the store's own, for writes under way. */
const files = () =>
  readdirSync(join(dir, 'archive'), { recursive: true })
    .map(String)
    .filter((name) => name !== '.partial')
    .sort();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-drill-'));
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 3) });
  writeCopy(builder.archive, join(dir, 'archive'));
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(join(dir, 'v.pem'), pem, { mode: 0o600 });
  const [key] = builder.trusted;
  config = join(dir, 'verifier.yaml');
  const store = (path: string) => ({ kind: 'directory', path });
  writeFileSync(
    config,
    JSON.stringify({
      archive: { store: store('archive'), trusted: [encodeVkey(key as NonNullable<typeof key>)] },
      attestations: { store: store('own'), retention: { mode: 'COMPLIANCE', period: '1h' } },
      cosigner: { name: 'v.example.com', signing: { kind: 'local', keyFile: 'v.pem' } },
    }),
  );
  before = files();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Works beside `doing`. */
async function withVerifier<T>(event: object, doing: () => Promise<T>): Promise<T> {
  const parsed = await loadVerifierConfig(config, {});
  const edges = await openClients(parsed);
  const options = { checker: portableChecker(nodeContentTools), log: silentLogger };
  const verifier = makeVerifier(parsed, edges, options);
  // The drill begins once the verifier has its place.
  await answerEvent(verifier, { task: 'confirm' }, () => 60_000);
  let isOver = false;
  const work = (async () => {
    while (!isOver) {
      await answerEvent(verifier, event, () => 60_000).catch((error: unknown) => {
        // The canary may go away between its listing and its reading: Lambda repeats such a call.
        if (!isRetriable(error)) throw error;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    return await doing();
  } finally {
    isOver = true;
    await work;
    await Promise.all([edges.archive.close(), edges.own.close()]);
  }
}
const drill = (...more: string[]) => ledgerstone(['drill', '--config', config, ...more]);

describe('drill', () => {
  it('says what it does, what was found and how soon, and leaves nothing', async () => {
    const { code, out, err } = await withVerifier({ task: 'confirm' }, () => drill('--yes'));
    expect(err).toMatch(/^drill {6}forged-seal: .*\narchive .*below seals\/topic=ledgerstone\.drill\/ and/);
    expect(out).toMatch(/^act {8}PutObject of seals\/topic=ledgerstone\.drill\/partition=0\/000000000000/);
    expect(out).toMatch(/^found {6}unknown-key \(unverifiable\) by confirm, first seen 2\d{3}-/m);
    expect(out).toMatch(/^notified {3}log: \d+(\.\d+)? s$/m);
    expect(out).toMatch(/^canary {5}removed$/m);
    expect(out).toMatch(/^detected in \d+(\.\d+)? s$/m);
    expect(code).toBe(0);
    expect(files()).toEqual(before);
  });

  it('says it to programs, and waits for the finding to be closed', async () => {
    const { code, out } = await withVerifier({ task: 'confirm' }, () =>
      drill('--yes', '--json', '--closed-within', '20s'),
    );
    expect(JSON.parse(out)).toMatchObject({
      ...{ kind: 'forged-seal', passed: true, takenAway: true, closed: true, left: [] },
      act: { call: 'PutObject', refused: null, lockedUntil: null },
      detected: {
        ...{ code: 'unknown-key', severity: 'unverifiable', check: 'confirm' },
        ...{ scope: 'topic=ledgerstone.drill/partition=0', seconds: expect.any(Number) },
      },
      expected: [{ code: 'unknown-key', severity: 'unverifiable' }],
      notified: [{ channel: 'log', seconds: expect.any(Number) }],
    });
    expect(code).toBe(0);
  });

  it('with a least lock, finds nothing that its plan does not name', async () => {
    const written = JSON.parse(readFileSync(config, 'utf8'));
    writeFileSync(config, JSON.stringify({ ...written, sweep: { leastLock: '1y' } }));
    const { code, out, err } = await withVerifier({ task: 'confirm' }, () => drill('--yes', '--json'));
    const { expected, detected, passed } = JSON.parse(out);
    expect([code, passed]).toEqual([0, true]);
    expect(expected).toEqual([
      { code: 'unknown-key', severity: 'unverifiable' },
      { code: 'retention-short', severity: 'broken' },
    ]);
    expect(expected).toContainEqual({ code: detected.code, severity: detected.severity });
    expect(err).toMatch(
      /^findings {3}unknown-key \(unverifiable\), retention-short \(broken\)\n.*leastLock/m,
    );
  });

  it('by the sweep: an object that belongs to no archive', async () => {
    const { code, out, err } = await withVerifier({ task: 'sweep' }, () =>
      drill('--yes', '--kind', 'foreign-object'),
    );
    expect(out).toMatch(/foreign-object \(attempt\) by sweep/);
    expect([code, files()]).toEqual([0, before]);
    expect(err).toMatch(/^findings {3}foreign-object \(attempt\)$/m);
  });

  it('not found is 1, with what to look at', async () => {
    const own = join(dir, 'own');
    await withVerifier({ task: 'freshness' }, async () => {});
    const { code, out } = await drill('--yes', '--within', '200ms', '--kind', 'foreign-object');
    expect(code).toBe(1);
    expect(out).toContain('not detected within 0 s\n  Without events of the bucket');
    expect(files()).toEqual(before);
    expect(readdirSync(own)).not.toContain('findings');
  });

  it('asks first', async () => {
    await withVerifier({ task: 'confirm' }, async () => {});
    const ask = async (answer: string) => {
      const { io, err } = capturedIo();
      const stdin = Object.assign(Readable.from([Buffer.from(answer)]), { isTTY: true });
      const code = await runCli(['drill', '--config', config, '--within', '100ms'], { ...io, stdin });
      return { code, err: err() };
    };
    const no = await ask('\n');
    expect(no.err).toMatch(/Go on\? \[y\/N\].*nothing was done/s);
    expect(no.code).toBe(2);
    expect((await ask('y\n')).err).toContain('done: PutObject');
    expect(files()).toEqual(before);
  });
});

describe('drill refuses', () => {
  it.each([
    [[], 'there is no terminal to ask at'],
    [['--lock', '2d'], 'what forged-seal puts is locked for 2.0 d'],
    [['--yes', '--lock', '10s'], '--lock must be 60s to 366d'],
    [['--yes', '--lock', 'long'], 'It must be a duration'],
    [['--yes', '--kind', 'delete-marker'], 'a directory has no versions'],
    [['--yes', '--kind', 'second-version'], 'a directory has no versions'],
    [['--yes', '--kind', 'arson'], 'Allowed choices are forged-seal'],
  ])('%j', async (more, said) => {
    await withVerifier({ task: 'confirm' }, async () => {});
    const { code, err } = await drill(...more);
    expect(err).toContain(said);
    expect([code, files()]).toEqual([2, before]);
  });

  it('a verifier whose findings can not be read', async () => {
    const { code, err } = await drill('--yes');
    expect(err).toContain('there is no directory');
    expect([code, files()]).toEqual([2, before]);
  });
});
