// Is this line one that was asked for? Lines must have been checked: they are well-formed.

import { eventTimeOf, MAY_BE_MS } from '../../base/event-time.ts';
import { decodedString, spaceEnd } from '../../base/json/json-skip.ts';
import { type FoundKind, JsonWalker } from '../../base/json/json-walk.ts';
import { JsonWatch } from '../../base/json/json-watch.ts';
import { looseJson, textOf } from '../../base/json/loose-json.ts';
import type { Target } from '../../format/target.ts';
import { isOrder, type ValueAnswer, type ValueTest, valueTest } from './condition.ts';
import { type LinePart, LineParts } from './line-parts.ts';
import { NeedleSearch, needlesOf } from './needle.ts';
import { type FieldCounts, noCounts, type SearchCounts, type SearchSpec } from './search-spec.ts';
import { neverSure, type SureNo, sureNo } from './sure-no.ts';
import { type JsonSpan, TextSearch } from './text-search.ts';

/** Bytes [start, end) of a line without its LF. */
type SeenLine = {
  readonly content: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly gapLine: object | null;
  readonly timestampMs: number;
  /** Where its value begins, if the line is plain, and the matcher's `watch` has seen the value. Else −1. */
  readonly plainAt: number;
};

/** A condition, or the event's time: what one line has shown of it so far. */
type Question = {
  readonly targets: readonly Target[];
  readonly test: ValueTest;
  readonly sureNo: SureNo;
  /** The answer for a value that has no text. */
  readonly ofBytes: ValueAnswer;
  readonly counts: FieldCounts;
  hasValue: boolean;
  hasObject: boolean;
  holds: boolean;
  isAsUtc: boolean;
  /** Why a value that was seen may hold after all. */
  open: 'unreadable' | 'unzoned' | null;
};

/** Lines of one chain in the order in which they stand. One object serves them all. */
export class LineMatcher {
  readonly counts: SearchCounts;
  /** Is shown the values by who checks the lines. Null: it would be of no use. */
  readonly watch: JsonWatch | null;
  readonly #spec: SearchSpec;
  readonly #questions: Question[];
  /** The last question, if the event's own time is asked for. */
  readonly #time: Question | null = null;
  /** By the walker's place. */
  readonly #pointed: Question[] = [];
  readonly #walker: JsonWalker;
  readonly #needles: NeedleSearch | null;
  readonly #text: TextSearch;
  readonly #parts = new LineParts();
  #mayHit = false;
  /** Whether the last line's own time could be read. */
  #isDated = false;

