// `ledgerstone prove`: which file shows offline that this one entry was archived?

import { type Command, InvalidArgumentError } from 'commander';
import { toHex } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { nodeSha256, nodeSha256Into } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { DURATION_PATTERN, durationMs } from '../../config/units.ts';
import { encodeEventProof, parseEventProof } from '../../format/event-proof.ts';
import { InclusionPath } from '../../merkle/inclusion-path.ts';
import { verifyInclusion } from '../../merkle/proof.ts';
import { leafHash } from '../../merkle/tree.ts';
import { chainEnd, successorOf } from '../../read/chain-end.ts';
import type { ChainReader, LocatedSeal } from '../../read/chain-reader.ts';
import { BehindChainError } from '../../read/errors.ts';
import { laterPath } from '../../read/later-path.ts';
import { checkedData } from '../../read/line-range.ts';
import { locateOffset } from '../../read/locate.ts';
import { eventProofOf, type LinePath } from '../../verify/event-proof.ts';
import { VerifyError } from '../../verify/finding.ts';
import {
  type AttestationOptions,
  type Attestations,
  openWithAttestations,
  withAttestations,
} from './attestations-option.ts';
import { attestedNote } from './attested-note.ts';
import { type ChainOptions, openChain, withChain } from './chain-option.ts';
import { EXIT, NotYetError } from './exit-code.ts';
import { type ArchiveOptions, offsetOption, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { ageText } from './table.ts';
import { type Sighting, seenAt, whenOf, whenText } from './when-text.ts';

type ProveOptions = ArchiveOptions &
  ChainOptions &
  AttestationOptions & { readonly offset: number; readonly wait?: number; readonly json?: boolean };

/** The proof of one line, and the line itself without its LF. */
export type ProvenEvent = {
  readonly proof: Uint8Array;
  readonly line: Uint8Array;
  readonly isGap: boolean;
  readonly seal: LocatedSeal;
};

const HELP = `
Writes a tlog-proof (c2sp.org/tlog-proof) to standard output. It leads from the line to
the signed checkpoint. Anybody can \`check\` it with the line, which \`get\` prints, and a
trusted key, without the archive and without a network. The whole segment is compared
with its seal first. With --attestations the proof leads to a checkpoint that an
independent verifier has cosigned; \`check --cosigner\` asks for that.

Exit code 4: the offset is not sealed yet, or not attested yet. --wait asks again until
it is, or until its time is over. Exit code 2: the chain has ended below the offset, and
another one continues it, as far as a key is given to know that.

Examples:
  ledgerstone prove ./archive --topic orders --partition 0 --offset 42 > event.tlog-proof
  ledgerstone get ./archive --topic orders --partition 0 --from 42 --to 42 > event.json
  ledgerstone check event.tlog-proof --entry event.json --key archive.vkey
`;

export function proveCommand(program: Command, session: Session): void {
  const command = program.command('prove').description("One event's offline proof.");
  withChain(withAttestations(withArchive(command)))
    .requiredOption('--offset <offset>', 'offset of the record', offsetOption)
    .option('--wait <duration>', 'how long to wait until it is sealed and attested, such as 2m', duration)
    .option('--json', '{"proof","line",…}: the proof as text, its line, and when it was archived')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: ProveOptions) => runProve(session, name, options)),
    );
}

async function runProve(session: Session, name: string | undefined, options: ProveOptions): Promise<number> {
  const { io } = session;
  const { archive, attestations, close } = await openWithAttestations(name, options, io.env);
  try {
    let isAsked = false;
    const { reader, proof, line, isGap, when } = await withPatience(
      options.wait ?? 0,
      io.signal,
      async () => {
        // A reader keeps what it has listed: each try has a new one.
        const reader = openChain(archive, options, io.signal);
        const proven = await proveOffset(reader, options.offset, async (head) => {
          // Every chain is asked for it, so only once.
          const next = isAsked ? null : await successorOf(reader, head);
          isAsked = true;
          if (next !== null) throw new BehindChainError(`offset ${options.offset}`, next);
        });
        const { line, isGap } = proven;
        const { proof, seen } =
          attestations === null
            ? { proof: proven.proof, seen: [] }
            : await underAttestation(proven, reader, attestations, io.signal);
        const when = whenOf(line, proven.seal.manifest.time.sealed, seen);
        return { reader, proof, line, isGap, when };
      },
    );
    if (options.json === true) {
      const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
      await session.output.json({ proof: text(proof), line: text(line), ...when });
    } else await session.output.exact(proof);
    if (options.json !== true) session.output.note(printable(whenText(when)));
    if (isGap)
      session.output.note(`offset ${options.offset} has no record: this proves the gap line that says so`);
    if (!reader.verified)
      session.output.note('not checked against a trusted key: `ledgerstone check` does that');
    return EXIT.ok;
  } finally {
    await close();
  }
}

