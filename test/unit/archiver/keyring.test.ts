// Who signs for a key that a segment names?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { keyringOf } from '../../support/keyring.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const ORIGIN = 'audit.example.com/prod/orders/0';
const named = ({ publicKey }: ReturnType<typeof memorySigner>) =>
  encodeVkey(verifierKey(ORIGIN, publicKey, nodeSha256));

it('the signers of the keys, in their order; a key that was never opened is an error and is not left out', () => {
  const [one, two, other] = ['one', 'two', 'other'].map((seed) => memorySigner({ seed }));
  const keyring = keyringOf('audit.example.com/prod', [one!, two!]);
  expect(keyring.signersOf(ORIGIN, [named(two!), named(one!)])).toEqual([two, one]);
  expect(() => keyring.signersOf(ORIGIN, [named(one!), named(other!)])).toThrow(
    'no key that this archiver opened',
  );
});
