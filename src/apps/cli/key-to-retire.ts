// Which key is meant by a verifier key, and what is it for?
import { FormatError, messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { PERSON_KEY_NAME } from '../../config/people-file.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import { governanceOrigin, isGovernanceOrigin } from '../../format/chain.ts';
import { encodeCosignerVkey, parseCosignerVkey } from '../../format/cosignature.ts';
import { encodeVkey, parseVkey, type VerifierKey, verifierKey } from '../../format/vkey.ts';
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
