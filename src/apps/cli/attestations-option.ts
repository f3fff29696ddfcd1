// `--attestations STORE --cosigner KEY`: what has an independent verifier confirmed of this archive?

import type { Command } from 'commander';
import { equalBytes } from '../../base/bytes.ts';
import { counted, countText } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { storeFromName } from '../../clients/store-from-name.ts';
import { attestationsRoot, parseAttestationKey } from '../../format/attestation.ts';
import { type CosignerKey, parseCosignerVkey } from '../../format/cosignature.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { chainFolders } from '../../read/list-chains.ts';
import type { ReadableStore } from '../../store/store.ts';
import {
  AttestationReader,
  type Attested,
  type ForeignObject,
} from '../../verifier/attest/attestation-reader.ts';
import { floodFindings } from '../../verifier/attest/flood.ts';
import type { ConfirmedChain } from '../../verify/anchor.ts';
import { type Finding, findingOf, verdictOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { sameKey } from '../../verify/trust.ts';
import { UsageError } from './exit-code.ts';
import { readKeyLines } from './keys.ts';
import { closeOlder, type OlderArchive, type OlderOptions, openOlder } from './older-option.ts';
import {
  type Archive,
  type ArchiveOptions,
  openArchive,
  openArchiveStore,
  repeatable,
} from './open-archive.ts';
import { ageText } from './table.ts';

export type AttestationOptions = { readonly attestations?: string; readonly cosigner?: readonly string[] };

export const withAttestations = (command: Command): Command =>
  command
    .option(
      '--attestations <store>',
      'where an independent verifier attests: s3://bucket/prefix or a directory',
    )
    .option('--cosigner <key>', "that verifier's key, or a file of them; repeatable", repeatable);

/** Keys of cosigners. Each text is a key or the name of a file of keys. Throws UsageError. */
export async function readCosigners(texts: readonly string[]): Promise<CosignerKey[]> {
  const lines = (await Promise.all(texts.map(readKeyLines))).flat();
  return lines.map((line) => {
    try {
      return parseCosignerVkey(line, nodeSha256);
    } catch (error) {
      throw new UsageError(
        `${JSON.stringify(line)} is not a cosigner's key (${messageOf(error)})`,
        'Give the key that `ledgerstone watch` logs when it starts. It is not the key of the archive itself.',
      );
    }
  });
}

/** One chain's newest attestation. */
export type ChainAttestation = { readonly chainId: ChainInArchive; readonly attested: Attested };

/** What the store of attestations holds. */
export type AttestationSurvey = {
  readonly newest: readonly ChainAttestation[];
  /** Objects after the newest attestation that no named cosigner made: of each chain, the first of them. */
  readonly foreign: readonly ForeignObject[];
  /** Where they are too many to name each, and what could not be read. */
  readonly floods: readonly Finding[];
};

/** Foreign objects of one chain that a command reads on the way to the newest attestation. */
const READS_MAX = 100_000;

export type Attestations = {
  readonly store: ReadableStore;
  readonly reader: AttestationReader;
  readonly cosigners: readonly CosignerKey[];
};

export type ArchiveAndAttestations = {
  readonly archive: Archive;
  /** Null if no attestations were asked for. */
  readonly attestations: Attestations | null;
  /** Archives that chains of this one continue. */
  readonly older: readonly OlderArchive[];
  readonly close: () => Promise<void>;
};

export async function openWithAttestations(
  name: string | undefined,
  options: ArchiveOptions & AttestationOptions & OlderOptions,
  env: NodeJS.ProcessEnv,
): Promise<ArchiveAndAttestations> {
  const cosigners = await cosignersOf(options);
  const archive = await openArchive(name, options, env);
  let older: readonly OlderArchive[] = [];
  try {
    requireSecondParty(cosigners, archive.trusted);
    older = await openOlder(options, archive, env);
    const { attestations: at } = options;
    const store =
      at === undefined
        ? null
        : await openArchiveStore(storeFromName(at, { ...likeConfigured(archive), ...options }, env));
    const close = async () => {
      await Promise.all([archive.store.close(), store?.close(), closeOlder(older)]);
    };
    const reader = store && new AttestationReader(store, cosigners, archive.trusted, READS_MAX);
    return { archive, attestations: store && reader && { store, reader, cosigners }, older, close };
  } catch (error) {
    await Promise.all([archive.store.close(), closeOlder(older)]);
    throw error;
  }
}

/** The log's own signature stands under every seal, so its key would attest whatever it signs. */
function requireSecondParty(cosigners: readonly CosignerKey[], trusted: readonly VerifierKey[]): void {
  for (const { name, key } of cosigners) {
    if (!trusted.some((log) => sameKey(log.key, key))) continue;
    throw new UsageError(
      `the key of cosigner ${name} is the log's own`,
      'Give the key of the verifier: `ledgerstone watch` logs it when it starts.',
    );
  }
}

/** By default the attestations have the Region and the endpoint of the configured archive. */
function likeConfigured({ config }: Archive): Pick<ArchiveOptions, 'region' | 'endpoint'> {
  if (config?.archive.store.kind !== 's3') return {};
  const { region, endpoint } = config.archive.store;
  return { region, ...(endpoint !== undefined && { endpoint }) };
}

async function cosignersOf({ attestations, cosigner = [] }: AttestationOptions): Promise<CosignerKey[]> {
  if (attestations === undefined) {
    if (cosigner.length === 0) return [];
    throw new UsageError(
      '--cosigner names who attests, but not where the attestations are',
      'Add --attestations STORE.',
    );
  }
  const cosigners = await readCosigners(cosigner);
  if (cosigners.length > 0) return cosigners;
  throw new UsageError(
    '--attestations needs --cosigner',
    'Give the key of the verifier: an attestation is believed only if that key signed it.',
  );
}

/**
 * Throws UsageError where there is no attestation at all: who names a place to compare with does not hear
 * that all is well because it is the wrong one.
 */
export function requireAttested(
  { newest, foreign, floods }: AttestationSurvey,
  { store, cosigners }: Attestations,
): void {
  // What could not be read may be one: the verdict says that.
  if (newest.length > 0 || verdictOf(floods) !== 'verified') return;
  const names = [...new Set(cosigners.map(({ name }) => name))].join(', ');
  const [first] = foreign;
  const others = first === undefined ? '' : `. ${first.key} is none: ${first.why}`;
  throw new UsageError(
    printable(
      `${store.description} has no attestation of this archive by ${names}: nothing to compare with${others}`,
    ),
    'Correct the place, its prefix or the cosigner key. Without --attestations the archive is looked at alone.',
  );
}

/** The newest attestation of each chain. */
export async function surveyAttestations(
  { store, reader }: Pick<Attestations, 'store' | 'reader'>,
  signal: AbortSignal,
): Promise<AttestationSurvey> {
  const newest: ChainAttestation[] = [];
  const foreign: ForeignObject[] = [];
  const floods: Finding[] = [];
  const onUnlisted = (folder: string, error: Error) => {
    // Of a store of which nothing at all can be seen the error says more.
    if (folder === attestationsRoot) throw error;
    const expected = `the attestations below ${folder}`;
    floods.push(findingOf('unreadable', { expected, found: messageOf(error) }));
  };
  for await (const folder of chainFolders(store, attestationsRoot, signal, onUnlisted)) {
    const parsed = parseAttestationKey(`${folder}000000000000.note`);
    if (parsed === null) continue;
    const place = { chain: parsed.chain, partition: parsed.partition };
    try {
      const found = await reader.newest(place, 0, signal);
      if (found.attested !== null) newest.push({ chainId: place, attested: found.attested });
      foreign.push(...found.foreign);
      floods.push(...floodFindings(found.flood));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error)) throw error;
      onUnlisted(folder, error);
    }
  }
  return { newest, foreign, floods };
}

