// Is this archive what was sealed, for a program that asks?
import { utf8 } from '../base/bytes.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { lookAtActs } from '../read/acts.ts';
import type { StoreReader } from '../store/store.ts';
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

export async function verifyOpened(
  archive: ReadOnlyArchive,
  trusted: readonly VerifierKey[],
  { depth = 'content', since = [], older = [], signal, threads }: VerificationOptions,
): Promise<Report> {
  const given = older.map((one) => ({ store: storeBehind(one.archive), keys: keysFromTexts(one.keys) }));
  const checker = workerChecker(threads === undefined ? {} : { threads });
  try {
    const store = storeBehind(archive);
    const actsOf = async (one: StoreReader, keys: readonly VerifierKey[]) => {
      const look = await lookAtActs(one, keys, signal ?? new AbortController().signal);
      return look.kind === 'read' ? look : null;
    };
    const shown = given.map(async ({ store: reader, keys }) => ({
      ...{ name: reader.description, reader, trusted: keys, acts: await actsOf(reader, keys) },
    }));
    return await verifyArchive(store, {
      acts: await actsOf(store, trusted),
      shown: await Promise.all(shown),
      ...{ trusted, depth, checker, sha256: nodeSha256, nowMs: Date.now(), since: since.map(utf8) },
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    await checker.close();
  }
}
