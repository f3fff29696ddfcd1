// `ledgerstone status`: how far is each chain, and which partition is halted and why?

import type { Command } from 'commander';
import type { PartitionStatus, ServiceStatus } from '../../archiver/status.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { chainEnd, handoversAmong, successorAmong } from '../../read/chain-end.ts';
import { ChainReader, type LocatedSeal } from '../../read/chain-reader.ts';
import { NoChainError } from '../../read/errors.ts';
import { listChains } from '../../read/list-chains.ts';
import type { Anchor } from '../../verify/anchor.ts';
import { aheadProblem } from '../../verify/chain-state.ts';
import { VerifyError, verdictOf } from '../../verify/finding.ts';
import { chainText } from '../../verify/handover.ts';
import { askService } from './ask-service.ts';
import {
  type AttestationOptions,
  type AttestationSummary,
  attestationSummary,
  type ChainAttestation,
  openWithAttestations,
  requireAttested,
  surveyAttestations,
  withAttestations,
} from './attestations-option.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { type Archive, type ArchiveOptions, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { type ChainStatus, noChainText, type Status, statusText } from './status-text.ts';

type StatusOptions = ArchiveOptions & AttestationOptions & { readonly json?: boolean };

const HELP = `
Reads the newest seal of each chain, and checks it against the key if one is given. With
--config it also asks the running service (its /status) for state, lag, and the reason
and remedy of a halted partition. --attestations shows how far a second party confirms it.
A chain that another one continues has ended, and its age says nothing. Behind its end,
what no trusted key signed is no part of it. Without a key none of this can be known.

Exit codes: 0; 1 a seal is broken; 2 usage, also if --attestations names a place without
any; 3 a chain, a folder or the seal that was attested last can't be read, a chain has no
attestation, a newest seal is from the future, or a partition is halted.

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
    if (survey !== null && attestations !== null) requireAttested(survey, attestations);
    const { newest: attested, foreign, floods } = survey ?? { newest: [], foreign: [], floods: [] };
    const service = archive.config === null ? null : await askService(archive.config);
    let exitCode: number = EXIT.ok;
    const chains: ChainStatus[] = [];
    const unlisted: Unlisted[] = [];
    const onUnlisted = (folder: string, error: Error) => unlisted.push({ folder, error });
    const places: Place[] = [];
    for await (const place of listChains(archive.store, io.signal, onUnlisted)) places.push(place);
    const handovers = await handoversAmong(places, { ...archive, signal: io.signal });
    for (const place of places) {
      const others = handovers.get(chainText(place)) ?? [];
      const found = await chainStatus(session, archive, place, others, service?.status ?? null);
      if (found === null) {
        session.output.note(noChainText(place));
        continue;
      }
      if (found.exitCode !== EXIT.ok && exitCode !== EXIT.broken) exitCode = found.exitCode;
      const of = attested.find((one) => isSamePlace(one.chainId, place));
      const confirmed = of === undefined ? null : await attestationSummary(archive, of, io.signal);
      const against = confirmed === null ? null : contradiction(found.status.head, confirmed);
      if (against !== null) exitCode = EXIT.broken;
      // Whether the archive is what was attested is then not known.
      // So too of a chain that has no attestation.
      else if (survey !== null && confirmed?.unread !== null && exitCode === EXIT.ok) exitCode = EXIT.failed;
      chains.push({ ...found.status, problem: against ?? found.status.problem, confirmed });
    }
    // Of an archive of which nothing at all can be seen the error says more.
    if (chains.length === 0 && unlisted[0] !== undefined) throw unlisted[0].error;
    if (exitCode === EXIT.ok && unlisted.length > 0) exitCode = EXIT.failed;
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
    const folders = unlisted.map(({ folder, error }) => ({ folder, problem: messageOf(error) }));
    const status: Status = { ...said, unlisted: folders, foreign, floods };
    if (options.json === true) await session.output.json(status);
    else await session.output.write(statusText(status, session.output));
    if (archive.trusted.length === 0) session.output.note('not verified: no key was given');
    return exitCode;
  } finally {
    await close();
  }
}

type Unlisted = { readonly folder: string; readonly error: Error };

type Place = { readonly chain: string; readonly partition: number };

const isSamePlace = (a: Place, b: Place): boolean => a.chain === b.chain && a.partition === b.partition;

/** The archive shows fewer segments than were attested, or another history. */
function contradiction(
  head: ChainStatus['head'],
  { size, isFork, cosigner }: AttestationSummary,
): string | null {
  if (isFork) return `fork: another root at size ${size} than ${cosigner} attested`;
  if (head === null || head.sequence + 1 >= size) return null;
  return `truncation: it had ${counted(size, 'segment')} when ${cosigner} attested it, and has ${head.sequence + 1}`;
}

/** A chain that was attested and is gone. */
const vanished = async (
  archive: Archive,
  one: ChainAttestation,
  signal: AbortSignal,
): Promise<ChainStatus> => ({
  ...{ ...one.chainId, origin: one.attested.origin, head: null, entries: null, sealedSecondsAgo: null },
  ended: null,
  ...{
    problem: `truncation: it had ${counted(one.attested.size, 'segment')}, and has none`,
    behind: null,
    service: null,
  },
  confirmed: await attestationSummary(archive, one, signal),
});

/** Null: the folder is of no chain. */
async function chainStatus(
  { io }: Session,
  archive: Archive,
  place: Place,
  handovers: readonly Anchor[],
  service: ServiceStatus | null,
): Promise<{ readonly status: Omit<ChainStatus, 'confirmed'>; readonly exitCode: number } | null> {
  const reader = new ChainReader({
    store: archive.store,
    ...place,
    trusted: archive.trusted,
    signal: io.signal,
  });
  const running =
    service?.partitions.find((one) => one.chain === place.chain && one.partition === place.partition) ?? null;
  try {
    const { sequence, beyond, behind } = await chainEnd(reader);
    const seal = await reader.seal(sequence);
    const error = beyond ?? clockError(archive, seal);
    const { origin, records, time } = seal.manifest;
    const next = successorAmong(handovers, seal);
    const status = {
      ...place,
      origin,
      head: { sequence, nextOffset: records.nextOffset, sealedAt: time.sealed },
      entries: records.before + records.count,
      // No seal is due where another chain goes on.
      sealedSecondsAgo: next === null ? Math.round((Date.now() - Date.parse(time.sealed)) / 1000) : null,
      ended: next === null ? null : { continuedBy: next.newer, nextOffset: next.nextOffset },
      problem: error === null ? null : messageOf(error),
      behind,
      service: running,
    };
    return { status, exitCode: error === null ? EXIT.ok : exitCodeOfError(error) };
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof NoChainError) return null;
    const none = {
      ...{ origin: null, head: null, entries: null, sealedSecondsAgo: null },
      ended: null,
      behind: null,
    };
    return {
      status: { ...place, ...none, problem: messageOf(error), service: running },
      exitCode: exitCodeOfError(error),
    };
  }
}

/** A head from the future: an archiver halts before it, and locks that it promised count from then. */
function clockError({ store }: Archive, { manifest, takenMs }: LocatedSeal): VerifyError | null {
  const taken = takenMs === null ? {} : { lastModifiedMs: takenMs };
  const problem = aheadProblem(manifest, taken, { reader: store, nowMs: Date.now() });
  return problem === null ? null : new VerifyError(problem);
}

const withoutHead = (service: PartitionStatus): ChainStatus => ({
  chain: service.chain,
  partition: service.partition,
  origin: service.origin,
  head: null,
  entries: null,
  sealedSecondsAgo: null,
  ended: null,
  problem: null,
  behind: null,
  confirmed: null,
  service,
});
