// How are one key's versions ordered oldest first, in bounded memory?
import { type ObjectVersion, VERSIONS_PER_KEY_MAX } from './store.ts';

/** One entry of a list, and whether the store calls it the current one of its key. */
export type Listed = ObjectVersion & { readonly latest: boolean };

/** Fed newest first, as S3 lists; keeps the oldest versions and the oldest markers, and counts the others. */
export class KeyVersions {
  readonly key: string;
  readonly #versions: Kept;
  readonly #markers: Kept;

  constructor(key: string, keepMax: number = VERSIONS_PER_KEY_MAX) {
    this.key = key;
    this.#versions = new Kept(keepMax);
    // Apart from the versions: else many markers below the one version would push it out.
    this.#markers = new Kept(keepMax);
  }

  add(entry: Listed): void {
    (entry.marker ? this.#markers : this.#versions).push(entry);
  }

  /**
   * The versions in the store's own order, which is certain. The SDK splits versions from markers, so markers
   * are put among them by time, and S3's time has whole seconds: within one second the marker counts as the
   * newer, for one deletes what is there. What the store calls the current one is the newest, whatever its
   * time: some servers (versitygw 1.8) give a marker the time of the version below. Nothing but a report
   * depends on a marker's place.
   */
  oldestFirst(): ObjectVersion[] {
    const versions = this.#versions.newestFirst();
    const markers = this.#markers.newestFirst();
    const merged: Listed[] = [];
    for (;;) {
      const version = versions.at(-1);
      const marker = markers.at(-1);
      if (version === undefined && marker === undefined) break;
      const older = isOlder(version, marker) ? versions.pop() : markers.pop();
      merged.push(older as Listed);
    }
    const newerOmitted = this.#versions.dropped + this.#markers.dropped;
    return merged.map(({ latest: _, ...entry }, index) =>
      newerOmitted > 0 && index === merged.length - 1 ? { ...entry, newerOmitted } : entry,
    );
  }
}

function isOlder(version: Listed | undefined, marker: Listed | undefined): boolean {
  if (version === undefined) return false;
  if (marker === undefined || marker.latest) return true;
  return !version.latest && version.lastModifiedMs <= marker.lastModifiedMs;
}

/** The last `max` of any number of pushes, in at most twice their memory. */
class Kept {
  readonly #max: number;
  #entries: Listed[] = [];
  dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  push(entry: Listed): void {
    // Of some servers (versitygw 1.8) a page begins with the version that the last one ended with.
    if (entry.versionId === this.#entries.at(-1)?.versionId) return;
    this.#entries.push(entry);
    if (this.#entries.length >= this.#max * 2) this.#trim();
  }

  newestFirst(): Listed[] {
    this.#trim();
    return [...this.#entries];
  }

  #trim(): void {
    const excess = this.#entries.length - this.#max;
    if (excess <= 0) return;
    this.#entries = this.#entries.slice(excess);
    this.dropped += excess;
  }
}
