// Does SIGHUP mean "read the configuration again", or that a terminal has ended?

/** A service alone has a configuration to read again. On Windows a closed console sends it. */
export function isForReload(
  command: string,
  platform: NodeJS.Platform,
  streams: readonly { readonly isTTY?: boolean }[],
): boolean {
  const isService = command === 'archive' || command === 'watch';
  return isService && platform !== 'win32' && streams.every(({ isTTY }) => isTTY !== true);
}

/** Requests come whenever they like; the service listens as soon as it has started. */
export class ReloadRequests {
  #listener: (() => void) | null = null;
  #isWaiting = false;

  request(): void {
    if (this.#listener === null) this.#isWaiting = true;
    else this.#listener();
  }

  listen(listener: () => void): void {
    this.#listener = listener;
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    listener();
  }
}
