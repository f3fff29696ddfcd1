// Which attested checkpoint that covers this segment has a time-stamping authority stamped?
import { counted } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { coveredBy, encodeStampProof, type StampLink } from '../../format/stamp.ts';
import { timeText } from '../../format/time.ts';
import type { ChainReader, LocatedSeal } from '../../read/chain-reader.ts';
import type { HeldCertificate } from '../../timestamp/certificates.ts';
import type { Attested } from '../../verifier/attest/attestation-reader.ts';
import { stampDays } from '../../verifier/stamps/stamp-days.ts';
import {
  CUT_TEXT,
  type FoundStamp,
  type FoundToken,
  listStamps,
  readStamp,
  type StampReading,
} from '../../verifier/stamps/stamp-reader.ts';
import { pathOfCheckpoint, pathOfRenewal } from '../../verify/stamp-tree.ts';
import type { Attestations } from './attestations-option.ts';
import { foreignAsNull } from './attested-note.ts';
import { NotYetError } from './exit-code.ts';

const DAY_MS = 86_400_000;
/** Renewals are looked for in so many days before the end of a token (FORMAT.md 9.11.7). */
const RENEWED_DAYS = 92;
const LINKS_MAX = 16;

export type Stamped = {
  readonly attested: Attested;
  readonly note: Uint8Array;
  /** The proof of the stamp, as a file. */
  readonly stamp: Uint8Array;
  readonly authority: string;
  readonly genTimeMs: number;
  /** Objects at keys of stamps that are none, or were not read: they were passed over. */
  readonly passedOver: readonly string[];
};

/** The first stamp after it was sealed. `roots`: of authorities that count; none: any. Throws NotYetError. */
export async function stampedNote(
  { store, reader, cosigners }: Attestations,
  { chain, partition }: Pick<ChainReader, 'chain' | 'partition'>,
  { sequence, manifest: { origin, time } }: LocatedSeal,
  roots: readonly HeldCertificate[],
  signal: AbortSignal,
): Promise<Stamped> {
  const { archiveOrigin } = parseChainOrigin(origin);
  const reading: StampReading = { store, signing: { archiveOrigin, cosigners, sha256: nodeSha256 }, roots };
  // The archiver's clock may be ahead of the authority's.
  const after = timeText(Math.max(0, Date.parse(time.sealed) - 2 * DAY_MS)).slice(0, 10);
  const { tokens } = await listStamps(store, { after, signal });
  const { dates, foreign } = stampDays(tokens, Date.now());
  const passedOver = foreign.map(({ key, why }) => `${key}: ${why}`);
  const counts = ({ checked }: FoundToken) => roots.length === 0 || checked.kind === 'shown';
  for (const [at, date] of dates.entries()) {
    const found = await readStamp(reading, date, signal);
    passedOver.push(...found.foreign.map(({ key, why }) => `${key}: ${why}`));
    if (found.isCut) passedOver.push(`${date}: ${CUT_TEXT}`);
    const token = found.tokens.find(counts);
    const size = found.list?.checkpoints.find((one) => one.origin === origin)?.size ?? 0;
    if (token === undefined || size <= sequence) continue;
    const attested = await reader.of({ chain, partition }, size, signal).catch(foreignAsNull);
    const first = linkOf(found, token, found.list && pathOfCheckpoint(found.list, origin, nodeSha256));
    if (attested === null || first === null) continue;
    const version = await oldestVersion(store, attested.key, signal);
    if (version === null) throw new LedgerstoneError('not-found', `there is no ${attested.key} any more`);
    const note = await store.read(attested.key, version.versionId, { maxBytes: LIMITS.sealBytesMax, signal });
    const links = [
      first,
      ...(await renewalsOf(reading, { found, token }, dates.slice(at + 1), counts, signal)),
    ];
    const { by: authority, genTimeMs } = token.checked;
    return { attested, note, stamp: encodeStampProof(links), authority, genTimeMs, passedOver };
  }
  const looked =
    dates.length === 0
      ? `No stamp from ${after} on is there.`
      : `The stamps of ${counted(dates.length, 'day')} from ${after} on were looked at.`;
  const [first] = passedOver;
  const more = passedOver.length > 1 ? `, and ${passedOver.length - 1} more` : '';
  const junk = first === undefined ? '' : printable(` Not a stamp: ${first}${more}.`);
  throw new NotYetError(
    'not-stamped',
    `segment ${sequence} is below no checkpoint that was stamped`,
    `${looked}${junk}`,
    'A verifier asks its authority once a day. Without --stamp it can be proved now.',
  );
}

type Held = { readonly found: FoundStamp; readonly token: FoundToken };

const linkOf = (
  { statement }: FoundStamp,
  { bytes }: FoundToken,
  leaf: Pick<StampLink, 'index' | 'path'> | null,
): StampLink | null => (statement === null || leaf === null ? null : { statement, ...leaf, token: bytes });

/** Each the renewal of the one before. */
async function renewalsOf(
  reading: StampReading,
  first: Held,
  dates: readonly string[],
  counts: (token: FoundToken) => boolean,
  signal: AbortSignal,
): Promise<StampLink[]> {
  const links: StampLink[] = [];
  let held = first;
  while (links.length < LINKS_MAX - 1) {
    const next = await renewalOf(reading, held, dates, counts, signal);
    if (next === null) break;
    links.push(next.link);
    held = next;
  }
  return links;
}

async function renewalOf(
  reading: StampReading,
  { found, token }: Held,
  dates: readonly string[],
  counts: (token: FoundToken) => boolean,
  signal: AbortSignal,
): Promise<(Held & { readonly link: StampLink }) | null> {
  if (found.statement === null) return null;
  const covered = coveredBy(found.statement, token.bytes, nodeSha256);
  const endsMs = Math.min(token.endsSeconds * 1000, Date.parse('9999-01-01'));
  const [from, to] = [endsMs - RENEWED_DAYS * DAY_MS, endsMs].map((ms) =>
    timeText(Math.max(0, ms)).slice(0, 10),
  );
  for (const date of dates) {
    if (date <= found.date || date < (from as string) || date > (to as string)) continue;
    const later = await readStamp(reading, date, signal);
    const by = later.tokens.find(counts);
    const leaf =
      later.list && pathOfRenewal(later.list, { date: found.date, covered }, reading.signing.sha256);
    const link = by === undefined ? null : linkOf(later, by, leaf);
    if (by !== undefined && link !== null) return { found: later, token: by, link };
  }
  return null;
}
