// How does `ledgerstone status` say what it found?

import type { PartitionStatus, ServiceStatus } from '../../archiver/status.ts';
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { Behind, KnownEnd } from '../../read/chain-end.ts';
import type { ForeignObject } from '../../verifier/attest/attestation-reader.ts';
import type { Finding } from '../../verify/finding.ts';
import { type AttestationSummary, attestationText, foreignObjectsText } from './attestations-option.ts';
import type { Output } from './output.ts';
import { agoText, type Column, tableText } from './table.ts';

export type ChainStatus = {
  readonly chain: string;
  readonly partition: number;
  readonly origin: string | null;
  readonly head: { readonly sequence: number; readonly nextOffset: number; readonly sealedAt: string } | null;
  readonly entries: number | null;
  /**
   * By this machine's clock. Negative: the seal's time is ahead of it. Null: no seal, or none is due any
   * more.
   */
  readonly sealedSecondsAgo: number | null;
  /** The chain has ended, and this one goes on. Null: it has not, or without a key it is not known. */
  readonly ended: Ended | null;
  /** What is wrong with its end, or why it can't be read. Null: nothing. */
  readonly problem: string | null;
  /** Foreign objects behind its end, where another chain goes on. Null: none was found. */
  readonly behind: Behind | null;
  /** How far an independent verifier has confirmed it. Null: not asked for, or not confirmed. */
  readonly confirmed: AttestationSummary | null;
  /** What the running service says of it. Null: not asked, or not known there. */
  readonly service: PartitionStatus | null;
};

type Ended = NonNullable<KnownEnd['ended']>;

export type Status = {
  readonly archive: string;
  /** Null: not asked, since no configuration names its address. */
  readonly service: {
    readonly url: string;
    readonly status: ServiceStatus | null;
    readonly problem: string | null;
  } | null;
  readonly chains: readonly ChainStatus[];
  /** Where attestations were looked for. Null: nobody asked for them. */
  readonly attestations: string | null;
  /** Folders of the archive that could not be listed: which chains lie there is not known. */
  readonly unlisted: readonly { readonly folder: string; readonly problem: string }[];
  /** Objects in the store of attestations that are no attestations. */
  readonly foreign: readonly ForeignObject[];
  readonly floods: readonly Finding[];
};

const COLUMNS: readonly Column[] = [
  { title: 'chain' },
  { title: 'state' },
  { title: 'segments', align: 'right' },
  { title: 'records sealed', align: 'right' },
  { title: 'next offset', align: 'right' },
  { title: 'lag', align: 'right' },
  { title: 'last seal' },
];

export function statusText(status: Status, output: Output): string {
  const rows = status.chains.map(
    ({ chain, partition, head, entries, sealedSecondsAgo, ended, problem, service }) => [
      `${chain}/${partition}`,
      problem === null ? (service?.state ?? (ended === null ? '-' : 'ended')) : wordOf(head),
      head === null ? '-' : countText(head.sequence + 1),
      entries === null ? '-' : countText(entries),
      head === null || ended !== null ? '-' : String(head.nextOffset),
      service?.lag == null ? '-' : countText(service.lag),
      sealedSecondsAgo === null ? (head?.sealedAt ?? '-') : agoText(sealedSecondsAgo * 1000),
    ],
  );
  const lines = [status.archive, ''];
  lines.push(
    rows.length === 0
      ? 'no chain: nothing is sealed here yet, or this is no archive'
      : tableText(COLUMNS, rows).trimEnd(),
  );
  for (const { chain, partition, head, ended, problem, behind, service, confirmed } of status.chains) {
    const place = printable(`${chain}/${partition}`);
    if (ended !== null) lines.push(`${place}: ${printable(endedText(ended))}`);
    if (confirmed !== null) lines.push(`${place}: ${printable(attestationText(confirmed))}`);
    else if (status.attestations !== null && status.floods.length === 0)
      lines.push(`${place}: no attestation by a named cosigner`);
    if (problem !== null)
      lines.push('', `${output.colour('red', wordOf(head))} ${place}: ${printable(problem)}`);
    if (behind !== null) lines.push(`${place}: ${printable(behindText(behind))}`);
    if (service?.halt != null) {
      const { code, message, remedy } = service.halt;
      lines.push('', `${output.colour('red', 'halted')} ${place}: ${printable(`${message} (${code})`)}`);
      lines.push(`  ${printable(remedy)}`);
    } else if (service?.trouble != null) {
      const { message, since, remedy } = service.trouble;
      lines.push(
        '',
        `${output.colour('yellow', 'trying again')} ${place}: ${printable(`${message} (since ${since})`)}`,
      );
      if (remedy !== null) lines.push(`  ${printable(remedy)}`);
    }
  }
  for (const { folder, problem } of status.unlisted) {
    const what = `which chains lie below ${folder} is not known`;
    lines.push('', `${output.colour('red', 'unreadable')} ${printable(`${what}: ${problem}`)}`);
  }
  lines.push(
    '',
    printable(serviceLine(status)),
    ...[...shareLines(status), ...keyLines(status)].map(printable),
  );
  return `${lines.join('\n')}\n${foreignObjectsText(status)}`;
}

