// `ledgerstone keys`: which keys signed this archive, from where to where, and what was decided about them?
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { type ActsLook, lookAtActs } from '../../read/acts.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { keyHistory } from '../../read/key-runs.ts';
import { listChains } from '../../read/list-chains.ts';
import { idText } from '../../verify/trust.ts';
import { type MaybeChainOptions, namedChain, withMaybeChain } from './chain-option.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { keysFollow } from './keys-follow.ts';
import { keyIdText, knownKeyLines, knownKeys, type ListedChain, openChange } from './keys-known.ts';
import { keysWriting } from './keys-write.ts';
import { type Archive, type ArchiveOptions, withArchive } from './open-archive.ts';
import { openTrustedArchive } from './report/losses.ts';
import { acting, type Session } from './session.ts';

type KeysOptions = ArchiveOptions & MaybeChainOptions & { readonly json?: boolean };

const HELP = `
A key is trusted because the reader pinned it, or because a seal that an earlier key
signed names it too. \`rotate\` replaces the log's key while archivers run; \`retire\` says
that one signs nothing any more. docs/governance.md is the whole path.

Examples:
  ledgerstone keys list ./archive --key archive.vkey
  ledgerstone keys list --config ledgerstone.yaml --json
  ledgerstone keys rotate --new next.pem --config governance.yaml --by "Ada Byron" \\
      --reason "Each year" --sign-key ada-key.pem
`;

const LIST = `
Reads every seal of each chain and checks its signatures and whether its keys were trusted
before it. Nothing else of the archive is looked at: \`verify\` does that. Below the chains
stands each key with who introduced and retired it, and chains that wait for a decided key,
if a key is given that covers the decisions.

Exit codes: 0 every seal was looked at; 1 one is broken; 2 usage; 3 one is not by a trusted
key, or could not be read.

Examples:
  ledgerstone keys list ./archive --key archive.vkey
  ledgerstone keys list s3://acme-audit/prod --key archive.vkey --json
`;

export function keysCommand(program: Command, session: Session): void {
  const keys = program
    .command('keys')
    .description('Which keys signed the archive, and another key for the log.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  withMaybeChain(withArchive(keys.command('list').description('Each key of each chain, with its segments.')))
    .option('--json', 'the same for programs')
    .addHelpText('after', LIST)
    .action(
      acting(session, (name: string | undefined, options: KeysOptions) => runList(session, name, options)),
    );
  keysWriting(keys, session);
  keysFollow(keys, session);
}

type Place = { readonly chain: string; readonly partition: number };

async function runList(session: Session, name: string | undefined, options: KeysOptions): Promise<number> {
  const { io, output } = session;
  const named = namedChain(options);
  const archive = await openTrustedArchive(name, options, io.env);
  const chains: ListedChain[] = [];
  let exitCode: number = EXIT.ok;
  let look: ActsLook;
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
    look = await lookAtActs(archive.store, archive.trusted, io.signal);
  } finally {
    await archive.store.close();
  }
  if (chains.length === 0)
    throw new LedgerstoneError('no-chain', 'the archive has no chain: nothing was looked at', {
      disposition: 'input',
    });
  const keys = knownKeys(chains, look);
  const change = openChange(chains, look, systemClock.now());
  if (options.json === true)
    await output.json({ chains: chains.map(chainJson), keys, change, decisions: decisionsText(look) });
  else {
    for (const chain of chains) await output.write(keysText(chain));
    for (const line of [...knownKeyLines(keys), ...changeLines(change), decisionsText(look)])
      await output.line(printable(line));
  }
  return exitCode;
}

function decisionsText(look: ActsLook): string {
  switch (look.kind) {
    case 'no-chain':
      return 'decisions: none, the archive has no governance chain';
    case 'no-key':
      return 'decisions: not looked at, no key was given that covers them (--key)';
    case 'unread':
      return `decisions: they could not be read: ${look.problem}`;
    case 'read':
      return look.problem === null ? 'decisions: read' : `decisions: read in part: ${look.problem}`;
  }
}

const changeLines = (change: ReturnType<typeof openChange>): string[] =>
  change === null
    ? []
    : [
        `a change to ${keyIdText(change.key)} by ${change.by} is not done (${change.act.slice(0, 8)})`,
        change.waiting.length === 0
          ? '  no chain waits: give the command of keys rotate again'
          : `  these chains wait for their next segments: ${change.waiting.join(', ')}`,
      ];

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
