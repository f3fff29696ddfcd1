// Does an operator's decision give up what is lost, and nothing else?

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runArchiver } from '../../src/apps/archiver/main.ts';
import { recordDecision } from '../../src/apps/cli/resume.ts';
import { silentLogger } from '../../src/base/log.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { ORIGIN, World } from '../support/archiver-world.ts';
import { faultyStore } from '../support/memory-store.ts';
import { DECISION, decide } from './operator.ts';

describe('a decision on a halted partition', () => {
  it('gives up a hole, and the running service goes on after it', async () => {
    const world = new World();
    world.produce(0, 20);
    world.broker.log('orders', 0).compact((offset) => offset === 13 || offset === 14);
    const archiver = world.start();
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'hole');
    await world.clock.until('sealed up to it', () => world.nextOffset(0) === 13);
    expect(await decide(world, { to: 15, reason: 'compacted' })).toMatchObject({ from: 13, to: 15 });
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
    expect((await world.verify()).verdict).toBe('verified');
  });

  it('is refused while good records before the bad one are not sealed', async () => {
    const world = new World({ config: 'segment: { maxRecords: 100, maxAge: 1s, heartbeat: 0 }' });
    world.produce(0, 13);
    world.broker.log('orders', 0).appendPoison();
    world.produce(0, 6);
    const slow = faultyStore(
      world.store,
      ({ method }) => (method === 'putIfAbsent' ? { kind: 'slow', ms: 60_000 } : undefined),
      world.clock,
    );
    const archiver = world.start('a', slow);
    await world.clock.until('halted', () => archiver.pipeline.actors[0]?.halt?.code === 'undecodable');
    expect(world.nextOffset(0)).toBe(0);
    await expect(decide(world, { to: 14 })).rejects.toMatchObject({ code: 'usage' });
    await world.clock.until('sealed up to it', () => world.nextOffset(0) === 13);
    await decide(world, { to: 14 });
    await world.untilSealed(0);
    expect(world.problems(0)).toEqual([]);
  });

  it('keeps the identity that the chain was begun with', async () => {
    const world = new World({ broker: { topicIds: false } });
    world.produce(0, 10);
    const first = world.start('a');
    await world.untilSealed(0);
    first.kill();
    world.produce(0, 20);
    world.broker.log('orders', 0).expire(25);
    // The brokers were upgraded, and know topic ids now.
    Object.assign(world.broker, { topicIds: true });
    await decide(world, { reason: 'expired' });
    world.start('b');
    await world.untilSealed(0);
    expect((await world.verify()).verdict).toBe('verified');
  });
});

describe('a file with a line that is too long', () => {
  it('is sealed up to that line before the run fails, and goes on after the decision', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ledgerstone-resume-'));
    try {
      const key = join(directory, 'key.pem');
      await generateLocalKey(key, 'ed25519');
      const lines = Array.from({ length: 60_000 }, (_, n) => `{"n":${n}}`);
      lines[59_990] = 'x'.repeat(2_000);
      await writeFile(join(directory, 'in.jsonl'), `${lines.join('\n')}\n`);
      const yaml = `
archive:
  origin: ${ORIGIN}
  store: { kind: directory, path: ./archive }
  signing: { kind: local, keyFile: ./key.pem }
source: { kind: file, path: ./in.jsonl, topic: { name: lines, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1d } }
limits: { recordBytes: 1KiB }
server: { port: 0 }
`;
      const config = parseConfig(yaml, join(directory, 'ledgerstone.yaml'), {});
      const log = silentLogger;
      const { signal } = new AbortController();
      const sealed: number[] = [];
      const run = () => runArchiver(config, { signal, log, onSealed: (one) => sealed.push(one.nextOffset) });
      await expect(run()).rejects.toMatchObject({ code: 'undecodable' });
      expect(sealed.at(-1)).toBe(59_990);
      const decision = { ...DECISION, topic: 'lines', to: 59_991 };
      expect(await recordDecision(config, decision, { signal, log })).toMatchObject({ from: 59_990 });
      expect(await run()).toMatchObject({ end: 'finished', records: 9 });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