/** What `verifyArchive` compares the chain with. */
export const confirmedChain = ({
  attested: { origin, size, root, cosigner },
}: ChainAttestation): ConfirmedChain => ({
  ...{ origin, size, root },
  from: `attested by ${cosigner.name}`,
});

/** One line for each foreign object: somebody wrote it, and it is no attestation. */
export function foreignObjectsText({ foreign, floods }: Omit<AttestationSurvey, 'newest'>): string {
  const lines = [
    ...foreign.map(({ key, versionId, why }) => `not an attestation: ${key} (version ${versionId}): ${why}`),
    ...floods.map(({ key, expected, found }) =>
      key === null ? `unreadable: ${expected}: ${found}` : `not an attestation: below ${key}: ${found}`,
    ),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** How far an independent verifier has confirmed a chain. */
export type AttestationSummary = {
  readonly cosigner: string;
  readonly size: number;
  /** The last offset that was confirmed. Null if its seal can't be read, or if no offset was sealed yet. */
  readonly throughOffset: number | null;
  readonly attestedAt: string | null;
  /**
   * From the seal to its attestation, by two clocks: it may be negative. Null if the cosigner's kind of key
   * signs no time.
   */
  readonly secondsAfterSeal: number | null;
  /** True if the archive has another history than was attested. Then nothing that it shows was confirmed. */
  readonly isFork: boolean;
  /** Why the seal that was attested last could not be read here. Null: it was, and was compared. */
  readonly unread: string | null;
};

/**
 * Reads the seal that was attested last. Its root is the cosigner's word, so no key of the log is asked for:
 * the chain may trust others by now than the pinned ones.
 */
export async function attestationSummary(
  archive: Pick<Archive, 'store'>,
  { chainId: place, attested }: ChainAttestation,
  signal: AbortSignal,
): Promise<AttestationSummary> {
  const { size, timeSeconds, cosigner } = attested;
  const attestedAt = timeSeconds === null ? null : new Date(timeSeconds * 1000).toISOString();
  const base = { cosigner: cosigner.name, size, attestedAt, isFork: false, unread: null };
  const none = { throughOffset: null, secondsAfterSeal: null };
  try {
    const reader = new ChainReader({ store: archive.store, ...place, trusted: [], signal });
    const { manifest, root } = await reader.seal(size - 1);
    const { records, time } = manifest;
    if (manifest.origin !== attested.origin || !equalBytes(root, attested.root)) {
      return { ...base, ...none, isFork: true };
    }
    const sealedSeconds = Math.floor(Date.parse(time.sealed) / 1000);
    const throughOffset = records.nextOffset === 0 ? null : records.nextOffset - 1;
    const secondsAfterSeal = timeSeconds === null ? null : timeSeconds - sealedSeconds;
    return { ...base, throughOffset, secondsAfterSeal };
  } catch (error) {
    signal.throwIfAborted();
    return { ...base, ...none, unread: messageOf(error) };
  }
}

/** `verified through offset 125,003 by verifier.example.com/prod at 2026-…, 4 s after its seal` */
export function attestationText(confirmation: AttestationSummary): string {
  const { cosigner, size, throughOffset, attestedAt, secondsAfterSeal, isFork, unread } = confirmation;
  if (isFork) return `${cosigner} attested another history of ${counted(size, 'segment')} than this one`;
  const at = attestedAt === null ? '' : ` at ${attestedAt}`;
  if (unread !== null)
    return `${cosigner} attested ${counted(size, 'segment')}${at}; the last of them could not be read here: ${unread}`;
  const end = throughOffset === null ? `segment ${size - 1}` : `offset ${countText(throughOffset)}`;
  const when = secondsAfterSeal === null ? '' : `, ${afterText(secondsAfterSeal)} its seal`;
  return `verified through ${end} by ${cosigner}${at}${when}`;
}

/** Two clocks may differ, and a seal may be dated ahead: that is shown, not hidden. */
const afterText = (seconds: number): string =>
  seconds < 0 ? `${ageText(-1000 * seconds)} before the time of` : `${ageText(1000 * seconds)} after`;
