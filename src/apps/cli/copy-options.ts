// What is to be copied where, and may it be? All that is known before anything is read.
import type { Period } from '../../base/period.ts';
import { requireFitStore } from '../../clients/open.ts';
import { liesIn } from '../../clients/separate.ts';
import { storeFromName } from '../../clients/store-from-name.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { isWord } from '../../format/scalar.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { type DecidingOptions, requireWords } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { requireNoFile } from './new-files.ts';
import type { OlderOptions } from './older-option.ts';
import type { Session } from './session.ts';
import { latestLock, limitOf } from './until-option.ts';

export type CopyOptions = Omit<DecidingOptions, 'config'> &
  OlderOptions & {
    readonly lockUntil: string;
    readonly key?: readonly string[];
    readonly config?: string;
    readonly act: boolean;
    readonly receipt?: string;
    readonly region?: string;
    readonly endpoint?: string;
    readonly toRegion?: string;
    readonly toEndpoint?: string;
    readonly toProfile?: string;
    readonly of: 'archive' | 'attestations';
    readonly asItIs?: boolean;
    readonly tz: string;
    readonly limit: string;
    readonly dryRun?: boolean;
  };

export type CopyJob = {
  readonly from: StoreConfig;
  readonly to: StoreConfig;
  readonly options: CopyOptions;
  readonly trusted: readonly VerifierKey[];
  /** Null: as long as in the source. */
  readonly dateMs: number | null;
  readonly limit: Period;
};

/** Throws UsageError, or what is wrong with the bucket of the copy. */
export async function checkCopy(
  { io }: Session,
  fromName: string,
  toName: string,
  options: CopyOptions,
): Promise<CopyJob> {
  requireWords(options);
  for (const name of [fromName, toName])
    if (!isWord(name, 4096)) throw new UsageError('a name of a store has control characters in it');
  const limit = limitOf(options.limit);
  const dateMs = options.lockUntil === 'same' ? null : latestLock('--lock-until', options.lockUntil, options);
  const from = storeFromName(fromName, options, io.env);
  const { toRegion = options.region, toEndpoint = options.endpoint, toProfile } = options;
  const to = storeFromName(
    toName,
    {
      ...(toRegion !== undefined && { region: toRegion }),
      ...(toEndpoint !== undefined && { endpoint: toEndpoint }),
      ...(toProfile !== undefined && { profile: toProfile }),
    },
    io.env,
  );
  await requireApart(from, to);
  requireSense(from, to, options);
  const trusted = await readTrustedKeys(options.key ?? []);
  if (options.receipt !== undefined && options.dryRun !== true)
    await requireNoFile(options.receipt, '--receipt');
  await requireFitStore(to, io.signal);
  return { from, to, options, trusted, dateMs, limit };
}

function requireSense(from: StoreConfig, to: StoreConfig, options: CopyOptions): void {
  const { of, config, act, key = [], receipt, dryRun, lockUntil, signKey, signKms } = options;
  if (from.kind === 'directory' && to.kind === 's3' && lockUntil === 'same')
    throw new UsageError(
      'a directory has no locks that a copy could have too',
      'Give a date: --lock-until 2033-01-01.',
    );
  if (of === 'attestations' && (config !== undefined || key.length > 0))
    throw new UsageError(
      "a verifier's own store has no chain of decisions and is not verified here",
      'Leave out --config and --key.',
    );
  if (dryRun === true) return;
  if (config !== undefined && !act)
    throw new UsageError('--config records the copy, and --no-act does not', 'Give one of the two.');
  if (config === undefined && (signKey ?? signKms) !== undefined)
    throw new UsageError(
      'a key signs an act, and there is none without --config',
      'Give --config governance.yaml.',
    );
  if (config === undefined && receipt === undefined)
    throw new UsageError(
      'nothing would keep the receipt',
      'Give --receipt FILE, or --config governance.yaml.',
    );
}

/** A copy within its own source would be copied too. */
async function requireApart(from: StoreConfig, to: StoreConfig): Promise<void> {
  const isSame =
    from.kind === 'directory' && to.kind === 'directory'
      ? (await liesIn(from.path, to.path)) || (await liesIn(to.path, from.path))
      : from.kind === 's3' &&
        to.kind === 's3' &&
        from.bucket === to.bucket &&
        from.endpoint === to.endpoint &&
        (from.prefix.startsWith(to.prefix) || to.prefix.startsWith(from.prefix));
  if (isSame)
    throw new UsageError('both names lead to the same place, or one into the other', 'Name another place.');
}
