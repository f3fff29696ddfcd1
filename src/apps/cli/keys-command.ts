// `ledgerstone keys list`: which keys signed this archive, from where to where?
import type { Command } from 'commander';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { type KeyHistory, keyHistory } from '../../read/key-runs.ts';
import { listChains } from '../../read/list-chains.ts';
import { idText } from '../../verify/trust.ts';
import { type MaybeChainOptions, namedChain, withMaybeChain } from './chain-option.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { type Archive, type ArchiveOptions, withArchive } from './open-archive.ts';
import { openTrustedArchive } from './report/losses.ts';
import { acting, type Session } from './session.ts';

type KeysOptions = ArchiveOptions & MaybeChainOptions & { readonly json?: boolean };

const HELP = `
A key is trusted because the reader pinned it, or because a seal that an earlier key
signed names it too. To replace one: FORMAT.md 6.14.

Examples:
  ledgerstone keys list ./archive --key archive.vkey
  ledgerstone keys list --config ledgerstone.yaml --json
`;

const LIST = `
Reads every seal of each chain and checks its signatures and whether its keys were trusted
before it. Nothing else of the archive is looked at: \`verify\` does that.

Exit codes: 0 every seal was looked at; 1 one is broken; 2 usage; 3 one is not by a trusted
key, or could not be read.

Examples:
  ledgerstone keys list ./archive --key archive.vkey
  ledgerstone keys list s3://acme-audit/prod --key archive.vkey --json
`;

export function keysCommand(program: Command, session: Session): void {
  const keys = program
    .command('keys')
    .description('Which keys signed the archive.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  withMaybeChain(withArchive(keys.command('list').description('Each key of each chain, with its segments.')))
    .option('--json', 'the same for programs')
    .addHelpText('after', LIST)
    .action(
      acting(session, (name: string | undefined, options: KeysOptions) => runList(session, name, options)),
    );
}

type Place = { readonly chain: string; readonly partition: number };
type ListedChain = Place & { readonly history: KeyHistory | null; readonly problem: string | null };

async function runList(session: Session, name: string | undefined, options: KeysOptions): Promise<number> {
  const { io, output } = session;
  const named = namedChain(options);
  const archive = await openTrustedArchive(name, options, io.env);
  const chains: ListedChain[] = [];
  let exitCode: number = EXIT.ok;
  try {
    for await (const place of placesOf(archive, named, io.signal)) {
      const { chain, partition } = place;
      try {
        const { store, trusted } = archive;
        const reader = new ChainReader({ store, chain, partition, trusted, signal: io.signal });
        chains.push({ chain, partition, history: await keyHistory(reader), problem: null });
      } catch (error) {
        io.signal.throwIfAborted();
        if (!(error instanceof LedgerstoneError)) throw error;
        if (exitCode !== EXIT.broken) exitCode = exitCodeOfError(error);
        chains.push({ chain, partition, history: null, problem: messageOf(error) });
      }
    }
  } finally {
    await archive.store.close();
  }
  if (chains.length === 0)
    throw new LedgerstoneError('no-chain', 'the archive has no chain: nothing was looked at', {
      disposition: 'input',
    });
  if (options.json === true) await output.json({ chains: chains.map(chainJson) });
  else for (const chain of chains) await output.write(keysText(chain));
  return exitCode;
}

async function* placesOf(
  { store }: Archive,
  named: { readonly topic: string; readonly partition: number } | null,
  signal: AbortSignal,
): AsyncGenerator<Place> {
  if (named === null) yield* listChains(store, signal);
  else yield { chain: named.topic, partition: named.partition };
}

const chainJson = ({ chain, partition, history, problem }: ListedChain) => ({
  ...{ chain, partition, problem, seals: history?.seals ?? null },
  keys: (history?.runs ?? []).map(({ vkey, from, to, vouchedBy, isCurrent }) => ({
    ...{ vkey, from, to, vouchedBy, current: isCurrent },
  })),
});

function keysText({ chain, partition, history, problem }: ListedChain): string {
  const name = `${chain}/${partition}`;
  if (history === null) return `${printable(`${name}: not known: ${problem}`)}\n`;
  const lines = history.runs.map(({ key, from, to, vouchedBy, isCurrent }) => {
    const why = vouchedBy === 'pinned' ? 'trusted by you' : 'named by a seal that an earlier key signed';
    const span = `segments ${from.sequence} to ${to.sequence}, ${from.sealed} to ${to.sealed}`;
    return `  ${idText(key)} ${key.key.algorithm}: ${span}; ${why}${isCurrent ? '; signs now' : ''}`;
  });
  return `${[`${name}: ${history.seals} seals`, ...lines].map(printable).join('\n')}\n`;
}
