// What does the check of a package say to people? One table for the command line and the page.
import { printable } from '../base/printable.ts';
import { colourOf, type PackageCheck, unconfirmedKeys } from './check.ts';
import { filled } from './filled.ts';
import type { FindingKind, PackageFinding } from './finding.ts';
import { offsetsText, type PackageStatement } from './protocol.ts';
import { drawText, SAMPLE_TEXTS, type SampleTexts } from './sample-texts.ts';
import { STAMP_TEXTS, type StampTexts } from './stamp-texts.ts';

/** `{name}` stands for a word of the finding. */
type FindingTexts = Readonly<Record<FindingKind, string>>;

/** `…Open`: and only the package says whose the key of the archive is. */
type VerdictKind =
  | 'green'
  | 'greenSearch'
  | 'greenSample'
  | 'greenNone'
  | 'key'
  | 'keySearch'
  | 'keySample'
  | 'keyNone'
  | 'unsigned'
  | 'unsignedOpen'
  | 'unsignedNone'
  | 'repaired'
  | 'repairedOpen'
  | 'open'
  | 'nothing'
  | 'red';

export type Texts = {
  readonly event: string;
  readonly events: string;
  readonly gapLine: string;
  readonly gapLines: string;
  readonly and: string;
  /** Of ranges of offsets. */
  readonly offsets: string;
  /** By the clock that a search was asked to go by. */
  readonly range: { readonly record: string; readonly event: string; readonly sealed: string };
  /** Of the draw of a sample. */
  readonly sample: SampleTexts;
  readonly stamp: StampTexts;
  readonly findings: FindingTexts;
  /** The verdict in a few sentences: what limits it comes first. */
  readonly verdict: Readonly<Record<VerdictKind, string>>;
  /** Before the verdict, where a time was asked for and is not shown. */
  readonly noTime: string;
  /** What no package can show. */
  readonly notProven: readonly string[];
};

