// An archive on the disk whose attestations an authority of the tests has stamped.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { isStampShown, surveyStamps } from '../../src/apps/cli/stamps-survey.ts';
import { encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../src/format/vkey.ts';
import { writeCopy } from './archive-builder.ts';
import { certificateOf, type Issuer, pemOf, stampAuthority } from './stamp-authority.ts';
import { DAY_MS, StampWorld } from './stamp-world.ts';
import { PLACE } from './verifier-world.ts';

export type StampedArchive = {
  readonly dir: string;
  at(name: string): string;
  /** What the folder has, in memory. */
  readonly held: {
    readonly roots: Parameters<typeof isStampShown>[1];
    readonly attestations: Parameters<typeof surveyStamps>[0] & { readonly store: StampWorld['store'] };
    readonly newest: Parameters<typeof surveyStamps>[1]['newest'];
  };
  /** Of the first stamp, of its certificate's end, of the renewal, and of the end of that one. */
  readonly times: {
    readonly first: number;
    readonly ends: number;
    readonly renewed: number;
    readonly last: number;
  };
  /** Options that name them. */
  readonly archive: readonly string[];
  readonly attested: readonly string[];
  remove(): void;
};

/**
 * Attested at sizes 2, 3, 4 and 5. Stamped at 2 by a certificate that ends, which the stamp of size 4 renews.
 * Of 5 there is no stamp. `root.pem` and `other.pem` are beside it.
 */
export async function stampedArchive(): Promise<StampedArchive> {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-stamped-'));
  const at = (name: string) => join(dir, name);
  let nowMs = 0;
  await using authority = await stampAuthority(() => nowMs || Date.parse('2026-11-22T00:00:00Z'));
  const { root } = authority as typeof authority & { readonly root: Issuer };
  const world = new StampWorld(authority);
  nowMs = world.nowMs;
  const ends = nowMs + 60 * DAY_MS;
  const last = nowMs + 2_000 * DAY_MS;
  const stamp = async (segments: number) => {
    await world.grow(segments);
    await world.step();
    nowMs = world.nowMs;
    return world.stamper().run();
  };
  authority.signer = await certificateOf('First Authority', { to: ends, issuer: root });
  await stamp(2);
  const first = nowMs;
  authority.signer = await certificateOf('Second Authority', { to: last, issuer: root });
  world.nowMs += DAY_MS;
  await stamp(1);
  world.nowMs += DAY_MS;
  const third = await stamp(1);
  if (third.kind !== 'stamped' || third.renewed !== 1) throw new Error(`no renewal: ${third.kind}`);
  const { key, reader } = world.attester();
  const found = await reader.newest(PLACE, 0);
  const held = {
    roots: [...world.roots],
    attestations: { store: world.store, reader, cosigners: [key] },
    newest: [{ ...PLACE, attested: found.attested }] as never,
  };
  const times = { first, ends, renewed: nowMs, last };
  await world.grow(1);
  await world.step();
  writeCopy(world.builder.archive, at('archive'));
  for (const name of world.store.keys()) {
    mkdirSync(dirname(join(dir, 'own', name)), { recursive: true });
    writeFileSync(join(dir, 'own', name), world.store.versionsOf(name)[0]?.bytes as Uint8Array);
  }
  writeFileSync(at('log.vkey'), `${encodeVkey(world.builder.trusted[0] as VerifierKey)}\n`);
  writeFileSync(at('verifier.vkey'), `${encodeCosignerVkey(world.attester().key)}\n`);
  writeFileSync(at('root.pem'), authority.roots);
  writeFileSync(at('other.pem'), pemOf(await certificateOf('Other Root', { to: last })));
  return {
    ...{ dir, at, held, times },
    archive: [at('archive'), '--key', at('log.vkey')],
    attested: ['--attestations', at('own'), '--cosigner', at('verifier.vkey')],
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
