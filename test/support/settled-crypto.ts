// Is a signature being checked on another thread just now? Virtual time must not go on before it is done.

let pending = 0;

/** WebCrypto works on threads: who waits for it waits for real time, which a test's clock knows nothing of. */
const { subtle } = globalThis.crypto;
for (const name of ['verify', 'importKey', 'digest'] as const) {
  const original = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>;
  const counted = (...args: unknown[]) => {
    pending += 1;
    return original(...args).finally(() => {
      pending -= 1;
    });
  };
  Object.defineProperty(subtle, name, { value: counted, configurable: true });
}

const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** For `FakeClock`: resolves once all that is ready has run, on other threads too. */
export async function settled(): Promise<void> {
  do await oneTurn();
  while (pending > 0);
}
