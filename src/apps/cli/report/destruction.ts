// `ledgerstone report destruction`: which data is gone that might go, on a page that prints?
import { systemClock } from '../../../base/clock.ts';
import { readAhead } from '../../../base/concurrency.ts';
import { counted } from '../../../base/counted.ts';
import { nodeSha256 } from '../../../base/node/hash.ts';
import {
  type DestructionData,
  type DestructionReport,
  type DestructionRow,
  destructionVerdict,
} from '../../../evidence/report/destruction.ts';
import { CANARY_CHAIN, GOVERNANCE_CHAIN, isGovernanceOrigin } from '../../../format/chain.ts';
import { oldestVersion } from '../../../format/oldest-version.ts';
import { timeText, untilText } from '../../../format/time.ts';
import type { ChainReader, LocatedSeal } from '../../../read/chain-reader.ts';
import { type SealedData, sealedDataOf } from '../../../verifier/destroyed/certificate.ts';
import { type FoundCertificate, readCertificates } from '../../../verifier/destroyed/certificate-reader.ts';
import { ComparedCertificate } from '../../../verifier/destroyed/compared.ts';
import { SpanBuilder } from '../../../verifier/destroyed/ranges.ts';
import { type AttestationOptions, openWithAttestations } from '../attestations-option.ts';
import { namedChain } from '../chain-option.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { notedSeals, walkChains } from '../losses-search.ts';
import type { ChainLosses } from '../losses-text.ts';
import type { Session } from '../session.ts';
import { archiveFacts, type LossesReportOptions, reportedChain, withBounds } from './losses.ts';
import { beginReport, reportRange, requireNewFiles, writeReport } from './write.ts';

export type DestructionReportOptions = LossesReportOptions & AttestationOptions;

const LOOKED = [
  'Every seal of each chain below: its signature by a trusted key, its link to the one before.',
  'Each certificate of destruction of these chains: its signature by the verifier, and what it says against the seals.',
  'For each data object whose retention is over by its seal, or that a certificate names: whether a version is there.',
];
const NOT_LOOKED = [
  'The decisions themselves: a certificate says how far the verifier had read them.',
  'Data whose retention is not over: ledgerstone verify says whether it is missing.',
  'Whether the chains are those that were attested: ledgerstone verify --attestations compares them.',
  'Other places, and who deleted what: the account’s own log may know.',
];
const OBJECTS_AHEAD = 16;

export async function runDestructionReport(
  session: Session,
  name: string | undefined,
  options: DestructionReportOptions,
): Promise<number> {
  const { signal, env } = session.io;
  const began = beginReport();
  const { window, sinceMs, untilMs } = reportRange(options);
  const named = namedChain(options);
  await requireNewFiles(options);
  const { archive, attestations, close } = await openWithAttestations(name, options, env);
  try {
    const archiveOrigin = archive.trusted.find((key) => !isGovernanceOrigin(key.name))?.name;
    if (archiveOrigin === undefined)
      throw new UsageError('no trusted key: what was not checked is no evidence', 'Add --key KEY.');
    if (attestations === null)
      throw new UsageError('certificates lie with the verifier', 'Add --attestations STORE --cosigner KEY.');
    const { store, cosigners } = attestations;
    const signing = { archiveOrigin, cosigners, sha256: nodeSha256 };
    const place = named === null ? null : { chain: named.topic, partition: named.partition };
    const { found, foreign, foreignOmitted } = await readCertificates({ store, signing }, place, signal);
    const search = new Destruction(found, systemClock.now());
    const walk = await walkChains({ archive, named, signal }, (reader, losses) =>
      search.look(reader, losses),
    );
    const chains = walk.chains.map(reportedChain);
    const rows = search.rows();
    const isListed = ({ gone, problems }: DestructionRow) =>
      problems.length > 0 || (Date.parse(gone) >= sinceMs && Date.parse(gone) < untilMs);
    const listed = rows.filter(isListed);
    const objects = search.objectsOf(new Set(listed.map(({ key }) => key)));
    const data: DestructionData = {
      ...{ rows: listed, objects, outside: rows.length - listed.length },
      ...{ uncertified: search.uncertified(), stillThere: search.stillThere, unknown: search.unknown },
      ...{ foreign: foreign.map(({ key, why }) => ({ key, why })), foreignOmitted, unlisted: walk.unlisted },
    };
    const verdict = destructionVerdict(window, chains, data);
    const isFound = verdict.standing === 'found' || walk.exitCode === EXIT.broken;
    const only =
      named === null ? [] : [`Chains other than ${named.topic}/${named.partition}: it alone was asked for.`];
    return await writeReport<DestructionReport>(session, options, {
      ...{
        kind: 'destruction',
        window,
        verdict: withBounds(verdict, [...only, ...otherStores(listed, archive.store.description)]),
        looked: LOOKED,
        notLooked: NOT_LOOKED,
      },
      ...{ chains, data, began, archive: archiveFacts(name, archive, chains) },
      exitCode: isFound ? EXIT.broken : verdict.standing === 'open' ? EXIT.failed : EXIT.ok,
    });
  } finally {
    await close();
  }
}

/** A copy of an archive has its origins: what went in one store says nothing of another one. */
const otherStores = (rows: readonly DestructionRow[], here: string): string[] =>
  [...Map.groupBy(rows, ({ store }) => store)]
    .filter(([store]) => store !== here)
    .map(
      ([store, { length }]) =>
        `${counted(length, 'certificate')} of what is gone from ${store}; this report looked in ${here}: ` +
        'if that is another store, they say nothing of it.',
    );

