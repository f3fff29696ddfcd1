// Which keys did people bring into the chains of an archive? (FORMAT.md 13.5.6)
import { nodeSha256 } from '../base/node/hash.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { ActHistory } from '../verify/acts/history.ts';
import { rotations } from '../verify/acts/keys.ts';

/** By changes in force, unless they were retired since: for who has pinned an earlier one. */
export const decidedKeys = (history: ActHistory): VerifierKey[] =>
  rotations(history, nodeSha256).map(({ key }) => key);

/** Keys that sealed decisions or were to, by changes in force. */
export const decidedSealing = (history: ActHistory): VerifierKey[] =>
  rotations(history, nodeSha256, 'governance').map(({ key }) => key);

/** Whoever acts on a decision believes the keys that people decided on too. */
export const trustingDecided = <Tools extends { readonly trusted: readonly VerifierKey[] }>(
  tools: Tools,
  history: ActHistory,
): Tools => ({ ...tools, trusted: [...tools.trusted, ...decidedKeys(history)] });
