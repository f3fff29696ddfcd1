// Does the whole process end when its client hangs, and is it quiet when there is nothing to do?
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/apps/cli/exit-code.ts';
import { cli, type RunningService, startService } from '../support/cli.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { probed, timersFired } from '../support/process-probe.ts';
import { type HazardBench, numbered } from './ingest-kafka-hazards-world.ts';

/** The service runs tens of timers a second; kafkajs's loop of them thousands (#1751). */
const TIMERS_MAX = 300;

export function processHazards({ stack, world, proxy }: HazardBench): void {
  describe('the whole process', () => {
    let dir: string;
    const running: RunningService[] = [];
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'ledgerstone-hazards-'));
    });
    afterEach(async () => {
      proxy().set({ kind: 'pass' });
      for (const service of running.splice(0)) await service.end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    });

    const configure = async (topic: string): Promise<string> => {
      const config = join(dir, 'ledgerstone.yaml');
      await writeFile(
        config,
        `archive:
  origin: hazards.example.com/process
  store: { kind: directory, path: ${join(dir, 'archive')} }
  signing: { kind: local, keyFile: ${join(dir, 'key.pem')} }
source:
  kind: kafka
  brokers: ["127.0.0.1:${proxy().port}"]
  groupId: ${world().groupId}
  topics: [{ name: ${topic}, retention: short }]
retention: { short: { mode: COMPLIANCE, period: 1d } }
segment: { maxAge: 300ms }
server: { port: 0 }
`,
      );
      expect(await cli(['init', '--config', config, '--vkey', join(dir, 'vkey')])).toMatchObject({ code: 0 });
      return config;
    };
    const start = (config: string, env: Readonly<Record<string, string>>): RunningService => {
      const service = startService(config, env);
      running.push(service);
      return service;
    };
    const said = (service: RunningService, what: string) =>
      world().waitFor(`${what}, by a process that said:\n${service.log()}`, () =>
        service.log().includes(what),
      );
    const archived = async (config: string): Promise<string[]> => {
      const verified = await cli(['verify', '--config', config, '--key', join(dir, 'vkey')]);
      expect(verified).toMatchObject({ code: EXIT.ok });
      const got = await cli([
        ...['get', join(dir, 'archive'), '--topic', world().archived, '--partition', '0'],
        ...['--values', '--key', join(dir, 'vkey')],
      ]);
      return got.stdout.toString().trimEnd().split('\n');
    };

    it.each([
      ['a broker that froze', 'SIGSTOP'],
      ['a network that swallows everything', 'black-hole'],
    ])(
      'kafkajs #659 #1593 #1721: %s ends it with exit code 3 (could not go on), and the next one goes on exactly',
      async (_, how) => {
        const topic = await world().orders();
        await world().send(topic, numbered(20));
        const config = await configure(topic);
        const first = start(config, probed({ stallMs: '4000' }));
        await said(first, '"nextOffset":20');
        const closed = once(first.child, 'close');
        const [broker] = stack().kafka.brokers;
        if (how === 'SIGSTOP') await broker?.signal('SIGSTOP');
        else proxy().set({ kind: 'black-hole' });
        try {
          const [code] = await Promise.race([closed, sleep(PATIENCE_MS, ['it runs on'], { ref: false })]);
          expect([code, first.log()]).toEqual([EXIT.failed, expect.stringMatching(/ for 4 s/)]);
        } finally {
          if (how === 'SIGSTOP') await broker?.signal('SIGCONT');
          else proxy().set({ kind: 'pass' });
        }
        await world().send(topic, numbered(20, 'later'));
        const second = start(config, {});
        await said(second, '"nextOffset":40');
        expect(await second.end('SIGTERM')).toBe(EXIT.ok);
        expect(await archived(config)).toEqual([...numbered(20), ...numbered(20, 'later')]);
      },
    );

    it('kafkajs #1751: idle, it has no loop of timers, and Node warns of none (TimeoutNegativeWarning)', async () => {
      const topic = await world().orders(4);
      await world().send(topic, numbered(3));
      const service = start(await configure(topic), probed({ timers: 'yes' }));
      await said(service, '"nextOffset":3');
      const before = timersFired(service.log()).length;
      await world().waitFor('four idle seconds', () => timersFired(service.log()).length > before + 4);
      const idle = timersFired(service.log()).slice(before + 1);
      expect(Math.max(...idle)).toBeLessThan(TIMERS_MAX);
      expect(await service.end('SIGTERM')).toBe(EXIT.ok);
      expect(service.log()).not.toMatch(/Warning/);
    });
  });
}
