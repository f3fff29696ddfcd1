// Which checkpoints go to witnesses, when, and what of their answers stands under an attestation?
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { verifySignature } from '../../base/signature.ts';
import { type CosignerKey, labelOf, readCosignature } from '../../format/cosignature.ts';
import { encodeSignedCheckpoint, type NoteSignature } from '../../format/note.ts';
import { isQuorumMet, type Policy, quorumText } from '../../format/tlog-policy.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { consistencyUnder } from '../../read/later-path.ts';
import type { StoreReader } from '../../store/store.ts';
import { VerifyError } from '../../verify/finding.ts';
import type { OpenedSeal } from '../../verify/open-seal.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { Fetch } from '../alarms/webhook.ts';
import { addCheckpoint } from './add-checkpoint.ts';

export type WitnessesOptions = {
  readonly archive: StoreReader;
  /** Each of its witnesses has an address. */
  readonly policy: Pick<Policy, 'witnesses' | 'quorum'>;
  /** Of each chain one checkpoint is shown within this time. */
  readonly everyMs: number;
  /** True: without a quorum nothing is attested, as long as a checkpoint is due. */
  readonly required: boolean;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  readonly fetch?: Fetch;
};

export type Witnessing = {
  readonly place: ChainInArchive;
  readonly head: OpenedSeal;
  /** The log's lines under the checkpoint. */
  readonly logLines: readonly NoteSignature[];
  /** When this verifier attested the chain before. Null: never, or it is not known. */
  readonly lastMs: number | null;
  /** Lines that there is room for. */
  readonly most: number;
  readonly signal?: AbortSignal | undefined;
};

/** After a try that failed, the next one is so much later at the earliest. */
const RETRY_MS = 600_000;

export class Witnesses {
  readonly #options: WitnessesOptions;
  /** By origin: of the last try in this process, when it was, and whether there was a quorum. */
  readonly #tried = new Map<string, { readonly atMs: number; readonly isMet: boolean }>();

  constructor(options: WitnessesOptions) {
    this.#options = options;
  }

