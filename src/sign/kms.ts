// How are checkpoints signed by a key that never leaves AWS KMS?
import { KMSClient, type KMSClientConfig, SignCommand } from '@aws-sdk/client-kms';
import { assert } from '../base/assert.ts';
import { LedgerstoneError, WAIT } from '../base/error.ts';
import type { MlDsaKey } from '../base/ml-dsa.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { Connections } from '../base/node/idle-sockets.ts';
import { type OnRequest, reportRequests } from '../base/node/requests.ts';
import type { CosigningKey, PublicKey } from '../format/vkey.ts';
import { type KmsAction, kmsError } from './kms-error.ts';
import { type KeyUse, type OpenedKey, openKmsKey } from './kms-key.ts';
import type { MlDsaSigner, Signer } from './signer.ts';
import { verified } from './verified.ts';

export type KmsSignerOptions = {
  /** Key id, key ARN, alias name (`alias/…`) or alias ARN. */
  readonly keyId: string;
  /** Default: the Region in the ARN, else the SDK's own (AWS_REGION, the profile). */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: KMSClientConfig['credentials'];
  /** One try's bound, from the connection to the answer's headers. Default 5 s. */
  readonly requestTimeoutMs?: number | undefined;
  /** Tries within one call, the first one included. Default 3. */
  readonly attempts?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each request, of the SDK's own tries too. */
  readonly onRequest?: OnRequest | undefined;
};

/** KMS refuses longer raw messages; a digest is always 32 bytes. */
const RAW_MESSAGE_BYTES_MAX = 4096;
/** The SDK's own bound. */
const SOCKETS_MAX = 50;
const CONNECT_TIMEOUT_MS_MAX = 3_000;

/**
 * Opens the key: it exists, is enabled, is of usage SIGN_VERIFY and of a spec that the format has, and its
 * public half is known. Rejects with a LedgerstoneError, fatal with a remedy or retriable.
 *
 * On repeats. The SDK repeats a Sign whose answer was late or lost, and with ECDSA each try makes another
 * signature over the same bytes. That is harmless here, for three reasons together: every try signs the
 * *same* checkpoint, so none of them can state another history; the answers that were lost went to nobody but
 * this process, inside its own TLS connection; and this function returns one signature, the only one that can
 * ever reach a seal. What would do harm is a second call by the caller for a checkpoint whose first signature
 * may be stored already: that the port forbids.
 */
export const kmsSigner = (options: KmsSignerOptions): Promise<Signer> =>
  openKms<PublicKey>(options, 'signing');

/** The same with an ML-DSA-44 key. */
export const kmsMlDsaSigner = (options: KmsSignerOptions): Promise<MlDsaSigner> =>
  openKms<MlDsaKey>(options, 'post-quantum');

async function openKms<K extends CosigningKey>(options: KmsSignerOptions, use: KeyUse): Promise<Signer<K>> {
  const { keyId, attempts = 3, requestTimeoutMs = 5_000 } = options;
  const region = regionFor(keyId, options.region);
  const connections = new Connections(SOCKETS_MAX);
  const kms = new KMSClient({
    ...(region === undefined ? {} : { region }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    maxAttempts: attempts,
    requestHandler: {
      httpAgent: connections.httpAgent,
      httpsAgent: connections.httpsAgent,
      connectionTimeout: Math.min(CONNECT_TIMEOUT_MS_MAX, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      // Without it a request over its time is only logged, and hangs.
      throwOnRequestTimeout: true,
    },
  });
  // Of each try by itself: the SDK's next one goes over a new connection.
  kms.middlewareStack.add((next) => (args) => connections.request(() => next(args)), {
    name: 'ledgerstoneDeadSockets',
    step: 'deserialize',
    priority: 'low',
  });
  reportRequests(kms, options.onRequest);
  // One try's time more than the tries: for credentials, waits in between, and a body that stalls after its
  // headers.
  const callMs = (attempts + 1) * requestTimeoutMs;
  const call = <T>(
    action: KmsAction,
    of: string,
    work: (client: KMSClient, abort: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ) => bounded(action, of, callMs, (abort) => work(kms, abort), signal);

  try {
    const key = await openKmsKey(keyId, use, (action, work) => call(action, keyId, work, options.signal));
    return {
      // Of a kind of that use: `openKmsKey` refuses every other.
      publicKey: key.publicKey as K,
      description: key.arn,
      sign: async (message, signal) => {
        const request = signCommand(key, message);
        const answer = await call(
          'Sign',
          key.arn,
          (client, abortSignal) => client.send(request, { abortSignal }),
          signal,
        );
        return verified(key.publicKey, message, answer.Signature ?? new Uint8Array(0), key.arn);
      },
    };
  } catch (error) {
    kms.destroy();
    throw error;
  }
}

function signCommand({ arn, form }: OpenedKey, message: Uint8Array): SignCommand {
  const input = form.messageType === 'DIGEST' ? nodeSha256(message) : message;
  assert(
    input.length > 0 && input.length <= RAW_MESSAGE_BYTES_MAX,
    `KMS signs 1 to 4096 bytes, not ${input.length}`,
  );
  return new SignCommand({
    KeyId: arn,
    Message: input,
    MessageType: form.messageType,
    SigningAlgorithm: form.signingAlgorithm,
  });
}

/**
 * Runs one SDK call and ends it at the deadline or at the caller's word, even where the SDK itself would wait
 * on: it has no bound for a body that stalls, nor for its credential providers. A caller's abort rejects with
 * its reason.
 */
async function bounded<T>(
  action: KmsAction,
  keyId: string,
  withinMs: number,
  work: (abort: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const stop = Promise.withResolvers<never>();
  const end = (error: unknown) => {
    stop.reject(error);
    ended.abort();
  };
  const onAbort = () => end(signal?.reason);
  const timer = setTimeout(() => end(deadlinePassed(action, keyId, withinMs)), withinMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(ended.signal), stop.promise]);
  } catch (error) {
    signal?.throwIfAborted();
    throw kmsError(error, action, keyId);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

const deadlinePassed = (action: KmsAction, keyId: string, withinMs: number) =>
  new LedgerstoneError(
    'kms-unavailable',
    `KMS ${action} with ${keyId} gave no answer within ${withinMs} ms`,
    {
      disposition: 'retriable',
      remedy: `${WAIT} If it stays, check the Region, the endpoint and the network path to KMS.`,
    },
  );

/** An ARN of one Region asked of another is "not found" to KMS: say what is wrong instead. */
function regionFor(keyId: string, configured: string | undefined): string | undefined {
  const named = /^arn:[^:]+:kms:([^:]+):/.exec(keyId)?.[1];
  if (named !== undefined && configured !== undefined && named !== configured) {
    throw new LedgerstoneError(
      'config',
      `the key ${keyId} is of Region ${named}, and the configured Region is ${configured}`,
      {
        remedy: 'Leave the signing Region out, or make both the same.',
      },
    );
  }
  return configured ?? named;
}
