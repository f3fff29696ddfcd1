// `ledgerstone retention expire`: what does nothing keep any more? It lists, and deletes nothing.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { readAhead } from '../../base/concurrency.ts';
import { counted } from '../../base/counted.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { GOVERNANCE_CHAIN } from '../../format/chain.ts';
import { readActs } from '../../read/acts.ts';
import { type ExpiredData, expiredData } from '../../read/expired-data.ts';
import { type Demands, demandsOf } from '../../verify/acts/in-force.ts';
import { type MaybeChainOptions, namedChain, withMaybeChain } from './chain-option.ts';
import { EXIT } from './exit-code.ts';
import { notedSeals, walkChains } from './losses-search.ts';
import { type Archive, type ArchiveOptions, withArchive } from './open-archive.ts';
import { openTrustedArchive } from './report/losses.ts';
import { acting, type Session } from './session.ts';
import { bytesText } from './table.ts';

type ExpireOptions = ArchiveOptions & MaybeChainOptions & { readonly json?: boolean };

const HELP = `
Lists the data objects whose retention is over by their seals, and what keeps each: no
lock, no legal hold and no decision in force makes it free. It deletes nothing: a
lifecycle rule of the bucket does, if you turn one on. Seals are never listed: they carry
the chain, and without them nothing behind can be verified. A directory has no locks.

Exit codes: 0 everything was looked at, 1 a chain is broken, 2 usage, 3 something could
not be looked at: then nothing is said of what was left out.

Examples:
  ledgerstone retention expire s3://acme-audit/prod --key archive.vkey
  ledgerstone retention expire --config ledgerstone.yaml --json > over.json
`;

const OBJECTS_AHEAD = 16;

export function retentionExpire(retention: Command, session: Session): void {
  withMaybeChain(
    withArchive(retention.command('expire').description('Data objects that nothing keeps any more.')),
  )
    .option('--json', 'one JSON text for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: ExpireOptions) =>
        runExpire(session, name, options),
      ),
    );
}

async function runExpire(
  session: Session,
  name: string | undefined,
  options: ExpireOptions,
): Promise<number> {
  const { io, output } = session;
  const named = namedChain(options);
  const archive = await openTrustedArchive(name, options, io.env);
  try {
    const demands = await decisions(archive, io.signal);
    const nowMs = systemClock.now();
    const found: ExpiredData[] = [];
    const walk = await walkChains({ archive, named, signal: io.signal }, async (reader, losses) => {
      const { store, signal } = reader.options;
      const look = (seal: Parameters<typeof expiredData>[1]) =>
        // What was decided is kept as long as there is an archive.
        reader.chain === GOVERNANCE_CHAIN
          ? Promise.resolve(null)
          : expiredData(store, seal, demands, nowMs, signal);
      for await (const one of readAhead(notedSeals(reader, losses), OBJECTS_AHEAD, look))
        if (one !== null && one.state !== 'gone') found.push(one);
    });
    const notKnown = found.some(({ state }) => state === 'not-known');
    if (options.json === true) await output.json({ now: new Date(nowMs).toISOString(), objects: found });
    else await output.write(expiredText(found));
    const leftOut = [
      ...walk.chains.flatMap(({ chain, partition, problem }) =>
        problem === null ? [] : [`${chain}/${partition}: ${problem}`],
      ),
      ...walk.unlisted.map(({ folder, problem }) => `${folder}: ${problem}`),
    ];
    for (const what of leftOut) output.note(`not looked at: ${what}`);
    return walk.exitCode === EXIT.ok && notKnown ? EXIT.failed : walk.exitCode;
  } finally {
    await archive.store.close();
  }
}

/** Null: the archive has no governance chain. Throws where it has one that can't be read. */
async function decisions({ store, trusted }: Archive, signal: AbortSignal): Promise<Demands | null> {
  try {
    const reading = await readActs(store, trusted, signal);
    return reading === null ? null : demandsOf(reading.history);
  } catch (error) {
    if (!(error instanceof LedgerstoneError)) throw error;
    throw new LedgerstoneError(
      'decisions-unknown',
      `what people decided can't be read, so nothing can be called free: ${messageOf(error)}`,
      { remedy: 'Give the verifier key of the governance chain with --key too.', cause: error },
    );
  }
}

const STATE_TEXT: Readonly<Record<ExpiredData['state'], string>> = {
  free: 'nothing keeps it',
  locked: 'still locked',
  held: 'held',
  extended: 'extended by a decision',
  gone: 'gone',
  'not-known': 'not known',
};

function expiredText(found: readonly ExpiredData[]): string {
  const free = found.filter(({ state }) => state === 'free');
  const rows = found.map(
    ({ key, until, bytes, state, why }) =>
      `${key}  ${bytesText(bytes)}, promised until ${until}: ${STATE_TEXT[state]}${why === null ? '' : ` (${why})`}`,
  );
  const size = bytesText(free.reduce((sum, { bytes }) => sum + bytes, 0));
  const kept = found.length - free.length;
  const others = `${counted(kept, 'other')} over, and kept or not known`;
  const summary =
    found.length === 0
      ? 'of no data object that is there the retention is over'
      : `${counted(free.length, 'data object')} (${size}) that nothing keeps any more; ${others}`;
  return `${[...rows, summary].map(printable).join('\n')}\n`;
}
