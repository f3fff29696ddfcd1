// How are the events shown as a table: searched, sorted, a hundred at a time?
import { timeText } from '../../format/time.ts';
import type { CheckedEvent } from '../check-chain.ts';
import { filled } from '../filled.ts';
import type { OwnTimes } from '../own-time.ts';
import { element } from './elements.ts';
import type { Words } from './words.ts';

const ALL_COLUMNS = [
  ...([
    'proof',
    'topic',
    'offset',
    'ownTime',
    'timeUtc',
    'timeLocal',
    'archivedUtc',
    'key',
    'value',
  ] as const),
];
type Column = (typeof ALL_COLUMNS)[number];

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The same times twice say nothing more. */
export const IS_UTC = /^(Etc\/)?(UTC|UCT|GMT|Zulu|Universal|Greenwich)$/.test(ZONE);
const ROWS = 100;
/** All that paper takes; the rest is in the files. */
const ROWS_PRINTED = 2_000;
const VALUE_SHOWN = 400;
const OWN_TIME_SHOWN = 40;

export class EventsView {
  readonly section: HTMLElement;
  readonly #events: readonly CheckedEvent[];
  readonly #ownTimes: OwnTimes;
  readonly #columns: readonly Column[];
  readonly #words: Words;
  readonly #onShow: (event: CheckedEvent) => void;
  readonly #texts: readonly string[];
  readonly #body = element('div', {});
  #sort: { readonly column: Column; readonly up: boolean } | null = null;
  #found: readonly CheckedEvent[];
  #first = 0;
  #rows = ROWS;
  #chosen: CheckedEvent | null = null;

