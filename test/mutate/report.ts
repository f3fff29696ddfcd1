// How many mistakes were noticed, and which were not?
import type { Mutant } from './mutants.ts';
import { codeAt, ROOMS, roomOf } from './plan.ts';
import type { Outcome } from './start-tests.ts';

export type Tried = {
  readonly mutant: Mutant;
  readonly outcome: Outcome | { readonly kind: 'explained'; readonly why: string };
};

/** Percent. Below it the command fails. What was not noticed is listed in any case. */
export const NOTICED_MIN = 95;

const isNoticed = ({ outcome }: Tried): boolean => outcome.kind !== 'passed' && outcome.kind !== 'explained';

const canBeNoticed = ({ outcome }: Tried): boolean => outcome.kind !== 'explained';

/** Noticed, of those that change anything: an explained mutant changes nothing that a test could see. */
export function percent(tried: readonly Tried[]): number {
  const real = tried.filter(canBeNoticed).length;
  return real === 0 ? 100 : (100 * tried.filter(isNoticed).length) / real;
}

export function reportText(tried: readonly Tried[], sources: ReadonlyMap<string, string>): string {
  const survivors = tried.filter(({ outcome }) => outcome.kind === 'passed');
  const explained = tried.filter(({ outcome }) => outcome.kind === 'explained');
  const list = survivors.map(({ mutant }) => {
    const { file, line, before, after } = mutant;
    return `  ${file}:${line}: ${before} → ${after}\n    ${codeAt(sources.get(file) as string, mutant)}`;
  });
  return [
    ...(list.length === 0 ? [] : ['Not noticed:', ...list.sort()]),
    ...ROOMS.map((room) => row(room, tried)),
    `${row('all', tried)}; ${survivors.length} not, and ${explained.length} beside them change nothing`,
  ].join('\n');
}

function row(room: string, tried: readonly Tried[]): string {
  const mine = tried.filter(({ mutant }) => room === 'all' || roomOf(mutant.file) === room);
  const count = (kind: string) => mine.filter(({ outcome }) => outcome.kind === kind).length;
  const noticed = mine.filter(isNoticed).length;
  const hung = count('hung');
  const endless = hung === 0 ? '' : `, ${hung} of them because a test never ended`;
  return `${room}: ${noticed} of ${mine.filter(canBeNoticed).length} noticed (${percent(mine).toFixed(1)} %)${endless}`;
}
