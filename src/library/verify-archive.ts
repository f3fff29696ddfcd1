// Is this archive what was sealed, for a program that asks?
import { utf8 } from '../base/bytes.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { type ActsLook, lookAtActs } from '../read/acts.ts';
import { comparedOf } from '../read/compared-decisions.ts';
import type { StoreReader } from '../store/store.ts';
import type { DecisionsCompared } from '../verify/acts/held-to.ts';
import { workerChecker } from '../verify/node/worker-checker.ts';
import type { Report } from '../verify/report.ts';
import { verifyArchive } from '../verify/verify.ts';
import { type ReadOnlyArchive, storeBehind } from './archive.ts';
import { keysFromTexts } from './keys.ts';

export type VerificationOptions = {
  /** Trusted keys, as texts. Without one the verdict is never `verified`. */
  readonly keys: readonly string[];
  /** `seals`: no data is read. `content`: every stored byte. Default: `content`. */
  readonly depth?: 'seals' | 'content';
  /** Signed checkpoints of earlier runs (`checkpoint` of a chain's report). Each chain must have grown. */
  readonly since?: readonly string[];
  /** Archives that chains of this one continue, each with its own keys. They are verified too: `beside`. */
  readonly older?: readonly { readonly archive: ReadOnlyArchive; readonly keys: readonly string[] }[];
  readonly signal?: AbortSignal;
  /** Threads that hash. Default: one for each core. */
  readonly threads?: number;
};

/** `decisions`: how far it was held to what people decided; null: it has no chain of decisions. */
export type VerificationReport = Report & {
  readonly decisions: DecisionsCompared | null;
  /** Of each older archive too. */
  readonly beside?: Report['beside'] & {
    readonly archives: readonly { readonly name: string; readonly report: VerificationReport }[];
  };
};

export async function verifyOpened(
  archive: ReadOnlyArchive,
  trusted: readonly VerifierKey[],
  { depth = 'content', since = [], older = [], signal, threads }: VerificationOptions,
): Promise<VerificationReport> {
  const given = older.map((one) => ({ store: storeBehind(one.archive), keys: keysFromTexts(one.keys) }));
  const checker = workerChecker(threads === undefined ? {} : { threads });
  try {
    const store = storeBehind(archive);
    const lookAt = (one: StoreReader, keys: readonly VerifierKey[]) =>
      lookAtActs(one, keys, signal ?? new AbortController().signal);
    const look = await lookAt(store, trusted);
    const looks = await Promise.all(given.map((one) => lookAt(one.store, one.keys)));
    const { beside, ...report } = await verifyArchive(store, {
      acts: actsOf(look),
      shown: given.map(({ store: reader, keys }, index) => ({
        ...{ name: reader.description, reader, trusted: keys, acts: actsOf(looks[index] as ActsLook) },
      })),
      ...{ trusted, depth, checker, sha256: nodeSha256, nowMs: Date.now(), since: since.map(utf8) },
      ...(signal === undefined ? {} : { signal }),
    });
    const said = { ...report, decisions: comparedOf(look) };
    if (beside === undefined) return said;
    const archives = beside.archives.map((one, index) => ({
      ...one,
      report: { ...one.report, decisions: comparedOf(looks[index] as ActsLook) },
    }));
    return { ...said, beside: { ...beside, archives } };
  } finally {
    await checker.close();
  }
}

const actsOf = (look: ActsLook) => (look.kind === 'read' ? look : null);
