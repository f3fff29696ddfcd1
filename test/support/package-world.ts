// How does a test get a package, and a changed copy of it?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { encodeEnvelope, parseEnvelope } from '../../src/evidence/dsse.ts';
import {
  encodePackageManifest,
  PATHS,
  type PackageManifest,
  parsePackageManifest,
} from '../../src/evidence/package.ts';
import { packFile, readZip, zipOf } from '../../src/evidence/zip.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { encodeVkey, type VerifierKey } from '../../src/format/vkey.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';
import { ArchiveBuilder, entries, signer, transactionGap, writeCopy } from './archive-builder.ts';

export type Files = Map<string, Uint8Array>;

export type PackageWorld = {
  readonly dir: string;
  at(name: string): string;
  /** The options that name the key of the archive. */
  readonly key: readonly string[];
  /** Runs `export` with some options more. */
  exported(out: string, ...more: readonly string[]): Promise<string>;
  remove(): void;
};

/** An archive of orders/0 (offsets 0 to 59 in four segments, 30 to 32 a gap line) and payments/1 (0 to 19). */
export async function packageWorld(
  change: (record: KafkaRecord) => KafkaRecord = (record) => record,
  seed = 'log key',
): Promise<PackageWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-package-'));
  const at = (name: string) => join(dir, name);
  const builder = new ArchiveBuilder({ signers: [signer(seed)] });
  const chain = builder.chain();
  await chain.seal();
  await chain.seal({ lines: entries(0, 20).map(change), linesPerBlock: 6 });
  await chain.seal({
    lines: [...entries(20, 10), transactionGap(30, 3), ...entries(33, 7)].map(changed(change)),
  });
  await chain.seal({ lines: entries(40, 20).map(change) });
  const second = builder.chain('payments', 1);
  await second.seal();
  await second.seal({ lines: entries(0, 20) });
  writeCopy(builder.archive, at('archive'));
  writeFileSync(at('archive.vkey'), `${encodeVkey(builder.trusted[0] as VerifierKey)}\n`);
  await generateLocalKey(at('export-key.pem'), 'ed25519');
  const key = ['--key', at('archive.vkey')];
  return {
    ...{ dir, at, key },
    async exported(out, ...more) {
      const isSearch = more.includes('--where') || more.includes('--sample');
      const offsets = isSearch || more.includes('--offsets') ? [] : ['--offsets', '10-34'];
      const about = ['--case', '2026-17', '--purpose', 'Audit 2026', '--by', 'Ada Byron'];
      const chainOf = isSearch ? [] : ['--topic', 'orders', '--partition', '0'];
      const args = [
        'export',
        at('archive'),
        ...key,
        ...chainOf,
        ...offsets,
        ...about,
        '--out',
        at(out),
        ...more,
      ];
      const { code, err } = await ledgerstone(args);
      if (code !== 0) throw new Error(`export ended with ${code}: ${err}`);
      return at(out);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

const changed =
  (change: (record: KafkaRecord) => KafkaRecord) => (line: ReturnType<typeof transactionGap> | KafkaRecord) =>
    'reason' in line ? line : change(line);

export const filesOf = (zip: string): Files => readZip(new Uint8Array(readFileSync(zip)));

/** By Node's zlib, which is quicker than ours. */
export function writeZip(name: string, files: ReadonlyMap<string, Uint8Array>): string {
  const packed = [...files].map(([path, bytes]) => packFile(path, bytes, deflateRawSync));
  writeFileSync(name, Buffer.concat([...zipOf(packed)]));
  return name;
}

export const changeText = (files: Files, path: string, change: (text: string) => string): Files => {
  const before = Buffer.from(files.get(path) as Uint8Array).toString();
  const after = change(before);
  if (after === before) throw new Error(`nothing changed in ${path}`);
  return new Map(files).set(path, Buffer.from(after));
};

/** A list of files that fits what is there, as somebody writes it who has no key. */
export function relisted(
  files: Files,
  change: (manifest: PackageManifest) => PackageManifest = (manifest) => manifest,
): Files {
  const envelope = parseEnvelope(files.get(PATHS.manifest) as Uint8Array);
  const manifest = parsePackageManifest(envelope.payload);
  const roles = new Map(manifest.files.map(({ path, role }) => [path, role]));
  const listed = [...files]
    .filter(([path]) => path !== PATHS.manifest)
    .map(([path, bytes]) => ({
      path,
      role: roles.get(path) ?? ('proof' as const),
      bytes: bytes.length,
      sha256: Buffer.from(nodeSha256(bytes)).toString('hex'),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const payload = encodePackageManifest(change({ ...manifest, files: listed }));
  return new Map(files).set(PATHS.manifest, encodeEnvelope({ ...envelope, payload }));
}
