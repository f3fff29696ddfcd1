// Which part of a chain does one check look at?
import { equalBytes } from '../base/bytes.ts';

export type Slice = {
  /**
   * The seals before it. `confirmed`: the caller knows that so many seals have that root. `claimed`: the last
   * of them is taken at its word, and the join of the parts compares it with what came of them. Null: it
   * begins at the first seal.
   */
  readonly behind:
    | { readonly kind: 'confirmed'; readonly size: number; readonly root: Uint8Array }
    | { readonly kind: 'claimed'; readonly size: number }
    | null;
  /** No seal of this sequence or a later one is looked at. Null: all that are there. */
  readonly before: number | null;
  /** Asked after each seal. False stops there. */
  readonly mayGoOn: () => boolean;
  /**
   * Whether data without a seal behind the last seal is reported. It may be a segment that is being written.
   */
  readonly reportsRest: boolean;
};

/** Whether the keys of the seal before the slice, which has that root, are trusted after it. */
export const adopts = (behind: NonNullable<Slice['behind']>, root: Uint8Array): boolean =>
  behind.kind === 'claimed' || equalBytes(behind.root, root);

export const WHOLE: Slice = { behind: null, before: null, mayGoOn: () => true, reportsRest: true };

/** Those before `before`, and no more of the list is asked for than it takes to see that. */
export async function* sealsBefore<T extends { readonly sequence: number }>(
  seals: AsyncIterable<T>,
  before: number | null,
): AsyncGenerator<T> {
  for await (const seal of seals) {
    if (before !== null && seal.sequence >= before) return;
    yield seal;
    if (before !== null && seal.sequence === before - 1) return;
  }
}
