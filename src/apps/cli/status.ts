// `ledgerstone status`: how far is each chain, and which partition is halted and why?
import type { Command } from 'commander';
import type { PartitionStatus, ServiceStatus } from '../../archiver/status.ts';
import { messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import type { Config } from '../../config/archiver.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { listChains } from '../../read/list-chains.ts';
import type { ForeignObject } from '../../verifier/attest/attestation-reader.ts';
import { type Finding, verdictOf } from '../../verify/finding.ts';
import {
  type AttestationOptions,
  type AttestationSummary,
  attestationSummary,
  attestationText,
  type ChainAttestation,
  foreignObjectsText,
  openWithAttestations,
  surveyAttestations,
  withAttestations,
} from './attestations-option.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { type Archive, type ArchiveOptions, withArchive } from './open-archive.ts';
import type { Output } from './output.ts';
import { acting, type Session } from './session.ts';
import { agoText, type Column, countText, tableText } from './table.ts';

type StatusOptions = ArchiveOptions & AttestationOptions & { readonly json?: boolean };

type ChainStatus = {
  readonly chain: string;
  readonly partition: number;
  readonly origin: string | null;
  readonly head: { readonly sequence: number; readonly nextOffset: number; readonly sealedAt: string } | null;
  readonly entries: number | null;
  /** By this machine's clock. Negative: the seal's time is ahead of it. */
  readonly sealedSecondsAgo: number | null;
  /** Why the head can't be read. Null: it can. */
  readonly problem: string | null;
  /** How far an independent verifier has confirmed it. Null: not asked for, or not confirmed. */
  readonly confirmed: AttestationSummary | null;
  /** What the running service says of it. Null: not asked, or not known there. */
  readonly service: PartitionStatus | null;
};

type Status = {
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
  /** Objects in the store of attestations that are no attestations. */
  readonly strays: readonly ForeignObject[];
  readonly floods: readonly Finding[];
};

const SERVICE_TIMEOUT_MS = 3000;

const HELP = `
Reads the newest seal of each chain, and checks it against the key if one is given. With
--config it also asks the running service (its /status) for state, lag, and the reason
and remedy of a halted partition. --attestations shows how far a second party confirms it.

Exit codes: 0; 1 a seal is broken; 3 a chain, or the seal that was attested last, can't be
read, or a partition is halted.

Examples:
  ledgerstone status --config ledgerstone.yaml
  ledgerstone status s3://acme-audit/prod --key archive.vkey --json
`;

export function statusCommand(program: Command, session: Session): void {
  withAttestations(
    withArchive(program.command('status').description('Per chain: head, next offset, age, halted and why.')),
  )
    .option('--json', 'the same for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: StatusOptions) =>
        runStatus(session, name, options),
      ),
    );
}

async function runStatus(
  session: Session,
  name: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const { io } = session;
  const { archive, attestations, close } = await openWithAttestations(name, options, io.env);
  try {
    const survey = attestations === null ? null : await surveyAttestations(attestations, io.signal);
    const { newest: attested, strays, floods } = survey ?? { newest: [], strays: [], floods: [] };
    const service = archive.config === null ? null : await askService(archive.config);
    let exitCode: number = EXIT.ok;
    const chains: ChainStatus[] = [];
    for await (const place of listChains(archive.store, session.io.signal)) {
      const found = await chainStatus(session, archive, place, service?.status ?? null);
      if (found.exitCode !== EXIT.ok && exitCode !== EXIT.broken) exitCode = found.exitCode;
      const of = attested.find((one) => isSamePlace(one.chainId, place));
      const confirmed = of === undefined ? null : await attestationSummary(archive, of, io.signal);
      const against = confirmed === null ? null : contradiction(found.status.head, confirmed);
      if (against !== null) exitCode = EXIT.broken;
      // Whether the archive is what was attested is then not known.
      else if (confirmed?.unread != null && exitCode === EXIT.ok) exitCode = EXIT.failed;
      chains.push({ ...found.status, problem: against ?? found.status.problem, confirmed });
    }
    const unsealed = (service?.status?.partitions ?? []).filter(
      (one) => !chains.some(({ chain, partition }) => chain === one.chain && partition === one.partition),
    );
    chains.push(...unsealed.map(withoutHead));
    for (const one of attested) {
      if (chains.some((chain) => isSamePlace(chain, one.chainId))) continue;
      chains.push({ ...(await vanished(archive, one, io.signal)) });
      exitCode = EXIT.broken;
    }
    if (exitCode === EXIT.ok && chains.some((chain) => chain.service?.halt != null)) exitCode = EXIT.failed;
    // Of a chain whose newest attestation was not reached it is not known how far it was attested.
    if (exitCode === EXIT.ok && verdictOf(floods) !== 'verified') exitCode = EXIT.failed;
    const looked = attestations?.store.description ?? null;
    const said = { archive: archive.store.description, service, chains, attestations: looked };
    const status: Status = { ...said, strays, floods };
    if (options.json === true) await session.output.json(status);
    else await session.output.write(statusText(status, session.output));
    if (archive.trusted.length === 0) session.output.note('not verified: no key was given');
    return exitCode;
  } finally {
    await close();
  }
}

type Place = { readonly chain: string; readonly partition: number };

const isSamePlace = (a: Place, b: Place): boolean => a.chain === b.chain && a.partition === b.partition;