export const ENGLISH: Texts = {
  event: 'event',
  events: 'events',
  gapLine: 'gap line',
  gapLines: 'gap lines',
  and: 'and',
  offsets: 'offsets {offsets} of {chain}',
  range: {
    record: 'time of the record from {from} to before {to}',
    event: 'time of the event from {from} to before {to}',
    sealed: 'archived from {from} to before {to}',
  },
  sample: SAMPLE_TEXTS.en,
  stamp: STAMP_TEXTS.en,
  findings: {
    'file-changed': '{path} is not the file that was exported: its content was changed.',
    'file-missing': '{path} is missing.',
    'signature-bad':
      'The list of files was changed after it was signed, or its signature was replaced: it does not hold.',
    'line-bad': 'Line {line} of {path} is not a line of an archive: it was changed or added.',
    'line-changed':
      'The event at offset {offsets} of {chain} is not what was archived: line {line} of {path} was changed.',
    'line-order': 'Line {line} of {path} stands in the wrong order.',
    'proof-bad':
      'The event at offset {offset} of {chain} is not what was archived, or its proof is not its own ({code}).',
    'event-without-proof': 'The event at offset {offset} of {chain} has no proof: it may have been added.',
    'proof-without-event': '{path} proves an event that is not in the package: the event was taken out.',
    'event-missing': 'Offset {offsets} of {chain} was asked for, and is not in the package.',
    'event-not-asked': 'The event at offset {offset} of {chain} was not asked for: it was added.',
    'not-drawn': 'The seed does not draw the event at offset {offset} of {chain}: its rank is another one.',
    'sample-differs': 'The draw does not fit its own rule ({what}): it was changed.',
    'checkpoint-bad': '{path} is no checkpoint of this chain: {why}.',
    'cosignature-bad': 'The cosignature of {by} under the checkpoint of {chain} does not hold.',
    'cosignature-unchecked':
      'The cosignature of {by} under the checkpoint of {chain} could not be checked here.',
    'stamp-bad': 'The time-stamp of the checkpoint of {chain} is none of it: {why}.',
    'stamp-missing': 'The checkpoint of {chain} has no time-stamp: by when it existed is not shown.',
    'stamp-not-shown': [
      'The time-stamp of the checkpoint of {chain} does not hold under the root that you gave: it shows nothing',
      'about time.',
    ].join(' '),
    'table-differs': [
      'The table events.csv is not what the archived lines say: it was changed. A spreadsheet that',
      'saved it changes it too.',
    ].join(' '),
    'statement-differs': 'The statement does not fit the events ({what}): one of them was changed.',
    'protocol-differs':
      'The protocol does not fit the events or the list of files ({what}): one of them was changed.',
    'manifest-missing': 'There is no manifest.dsse.json: this is no package, or not all of it.',
    'manifest-unreadable': 'The list of files, manifest.dsse.json, can not be read: nothing was checked.',
    'newer-version': 'A newer version made this package or its archive: check it with that one.',
    'zip-not-a-zip': 'This is not a package as a zip file: {why}.',
    'zip-cut':
      'The file was cut short, as by a download that broke off: {why}. Nothing was checked. Get it again.',
    'zip-foreign': [
      'This zip is not as it was exported, and programs could find different files in it ({why}). Nothing in it',
      'was checked, so it may be forged. Get the original, or unpack it and check the folder.',
    ].join(' '),
    'zip-repacked': [
      'Another program packed this zip, or it was changed: {why}. What was found in its files stands here too.',
    ].join(' '),
    'zip-damaged': 'The zip is damaged: {why}. Nothing was checked. Get it again.',
    'line-ends':
      'The line ends of {path} were changed, as mail and editors do. Its text is otherwise what was exported.',
    'byte-order-mark':
      'A byte order mark was put before {path}, as editors do. Its text is otherwise what was exported.',
    're-formatted': '{path} was formatted anew by a program. It says what was exported, in another layout.',
    swapped:
      '{path} was replaced by another file. Its own content is in {other}: the files changed their places.',
    renamed: '{path} has another name here: {other}.',
    'file-extra': '{path} is not a file of the package. It was not checked.',
    'keys-unreadable': '{path} holds no keys that can be read.',
    'search-incomplete': 'The search did not look at everything: the statement says what was left out.',
    unsigned:
      'Nobody signed the list of files: who made the package, what was asked and why is nobody’s word.',
    'other-key': 'The events of {chain} are signed by a key that is not the one that you trust.',
    'own-key': 'The events of {chain} are signed by a key that is not in the file of keys of this package.',
    'other-signer': 'The list of files is signed by a key that is not the one that you gave.',
  },
  verdict: {
    green: [
      'All {lines} of this package are exactly as they were archived and signed, and nothing of what',
      'was asked for is missing: {asked}.',
    ].join(' '),
    key: [
      'Whose the keys are only the package says: compare them. If they are right, all {lines} of this package',
      'are exactly as they were archived and signed, and nothing of what was asked for is missing: {asked}.',
    ].join(' '),
    greenSearch: [
      'All {lines} of this package are exactly as they were archived and signed. That they are all that was',
      'searched for is the word of who signed the list of files.',
    ].join(' '),
    keySearch: [
      'Whose the keys are only the package says: compare them. If they are right, all {lines} of this package',
      'are exactly as they were archived and signed. That they are all that was searched for is the word of',
      'who made the package.',
    ].join(' '),
    greenSample: [
      'All {lines} of this package are exactly as they were archived and signed, and each is one that the seed',
      'draws by the rule. What the population is, and that no other record of it has a lower rank, only the archive',
      'can show: here it is the word of who signed the list of files.',
    ].join(' '),
    keySample: [
      'Whose the keys are only the package says: compare them. If they are right, all {lines} of this package',
      'are exactly as they were archived and signed, and each is one that the seed draws by the rule. What the',
      'population is, and that no other record of it has a lower rank, only the archive can show: here it is the',
      'word of who made the package.',
    ].join(' '),
    greenNone: [
      'The search found no event: this package says so, and has none. That nothing was found in the chains up to the',
      'checkpoints below is the word of who signed the list of files; the archive has signed these checkpoints.',
    ].join(' '),
    keyNone: [
      'Whose the keys are only the package says: compare them. The search found no event: this package says so, and',
      'has none. That nothing was found in the chains up to the checkpoints below is the word of who made the package;',
      'if the keys are right, the archive has signed these checkpoints.',
    ].join(' '),
    unsignedNone: [
      'Nobody signed the list of files: what was asked, by whom and why, and that nothing was found, is nobody’s word.',
      'This package has no event.',
    ].join(' '),
    unsigned: [
      'Nobody signed the list of files: what was asked, by whom and why is nobody’s word. All {lines} of',
      'this package are exactly as they were archived and signed.',
    ].join(' '),
    unsignedOpen: [
      'Nobody signed the list of files: what was asked, by whom and why is nobody’s word. And by whom the',
      'events were signed only the package says: compare the key. If the key is right, all {lines} of this',
      'package are exactly as they were archived and signed.',
    ].join(' '),
    repaired: [
      'Files are not here as they were exported: see below. But for that, all {lines} of this package are exactly',
      'as they were archived and signed.',
    ].join(' '),
    repairedOpen: [
      'Files are not here as they were exported: see below. And by whom the events were signed only the package',
      'says: compare the key. If the key is right, all {lines} of this package are, but for that, exactly as they',
      'were archived and signed.',
    ].join(' '),
    open: 'It can not be said whether these events are what was archived: see below.',
    nothing: 'Nothing was checked: see below.',
    red: 'This package is not what was archived, or not what it says of itself.',
  },
  noTime: 'By when it existed is not shown, though you named an authority: see below.',
  notProven: [
    'That an event is true. What was sent wrongly was archived as it was sent, and what was never sent is not here.',
    'Why these events were asked for, and whether others matter more. Who made the package chose them.',
    'Whose the key is. Only somebody who knows can say so: compare its numbers by telephone.',
    'The times. Each is by one clock: the producer’s, the archiver’s, the cosigner’s, or that of who stamped it.',
    'What happened to the archive after the checkpoint to which the proofs lead.',
  ],
};

