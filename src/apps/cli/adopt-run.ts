// What does `ledgerstone adopt` do, step by step?
import {
  type AdoptionTools,
  type PlannedChain,
  planAdoption,
  sealAdoption,
} from '../../archiver/chain/adopt.ts';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { silentLogger } from '../../base/log.ts';
import { newInstanceId, openForWriting, openSigner, requireFitStore } from '../../clients/open.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { publishArchiveFiles } from '../../sealing/publish.ts';
import type { Store } from '../../store/store.ts';
import { LogKeys } from '../archiver/log-keys.ts';
import { requirePoliciesInForce } from '../archiver/policies-in-force.ts';
import { type AdoptedChain, adoptionState, hasMoved, headsToAdopt, type OlderHead } from './adopt-chains.ts';
import { type AdoptOptions, requireOptions } from './adopt-options.ts';
import { sayAdoption } from './adopt-text.ts';
import { exitCodeOfVerdict, UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { closeOlder, type OlderArchive, openOlder } from './older-option.ts';
import { configuredKeys, openArchiveStore } from './open-archive.ts';
import { reportJson, reportText } from './report-text.ts';
import { openedSource, outputLog } from './resume.ts';
import type { Session } from './session.ts';
import { NOTHING_GIVEN } from './verdict-bounds.ts';
import { type StoreReport, verifyStore } from './verify-store.ts';

export async function runAdopt(session: Session, name: string, options: AdoptOptions): Promise<number> {
  const { io } = session;
  const config = await loadConfig(options.config, io.env);
  requireOptions(config, options);
  await readTrustedKeys(options.key ?? []);
  // What the older archive itself goes on from is shown beside it.
  const older = [{ store: name, keys: options.key ?? [] }, ...(options.older ?? [])];
  const opened = await openOlder({ ...options, older }, { config }, io.env);
  try {
    const [old, ...beside] = opened as [OlderArchive, ...OlderArchive[]];
    const depth = { depth: 'content', nowMs: Date.now() } as const;
    const report = await verifyStore(io, old.store, old.trusted, { ...depth, older: beside });
    if (report.verdict !== 'verified' && options.asItIs !== true)
      return await refuse(session, old, options, report);
    return await adopt(session, config, old, report, options);
  } finally {
    await closeOlder(opened);
  }
}

async function adopt(
  session: Session,
  config: Config,
  old: OlderArchive,
  report: StoreReport,
  options: AdoptOptions,
): Promise<number> {
  const { io } = session;
  const { heads, left } = await headsToAdopt(old, report, config, options, io.signal);
  const reader = await openArchiveStore(config.archive.store);
  try {
    const trusted = await configuredKeys(config);
    const statesOf = async (chains: readonly OlderHead[]): Promise<AdoptedChain[]> =>
      Promise.all(chains.map((head) => adoptionState(reader, trusted, head, io.signal)));
    const before = await statesOf(heads);
    const toBegin = before.flatMap(({ head, state }) => (state === 'none' ? [head] : []));
    const planned = await planAll(session, config, toBegin, options);
    if (options.dryRun !== true && planned.length > 0) await write(session, config, old, planned, heads);
    const chains = options.dryRun === true ? before : await statesOf(heads);
    const moved = await movedOf(old, chains, io.signal);
    const begun = new Set(options.dryRun === true ? [] : toBegin.map(({ name }) => name));
    return await sayAdoption(session, { old, report, chains, planned, begun, left, moved }, options);
  } finally {
    await reader.close();
  }
}

/** Where each begins. Kafka is asked, and its consumer group is not joined. */
async function planAll(
  session: Session,
  config: Config,
  heads: readonly OlderHead[],
  { by, reason, startFrom }: AdoptOptions,
): Promise<PlannedChain[]> {
  if (heads.length === 0) return [];
  const source = await openedSource(config, silentLogger);
  try {
    const planned: PlannedChain[] = [];
    for (const { adopting, older } of heads) {
      const words = { by, reason, startFrom: startFrom ?? null };
      planned.push(await planAdoption(source, adopting, older, words, session.io.signal));
    }
    if (startFrom !== undefined && planned.every(({ otherTopic }) => otherTopic === null))
      throw new UsageError(
        'the topic is the one that the older chain was sealed from: it goes on at the next offset',
        'Leave --start-from out.',
      );
    return planned;
  } finally {
    await source.close();
  }
}

async function write(
  session: Session,
  config: Config,
  old: OlderArchive,
  planned: readonly PlannedChain[],
  heads: readonly OlderHead[],
): Promise<void> {
  const { io, output } = session;
  const { archive, retention } = config;
  await requireFitStore(archive.store, io.signal);
  const store = await openForWriting(archive.store, config.greatestLock);
  try {
    const tools = await toolsOf(session, config, store);
    await requirePoliciesInForce({
      ...{ config, store, trusted: tools.keyring.trusted, acceptsAny: false, signal: io.signal },
      log: outputLog(output),
    });
    await publishArchiveFiles(store, tools.keyring.own, retention.seals, systemClock, io.signal);
    for (const one of planned) {
      const head = heads.find(({ older }) => older === one.older) as OlderHead;
      // Right before: what it sealed meanwhile would be sealed twice.
      if (await hasMoved(old, head, io.signal)) throw movedError(head);
      await sealAdoption(tools, one);
    }
  } finally {
    await store.close();
  }
}

async function toolsOf({ io, output }: Session, config: Config, store: Store): Promise<AdoptionTools> {
  const log = outputLog(output);
  const { keyring } = await LogKeys.open(
    {
      ...{ archive: config.archive, store, clock: systemClock, log, onTrouble: () => {} },
      open: (signing) => openSigner(signing, log),
      publish: async (key) => {
        await publishArchiveFiles(store, [key], config.retention.seals, systemClock, io.signal);
      },
    },
    io.signal,
  );
  return {
    ...{ config, store, keyring, writerId: newInstanceId(), clock: systemClock, random: Math.random },
    onTrouble: (error) => {
      if (error !== null) output.note(`trying again: ${messageOf(error)}`);
    },
    signal: io.signal,
  };
}

async function movedOf(
  old: OlderArchive,
  chains: readonly AdoptedChain[],
  signal: AbortSignal,
): Promise<string[]> {
  const moved = await Promise.all(
    chains.map(async ({ head, state }) =>
      state === 'behind' || (await hasMoved(old, head, signal)) ? [head.older.name.chainOrigin] : [],
    ),
  );
  return moved.flat();
}

const movedError = ({ older }: OlderHead): LedgerstoneError =>
  new LedgerstoneError(
    'older-moved',
    `${older.name.chainOrigin} went on while it was looked at: its archiver runs`,
    {
      disposition: 'input',
      remedy:
        'Stop that archiver for good, and run this again. This chain is not begun here; others may be, and stay so.',
    },
  );

async function refuse(
  { output }: Session,
  { store }: OlderArchive,
  { json }: AdoptOptions,
  report: StoreReport,
): Promise<number> {
  if (json === true) await output.json({ ...reportJson(report, NOTHING_GIVEN), adopted: false });
  else await output.write(reportText(report, store.description, output));
  output.note('nothing was begun: --as-it-is goes on from what is not verified');
  return exitCodeOfVerdict(report.verdict);
}