const LOOK_AGAIN_MS = 2_000;

/** Tries again while it is not there yet, for so many milliseconds. Then throws the last NotYetError. */
async function withPatience<T>(waitMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const endMs = systemClock.monotonic() + waitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const leftMs = endMs - systemClock.monotonic();
      if (!(error instanceof NotYetError)) throw error;
      if (leftMs <= 0) throw waitMs === 0 ? error : error.afterWaiting(ageText(waitMs));
      await systemClock.sleep(Math.min(LOOK_AGAIN_MS, leftMs), signal);
    }
  }
}

function duration(text: string): number {
  if (!DURATION_PATTERN.test(text))
    throw new InvalidArgumentError('It must be a duration such as 30s or 2m.');
  return durationMs(text);
}

/**
 * The same proof up to a checkpoint that a cosigner has signed: that of the segment's own size if there is
 * one.
 */
async function underAttestation(
  { proof, seal }: ProvenEvent,
  reader: ChainReader,
  attestations: Attestations,
  signal: AbortSignal,
): Promise<{ readonly proof: Uint8Array; readonly seen: readonly Sighting[] }> {
  const { attested: found, note } = await attestedNote(attestations, reader, seal.sequence, signal);
  const path = await laterPath((sequence) => reader.seal(sequence), seal.sequence, found.size);
  const leaf = leafHash(nodeSha256, seal.seal.manifestBytes);
  if (!verifyInclusion(nodeSha256, leaf, seal.sequence, found.size, path, found.root)) {
    const expected = `a segment under root ${toHex(found.root)}, attested by ${found.cosigner.name}`;
    throw new VerifyError({ code: 'fork', expected, found: 'another history' });
  }
  return {
    proof: encodeEventProof({ ...parseEventProof(proof), path, note }),
    seen: [seenAt(found.cosigner.name, found.timeSeconds)],
  };
}

/**
 * Throws NotYetError if the offset is not sealed yet, and VerifyError if the archive is not what was signed.
 * `onBehind`: called first with the newest seal where the offset lies behind it.
 */
export async function proveOffset(
  reader: ChainReader,
  offset: number,
  onBehind?: (head: LocatedSeal) => Promise<void>,
): Promise<ProvenEvent> {
  const { sequence: headSequence, beyond } = await chainEnd(reader);
  const located = await locateOffset(
    {
      headSequence,
      dataSizes: await reader.dataSizes(),
      manifest: async (wanted) => (await reader.seal(wanted)).manifest,
    },
    offset,
  );
  if (located === null) {
    if (beyond !== null) throw beyond;
    const head = await reader.seal(headSequence);
    await onBehind?.(head);
    const { nextOffset } = head.manifest.records;
    throw new NotYetError(
      'not-sealed-yet',
      `offset ${offset} is not sealed yet`,
      `The next offset to be sealed is ${nextOffset}.`,
    );
  }
  const seal = await reader.seal(located.sequence);
  const { line, isGap, place } = await placeOf(reader, seal, offset);
  return { proof: eventProofOf(seal, place, nodeSha256), line, isGap, seal };
}

/** The line that covers an offset, and its place in its segment's tree. The whole segment is read for it. */
async function placeOf(
  reader: ChainReader,
  seal: LocatedSeal,
  offset: number,
): Promise<{ readonly line: Uint8Array; readonly isGap: boolean; readonly place: LinePath }> {
  const hashes = { sha256: nodeSha256, sha256Into: nodeSha256Into };
  const path = new InclusionPath(hashes, seal.manifest.entries.size);
  let found: { readonly line: Uint8Array; readonly isGap: boolean } | null = null;
  await checkedData(reader, seal, ({ content, start, end, offset: first, nextOffset, gapLine }) => {
    const isIt = first <= offset && offset < nextOffset;
    if (isIt) found = { line: content.slice(start, end), isGap: gapLine !== null };
    const message = new Uint8Array(end - start + 1);
    message.set(content.subarray(start, end), 1);
    path.addLeafMessage(message, isIt);
  });
  const result = path.result();
  if (found === null || result === null) {
    throw new VerifyError({ code: 'offset-gap', expected: `a line for offset ${offset}`, found: 'none' });
  }
  const { line, isGap } = found as { readonly line: Uint8Array; readonly isGap: boolean };
  return { line, isGap, place: { ...result, leaf: leafHash(nodeSha256, line) } };
}
