// Does what overwrites and deletes ever touch anything but a drill's canary?
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { directoryCanary, isCanaryKey } from '../../../src/store/canary.ts';
import { s3Canary } from '../../../src/store/canary-s3.ts';

const CANARIES = ['ledgerstone.drill/x', 'seals/topic=ledgerstone.drill/partition=0/000000000000.tlog-proof'];
const OTHERS = [
  'seals/topic=orders/partition=0/000000000000.tlog-proof',
  'seals/topic=ledgerstone.drills/partition=0/000000000000.tlog-proof',
  'data/topic=ledgerstone.drill/partition=0/x',
  'ledgerstone.drill/../seals/topic=orders/partition=0/000000000000.tlog-proof',
  'FORMAT.md',
  '',
];

describe('keys', () => {
  it.each(CANARIES)('%s is a canary', (key) => expect(isCanaryKey(key)).toBe(true));
  it.each(OTHERS)('%s is none', (key) => expect(isCanaryKey(key)).toBe(false));
});

describe('in a directory', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ledgerstone-canary-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const lay = (key: string) => {
    mkdirSync(dirname(join(dir, key)), { recursive: true });
    writeFileSync(join(dir, key), 'x');
  };

  it('removes its file and the folders that are empty then', async () => {
    const [, seal = ''] = CANARIES;
    lay(seal);
    lay('seals/topic=orders/partition=0/000000000000.tlog-proof');
    await directoryCanary(dir).remove(seal, '1');
    expect(readdirSync(join(dir, 'seals'))).toEqual(['topic=orders']);
  });

  it('finds it no fault that nothing is there', async () => {
    await directoryCanary(dir).remove('ledgerstone.drill/x', '1');
    expect(existsSync(dir)).toBe(true);
  });

  it('removes nothing else', async () => {
    const key = 'seals/topic=orders/partition=0/000000000000.tlog-proof';
    lay(key);
    await expect(directoryCanary(dir).remove(key, '1')).rejects.toThrow('a drill at');
    expect(existsSync(join(dir, key))).toBe(true);
  });
});

describe('in a bucket', () => {
  const requests: string[] = [];
  let status = 204;
  let server: Server;
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      request.resume();
      response.writeHead(status, { 'x-amz-version-id': 'v1' });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());
  beforeEach(() => {
    requests.length = 0;
    status = 204;
  });
  const open = () =>
    s3Canary({
      ...{ bucket: 'b', region: 'eu-central-1', prefix: 'p/' },
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  const lock = { mode: 'COMPLIANCE', untilMs: 2_000_000_000_000 } as const;

  it('nothing is sent for another key', async () => {
    const canary = open();
    for (const key of OTHERS) {
      await expect(canary.hide(key)).rejects.toThrow('a drill at');
      await expect(canary.remove(key, 'v1')).rejects.toThrow('a drill at');
      await expect(canary.overwrite(key, new Uint8Array(1), lock)).rejects.toThrow('a drill at');
    }
    expect(requests).toEqual([]);
    canary.close();
  });

  it('what is meant is sent once, below the prefix, whatever is answered', async () => {
    const canary = open();
    expect(await canary.hide('ledgerstone.drill/x')).toBe('v1');
    expect(requests.map((request) => request.split('?')[0])).toEqual(['DELETE /b/p/ledgerstone.drill/x']);
    status = 500;
    await expect(canary.hide('ledgerstone.drill/x')).rejects.toMatchObject({ disposition: 'retriable' });
    expect(requests).toHaveLength(2);
    status = 403;
    const refused = canary.overwrite('ledgerstone.drill/x', new Uint8Array(1), lock);
    await expect(refused).rejects.toMatchObject({ code: 'not-permitted' });
    canary.close();
  });
});
