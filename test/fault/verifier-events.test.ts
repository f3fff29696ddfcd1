// What becomes of events that come twice, too early, too late, for nothing, or while something is broken?
import { beforeEach, describe, expect, it } from 'vitest';
import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { toHex } from '../../src/base/bytes.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { parseSignedCheckpoint } from '../../src/format/note.ts';
import { sealKey } from '../../src/format/paths.ts';
import { RECEIVES_MAX } from '../../src/verifier/run.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { entries, signer } from '../support/archive-builder.ts';
import { FAULT_KINDS, type Fault, faultyStore } from '../support/memory-store.ts';
import { mulberry32 } from '../support/random.ts';
import {
  s3Event,
  s3Record,
  sqsRecord,
  storeOver,
  verifierOf,
  type WorldVerifier,
} from '../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../support/verifier-world.ts';

const seal = (sequence: number, chain = 'orders') => sealKey(chain, 0, sequence);
const plenty = () => 60_000;
const send = (verifier: Verifier, event: unknown, remainingMs = plenty) =>
  answerEvent(verifier, event, remainingMs);
const failed = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

/** Size → root, of all that was attested of all chains; throws where one place has two. */
function attested(world: VerifierWorld): Map<string, string> {
  const found = new Map<string, string>();
  for (const key of world.store.keys()) {
    const versions = world.store.versionsOf(key).filter(({ marker }) => !marker);
    if (versions.length > 1) throw new Error(`two attestations at ${key}`);
    for (const { bytes } of versions) found.set(key, toHex(parseSignedCheckpoint(bytes).checkpoint.root));
  }
  return found;
}

let world: VerifierWorld;
let verifier: WorldVerifier;
beforeEach(async () => {
  world = new VerifierWorld();
  await world.grow(3);
  verifier = verifierOf(world);
});

describe('a queue', () => {
  it('is answered message by message', async () => {
    const records = [
      sqsRecord('sound', s3Event(seal(2))),
      sqsRecord('early', s3Event(seal(9))),
      sqsRecord('foreign', { Records: [s3Record('x', 'ObjectCreated:Put', 'another-bucket')] }),
      sqsRecord('malformed', '{'),
      sqsRecord('test', { Service: 'Amazon S3', Event: 's3:TestEvent' }),
    ];
    expect(await send(verifier, { Records: records })).toEqual(failed('early'));
    expect(world.attestedSizes()).toEqual([3]);
    expect(verifier.log.lines.filter((line) => line.startsWith('ignored'))).toHaveLength(3);
    expect(verifier.findings.codes()).toEqual([]);
  });

  it('gives a seal that is not there back, until it is there', async () => {
    const event = (receives: number) => ({ Records: [sqsRecord('a', s3Event(seal(3)), receives)] });
    expect(await send(verifier, event(1))).toEqual(failed('a'));
    await world.grow(1);
    expect(await send(verifier, event(2))).toEqual(failed());
    expect(world.attestedSizes()).toEqual([3, 4]);
  });

  it('gives up on it in the end: then it is a finding, once, and the message is gone', async () => {
    const event = (receives: number) => ({ Records: [sqsRecord('a', s3Event(seal(7)), receives)] });
    expect(await send(verifier, event(RECEIVES_MAX - 1))).toEqual(failed('a'));
    expect(verifier.findings.codes()).toEqual([]);
    expect(await send(verifier, event(RECEIVES_MAX))).toEqual(failed());
    expect(verifier.findings.told.filter(({ findings }) => findings.length > 0)).toMatchObject([
      { scope: 'topic=orders/partition=0', findings: [{ code: 'sequence-gap', sequence: 7, key: seal(7) }] },
    ]);
  });

  it('keeps a message of a chain that was never there, and of one that is broken nothing', async () => {
    const absent = { Records: [sqsRecord('a', s3Event(seal(0, 'nowhere')))] };
    expect(await send(verifier, absent)).toEqual(failed('a'));
    world.builder.archive.alter(world.made[1]?.dataKey as string, (bytes) => bytes.fill(7));
    expect(await send(verifier, { Records: [sqsRecord('b', s3Event(seal(2)))] })).toEqual(failed());
    expect(verifier.findings.codes()).toContain('data-altered');
    expect(world.attestedSizes()).toEqual([]);
  });

  it('one chain that can not be read holds up no other', async () => {
    const payments = world.builder.chain('payments');
    await payments.seal({ lines: entries(0, 2) });
    const away = new LedgerstoneError('unavailable', 'S3 is away', { disposition: 'retriable' });
    world.builder.archive.failures.set(seal(1), away);
    const event = {
      Records: [sqsRecord('o', s3Event(seal(2))), sqsRecord('p', s3Event(seal(0, 'payments')))],
    };
    expect(await send(verifier, event)).toEqual(failed('o'));
    expect(world.store.keys()).toEqual(['attestations/topic=payments/partition=0/000000000001.note']);
    world.builder.archive.failures.clear();
    expect(await send(verifier, event)).toEqual(failed());
    expect(attested(world).size).toBe(2);
  });

  it('gets all of it back when findings can not be kept', async () => {
    verifier.findings.failure = new LedgerstoneError('unavailable', 'away', { disposition: 'retriable' });
    world.builder.archive.put('readme.txt', new Uint8Array(1));
    const event = { Records: [sqsRecord('a', s3Event(seal(2))), sqsRecord('b', s3Event('readme.txt'))] };
    expect(await send(verifier, event)).toEqual(failed('a', 'b'));
    verifier.findings.failure = null;
    expect(await send(verifier, event)).toEqual(failed());
    expect(verifier.findings.codes()).toEqual(['foreign-object']);
  });
});

