// Which keys are trusted behind a seal, and how often is it said that one is not?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { ChainTrust } from '../../../src/verify/chain-trust.ts';
import { coversOrigin, includesKey, trustedFor } from '../../../src/verify/trust.ts';
import { archiveKey, ORIGIN, signer } from '../../support/archive-builder.ts';

const CHAIN = `${ORIGIN}/orders/0`;
const key = (seed: string, name = CHAIN) => verifierKey(name, signer(seed).publicKey, nodeSha256);
const pinned = (...seeds: string[]) => seeds.map((seed) => archiveKey(signer(seed)));
const trust = (...seeds: string[]) => new ChainTrust(pinned(...seeds), nodeSha256);

describe('the trust of a chain', () => {
  it('begins at a pinned key, and is exactly the keys of the last sound seal', () => {
    const chain = trust('one', 'two');
    expect(chain.believed(CHAIN).map(encodeVkey)).toEqual([key('one'), key('two')].map(encodeVkey));
    expect(chain.step(CHAIN, [key('two'), key('next')], true)).toBeNull();
    expect(chain.believes(CHAIN, [key('one')])).toBe(false);
    expect(chain.believes(CHAIN, [key('stranger'), key('next')])).toBe(true);
    expect(chain.step(CHAIN, [key('one')], true)).toEqual({
      code: 'unknown-key',
      expected: 'a key that is trusted at this point',
      found: encodeVkey(key('one')),
    });
    expect(chain.believes(CHAIN, [key('next')])).toBe(true);
  });

  it('does not move by a seal that is not sound', () => {
    const chain = trust('one');
    expect(chain.step(CHAIN, [key('one'), key('next')], false)).toBeNull();
    expect(chain.believes(CHAIN, [key('next')])).toBe(false);
    expect(chain.believes(CHAIN, [key('one')])).toBe(true);
  });

  it('is what was adopted, whatever is pinned', () => {
    const chain = trust('one');
    chain.adopt([key('next')]);
    expect(chain.believes(CHAIN, [key('one')])).toBe(false);
    expect(chain.step(CHAIN, [key('next')], true)).toBeNull();
  });

  it('says no-trusted-key where no pinned key covers the origin, once', () => {
    const chain = new ChainTrust([archiveKey(signer('one'), 'example.org')], nodeSha256);
    expect(chain.step(CHAIN, [key('a'), key('b')], true)).toEqual({
      code: 'no-trusted-key',
      expected: `a trusted key for ${CHAIN}`,
      found: `${encodeVkey(key('a'))} ${encodeVkey(key('b'))}`,
    });
    expect(chain.step(CHAIN, [key('c')], true)).toBeNull();
    expect(chain.step(`${ORIGIN}/orders/1`, [key('c')], true)?.code).toBe('no-trusted-key');
  });

  it('says of each set of keys once that it is unknown, and remembers a thousand of them', () => {
    const chain = trust('one');
    const stranger = (i: number) => ({ ...key('stranger'), id: Uint8Array.of(i >> 8, i & 255, 0, 0) });
    const codes = (i: number) => chain.step(CHAIN, [stranger(i)], true)?.code;
    for (let i = 0; i < 1000; i++) expect(codes(i)).toBe('unknown-key');
    expect([codes(0), codes(999)]).toEqual([undefined, undefined]);
    expect([codes(1000), codes(1000)]).toEqual(['unknown-key', 'unknown-key']);
  });
});

describe('a pinned key', () => {
  it('covers its own name and what stands behind a slash after it', () => {
    const [one] = pinned('one');
    if (one === undefined) throw new Error('the test has a key');
    expect(
      [ORIGIN, `${ORIGIN}/a/0`, `${ORIGIN}x`, `${ORIGIN.slice(0, -1)}`, 'audit.example.com'].map((origin) =>
        coversOrigin(one, origin),
      ),
    ).toEqual([...[true, true, false, false, false]]);
    expect(trustedFor([one], CHAIN, nodeSha256).map(encodeVkey)).toEqual([encodeVkey(key('one'))]);
    expect(trustedFor([one], 'example.org', nodeSha256)).toEqual([]);
  });

  it('is the same key by its algorithm and bytes, whatever its name', () => {
    const p256 = verifierKey(CHAIN, signer('one', 'ecdsa-p256').publicKey, nodeSha256);
    expect(includesKey([key('two'), key('one', 'other')], key('one'))).toBe(true);
    expect(includesKey([key('two'), p256], key('one'))).toBe(false);
    expect(includesKey([], key('one'))).toBe(false);
    expect(
      includesKey([{ ...key('one'), key: { ...key('one').key, algorithm: 'ecdsa-p256' } }], key('one')),
    ).toBe(false);
  });
});
