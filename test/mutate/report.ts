// How many mistakes were noticed, and which were not?
import type { Mutant } from './mutants.ts';
import { codeAt, ROOMS, roomOf } from './plan.ts';
import type { Outcome } from './start-tests.ts';

export type Tried = {
  readonly mutant: Mutant;
  readonly outcome: Outcome | { readonly kind: 'explained'; readonly why: string };
};

const isNoticed = ({ outcome }: Tried): boolean => outcome.kind !== 'passed' && outcome.kind !== 'explained';

/** Noticed, of all that were tried: explained ones count as not noticed. */
export const percent = (tried: readonly Tried[]): number =>
  tried.length === 0 ? 0 : (100 * tried.filter(isNoticed).length) / tried.length;

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
    `${row('all', tried)}; ${explained.length} explained, ${survivors.length} not`,
  ].join('\n');
}

function row(room: string, tried: readonly Tried[]): string {
  const mine = tried.filter(({ mutant }) => room === 'all' || roomOf(mutant.file) === room);
  const count = (kind: string) => mine.filter(({ outcome }) => outcome.kind === kind).length;
  const noticed = mine.filter(isNoticed).length;
  const hung = count('hung');
  const endless = hung === 0 ? '' : `, ${hung} of them because a test never ended`;
  return `${room}: ${noticed} of ${mine.length} noticed (${percent(mine).toFixed(1)} %)${endless}`;
}
