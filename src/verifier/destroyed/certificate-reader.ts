// Which certificates of destruction lie in a verifier's own bucket, and which objects there are none?
import { FormatError } from '../../base/error.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { ReadableStore } from '../../store/store.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { type ForeignNote, type ListedNote, listNotes, readObject } from '../own-bucket.ts';
import { type NoteKeys, openNoteBy } from '../signed-notes.ts';
import { CERTIFICATE_BYTES_MAX, type Certificate, parseCertificate } from './certificate.ts';
import { type DestroyedKey, destroyedPrefix, destroyedRoot, parseDestroyedKey } from './destroyed-key.ts';

export type FoundCertificate = {
  readonly key: string;
  readonly certificate: Certificate;
  /** The name of the cosigner that signed it. */
  readonly by: string;
};

export type FoundCertificates = {
  /** By chain, and then by their segments. */
  readonly found: readonly FoundCertificate[];
  /** At keys of certificates. The first ones. */
  readonly foreign: readonly ForeignNote[];
  readonly foreignOmitted: number;
};

type Reading = {
  readonly store: Pick<ReadableStore, 'listVersions' | 'read'>;
  readonly signing: NoteKeys;
};

const FOREIGN_LISTED_MAX = 50;

/** Of one chain, or null: of all. Rejects if the store can't be listed or read. */
export async function readCertificates(
  reading: Reading,
  place: ChainInArchive | null,
  signal?: AbortSignal,
): Promise<FoundCertificates> {
  const found: FoundCertificate[] = [];
  const foreign: ForeignNote[] = [];
  let foreignOmitted = 0;
  const prefix = place === null ? destroyedRoot : destroyedPrefix(place);
  const options = signal === undefined ? {} : { signal };
  for await (const note of listNotes(reading.store, prefix, parseDestroyedKey, options)) {
    const read = await open(reading, note, signal);
    if (!('why' in read)) found.push(read);
    else if (foreign.length < FOREIGN_LISTED_MAX) foreign.push(read);
    else foreignOmitted++;
  }
  return { found, foreign, foreignOmitted };
}

/** The certificate that counts at a key. Null: what lies there is none, or nothing does. */
export async function certificateAt(
  reading: Reading,
  key: string,
  parsed: DestroyedKey,
  signal?: AbortSignal,
): Promise<Certificate | null> {
  const version = await oldestVersion(reading.store, key, signal);
  if (version === null) return null;
  const read = await open(reading, { key, versionId: version.versionId, parsed }, signal);
  return 'why' in read ? null : read.certificate;
}

async function open(
  { store, signing }: Reading,
  note: Pick<ListedNote<DestroyedKey>, 'key' | 'versionId' | 'parsed'>,
  signal?: AbortSignal,
): Promise<FoundCertificate | ForeignNote> {
  const { key, versionId, parsed } = note;
  try {
    const bytes = await readObject(store, note, CERTIFICATE_BYTES_MAX, signal);
    return await openCertificate(signing, key, parsed, bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { key, versionId, why: error.message };
  }
}

/** Throws FormatError if it is none of that key and archive, by one of these cosigners. */
export async function openCertificate(
  signing: NoteKeys,
  key: string,
  parsed: DestroyedKey,
  bytes: Uint8Array,
): Promise<FoundCertificate> {
  const { content, by } = await openNoteBy(signing, key, bytes);
  const certificate = parseCertificate(content, parsed);
  if (certificate.origin !== `${signing.archiveOrigin}/${parsed.chain}/${parsed.partition}`)
    throw new FormatError('a certificate of another archive');
  return { key, certificate, by: by.name };
}
