// How are days drawn as a calendar that also reads without colours?
import { type DayState, expectedKinds, lacking, type ReportedDay } from './checks-days.ts';
import { type Markup, markup } from './markup.ts';

type Look = { readonly mark: string; readonly name: string; readonly style: string };

const LOOKS: Readonly<Record<Exclude<DayState, 'shown'> | 'all' | 'part', Look>> = {
  all: { mark: 'all', name: 'a whole run of each kind of check', style: 'day-looked' },
  part: { mark: 'part', name: 'a record, but not of each kind', style: 'day-part' },
  'not-shown': { mark: 'none', name: 'not shown: there is no record', style: 'day-missed' },
  before: { mark: '–', name: 'before the first record', style: 'day-outside' },
  'not-due': { mark: '…', name: 'not over', style: 'day-outside' },
};
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export function calendarOf(days: readonly ReportedDay[]): Markup {
  const expected = expectedKinds(days);
  const lookOf = (day: ReportedDay): Look =>
    LOOKS[day.state !== 'shown' ? day.state : lacking(day, expected).length === 0 ? 'all' : 'part'];
  const months = Map.groupBy(days, ({ date }) => date.slice(0, 7));
  return markup`<ul class="legend">${Object.values(LOOKS).map(
    ({ mark, name, style }) => markup`<li><span class="${style}">${mark}</span>${name}</li>`,
  )}</ul>
<div class="months">${[...months].map(([month, some]) => monthOf(month, some, lookOf))}</div>`;
}

function monthOf(month: string, days: readonly ReportedDay[], lookOf: (day: ReportedDay) => Look): Markup {
  const firstMs = Date.parse(`${month}-01T00:00:00Z`);
  const length = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
  const byDate = new Map(days.map((day) => [day.date, day]));
  const lead = (new Date(firstMs).getUTCDay() + 6) % 7;
  const cells: Markup[] = Array.from({ length: lead }, () => markup`<td class="none"></td>`);
  for (let number = 1; number <= length; number++) {
    const day = byDate.get(`${month}-${String(number).padStart(2, '0')}`);
    const look = day === undefined ? null : lookOf(day);
    cells.push(
      look === null
        ? markup`<td class="none">${number}</td>`
        : markup`<td class="${look.style}">${number}<span class="mark">${look.mark}</span></td>`,
    );
  }
  while (cells.length % 7 !== 0) cells.push(markup`<td class="none"></td>`);
  const weeks = Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
  return markup`<div class="month"><table><caption>${month}</caption>
<thead><tr>${WEEKDAYS.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${weeks.map((week) => markup`<tr>${week}</tr>`)}</tbody></table></div>`;
}
