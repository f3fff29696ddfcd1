// What does `ledgerstone import` do, step by step?
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { VERSION } from '../../base/version.ts';
import { openForWriting, requireFitStore } from '../../clients/open.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { chainOrigin } from '../../format/chain.ts';
import { statementBytes } from '../../import/statement.ts';
import { type ImportPlan, type ImportSurvey, surveyImport } from '../../import/survey.ts';
import type { TrailVerdict } from '../../import/trail-digests.ts';
import { type Imported, writeImport } from '../../import/write-import.ts';
import { importKeys, openImportKeys } from './import-keys.ts';
import { type ImportOptions, importPlanOf, policyOf, requireConfirmed, trailOf } from './import-options.ts';
import { sayImport } from './import-text.ts';
import { startProgressBar } from './progress.ts';
import type { Session } from './session.ts';

export async function runImport(
  session: Session,
  paths: readonly string[],
  options: ImportOptions,
): Promise<number> {
  const { io, output } = session;
  const plan = await importPlanOf(paths, options);
  const config = await loadConfig(options.config, io.env);
  const policy = policyOf(config, options.retention);
  const survey = await surveyImport({ ...plan, recordBytesMax: config.limits.recordBytes }, io.signal);
  const trail = await trailOf(options, survey);
  if (options.dryRun === true) return sayImport(session, options, { plan, survey, trail, imported: null });
  requireConfirmed(options.confirm, survey);
  const imported = await archived(session, config, policy, plan, survey, options, trail);
  if (imported.isOld) output.note('it was archived before, and nothing was written');
  return sayImport(session, options, { plan, survey, trail, imported });
}

async function archived(
  session: Session,
  config: Config,
  policy: string,
  plan: ImportPlan,
  survey: ImportSurvey,
  options: ImportOptions,
  trail: TrailVerdict | null,
): Promise<Imported> {
  const { archive, retention, greatestLock, segment, limits } = config;
  const { by, reason, reference = null } = options;
  const { io, output } = session;
  await requireFitStore(archive.store, io.signal);
  const store = await openForWriting(archive.store, greatestLock);
  const progress = startProgressBar(io, 'import');
  try {
    const keyring = await openImportKeys(session, config, store);
    const { mode, period } = retention[policy] as Config['retention'][string];
    const statement = statementBytes(plan, survey, { by, reason, reference }, trail, systemClock.now());
    return await writeImport(
      {
        ...{
          store,
          keys: importKeys(keyring),
          trusted: keyring.trusted,
          segment,
          version: VERSION,
          clock: systemClock,
          random: Math.random,
        },
        origin: chainOrigin({ archiveOrigin: archive.origin, chain: plan.chain, partition: 0 }),
        retention: { mode, period, policy },
        sealRetention: retention.seals,
        signal: io.signal,
        onTrouble: (error) => {
          if (error !== null) output.note(`trying again: ${messageOf(error)}`);
        },
        onSealed: (records) => progress.update(records, survey.records, counted(records, 'record')),
      },
      { ...plan, recordBytesMax: limits.recordBytes },
      survey,
      statement,
      { again: options.again === true },
    );
  } finally {
    progress.stop();
    await store.close();
  }
}
