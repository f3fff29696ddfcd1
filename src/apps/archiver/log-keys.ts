// Which keys may this archiver sign with: configured, and decided by people? (docs/decisions/0090)
import { type DecidedKeys, Keyring } from '../../archiver/keyring.ts';
import { codeOf, type ServiceStatus } from '../../archiver/status.ts';
import { utf8 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { isRetriable, LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { decidedSigning } from '../../clients/decided-key.ts';
import type { Config } from '../../config/archiver.ts';
import type { SigningConfig } from '../../config/connections.ts';
import { parseVkey, type VerifierKey } from '../../format/vkey.ts';
import type { ActsLook } from '../../read/acts.ts';
import { BROKEN_ACTS_REMEDY } from '../../read/broken-acts.ts';
import { DecisionReader } from '../../read/decision-reader.ts';
import type { Head } from '../../segment/segment.ts';
import type { Signer } from '../../sign/signer.ts';
import type { StoreReader } from '../../store/store.ts';
import { rotations } from '../../verify/acts/keys.ts';
import { sameKey } from '../../verify/trust.ts';
import { keyRetired, retiredKeys } from './retired-key.ts';

export type LogKeysOptions = {
  readonly archive: Config['archive'];
  readonly store: StoreReader;
  /** Opens a key; by default with the client that its kind needs. */
  readonly open: (signing: SigningConfig) => Promise<Signer>;
  /** Stores a key's object, before anything is sealed by it. */
  readonly publish: (key: VerifierKey) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onTrouble: (error: unknown) => void;
};

type Decided = ReturnType<typeof rotations>[number];

/** How long an archiver may take to learn of a decision. */
const LOOK_MS = 60_000;

/** Signed once by a key before it is used. No checkpoint looks like that. */
const trialText = (origin: string): Uint8Array => utf8(`ledgerstone/key-trial/1\n${origin}\n`);

export class LogKeys {
  readonly keyring: Keyring;
  readonly #options: LogKeysOptions;
  readonly #decisions: DecisionReader;
  #trouble: { readonly error: unknown; readonly sinceMs: number } | null = null;

  /**
   * Throws what the configured key's client says, unless a decided key signs; `signing-key-retired`; and
   * what is retriable of the store.
   */
  static async open(options: LogKeysOptions, signal: AbortSignal): Promise<LogKeys> {
    const configured = await options.open(options.archive.signing).then(
      (signer) => ({ signer, error: null }),
      (error: unknown) => ({ signer: null, error }),
    );
    const keys = new LogKeys(options, configured.signer);
    // What KMS may yet answer is waited for: it says whose key it is.
    if (configured.signer === null && isRetriable(configured.error)) throw configured.error;
    await keys.keyring.refresh(signal);
    keys.#requireSigning(configured);
    return keys;
  }

  private constructor(options: LogKeysOptions, configured: Signer | null) {
    const { archive, store, clock } = options;
    this.#options = options;
    const trusted = archive.trusted.map((text) => parseVkey(text, nodeSha256));
    this.#decisions = new DecisionReader({ archive: store, trusted, sha256: nodeSha256, clock });
    this.keyring = new Keyring({
      ...{ configured: configured === null ? [] : [configured], trusted, archiveOrigin: archive.origin },
      sha256: nodeSha256,
      learn: (signal) => this.#learn(signal),
    });
  }

  /** Why what was decided is not followed yet, and since when. Null: it is. */
  get trouble(): { readonly error: unknown; readonly sinceMs: number } | null {
    return this.#trouble;
  }

  /** `heads`: of the chains of this instance. */
  statusOf(heads: readonly (Head | null)[]): NonNullable<ServiceStatus['keys']> {
    const waiting = heads.flatMap((head) =>
      head !== null && this.keyring.isChanging(head) ? [`${head.chain}/${head.partition}`] : [],
    );
    return { waiting, problem: this.#trouble === null ? null : messageOf(this.#trouble.error) };
  }

  /** Asks once a minute, until the signal aborts. Never rejects. `changed`: other keys sign from now on. */
  async keep(signal: AbortSignal, changed: () => void): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      await clock.sleep(LOOK_MS, signal).catch(() => {});
      if (signal.aborted) return;
      const { signers, decided } = this.keyring;
      try {
        await this.keyring.refresh(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
      }
      if (signers !== this.keyring.signers || decided !== this.keyring.decided) changed();
    }
  }

  #requireSigning({ signer, error }: { readonly signer: Signer | null; readonly error: unknown }): void {
    const { keyring } = this;
    const { log } = this.#options;
    const { decided } = keyring;
    const signing = decided ?? signer;
    if (signing === null) throw error;
    const how = keyring.retirementOf(signing);
    if (how !== null) throw keyRetired(signing, how);
    if (decided === null || (signer !== null && sameKey(signer.publicKey, decided.publicKey))) return;
    const why = error === null ? '' : `, which can't be opened (${messageOf(error)})`;
    const retired = signer === null ? null : keyring.retirementOf(signer);
    log.warn(
      { key: decided.description },
      retired === null
        ? `people decided on another key than archive.signing names${why}: name it there once all chains have it`
        : [
            `the key of archive.signing was retired ${retired}: this archiver signs with ${decided.description}.`,
            'Put that key into archive.signing',
          ].join(' '),
    );
  }

  async #learn(signal: AbortSignal): Promise<DecidedKeys | null> {
    const look = await this.#decisions.look(signal, true);
    if (look.kind === 'no-chain') return { signers: [], retired: new Map() };
    if (look.kind !== 'read' || !look.isVerified) {
      this.#failed(unknown(look));
      return null;
    }
    const signers: Signer[] = [];
    let failure: unknown = null;
    for (const decided of rotations(look.history, nodeSha256)) {
      try {
        signers.push(await this.#signerOf(decided, signal));
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    if (failure === null) this.#trouble = null;
    else this.#failed(failure);
    return { signers, retired: retiredKeys(look.history) };
  }

  async #signerOf({ key, recorded: { act } }: Decided, signal: AbortSignal): Promise<Signer> {
    const known = this.keyring.signers.find(({ publicKey }) => sameKey(publicKey, key.key));
    if (known !== undefined) return known;
    const { archive, open, publish, log } = this.#options;
    const signer = await open(
      decidedSigning(archive.signing, act.detail.signer, this.keyring.signers[0]?.description),
    );
    if (!sameKey(signer.publicKey, key.key))
      throw new LedgerstoneError(
        'key-not-decided',
        `${signer.description} holds another key than ${act.by.name} decided on`,
        { remedy: 'Put the right key there, or decide on this one: ledgerstone keys rotate.' },
      );
    await signer.sign(trialText(archive.origin), signal);
    await publish(key);
    log.info(
      { act: act.id, by: act.by.name, key: signer.description },
      'a key that people decided on is taken: each chain changes over at its next segment',
    );
    return signer;
  }

  #failed(error: unknown): void {
    const { clock, log, onTrouble } = this.#options;
    this.#trouble = { error, sinceMs: this.#trouble?.sinceMs ?? clock.now() };
    onTrouble(error);
    const remedy = error instanceof LedgerstoneError ? error.remedy : undefined;
    log.warn(
      { code: codeOf(error), remedy },
      `what people decided about keys is not followed, trying again: ${messageOf(error)}`,
    );
  }
}

const NO_KEY_REMEDY = 'Its verifier key belongs into `archive.trusted`; then look at it: ledgerstone verify.';
const UNREAD_REMEDY = [
  'It is asked for again. If it stays so while the store answers: is its verifier key in `archive.trusted`?',
  'Look at it: ledgerstone verify.',
].join(' ');

function unknown(look: Exclude<ActsLook, { readonly kind: 'no-chain' }>): LedgerstoneError {
  const problem = look.kind === 'no-key' ? null : look.problem;
  const isBroken = look.kind !== 'no-key' && look.broken;
  return new LedgerstoneError(
    'decisions-unknown',
    `the governance chain ${isBroken ? 'is broken' : "can't be read"}: ${problem ?? 'no key was given that covers it'}`,
    { remedy: isBroken ? BROKEN_ACTS_REMEDY : look.kind === 'no-key' ? NO_KEY_REMEDY : UNREAD_REMEDY },
  );
}
