// What does a report of controls say: what is asked, what shows it, and what remains the customer's?
import { counted } from '../../base/counted.ts';
import type { CheckId, CheckResult } from '../controls/checks.ts';
import type { Control, ControlMap, Framework } from '../controls/control-map.ts';
import type { CheckState } from '../controls/judged.ts';
import { csvRows } from '../csv.ts';
import type { DrawnBlock, ReportFace } from './blocks.ts';
import { type Markup, markup } from './markup.ts';
import type { PrintedReport, ReportVerdict } from './printed-report.ts';

/**
 * Of one control: `failed` if a check of it failed, `shown` if all its checks were shown and there is one,
 * `customer` if the product shows nothing for it, else `not-shown`.
 */
type ControlState = CheckState | 'customer';

export type ReportedControl = {
  readonly id: string;
  readonly name: string;
  /** The framework's own names. */
  readonly ids: readonly string[];
  readonly asks: string;
  readonly does: string;
  readonly state: ControlState;
  readonly evidence: readonly CheckResult[];
  readonly customer: readonly string[];
};

export type ControlsData = { readonly framework: Framework; readonly controls: readonly ReportedControl[] };
export type ControlsReport = PrintedReport<'controls', ControlsData>;

export function reportedControls(
  { controls }: ControlMap,
  framework: Framework,
  results: Readonly<Record<CheckId, CheckResult>>,
): ControlsData {
  const rows = controls.flatMap((control) => {
    const ids = control.ids[framework.id];
    return ids === undefined ? [] : [reportedControl(control, ids, results)];
  });
  return { framework, controls: rows };
}

function reportedControl(
  { id, name, asks, does, shows, customer }: Control,
  ids: readonly string[],
  results: Readonly<Record<CheckId, CheckResult>>,
): ReportedControl {
  const evidence = shows.map((check) => results[check]);
  return { id, name, ids, asks, does, state: stateOf(evidence), evidence, customer };
}

function stateOf(evidence: readonly CheckResult[]): ControlState {
  if (evidence.some(({ state }) => state === 'failed')) return 'failed';
  if (evidence.length === 0) return 'customer';
  return evidence.every(({ state }) => state === 'shown') ? 'shown' : 'not-shown';
}

/** Never `whole`: of each control something remains to the customer, and is not looked at here. */
export function controlsVerdict({ framework, controls }: ControlsData): ReportVerdict {
  const count = (state: ControlState) => controls.filter((one) => one.state === state).length;
  const parts = [
    `evidence is shown for ${count('shown')}`,
    `a check failed for ${count('failed')}`,
    `not everything could be shown for ${count('not-shown')}`,
    `nothing here shows ${count('customer')}, which are the customer's`,
  ];
  return {
    standing: count('failed') > 0 ? 'found' : 'open',
    sentence: `Of ${counted(controls.length, 'row')} that name controls of ${framework.title}: ${parts.join('; ')}.`,
    bounds: [
      'No row says that a control is met, or that anybody complies: that is an assessor’s to say, of an organisation.',
      'The rows name only controls that an archive of records has to do with. The framework has more.',
      'What a row shows was true of this archive when the report was made.',
    ],
  };
}

const STATES: Readonly<Record<ControlState, string>> = {
  shown: 'evidence shown',
  failed: 'a check failed',
  'not-shown': 'not shown',
  customer: 'the customer’s',
};
const CHECK_STATES: Readonly<Record<CheckState, string>> = {
  shown: 'shown',
  failed: 'failed',
  'not-shown': 'not shown',
};
const toneOf = (state: ControlState): string =>
  state === 'failed' ? 'tone-bad' : state === 'shown' ? 'tone-plain' : 'tone-open';

export const controlsFace = ({ data }: ControlsReport): ReportFace => ({
  title: `Controls: ${data.framework.title}`,
  question: 'Which controls does this archive support, what shows it, and what remains the customer’s?',
  // Where every check could be made, what is open is the customer's.
  ...(data.controls.every(({ state }) => state !== 'not-shown') && {
    openLabel: 'All that this archive can show was looked at; the rest is the customer’s',
  }),
  blocks: data.controls.map(controlBlock),
});

const controlBlock = ({ name, ids, asks, does, state, evidence, customer }: ReportedControl): DrawnBlock => ({
  kind: 'drawn',
  title: `${ids.join(', ')}: ${name}`,
  content: markup`<dl>
<dt>State</dt><dd class="${toneOf(state)}">${STATES[state]}</dd>
<dt>What is asked</dt><dd>${asks}</dd>
<dt>What the product does</dt><dd>${does}</dd>
<dt>Evidence</dt><dd>${evidence.length === 0 ? 'none here' : evidenceList(evidence)}</dd>
<dt>What remains</dt><dd><ul>${customer.map((one) => markup`<li>${one}</li>`)}</ul></dd>
</dl>`,
});

/** What several checks say in the same words is said once, with the commands of all of them. */
function saidOnce(
  evidence: readonly CheckResult[],
): { state: CheckState; text: string; commands: string[] }[] {
  const said = new Map<string, { state: CheckState; text: string; commands: string[] }>();
  for (const { state, text, command } of evidence) {
    const one = said.get(`${state} ${text}`) ?? { state, text, commands: [] };
    if (!one.commands.includes(command)) one.commands.push(command);
    said.set(`${state} ${text}`, one);
  }
  return [...said.values()];
}

const evidenceList = (evidence: readonly CheckResult[]): Markup =>
  markup`<ul>${saidOnce(evidence).map(
    ({ state, text, commands }) =>
      markup`<li><span class="${toneOf(state)}">${CHECK_STATES[state]}</span>: ${text} ${commands.map(
        (command) => markup`<span class="code">${command}</span> `,
      )}</li>`,
  )}</ul>`;

export const controlsCsv = ({ data }: ControlsReport): Uint8Array =>
  csvRows([
    ['framework', 'controls', 'row', 'name', 'state', 'asks', 'does', 'evidence', 'commands', 'remains'],
    ...data.controls.map(({ id, name, ids, asks, does, state, evidence, customer }) => [
      ...[data.framework.title, ids.join(', '), id, name, STATES[state], asks, does],
      saidOnce(evidence)
        .map((one) => `${CHECK_STATES[one.state]}: ${one.text}`)
        .join('\n'),
      [...new Set(evidence.map(({ command }) => command))].join('\n'),
      customer.join('\n'),
    ]),
  ]);
