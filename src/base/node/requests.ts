// What is told of each request that an AWS client sends, tries of the SDK's own included?

/**
 * `ok`: done. `absent`: there is no such thing (404). `present`: a create-only PUT found an object (412).
 * `refused`: any other 4xx. `throttled`: asked to come later (429, 503, or by its name). `failed`: any other
 * answer. `no-answer`: a timeout or a connection that broke. `aborted`: ended by this process.
 */
type Outcome = 'ok' | 'absent' | 'present' | 'refused' | 'throttled' | 'failed' | 'no-answer' | 'aborted';

/** `operation`: as the service calls it, such as `PutObject`. `seconds`: to the head of the answer. */
export type Request = { readonly operation: string; readonly outcome: Outcome; readonly seconds: number };
/** Must not throw. */
export type OnRequest = (request: Request) => void;

type Failure = { readonly name?: unknown; readonly $metadata?: { readonly httpStatusCode?: number } } | null;

/** A client of the SDK, as far as it is needed here: `deserialize` is the step of one try. */
type Observable = {
  readonly middlewareStack: {
    add(
      middleware: <A, T>(
        next: (args: A) => Promise<T>,
        context: { readonly commandName?: string },
      ) => (args: A) => Promise<T>,
      options: { readonly name: string; readonly step: 'deserialize'; readonly priority: 'high' },
    ): void;
  };
};

/** Outside of what reads the answer, so that errors have their names, and inside of what tries again. */
export function reportRequests(client: Observable, onRequest: OnRequest | undefined): void {
  if (onRequest === undefined) return;
  client.middlewareStack.add(
    (next, { commandName }) => {
      const operation = commandName?.replace(/Command$/, '') ?? 'unknown';
      return async (args) => {
        const startedMs = performance.now();
        const report = (outcome: Outcome) =>
          onRequest({ operation, outcome, seconds: (performance.now() - startedMs) / 1000 });
        try {
          const result = await next(args);
          report('ok');
          return result;
        } catch (error) {
          report(outcomeOf(error as Failure));
          throw error;
        }
      };
    },
    { name: 'ledgerstoneRequests', step: 'deserialize', priority: 'high' },
  );
}

/** KMS throttles with a 400, and says so by its name alone. */
const LATER = /Throttl|SlowDown|TooManyRequests|RequestLimitExceeded/;

function outcomeOf(error: Failure): Outcome {
  const status = error?.$metadata?.httpStatusCode;
  const name = String(error?.name);
  if (status === undefined) return name === 'AbortError' ? 'aborted' : 'no-answer';
  if (status === 429 || status === 503 || LATER.test(name)) return 'throttled';
  if (status === 404) return 'absent';
  if (status === 412) return 'present';
  return status >= 400 && status < 500 ? 'refused' : 'failed';
}