  /**
   * The witnesses' checked lines; none if no checkpoint of the chain is due. What fails is logged, and is no
   * reason not to attest. If it is required it rejects with `not-witnessed`, and the next run tries again.
   */
  async ask(asked: Witnessing): Promise<readonly NoteSignature[]> {
    const { policy, clock, log, required } = this.#options;
    const { origin, size } = asked.head.seal.signed.checkpoint;
    const nowMs = clock.now();
    if (!this.#isDue(origin, asked.lastMs, nowMs)) return [];
    if (this.#isWaiting(origin, nowMs)) {
      if (!required) return [];
      throw this.#notWitnessed(asked, 'they are asked again within ten minutes');
    }
    const found = (await Promise.all(this.#byAddress().map((of) => this.#askOne(...of, asked)))).flat();
    const keys = found.map(({ key }) => key);
    const isMet = isQuorumMet(policy.quorum, keys);
    this.#tried.set(origin, { atMs: nowMs, isMet });
    const by = keys.map(labelOf);
    if (isMet) log.info({ ...asked.place, size, by }, 'witnessed');
    else if (required) {
      throw this.#notWitnessed(asked, `${by.length === 0 ? 'nobody' : by.join(', ')} has cosigned it`);
    } else log.warn({ ...asked.place, size, by, needs: quorumText(policy.quorum) }, 'too few witnesses');
    return found.slice(0, asked.most).map(({ line }) => line);
  }

  /** The first attestation of each period, and again after a try of this process that failed. */
  #isDue(origin: string, lastMs: number | null, nowMs: number): boolean {
    const { everyMs } = this.#options;
    const periodOf = (ms: number) => Math.floor(ms / everyMs);
    const tried = this.#tried.get(origin);
    if (tried !== undefined && !tried.isMet) return true;
    if (tried !== undefined && periodOf(tried.atMs) === periodOf(nowMs)) return false;
    return lastMs === null || periodOf(lastMs) !== periodOf(nowMs);
  }

  /** Witnesses that are down are not asked by each attestation. */
  #isWaiting(origin: string, nowMs: number): boolean {
    const tried = this.#tried.get(origin);
    if (tried === undefined || tried.isMet) return false;
    return nowMs - tried.atMs < Math.min(RETRY_MS, this.#options.everyMs);
  }

  #notWitnessed({ head }: Witnessing, why: string): LedgerstoneError {
    const { origin, size } = head.seal.signed.checkpoint;
    const needs = quorumText(this.#options.policy.quorum);
    return new LedgerstoneError('not-witnessed', `${origin} at size ${size} needs ${needs}, and ${why}`, {
      disposition: 'retriable',
      remedy: 'Nothing is attested meanwhile. Look at what the log says of each witness.',
    });
  }

  /** A witness that signs with two keys is asked once. */
  #byAddress(): (readonly [url: string, keys: readonly CosignerKey[]])[] {
    const { witnesses } = this.#options.policy;
    const urls = new Set(witnesses.map(({ url }) => url ?? ''));
    return [...urls].map((url) => [url, witnesses.flatMap((one) => (one.url === url ? [one.key] : []))]);
  }

  async #askOne(url: string, keys: readonly CosignerKey[], asked: Witnessing) {
    const { fetch: send = fetch, timeoutMs, log } = this.#options;
    const { text, checkpoint } = asked.head.seal.signed;
    const { size, root } = checkpoint;
    const witness = keys.map(labelOf).join(', ');
    const say = (why: string) =>
      log.warn({ ...asked.place, size, witness, why }, 'not cosigned by a witness');
    try {
      const note = encodeSignedCheckpoint(text, asked.logLines);
      const proofFrom = (from: number) => this.#proof(asked, from, size, root);
      const options = { fetch: send, timeoutMs };
      const answer = await addCheckpoint(url, { note, size, proofFrom }, options, asked.signal);
      if (answer.kind === 'other-history')
        log.error({ ...asked.place, size, witness, why: answer.why }, 'a witness knows another history');
      if (answer.kind === 'refused') say(answer.why);
      if (answer.kind !== 'lines') return [];
      const found = await checkedLines(answer.lines, keys, text);
      if (found.length === 0) say('its answer has no line of a key that the policy names');
      return found;
    } catch (error) {
      asked.signal?.throwIfAborted();
      if (!(error instanceof LedgerstoneError)) throw error;
      say(error.message);
      return [];
    }
  }

  /** From seals of the archive, which need no trust here: it is held to the root of the checkpoint. */
  #proof({ place, signal }: Witnessing, from: number, size: number, root: Uint8Array) {
    const never = new AbortController().signal;
    const options = { store: this.#options.archive, ...place, trusted: [], signal: signal ?? never };
    const reader = new ChainReader(options);
    return consistencyUnder((sequence) => reader.seal(sequence), from, { size, root });
  }
}

/** Of each key the first line. Throws VerifyError if one of them is bad: then none of the answer counts. */
async function checkedLines(
  lines: readonly NoteSignature[],
  keys: readonly CosignerKey[],
  text: Uint8Array,
): Promise<{ readonly key: CosignerKey; readonly line: NoteSignature }[]> {
  const found: { readonly key: CosignerKey; readonly line: NoteSignature }[] = [];
  for (const line of lines) {
    for (const key of keys) {
      if (found.some((one) => one.key === key)) continue;
      const read = readCosignature(line, key, text);
      if (read === null) continue;
      const isTimed = read.timeSeconds !== null && read.timeSeconds > 0;
      if (!isTimed || !(await verifySignature(key.key, read.message, read.signature)))
        throw new VerifyError({
          code: 'bad-signature',
          expected: `a cosignature of ${labelOf(key)} over this checkpoint`,
          found: isTimed ? 'a signature that is not' : 'one without a time',
        });
      found.push({ key, line });
    }
  }
  return found;
}
