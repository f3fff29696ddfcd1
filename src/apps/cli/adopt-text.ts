// What does `ledgerstone adopt` say that it did, or would do?

import type { PlannedChain } from '../../archiver/chain/adopt.ts';
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { AdoptedChain, LeftChain, OlderHead } from './adopt-chains.ts';
import type { AdoptOptions } from './adopt-options.ts';
import { EXIT } from './exit-code.ts';
import type { OlderArchive } from './older-option.ts';
import type { Session } from './session.ts';
import type { StoreReport } from './verify-store.ts';

export type Adoption = {
  readonly old: OlderArchive;
  readonly report: StoreReport;
  readonly chains: readonly AdoptedChain[];
  readonly planned: readonly PlannedChain[];
  /** Names of chains that this run had to begin. */
  readonly begun: ReadonlySet<string>;
  readonly left: readonly LeftChain[];
  /** Origins of older chains that went on. */
  readonly moved: readonly string[];
};

/** Exit code 1 where an older chain went on: its segments are nowhere in the new archive. */
export async function sayAdoption(
  { output }: Session,
  adoption: Adoption,
  { dryRun = false, json }: AdoptOptions,
): Promise<number> {
  const { old, report, chains, left, moved } = adoption;
  const said = chains.map((chain) => chainJson(adoption, chain, dryRun));
  if (json === true) {
    const all = { older: old.store.description, verdict: report.verdict, chains: said, left, moved };
    await output.json({ dryRun, ...all });
  } else {
    const lines = [
      ...(dryRun ? ['nothing is written; these chains would be begun:'] : []),
      ...said.map(chainText),
      ...left.map(({ name, why }) => `${name} stays in ${old.store.description} alone: ${why}`),
      ...(report.verdict === 'verified' ? [] : [`${old.store.description} is ${report.verdict}: as it is`]),
    ];
    await output.write(`${lines.map(printable).join('\n')}\n`);
  }
  for (const origin of moved)
    output.note(
      printable(
        `${origin} went on after it was adopted: what it sealed since is a fork. Stop its archiver for good`,
      ),
    );
  if (moved.length > 0) return EXIT.broken;
  const isWhole = dryRun || chains.every(({ state }) => state === 'adopted');
  if (!isWhole) output.note('not all of them are begun: run the same command again');
  return isWhole ? EXIT.ok : EXIT.failed;
}

function chainJson({ planned, begun }: Adoption, { head, state }: AdoptedChain, dryRun: boolean) {
  const plan = planned.find(({ older }) => older === head.older);
  const isNew = state === 'none' ? dryRun : begun.has(head.name);
  return {
    chain: head.name,
    ...olderJson(head),
    /** Null: it was begun before. */
    startOffset: plan?.start.startOffset ?? null,
    otherTopic: plan?.otherTopic ?? null,
    state:
      state === 'behind' ? 'older-went-on' : isNew ? (dryRun ? 'would-begin' : 'begun') : 'adopted-before',
  };
}

const olderJson = ({ older: { name, recovered } }: OlderHead) => ({
  continues: name.chainOrigin,
  size: recovered.head.size,
  nextOffset: recovered.head.nextOffset,
});

function chainText(one: ReturnType<typeof chainJson>): string {
  const { chain, continues, size, nextOffset, startOffset, otherTopic, state } = one;
  const what = `${chain} goes on from ${continues}, of ${counted(size, 'segment')} up to offset ${nextOffset - 1}`;
  if (startOffset === null) return `${what}: begun before`;
  const where =
    otherTopic === null
      ? `at offset ${startOffset}`
      : `at offset ${startOffset} of another topic (${otherTopic})`;
  return `${what}: ${state === 'would-begin' ? 'would begin' : 'begun'} ${where}`;
}