/** What one finding says. */
export const findingText = ({ findings }: Texts, { kind, about }: PackageFinding): string =>
  filled(findings[kind], about);

/** `25 events and 1 gap line`. */
const linesText = (texts: Texts, events: number, gapLines: number): string => {
  const first = `${events} ${events === 1 ? texts.event : texts.events}`;
  if (gapLines === 0) return first;
  return `${first} ${texts.and} ${gapLines} ${gapLines === 1 ? texts.gapLine : texts.gapLines}`;
};

/** `offsets 10-34 of orders/0`, or the conditions of a search. */
export function askedText(texts: Texts, statement: PackageStatement): string {
  const { offsets, range } = texts;
  if (statement.kind !== 'offsets') {
    const { where, text, time = null } = statement.search.asked;
    const asked = [...where, ...text.map((word) => JSON.stringify(word))];
    if (time !== null) asked.push(filled(range[time.kind], { from: time.from ?? '…', to: time.to ?? '…' }));
    return printable(
      statement.kind === 'search' ? asked.join('; ') : drawText(texts.sample, statement, asked),
    );
  }
  const { asked, chain, partition } = statement;
  return filled(offsets, { offsets: offsetsText(asked), chain: `${chain}/${partition}` });
}

/** What of the offsets this part has; empty for a search, which no package can check. */
function coveredText({ offsets }: Texts, { statement }: Pick<PackageCheck, 'statement'>): string {
  if (statement?.kind !== 'offsets') return '';
  const { here, chain, partition } = statement;
  return filled(offsets, { offsets: offsetsText(here), chain: `${chain}/${partition}` });
}

/** Which sentence fits. `confirmed`: hashes of keys that the reader has compared with somebody. */
function verdictKind(check: PackageCheck, confirmed: ReadonlySet<string> = new Set()): VerdictKind {
  const colour = colourOf(check, confirmed);
  const kind = check.statement?.kind ?? 'offsets';
  if (colour === 'red') return colour;
  if (colour === 'green') return isNone(check) ? 'greenNone' : GREEN[kind];
  if (check.manifest === null) return 'nothing';
  const events = check.chains.flatMap((chain) => chain.events);
  if (isNone(check)) {
    if (check.findings.length === 0) return 'keyNone';
    return check.findings.every(({ kind }) => kind === 'unsigned') ? 'unsignedNone' : 'open';
  }
  if (events.length === 0 || !events.every(({ isProven }) => isProven)) return 'open';
  const isOpen = unconfirmedKeys(check.keys, confirmed).some(({ role }) => role === 'log');
  if (check.findings.some(({ kind }) => kind !== 'unsigned')) {
    if (!check.findings.every(({ kind }) => REPAIRED.has(kind))) return 'open';
    return isOpen ? 'repairedOpen' : 'repaired';
  }
  if (check.findings.length > 0) return isOpen ? 'unsignedOpen' : 'unsigned';
  return OPEN[kind];
}

/** That nothing was found is what it is about. */
const isNone = ({ statement, chains }: PackageCheck): boolean =>
  statement?.kind === 'search' && statement.hits === 0 && chains.every(({ events }) => events.length === 0);

const GREEN = { offsets: 'green', search: 'greenSearch', sample: 'greenSample' } as const;
const OPEN = { offsets: 'key', search: 'keySearch', sample: 'keySample' } as const;

const REPAIRED: ReadonlySet<string> = new Set<FindingKind>([
  ...([
    'line-ends',
    'byte-order-mark',
    're-formatted',
    'swapped',
    'renamed',
    'file-extra',
    'zip-repacked',
    'unsigned',
  ] as const),
]);

/** They say nothing against the events. */
const ABOUT_TIME: ReadonlySet<string> = new Set<FindingKind>(['stamp-missing', 'stamp-not-shown']);

export function verdictSentence(texts: Texts, check: PackageCheck, confirmed?: ReadonlySet<string>): string {
  const rest = check.findings.filter(({ kind }) => !ABOUT_TIME.has(kind));
  if (rest.length < check.findings.length && colourOf(check) !== 'red')
    return `${texts.noTime} ${verdictSentence(texts, { ...check, findings: rest }, confirmed)}`;
  const summaries = check.chains.flatMap(({ summary }) => (summary === null ? [] : [summary]));
  const sum = (of: 'events' | 'gapLines') => summaries.reduce((total, one) => total + one[of], 0);
  const lines = linesText(texts, sum('events'), sum('gapLines'));
  const words = { lines, asked: coveredText(texts, check) };
  return filled(texts.verdict[verdictKind(check, confirmed)], words);
}
