// Is a person told by whom a key was retired, and when that was sealed?
import { expect, it } from 'vitest';
import { retiredKeys } from '../../../src/apps/archiver/retired-key.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { archiveKey, ORIGIN, signer } from '../../support/archive-builder.ts';
import { begunChain } from '../verify/act-chain.ts';

it('names the times of the seals, whatever the acts say of themselves', async () => {
  const chain = await begunChain();
  const key = encodeVkey(archiveKey(signer(), ORIGIN));
  const of = await chain.decide({ kind: 'key.retire', detail: { use: 'log', key } }, 60_000);
  await chain.approve(of, 120_000);
  expect(of.act.time).toBe('2026-11-22T10:00:00.000Z');
  expect([...retiredKeys(chain.history).values()]).toEqual([
    [
      'by Ada Byron at 2026-11-22T10:01:00.000Z, approved by Grace Hopper at 2026-11-22T10:02:00.000Z',
      `(act ${of.act.id.slice(0, 8)})`,
    ].join(' '),
  ]);
});
