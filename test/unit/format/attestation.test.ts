// Do the keys of attestations stay what they are, and is every other key foreign?
import { describe, expect, it } from 'vitest';
import { attestationKey, attestationPrefix, parseAttestationKey } from '../../../src/format/attestation.ts';

const KEY = 'attestations/topic=orders/partition=7/000000000042.note';

describe('the key of an attestation', () => {
  it('is of chain, partition and size', () => {
    expect(attestationKey('orders', 7, 42)).toBe(KEY);
    expect(attestationPrefix('orders', 7)).toBe('attestations/topic=orders/partition=7/');
    expect(parseAttestationKey(KEY)).toEqual({ chain: 'orders', partition: 7, size: 42 });
  });

  it.each([
    ['something before it', `x/${KEY}`],
    ['something after it', `${KEY}.bak`],
    ['a newline after it', `${KEY}\n`],
    ['a chain that is none', KEY.replace('orders', '..')],
    ['a chain of two parts', KEY.replace('orders', 'a/b')],
    ['a partition with a zero', KEY.replace('=7', '=07')],
    ['a partition beyond int32', KEY.replace('=7', '=2147483648')],
    ['a size of 11 digits', KEY.replace('000000000042', '00000000042')],
    ['a size of 13 digits', KEY.replace('000000000042', '0000000000042')],
    ['another kind of object', KEY.replace('.note', '-note')],
  ])('has not %s', (_, key) => {
    expect(key).not.toBe(KEY);
    expect(parseAttestationKey(key)).toBeNull();
  });
});
