// How does a test get a verifier's bucket on a disk, with findings, the people who answer, and days?
import { createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/base/log.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../src/format/vkey.ts';
import { localSigner } from '../../src/sign/local.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { directoryStore } from '../../src/store/directory.ts';
import type { Store } from '../../src/store/store.ts';
import type { RunKind } from '../../src/verifier/days/counts.ts';
import { DAY_MS, dateOf, dayKey, dayStartMs } from '../../src/verifier/days/day-keys.ts';
import { DayLog, GRACE_MS } from '../../src/verifier/days/day-log.ts';
import { CheckedNotes } from '../../src/verifier/findings/checked-notes.ts';
import { type Entry, Ledger } from '../../src/verifier/findings/ledger.ts';
import { chainScope, type Scope } from '../../src/verifier/findings/record.ts';
import type { NoteSigning } from '../../src/verifier/signed-notes.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../src/verify/finding.ts';
import { type Captured, ledgerstone } from '../unit/cli/captured-io.ts';
import { ArchiveBuilder, entries, ORIGIN, writeCopy } from './archive-builder.ts';
import { FakeClock } from './fake-clock.ts';

const NAME = 'verifier.example.com/test';
export const SCOPE = chainScope({ chain: 'orders', partition: 0 });
const RETENTION = { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } } as const;

export const findingAt = (code: FindingCode, key: string, found: string | null = 'x'): Finding => ({
  ...{ code, severity: SEVERITY[code], key, versionId: 'v', sequence: 1, expected: null, found },
});

export type FindingsWorld = {
  readonly dir: string;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly signing: NoteSigning;
  at(name: string): string;
  /** What a run of the verifier reports of a scope: opened, kept, notified by `sns`. */
  report(findings: readonly Finding[], scope?: Scope): Promise<readonly Entry[]>;
  /** Runs a command with `--config verifier.yaml`. */
  run(...args: readonly string[]): Promise<Captured>;
  remove(): void;
};

export async function findingsWorld(startMs = Date.now()): Promise<FindingsWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-findings-'));
  const at = (name: string) => join(dir, name);
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 2) });
  writeCopy(builder.archive, at('archive'));
  mkdirSync(at('attestations'));
  for (const name of ['verifier', 'ada', 'mallory']) {
    await generateLocalKey(at(`${name}-key.pem`), 'ed25519');
    const pem = createPublicKey(readFileSync(at(`${name}-key.pem`))).export({ type: 'spki', format: 'pem' });
    writeFileSync(at(`${name}.pem`), pem);
  }
  const vkey = encodeVkey(builder.trusted[0] as VerifierKey);
  writeFileSync(at('archive.vkey'), `${vkey}\n`);
  writeFileSync(
    at('verifier.yaml'),
    `archive: { store: { kind: directory, path: archive }, trusted: [ "${vkey}" ] }
attestations: { store: { kind: directory, path: attestations }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: ${NAME}, signing: { kind: local, keyFile: verifier-key.pem } }
`,
  );
  const clock = new FakeClock({ auto: true, startMs });
  const store = await directoryStore({ path: at('attestations'), create: true });
  const signer = await localSigner({ keyFile: at('verifier-key.pem') });
  const key = cosignerKey(NAME, signer.publicKey, nodeSha256);
  writeFileSync(at('verifier.vkey'), `${encodeCosignerVkey(key)}\n`);
  const signing = { archiveOrigin: ORIGIN, cosigners: [key], sha256: nodeSha256, key, signer };
  const ledger = () =>
    new Ledger({
      ...{ store, retention: RETENTION, clock, signing, sha256: nodeSha256, channels: ['sns'] },
      verifier: { name: NAME, version: '1' },
    });
  return {
    ...{ dir, at, clock, store, signing },
    async report(findings, scope = SCOPE) {
      const one = ledger();
      const { opened } = await one.report(scope, findings, { check: 'full-pass', complete: true });
      await one.notified(scope, opened, 'sns');
      return opened;
    },
    run: (...args) => ledgerstone([...args, '--config', at('verifier.yaml')]),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Records of `days` days up to yesterday, by a verifier that ran each kind every six hours; not on those of `down`. */
export async function recordDays(
  world: FindingsWorld,
  days: number,
  down: readonly number[] = [],
): Promise<string[]> {
  const todayMs = dayStartMs(dateOf(Date.now()));
  const dates = Array.from({ length: days }, (_, index) => dateOf(todayMs - (days - index) * DAY_MS));
  for (const [index, date] of dates.entries()) {
    const clock = new FakeClock({ auto: true, startMs: dayStartMs(date) });
    const bucket = { store: world.store, retention: RETENTION, clock, signing: world.signing };
    const checked = new CheckedNotes({ store: world.store, keys: world.signing });
    const log = new DayLog({ ...bucket, checked, log: silentLogger, keepMs: 0 });
    const run = async (kind: RunKind, isWhole = true) => {
      const endedMs = clock.now();
      const failures = isWhole ? [] : ['orders/0: <b>away</b>'];
      await log.ran([{ kind, startedMs: endedMs, endedMs, isWhole, sums: {}, least: {}, failures }], 1);
    };
    if (!down.includes(index))
      for (let hour = 1; hour < 24; hour += 6) {
        await clock.advance(dayStartMs(date) + hour * 3_600_000 - clock.now());
        // On the second day no sweep looked at everything.
        await run('confirmations');
        await run('sweeps', index !== 1);
        await run('fullPasses');
      }
    if (down.includes(index)) continue;
    await clock.advance(dayStartMs(date) + DAY_MS + GRACE_MS + 1000 - clock.now());
    await log.ran([], 1);
    const stored = new Date(clock.now());
    utimesSync(world.at(`attestations/${dayKey({ date, copy: 0 })}`), stored, stored);
  }
  return dates;
}