describe('an event that is nobody else to answer for', () => {
  it('is answered with what was found', async () => {
    expect(await send(verifier, s3Event(seal(2)))).toEqual({
      chains: [
        {
          chain: 'orders',
          partition: 0,
          verdict: 'verified',
          isNew: true,
          isAtEnd: true,
          size: 3,
          findings: [],
        },
      ],
      failures: [],
    });
  });

  it('is thrown back where another delivery may help', async () => {
    const away = new LedgerstoneError('unavailable', 'S3 is away', { disposition: 'retriable' });
    world.builder.archive.failures.set(seal(1), away);
    await expect(send(verifier, s3Event(seal(2)))).rejects.toMatchObject({ code: 'unreadable' });
    world.builder.archive.failures.clear();
    await expect(send(verifier, s3Event(seal(3)))).rejects.toMatchObject({ code: 'seal-not-there' });
  });

  it.each([[null], [{}], [[]], [{ Records: [{}] }], [{ task: 'sweep', dryRun: true }]])(
    '%j changes nothing',
    async (event) => {
      expect(await send(verifier, event)).toEqual({ chains: [], failures: [] });
      expect(world.store.log).toEqual([]);
    },
  );

  it('a task that is not done here says so, and does not look as if it were', async () => {
    await expect(send(verifier, { task: 'sweep' })).rejects.toMatchObject({ code: 'no-task' });
  });
});

describe('keys and clocks', () => {
  it('an unpinned key is a finding, not a crash, and nothing is attested', async () => {
    const other = new VerifierWorld();
    await other.grow(2);
    const stranger = verifierOf(other, { step: { ...other.tools(), trusted: [] } });
    const event = { Records: [sqsRecord('a', s3Event(seal(1)))] };
    expect(await send(stranger, event)).toEqual(failed());
    expect(stranger.findings.codes()).toEqual(['no-trusted-key']);
    expect(other.attestedSizes()).toEqual([]);
  });

  it('a chain that goes over to a key of nobody is a finding', async () => {
    await send(verifier, s3Event(seal(2)));
    await world.chain.seal({ signers: [signer('thief')], lines: entries(world.chain.nextOffset, 1) });
    await send(verifier, s3Event(seal(3)));
    expect(verifier.findings.codes()).toEqual(['unknown-key']);
    expect(world.attestedSizes()).toEqual([3]);
  });

  it.each([61_000, -61_000])('a clock that is %i ms off attests nothing and says so', async (offsetMs) => {
    const skewed = verifierOf(world, { archive: storeOver(world.builder.archive, () => offsetMs) });
    expect(await send(skewed, { Records: [sqsRecord('a', s3Event(seal(2)))] })).toEqual(failed('a'));
    expect(skewed.findings.told).toMatchObject([
      { scope: 'configuration', findings: [{ code: 'unreadable', found: `${offsetMs / 1000} s off` }] },
    ]);
    expect(world.attestedSizes()).toEqual([]);
  });

  it('a store that does not tell its time is no reason to trust the own clock', async () => {
    const timeless = verifierOf(world, { archive: storeOver(world.builder.archive, () => null) });
    expect(await send(timeless, { Records: [sqsRecord('a', s3Event(seal(2)))] })).toEqual(failed('a'));
    expect(world.attestedSizes()).toEqual([]);
  });
});

