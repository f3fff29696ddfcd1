// Do check, prove and status say when: stamped, archived and seen, each by its own clock?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attestationText } from '../../../src/apps/cli/attestations-option.ts';
import { seenAt, timestampText, whenText } from '../../../src/apps/cli/when-text.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { START_MS, writeCopy } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { NAME, VerifierWorld } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

const COSIGNER = encodeCosignerVkey(
  cosignerKey(NAME, memorySigner({ seed: 'verifier' }).publicKey, nodeSha256),
);
let dir: string;
let key: string[];
const at = (name: string) => join(dir, name);
const EVENT = ['--topic', 'orders', '--partition', '0', '--offset', '4'];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-when-'));
  const world = new VerifierWorld();
  key = ['--key', encodeVkey(world.builder.trusted[0] as VerifierKey)];
  await world.grow(3);
  await world.step();
  writeCopy(world.builder.archive, at('archive'));
  for (const name of world.store.keys()) {
    const path = at(`own/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, world.store.versionsOf(name)[0]?.bytes as Uint8Array);
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function proven(...more: string[]) {
  const ran = await ledgerstone(['prove', at('archive'), ...key, ...EVENT, ...more, '--json']);
  const json = JSON.parse(ran.out);
  writeFileSync(at('proof'), json.proof);
  writeFileSync(at('line'), json.line);
  return json;
}
const check = (...more: string[]) =>
  ledgerstone(['check', at('proof'), '--entry', at('line'), ...key, ...more]);

describe('a proof', () => {
  const STAMPED = 'stamped 2026-11-22T10:00:04.000Z';
  const ARCHIVED = 'archived 2026-11-22T10:02:00.000Z';

  it('says when its event was stamped and archived, and by whose clock', async () => {
    expect(await proven()).toMatchObject({
      recordTime: '2026-11-22T10:00:04.000Z',
      archivedAt: '2026-11-22T10:02:00.000Z',
      seen: [],
    });
    const { out } = await check();
    expect(out).toContain(
      `  ${STAMPED} (its producer's or broker's clock), ${ARCHIVED} (the archiver's clock)\n`,
    );
    expect(out).not.toContain('seen by');
    const { err } = await ledgerstone(['prove', at('archive'), ...key, ...EVENT]);
    expect(err).toContain(ARCHIVED);
  });

  it('says when a second party has seen it', async () => {
    const seen = [{ cosigner: NAME, at: '2026-11-22T11:00:00.000Z' }];
    const json = await proven('--attestations', at('own'), '--cosigner', COSIGNER);
    expect(json.seen).toEqual(seen);
    const { code, out } = await check('--cosigner', COSIGNER);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining(`seen by ${NAME} at 2026-11-22T11:00:00.000Z (its clock)\n`),
    ]);
    const checked = JSON.parse((await check('--cosigner', COSIGNER, '--json')).out);
    expect(checked).toMatchObject({ archivedAt: '2026-11-22T10:02:00.000Z', seen, cosigners: [NAME] });
  });
});

it('what carries no time is not given one', () => {
  expect([timestampText(-1n), timestampText(2n ** 62n), timestampText(0n)]).toEqual([
    null,
    null,
    '1970-01-01T00:00:00.000Z',
  ]);
  const seen = [seenAt('a', null)];
  expect(whenText({ recordTime: null, archivedAt: 'T', seen })).toBe(
    "archived T (the archiver's clock), seen by a, whose key signs no time",
  );
});

it('a time of archiving that is still to come is not to be believed', () => {
  const nowMs = Date.parse('2026-11-22T12:00:00.000Z');
  const said = (archivedAt: string) => whenText({ recordTime: null, archivedAt, seen: [] }, nowMs);
  expect(said('2026-11-22T12:02:00.000Z')).toBe("archived 2026-11-22T12:02:00.000Z (the archiver's clock)");
  expect(said('8000-01-01T00:00:00.000Z')).toBe(
    "archived 8000-01-01T00:00:00.000Z (the archiver's clock, in the future: not to be believed)",
  );
});

describe('an age that is negative', () => {
  it('is shown as such by status', async () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(START_MS + 120_000);
    try {
      const { out } = await ledgerstone(['status', at('archive'), ...key]);
      expect(out).toContain('60 s ahead of this clock');
      const json = JSON.parse((await ledgerstone(['status', at('archive'), ...key, '--json'])).out);
      expect(json.chains[0].sealedSecondsAgo).toBe(-60);
    } finally {
      now.mockRestore();
    }
  });

  it('is shown as such by an attestation', () => {
    const one = { cosigner: 'v', size: 3, throughOffset: 8, isFork: false, unread: null };
    const attestedAt = '2026-11-22T10:00:00.000Z';
    expect(attestationText({ ...one, attestedAt, secondsAfterSeal: -12 })).toBe(
      'verified through offset 8 by v at 2026-11-22T10:00:00.000Z, 12 s before the time of its seal',
    );
  });
});
