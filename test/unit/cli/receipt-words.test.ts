// Does `receipt` say of each answer of an archiver what to do about that one?
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let answer: { status: number; headers?: Record<string, string>; body: unknown };
let server: Server;
let url: string;
const KEY = encodeVkey(new ArchiveBuilder().trusted[0] as VerifierKey);

beforeEach(async () => {
  server = createServer((_, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const receipt = (...more: string[]) => ledgerstone(['receipt', url, 'orders/0/42', '--key', KEY, ...more]);

it.each([
  [404, 'unknown-topic', 'Ask an archiver of that topic'],
  [404, 'no-chain', 'Is the partition right?'],
  [404, 'before-chain', 'The archive of that partition begins later'],
  [404, undefined, 'is `receipts.serve` set in its configuration?'],
  [410, 'expired', 'its time to be kept is over'],
  [413, 'too-long', '`ledgerstone get` for its line'],
  [500, 'data-altered', 'Tell the operator of the archive'],
  [401, undefined, '--token-file'],
])('after %s %s', async (status, code, remedy) => {
  answer = { status, body: { ...(code === undefined ? {} : { code }), error: 'why' } };
  const { code: exit, err } = await receipt();
  expect([exit, err]).toEqual([
    3,
    expect.stringContaining(status === 401 ? 'asks for a token' : `${status}`),
  ]);
  expect(err).toContain(remedy);
  expect(err.includes('receipts.serve')).toBe(remedy.includes('receipts.serve'));
});

it('while it is not sealed, and after waiting in vain', async () => {
  answer = { status: 202, headers: { 'retry-after': '1' }, body: { error: 'the next is 40', halted: null } };
  const now = await receipt();
  expect([now.code, now.err]).toEqual([4, expect.stringContaining('--wait 2m waits for it.')]);
  const late = await receipt('--wait', '1s');
  expect([late.code, late.err]).toEqual([4, expect.stringContaining('after 1 s of waiting')]);
});

it('of a halted partition, where no waiting helps', async () => {
  answer = { status: 202, body: { error: 'the next is 40', halted: 'offset-gap' } };
  const { code, err } = await receipt();
  expect([code, err]).toEqual([4, expect.stringContaining('is halted (offset-gap): waiting does not help')]);
  expect(err).not.toContain('--wait');
});

it('where nobody answers', async () => {
  server.close();
  const { code, err } = await receipt();
  expect([code, err]).toEqual([3, expect.stringContaining('One that archives a file ends with the file')]);
});
