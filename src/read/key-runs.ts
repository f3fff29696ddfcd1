// Which keys signed a chain, from where to where, and who vouched for each?
import { nodeSha256 } from '../base/node/hash.ts';
import { encodeVkey, type VerifierKey } from '../format/vkey.ts';
import { linkProblems } from '../verify/chain-state.ts';
import { ChainTrust } from '../verify/chain-trust.ts';
import { VerifyError } from '../verify/finding.ts';
import type { OpenedSeal } from '../verify/open-seal.ts';
import type { ChainReader } from './chain-reader.ts';

/** Where a key stands first or last. */
type KeyPoint = { readonly sequence: number; readonly sealed: string };

type KeyRun = {
  /** Named with the chain's origin. */
  readonly vkey: string;
  readonly key: VerifierKey;
  readonly from: KeyPoint;
  to: KeyPoint;
  /** `pinned`: by the reader. `chain`: an earlier key of the chain signed the seal that names it first. */
  readonly vouchedBy: 'pinned' | 'chain';
  /** The newest seal names it. */
  isCurrent: boolean;
};

export type KeyHistory = {
  readonly runs: readonly KeyRun[];
  /** Seals that were read: all of the chain. */
  readonly seals: number;
};

/**
 * Every seal is read, checked in itself and against the one before, its keys too (FORMAT.md 6.13, 6.14). A
 * key that comes back later has a run of its own. Throws VerifyError at the first seal that is bad, missing,
 * or by no key that is trusted there; NoChainError.
 */
export async function keyHistory(reader: ChainReader): Promise<KeyHistory> {
  const newest = await reader.headSequence();
  await reader.listSeals();
  const trust = new ChainTrust(reader.options.trusted, nodeSha256);
  const runs: KeyRun[] = [];
  let before: OpenedSeal | null = null;
  let open = new Map<string, KeyRun>();
  for (let sequence = 0; sequence <= newest; sequence++) {
    const { inspection } = await reader.inspect(sequence);
    const { opened } = inspection;
    const links = before === null || opened === null ? [] : linkProblems(before, opened, nodeSha256);
    const [problem] = [...inspection.problems, ...links];
    if (opened === null || problem !== undefined)
      throw new VerifyError(problem ?? { code: 'malformed', expected: 'a seal', found: null });
    const { origin, time } = opened.manifest;
    const believed = new Set(trust.believed(origin).map(encodeVkey));
    const refused = trust.step(origin, opened.signedKeys, true);
    if (refused !== null) throw new VerifyError(refused);
    before = opened;
    const at = { sequence, sealed: time.sealed };
    const next = new Map<string, KeyRun>();
    for (const key of opened.signedKeys) {
      const vkey = encodeVkey(key);
      const run = open.get(vkey) ?? newRun(key, vkey, at, sequence === 0 && believed.has(vkey));
      if (!open.has(vkey)) runs.push(run);
      run.to = at;
      next.set(vkey, run);
    }
    open = next;
  }
  for (const run of open.values()) run.isCurrent = true;
  return { runs, seals: newest + 1 };
}

const newRun = (key: VerifierKey, vkey: string, at: KeyPoint, isPinned: boolean): KeyRun => ({
  ...{ key, vkey, from: at, to: at, isCurrent: false },
  vouchedBy: isPinned ? 'pinned' : 'chain',
});
