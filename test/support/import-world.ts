// Files of history to import, and a store to import them into.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importKeys } from '../../src/apps/cli/import-keys.ts';
import { Keyring } from '../../src/archiver/keyring.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { chainOrigin } from '../../src/format/chain.ts';
import { decodeLine, type KafkaRecord } from '../../src/format/record.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import { statementBytes } from '../../src/import/statement.ts';
import { type ImportPlan, surveyImport } from '../../src/import/survey.ts';
import { type ImportTools, writeImport } from '../../src/import/write-import.ts';
import { wallClock } from '../../src/import/zone.ts';
import { ChainReader } from '../../src/read/chain-reader.ts';
import { linesOf, wholeRun } from '../../src/read/segment-lines.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { sameKey } from '../../src/verify/trust.ts';
import { FakeClock } from './fake-clock.ts';
import { memorySigner } from './memory-signer.ts';
import { memoryStore } from './memory-store.ts';

const ARCHIVE = 'audit.example.com/prod';
const MINUTE_MS = 60_000;
const signal = new AbortController().signal;

export const planOf = (paths: readonly string[], change: Partial<ImportPlan> = {}): ImportPlan => ({
  ...{
    format: 'jsonl',
    timeField: '/t',
    clock: wallClock('UTC'),
    year: null,
    chain: 'import.old',
    paths,
    tz: 'UTC',
  },
  provenance: { name: 'p.txt', sha256: 'ab'.repeat(32), text: 'From the old server' },
  recordBytesMax: 1024 * 1024,
  ...change,
});

/** So many records, a minute apart; the last one has no time. */
export function historyFile(dir: string, name: string, count: number): string {
  const lines = Array.from({ length: count }, (_, at) =>
    at === count - 1
      ? '{"n":"undated"}'
      : JSON.stringify({
          t: new Date(Date.UTC(2020, 0, 1) + at * MINUTE_MS).toISOString(),
          n: `${name} ${at}`,
        }),
  );
  writeFileSync(join(dir, name), `${lines.join('\n')}\n`);
  return join(dir, name);
}

/** Of a machine whose configuration names the first key. `decided`: by `keys rotate`, the last one signs. */
export function keysOf(configured: Signer, ...decided: Signer[]): ImportTools['keys'] {
  const keyring = new Keyring({
    ...{ configured: [configured], trusted: [], archiveOrigin: ARCHIVE, sha256: nodeSha256 },
  });
  keyring.take({ signers: decided, retired: new Map() });
  return importKeys(keyring);
}

export function importWorld() {
  const clock = new FakeClock({ auto: true });
  const store = memoryStore({ clock });
  const signer = memorySigner({ algorithm: 'ed25519' });
  /** Of `keys rotate`. */
  const next = memorySigner({ algorithm: 'ed25519', seed: 'next' });
  const trusted = [signer, next].map(({ publicKey }) => verifierKey(ARCHIVE, publicKey, nodeSha256));
  const troubles: unknown[] = [];
  const period = { months: 12, ms: 0 };
  const tools = (change: Partial<ImportTools> = {}): ImportTools => ({
    ...{ store, keys: keysOf(signer), trusted, clock, random: () => 0, signal, version: '1.0.0' },
    origin: chainOrigin({ archiveOrigin: ARCHIVE, chain: 'import.old', partition: 0 }),
    retention: { mode: 'COMPLIANCE', period, policy: 'p' },
    sealRetention: { mode: 'COMPLIANCE', period },
    segment: { maxBytes: 1024 * 1024, maxRecords: 4 },
    onTrouble: (error) => troubles.push(error),
    ...change,
  });
  const run = async (plan: ImportPlan, change: Partial<ImportTools> = {}, again = false) => {
    const survey = await surveyImport(plan, signal);
    const who = { by: 'Ada Byron', reason: 'History', reference: null };
    return writeImport(tools(change), plan, survey, statementBytes(plan, survey, who, null, clock.now()), {
      again,
    });
  };
  /** All that is archived, in order. */
  const records = async (): Promise<KafkaRecord[]> => {
    const reader = new ChainReader({ store, chain: 'import.old', partition: 0, trusted, signal });
    const all: KafkaRecord[] = [];
    for (let at = 0; at <= (await reader.headSequence()); at++) {
      const seal = await reader.seal(at);
      const { data } = seal.manifest;
      if (data === null) continue;
      for (const line of linesOf(await reader.data(seal), data, wholeRun(data))) {
        const decoded = decodeLine(line);
        if (decoded.kind === 'entry') all.push(decoded.record);
      }
    }
    return all;
  };
  /** Of each segment, in order: how many records, and by the seeds of which keys it is signed. */
  const segments = async () => {
    const reader = new ChainReader({ store, chain: 'import.old', partition: 0, trusted, signal });
    const found: [records: number, keys: string][] = [];
    for (let at = 0; at <= (await reader.headSequence()); at++) {
      const { manifest, signedKeys } = await reader.seal(at);
      const names = signedKeys.map(({ key }) => (sameKey(key, signer.publicKey) ? 'old' : 'next'));
      found.push([manifest.records.count, names.join(' ')]);
    }
    return found;
  };
  const values = async () => (await records()).map(({ value }) => Buffer.from(value!).toString());
  return { clock, store, signer, next, trusted, troubles, tools, run, records, segments, values };
}
