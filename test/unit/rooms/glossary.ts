// What does docs/glossary.md say, and does a name keep to it?

type Term = { readonly term: string; readonly meaning: string };
export type Glossary = {
  readonly terms: readonly Term[];
  /** In lower case. */
  readonly replaced: ReadonlySet<string>;
};

/** Reads its tables: three columns define terms, two columns replace words. Throws on a row of another shape. */
export function parseGlossary(text: string): Glossary {
  const terms: Term[] = [];
  const replaced = new Set<string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('|') || /^\|[ |:-]+\|$/.test(line)) continue;
    const cells = line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim());
    const [first = '', second = ''] = cells;
    if (first === 'term' || first === 'replaced') continue;
    if (first === '' || second === '' || cells.length > 3 || cells.length < 2)
      throw new Error(`no row: ${line}`);
    if (cells.length === 3) terms.push({ term: first, meaning: second });
    else for (const word of wordList(first)) replaced.add(word);
  }
  return { terms, replaced };
}

const wordList = (cell: string): string[] => cell.split(',').map((word) => word.trim().toLowerCase());

/** `openEdges`, `TOLD_BYTES_MAX` and `finding-desk` word by word, in lower case. */
export const wordsOf = (name: string): string[] =>
  (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());

export const replacedWordsIn = (name: string, { replaced }: Pick<Glossary, 'replaced'>): string[] =>
  wordsOf(name).filter((word) => replaced.has(word));

/** Names that more than one file declares, each with its files. */
export function sharedNames(exported: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const [file, names] of exported)
    for (const name of new Set(names)) files.set(name, [...(files.get(name) ?? []), file]);
  return new Map([...files].filter(([name, all]) => name !== 'default' && all.length > 1));
}
