// Which stores, signer and key does the verifier's configuration name?
import { type Clock, systemClock } from '../../base/clock.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Store } from '../../store/store.ts';
import type { BlockChecker } from '../../verify/block-checker.ts';
import { openSigner, openStore } from '../archiver/edges.ts';
import { VERSION } from '../archiver/version.ts';
import { Attester } from './attestations.ts';
import type { VerifierConfig } from './config.ts';
import { findingSink } from './finding-sink.ts';
import { Ledger } from './ledger.ts';
import { confirmTask, type Task } from './tasks.ts';
import type { Verifier, VerifierLog } from './verifier.ts';

export type VerifierEdges = { readonly archive: Store; readonly own: Store; readonly signer: Signer };

/** Rejects with what is wrong with a key or a store; nothing is left open then. */
export async function openEdges(config: VerifierConfig): Promise<VerifierEdges> {
  const archive = await openStore(config.archive.store);
  const own = await openStore(config.attestations.store);
  try {
    return { archive, own, signer: await openSigner(config.cosigner.signing) };
  } catch (error) {
    await Promise.allSettled([archive.close(), own.close()]);
    throw error;
  }
}

export type VerifierOptions = {
  readonly checker: BlockChecker;
  readonly log: VerifierLog;
  readonly clock?: Clock;
  readonly chainsAtOnce?: number;
};

const CHAINS_AT_ONCE = 4;

/** Over opened edges: tests bring their own. */
export function makeVerifier(
  config: VerifierConfig,
  { archive, own, signer }: VerifierEdges,
  { checker, log, clock = systemClock, chainsAtOnce = CHAINS_AT_ONCE }: VerifierOptions,
): Verifier {
  const { cosigner, attestations } = config;
  const { store } = config.archive;
  const { mode, periodMs } = attestations.retention;
  const retention = { mode, periodMs };
  const { name, earlier } = cosigner;
  const attester = new Attester({ store: own, name, signer, earlier, retention, sha256: nodeSha256, clock });
  const ledger = new Ledger({
    ...{ store: own, retention, clock, sha256: nodeSha256 },
    verifier: { name, version: VERSION },
  });
  return {
    archive,
    own,
    place: store.kind === 's3' ? { bucket: store.bucket, prefix: store.prefix } : null,
    step: { archive, trusted: config.archive.trusted, attester, sha256: nodeSha256, checker, clock },
    findings: findingSink(ledger, log),
    tasks: new Map<string, Task>([['confirm', confirmTask]]),
    log,
    clock,
    chainsAtOnce,
  };
}
