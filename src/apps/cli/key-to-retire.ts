// Which key is meant by a verifier key, what is it for, and does it sign nothing any more?
import { FormatError, LedgerstoneError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { PERSON_KEY_NAME } from '../../config/people-file.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import { governanceOrigin, isGovernanceOrigin } from '../../format/chain.ts';
import { encodeCosignerVkey, parseCosignerVkey } from '../../format/cosignature.ts';
import { encodeVkey, parseVkey, type VerifierKey, verifierKey } from '../../format/vkey.ts';
import { decidedKeys } from '../../governance/decided-keys.ts';
import { type HeadKeys, headKeys, headName, requireChains, signedBy } from '../../governance/key-chains.ts';
import { readGovernance } from '../../governance/record-act.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { idText, sameKey } from '../../verify/trust.ts';
import type { Deciding } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { readKeyLines } from './keys.ts';

export type KeyToRetire = {
  readonly detail: ActDetail['key.retire'] /** Null: a cosigner's, which signs no chain. */;
  readonly key: VerifierKey | null;
};

/** `text`: a verifier key, or a file of one. Throws UsageError. */
export async function keyToRetire(text: string, archiveOrigin: string): Promise<KeyToRetire> {
  const [line, second] = await readKeyLines(text);
  if (line === undefined || second !== undefined)
    throw new UsageError(
      `${text} holds ${line === undefined ? 'no key' : 'more than one key'}`,
      'Give one key.',
    );
  try {
    return parsed(line, archiveOrigin);
  } catch (error) {
    throw new UsageError(
      `${JSON.stringify(line.slice(0, 80))} is no key that can be retired: ${messageOf(error)}`,
      'Take it from `ledgerstone keys list --json`. A person leaves by a new charter.',
    );
  }
}

/** Throws `act-refused` while it may still sign. `ended`: chains that nobody archives any more. */
export async function requireUnused(
  tools: Deciding['tools'],
  history: ActHistory,
  { detail, key }: KeyToRetire,
  ended: readonly string[],
): Promise<void> {
  if (key === null) return;
  const { store, logKeys, signal } = tools;
  if (detail.use === 'governance') {
    const sealedBy = (await readGovernance(tools))?.head.signedKeys ?? [];
    if (sealedBy.some((one) => sameKey(one.key, key.key)))
      throw stillSigns(
        ['the governance chain'],
        'First `ledgerstone keys rotate --use governance --new KEY`.',
      );
  }
  if (detail.use !== 'log') return;
  const heads = await headKeys(store, [...logKeys, ...decidedKeys(history)], signal);
  requireChains(heads, ended);
  const signed = signedBy(heads, key.key).filter((one) => !ended.includes(headName(one)));
  if (signed.length > 0)
    throw stillSigns(
      signed.map(waitText),
      'First `ledgerstone keys rotate --new KEY`. Chains that nobody archives any more: --ended CHAIN/PARTITION.',
    );
}

/** The same of an act that was read. An unreadable key signs nothing. */
export async function requireStillUnused(
  tools: Deciding['tools'],
  history: ActHistory,
  { key: line }: ActDetail['key.retire'],
  ended: readonly string[],
): Promise<void> {
  let meant: KeyToRetire;
  try {
    meant = parsed(line, tools.archiveOrigin);
  } catch {
    return;
  }
  await requireUnused(tools, history, meant, ended);
}

export function waitText(head: HeadKeys): string {
  const { keys, problem } = head;
  const by = keys === null ? `not known: ${problem}` : `signed by ${keys.map(idText).join(' and ')}`;
  return `${headName(head)}: ${by}`;
}

const stillSigns = (what: readonly string[], remedy: string): LedgerstoneError =>
  new LedgerstoneError('act-refused', `it may still sign: ${what.slice(0, 6).join('; ')}`, {
    ...{ disposition: 'input', remedy },
  });

function parsed(line: string, archiveOrigin: string): KeyToRetire {
  const name = line.slice(0, line.indexOf('+'));
  if (isGovernanceOrigin(name)) {
    const key = parseVkey(line, nodeSha256);
    if (name !== governanceOrigin(archiveOrigin)) throw new FormatError(`it is of ${name}`);
    return { key, detail: { use: 'governance', key: encodeVkey(key) } };
  }
  // Seals name a key with the chain's origin, and people with the archive's.
  if (name === archiveOrigin || name.startsWith(`${archiveOrigin}/`)) {
    const key = verifierKey(archiveOrigin, parseVkey(line, nodeSha256).key, nodeSha256);
    return { key, detail: { use: 'log', key: encodeVkey(key) } };
  }
  const key = parseCosignerVkey(line, nodeSha256);
  if (key.name === PERSON_KEY_NAME) throw new FormatError("it is a person's");
  return { key: null, detail: { use: 'cosigner', key: encodeCosignerVkey(key) } };
}
