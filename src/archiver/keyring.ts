// Which keys sign a chain's next segment, and which vouch for its head? (FORMAT.md 6.13, 6.14, 13.5.6)
import type { Sha256 } from '../base/hash.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey, verifierKey } from '../format/vkey.ts';
import type { Head } from '../segment/segment.ts';
import type { Signer } from '../sign/signer.ts';
import { halt, NEW_CHAIN } from './chain/halt.ts';

/** What people decided about the log's keys, as far as this process can follow. */
export type DecidedKeys = {
  /** Keys of acts in force that this process can sign with, in the order of the acts. The last one signs. */
  readonly signers: readonly Signer[];
  /** Keys that were retired: by fingerprint, by whom and when, for people. */
  readonly retired: ReadonlyMap<string, string>;
};

export type KeyringOptions = {
  /** Of the configuration. Empty where they can't be opened any more, and a decided key signs. */
  readonly configured: readonly Signer[];
  /** Further keys that the configuration trusts. */
  readonly trusted: readonly VerifierKey[];
  readonly archiveOrigin: string;
  readonly sha256: Sha256;
  /** Reads the decisions anew. Null: nothing new. Throws what is worth another try. */
  readonly learn?: (signal: AbortSignal) => Promise<DecidedKeys | null>;
};

type Chain = Pick<Head, 'origin' | 'size' | 'keys'>;

/** A key that was opened once stays: a chain may still need it. */
export class Keyring {
  readonly #options: KeyringOptions;
  #decided: DecidedKeys = { signers: [], retired: new Map() };
  #opened: readonly Signer[];

  constructor(options: KeyringOptions) {
    this.#options = options;
    this.#opened = options.configured;
  }

  /** All that this process can sign with. */
  get signers(): readonly Signer[] {
    return this.#opened;
  }

  /** Named with the archive's origin: its own keys and those that the configuration trusts. */
  get trusted(): readonly VerifierKey[] {
    return [...this.own, ...this.#options.trusted];
  }

  /** Named with the archive's origin: those that it can sign with. */
  get own(): readonly VerifierKey[] {
    const { archiveOrigin, sha256 } = this.#options;
    return this.#opened.map(({ publicKey }) => verifierKey(archiveOrigin, publicKey, sha256));
  }

  /** The key that people decided on last. Null: the configured ones sign. */
  get decided(): Signer | null {
    return this.#decided.signers.at(-1) ?? null;
  }

  take(decided: DecidedKeys): void {
    this.#decided = decided;
    const fresh = decided.signers.filter((signer) => !this.#opened.some((one) => this.#isSame(one, signer)));
    if (fresh.length > 0) this.#opened = [...this.#opened, ...fresh];
  }

  /** Asks for what was decided. True: it may be more than before. */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const learned = (await this.#options.learn?.(signal)) ?? null;
    if (learned !== null) this.take(learned);
    return learned !== null;
  }

  /**
   * Whose signatures the chain's next segment needs, named with its origin. Throws HaltError `key-replaced`:
   * after each seal exactly its own keys are trusted, so a next one by none of them could never be verified.
   */
  keysAfter(chain: Chain): readonly string[] {
    const keys = this.#keysAfter(chain);
    if (keys !== null) return keys;
    throw replaced(
      chain,
      this.#opened.map((signer) => this.#nameOf(chain, signer)),
    );
  }

  /** The same; where nothing known will do, the decisions are asked first. */
  async requireKeys(chain: Chain, signal: AbortSignal): Promise<void> {
    if (this.#keysAfter(chain) === null) await this.refresh(signal);
    this.keysAfter(chain);
  }

  /** A decided key does not sign it alone yet. */
  isChanging(chain: Chain): boolean {
    const { decided } = this;
    if (decided === null) return false;
    return chain.keys.length !== 1 || chain.keys[0] !== this.#nameOf(chain, decided);
  }

  /** The signers of a segment's keys, in their order. Throws for a key that was never opened. */
  signersOf(origin: string, keys: readonly string[]): Signer[] {
    return keys.map((key) => {
      const found = this.#opened.find((signer) => this.#nameOf({ origin }, signer) === key);
      if (found === undefined) throw new Error(`${key} is no key that this archiver opened`);
      return found;
    });
  }

  /** By whom and when, for people. Null: nobody retired it. */
  retirementOf = ({ publicKey }: Signer): string | null =>
    this.#decided.retired.get(spkiFingerprint(publicKey, this.#options.sha256)) ?? null;

  #keysAfter(chain: Chain): readonly string[] | null {
    const { decided } = this;
    const named = (signer: Signer) => this.#nameOf(chain, signer);
    const isTrusted = (name: string) => chain.size === 0 || chain.keys.includes(name);
    if (decided === null) {
      const own = this.#options.configured.map(named);
      return own.some(isTrusted) ? own : null;
    }
    const next = named(decided);
    if (chain.keys.includes(next)) return [next];
    // Readers may have pinned the earlier key alone: a new chain too begins with both.
    const [bridge] = this.#opened
      .filter((signer) => !this.#isSame(signer, decided) && isTrusted(named(signer)))
      .filter((signer) => chain.size > 0 || this.retirementOf(signer) === null)
      .toSorted((a, b) => Number(this.retirementOf(a) !== null) - Number(this.retirementOf(b) !== null));
    if (bridge !== undefined) return [named(bridge), next];
    return chain.size === 0 ? [next] : null;
  }

  #nameOf({ origin }: Pick<Head, 'origin'>, { publicKey }: Signer): string {
    return encodeVkey(verifierKey(origin, publicKey, this.#options.sha256));
  }

  #isSame(a: Signer, b: Signer): boolean {
    const { sha256 } = this.#options;
    return spkiFingerprint(a.publicKey, sha256) === spkiFingerprint(b.publicKey, sha256);
  }
}

const replaced = ({ origin, size, keys }: Chain, own: readonly string[]) =>
  halt(
    'key-replaced',
    [
      `seal ${size - 1} of ${origin} names the key ${keys.map(keyText).join(' and ')}, and this archiver signs with`,
      `${own.map(keyText).join(' and ')}: no reader would trust a next seal by it`,
    ].join(' '),
    [
      'Put the earlier key back into `archive.signing`; to change it, `ledgerstone keys rotate`.',
      `If it is lost or no longer to be used, name it in \`archive.trusted\`. ${NEW_CHAIN}`,
    ].join(' '),
  );

/** `name+id+key` without the key: enough to tell keys apart. */
const keyText = (vkey: string): string => vkey.split('+').slice(0, 2).join('+');
