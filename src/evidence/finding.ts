// What can be wrong with a package, and how bad is it?

/**
 * `red`: the package is not what was archived, or not what it says of itself. `amber`: it can't be said from
 * this copy, or nobody vouches for it.
 */
const COLOUR = {
  'file-changed': 'red',
  'file-missing': 'red',
  'signature-bad': 'red',
  'line-bad': 'red',
  'line-changed': 'red',
  'line-order': 'red',
  'proof-bad': 'red',
  'event-without-proof': 'red',
  'proof-without-event': 'red',
  'event-missing': 'red',
  'event-not-asked': 'red',
  'not-drawn': 'red',
  'sample-differs': 'red',
  'checkpoint-bad': 'red',
  'cosignature-bad': 'red',
  'stamp-bad': 'red',
  'table-differs': 'red',
  'statement-differs': 'red',
  'protocol-differs': 'red',
  'manifest-missing': 'amber',
  'manifest-unreadable': 'amber',
  'newer-version': 'amber',
  'zip-not-a-zip': 'amber',
  'zip-cut': 'amber',
  'zip-foreign': 'amber',
  'zip-damaged': 'amber',
  'zip-repacked': 'amber',
  'line-ends': 'amber',
  'byte-order-mark': 'amber',
  're-formatted': 'amber',
  swapped: 'amber',
  renamed: 'amber',
  'file-extra': 'amber',
  'keys-unreadable': 'amber',
  'cosignature-unchecked': 'amber',
  'stamp-missing': 'amber',
  'stamp-not-shown': 'amber',
  'search-incomplete': 'amber',
  unsigned: 'amber',
  'other-key': 'amber',
  'own-key': 'amber',
  'other-signer': 'amber',
} as const satisfies Readonly<Record<string, 'red' | 'amber'>>;

export type FindingKind = keyof typeof COLOUR;

export type PackageFinding = {
  readonly kind: FindingKind;
  readonly colour: 'red' | 'amber';
  /** The words that the text of this kind has room for, such as `path`. From outside: not yet printable. */
  readonly about: Readonly<Record<string, string>>;
};

/** Findings of one package that are kept; more of a hostile one say nothing new. */
const KEPT_MAX = 200;

export class Findings {
  readonly #list: PackageFinding[] = [];
  readonly #known = new Set<string>();
  #omitted = 0;

  /** The same finding is kept once. */
  add(kind: FindingKind, about: Readonly<Record<string, string | number>> = {}): void {
    const words = Object.fromEntries(Object.entries(about).map(([name, value]) => [name, String(value)]));
    const key = JSON.stringify([kind, words]);
    if (this.#known.has(key)) return;
    // A red one is never left out for the sake of an amber one that came first.
    if (this.#list.length >= KEPT_MAX) {
      this.#omitted++;
      const isFirstRed = COLOUR[kind] === 'red' && !this.#list.some(({ colour }) => colour === 'red');
      if (!isFirstRed) return;
    }
    this.#known.add(key);
    this.#list.push({ kind, colour: COLOUR[kind], about: words });
  }

  /** Findings that are not in the list. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Red ones first, else in the order of the check. */
  list(): readonly PackageFinding[] {
    const of = (colour: string) => this.#list.filter((finding) => finding.colour === colour);
    return [...of('red'), ...of('amber')];
  }
}
