// How is it said what a search looked at, what it left out, and what it can't rule out?
import { counted, countText } from '../../base/counted.ts';
import { parseDecimal } from '../../base/decimal-order.ts';
import { eventTimeOf } from '../../base/event-time.ts';
import { type Finding, VerifyError } from '../../verify/finding.ts';
import { KEPT_PER_CODE } from '../../verify/finding-list.ts';
import { addMissing, lostOffsets, NONE_MISSING } from '../../verify/gaps.ts';
import { atOddsTexts } from './at-odds.ts';
import { clockText, otherClockTexts } from './clock-text.ts';
import { conditionText, isOrder } from './condition.ts';
import { indexTexts, onWordTexts, wordText } from './index/on-word.ts';
import { nameTexts } from './name-texts.ts';
import { areTimeless, openText, openTexts } from './open-records.ts';
import type { ChainStatement, Looked } from './statement.ts';

const nameOf = ({ chain, partition }: { readonly chain: string; readonly partition: number }): string =>
  `${chain}/${partition}`;

/** `a, b and 3 more` */
function listText(names: readonly string[], most = 5): string {
  if (names.length > most) return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Null: a chain of no origin. */
const archiveOf = (origin: string | null): string | null =>
  origin === null ? null : origin.split('/').slice(0, -2).join('/');

const sum = (looked: Looked, of: (chain: ChainStatement) => number): number =>
  looked.chains.reduce((total, chain) => total + of(chain), 0);

const FIELDS_REMEDY = 'name it with --fields FILE, or in `fields` of its topic in the configuration';

/** What was asked for and not looked at, a sentence each. Empty: all of it was. */
export function leftOutTexts(looked: Looked): string[] {
  const { end, withoutField, unlisted, chains, findings } = looked;
  const said: string[] = [];
  if (end === 'interrupted') said.push('it was interrupted: the answer is partial');
  if (end === 'limit') said.push(limitText(looked));
  for (const { fields, ...place } of withoutField) {
    said.push(
      `${nameOf(place)} was not searched: what ${listText(fields)} is there is not known: ${FIELDS_REMEDY}`,
    );
  }
  for (const { folder, problem } of unlisted) {
    said.push(`which chains lie below ${folder} is not known: ${problem}`);
  }
  for (const chain of chains) said.push(...chainLeftOut(chain));
  if (chains.some((chain) => chain.findings.some(({ code }) => code === 'expired')))
    said.push('whether people decided to keep expired data longer was not looked at: `verify` does');
  said.push(
    ...findings.filter(isGrave).map((finding) => `about the archive as a whole: ${findingText(finding)}`),
  );
  return said;
}

/** What is known of more hits than were asked for. */
function limitText({ hits, beyondLimit }: Looked): string {
  const ended = `it ended at ${counted(hits, 'hit')}, as asked`;
  if (beyondLimit?.hasHit) return `${ended}: at least ${counted(hits + 1, 'hit is', 'hits are')} there`;
  const segments = beyondLimit?.segments ?? 0;
  if (segments === 0) return `${ended}: whether more follow is not known`;
  const next = segments === 1 ? 'the next segment has' : `the next ${countText(segments)} segments have`;
  return `${ended}: ${next} none, and what follows was not searched`;
}

const isGrave = ({ severity, code }: Finding): boolean =>
  severity === 'broken' || severity === 'unverifiable' || code === 'expired';

const GRAVE_SHOWN_MAX = 5;

function chainLeftOut(chain: ChainStatement): string[] {
  const name = nameOf(chain);
  const said: string[] = [];
  const { untrusted, notRead } = chain.segments;
  if (untrusted > 0) {
    said.push(`${name}: ${counted(untrusted, 'segment')} not searched, since nothing vouches for the seal`);
  }
  if (notRead > 0 && chain.verdict !== null) {
    said.push(`${name}: ${counted(notRead, 'segment')} could not be searched`);
  }
  const grave = chain.findings.filter(isGrave);
  for (const finding of grave.slice(0, GRAVE_SHOWN_MAX)) said.push(`${name}: ${findingText(finding)}`);
  if (grave.length > GRAVE_SHOWN_MAX) {
    said.push(`${name}: ${counted(grave.length - GRAVE_SHOWN_MAX, 'further finding')}: see \`verify\``);
  }
  return said;
}

function findingText(finding: Finding): string {
  const { code, expected, found, sequence } = finding;
  const at = sequence === null ? '' : `segment ${sequence}: `;
  return `${at}${new VerifyError({ code, expected, found }).message}`;
}

/** One sentence for the whole answer. */
export function conclusionText(looked: Looked, leftOut: readonly string[]): string {
  const { hits, counts, chains, end, hasKey } = looked;
  const found = hits === 0 ? 'none' : counted(hits, 'hit');
  const clock = clockText(looked);
  const segments = sum(looked, ({ segments: { read } }) => read);
  const where = [
    `${counted(counts.records, 'record')} in ${counted(segments, 'segment')} of`,
    `${counted(chains.length, 'chain')}`,
  ].join(' ');
  const skipped = skippedOf(looked);
  const other =
    skipped === 0 ? '' : `; ${counted(skipped, 'other segment')} can hold none, as the seals state it`;
  // What limits an answer comes before the answer.
  const open = openTexts(looked).length;
  const key = (hasKey ? onWordText(looked) : 'not verified, since no key was given: ') + openText(looked);
  if (leftOut.length === 0 || (end === 'complete' && leftOut.length === open)) {
    const others = areTimeless(looked) ? 'those that have one' : 'the others';
    const among = open === 0 ? `${clock}, and nothing was left out` : ` among ${others}${clock}`;
    return `${key}${found}${among}: ${where} were searched${other}`;
  }
  // What was read ahead of the limit says nothing: hits of it were not printed.
  if (end === 'limit') {
    const more = looked.beyondLimit?.hasHit ? 'there are more' : 'whether there are more is not known';
    const range = clock === '' ? '' : `; the range goes${clock}`;
    return `${key}the first ${found} by chain and offset, as many as were asked for: ${more}${range}`;
  }
  // What was read ahead of an interruption says nothing either.
  if (end === 'interrupted')
    return `${key}not everything was searched: interrupted after ${hits === 0 ? 'no hit' : found}`;
  return `${key}not everything was searched: ${found}${clock} in ${where}${other}`;
}

/** Without a key nobody's word is taken. */
function onWordText(looked: Looked): string {
  const word = wordText(looked);
  const segments = sum(looked, ({ segments: { onWord } }) => onWord);
  if (word === null) return '';
  const unknown = numbered(looked).join(' and ');
  const but = unknown === '' ? '' : `, where an index does not count values of ${unknown} that are no number`;
  return `on the word of ${word}, for ${counted(segments, 'segment')} not read here${but}: `;
}

/** Fields that were compared with a number. */
const numbered = ({ query }: Looked): string[] => [
  ...new Set(
    query.conditions.flatMap((one) => (isOrder(one) && parseDecimal(one.value) !== null ? [one.field] : [])),
  ),
];

const skippedOf = (looked: Looked): number =>
  sum(looked, ({ segments }) => segments.outOfRecordTime + segments.outOfSealedTime + segments.untimed);

/** What was looked at, and what in it could not answer. */
export function factTexts(looked: Looked): string[] {
  const { counts, query } = looked;
  const said = atOddsTexts(query.conditions);
  const inTime = counts.records - counts.outOfTime - counts.untimed;
  if (query.time?.kind === 'record' && counts.records > 0) {
    said.push(`${countText(inTime)} of the records that were read lie in the range of times`);
  }
  said.push(...nameTexts(looked.chains), ...indexTexts(looked));
  for (const [index, condition] of query.conditions.entries()) {
    const field = counts.fields[index];
    // Two conditions may ask for one field.
    const isSaid = query.conditions.findIndex((one) => one.field === condition.field) < index;
    if (field !== undefined && field.missing > 0 && !isSaid) {
      said.push(
        `${counted(field.missing, 'record')} without a value for ${condition.field}${objectsText(field.objects)}`,
      );
    }
  }
  if (query.time?.kind === 'event') {
    said.push('the times of events are in no seal, so no segment was passed by for what seals state');
  }
  if (query.time?.kind === 'event' && counts.eventTime.missing > 0) {
    said.push(`${counted(counts.eventTime.missing, 'record')} without a time of the event`);
  }
  if (counts.withoutZone > 0) {
    said.push(
      `${counted(counts.withoutZone, 'hit')} with a time that names no offset from UTC, taken as UTC`,
    );
  }
  for (const condition of query.conditions) {
    const isTime = isOrder(condition) && parseDecimal(condition.value) === null;
    if (isTime && eventTimeOf(condition.value)?.hasZone === false)
      said.push(`${conditionText(condition)} names no offset from UTC, and was taken as UTC`);
  }
  const hasFields = query.conditions.length > 0 || query.time?.kind === 'event';
  if (hasFields && counts.notJson > 0) {
    said.push(
      `${counted(counts.notJson, 'record')} with a value that is no JSON, so without fields: --text searches the bytes`,
    );
  }
  if (hasFields && counts.tombstones > 0)
    said.push(`${counted(counts.tombstones, 'record')} without a value (tombstones)`);
  return said;
}

/**
 * What was not looked at, though nothing that was asked for is left out: passed by for a reason, not asked
 * for, or not in the archive.
 */
export function notLookedAtTexts(looked: Looked): string[] {
  const { chains, notAsked } = looked;
  const names = notAsked.length === 0 ? [] : [`not asked for: ${listText(notAsked.map(nameOf))}`];
  return [...skipTexts(looked), ...onWordTexts(looked), ...gapTexts(chains), ...names];
}

const objectsText = (objects: number): string =>
  objects === 0 ? '' : `; in ${countText(objects)} of them it is an object, whose fields have values`;

/** Which segments were not read, and why that is sound. */
function skipTexts(looked: Looked): string[] {
  const said: string[] = [];
  const records = sum(looked, ({ segments }) => segments.outOfRecordTime);
  const word = looked.hasKey ? 'the signed seals state' : 'the seals, which nobody checked, state';
  if (records > 0) {
    said.push(
      [
        `${counted(records, 'segment')} not read, since ${word} other times of the first and the last`,
        'record (--trust-nobody reads them too, by the same clock)',
      ].join(' '),
    );
  }
  const sealed = sum(looked, ({ segments }) => segments.outOfSealedTime);
  if (sealed > 0) said.push(`${counted(sealed, 'segment')} not read, since ${word} another time of sealing`);
  // What was read ahead of an end that was asked for is left out of nothing.
  return looked.end === 'complete' ? said : [...said, ...openTexts(looked)];
}

function gapTexts(chains: readonly ChainStatement[]): string[] {
  const missing = chains.reduce((all, one) => addMissing(all, one.missing ?? NONE_MISSING), NONE_MISSING);
  const lost = lostOffsets(missing);
  const other = missing.transaction + missing.compacted;
  return [
    ...(lost > 0
      ? [
          `${counted(lost, 'record')} lost before they were archived: \`ledgerstone losses\` says which and why`,
        ]
      : []),
    ...(other > 0
      ? [`${counted(other, 'offset')} without a record: of transactions, or removed by compaction`]
      : []),
  ];
}

/** What the answer does not rule out. */
export function boundTexts(looked: Looked): string[] {
  const { query, hasKey, endBound, chains } = looked;
  const said: string[] = [];
  if (!hasKey)
    said.push('not verified: no key was given (--key), so all of it may have been made up or changed');
  if (endBound !== '') said.push(endBound);
  said.push(...unsealedTexts(chains), ...otherClockTexts(looked));
  const searched = new Set(chains.flatMap(({ origin }) => origin ?? []));
  for (const chain of chains) {
    if (chain.continues !== null && !searched.has(chain.continues)) {
      const isOwn = archiveOf(chain.origin) === archiveOf(chain.continues);
      const where = isOwn ? '' : ' of another archive';
      said.push(`${nameOf(chain)} goes on from ${chain.continues}${where}, which was not searched`);
    }
  }
  const ordered = looked.onWord.length === 0 ? [] : query.conditions.filter(isOrder);
  for (const field of new Set(ordered.map((one) => one.field))) {
    said.push(
      [
        `in the segments that were not read on somebody's word, values of ${field} that can't be compared:`,
        'the index does not count them (--trust-nobody)',
      ].join(' '),
    );
  }
  const values = [...query.conditions.map(({ value }) => value), ...query.texts];
  if (values.length > 0) said.push('what is compressed or encrypted inside of an event was not looked into');
  if (values.some((one) => /\p{L}/u.test(one))) said.push('upper and lower case are different characters');
  for (const value of new Set(values)) {
    if (value.normalize('NFC') !== value.normalize('NFD')) {
      said.push(
        `${JSON.stringify(value)} was searched as it was given; Unicode can write it with other characters (NFC, NFD)`,
      );
    }
  }
  return said;
}

/** What was uploaded and never sealed, or whose seals were taken away, as at the end of a copy. */
function unsealedTexts(chains: readonly ChainStatement[]): string[] {
  return chains.flatMap((chain) => {
    const { size, findings } = chain;
    const unsealed = findings.filter(({ code }) => code === 'unreferenced-object');
    const beyond = unsealed.filter(({ sequence }) => (sequence ?? -1) >= (size ?? 0)).length;
    if (beyond === 0) return [];
    const least = unsealed.length >= KEPT_PER_CODE ? 'at least ' : '';
    const lie = least + counted(beyond, 'data object lies', 'data objects lie');
    return [
      `${nameOf(chain)}: ${lie} beyond the last seal, and were not searched: the seals may follow, or were taken away`,
    ];
  });
}