  constructor(spec: SearchSpec) {
    this.#spec = spec;
    this.counts = noCounts(spec.conditions.length);
    const fresh = { hasValue: false, hasObject: false, holds: false, isAsUtc: false, open: null };
    this.#questions = spec.conditions.map((condition, index) => {
      const counts = this.counts.fields[index] as FieldCounts;
      const ofBytes: ValueAnswer = isOrder(condition) ? 'unreadable' : false;
      const tests = { test: valueTest(condition), sureNo: sureNo(condition), ofBytes };
      return { targets: condition.targets, ...tests, counts, ...fresh };
    });
    if (spec.time?.kind === 'event') {
      const { targets, fromMs, toMs } = spec.time;
      const test: ValueTest = (text) => this.#isInTime(text, fromMs, toMs);
      const tests = { test, sureNo: neverSure, ofBytes: false };
      this.#time = { targets, ...tests, counts: this.counts.eventTime, ...fresh };
      this.#questions.push(this.#time);
    }
    const places: (readonly string[])[] = [];
    for (const question of this.#questions) {
      for (const target of question.targets) {
        if (target.kind !== 'pointer') continue;
        places.push(target.tokens);
        this.#pointed.push(question);
      }
    }
    this.#walker = new JsonWalker(places);
    const hasParts = this.#questions.some(({ targets }) => targets.some(({ kind }) => kind !== 'pointer'));
    this.watch = hasParts || places.length === 0 ? null : new JsonWatch(places);
    const needles = needlesOf(spec);
    this.#needles = needles === null ? null : new NeedleSearch(needles);
    this.#text = new TextSearch(spec.texts);
  }

  /** True: it is a hit. */
  isHit(line: SeenLine): boolean {
    const { counts } = this;
    counts.lines++;
    if (line.gapLine !== null) return false;
    counts.records++;
    if (!this.#isInRecordTime(line.timestampMs)) return false;
    const isSeen = line.plainAt >= 0 && (this.watch?.isWhole ?? this.#questions.length === 0);
    const isFound = isSeen ? this.#isSeen(line) : this.#isRead(line);
    if (!isFound || this.#countOpen()) return false;
    if (this.#questions.some(({ isAsUtc }) => isAsUtc)) counts.withoutZone++;
    counts.hits++;
    return true;
  }

  /** Of any line: whether nothing that was asked for is missing. */
  #isRead({ content, start, end }: SeenLine): boolean {
    const parts = this.#parts;
    parts.read(content, start, end);
    const mayHit = this.#needles === null || this.#needles.isIn(content, start, end) || parts.hasBase64();
    const json = this.#jsonOf(mayHit);
    if (this.#questions.length > 0) this.#ask(json, mayHit);
    if (!mayHit || !this.#questions.every((one) => one.holds || this.#isOpen(one))) return false;
    return this.#text.areIn(parts, json);
  }

  /** The same, of a plain line: what the watch noted is all that is asked for, but for words. */
  #isSeen({ content, start, end, plainAt }: SeenLine): boolean {
    const hasText = this.#spec.texts.length > 0;
    if (this.watch !== null) this.#countNoted(this.watch);
    // Fields are compared at once. For words a search of all of the line is spared.
    if (hasText && !(this.#needles?.isIn(content, start, end) ?? true)) return false;
    for (const question of this.#questions) {
      if (!this.#holds(question, this.watch, content) && !this.#isOpen(question)) return false;
    }
    if (!hasText) return true;
    this.#parts.read(content, start, end);
    return this.#text.areIn(this.#parts, { bytes: content, start: plainAt, end: end - 1 });
  }

  /** In which fields something was noted. */
  #countNoted({ noted, count }: JsonWatch): void {
    this.#isDated = false;
    for (const question of this.#questions) clear(question);
    for (let at = 0; at < count; at++) {
      const { target, kind } = noted[at] as JsonWatch['noted'][number];
      const question = this.#pointed[target] as Question;
      if (kind === 'object') question.hasObject = true;
      else question.hasValue = true;
    }
    this.#countFields();
  }

  #holds(question: Question, watch: JsonWatch | null, bytes: Uint8Array): boolean {
    if (watch === null) return false;
    const { noted, count } = watch;
    for (let at = 0; at < count; at++) {
      const { target, kind, start, end } = noted[at] as JsonWatch['noted'][number];
      if (this.#pointed[target] !== question || kind === 'object') continue;
      if (question.sureNo(kind, bytes, start, end)) continue;
      note(question, question.test(decodedString(bytes, start, end), kind));
      if (question.holds) return true;
    }
    return false;
  }

  /** Whether it may hold, though nothing that could be read says so. */
  #isOpen(question: Question): boolean {
    return question.open !== null || (question === this.#time && !this.#isDated);
  }

  /** Of a record whose questions all hold or are open. False: none is open. */
  #countOpen(): boolean {
    let hasOpen = false;
    for (const { holds, open, counts } of this.#questions) {
      if (holds) continue;
      hasOpen = true;
      if (open === null) this.counts.undated++;
      else counts[open]++;
    }
    return hasOpen;
  }

  #isInRecordTime(timestampMs: number): boolean {
    const { time } = this.#spec;
    if (time === null || time.kind !== 'record') return true;
    if (timestampMs < 0) this.counts.untimed++;
    else if (timestampMs >= time.fromMs && timestampMs < time.toMs) return true;
    else this.counts.outOfTime++;
    return false;
  }

  /** The JSON text of the value. Counts values that have no fields. `isWhole`: strings alone count too. */
  #jsonOf(isWhole: boolean): JsonSpan | null {
    const parts = this.#parts;
    const { bytes, form, start, end } = parts;
    if (form === 'value') return { bytes, start, end };
    if (form === 'none') {
      this.counts.tombstones++;
      return null;
    }
    const loose = isWhole || mayBeJson(parts) ? looseJson(parts.bytesOf(parts.looseValue)) : null;
    const first = loose === null ? -1 : (loose[spaceEnd(loose, 0, loose.length)] ?? -1);
    if (first !== 0x7b && first !== 0x5b) this.counts.notJson++;
    return loose === null ? null : { bytes: loose, start: 0, end: loose.length };
  }

  /** Puts all questions to the record. If it can be no hit, only whether it has the fields. */
  #ask(json: JsonSpan | null, mayHit: boolean): void {
    this.#mayHit = mayHit;
    this.#isDated = false;
    for (const question of this.#questions) {
      clear(question);
      for (const target of question.targets) if (target.kind !== 'pointer') this.#askPart(question, target);
    }
    if (json !== null && this.#pointed.length > 0 && !this.#isAnswered()) {
      this.#walker.walk(json.bytes, json.start, json.end, this.#onFound);
    }
    this.#countFields();
  }

  #countFields(): void {
    for (const { counts, hasValue, hasObject } of this.#questions) {
      if (hasValue) counts.present++;
      else counts.missing++;
      if (!hasValue && hasObject) counts.objects++;
    }
  }

  readonly #onFound = (
    place: number,
    kind: FoundKind,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean => {
    const question = this.#pointed[place] as Question;
    if (kind === 'object') {
      question.hasObject = true;
      return false;
    }
    question.hasValue = true;
    if (this.#mayHit && !question.holds) {
      note(question, question.test(decodedString(bytes, start, end), kind));
    }
    return this.#isAnswered();
  };

  #askPart(question: Question, target: Exclude<Target, { readonly kind: 'pointer' }>): void {
    const parts = this.#parts;
    const values =
      target.kind === 'key'
        ? [parts.key]
        : parts.headers().flatMap(({ name, value }) => (nameOf(parts, name) === target.name ? [value] : []));
    for (const value of values) {
      const bytes = value === null ? null : parts.bytesOf(value);
      if (bytes === null) continue;
      question.hasValue = true;
      const text = textOf(bytes);
      if (!this.#mayHit || question.holds) continue;
      note(question, text === null ? question.ofBytes : question.test(text, 'string'));
    }
  }

  /** Whether nothing more of the line can change an answer. */
  #isAnswered(): boolean {
    for (const { holds, hasValue } of this.#questions) if (!(this.#mayHit ? holds : hasValue)) return false;
    return true;
  }

  #isInTime(text: string, fromMs: number, toMs: number): ValueAnswer {
    const time = eventTimeOf(text);
    if (time === null) return false;
    this.#isDated = true;
    const { ms, hasZone } = time;
    if (ms >= fromMs && ms < toMs) return hasZone || 'as-utc';
    const mayBeIn = !hasZone && ms + MAY_BE_MS.most >= fromMs && ms + MAY_BE_MS.least < toMs;
    return mayBeIn ? 'unzoned' : false;
  }
}

function clear(question: Question): void {
  question.hasValue = false;
  question.hasObject = false;
  question.holds = false;
  question.isAsUtc = false;
  question.open = null;
}

function note(question: Question, answer: ValueAnswer): void {
  if (answer === 'unreadable' || answer === 'unzoned') question.open = answer;
  else if (answer !== false) question.holds = true;
  if (answer === 'as-utc') question.isAsUtc = true;
}

const nameOf = (parts: LineParts, name: LinePart): string | null => textOf(parts.bytesOf(name));

/** By its first byte but for spaces: an object, an array, or an escape or a mark that may stand before. */
function mayBeJson({ bytes, start, end, form }: LineParts): boolean {
  const first = bytes[spaceEnd(bytes, start, end)] as number;
  return form === 'base64' || first === 0x7b || first === 0x5b || first === 0x5c || first === 0xef;
}