/** The archive shows fewer segments than were attested, or another history. */
function contradiction(
  head: ChainStatus['head'],
  { size, isFork, cosigner }: AttestationSummary,
): string | null {
  if (isFork) return `fork: another root at size ${size} than ${cosigner} attested`;
  if (head === null || head.sequence + 1 >= size) return null;
  return `truncation: it had ${size} segments when ${cosigner} attested it, and has ${head.sequence + 1}`;
}

/** A chain that was attested and is gone. */
const vanished = async (
  archive: Archive,
  one: ChainAttestation,
  signal: AbortSignal,
): Promise<ChainStatus> => ({
  ...{ ...one.chainId, origin: one.attested.origin, head: null, entries: null, sealedSecondsAgo: null },
  ...{ problem: `truncation: it had ${one.attested.size} segments, and has none`, service: null },
  confirmed: await attestationSummary(archive, one, signal),
});

async function chainStatus(
  { io }: Session,
  archive: Archive,
  place: { readonly chain: string; readonly partition: number },
  service: ServiceStatus | null,
): Promise<{ readonly status: Omit<ChainStatus, 'confirmed'>; readonly exitCode: number }> {
  const reader = new ChainReader({
    store: archive.store,
    ...place,
    trusted: archive.trusted,
    signal: io.signal,
  });
  const running =
    service?.partitions.find((one) => one.chain === place.chain && one.partition === place.partition) ?? null;
  try {
    const { manifest } = await reader.seal(await reader.headSequence());
    const { origin, sequence, records, time } = manifest;
    const status = {
      ...place,
      origin,
      head: { sequence, nextOffset: records.nextOffset, sealedAt: time.sealed },
      entries: records.before + records.count,
      sealedSecondsAgo: Math.round((Date.now() - Date.parse(time.sealed)) / 1000),
      problem: null,
      service: running,
    };
    return { status, exitCode: EXIT.ok };
  } catch (error) {
    io.signal.throwIfAborted();
    const none = { origin: null, head: null, entries: null, sealedSecondsAgo: null };
    return {
      status: { ...place, ...none, problem: messageOf(error), service: running },
      exitCode: exitCodeOfError(error),
    };
  }
}

const withoutHead = (service: PartitionStatus): ChainStatus => ({
  chain: service.chain,
  partition: service.partition,
  origin: service.origin,
  head: null,
  entries: null,
  sealedSecondsAgo: null,
  problem: null,
  confirmed: null,
  service,
});

async function askService(config: Config): Promise<Status['service']> {
  const { host, port } = config.server;
  if (port === 0) return null;
  const reachable =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  const url = `http://${reachable}:${port}/status`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(SERVICE_TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const status = (await answer.json()) as ServiceStatus;
    if (!Array.isArray(status.partitions)) throw new Error('another service answers there');
    if (status.origin !== config.archive.origin) throw new Error(`it archives into ${status.origin}`);
    return { url, status, problem: null };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return { url, status: null, problem: `${messageOf(error)}${cause}` };
  }
}

const COLUMNS: readonly Column[] = [
  { title: 'chain' },
  { title: 'state' },
  { title: 'segments', align: 'right' },
  { title: 'records sealed', align: 'right' },
  { title: 'next offset', align: 'right' },
  { title: 'lag', align: 'right' },
  { title: 'last seal' },
];

function statusText(status: Status, output: Output): string {
  const rows = status.chains.map(
    ({ chain, partition, head, entries, sealedSecondsAgo, problem, service }) => [
      `${chain}/${partition}`,
      problem === null ? (service?.state ?? '-') : 'unreadable',
      head === null ? '-' : countText(head.sequence + 1),
      entries === null ? '-' : countText(entries),
      head === null ? '-' : String(head.nextOffset),
      service?.lag == null ? '-' : countText(service.lag),
      sealedSecondsAgo === null ? '-' : agoText(sealedSecondsAgo * 1000),
    ],
  );
  const lines = [status.archive, ''];
  lines.push(
    rows.length === 0
      ? 'no chain: nothing is sealed here yet, or this is no archive'
      : tableText(COLUMNS, rows).trimEnd(),
  );
  for (const { chain, partition, problem, service, confirmed } of status.chains) {
    const place = printable(`${chain}/${partition}`);
    if (confirmed !== null) lines.push(`${place}: ${printable(attestationText(confirmed))}`);
    else if (status.attestations !== null && status.floods.length === 0)
      lines.push(`${place}: no attestation by a named cosigner`);
    if (problem !== null)
      lines.push('', `${output.colour('red', 'unreadable')} ${place}: ${printable(problem)}`);
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
  lines.push('', printable(serviceLine(status)));
  return `${lines.join('\n')}\n${foreignObjectsText(status)}`;
}

function serviceLine({ service }: Status): string {
  if (service === null) return 'service: not asked (--config names its address)';
  if (service.status === null) return `service: no answer from ${service.url} (${service.problem})`;
  const { instance, version, ready, reasons, partitions } = service.status;
  const halted = partitions.filter(({ halt }) => halt != null).length;
  const but = halted === 0 ? '' : `, and ${halted} of its ${partitions.length} partitions halted (see above)`;
  const state = ready ? `ready${but.replace(', and', ', but')}` : `not ready: ${reasons.join('; ')}${but}`;
  return `service: ${instance}, version ${version}, ${state}`;
}
