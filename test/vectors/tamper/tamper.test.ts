// Is every tampering of the corpus seen, and is what can't be seen said to be so?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { parseCosignerVkey } from '../../../src/format/cosignature.ts';
import { parseVkey } from '../../../src/format/vkey.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { audit } from './audit.ts';
import { readTamperVectors, sumsListed, sumsNow, TAMPER_CASES, type TamperVector, thaw } from './frozen.ts';
import { TamperWorld } from './world.ts';

const vectors = readTamperVectors();
const POWERS = ['outsider', 'archiver-role', 'bucket-admin', 'log-key', 'store-operator', 'verifier-role'];

const auditOf = (vector: TamperVector) => {
  const { archive, attestations } = thaw(vector);
  return audit(archive, attestations, {
    trusted: vector.trusted.map((text) => parseVkey(text, nodeSha256)),
    cosigner: parseCosignerVkey(vector.cosigner, nodeSha256),
    nowMs: Date.parse(vector.now),
  });
};

describe('the corpus', () => {
  it('is as it was frozen, and holds every case', () => {
    expect(sumsNow()).toBe(sumsListed());
    expect(vectors.map(({ name }) => name)).toEqual(TAMPER_CASES.map(({ name }) => name).sort());
    expect(vectors.length).toBeGreaterThanOrEqual(60);
  });

  it('says of each attacker what they can do, in known words', () => {
    for (const { attacker } of vectors) for (const power of attacker.split('+')) expect(POWERS).toContain(power);
  });

  it('begins with an archive and attestations in which nothing is wrong', async () => {
    const { archive, attestations, builder, verifier } = await TamperWorld.honest();
    const options = { trusted: builder.trusted, cosigner: verifier, nowMs: NOW_MS };
    expect(await audit(archive, attestations, options)).toEqual({ verdict: 'verified', codes: [] });
  });
});

describe('what is seen', () => {
  const seen = vectors.filter(({ expect: expected }) => 'codes' in expected);
  it.each(seen)('$name ($attacker): $about', async (vector) => {
    const { codes, verdict } = vector.expect as Extract<TamperVector['expect'], { verdict: string }>;
    const found = await auditOf(vector);
    expect(codes.length).toBeGreaterThan(0);
    // All of them: a code that is left out is one that another reader would seem to invent.
    expect(found.codes).toEqual([...codes].sort());
    expect(found.verdict).toBe(verdict);
  });
});

describe('what can not be seen from the archive and its attestations', () => {
  const unseen = vectors.filter(({ expect: expected }) => 'undetectable' in expected);
  it.each(unseen)('$name ($attacker): $about', async (vector) => {
    // Were it seen one day, the honest words would have to change.
    expect(await auditOf(vector)).toEqual({ verdict: 'verified', codes: [] });
    expect((vector.expect as { needs: string }).needs).not.toBe('');
  });
});
