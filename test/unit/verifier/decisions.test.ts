// Do people hear of each loss and each continuation once, over every channel?
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/log.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { GapLine } from '../../../src/format/record.ts';
import type { Notifier } from '../../../src/verifier/alarms/notifier.ts';
import { channelsOf, FindingReporter } from '../../../src/verifier/alarms/reporter.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { confirmSeals } from '../../../src/verifier/seal-path.ts';
import { entries, transactionGap } from '../../support/archive-builder.ts';
import { NOTES } from '../../support/note-signing.ts';
import { verifierOf } from '../../support/verifier-store.ts';
import { PLACE, STILL, VerifierWorld } from '../../support/verifier-world.ts';

let world: VerifierWorld;
let heard: { channel: string; subject: string; text: string }[];
beforeEach(() => {
  world = new VerifierWorld();
  heard = [];
});

const gap = (count: number, reason: GapLine['reason'], why: string): GapLine => {
  const offset = world.chain.nextOffset;
  return { offset, last: offset + count - 1, reason, by: 'J. Doe', why };
};

/** As a process of its own would do it. */
async function confirm(place = PLACE): Promise<void> {
  const notifiers: Notifier[] = ['sns', 'webhook'].map((channel) => ({
    channel,
    publish: async (subject, text) => void heard.push({ channel, subject, text }),
  }));
  const ledger = new Ledger({
    ...NOTES,
    ...{ store: world.store, clock: STILL, sha256: nodeSha256, channels: channelsOf(notifiers) },
    retention: { mode: 'COMPLIANCE', period: { months: 12, ms: 0 } },
    verifier: { name: 'v', version: '1' },
  });
  const reporter = new FindingReporter({
    ...{ ledger, notifiers, clock: STILL, log: silentLogger, verifierName: 'verifier.example.com' },
  });
  const verifier = verifierOf(world, { findings: reporter as never });
  await confirmSeals(verifier, place, { hintSize: 0 });
}

describe('a loss', () => {
  it('is told once over each channel, with what, why and who, and stays told', async () => {
    await world.grow(2);
    await world.chain.seal({ lines: [gap(20, 'accepted', 'disk of broker 3')] });
    await confirm();
    expect(heard.map(({ channel }) => channel)).toEqual(['sns', 'webhook']);
    expect(heard[0]?.subject).toBe('[ATTENTION] records-lost in orders/0');
    expect(heard[0]?.text).toContain(
      '20 records lost; offsets 6 to 25 (accepted) by J. Doe: disk of broker 3',
    );
    await confirm();
    await world.grow(2);
    await confirm();
    expect(heard).toHaveLength(2);
    await world.chain.seal({ lines: [gap(1, 'expired', 'outage')] });
    await confirm();
    expect(heard).toHaveLength(4);
    expect(world.attestedSizes().filter((size) => !Number.isNaN(size))).toEqual([3, 5, 6]);
  });

  it('is told although a hundred others were told before', async () => {
    for (let i = 0; i < 105; i++) await world.chain.seal({ lines: [gap(1, 'expired', `outage ${i}`)] });
    await confirm();
    heard = [];
    await world.chain.seal({ lines: [gap(1, 'expired', 'the last outage')] });
    await confirm();
    expect(heard[0]?.text).toContain('the last outage');
  });

  it('is neither a transaction nor compaction', async () => {
    await world.chain.seal({ lines: [transactionGap(0, 3), ...entries(3, 1)] });
    await world.chain.seal({ lines: [gap(9, 'compacted', 'cleanup.policy')] });
    await confirm();
    expect(heard).toEqual([]);
  });
});

it('a continuation is told once, with why and who', async () => {
  await world.grow(2);
  const { manifest, note } = world.made.at(-1) as (typeof world.made)[number];
  const root = Buffer.from(note.toString().split(',').map(Number)).toString().split('\n')[2] ?? '';
  const newer = world.builder.chain('orders-2', 0, manifest.records.nextOffset);
  await newer.seal({
    continues: {
      ...{ origin: world.chain.origin, size: 2, root: Buffer.from(root, 'base64').toString('hex') },
      ...{ nextOffset: manifest.records.nextOffset, reason: 'topic created anew', by: 'J. Doe' },
    },
  });
  const place = { chain: 'orders-2', partition: 0 };
  await confirm(place);
  await confirm(place);
  expect(heard.map(({ subject }) => subject)).toEqual(
    Array.from({ length: 2 }, () => '[ATTENTION] chain-continued in orders-2/0'),
  );
  expect(heard[0]?.text).toContain('ended at size 2, offset 6; by J. Doe: topic created anew');
});
