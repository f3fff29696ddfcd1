// Does `status` say "ready" of a service without a word of its halted partitions?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { statusText } from '../../../src/apps/cli/status-text.ts';
import { generateLocalKey } from '../../../src/sign/local-key.ts';
import { ArchiveBuilder, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

const ORIGIN = 'audit.example.com/prod';

async function lastLine(
  ready: boolean,
  reasons: readonly string[],
  codes: readonly (string | null)[],
  topics?: unknown,
  keys?: unknown,
) {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-halted-'));
  const partitions = codes.map((code, partition) => ({
    ...{ topic: 'orders', partition, chain: 'orders', origin: `${ORIGIN}/orders/${partition}` },
    ...{ state: code === null ? 'streaming' : 'halted', head: null, lag: 0, trouble: null },
    halt: code === null ? null : { code, message: 'what happened', remedy: 'What to do.' },
  }));
  const said = { instance: 'i', version: '1.0.0', origin: ORIGIN, ready, reasons, topics, partitions, keys };
  const server = createServer((_, response) => response.end(JSON.stringify(said)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    writeCopy(new ArchiveBuilder().archive, join(dir, 'archive'));
    await generateLocalKey(join(dir, 'k.pem'), 'ed25519');
    const config = {
      archive: {
        origin: ORIGIN,
        store: { kind: 'directory', path: 'archive' },
        signing: { kind: 'local', keyFile: 'k.pem' },
      },
      source: { kind: 'kafka', brokers: ['127.0.0.1:9'], topics: [{ name: 'orders', retention: 'r' }] },
      retention: { r: { mode: 'COMPLIANCE', period: '1d' } },
      server: { port: (server.address() as AddressInfo).port },
    };
    writeFileSync(join(dir, 'ledgerstone.yaml'), JSON.stringify(config));
    const { code, out } = await ledgerstone(['status', '--config', join(dir, 'ledgerstone.yaml')]);
    return [code, out.trimEnd().split('\n').at(-1)];
  } finally {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

it('counts them beside its readiness', async () => {
  expect(await lastLine(true, [], [null, null])).toEqual([0, 'service: i, version 1.0.0, ready']);
  expect(await lastLine(true, [], [null, 'hole', 'expired'])).toEqual([
    3,
    'service: i, version 1.0.0, ready, but 2 of its 3 partitions halted (see above)',
  ]);
  expect(await lastLine(false, ['the store is down'], ['hole'])).toEqual([
    3,
    'service: i, version 1.0.0, not ready: the store is down, and its one partition halted (see above)',
  ]);
});

it('says what it owns of each topic, and that the rest is not for it to know', async () => {
  const all = { topic: 'logins', partitions: 2, owned: 2 };
  const unknown = { topic: 'new', partitions: null, owned: 0 };
  const some = { topic: 'orders', partitions: 6, owned: 0 };
  const words = "  it owns 0 of 6 partitions of orders; who owns the others it can't know";
  expect(await lastLine(true, [], [], [all, some, unknown])).toEqual([0, words]);
  // A service of an earlier version does not say, and another one may say anything.
  expect(await lastLine(true, [], [], 'none')).toEqual([0, 'service: i, version 1.0.0, ready']);
});

it('names the chains that wait for another key, and why a decision is not followed', async () => {
  const lineOf = async (keys?: unknown) => (await lastLine(true, [], [], undefined, keys))[1];
  const plain = 'service: i, version 1.0.0, ready';
  expect(await lineOf({ waiting: [], problem: null })).toBe(plain);
  expect(await lineOf()).toBe(plain);
  expect(await lineOf({ waiting: ['orders/0', 'orders/1'], problem: null })).toBe(
    '  these chains wait for the key that was decided: orders/0, orders/1',
  );
  expect(await lineOf({ waiting: ['orders/0'], problem: 'it is disabled' })).toBe(
    '  what was decided about keys is not followed: it is disabled',
  );
});

it('and of one that does not answer says where else it may be', () => {
  const service = { url: 'http://127.0.0.1:9464/status', status: null, problem: 'connect ECONNREFUSED' };
  const none = {
    archive: './archive',
    chains: [],
    attestations: null,
    unlisted: [],
    foreign: [],
    floods: [],
  };
  expect(statusText({ ...none, service }, { color: false } as never)).toContain(
    '(connect ECONNREFUSED); one that found this port taken says in its log where it is',
  );
});
