// What does a failed KMS call mean, and what may be done about it?
import { firstLineOf, LedgerstoneError, messageOf, WAIT } from '../base/error.ts';

export type KmsAction = 'GetPublicKey' | 'DescribeKey' | 'Sign';

type Meaning = { readonly code: string; readonly retriable: boolean; readonly remedy: string };

const fatal = (code: string, remedy: string): Meaning => ({ code, retriable: false, remedy });
const retriable = (code: string, remedy: string): Meaning => ({ code, retriable: true, remedy });

const THROTTLED = retriable(
  'kms-throttled',
  `${WAIT} If it stays, raise the KMS request quota of the account.`,
);
const UNAVAILABLE = retriable(
  'kms-unavailable',
  `${WAIT} If it stays, check the Region, the endpoint and the network path to KMS.`,
);
const CREDENTIALS_REFUSED = fatal(
  'kms-credentials',
  'Check the credentials that this process runs with, and its clock.',
);
const WRONG_KIND = fatal(
  'key-wrong-kind',
  [
    'Use an asymmetric KMS key of usage SIGN_VERIFY and spec ECC_NIST_P256, ECC_NIST_EDWARDS25519',
    'or, as a second key, ML_DSA_44.',
  ].join(' '),
);
const NOT_ENABLED = fatal('key-disabled', 'Enable the key, or cancel its deletion, then start again.');
const CHANGING = retriable('key-changing', `The key is being made or changed. ${WAIT}`);
const NO_SUCH_KEY = fatal('key-not-found', 'Check the key id, its Region and its account.');

// By error name, since servers that speak the KMS protocol answer names that the SDK models and names that it
// doesn't.
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ThrottlingException: THROTTLED,
  Throttling: THROTTLED,
  TooManyRequestsException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  KMSInternalException: UNAVAILABLE,
  DependencyTimeoutException: UNAVAILABLE,
  // KMS says of this one itself that the request may be tried again.
  KeyUnavailableException: UNAVAILABLE,
  TimeoutError: UNAVAILABLE,
  // Our own deadline; a caller's abort never gets here.
  AbortError: UNAVAILABLE,
  RequestTimeout: UNAVAILABLE,
  RequestTimeoutException: UNAVAILABLE,
  DisabledException: NOT_ENABLED,
  KMSInvalidStateException: NOT_ENABLED,
  NotFoundException: NO_SUCH_KEY,
  InvalidArnException: NO_SUCH_KEY,
  UnsupportedOperationException: WRONG_KIND,
  InvalidKeyUsageException: WRONG_KIND,
  IncorrectKeyException: WRONG_KIND,
  UnrecognizedClientException: CREDENTIALS_REFUSED,
  InvalidClientTokenId: CREDENTIALS_REFUSED,
  IncompleteSignature: CREDENTIALS_REFUSED,
  InvalidSignatureException: CREDENTIALS_REFUSED,
  SignatureDoesNotMatch: CREDENTIALS_REFUSED,
  RequestExpired: CREDENTIALS_REFUSED,
  ExpiredTokenException: fatal(
    'kms-credentials',
    'The credentials have expired: renew them and start again.',
  ),
};

// The network's own names (Node's `code`): nothing reached KMS, or its answer did not reach us.
const NETWORK_CODES = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN'],
  ...['ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EADDRNOTAVAIL', 'UND_ERR_SOCKET'],
]);

type Clues = { readonly name: string; readonly networkCode: string; readonly status: number };

function cluesOf(error: unknown): Clues {
  const bag = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const status = bag.$metadata?.httpStatusCode;
  return {
    name: typeof bag.name === 'string' ? bag.name : '',
    networkCode: typeof bag.code === 'string' ? bag.code : '',
    status: typeof status === 'number' ? status : 0,
  };
}

function meaningOf(error: unknown, action: KmsAction, keyId: string): Meaning {
  const { name, networkCode, status } = cluesOf(error);
  // KMS has one name for a key that is being made or changed, and for one that is off or pending deletion.
  if (name === 'KMSInvalidStateException' && /\b(?:creating|updating)\b/i.test(messageOf(error)))
    return CHANGING;
  const named = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
  if (named !== undefined) return named;
  if (/^AccessDenied(Exception)?$/.test(name)) {
    return fatal(
      'kms-access-denied',
      `Allow this role kms:${action} on ${keyId}, in the key's policy and in the role's.`,
    );
  }
  if (name === 'CredentialsProviderError') {
    // A running service had credentials before, so their provider may come back; at the start there never
    // were any.
    const remedy =
      'Give this process credentials: a role, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
    return action === 'Sign' ? retriable('kms-credentials', remedy) : fatal('kms-credentials', remedy);
  }
  if (messageOf(error) === 'Region is missing') {
    return fatal('config', "Give the key's whole ARN, or set the signing Region or AWS_REGION.");
  }
  if (NETWORK_CODES.has(networkCode) || status >= 500) return UNAVAILABLE;
  if (status === 429) return THROTTLED;
  return fatal('kms-refused', 'Read the message; nothing was signed that anybody has seen.');
}

/** The LedgerstoneError for anything that the SDK threw. Fatal unless it is known to pass by itself. */
export function kmsError(error: unknown, action: KmsAction, keyId: string): LedgerstoneError {
  if (error instanceof LedgerstoneError) return error;
  const meaning = meaningOf(error, action, keyId);
  const { name } = cluesOf(error);
  const said = [name, firstLineOf(error)].filter((part) => part !== '' && part !== 'Error').join(': ');
  return new LedgerstoneError(meaning.code, `KMS ${action} with ${keyId} failed: ${said}`, {
    disposition: meaning.retriable ? 'retriable' : 'fatal',
    remedy: meaning.remedy,
    cause: error,
  });
}
