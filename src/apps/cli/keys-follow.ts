// `ledgerstone keys follow`: what was imported takes the key that people decided on.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { VERSION } from '../../base/version.ts';
import { openForWriting, requireFitStore } from '../../clients/open.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { chainOrigin, IMPORT_PREFIX } from '../../format/chain.ts';
import { bringOver, chainSealer, importHead } from '../../import/import-keys.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { listChains } from '../../read/list-chains.ts';
import type { Store } from '../../store/store.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { importKeys, openImportKeys } from './import-keys.ts';
import { acting, type Session } from './session.ts';

type FollowOptions = { readonly config: string; readonly json?: boolean };

type Followed = {
  readonly chain: string;
  readonly state: 'changed' | 'had it' | 'failed';
  readonly problem: string | null;
};

const HELP = `
No archiver seals chains of imported history, so none of them takes a key of \`keys rotate\`
by itself. This seals two segments without lines in each: one by both keys, and one by the
new key alone. Give it where you import, while archive.signing names the earlier key. It is
safe to repeat. An import that goes on takes the key by itself.

Exit codes: 0 each import is signed by the key alone, or nobody decided on another one;
2 usage; 3 one could not be read or written, or the key can't be used.

Examples:
  ledgerstone keys follow --config ledgerstone.yaml
`;

export function keysFollow(keys: Command, session: Session): void {
  keys
    .command('follow')
    .description('Imported chains take the key that was decided on.')
    .requiredOption('--config <file>', 'ledgerstone.yaml: archive, key and policies')
    .option('--json', 'the same for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: FollowOptions) => runFollow(session, options)));
}

async function runFollow(session: Session, options: FollowOptions): Promise<number> {
  const { io, output } = session;
  session.judges = false;
  const config = await loadConfig(options.config, io.env);
  await requireFitStore(config.archive.store, io.signal);
  const store = await openForWriting(config.archive.store, config.greatestLock);
  try {
    const keyring = await openImportKeys(session, config, store);
    const found: Followed[] = [];
    let exitCode: number = EXIT.ok;
    if (keyring.decided !== null)
      for await (const { chain, partition } of listChains(store, io.signal)) {
        if (!chain.startsWith(IMPORT_PREFIX)) continue;
        const trusted = keyring.trusted;
        const reader = new ChainReader({ store, chain, partition, trusted, signal: io.signal });
        try {
          const state = await followed(session, config, store, reader, importKeys(keyring));
          if (state !== null) found.push({ chain: `${chain}/${partition}`, state, problem: null });
        } catch (error) {
          io.signal.throwIfAborted();
          exitCode = EXIT.failed;
          found.push({ chain: `${chain}/${partition}`, state: 'failed', problem: messageOf(error) });
        }
      }
    const decided = keyring.decided?.description ?? null;
    if (options.json === true) await output.json({ key: decided, chains: found });
    else for (const line of linesOf(decided, found)) await output.line(printable(line));
    return exitCode;
  } finally {
    await store.close();
  }
}

/** Null: the chain is no import's. */
async function followed(
  { io, output }: Session,
  config: Config,
  store: Store,
  { options }: ChainReader,
  keys: ReturnType<typeof importKeys>,
): Promise<Followed['state'] | null> {
  const { chain, partition } = options;
  const { archive, retention } = config;
  for (let isFirst = true; ; isFirst = false) {
    // Another writer may have sealed: what was read before counts no more.
    const at = await importHead(new ChainReader(options));
    if (at === null) return null;
    if (!keys.isChanging(at.head)) return isFirst ? 'had it' : 'changed';
    const policy = Object.hasOwn(retention, at.policy) ? retention[at.policy] : undefined;
    if (policy === undefined) throw new UsageError(`its policy ${at.policy} is not in the configuration`);
    const tools = {
      ...{ store, keys, version: VERSION, clock: systemClock, random: Math.random, signal: io.signal },
      origin: chainOrigin({ archiveOrigin: archive.origin, chain, partition }),
      retention: { mode: policy.mode, period: policy.period, policy: at.policy },
      sealRetention: retention.seals,
      onTrouble: (error: unknown | null) => {
        if (error !== null) output.note(`trying again: ${messageOf(error)}`);
      },
    };
    await bringOver(tools, chainSealer(tools), at.head);
  }
}

function linesOf(decided: string | null, found: readonly Followed[]): string[] {
  if (decided === null) return ['nobody decided on another key: nothing was looked at'];
  const texts = { changed: 'is signed by it alone now', 'had it': 'had it before', failed: 'failed' };
  return [
    `key  ${decided}`,
    ...(found.length === 0 ? ['the archive holds no import'] : []),
    ...found.map(
      ({ chain, state, problem }) => `${chain}: ${texts[state]}${problem === null ? '' : `: ${problem}`}`,
    ),
  ];
}
