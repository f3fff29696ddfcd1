// What does the page say of the package as a whole: the verdict, what was asked, whose keys?

import { labelOf } from '../../format/cosignature.ts';
import { colourOf, type PackageCheck, type UsedKey } from '../check.ts';
import type { Cosigned } from '../check-cosigners.ts';
import { filled } from '../filled.ts';
import { RECORDED, type SampleStatement, type SearchStatement } from '../protocol.ts';
import { drawRows } from '../sample-texts.ts';
import { askedText, findingText, type Texts, verdictSentence } from '../texts.ts';
import { element } from './elements.ts';
import type { Words } from './words.ts';

export type View = {
  readonly words: Words;
  readonly texts: Texts;
  /** Hashes of keys that the reader has compared. */
  readonly confirmed: ReadonlySet<string>;
};

const FINDINGS_SHOWN = 25;

export function verdictSection(check: PackageCheck, { words, texts, confirmed }: View): HTMLElement {
  const colour = colourOf(check, confirmed);
  const shown = check.findings.slice(0, FINDINGS_SHOWN);
  const more = check.findings.length - shown.length + check.omitted;
  return element(
    'section',
    { class: `verdict ${colour}`, id: 'verdict', tabindex: '-1', 'aria-labelledby': 'verdict-head' },
    element('h2', { id: 'verdict-head' }, element('span', { class: 'label' }, words[colour])),
    element('p', { class: 'sentence' }, verdictSentence(texts, check, confirmed)),
    check.findings.length === 0
      ? null
      : element(
          'div',
          {},
          element('h3', {}, words.found),
          element(
            'ul',
            {},
            ...shown.map((finding) =>
              element(
                'li',
                {},
                element('span', { class: `finding-${finding.colour}` }, `${words[finding.colour]}: `),
                findingText(texts, finding),
              ),
            ),
            more === 0 ? null : element('li', {}, filled(words.more, { count: String(more) })),
          ),
        ),
  );
}

const row = (term: string, ...values: readonly string[]): HTMLElement[] =>
  values.length === 0 ? [] : [element('dt', {}, term), ...values.map((value) => element('dd', {}, value))];

export function aboutSection(check: PackageCheck, { words, texts }: View): HTMLElement | null {
  const { manifest, protocol, statement, changed, chains, cosigned } = check;
  if (manifest === null) return null;
  const { number, last } = manifest.part;
  const part = last ? (number === 1 ? words.partOne : words.partLast) : words.partMore;
  return element(
    'section',
    { 'aria-labelledby': 'about-head' },
    element('h2', { id: 'about-head' }, words.about),
    ...changedNotes(changed, words),
    element(
      'dl',
      {},
      ...row(words.case, manifest.case),
      ...(protocol === null ? [] : protocolRows(protocol, words)),
      ...(statement === null ? [] : row(words.asked, askedText(texts, statement))),
      ...(statement?.kind === 'sample'
        ? drawRows(texts.sample, statement).flatMap(({ term, values }) => row(term, ...values))
        : []),
      ...(statement === null || statement.kind === 'offsets' ? [] : searchRows(statement, words)),
      ...row(words.part, filled(part, { number: String(number) })),
      ...row(
        words.checkpoint,
        ...chains.flatMap(({ signed }) => {
          if (signed === null) return [];
          const { origin, size } = signed.checkpoint;
          return [filled(words.checkpointText, { origin, size: String(size) })];
        }),
      ),
      ...row(words.cosigned, ...cosigned.map((one) => cosignedText(one, words))),
    ),
    changed.protocol || changed.statement
      ? null
      : element('p', { class: 'soft' }, manifest.signer === null ? words.notSigned : words.signedWord),
    document_(words.statement, statement),
    document_(words.protocol, protocol),
  );
}

/** Before what they say: it may be what somebody wants the reader to believe. */
const changedNotes = ({ statement, protocol }: PackageCheck['changed'], words: Words): HTMLElement[] =>
  [protocol ? words.changedProtocol : null, statement ? words.changedStatement : null].flatMap((text) =>
    text === null ? [] : [element('p', { class: 'warning' }, element('strong', {}, text))],
  );

const searchRows = (
  { statement, search }: SearchStatement | SampleStatement,
  words: Words,
): HTMLElement[] => [
  ...row(words.searched, statement),
  ...row(words.leftOut, ...search.leftOut),
  ...row(words.lookedAt, ...search.facts),
  ...row(words.notLookedAt, ...(search.notLookedAt ?? [])),
  ...row(words.notRuledOut, ...search.bounds),
];

function protocolRows(protocol: NonNullable<PackageCheck['protocol']>, words: Words): HTMLElement[] {
  // Whatever stands in a changed protocol: it is shown as text.
  const { account, archive } = protocol as Partial<typeof protocol>;
  return [
    ...row(words.purpose, String(protocol.purpose)),
    ...row(words.by, String(protocol.by)),
    ...row(words.account, `${String(account?.user)}, ${String(account?.machine)}`),
    ...row(words.when, `${String(protocol.began)} … ${String(protocol.ended)}`),
    ...row(words.archive, String(archive?.origin)),
    ...row(words.recorded, recordedText(String(protocol.recorded), words)),
  ];
}

/** In the page's language; what another version says, in its own words. */
function recordedText(recorded: string, words: Words): string {
  if (recorded === RECORDED.alone) return words.recordedAlone;
  if (recorded === RECORDED.leftOut) return words.recordedLeftOut;
  return recorded === RECORDED.act ? words.recordedAct : recorded;
}

const document_ = (title: string, value: unknown): HTMLElement | null =>
  value === null
    ? null
    : element(
        'details',
        { class: 'no-print' },
        element('summary', {}, title),
        element('pre', { tabindex: '0' }, JSON.stringify(value, null, 2)),
      );

function cosignedText({ chain, partition, by: name, algorithm, at }: Cosigned, words: Words): string {
  const by = labelOf({ name, key: { algorithm } });
  return filled(words.cosignedText, { chain: `${chain}/${partition}`, by, at: at ?? words.noTime });
}

export function keysSection(
  keys: readonly UsedKey[],
  { words, confirmed }: View,
  onConfirm: (hash: string, isConfirmed: boolean) => void,
): HTMLElement | null {
  if (keys.length === 0) return null;
  return element(
    'section',
    { 'aria-labelledby': 'keys-head' },
    element('h2', { id: 'keys-head' }, words.keys),
    element('p', {}, words.keysIntro),
    element(
      'div',
      { class: 'keys' },
      ...keys.map((key) => keyCard(key, words, confirmed.has(key.hash), onConfirm)),
    ),
  );
}

const KEY_NAMES = { log: 'keyLog', signer: 'keySigner', cosigner: 'keyCosigner' } as const;

function keyCard(
  { role, name, digits, hash }: UsedKey,
  words: Words,
  isConfirmed: boolean,
  onConfirm: (hash: string, isConfirmed: boolean) => void,
): HTMLElement {
  const box = element('input', {
    ...{ type: 'checkbox', 'data-key': `${role} ${hash}`, checked: isConfirmed },
    onchange: (event) => onConfirm(hash, (event.target as HTMLInputElement).checked),
  });
  return element(
    'div',
    { class: 'key' },
    element('h3', {}, filled(words[KEY_NAMES[role]], { name })),
    element('div', { class: 'digits' }, ...digits.split(' ').map((group) => element('span', {}, group))),
    element('p', { class: 'hash' }, filled(words.hash, { hash })),
    element('label', { class: 'confirm' }, box, element('span', {}, words.confirm)),
  );
}