describe('time that runs out', () => {
  it('stops at a safe place; the message comes back, and the next run goes on', async () => {
    await world.grow(40);
    const event = { Records: [sqsRecord('a', s3Event(seal(42)))] };
    // Each look at the clock takes half a second.
    let nowMs = 0;
    const clock = { ...STILL, now: () => STILL.now() + nowMs, monotonic: () => (nowMs += 500) };
    const hurried = verifierOf(world, { clock });
    const answers: unknown[] = [];
    for (let run = 0; run < 20; run++) {
      const answer = await send(hurried, event, () => 15_000);
      answers.push(answer);
      if (JSON.stringify(answer) === JSON.stringify(failed())) break;
    }
    expect(answers.length).toBeGreaterThan(2);
    expect(answers.slice(0, -1)).toEqual(answers.slice(0, -1).map(() => failed('a')));
    expect(answers.at(-1)).toEqual(failed());
    expect(world.attestedSizes().at(-1)).toBe(43);
    expect(world.attestedSizes()).toEqual(world.attestedSizes().toSorted((a, b) => a - b));
  });

  it('a run without time does nothing, and brings everything back', async () => {
    const event = { Records: [sqsRecord('a', s3Event(seal(2)))] };
    expect(await send(verifier, event, () => 5_000)).toEqual(failed('a'));
    expect(world.attestedSizes()).toEqual([]);
  });
});

describe('confirm, by the clock', () => {
  it('finds chains without an event, and one that vanished', async () => {
    const payments = world.builder.chain('payments');
    const first = await payments.seal({ lines: entries(0, 2) });
    expect(await send(verifier, { task: 'confirm' })).toMatchObject({ chains: [{ size: 3 }, { size: 1 }] });
    const { archive } = world.builder;
    for (const key of [first.sealKey, first.dataKey as string]) archive.remove(key);
    await send(verifier, { task: 'confirm' });
    expect(verifier.findings.codes()).toEqual(['truncation']);
    const [told] = verifier.findings.told.filter(({ findings }) => findings.length > 0);
    expect(told?.scope).toBe('topic=payments/partition=0');
  });

  it('only of those that were asked for', async () => {
    await world.builder.chain('payments').seal({ lines: entries(0, 2) });
    await send(verifier, { task: 'confirm', chains: ['payments/0'] });
    expect(world.store.keys()).toEqual(['attestations/topic=payments/partition=0/000000000001.note']);
  });
});

describe('each call of the attestation bucket that goes wrong, under an event', () => {
  const plans = FAULT_KINDS.filter((kind) => kind !== 'slow').flatMap((kind) =>
    Array.from({ length: 8 }, (_, index) => ({ kind, index })),
  );
  it.each(plans)(
    '$kind at call $index: the message comes back or its work is done',
    async ({ kind, index }) => {
      const own = faultyStore(
        world.store,
        (call) => (call.index === index ? ({ kind } as Fault) : undefined),
        STILL,
      );
      const event = { Records: [sqsRecord('a', s3Event(seal(2)))] };
      const faulty = verifierOf(world, { own, step: world.tools(own) });
      const answer = await send(faulty, event);
      if (JSON.stringify(answer) === JSON.stringify(failed())) expect(world.attestedSizes()).toEqual([3]);
      else expect(answer).toEqual(failed('a'));
      expect(await send(verifier, event)).toEqual(failed());
      expect(world.attestedSizes()).toEqual([3]);
      expect(attested(world).size).toBe(1);
    },
  );
});

