// Who decides, about which archive, and under whose account? What every command that writes an act needs.
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { VERSION } from '../../base/version.ts';
import { decidedSigning } from '../../clients/decided-key.ts';
import { newInstanceId, openForDeciding, openSigner } from '../../clients/open.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { type GovernanceConfig, loadGovernanceConfig } from '../../config/governance.ts';
import { isWord } from '../../format/scalar.ts';
import type { CarryTools } from '../../governance/carry-out.ts';
import type { Decider } from '../../governance/record-act.ts';
import { UsageError } from './exit-code.ts';
import type { Session } from './session.ts';
import { openSignerOf, type SignerOptions, withSigner } from './signer-option.ts';

export type DecidingOptions = SignerOptions & {
  readonly config: string;
  readonly by: string;
  readonly reason: string;
  readonly reference?: string;
  readonly json?: boolean;
  /** Nothing is written, so nobody is asked as whom. */
  readonly dryRun?: boolean;
};

/** The options that every decision has. */
export const withDecider = (command: Command): Command =>
  withSigner(
    command
      .requiredOption('--config <file>', 'governance.yaml')
      .requiredOption('--by <name>', 'who decides: as the charter names you')
      .requiredOption('--reason <text>', 'why')
      .option('--reference <text>', 'a ticket or the like'),
    'the decision: your own',
  ).option('--json', 'the result for programs');

export type Deciding = {
  readonly config: GovernanceConfig;
  readonly tools: CarryTools;
  readonly decider: Decider;
  /** The words of the request. */
  readonly asked: { readonly of: null; readonly reason: string; readonly reference: string | null };
};

/** `one`: an act that one person may write; `two`: one that needs a second person, or approves. */
export type Persons = 'one' | 'two';

/** Opens archive and keys, runs the work, and closes. Throws UsageError for words that no act may have. */
export async function deciding(
  session: Session,
  options: DecidingOptions,
  persons: Persons | ((tools: CarryTools) => Promise<Persons>),
  work: (deciding: Deciding) => Promise<number>,
): Promise<number> {
  const { io } = session;
  session.judges = false;
  session.json = options.json === true;
  requireWords(options);
  const config = await loadGovernanceConfig(options.config, io.env);
  const { signing, retention } = config.governance;
  const place = config.archive.store;
  const at = place.kind === 's3' ? place : { region: undefined, endpoint: undefined };
  const signer = await openSignerOf(
    {
      ...options,
      ...(at.region !== undefined && { region: at.region }),
      ...(signing.kind === 'kms' && signing.endpoint !== undefined && { endpoint: signing.endpoint }),
    },
    io.env,
  );
  if (signer === null)
    throw new UsageError(
      'nobody signs the decision',
      'Give --sign-key or --sign-kms: a key of your own, as `ledgerstone governance key` makes one.',
    );
  const sealing = await openSigner(signing);
  const store = await openForDeciding(place);
  try {
    const tools: CarryTools = {
      ...{ store, archiveOrigin: config.archive.origin, signers: [sealing], trusted: config.archive.trusted },
      openDecided: (named) => openSigner(decidedSigning(signing, named, sealing.description)),
      ...{ retention, writer: { id: newInstanceId(), version: VERSION }, clock: systemClock },
      ...{ random: Math.random, randomId: () => new Uint8Array(randomBytes(16)), signal: io.signal },
      onTrouble: (error) => {
        if (error !== null) session.output.note(`trying again: ${messageOf(error)}`);
      },
      logKeys: config.archive.trusted,
    };
    const needed = typeof persons === 'string' ? persons : await persons(tools);
    const principal = options.dryRun === true ? null : await principalOf(session, place, needed);
    const { reason, reference = null } = options;
    const asked = { of: null, reason, reference };
    return await work({ config, tools, decider: { name: options.by, principal, signer }, asked });
  } finally {
    await store.close();
  }
}

/** Throws UsageError for words that no act may have. */
export function requireWords({
  by,
  reason,
  reference,
}: Pick<DecidingOptions, 'by' | 'reason' | 'reference'>): void {
  for (const [name, text, most] of [
    ['--by', by, 255],
    ['--reason', reason, 2048],
    ['--reference', reference, 255],
  ] as const)
    if (text !== undefined && !isWord(text, most))
      throw new UsageError(`${name} must be 1 to ${most} bytes of text without control characters`);
}

/** `case` and the like. Throws UsageError. */
export function requireWord(name: string, text: string): string {
  if (isWord(text, 255)) return text;
  throw new UsageError(`${name} must be 1 to 255 bytes of text without control characters`);
}

/**
 * By STS. Null for a directory, and for a server that has no such names. Where it can't be learned, one
 * person's acts go on without it, and say so; where two persons are needed nothing is written: else one
 * account could be both.
 */
async function principalOf(
  { io, output }: Session,
  store: StoreConfig,
  persons: Persons,
): Promise<string | null> {
  if (store.kind === 'directory') return null;
  const [{ callerIdentity }, { roleCredentials }] = await Promise.all([
    import('../../store/caller-identity.ts'),
    import('../../store/role-credentials.ts'),
  ]);
  const sts = io.env['AWS_ENDPOINT_URL_STS'];
  const url = sts ?? store.endpoint ?? io.env['AWS_ENDPOINT_URL'];
  try {
    const principal = await callerIdentity({
      ...{ region: store.region, credentials: roleCredentials(), clock: systemClock, signal: io.signal },
      ...(url !== undefined && { endpoint: { url, isSts: sts !== undefined } }),
    });
    if (principal === null)
      output.note('this server has no names for accounts: the act does not say as whom it was written');
    return principal;
  } catch (error) {
    if (persons === 'two' || io.signal.aborted) throw error;
    output.note(`${messageOf(error)}; the act does not say as whom it was written`);
    return null;
  }
}
