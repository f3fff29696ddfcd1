// `ledgerstone prove`: which file shows offline that this one entry was archived?

import { type Command, InvalidArgumentError } from 'commander';
import { toHex } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { DURATION_PATTERN, durationMs } from '../../config/units.ts';
import { encodeEventProof, parseEventProof } from '../../format/event-proof.ts';
import type { Quorum } from '../../format/tlog-policy.ts';
import { verifyInclusion } from '../../merkle/proof.ts';
import { leafHash } from '../../merkle/tree.ts';
import { successorOf } from '../../read/chain-end.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import { BehindChainError, NotSealedError } from '../../read/errors.ts';
import { laterPath } from '../../read/later-path.ts';
import { type ProvenEvent, proveOffset } from '../../read/prove-offset.ts';
import { VerifyError } from '../../verify/finding.ts';
import {
  type AttestationOptions,
  type Attestations,
  openWithAttestations,
  withAttestations,
} from './attestations-option.ts';
import { attestedNote, witnessedNote } from './attested-note.ts';
import { readInput } from './bounded-input.ts';
import { type ChainOptions, openChain, withChain } from './chain-option.ts';
import { EXIT, NotYetError, UsageError } from './exit-code.ts';
import { requireNoFile } from './new-files.ts';
import { type ArchiveOptions, offsetOption, repeatable, withArchive } from './open-archive.ts';
import { parsePolicy } from './policy.ts';
import { acting, type Session } from './session.ts';
import { readTsaRoots } from './stamp-check.ts';
import { passedOverTexts, writeStamp, writtenText } from './stamp-file.ts';
import type { Stamped } from './stamped-note.ts';
import { ageText } from './table.ts';
import { type Sighting, seenAt, whenOf, whenText } from './when-text.ts';

type ProveOptions = ArchiveOptions &
  ChainOptions &
  AttestationOptions & {
    readonly offset: number;
    readonly policy?: string;
    readonly stamp?: string;
    readonly tsaRoot?: readonly string[];
    readonly wait?: number;
    readonly json?: boolean;
  };