describe('each call of the archive that goes wrong, under an event', () => {
  /** Calls of a run over three segments. */
  const CALLS = 18;
  const plans = FAULT_KINDS.filter((kind) => kind !== 'slow').flatMap((kind) =>
    Array.from({ length: CALLS }, (_, index) => ({ kind, index })),
  );
  const faultyVerifier = (plan: (index: number) => Fault | undefined) => {
    const archive = faultyStore(storeOver(world.builder.archive), ({ index }) => plan(index), STILL);
    return { archive, verifier: verifierOf(world, { archive, step: { ...world.tools(), archive } }) };
  };
  const event = { Records: [sqsRecord('a', s3Event(seal(2)))] };

  it('are not more than these', async () => {
    const { archive, verifier: sound } = faultyVerifier(() => undefined);
    expect(await send(sound, event)).toEqual(failed());
    expect(archive.calls.length).toBeGreaterThan(8);
    expect(archive.calls.length).toBeLessThanOrEqual(CALLS);
  });

  it.each(plans)(
    '$kind at call $index: nothing is called broken, and the next run attests',
    async ({ kind, index }) => {
      const { verifier: faulty } = faultyVerifier((call) =>
        call === index ? ({ kind } as Fault) : undefined,
      );
      const answer = await send(faulty, event);
      // Data whose seal could not be read looks like nobody's for as long: a notice, gone with the next run.
      const found = faulty.findings.told.flatMap(({ findings }) => findings);
      const loud = found.filter(({ code, severity }) => code !== 'unreadable' && severity !== 'notice');
      expect(loud).toEqual([]);
      if (JSON.stringify(answer) === JSON.stringify(failed())) expect(world.attestedSizes()).toEqual([3]);
      else expect([answer, world.attestedSizes()]).toEqual([failed('a'), []]);
      expect(await send(verifier, event)).toEqual(failed());
      expect(world.attestedSizes()).toEqual([3]);
    },
  );

  it.each(plans)(
    '$kind at call $index: what was altered is found, now or then, and never attested',
    async ({ kind, index }) => {
      world.builder.archive.alter(world.made[1]?.dataKey as string, (bytes) => bytes.fill(7));
      const { verifier: faulty } = faultyVerifier((call) =>
        call === index ? ({ kind } as Fault) : undefined,
      );
      const answer = await send(faulty, event);
      const isAcknowledged = JSON.stringify(answer) === JSON.stringify(failed());
      if (isAcknowledged) expect(faulty.findings.codes()).toContain('data-altered');
      else await send(verifier, event);
      expect([...faulty.findings.codes(), ...verifier.findings.codes()]).toContain('data-altered');
      expect(world.attestedSizes()).toEqual([]);
    },
  );
});

describe('1,000 events, shuffled, doubled and at once', () => {
  it('end as a run in order does', async () => {
    const grown = new VerifierWorld();
    const random = mulberry32(11);
    const waiting: unknown[] = [];
    const underWay: Promise<unknown>[] = [];
    const results: unknown[] = [];
    let sent = 0;
    // What fails comes again, from a queue or from S3, and each time it may be another Lambda's.
    const deliver = async (event: unknown): Promise<void> => {
      const answer = (await send(verifierOf(grown), event).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'seal-not-there' });
        return failed('thrown');
      })) as { batchItemFailures?: unknown[] };
      results.push(answer);
      if ((answer.batchItemFailures?.length ?? 0) > 0) waiting.push(event);
    };
    for (let size = 1; size <= 100; size++) {
      await grown.grow(1);
      for (let i = 0; i < 10; i++) {
        // Now and then S3 is slow to tell, and now and then the event is faster than the object.
        const event = s3Event(seal(Math.min(99, size - 1 + (random() < 0.1 ? 1 : 0))));
        waiting.push(random() < 0.5 ? event : { Records: [sqsRecord(`m${sent}`, event)] });
        sent++;
      }
      for (let burst = Math.floor(random() * 14); burst > 0 && waiting.length > 0; burst--) {
        const [event] = waiting.splice(Math.floor(random() * waiting.length), 1);
        underWay.push(deliver(event));
      }
      if (random() < 0.3) await Promise.all(underWay.splice(0));
    }
    await Promise.all(underWay.splice(0));
    while (waiting.length > 0) await Promise.all(waiting.splice(0, 16).map(deliver));
    expect(sent).toBe(1000);
    expect(results.length).toBeGreaterThanOrEqual(1000);

    const sequential = new VerifierWorld();
    for (let size = 1; size <= 100; size++) {
      await sequential.grow(1);
      await send(verifierOf(sequential), s3Event(seal(size - 1)));
    }
    const expected = attested(sequential);
    expect(expected.size).toBe(100);
    const found = attested(grown);
    for (const [key, root] of found) expect([key, root]).toEqual([key, expected.get(key)]);
    expect(grown.attestedSizes().at(-1)).toBe(100);
  });
});
