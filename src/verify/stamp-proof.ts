// Since when can a checkpoint be shown to exist, by the word of a time-stamping authority? (FORMAT.md 9.11.8)
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { coveredBy, renewalLeaf, type StampLink, statementText } from '../format/stamp.ts';
import { verifyInclusion } from '../merkle/proof.ts';
import { leafHash } from '../merkle/tree.ts';

/** What a token over those bytes says. `unknown-root`: it leads to no root that the reader named. */
type TokenWord = { readonly by: string; readonly genTimeMs: number } & (
  | {
      readonly kind: 'shown';
      readonly accuracyMs: number | null;
      readonly root: { readonly name: string; readonly sha256: string };
      readonly endsMs: number;
    }
  | { readonly kind: 'unknown-root' }
);

type StampShown = {
  readonly kind: 'shown';
  /** It existed by then. */
  readonly byMs: number;
  readonly accuracyMs: number | null;
  readonly authority: string;
  readonly root: { readonly name: string; readonly sha256: string };
  /** Stamps that renewed it. */
  readonly renewals: number;
  /** Until then it is shown without another renewal. */
  readonly untilMs: number;
};

/** `unknown-root`: nobody whom the reader named says so. `ended`: nobody renewed it before that. */
export type StampResult =
  | StampShown
  | { readonly kind: 'unknown-root'; readonly authority: string }
  | { readonly kind: 'ended'; readonly authority: string; readonly endedMs: number };

export type StampQuestion = {
  /** Its text as it was signed, and its origin. */
  readonly checkpoint: { readonly text: Uint8Array; readonly origin: string };
  readonly links: readonly StampLink[];
  /** Throws FormatError for what is no token over those bytes. */
  readonly check: (token: Uint8Array, data: Uint8Array) => Promise<TokenWord>;
  readonly sha256: Sha256;
  readonly nowMs: number;
};

/** Throws FormatError where it is no stamp of that checkpoint. */
export async function checkStampProof(asked: StampQuestion): Promise<StampResult> {
  const { links, check } = asked;
  const words: TokenWord[] = [];
  for (const [index, link] of links.entries()) {
    requireLeaf(asked, link, links[index - 1]);
    const word = await check(link.token, statementText(link.statement));
    const before = words.at(-1);
    if (before !== undefined && word.genTimeMs < before.genTimeMs)
      throw new FormatError('a stamp that is renewed by an older one');
    words.push(word);
  }
  return resultOf(words, asked.nowMs);
}

function requireLeaf(
  { checkpoint, sha256 }: StampQuestion,
  link: StampLink,
  before: StampLink | undefined,
): void {
  const { archiveOrigin, leaves, root } = link.statement;
  if (!checkpoint.origin.startsWith(`${archiveOrigin}/`))
    throw new FormatError(`a stamp of the archive ${archiveOrigin}, not of ${checkpoint.origin}`);
  const leaf =
    before === undefined
      ? checkpoint.text
      : renewalLeaf(before.statement.date, coveredBy(before.statement, before.token, sha256));
  if (!verifyInclusion(sha256, leafHash(sha256, leaf), link.index, leaves, link.path, root))
    throw new FormatError(
      before === undefined
        ? 'a stamp of another checkpoint than the proof has'
        : 'a renewal of another stamp',
      'root-mismatch',
    );
}

/**
 * A token is believed at the time of the one that renews it, and the last one now. What is not believed
 * is covered by the first one from which on all are: then that one's time counts.
 */
function resultOf(words: readonly TokenWord[], nowMs: number): StampResult {
  let shown: { readonly first: Extract<TokenWord, { kind: 'shown' }>; readonly index: number } | null = null;
  for (const [index, word] of [...words.entries()].reverse()) {
    const neededMs = words[index + 1]?.genTimeMs ?? nowMs;
    if (word.kind !== 'shown' || word.endsMs < neededMs) break;
    shown = { first: word, index };
  }
  const last = words.at(-1) as TokenWord;
  if (shown === null)
    return last.kind === 'shown'
      ? { kind: 'ended', authority: last.by, endedMs: last.endsMs }
      : { kind: 'unknown-root', authority: last.by };
  const { first, index } = shown;
  return {
    ...{ kind: 'shown', byMs: first.genTimeMs, accuracyMs: first.accuracyMs, authority: first.by },
    ...{ root: first.root, renewals: words.length - 1 - index },
    untilMs: last.kind === 'shown' ? last.endsMs : first.endsMs,
  };
}
