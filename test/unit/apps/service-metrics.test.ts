// Is each request to S3 and KMS counted by its operation and by what came of it, each try by itself?
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addServiceMetrics } from '../../../src/apps/service-metrics.ts';
import type { Request } from '../../../src/base/node/requests.ts';
import { VERSION } from '../../../src/base/version.ts';
import { kmsSigner } from '../../../src/sign/kms.ts';
import { connectS3 } from '../../../src/store/s3-connection.ts';
import { failure, fakeKms } from '../sign/fake-kms.ts';

let server: Server;
/** What the next requests get: a status, or nothing but the end of the connection. */
let answers: (number | 'broken' | 'silent')[];
let seen: Request[];

beforeEach(async () => {
  [answers, seen] = [[], []];
  server = createServer((request, response) => {
    const answer = answers.shift() ?? 200;
    request.resume();
    if (answer === 'broken') request.socket.destroy();
    else if (answer !== 'silent') {
      response.writeHead(answer, { 'content-type': 'application/xml' });
      response.end(answer === 200 ? 'x' : `<Error><Code>Code${answer}</Code><Message>no</Message></Error>`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function get(signal?: AbortSignal): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const s3 = connectS3({
    ...{ bucket: 'acme', region: 'eu-central-1', prefix: '', endpoint: `http://127.0.0.1:${port}` },
    ...{ credentials: { accessKeyId: 'a', secretAccessKey: 's' }, attemptsMax: 2 },
    onRequest: (request) => seen.push(request),
  });
  const command = new GetObjectCommand({ ...s3.target, Key: 'k' });
  await s3.run({ operation: 'GetObject', signal }, (http) => s3.client.send(command, http)).catch(() => {});
  s3.close();
}

it.each([
  [[200], ['ok']],
  [[404], ['absent']],
  [[412], ['present']],
  [[403], ['refused']],
  [
    [503, 200],
    ['throttled', 'ok'],
  ],
  [
    [500, 500],
    ['failed', 'failed'],
  ],
  [
    ['broken', 200],
    ['no-answer', 'ok'],
  ],
] as const)('S3 answers %j: %j', async (given, outcomes) => {
  answers = [...given];
  await get();
  expect(seen.map(({ operation, outcome }) => [operation, outcome])).toEqual(
    outcomes.map((outcome) => ['GetObject', outcome]),
  );
  for (const { seconds } of seen) expect(seconds).toBeGreaterThan(0);
});

it('a request that this process ends is none of the store', async () => {
  answers = ['silent'];
  const ended = new AbortController();
  server.once('request', () => ended.abort());
  await get(ended.signal);
  expect(seen.map(({ outcome }) => outcome)).toEqual(['aborted']);
});

it('KMS says by its name alone that it throttles', async () => {
  await using kms = await fakeKms('ECC_NIST_EDWARDS25519');
  kms.script = ({ action }, nth) =>
    action === 'Sign' && nth === 0 ? failure('ThrottlingException') : undefined;
  const signer = await kmsSigner({ ...kms.options, attempts: 2, onRequest: (request) => seen.push(request) });
  await signer.sign(new TextEncoder().encode('a checkpoint'));
  expect(seen.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
    ...['GetPublicKey ok', 'DescribeKey ok', 'Sign throttled', 'Sign ok'],
  ]);
});

it('shows them by store and operation, and leaves out of the times what it ended itself', async () => {
  const registry = new Registry();
  const requests = addServiceMetrics(registry, 'verifier');
  const own = requests.s3('attestations');
  own({ operation: 'PutObject', outcome: 'ok', seconds: 0.3 });
  own({ operation: 'PutObject', outcome: 'aborted', seconds: 9 });
  requests.s3('archive')({ operation: 'GetObject', outcome: 'absent', seconds: 0.02 });
  requests.kms({ operation: 'Sign', outcome: 'throttled', seconds: 0.02 });
  const text = await registry.metrics();
  for (const line of [
    'ledgerstone_verifier_s3_requests_total{store="attestations",operation="PutObject",outcome="ok"} 1',
    'ledgerstone_verifier_s3_requests_total{store="attestations",operation="PutObject",outcome="aborted"} 1',
    'ledgerstone_verifier_s3_requests_total{store="archive",operation="GetObject",outcome="absent"} 1',
    'ledgerstone_verifier_s3_request_seconds_count{store="attestations",operation="PutObject"} 1',
    'ledgerstone_verifier_kms_requests_total{operation="Sign",outcome="throttled"} 1',
    'ledgerstone_verifier_estimated_cost_usd_total{service="kms"} 0',
    `ledgerstone_build_info{program="verifier",version="${VERSION}",node="${process.versions.node}"} 1`,
  ])
    expect(text).toContain(`${line}\n`);
  // A PUT and a GET that found nothing; what was ended or throttled is not charged.
  const [, usd] = /_estimated_cost_usd_total\{service="s3"\} (\S+)/.exec(text) ?? [];
  expect(Number(usd) * 1e6).toBeCloseTo(5.4, 9);
});
