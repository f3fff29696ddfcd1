// What does a frozen case look like in its file? `node test/vectors/tamper/frozen.ts` adds those that are not there.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import type { FindingCode, Verdict } from '../../../src/verify/finding.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { type LawlessArchive, type LockView } from '../../support/lawless-archive.ts';
import { type ArchiveVector, freezeObjects, thawArchive, WARNING } from '../archive-vector.ts';
import { audit } from './audit.ts';
import { HISTORY_CASES } from './cases-histories.ts';
import { OBJECT_CASES } from './cases-objects.ts';
import { type TamperCase, TamperWorld } from './world.ts';

export const TAMPER_CASES: readonly TamperCase[] = [...OBJECT_CASES, ...HISTORY_CASES];
const FOLDER = join(import.meta.dirname, 'frozen');
const SUMS = join(import.meta.dirname, 'SHA256SUMS');

export type TamperVector = {
  readonly name: string;
  readonly about: string;
  readonly attacker: string;
  readonly keys: typeof WARNING;
  /** Pinned vkeys of the log, and of the verifier. */
  readonly trusted: readonly string[];
  readonly cosigner: string;
  readonly now: string;
  readonly locks: LockView;
  readonly expect:
    | { readonly verdict: Verdict; readonly codes: readonly FindingCode[] }
    | { readonly undetectable: string; readonly needs: string };
  readonly archive: ArchiveVector['objects'];
  readonly attestations: ArchiveVector['objects'];
};

export const thaw = (vector: TamperVector): { archive: LawlessArchive; attestations: LawlessArchive } => {
  const whole = (objects: ArchiveVector['objects'], locks: LockView) =>
    thawArchive({ objects, store: { locks, unreadable: [] } } as unknown as ArchiveVector);
  return { archive: whole(vector.archive, vector.locks), attestations: whole(vector.attestations, 'shown') };
};

export const readTamperVectors = (): TamperVector[] =>
  readdirSync(FOLDER).sort().map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));

export const sumsNow = (): string =>
  readdirSync(FOLDER).sort().map((name) => `${createHash('sha256').update(readFileSync(join(FOLDER, name))).digest('hex')}  ${name}\n`).join('');
export const sumsListed = (): string => readFileSync(SUMS, 'utf8');

async function freeze({ name, about, attacker, expect, act }: TamperCase): Promise<TamperVector> {
  const world = await TamperWorld.honest();
  await act(world);
  const { archive, attestations, builder, verifier } = world;
  const { verdict } = await audit(archive, attestations, { trusted: builder.trusted, cosigner: verifier, nowMs: NOW_MS });
  return {
    ...{ name, about, attacker, keys: WARNING },
    trusted: builder.trusted.map(encodeVkey),
    cosigner: encodeCosignerVkey(verifier),
    now: new Date(NOW_MS).toISOString(),
    locks: archive.locks,
    expect: 'codes' in expect ? { verdict, codes: expect.codes } : expect,
    archive: await freezeObjects(archive),
    attestations: await freezeObjects(attestations),
  };
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const each of TAMPER_CASES) {
    const path = join(FOLDER, `${each.name}.json`);
    if (existsSync(path)) continue;
    writeFileSync(path, `${JSON.stringify(await freeze(each))}\n`);
    console.log(`new: ${each.name}`);
  }
  writeFileSync(SUMS, sumsNow());
}
