// What is a seeded bug? A small change of the product that the simulation has to notice.

/** In one file of the product: this text, which stands there exactly once, becomes that one. */
export type Edit = {
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

export type Bug = {
  readonly name: string;
  /** What somebody would lose, were the product like this. */
  readonly loses: string;
  /** The problem by which it is known: one that the simulation reports by itself. */
  readonly shows: RegExp;
  /** More than one where a second guard would make up for the first one's absence. */
  readonly edits: readonly Edit[];
};

/** The source with all edits of its file applied. Throws where the product no longer is what the bug was made for. */
export function mutate(bug: Bug, file: string, source: string): string {
  let text = source;
  for (const { find, replace } of bug.edits.filter((edit) => edit.file === file)) {
    const found = text.split(find).length - 1;
    if (found !== 1)
      throw new Error(`bug ${bug.name} no longer applies: ${file} holds this ${found} times: ${find}`);
    text = text.replace(find, () => replace);
  }
  return text;
}