/** Where the head could be read, something else is wrong. */
const wordOf = (head: ChainStatus['head']): string => (head === null ? 'unreadable' : 'not sound');

/** `has ended: O/orders-2/0 continues it from offset 300 on` */
export const endedText = ({ continuedBy, nextOffset }: Ended): string =>
  `has ended: ${continuedBy} continues it from offset ${nextOffset} on`;

/** `reason`: KnownEnd's. */
export const endNotKnownText = (reason: string): string =>
  `whether another chain continues it is not known: ${reason}`;

/** `2 objects behind its end are no part of it: O/orders-2/0 continues it` */
export const behindText = ({ objects, continuedBy }: Behind): string =>
  [
    `${counted(objects, 'object')} behind its end ${objects === 1 ? 'is' : 'are'} no part of it:`,
    `${continuedBy} continues it`,
  ].join(' ');

/** Of a folder that nothing in it makes one of a chain (FORMAT.md 9.2.1). */
export const noChainText = ({
  chain,
  partition,
}: {
  readonly chain: string;
  readonly partition: number;
}): string =>
  `the folder of ${chain}/${partition} has no seal and no data object, so it is no chain: verify lists what lies there`;

function serviceLine({ service }: Status): string {
  if (service === null) return 'service: not asked (--config names its address)';
  if (service.status === null)
    return [
      `service: no answer from ${service.url} (${service.problem});`,
      'one that found this port taken says in its log where it is',
    ].join(' ');
  const { instance, version, ready, reasons, partitions } = service.status;
  const halted = partitions.filter(({ halt }) => halt != null).length;
  const those =
    partitions.length === 1 ? 'its one partition' : `${halted} of its ${partitions.length} partitions`;
  const but = halted === 0 ? '' : `, and ${those} halted (see above)`;
  const state = ready ? `ready${but.replace(', and', ', but')}` : `not ready: ${reasons.join('; ')}${but}`;
  return `service: ${instance}, version ${version}, ${state}`;
}

/** None of a service of an earlier version. */
const topicsOf = (service: Status['service']): ServiceStatus['topics'] =>
  Array.isArray(service?.status?.topics) ? service.status.topics : [];

function keyLines({ service }: Status): string[] {
  const { waiting = [], problem = null } = service?.status?.keys ?? {};
  return [
    ...(waiting.length > 0
      ? [`  these chains wait for the key that was decided: ${waiting.join(', ')}`]
      : []),
    ...(problem === null ? [] : [`  what was decided about keys is not followed: ${problem}`]),
  ];
}

/** An instance that owns nothing is ready too: others may own it all, or nobody. */
const shareLines = ({ service }: Status): string[] =>
  topicsOf(service).flatMap(({ topic, partitions, owned }) =>
    partitions === null || owned >= partitions
      ? []
      : [
          `  it owns ${owned} of ${counted(partitions, 'partition')} of ${topic}; who owns the others it can't know`,
        ],
  );
