// Which checks do both parties' doctors share: the environment, a directory, a key that signs?
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { utf8 } from '../../base/bytes.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { openSigner } from '../../clients/open.ts';
import { liesIn } from '../../clients/separate.ts';
import type { SigningConfig, StoreConfig } from '../../config/connections.ts';
import type { HttpConfig } from '../../config/http.ts';
import type { CosigningKey, PublicKey } from '../../format/vkey.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Check } from './check-list.ts';
import { serverNotes } from './server-notes.ts';

export type Area = { readonly area: string; readonly checks: readonly Check[] };

export const fine = (name: string, found: string): Check => ({ name, verdict: 'ok', found, remedy: null });
export const failedCheck = (name: string, error: unknown): Check => ({
  name,
  verdict: 'bad',
  found: messageOf(error),
  remedy: error instanceof LedgerstoneError ? (error.remedy ?? null) : null,
});

/** What the environment of the process means for it. `member`: of the configuration, for its HTTP server. */
export function environmentChecks(server: HttpConfig, member: string, env: NodeJS.ProcessEnv): Check[] {
  const checks: Check[] = [];
  const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].filter(
    (name) => (env[name] ?? env[name.toLowerCase()] ?? '') !== '',
  );
  if (proxies.length > 0) {
    const found = `${proxies.join(', ')} is set and not used: every connection is made directly`;
    const remedy = 'Give this host a direct way, such as VPC endpoints for S3, KMS, STS and SNS.';
    checks.push({ name: 'proxy', verdict: 'warning', found, remedy });
  }
  const notes = serverNotes(server, member, env);
  return [...checks, ...notes.map((note): Check => ({ ...note, verdict: 'warning' }))];
}

export async function directoryChecks(store: Extract<StoreConfig, { kind: 'directory' }>): Promise<Check[]> {
  const remedy = 'For production use kind: s3 with Object Lock.';
  const notWorm: Check = {
    name: 'write-once',
    verdict: 'warning',
    found: 'files in a directory can be deleted',
    remedy,
  };
  try {
    const isThere = (await stat(store.path).catch(() => null)) !== null;
    await access(isThere ? store.path : dirname(store.path), constants.W_OK);
    return [fine('writable', isThere ? store.path : `${store.path} will be made`), notWorm];
  } catch (error) {
    return [
      { ...failedCheck('writable', error), remedy: 'Correct the path of this store or its permissions.' },
      notWorm,
    ];
  }
}

/** A private key in a place that others may read or copy. */
export async function keyFileChecks(
  signing: SigningConfig,
  stores: readonly StoreConfig[],
): Promise<Check[]> {
  if (signing.kind !== 'local') return [];
  for (const store of stores) {
    if (store.kind !== 'directory' || !(await liesIn(signing.keyFile, store.path))) continue;
    const found = `${signing.keyFile} lies in ${store.path}: who copies that store has the private key`;
    return [
      { name: 'key-place', verdict: 'bad', found, remedy: 'Move the key file out, and make a new key.' },
    ];
  }
  return [];
}

/** `vkeyOf`: the text of the key, which others pin. */
export async function signingChecks(
  signing: SigningConfig,
  vkeyOf: (key: PublicKey) => string,
): Promise<Check[]> {
  return signerChecks(() => openSigner(signing), vkeyOf);
}

/** `prefix`: of the names of the checks, where a party has two keys. */
export async function signerChecks<K extends CosigningKey>(
  open: () => Promise<Signer<K>>,
  vkeyOf: (key: K) => string,
  prefix = '',
): Promise<Check[]> {
  try {
    const signer = await open();
    // No checkpoint has this text, so the signature can't be misused. The signer verifies it before returning
    // it.
    await signer.sign(utf8('ledgerstone doctor\n'));
    return [
      fine(`${prefix}key`, `${signer.publicKey.algorithm}, ${signer.description}`),
      fine(`${prefix}signs`, 'a signature was made and verified'),
      fine(`${prefix}vkey`, vkeyOf(signer.publicKey)),
    ];
  } catch (error) {
    return [failedCheck(`${prefix}key`, error)];
  }
}
