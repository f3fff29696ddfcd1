// What does the configuration say of those who vouch beside the verifier: witnesses, and an authority?
import { nodeSha256 } from '../base/node/hash.ts';
import { type Policy, readPolicy } from '../format/tlog-policy.ts';
import type { VerifierConfigOutput } from './verifier-schema.ts';

export type WitnessesConfig = {
  readonly policy: Policy;
  readonly everyMs: number;
  readonly required: boolean;
  readonly timeoutMs: number;
};

export type TimestampsConfig = {
  readonly url: string;
  readonly roots:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'text'; readonly text: string };
  readonly policy: string | null;
  readonly timeoutMs: number;
};

/** The rules have refused every policy that can't be read. */
export function witnessesOf(given: VerifierConfigOutput['witnesses']): WitnessesConfig | null {
  if (given === undefined) return null;
  const policy = readPolicy(given.policy, nodeSha256);
  if (!('quorum' in policy)) throw new TypeError(`a policy ${policy.message}`);
  return { policy, everyMs: given.every, required: given.required, timeoutMs: given.timeout };
}

export function timestampsOf(
  given: VerifierConfigOutput['timestamps'],
  resolvePath: (path: string) => string,
): TimestampsConfig | null {
  if (given === undefined) return null;
  const { url, roots, policy = null, timeout } = given;
  const isText = roots.includes('-----BEGIN ');
  return {
    ...{ url, policy, timeoutMs: timeout },
    roots: isText ? { kind: 'text', text: roots } : { kind: 'file', path: resolvePath(roots) },
  };
}