const HELP = `
Writes a tlog-proof (c2sp.org/tlog-proof) to standard output. It leads from the line to
the signed checkpoint. Anybody can \`check\` it with the line, which \`get\` prints, and a
trusted key, without the archive and without a network. The whole segment is compared
with its seal first. With --attestations the proof leads to a checkpoint that an
independent verifier has cosigned; \`check --cosigner\` asks for that. With --policy
(c2sp.org/tlog-policy) it leads to the first one that enough witnesses have cosigned
too: a verifier may ask them once a day. \`check --policy\` asks for that. With --stamp it
leads to the first one that a time-stamping authority has stamped (once a day, if the
verifier asks one), and the stamp is written beside it: \`check --stamp\` reads it.

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
    .option('--policy <file>', 'which witnesses must have cosigned the checkpoint too')
    .option('--stamp <file>', 'write the stamp of a time-stamping authority there')
    .option('--tsa-root <file>', 'only of an authority with that root, in PEM; repeatable', repeatable)
    .option('--wait <duration>', 'how long to wait until it is sealed and attested, such as 2m', duration)
    .option('--json', '{"proof","line",…}: the proof as text, its line, and when it was archived')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: ProveOptions) => runProve(session, name, options)),
    );
}

async function runProve(session: Session, name: string | undefined, options: ProveOptions): Promise<number> {
  const { io } = session;
  const quorum = await quorumOf(session, options);
  const stamping = await stampingOf(session, options);
  const { archive, attestations, close } = await openWithAttestations(name, options, io.env);
  try {
    let isAsked = false;
    const { reader, proof, line, isGap, when, stamped } = await withPatience(
      options.wait ?? 0,
      io.signal,
      async () => {
        // A reader keeps what it has listed: each try has a new one.
        const reader = openChain(archive, options, io.signal);
        const proven = await sealedOffset(reader, options.offset, async (head) => {
          // Every chain is asked for it, so only once.
          const next = isAsked ? null : await successorOf(reader, head);
          isAsked = true;
          if (next !== null) throw new BehindChainError(`offset ${options.offset}`, next);
        });
        const { line, isGap } = proven;
        const { proof, seen, stamped } =
          attestations === null
            ? { proof: proven.proof, seen: [], stamped: null }
            : await underAttestation(proven, reader, attestations, { quorum, stamping, signal: io.signal });
        const when = whenOf(line, proven.seal.manifest.time.sealed, seen);
        return { reader, proof, line, isGap, when, stamped };
      },
    );
    if (stamped !== null && options.stamp !== undefined) await writeStamp(options.stamp, stamped);
    if (options.json === true) {
      const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
      const stamp = stamped === null ? {} : { stamp: text(stamped.stamp) };
      await session.output.json({ proof: text(proof), line: text(line), ...stamp, ...when });
    } else await session.output.exact(proof);
    if (options.json !== true) session.output.note(printable(whenText(when)));
    if (stamped !== null) session.output.note(printable(writtenText(stamped)));
    for (const one of passedOverTexts(stamped)) session.output.note(printable(one));
    if (isGap)
      session.output.note(`offset ${options.offset} has no record: this proves the gap line that says so`);
    if (!reader.verified)
      session.output.note('not checked against a trusted key: `ledgerstone check` does that');
    return EXIT.ok;
  } finally {
    await close();
  }
}

/** Null: an attestation is enough. */
async function quorumOf({ io }: Session, { policy, attestations }: ProveOptions): Promise<Quorum | null> {
  if (policy === undefined) return null;
  if (attestations === undefined)
    throw new UsageError('--policy looks among attestations', 'Add --attestations STORE --cosigner KEY.');
  return parsePolicy(new TextDecoder().decode(await readInput(io.stdin, policy, MIB, 'policy')), policy)
    .quorum;
}

/** As `proveOffset`, with what helps on the command line where it is not sealed yet. */
async function sealedOffset(...asked: Parameters<typeof proveOffset>): Promise<ProvenEvent> {
  try {
    return await proveOffset(...asked);
  } catch (error) {
    if (!(error instanceof NotSealedError)) throw error;
    throw new NotYetError(
      'not-sealed-yet',
      error.message,
      `The next offset to be sealed is ${error.nextOffset}.`,
    );
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

type Wanted = {
  readonly quorum: Quorum | null;
  readonly stamping: { readonly roots: Awaited<ReturnType<typeof readTsaRoots>> } | null;
  readonly signal: AbortSignal;
};

/** Null: no stamp is asked for. Throws UsageError. */
async function stampingOf(
  { io }: Session,
  { stamp, tsaRoot = [], attestations, policy }: ProveOptions,
): Promise<Wanted['stamping']> {
  if (stamp === undefined) {
    if (tsaRoot.length > 0)
      throw new UsageError('--tsa-root is for a stamp', 'Add --stamp FILE, or leave it out.');
    return null;
  }
  if (attestations === undefined)
    throw new UsageError('--stamp looks beside attestations', 'Add --attestations STORE --cosigner KEY.');
  if (policy !== undefined)
    throw new UsageError('--stamp and --policy ask for different checkpoints', 'Make one proof for each.');
  await requireNoFile(stamp, '--stamp');
  return { roots: await readTsaRoots(io, tsaRoot) };
}

/**
 * The same proof up to a checkpoint that a cosigner has signed: that of the segment's own size if there is
 * one.
 */
async function underAttestation(
  { proof, seal }: ProvenEvent,
  reader: ChainReader,
  attestations: Attestations,
  { quorum, stamping, signal }: Wanted,
): Promise<{
  readonly proof: Uint8Array;
  readonly seen: readonly Sighting[];
  readonly stamped: Stamped | null;
}> {
  const { sequence } = seal;
  const stamped =
    stamping &&
    (await (
      await import('./stamped-note.ts')
    ).stampedNote(attestations, reader, seal, stamping.roots, signal));
  const { attested: found, note } =
    stamped ??
    (quorum === null
      ? await attestedNote(attestations, reader, sequence, signal)
      : await witnessedNote(attestations, reader, sequence, quorum, signal));
  const path = await laterPath((sequence) => reader.seal(sequence), seal.sequence, found.size);
  const leaf = leafHash(nodeSha256, seal.seal.manifestBytes);
  if (!verifyInclusion(nodeSha256, leaf, seal.sequence, found.size, path, found.root)) {
    const expected = `a segment under root ${toHex(found.root)}, attested by ${found.cosigner.name}`;
    throw new VerifyError({ code: 'fork', expected, found: 'another history' });
  }
  return {
    proof: encodeEventProof({ ...parseEventProof(proof), path, note }),
    seen: [seenAt(found.cosigner.name, found.timeSeconds)],
    stamped,
  };
}
