// Is a loss that two people accepted called that by every command, and does it stay listed?
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LossesReport } from '../../../src/evidence/report/losses.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { archiveKey, entries, ORIGIN, signer, writeCopy } from '../../support/archive-builder.ts';
import { APPROVER, GOVERNANCE_KEY, governedArchive } from '../../support/governed-archive.ts';
import { ledgerstone } from './captured-io.ts';

const gap = (offset: number, last: number) => ({
  ...{ offset, last, reason: 'expired' as const, by: 'J. Doe', why: 'outage' },
});
const LOG = ['--key', encodeVkey(archiveKey(signer()))];
const BOTH = [...LOG, '--key', encodeVkey(archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN)))];
let dir: string;
let number = 0;

/** Offsets 6 to 9 and 12 are lost. `accept`: what is proposed, each with whether another person approved it. */
async function archive(...accept: readonly (readonly [from: number, to: number, approved: boolean])[]) {
  const { builder, events, decide } = await governedArchive();
  await events.seal({ lines: [gap(6, 9), ...entries(10, 2), gap(12, 12)] });
  for (const [from, to, approved] of accept) {
    const detail = { chain: 'orders', partition: 0, from, to };
    const of = await decide({ kind: 'gap.accept', detail });
    if (approved) await decide({ kind: 'approve', of, by: APPROVER, detail: {} });
  }
  const place = join(dir, `a${number++}`);
  writeCopy(builder.archive, place);
  return place;
}

let [whole, part, waiting] = ['', '', ''];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-accepted-'));
  whole = await archive([0, 9, true], [12, 20, true]);
  part = await archive([6, 7, true], [7, 8, true], [12, 12, false]);
  waiting = await archive([6, 12, false]);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function report(
  place: string,
  keys: readonly string[],
): Promise<LossesReport & { html: string; csv: string }> {
  const name = join(dir, `r${number++}`);
  const files = ['--out', `${name}.html`, '--json', `${name}.json`, '--csv', `${name}.csv`];
  await ledgerstone(['report', 'losses', place, ...keys, ...files]);
  const read = (ending: string) => readFileSync(`${name}.${ending}`, 'utf8');
  return { ...JSON.parse(read('json')), html: read('html'), csv: read('csv') };
}
const BY = 'accepted by Ada Byron and Grace Hopper since ';

describe('a loss that two people accepted', () => {
  it('is an accepted loss in the verdict of verify, and stays counted as lost', async () => {
    const { code, out } = await ledgerstone(['verify', whole, ...BOTH]);
    expect(code).toBe(0);
    expect(out).toContain('5 are lost (5 expired)');
    expect(out).toContain('; all of the lost are accepted losses, by a decision of two persons');
    expect(out).toContain(`accepted loss: orders/0, offsets 0 to 9, ${BY}`);
    const json = JSON.parse((await ledgerstone(['verify', whole, ...BOTH, '--json'])).out);
    expect(json.totals.lost).toBe(5);
    expect(json.decisions.acceptedLosses).toMatchObject({ records: 5, by: [{ approvedBy: APPROVER }, {}] });
    // It is still a loss for who asks for none.
    expect((await ledgerstone(['verify', whole, ...BOTH, '--strict'])).code).toBe(1);
  });

  it('is an accepted loss in losses, in the list, the table and JSON', async () => {
    const { code, out } = await ledgerstone(['losses', whole, ...BOTH]);
    expect(code).toBe(0);
    expect(out).toContain('5 records lost in 2 gaps\nof them 5 are accepted losses:\n');
    expect(out.match(/accepted loss /g)).toHaveLength(2);
    expect(out).toContain(`orders/0, offsets 12 to 20, ${BY}`);
    const csv = (await ledgerstone(['losses', whole, ...BOTH, '--csv'])).out;
    expect(csv.split('\n')[1]).toMatch(/,4,Ada Byron and Grace Hopper,2026\S+Z$/);
  });

  it('makes the report of losses accepted, with who it was, and hides nothing', async () => {
    const { verdict, html, csv, data } = await report(whole, BOTH);
    expect(verdict.standing).toBe('accepted');
    expect(verdict.sentence).toMatch(
      /^5 records are lost, in 2 gaps, .* All of them are accepted losses, by a/,
    );
    expect(data.gaps.map(({ accepted }) => accepted?.offsets)).toEqual([4, 1]);
    expect(html).toContain('expired: accepted loss');
    expect(html).toContain('>Grace Hopper<');
    expect(csv).toContain(BY);
  });
});

describe('what is not accepted, or not by two', () => {
  it('is lost: only offsets that a decision names are accepted', async () => {
    expect((await ledgerstone(['verify', part, ...BOTH])).out).toContain(
      '; 3 of the lost are accepted losses',
    );
    const { verdict, html } = await report(part, BOTH);
    expect(verdict.standing).toBe('found');
    expect(verdict.sentence).toContain('Of them 3 are accepted losses');
    expect(html).toContain('expired: lost, of which 3 accepted');
    expect((await ledgerstone(['losses', part, ...BOTH])).out).toContain('lost, 3 accepted');
  });

  it('is lost while nobody else has approved it', async () => {
    expect((await ledgerstone(['verify', waiting, ...BOTH])).out).not.toMatch(/accepted loss/);
    expect((await report(waiting, BOTH)).verdict.standing).toBe('found');
  });

  it('without the key of the decisions nothing is accepted, and that is said', async () => {
    const { verdict } = await report(whole, LOG);
    expect(verdict.standing).toBe('found');
    expect(verdict.bounds.join()).toContain('Which losses were accepted is not known: no key was given');
    const { out, err } = await ledgerstone(['losses', whole, ...LOG]);
    expect(out).not.toContain('accepted loss');
    expect(err).toContain('which losses were accepted is not known: no key was given that covers');
    expect((await ledgerstone(['verify', whole, ...LOG])).out).not.toMatch(/accepted loss/);
  });

  it('a governance chain that is not whole accepts nothing', async () => {
    const broken = await archive([6, 12, true], [20, 20, true]);
    // The decision and its approval can still be read: they are in the segments 1 and 2.
    const seals = join(broken, `seals/topic=${GOVERNANCE_CHAIN}/partition=0`);
    rmSync(join(seals, '000000000003.tlog-proof'));
    const { verdict } = await report(broken, BOTH);
    expect(verdict.standing).toBe('found');
    expect((await ledgerstone(['verify', broken, ...BOTH])).out).not.toMatch(/accepted loss/);
  });
});