  constructor(
    { events, ownTimes }: { readonly events: readonly CheckedEvent[]; readonly ownTimes: OwnTimes },
    words: Words,
    onShow: (event: CheckedEvent) => void,
  ) {
    this.#events = events;
    this.#ownTimes = ownTimes;
    this.#columns = ALL_COLUMNS.filter(
      (column) => (column !== 'timeLocal' || !IS_UTC) && (column !== 'ownTime' || !ownTimes.isEmpty),
    );
    this.#words = words;
    this.#onShow = onShow;
    this.#found = events;
    this.#texts = events.map((event) => `${searchText(event)} ${this.#ownText(event)}`);
    const search = element('input', {
      ...{ type: 'search', id: 'search', autocomplete: 'off' },
      oninput: (event) => this.#search((event.target as HTMLInputElement).value),
    });
    this.section = element(
      'section',
      { 'aria-labelledby': 'events-head' },
      element('h2', { id: 'events-head' }, words.events),
      element('div', { class: 'tools' }, element('label', { for: 'search' }, words.search), search),
      this.#body,
    );
    this.#draw();
  }

  /** On paper there is nothing to press. */
  forPrint(isPrinting: boolean): void {
    this.#rows = isPrinting ? ROWS_PRINTED : ROWS;
    this.#draw();
  }

  #search(text: string): void {
    const words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    this.#found = this.#events.filter((_, index) =>
      words.every((word) => this.#texts[index]?.includes(word)),
    );
    this.#first = 0;
    this.#order();
  }

  #order(): void {
    const sort = this.#sort;
    if (sort !== null) {
      const sign = sort.up ? 1 : -1;
      this.#found = this.#found.toSorted(
        (a, b) => sign * compared(this.#sortValue(a, sort.column), this.#sortValue(b, sort.column)),
      );
    }
    this.#draw();
  }

  #draw(): void {
    const focused = document.activeElement?.id ?? '';
    const from = this.#rows === ROWS ? this.#first : 0;
    const shown = this.#found.slice(from, from + this.#rows);
    this.#body.replaceChildren(
      this.#pager(from, shown.length),
      shown.length === 0
        ? element('p', {}, this.#words.none)
        : element(
            'div',
            { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': 'events-head' },
            element(
              'table',
              {},
              element('thead', {}, element('tr', {}, ...this.#columns.map((column) => this.#head(column)))),
              element('tbody', {}, ...shown.map((event) => this.#row(event))),
            ),
          ),
    );
    if (focused !== '' && this.#body.querySelector(`#${focused}`) !== null)
      document.getElementById(focused)?.focus();
  }

  #pager(from: number, count: number): HTMLElement {
    const words = this.#words;
    const range = {
      from: String(count === 0 ? 0 : from + 1),
      to: String(from + count),
      count: String(this.#found.length),
    };
    const to = (first: number) => () => {
      this.#first = first;
      this.#draw();
    };
    const isMany = this.#found.length > ROWS;
    const earlier = {
      id: 'earlier',
      type: 'button',
      disabled: from === 0,
      onclick: to(Math.max(0, from - ROWS)),
    };
    const isLast = from + count >= this.#found.length;
    const later = { id: 'later', type: 'button', disabled: isLast, onclick: to(from + ROWS) };
    return element(
      'div',
      { class: 'tools' },
      element('span', { role: 'status' }, filled(words.shown, range)),
      isMany ? element('button', earlier, words.earlier) : null,
      isMany ? element('button', later, words.later) : null,
    );
  }

  #head(column: Column): HTMLElement {
    const name = filled(this.#words[column], { zone: ZONE });
    const isSorted = this.#sort?.column === column;
    const up = isSorted ? !this.#sort?.up : true;
    const order = isSorted ? (this.#sort?.up ? 'ascending' : 'descending') : 'none';
    const arrow = isSorted ? (this.#sort?.up ? ' ▲' : ' ▼') : '';
    const press = () => {
      this.#sort = { column, up };
      this.#first = 0;
      this.#order();
    };
    const button = {
      ...{ type: 'button', id: `sort-${column}`, onclick: press },
      'aria-label': filled(this.#words.sort, { column: name }),
    };
    return element('th', { scope: 'col', 'aria-sort': order }, element('button', button, name + arrow));
  }

  #row(event: CheckedEvent): HTMLElement {
    const { chain, partition, shown, isProven, archivedAt } = event;
    const { timeMs } = shown;
    const words = this.#words;
    const isChosen = event === this.#chosen ? ' chosen' : '';
    const press = () => {
      this.#chosen = event;
      this.#draw();
      this.#onShow(event);
    };
    const id = `show-${chain.replace(/[^A-Za-z0-9]/g, '_')}-${partition}-${shown.offset}`;
    const show = {
      type: 'button',
      id,
      onclick: press,
      'aria-label': filled(words.showOf, { offset: String(shown.offset) }),
    };
    const cells: Readonly<Record<Column, HTMLElement>> = {
      proof: element(
        'td',
        { class: 'proof' },
        element(
          'span',
          { class: `mark ${isProven ? 'good' : 'bad'}` },
          isProven ? `✓ ${words.holds} ` : `✗ ${words.holdsNot} `,
        ),
        element('button', { ...show, class: 'no-print' }, words.show),
      ),
      topic: element('td', {}, `${chain}/${partition}`),
      offset: element('td', { class: 'number' }, String(shown.offset)),
      ownTime: this.#ownCell(event),
      timeUtc: timeCell(timeMs, utcPieces),
      timeLocal: timeCell(timeMs, localPieces),
      archivedUtc: timeCell(archivedAt === null ? null : Date.parse(archivedAt), utcPieces),
      key: element('td', { class: 'code' }, shown.key ?? '–'),
      value: element('td', { class: 'code value' }, valueText(event, words)),
    };
    for (const column of this.#columns)
      cells[column].dataset['label'] = filled(words[column], { zone: ZONE });
    const kind = `${isProven ? '' : 'unproven'}${isChosen}`.trim();
    return element('tr', { class: kind }, ...this.#columns.map((column) => cells[column]));
  }

  /** Which moment a time without an offset from UTC means is not known: it stands as it is written. */
  #ownCell({ chain, shown }: CheckedEvent): HTMLElement {
    const own = this.#ownTimes.of(chain, shown);
    const cell =
      own === null || own.ms !== null
        ? timeCell(own?.ms ?? null, utcPieces)
        : element('td', { class: 'code' }, own.text.slice(0, OWN_TIME_SHOWN));
    if (own?.hasMore === true) cell.append(' …');
    return cell;
  }

  #ownText({ chain, shown }: CheckedEvent): string {
    const own = this.#ownTimes.of(chain, shown);
    return own === null ? '' : `${own.text} ${own.ms === null ? '' : utcTime(own.ms)}`.toLowerCase();
  }

  #sortValue(event: CheckedEvent, column: Column): string | number {
    if (column !== 'ownTime') return sortValue(event, column);
    return this.#ownTimes.of(event.chain, event.shown)?.ms ?? -1;
  }
}

type Pieces = readonly [date: string, time: string];

/** `2026-11-22 10:00:10.000Z` */
const utcPieces = (ms: number): Pieces => timeText(ms).split('T') as [string, string];
export const utcTime = (ms: number): string => utcPieces(ms).join(' ');

/** By the clock of the reader's own zone. */
const localPieces = (ms: number): Pieces => {
  const at = new Date(ms);
  const date = at.toLocaleDateString(undefined, { dateStyle: 'medium' });
  return [`${date},`, at.toLocaleTimeString(undefined, { timeStyle: 'medium' })];
};
export const localTime = (ms: number): string => localPieces(ms).join(' ');

/** The date over the time where room is short: what the event says needs it more. */
function timeCell(ms: number | null, pieces: (ms: number) => Pieces): HTMLElement {
  const [date, time] = ms === null ? ['–', ''] : pieces(ms);
  return element('td', { class: 'time' }, element('span', {}, date), ' ', element('span', {}, time));
}

function valueText({ shown: { gap, value } }: CheckedEvent, words: Words): string {
  if (gap !== null)
    return filled(words.gap, { from: String(gap.offset), to: String(gap.last), reason: gap.reason });
  if (value === null) return words.tombstone;
  return value.length > VALUE_SHOWN ? `${value.slice(0, VALUE_SHOWN)} …` : value;
}

function searchText({ chain, partition, shown, archivedAt }: CheckedEvent): string {
  const { offset, timeMs, key, value, headers } = shown;
  const time = timeMs === null ? '' : `${timeText(timeMs)} ${localTime(timeMs)}`;
  const archived = archivedAt === null ? '' : `${archivedAt} ${utcTime(Date.parse(archivedAt))}`;
  const headerText = headers.map((header) => `${header.name} ${header.value ?? ''}`).join(' ');
  return `${chain}/${partition} ${offset} ${time} ${archived} ${key ?? ''} ${headerText} ${value ?? ''}`.toLowerCase();
}

function sortValue(
  { chain, partition, shown, isProven, archivedAt }: CheckedEvent,
  column: Exclude<Column, 'ownTime'>,
): string | number {
  switch (column) {
    case 'topic':
      return `${chain}/${partition}`;
    case 'offset':
      return shown.offset;
    case 'timeUtc':
    case 'timeLocal':
      return shown.timeMs ?? -1;
    case 'archivedUtc':
      return archivedAt ?? '';
    case 'key':
      return shown.key ?? '';
    case 'value':
      return shown.value ?? '';
    case 'proof':
      return isProven ? 1 : 0;
  }
}

const compared = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
