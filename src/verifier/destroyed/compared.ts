// Do the seals of a chain, and what lies there now, bear out a certificate of destruction? (FORMAT.md 9.12.5)
import { equalBytes, toHex } from '../../base/bytes.ts';
import { counted } from '../../base/counted.ts';
import type { Sha256 } from '../../base/hash.ts';
import { type Certificate, type SealedData, sumsOf } from './certificate.ts';
import { isWithin } from './ranges.ts';

export type ComparisonResult = {
  /** In words. */
  readonly problems: readonly string[];
  /** Objects of which it is not known whether they are gone. */
  readonly unknown: number;
};

/** Is told of a chain's good seals, in their order. */
export class ComparedCertificate {
  readonly certificate: Certificate;
  readonly #objects: SealedData[] = [];
  readonly #there: SealedData[] = [];
  #unknown = 0;
  #result: ComparisonResult | null = null;
  #root: { readonly origin: string; readonly root: Uint8Array } | null = null;

  constructor(certificate: Certificate) {
    this.certificate = certificate;
  }

  /** Segments of the chain whose data objects it names. */
  get sequences(): readonly number[] {
    return this.#objects.map(({ sequence }) => sequence);
  }

  names(sequence: number): boolean {
    return isWithin(this.certificate.segments, sequence);
  }

  /** `isThere` null: the store did not say. */
  add(data: SealedData, isThere: boolean | null): void {
    if (!this.names(data.sequence)) return;
    this.#objects.push(data);
    if (isThere === true) this.#there.push(data);
    if (isThere === null) this.#unknown++;
  }

  /** Of each seal: the root over it and all before. */
  seal(sequence: number, origin: string, root: Uint8Array): void {
    if (sequence === this.certificate.size - 1) this.#root = { origin, root };
  }

  /** Once all seals were added: what contradicts it. */
  result(sha256: Sha256): ComparisonResult {
    this.#result ??= this.#compare(sha256);
    return this.#result;
  }

  #compare(sha256: Sha256): ComparisonResult {
    const { size, root, origin } = this.certificate;
    const problems: string[] = [];
    if (this.#root === null) problems.push(`the chain has no seal ${size - 1} that could be read`);
    else if (this.#root.origin !== origin) problems.push(`the chain is ${this.#root.origin}, not ${origin}`);
    else if (!equalBytes(this.#root.root, root))
      problems.push(`the root of the chain at size ${size} is ${toHex(this.#root.root)}, not ${toHex(root)}`);
    const differing = this.#differing(sha256);
    if (differing.length > 0) problems.push(`the seals say otherwise of ${differing.join(', ')}`);
    const [first] = this.#there;
    if (first !== undefined)
      problems.push(`${counted(this.#there.length, 'data object')} of it lies there, first ${first.key}`);
    return { problems, unknown: this.#unknown };
  }

  #differing(sha256: Sha256): string[] {
    if (this.#objects.length === 0) return ['its data objects'];
    const said = this.certificate;
    const sums = sumsOf(this.#objects, sha256);
    return [
      ...(['objects', 'bytes', 'records', 'list'] as const).filter((name) => sums[name] !== said[name]),
      ...(sums.sealedUntilMs === said.sealedUntilMs ? [] : ['until.sealed']),
      ...(['offsets', 'policies'] as const).filter(
        (name) => JSON.stringify(sums[name]) !== JSON.stringify(said[name]),
      ),
    ];
  }
}
