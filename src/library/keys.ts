// Which public keys does the calling program trust?
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { type CosignerKey, parseCosignerVkey } from '../format/cosignature.ts';
import { parseVkey, parseVkeyFile, type VerifierKey } from '../format/vkey.ts';

/** Each text is a verifier key, or the content of a file of them. Throws LedgerstoneError `usage`. */
export const keysFromTexts = (texts: readonly string[]): VerifierKey[] =>
  texts.flatMap((text) =>
    parsed(text, () =>
      text.includes('\n') ? parseVkeyFile(text, nodeSha256) : [parseVkey(text, nodeSha256)],
    ),
  );

/** The same of keys of second parties. */
export const cosignerKeys = (texts: readonly string[]): CosignerKey[] =>
  texts
    .flatMap((text) => text.split('\n').map((line) => line.trim()))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => parsed(line, () => parseCosignerVkey(line, nodeSha256)));

function parsed<T>(text: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new LedgerstoneError(
      'usage',
      `${JSON.stringify(text.slice(0, 200))} is no key: ${messageOf(error)}`,
      {
        disposition: 'input',
        remedy: 'Give the text of a verifier key, or of a file of them, and not the name of the file.',
      },
    );
  }
}
