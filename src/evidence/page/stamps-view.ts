// By when did the checkpoints exist, and which authority does the reader trust to say so?
import { FormatError, messageOf } from '../../base/error.ts';
import { portableSha256 } from '../../base/hash.ts';
import { type HeldCertificate, readRoots } from '../../timestamp/certificates.ts';
import { checkToken } from '../../timestamp/token.ts';
import type { PackageStamp, StampReader } from '../check-stamps.ts';
import { filled } from '../filled.ts';
import { stampSentence } from '../stamp-texts.ts';
import { element } from './elements.ts';
import type { View } from './verdict-view.ts';

/** `fault`: of a file that has none. */
export type ChosenRoots = {
  readonly roots: readonly HeldCertificate[];
  readonly fault: { readonly name: string; readonly why: string } | null;
};

export const NO_ROOTS: ChosenRoots = { roots: [], fault: null };
const ROOTS_BYTES_MAX = 1024 * 1024;

export async function rootsIn(file: File): Promise<ChosenRoots> {
  const { name } = file;
  try {
    if (file.size > ROOTS_BYTES_MAX) throw new FormatError(`${file.size} bytes`);
    return { roots: readRoots(await file.text()), fault: null };
  } catch (error) {
    return { roots: [], fault: { name, why: messageOf(error) } };
  }
}

export const stampReaderWith = ({ roots }: ChosenRoots): StampReader => ({
  check: (token, data) => checkToken(token, data, roots, portableSha256),
  hasRoots: roots.length > 0,
  nowMs: Date.now(),
});

/** Null: there is no checkpoint. Where no checkpoint has a stamp, no root helps. */
export function stampsSection(
  stamps: readonly PackageStamp[],
  { words, texts }: View,
  { roots, fault }: ChosenRoots,
  onRoot: (file: File) => void,
): HTMLElement | null {
  if (stamps.length === 0) return null;
  const hasSome = stamps.some(({ result }) => result.kind !== 'none');
  const hasRoots = roots.length > 0;
  const textOf = ({ chain, partition, result }: PackageStamp): string =>
    filled(words.stampOf, {
      chain: `${chain}/${partition}`,
      text: stampSentence(texts.stamp, result, hasRoots),
    });
  return element(
    'section',
    { 'aria-labelledby': 'stamps-head', id: 'stamps', tabindex: '-1' },
    element('h2', { id: 'stamps-head' }, words.stamps),
    element('ul', {}, ...stamps.map((stamp) => element('li', {}, textOf(stamp)))),
    hasSome ? element('p', {}, words.stampsIntro) : null,
    hasSome ? rootChooser(words.chooseRoot, onRoot) : null,
    hasRoots ? element('p', {}, filled(words.rootRead, { count: String(roots.length) })) : null,
    fault === null ? null : element('p', { class: 'warning' }, filled(words.rootNone, fault)),
  );
}

const rootChooser = (label: string, onRoot: (file: File) => void): HTMLElement =>
  element(
    'label',
    { class: 'button' },
    label,
    element('input', {
      ...{ type: 'file', class: 'hidden-input', id: 'root' },
      onchange: (event) => {
        const [file] = (event.target as HTMLInputElement).files ?? [];
        if (file !== undefined) onRoot(file);
      },
    }),
  );
