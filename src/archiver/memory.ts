// How many bytes are held over all partitions, and for which one? Batches and the sealer charge this ledger.

/** One batch's, or one segment's, part of the ledger. */
export type MemoryAccount = {
  /** From now on this much is held: a level, not an addition. */
  hold(bytes: number): void;
  /** So much was handed to encoding. */
  queue(bytes: number): void;
  /** So much of that is encoded, and the batch holds `heldBytes` now. */
  encoded(bytes: number, heldBytes: number): void;
  /** Nothing is held any more. Later reports change only what is queued. */
  release(): void;
};

export class MemoryLedger {
  #heldBytes = 0;
  #queuedBytes = 0;
  #unsealedBytes = 0;
  readonly #heldFor = new Map<string, number>();
  #onEncoded = (): void => {};

  /** Accepted and not sealed: encoded lines of batches, and the data of segments that are being stored. */
  get heldBytes(): number {
    return this.#heldBytes;
  }
  /** The part of it that the sealer does not carry yet: batches that fill or wait. */
  get unsealedBytes(): number {
    return this.#unsealedBytes;
  }
  /** Handed to a lane and not yet encoded, raw or decoded: how far it is behind. Bounded separately. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }
  heldFor(owner: string): number {
    return this.#heldFor.get(owner) ?? 0;
  }

  /** What belongs to no batch yet: so many bytes more wait in a lane, or fewer. */
  queued(more: number): void {
    this.#queuedBytes += more;
    if (more < 0) this.#onEncoded();
  }

  /** Called each time after less is queued. */
  onEncoded(listener: () => void): void {
    this.#onEncoded = listener;
  }

  /** `owner`: the partition whose batch this is. Null: a segment that the sealer carries to its outcome. */
  open(owner: string | null): MemoryAccount {
    let held = 0;
    let isOpen = true;
    const hold = (bytes: number): void => {
      if (!isOpen) return;
      this.#add(owner, bytes - held);
      held = bytes;
    };
    return {
      hold,
      queue: (bytes) => {
        this.#queuedBytes += bytes;
      },
      encoded: (bytes, heldBytes) => {
        this.#queuedBytes -= bytes;
        hold(heldBytes);
        this.#onEncoded();
      },
      release: () => {
        hold(0);
        isOpen = false;
      },
    };
  }

  #add(owner: string | null, bytes: number): void {
    this.#heldBytes += bytes;
    if (owner === null) return;
    this.#unsealedBytes += bytes;
    const held = this.heldFor(owner) + bytes;
    if (held === 0) this.#heldFor.delete(owner);
    else this.#heldFor.set(owner, held);
  }
}
