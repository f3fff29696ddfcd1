// Can what is opened for reading write or create anything, by its type or when it runs?
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { runCli } from '../../../src/apps/cli/cli.ts';
import type { VerifierClients } from '../../../src/apps/verifier/wiring.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { openForReading, openForWriting } from '../../../src/clients/open.ts';
import type { StoreConfig } from '../../../src/config/connections.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import type {
  ObjectVersion,
  ReadableStore,
  Store,
  StoreReader,
  StoreWriter,
} from '../../../src/store/store.ts';
import type { Verifier } from '../../../src/verifier/verifier.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';
import { capturedIo } from '../cli/captured-io.ts';

const LOCK = { mode: 'COMPLIANCE', untilMs: Date.UTC(2099, 0) } as const;
const WRITING = ['putIfAbsent', 'extendLock'] as const satisfies readonly (keyof StoreWriter)[];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'open-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const directory = (name: string): StoreConfig => ({ kind: 'directory', path: join(dir, name) });
const bucket: StoreConfig = { kind: 's3', bucket: 'archive', region: 'eu-central-1', prefix: '' };

describe('the types', () => {
  it('of what is opened for reading have no method that writes', () => {
    expectTypeOf(openForReading).returns.resolves.toEqualTypeOf<ReadableStore>();
    expectTypeOf<Extract<keyof ReadableStore, keyof StoreWriter>>().toBeNever();
    expectTypeOf<Extract<keyof StoreReader, keyof StoreWriter>>().toBeNever();
    // @ts-expect-error: nothing is put by who reads
    expectTypeOf<ReadableStore>().toHaveProperty('putIfAbsent');
    // @ts-expect-error: nor is a lock lengthened
    expectTypeOf<ReadableStore>().toHaveProperty('extendLock');
    expectTypeOf<ReadableStore>().not.toExtend<Store>();
  });

  it('let the verifier read the archive, and write to its own store alone', () => {
    expectTypeOf<Verifier['archive']>().toEqualTypeOf<ReadableStore>();
    expectTypeOf<VerifierClients['archive']>().toEqualTypeOf<ReadableStore>();
    expectTypeOf<Verifier['step']['archive']>().not.toExtend<StoreWriter>();
    expectTypeOf<Verifier['own']>().toEqualTypeOf<Store>();
  });
});

describe('opened for reading', () => {
  it('has every method of a reader and none of a writer', async () => {
    mkdirSync(join(dir, 'archive'));
    for (const config of [directory('archive'), bucket]) {
      const [reader, writer] = [await openForReading(config), await openForWriting(config, null)];
      const kept = Object.keys(writer).filter((name) => !WRITING.some((one) => one === name));
      expect(Object.keys(reader).sort()).toEqual(kept.sort());
      expect(Object.getPrototypeOf(reader)).toBe(Object.prototype);
      for (const name of WRITING) expect((reader as Partial<Store>)[name]).toBeUndefined();
      for (const one of [reader, writer]) expect(one).not.toHaveProperty('setHold');
      await Promise.all([reader.close(), writer.close()]);
    }
  });

  it('a directory that is not there is an error that names it, and stays away', async () => {
    await expect(openForReading(directory('arhcive'))).rejects.toMatchObject({
      code: 'no-archive',
      message: `there is no directory ${join(dir, 'arhcive')}`,
    });
    writeFileSync(join(dir, 'file'), '');
    await expect(openForReading(directory('file'))).rejects.toMatchObject({ code: 'no-archive' });
    expect(readdirSync(dir)).toEqual(['file']);
  });

  it('reads what another has written', async () => {
    const writer = await openForWriting(directory('archive'), null);
    await writer.putIfAbsent('keys/a', utf8('a'), LOCK);
    const reader = await openForReading(directory('archive'));
    const found: ObjectVersion[] = [];
    for await (const version of reader.listVersions('')) found.push(version);
    expect(found.map(({ key }) => key)).toEqual(['keys/a']);
    expect(await reader.read('keys/a', found[0]!.versionId, { maxBytes: 9 })).toEqual(utf8('a'));
    expect(reader.clockOffset()?.offsetMs).toBe(0);
  });
});

it('what is opened for writing an archive sets no lock beyond the greatest one', async () => {
  const writer = await openForWriting(directory('archive'), { months: 12, ms: 0 });
  const inDays = (days: number) => ({ mode: 'COMPLIANCE' as const, untilMs: Date.now() + days * 86_400_000 });
  await expect(writer.putIfAbsent('keys/a', utf8('a'), inDays(368))).rejects.toMatchObject({
    code: 'lock-too-long',
  });
  expect(await writer.putIfAbsent('keys/a', utf8('a'), inDays(364))).toMatchObject({ kind: 'stored' });
});

it('watch on a mistyped directory says so, creates nothing and ends', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(dir, 'v.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const [logKey] = new ArchiveBuilder().trusted;
  writeFileSync(
    join(dir, 'verifier.yaml'),
    JSON.stringify({
      archive: { store: { kind: 'directory', path: 'arhcive' }, trusted: [encodeVkey(logKey!)] },
      attestations: {
        store: { kind: 'directory', path: 'own' },
        retention: { mode: 'COMPLIANCE', period: '1h' },
      },
      cosigner: { name: 'v.example.com', signing: { kind: 'local', keyFile: 'v.pem' } },
      watch: { port: 0 },
    }),
  );
  const before = readdirSync(dir);
  const { io, err } = capturedIo();
  const signal = AbortSignal.timeout(5_000);
  const code = await runCli(['watch', '--config', join(dir, 'verifier.yaml')], { ...io, signal });
  expect(err()).toContain(`there is no directory ${join(dir, 'arhcive')}`);
  expect(code).toBe(2);
  expect(signal.aborted).toBe(false);
  expect(readdirSync(dir)).toEqual(before);
});
