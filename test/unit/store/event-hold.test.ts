// What does the store say of a version that S3 keeps by an event hold, with a date or without one?
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Store } from '../../../src/store/s3.ts';

const DAY_MS = 86_400_000;

describe('the lock of a version', () => {
  let retention = '';
  const server = createServer((_, response) => {
    const body = `<?xml version="1.0"?><Retention>${retention}</Retention>`;
    response.writeHead(200, { date: new Date().toUTCString(), 'content-type': 'application/xml' }).end(body);
  });
  beforeAll(() => new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready)));
  afterAll(() => new Promise((closed) => server.close(closed)));

  const lockOf = async (xml: string) => {
    retention = xml;
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const endpoint = `http://127.0.0.1:${port}`;
    const options = { bucket: 'acme', region: 'eu-central-1', prefix: '', endpoint, credentials };
    const store = s3Store({ ...options, attemptsMax: 1 });
    try {
      return await store.lock('seals/x', 'v1');
    } finally {
      await store.close();
    }
  };
  const untilMs = Date.UTC(2033, 10, 22);
  const dated = '<Mode>COMPLIANCE</Mode><RetainUntilDate>2033-11-22T00:00:00Z</RetainUntilDate>';
  const held = (duration: string) =>
    `<EventHold>ON</EventHold><EventHoldDuration>${duration}</EventHoldDuration>`;

  it('with a date alone is locked until then', async () =>
    expect(await lockOf(dated)).toEqual({ kind: 'locked', lock: { mode: 'COMPLIANCE', untilMs } }));

  it('with a date and an event hold says both', async () =>
    expect(await lockOf(`${dated}${held('<Years>3</Years>')}`)).toEqual({
      kind: 'locked',
      lock: { mode: 'COMPLIANCE', untilMs },
      eventHold: 'an event hold, and 3 years after its release',
    }));

  it('with an event hold alone lasts for its duration at least, and is no missing lock', async () => {
    const before = Date.now();
    const state = await lockOf(`<Mode>COMPLIANCE</Mode>${held('<Days>1</Days>')}`);
    const lock = state.kind === 'locked' ? state.lock : null;
    expect(state).toMatchObject({ eventHold: 'an event hold, and 1 day after its release' });
    expect(lock?.untilMs).toBeGreaterThanOrEqual(before + DAY_MS);
    expect(lock?.untilMs).toBeLessThanOrEqual(Date.now() + DAY_MS);
  });

  it('with an event hold that was released has its date', async () =>
    expect(await lockOf(`${dated}<EventHold>OFF</EventHold>`)).toEqual({
      kind: 'locked',
      lock: { mode: 'COMPLIANCE', untilMs },
    }));

  // Of a version without a lock S3 answers an error.
  it('with neither is no answer', async () =>
    expect(lockOf('')).rejects.toMatchObject({ code: 'bad-answer' }));
});