type Looked = {
  readonly seal: LocatedSeal;
  readonly data: SealedData | null;
  readonly isThere: boolean | null;
};

/** What the seals and the store say of certificates, and of what has none. */
class Destruction {
  readonly #found: readonly { readonly note: FoundCertificate; readonly compared: ComparedCertificate }[];
  readonly #nowMs: number;
  /** Gone after their retention, by chain. */
  readonly #gone: { readonly reader: ChainReader; readonly data: SealedData; readonly turn: number }[] = [];
  #turn = 0;
  stillThere = 0;
  unknown = 0;

  constructor(found: readonly FoundCertificate[], nowMs: number) {
    this.#found = found.map((note) => ({ note, compared: new ComparedCertificate(note.certificate) }));
    this.#nowMs = nowMs;
  }

  async look(reader: ChainReader, losses: ChainLosses): Promise<void> {
    const { chain, partition } = reader;
    const { store, signal } = reader.options;
    const certificates = this.#found.flatMap(({ compared }) =>
      compared.certificate.chain === chain && compared.certificate.partition === partition ? [compared] : [],
    );
    const isAsked = (data: SealedData) =>
      this.#isOver(reader, data) || certificates.some((one) => one.names(data.sequence));
    const ask = async (seal: LocatedSeal): Promise<Looked> => {
      const data = sealedDataOf(seal.manifest);
      if (data === null || !isAsked(data)) return { seal, data, isThere: true };
      const version = oldestVersion(store, data.key, signal);
      const isThere = await version
        .then((one) => one !== null)
        .catch(() => {
          signal.throwIfAborted();
          return null;
        });
      return { seal, data, isThere };
    };
    for await (const { seal, data, isThere } of readAhead(notedSeals(reader, losses), OBJECTS_AHEAD, ask)) {
      for (const one of certificates) {
        one.seal(seal.manifest.sequence, seal.manifest.origin, seal.root);
        if (data !== null) one.add(data, isThere);
      }
      if (data !== null) this.#note(reader, data, isThere, certificates);
    }
  }

  /** Decisions are kept as long as there is an archive, and drills leave nothing to certify. */
  #isOver({ chain }: ChainReader, { untilMs }: SealedData): boolean {
    return chain !== GOVERNANCE_CHAIN && chain !== CANARY_CHAIN && this.#nowMs > untilMs;
  }

  #note(
    reader: ChainReader,
    data: SealedData,
    isThere: boolean | null,
    certificates: readonly ComparedCertificate[],
  ): void {
    this.#turn++;
    if (!this.#isOver(reader, data)) return;
    if (isThere === true) this.stillThere++;
    else if (isThere === false) this.#gone.push({ reader, data, turn: this.#turn });
    else if (!certificates.some((one) => one.names(data.sequence))) this.unknown++;
  }

  rows(): DestructionRow[] {
    return this.#found.map(({ note, compared }) => rowOf(note, compared));
  }

  /** How many data objects these certificates name, each once. */
  objectsOf(keys: ReadonlySet<string>): number {
    const named = this.#found.flatMap(({ note, compared }) => {
      const { chain, partition } = note.certificate;
      return keys.has(note.key) ? compared.sequences.map((one) => `${chain}/${partition}/${one}`) : [];
    });
    return new Set(named).size;
  }

  uncertified(): DestructionData['uncertified'] {
    const bare = this.#gone.filter(({ reader, data }) => !this.#isBorneOut(reader, data));
    const byChain = Map.groupBy(bare, ({ reader }) => reader);
    return [...byChain].map(([{ chain, partition }, all]) => {
      const spans = new SpanBuilder();
      for (const [at, { data, turn }] of all.entries()) {
        if (at > 0 && all[at - 1]!.turn !== turn - 1) spans.add(data.sequence, false);
        spans.add(data.sequence, true);
      }
      const bytes = all.reduce((sum, { data }) => sum + data.bytes, 0);
      return { chain, partition, segments: spans.spans, objects: all.length, bytes };
    });
  }

  #isBorneOut({ chain, partition }: ChainReader, { sequence }: SealedData): boolean {
    return this.#found.some(
      ({ compared }) =>
        compared.certificate.chain === chain &&
        compared.certificate.partition === partition &&
        compared.names(sequence) &&
        compared.result(nodeSha256).problems.length === 0,
    );
  }
}

function rowOf({ key, by, certificate }: FoundCertificate, compared: ComparedCertificate): DestructionRow {
  const { chain, partition, segments, objects, bytes, records, offsets, list, policies } = certificate;
  const { sealedUntilMs, decidedUntilMs, decisions, copies, thereMs, goneMs, store } = certificate;
  return {
    ...{
      chain,
      partition,
      key,
      by,
      segments,
      objects,
      bytes,
      records,
      list,
      policies,
      decisions,
      copies,
      store,
    },
    ...{ firstOffset: offsets.first, lastOffset: offsets.last, sealedUntil: untilText(sealedUntilMs) },
    decidedUntil: decidedUntilMs === null ? null : untilText(decidedUntilMs),
    ...{ there: thereMs === null ? null : timeText(thereMs), gone: timeText(goneMs) },
    ...compared.result(nodeSha256),
  };
}
