// What happens in the demo, step by step, and did each step show what it claims?

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '../../../base/bytes.ts';
import { LedgerstoneError } from '../../../base/error.ts';
import { silentLogger } from '../../../base/log.ts';
import { nodeSha256 } from '../../../base/node/hash.ts';
import { loadConfig } from '../../../config/archiver.ts';
import { encodeVkey, type VerifierKey } from '../../../format/vkey.ts';
import { ChainReader } from '../../../read/chain-reader.ts';
import { listChains } from '../../../read/list-chains.ts';
import { proveOffset } from '../../../read/prove-offset.ts';
import type { StoreReader } from '../../../store/store.ts';
import { checkEventProof } from '../../../verify/event-proof.ts';
import type { Finding, Verdict } from '../../../verify/finding.ts';
import type { Report } from '../../../verify/report.ts';
import { runArchiver } from '../../archiver/main.ts';
import { configuredKeys, openArchiveStore } from '../open-archive.ts';
import type { Io } from '../output.ts';
import { startProgressBar } from '../progress.ts';
import { verifyStore } from '../verify-store.ts';
import { ATTACKS } from './attacks.ts';
import { copyArchive } from './copy.ts';
import { type Stage, VKEY_FILE } from './stage.ts';

/** The demo did not show what it claims. This must not be ignored. */
const failed = (message: string): LedgerstoneError =>
  new LedgerstoneError('demo-failed', message, {
    remedy: 'This is a fault of Ledgerstone: please report it.',
  });

export type Archived = { readonly records: number; readonly segments: number; readonly seconds: number };

/** Archives all events of the stage with the service's pipeline, and waits until each is sealed. */
export async function archiveEvents(io: Io, stage: Stage): Promise<Archived> {
  const config = await loadConfig(stage.configFile, io.env);
  const progress = startProgressBar(io, 'archive');
  const enough = new AbortController();
  const started = performance.now();
  let [sealed, segments] = [0, 0];
  try {
    await stage.produce();
    const result = await runArchiver(config, {
      signal: AbortSignal.any([io.signal, enough.signal]),
      log: silentLogger,
      onSealed: ({ records }) => {
        sealed += records;
        segments += 1;
        progress.update(sealed, stage.events, `${sealed} of ${stage.events} events, ${segments} segments`);
        if (sealed >= stage.events) enough.abort();
      },
    });
    io.signal.throwIfAborted();
    if (result.records !== stage.events)
      throw failed(`${result.records} of ${stage.events} events were archived`);
    return { ...result, seconds: (performance.now() - started) / 1000 };
  } finally {
    progress.stop();
  }
}

export type Opened = {
  readonly store: StoreReader;
  readonly trusted: readonly VerifierKey[];
  readonly vkey: string;
};

/** Opens the archive as an auditor does: for reading, with the key that they were given. */
export async function openForAudit(io: Io, stage: Stage): Promise<Opened> {
  const config = await loadConfig(stage.configFile, io.env);
  const trusted = await configuredKeys(config);
  const vkey = encodeVkey(trusted[0]!);
  await writeFile(join(stage.directory, VKEY_FILE), `${vkey}\n`);
  return { store: await openArchiveStore(config.archive.store), trusted, vkey };
}

export async function chainReaders(opened: Opened, signal: AbortSignal): Promise<ChainReader[]> {
  const readers: ChainReader[] = [];
  for await (const place of listChains(opened.store, signal)) {
    readers.push(new ChainReader({ store: opened.store, ...place, trusted: opened.trusted, signal }));
  }
  return readers;
}

export async function verifyAll(io: Io, opened: Opened): Promise<Report> {
  const report = await verifyStore(io, opened.store, opened.trusted, { depth: 'content', nowMs: Date.now() });
  if (report.verdict !== 'verified') throw failed(`the archive of the demo is ${report.verdict}`);
  return report;
}

export type AttackResult = {
  readonly title: string;
  readonly verdict: Verdict;
  readonly finding: Finding;
};

/**
 * For each attack: copies the archive, alters the copy, verifies it, and gives the finding that names the
 * attack.
 */
export async function* attackCopies(io: Io, stage: Stage, opened: Opened): AsyncGenerator<AttackResult> {
  const directory = join(stage.directory, 'attacked-copy');
  const { directoryStore } = await import('../../../store/directory.ts');
  for (const { title, run, expected } of ATTACKS) {
    await copyArchive(opened.store, directory, io.signal);
    const copy = directoryStore({ path: directory });
    const [reader] = await chainReaders({ ...opened, store: copy }, io.signal);
    if (reader === undefined) throw failed('the copy of the archive has no chain');
    await run(directory, reader);
    const report = await verifyStore(io, copy, opened.trusted, {
      depth: 'content',
      nowMs: Date.now(),
    });
    const findings = [...report.chains.flatMap((chain) => chain.findings), ...report.findings];
    const finding = findings.find(({ code }) => expected.includes(code));
    if (report.verdict === 'verified' || finding === undefined) {
      const found = findings.map(({ code }) => code).join(', ');
      throw failed(
        `an attack was not found: ${title}: ${report.verdict}, ${found === '' ? 'no finding' : found}`,
      );
    }
    yield { title, verdict: report.verdict, finding };
  }
  await rm(directory, { recursive: true, force: true });
}

export type ProofResult = {
  readonly offset: number;
  readonly partition: number;
  readonly line: string;
  readonly proofBytes: number;
  readonly proofFile: string;
  readonly entryFile: string;
  readonly leaf: string;
  readonly altered: { readonly verdict: Verdict; readonly code: string };
};

/**
 * Proves one event, checks the proof with nothing but the key, and shows that it fails for a line with one
 * bit changed.
 */
export async function proveOneEvent(stage: Stage, opened: Opened, reader: ChainReader): Promise<ProofResult> {
  const { manifest } = await reader.seal(2);
  const offset = manifest.records.firstOffset + Math.floor(manifest.records.count / 2);
  const { proof, line } = await proveOffset(reader, offset);
  const [proofFile, entryFile] = [
    join(stage.directory, 'event.tlog-proof'),
    join(stage.directory, 'event.json'),
  ];
  await writeFile(proofFile, proof);
  await writeFile(entryFile, Buffer.concat([line, Buffer.from('\n')]));
  const check = (checked: Uint8Array) =>
    checkEventProof({ proof, line: checked, trusted: opened.trusted, sha256: nodeSha256 });
  const result = await check(line);
  if (result.verdict !== 'verified') throw failed(`the proof of offset ${offset} is ${result.verdict}`);
  const other = Uint8Array.from(line);
  other[other.length - 2] = (other[other.length - 2] as number) ^ 1;
  const refused = await check(other);
  if (refused.verdict === 'verified') throw failed('an altered line passed for the proven one');
  return {
    offset,
    partition: reader.partition,
    line: Buffer.from(line).toString('utf8'),
    proofBytes: proof.length,
    proofFile,
    entryFile,
    leaf: toHex(nodeSha256(Buffer.concat([Buffer.from([0]), line]))),
    altered: { verdict: refused.verdict, code: refused.finding.code },
  };
}
