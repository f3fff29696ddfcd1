// What happens if two archivers own a partition, if members come and go, or if a foreign member joins?
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../support/patience.ts';
import { type HazardBench, numbered, SHORT, stranger } from './ingest-kafka-hazards-world.ts';
import { COMPRESSION } from './ingest-kafka-world.ts';

export function groupHazards({ version, stack, world }: HazardBench): void {
  describe('two owners', () => {
    it('a seal slower than rebalanceTimeout while another member takes over: each record once', async () => {
      const topic = await world().orders(2);
      let slow = false;
      const faults = ({ method }: { method: string }) =>
        slow && method === 'putIfAbsent' ? ({ kind: 'slow', ms: 4_000 } as const) : undefined;
      world().start({ tuning: SHORT, faults });
      await world().sealed(0, 0);
      await world().sealed(0, 1);
      slow = true;
      for (const partition of [0, 1]) await world().send(topic, numbered(20), COMPRESSION.none, partition);
      await sleep(700);
      const second = world().start({ tuning: SHORT });
      await world().waitFor('its share', () => second.pipeline.actors.length === 1);
      for (const partition of [0, 1]) await world().exact(numbered(20), partition);
      await sleep(4_000);
      for (const partition of [0, 1]) await world().exact(numbered(20), partition);
    });

    it('members without a partition stay members, are no stall, and take over', async () => {
      const topic = await world().orders();
      const tuning = { ...SHORT, stallMs: 3_000 };
      const first = world().start({ tuning });
      await world().sealed(0);
      const spares = [world().start({ tuning }), world().start({ tuning })];
      await world().waitFor('the spares', () => spares.every(({ pipeline }) => pipeline.assigned));
      const joins = ({ log }: { log: readonly string[] }) => log.filter((line) => line.includes('assigned'));
      await sleep(1_000);
      const before = spares.map((spare) => joins(spare).length);
      await sleep(5_000);
      expect(spares.map((spare) => joins(spare).length)).toEqual(before);
      await world().send(topic, numbered(5));
      await world().sealed(5);
      const owner = [first, ...spares].find(({ pipeline }) => pipeline.actors.length === 1);
      await owner?.drain();
      await world().send(topic, numbered(5, 'later'));
      await world().exact([...numbered(5), ...numbered(5, 'later')]);
    });

    it('kafkajs #1197 #1764: members that join and leave under load double nothing', async () => {
      const topic = await world().orders(4);
      const partitions = [0, 1, 2, 3];
      const writing = (async () => {
        for (let n = 0; n < 40; n++) {
          for (const partition of partitions) {
            await world().send(topic, numbered(5, `${n}`), COMPRESSION.none, partition);
          }
          await sleep(30);
        }
      })();
      let leaving = world().start({ tuning: SHORT });
      for (let round = 0; round < 4; round++) {
        await sleep(600);
        const next = world().start({ tuning: SHORT });
        await sleep(300);
        await leaving.drain();
        leaving = next;
      }
      await writing;
      const all = Array.from({ length: 40 }, (_, n) => numbered(5, `${n}`)).flat();
      for (const partition of partitions) await world().exact(all, partition);
    });

    it('another archive of the same topic, with the same group id (the default), is refused instead of taking half', async () => {
      const topic = await world().orders(4);
      const archiver = world().start();
      await world().waitFor('all partitions', () => archiver.pipeline.actors.length === 4);
      const other = world().start({ archive: 'hazards.example.com/another' });
      expect(await other.ended).toMatchObject({ kind: 'failed', error: { code: 'group-shared' } });
      for (const partition of [0, 1, 2, 3]) {
        await world().send(topic, numbered(3), COMPRESSION.none, partition);
        await world().exact(numbered(3), partition);
      }
    });

    it('a consumer of the new protocol (KIP-848) with our group id is refused by Kafka, and costs us nothing', async () => {
      const topic = await world().orders(4);
      const archiver = world().start();
      await world().waitFor('all partitions', () => archiver.pipeline.actors.length === 4);
      const intruder = await stranger(stack(), topic, world().groupId, 'consumer');
      await Promise.race([intruder.end, sleep(PATIENCE_MS, null, { ref: false })]);
      expect([intruder.ended(), intruder.said()]).toEqual([
        true,
        expect.stringMatching(/GroupIdNotFound|UnsupportedVersion/),
      ]);
      for (const partition of [0, 1, 2, 3]) {
        await world().send(topic, numbered(3), COMPRESSION.none, partition);
        await world().exact(numbered(3), partition);
      }
      expect(archiver.log.filter((line) => line.includes('partitions assigned'))).toHaveLength(1);
    });

    it.each(version === '3.9.1' ? (['classic'] as const) : (['classic', 'consumer'] as const))(
      'a stranger in our group before us (%s protocol) is fatal with the reason, not half an archive',
      async (protocol) => {
        const topic = await world().orders(4);
        const intruder = await stranger(stack(), topic, world().groupId, protocol);
        try {
          const admin = await world().admin();
          await world().eventually('the stranger to be a member', async () => {
            const { groups } = await admin.listGroups();
            return groups.some(({ groupId }) => groupId === world().groupId);
          });
          await sleep(1_500);
          const end = await world().start().ended;
          expect(end).toMatchObject({ kind: 'failed', error: { code: 'group-shared' } });
          expect(
            world()
              .store.keys()
              .filter((key) => key.startsWith('seals/')),
          ).toEqual([]);
        } finally {
          await intruder.stop();
        }
      },
    );
  });
}
