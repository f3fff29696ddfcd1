// `ledgerstone show`: what does the seal of one segment say?

import type { Command } from 'commander';
import { toBase64, toHex } from '../../base/bytes.ts';
import { counted, countText } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import type { SourceIdentity } from '../../format/manifest.ts';
import { chainEnd, knownEnd, lookForHandovers, successorOf } from '../../read/chain-end.ts';
import type { ChainReader, LocatedSeal } from '../../read/chain-reader.ts';
import { BehindChainError } from '../../read/errors.ts';
import { countedSeals, newCounts } from '../../read/gap-search.ts';
import { type Missing, NONE_MISSING } from '../../verify/gaps.ts';
import { checkpointOf } from '../../verify/open-seal.ts';
import { idText } from '../../verify/trust.ts';
import { type ChainOptions, openChain, withChain } from './chain-option.ts';
import { EXIT, exitCodeOfError, NotYetError } from './exit-code.ts';
import { type ArchiveOptions, openArchive, sequenceOption, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { behindText, endedText, endNotKnownText } from './status-text.ts';
import { bytesText } from './table.ts';
import { missingText } from './verdict-bounds.ts';
import { sealedText } from './when-text.ts';

type ShowOptions = ArchiveOptions & ChainOptions & { readonly sequence?: number; readonly json?: boolean };

const HELP = `
Shows a seal: manifest, proof and signed checkpoint. The seal is checked in itself and,
with a key, against that key. Its data is not read: \`verify\` does that. Without --sequence
it is the newest segment, with what the chain's seals state of missing records and, with a
key, whether the chain has ended and another one continues it.

Exit code 4: the segment is not sealed yet. Exit code 2: the chain has ended before it,
and another one continues it, as far as a key is given to know that.

Examples:
  ledgerstone show ./archive --topic orders --partition 0
  ledgerstone show s3://acme-audit/prod --topic orders --partition 0 --sequence 41 \\
      --key archive.vkey --json
`;

export function showCommand(program: Command, session: Session): void {
  const command = program.command('show').description('One segment in readable form.');
  withChain(withArchive(command))
    .option('--sequence <number>', 'number of the segment in its chain; default: the newest', sequenceOption)
    .option('--json', 'manifest, checkpoint and proof for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: ShowOptions) => runShow(session, name, options)),
    );
}

async function runShow(session: Session, name: string | undefined, options: ShowOptions): Promise<number> {
  const archive = await openArchive(name, options, session.io.env);
  try {
    const reader = openChain(archive, options, session.io.signal);
    if (options.sequence !== undefined) {
      await requireSealed(reader, options.sequence);
      const seal = await reader.seal(options.sequence);
      if (options.json === true) await session.output.json(sealJson(reader, seal));
      else await session.output.write(sealText(reader, seal));
      return EXIT.ok;
    }
    return await showNewest(session, reader, options.json === true);
  } finally {
    await archive.store.close();
  }
}

/** The newest good segment, and what is known of the whole chain. */
async function showNewest(session: Session, reader: ChainReader, json: boolean): Promise<number> {
  const { sequence, beyond, behind } = await chainEnd(reader);
  const seal = await reader.seal(sequence);
  const chain = await summaryOrNote(session, reader, seal);
  const end = knownEnd(await lookForHandovers(reader.options), reader, seal);
  if (json) await session.output.json({ ...sealJson(reader, seal), ...(chain && { chain }), ...end });
  else {
    const ended = end.ended === null ? '' : `${printable(endedText(end.ended))}\n`;
    await session.output.write(
      `${sealText(reader, seal)}${chain === null ? '' : summaryText(chain)}${ended}`,
    );
    if (end.endNotKnown !== null) session.output.note(printable(endNotKnownText(end.endNotKnown)));
  }
  if (behind !== null) session.output.note(printable(behindText(behind)));
  if (beyond === null) return EXIT.ok;
  session.output.note(`behind it lies no good seal: ${printable(messageOf(beyond))}`);
  return exitCodeOfError(beyond);
}

/** Throws NotYetError or BehindChainError for a sequence behind the newest one, and what is wrong there. */
async function requireSealed(reader: ChainReader, wanted: number): Promise<void> {
  if (wanted <= (await reader.headSequence())) return;
  const { sequence, beyond } = await chainEnd(reader);
  if (beyond !== null) throw beyond;
  const next = await successorOf(reader, await reader.seal(sequence));
  if (next !== null) throw new BehindChainError(`segment ${wanted}`, next);
  const known = `The newest is segment ${sequence}.`;
  throw new NotYetError('not-sealed-yet', `segment ${wanted} is not sealed yet`, known, 'Ask again later.');
}

/** What the seals state of the whole chain: `missing` is null if there are too many to read here. */
type ChainSummary = {
  readonly firstOffset: number;
  readonly offsets: number;
  readonly archived: number;
  readonly missing: Missing | null;
};

/** More seals than this are not read to tell losses from transactions. */
const SEALS_READ_MAX = 2000;

/** The newest segment is shown whatever is wrong with older ones. */
async function summaryOrNote(
  { io, output }: Session,
  reader: ChainReader,
  newest: LocatedSeal,
): Promise<ChainSummary | null> {
  try {
    return await chainSummary(reader, newest);
  } catch (error) {
    io.signal.throwIfAborted();
    output.note(`whether records are missing in the chain is not known: ${messageOf(error)}`);
    return null;
  }
}

/** Two seals say whether offsets are missing. All of them say why. */
async function chainSummary(reader: ChainReader, newest: LocatedSeal): Promise<ChainSummary> {
  const { records, sequence } = newest.manifest;
  const { firstOffset } = (await reader.seal(0)).manifest.records;
  const offsets = records.nextOffset - firstOffset;
  const archived = records.before + records.count;
  const known = { firstOffset, offsets, archived };
  if (offsets === archived) return { ...known, missing: NONE_MISSING };
  if (sequence >= SEALS_READ_MAX) return { ...known, missing: null };
  const counts = newCounts();
  for await (const _ of countedSeals(reader, counts));
  return { ...known, missing: counts.missing };
}

function summaryText({ offsets, archived, missing }: ChainSummary): string {
  const text =
    missing === null
      ? [
          `${countText(archived)} of ${counted(offsets, 'offset')} ${offsets === 1 ? 'is' : 'are'}`,
          `archived; ${countText(offsets - archived)} without a record`,
        ].join(' ')
      : missingText(missing, offsets, archived);
  const more = archived === offsets ? '' : ' (`ledgerstone losses` says which, why and by whom)';
  return `the chain so far, as its seals state it: ${text}${more}\n`;
}

function sealJson(reader: ChainReader, seal: LocatedSeal) {
  return {
    key: seal.key,
    versionId: seal.versionId,
    trusted: reader.verified,
    manifestHash: seal.manifestHash,
    manifest: seal.manifest,
    checkpoint: checkpointOf(seal),
    root: toHex(seal.root),
    path: seal.seal.path.map((hash) => toBase64(hash)),
    signatures: seal.signedKeys.map((key) => ({
      name: key.name,
      algorithm: key.key.algorithm,
      keyId: idText(key),
    })),
  };
}

function sealText(reader: ChainReader, seal: LocatedSeal): string {
  const { manifest } = seal;
  const { records, time, data, retention, source, continues, entries } = manifest;
  const missing = Object.entries(records.missing).map(([reason, offsets]) => `${offsets} ${reason}`);
  const rows: (readonly [string, string])[] = [
    [
      'offsets',
      records.count + missing.length === 0
        ? `none; next is ${records.nextOffset}`
        : `${records.firstOffset} to ${records.nextOffset - 1}`,
    ],
    ['records', `${countText(records.count)}, ${countText(records.before)} in the segments before`],
    ['missing', missing.length === 0 ? 'none' : missing.join(', ')],
    ['record times', time.first === null ? 'none' : `${time.first} to ${time.last}`],
    ['sealed', `${sealedText(time.sealed)}; same topic confirmed ${time.anchored}`],
    ['source', sourceText(source)],
    ['data', data === null ? 'none' : `${data.key}`],
    ...(data === null
      ? []
      : ([
          [
            '',
            [
              `${bytesText(data.bytes)} ${data.encoding}, ${counted(data.blocks.length, 'block')},`,
              `${counted(entries.size, 'line')}`,
            ].join(' '),
          ],
          ['', `sha256 ${data.sha256}`],
        ] as const)),
    ['entry root', entries.root],
    ['retention', `${retention.mode} until ${retention.until}, by the seal (${retention.policy})`],
    ['previous', manifest.previous ?? 'none: the first of its chain'],
    ...(continues === null
      ? []
      : ([
          [
            'continues',
            [
              `${continues.origin} at size ${continues.size}, next offset ${continues.nextOffset}:`,
              `${continues.reason} (${continues.by})`,
            ].join(' '),
          ],
        ] as const)),
    ['chain', `size ${manifest.sequence + 1}, root ${toHex(seal.root)}`],
    ['signed by', seal.signedKeys.map((key) => `${key.key.algorithm} ${idText(key)}`).join(', ')],
    [
      'checked',
      reader.verified
        ? 'signature, proof and a trusted key'
        : 'signature and proof; no trusted key was given',
    ],
    ['written by', `${manifest.writer.id}, version ${manifest.writer.version}`],
    ['object', `${seal.key} (version ${seal.versionId})`],
  ];
  const lines = rows.map(([label, value]) => `  ${label.padEnd(13)}${printable(value)}`);
  return `segment ${manifest.sequence} of ${printable(manifest.origin)}\n${lines.join('\n')}\n`;
}

function sourceText(source: SourceIdentity): string {
  switch (source.kind) {
    case 'file':
      return `file ${source.name}`;
    case 'acts':
      return 'what people decided (the governance chain)';
    case 'kafka':
      return `Kafka ${source.cluster}, topic ${source.topic}${source.topicId === null ? '' : ` (${source.topicId})`}`;
  }
}
