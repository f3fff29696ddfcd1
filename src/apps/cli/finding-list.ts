// `ledgerstone finding list`: which findings are open, who answered, and which were dealt with?
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import type { PersonAnswer } from '../../verifier/findings/people.ts';
import type { FindingStory } from '../../verifier/findings/stories.ts';
import { EXIT } from './exit-code.ts';
import { openArchiveStore } from './open-archive.ts';
import { keysOfPeople, namedOwnBucket, type OwnBucketOptions } from './own-bucket-option.ts';
import type { Session } from './session.ts';
import {
  readSettledStories,
  type SettledStories,
  type SettledStory,
  withDecidedArchive,
} from './settled-stories.ts';
import { readSigners } from './signer-keys.ts';

export type FindingListOptions = OwnBucketOptions & {
  readonly person?: readonly string[];
  readonly all?: boolean;
  readonly json?: boolean;
};

export async function runFindingList(session: Session, options: FindingListOptions): Promise<number> {
  const { output } = session;
  const { stories, foreign, decisionsUnknown } = await settledIn(session, options);
  const newest = newestOpenings(stories);
  const there = newest.filter(({ closed }) => closed === null);
  const settled = there.filter((story) => story.settled !== null).length;
  const open = there.length - settled;
  const shown = options.all === true ? stories : there;
  if (options.json === true)
    await output.json({ open, settled, decisionsUnknown, foreign, findings: shown.map(storyJson) });
  else {
    for (const story of shown) await output.write(storyText(story));
    await output.line(countsText({ open, settled, all: newest.length }));
    if (decisionsUnknown !== null)
      output.note(`which losses were accepted by decisions is not known: ${printable(decisionsUnknown)}`);
    if (foreign > 0) output.note(`${foreign} objects at keys of findings are no notes of this verifier`);
  }
  if (open > 0) return EXIT.broken;
  // Keys of another verifier, or of another archive: none of theirs says that none is open.
  return foreign > 0 ? EXIT.failed : EXIT.ok;
}

async function settledIn({ io }: Session, options: FindingListOptions): Promise<SettledStories> {
  const { config, store: place, keys } = await namedOwnBucket(options, io.env);
  const people = keysOfPeople(keys, await readSigners(io.stdin, options.person ?? []));
  const named = [...people.cosigners, ...(config?.people ?? [])];
  const store = await openArchiveStore(place);
  try {
    return await withDecidedArchive(config, (archive) =>
      readSettledStories({ store, keys, named, archive, signal: io.signal }),
    );
  } finally {
    await store.close();
  }
}

/** Of each finding. The same one may have been there before. */
export function newestOpenings<T extends Pick<FindingStory, 'id' | 'opening'>>(stories: readonly T[]): T[] {
  const newest = new Map<string, T>();
  for (const story of stories) {
    const before = newest.get(story.id);
    if (before === undefined || before.opening < story.opening) newest.set(story.id, story);
  }
  return [...newest.values()];
}

const countsText = ({ open, settled, all }: Readonly<Record<'open' | 'settled' | 'all', number>>): string =>
  settled === 0
    ? `${open} open of ${all} that the verifier ever found`
    : `${open} open of ${all} that the verifier ever found, and ${settled} that somebody accepted or resolved`;

const storyJson = ({ finding, firstSeenMs, openedStoredMs, seenStoredMs, ...story }: SettledStory) => ({
  ...{ id: story.id, scope: story.scope, opening: story.opening, check: story.check, ...finding },
  ...{ firstSeen: timeText(firstSeenMs), opened: timeText(openedStoredMs), seen: timeText(seenStoredMs) },
  notified: story.notified.map(({ channel, storedMs }) => ({ channel, at: timeText(storedMs) })),
  closed: story.closed && {
    at: timeText(story.closed.atMs),
    check: story.closed.check,
    why: story.closed.why,
  },
  settled: story.settled && {
    ...{ how: story.settled.how, by: story.settled.by, at: timeText(story.settled.atMs) },
    text: story.settled.text,
  },
  responses: story.answers.map(({ kind, by, text, atMs, keyId }) => ({
    ...{ kind, by, text, at: timeText(atMs), keyId },
  })),
  otherResponses: story.otherAnswers,
});

function storyText(story: SettledStory): string {
  const { finding, id, scope, closed, notified, answers, otherAnswers, openedStoredMs } = story;
  const { code, severity, key, expected, found } = finding;
  const lines = [
    `${id.slice(0, 8)}  ${severity}: ${code}, ${scope}`,
    `  opened ${timeText(openedStoredMs)}${closed === null ? '' : `, closed ${timeText(closed.atMs)}: ${closed.why}`}`,
    ...settledText(story),
    ...(key === null ? [] : [`  at ${key}`]),
    ...(expected === null ? [] : [`  expected ${expected}`]),
    ...(found === null ? [] : [`  found ${found}`]),
    `  notified: ${notified.map(({ channel, storedMs }) => `${channel} ${timeText(storedMs)}`).join(', ') || 'nobody'}`,
    ...answers.map(answerText),
    ...(otherAnswers === 0
      ? []
      : [
          `  ${counted(otherAnswers, 'response')} not counted: signed by no key that is known here (--person)`,
        ]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

/** As the verifier's page calls it. */
function settledText({ settled, finding }: SettledStory): string[] {
  if (settled === null) return [];
  const { how, by, atMs, text } = settled;
  const isLoss = finding.code === 'records-lost';
  const what = how === 'accepted' ? 'accepted loss' : isLoss ? 'resolved loss' : 'resolved';
  return [`  ${what}: ${by.join(' and ')}, ${timeText(atMs)}: ${inLine(text)}`];
}

const answerText = ({ kind, by, text, atMs, keyId }: PersonAnswer): string =>
  `  ${kind} ${timeText(atMs)} by ${by}${keyId === null ? ', by an act' : ''}: ${inLine(text)}`;

const inLine = (text: string): string => text.replaceAll('\n', ' / ');
