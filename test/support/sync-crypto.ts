// Is a signature good? Answered at once, since WebCrypto's threads end in any order and no run would repeat another.
import { createHash, createPublicKey, KeyObject, verify, type webcrypto } from 'node:crypto';

export type CheckSignature = (message: Uint8Array, signature: Uint8Array) => boolean;

/** By SPKI in hex: keys of a scheme that a simulation made up, because real signatures are dear and never repeat. */
const madeUp = new Map<string, CheckSignature>();

/** From now on WebCrypto believes `check` for signatures of this key. It is told r ‖ s of an ECDSA signature. */
export function believe(spki: Uint8Array, check: CheckSignature): void {
  useSyncCrypto();
  madeUp.set(Buffer.from(spki).toString('hex'), check);
}

type Handle = { readonly spki: string; readonly check: CheckSignature };

/** The product keeps the keys that it has imported, and WebCrypto has to go on with them once it is back. */
const handles = new WeakMap<webcrypto.CryptoKey, Handle>();

function handleOf(key: webcrypto.CryptoKey): Handle {
  const known = handles.get(key);
  if (known !== undefined) return known;
  const object = KeyObject.from(key);
  const spki = object.export({ type: 'spki', format: 'der' }).toString('hex');
  const handle = { spki, check: real(object) };
  handles.set(key, handle);
  return handle;
}

function real(key: KeyObject): CheckSignature {
  if (key.asymmetricKeyType === 'ed25519')
    return (message, signature) => verify(null, message, key, signature);
  return (message, signature) => verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** The methods that the product uses, done at once and answered by promises. */
const substitutes = {
  async importKey(
    _format: string,
    spki: Uint8Array,
    kind: webcrypto.EcKeyImportParams,
  ): Promise<webcrypto.CryptoKey> {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return key.toCryptoKey(kind, false, ['verify']);
  },
  async verify(
    _kind: unknown,
    key: webcrypto.CryptoKey,
    signature: Uint8Array,
    message: Uint8Array,
  ): Promise<boolean> {
    const { spki, check } = handleOf(key);
    return (madeUp.get(spki) ?? check)(message, signature);
  },
  async digest(_kind: unknown, bytes: Uint8Array): Promise<ArrayBuffer> {
    return new Uint8Array(createHash('sha256').update(bytes).digest()).buffer;
  },
};

/** For what this process does from now on. */
export function useSyncCrypto(): void {
  for (const [name, value] of Object.entries(substitutes)) {
    Object.defineProperty(globalThis.crypto.subtle, name, { value, configurable: true });
  }
}

/** WebCrypto as Node has it. */
export function useRealCrypto(): void {
  for (const name of Object.keys(substitutes)) Reflect.deleteProperty(globalThis.crypto.subtle, name);
}
