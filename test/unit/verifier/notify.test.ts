// Are people told once, in time, and without a secret in any error?
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { roleCredentials } from '../../../src/store/role-credentials.ts';
import { signRequest } from '../../../src/store/sign-request.ts';
import type { Notifier } from '../../../src/verifier/alarms/notifier.ts';
import { snsNotifier } from '../../../src/verifier/alarms/sns.ts';
import { type Fetch, webhookNotifier } from '../../../src/verifier/alarms/webhook.ts';
import { FakeClock } from '../../support/fake-clock.ts';

afterEach(() => vi.unstubAllEnvs());

const SECRET = 'T0PS3CRET';
const URL_SLACK = `https://hooks.slack.com/services/${SECRET}`;
const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:alarms';
const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

type Sent = { readonly url: string; readonly init: RequestInit };

/** Answers each try with the next status; `null` breaks the connection, as fetch tells of it. */
function fakeFetch(answers: readonly (number | null | 'hangs')[]) {
  const sent: Sent[] = [];
  const send: Fetch = async (url, init) => {
    const answer = answers[sent.length];
    sent.push({ url, init });
    if (answer === 'hangs') {
      await new Promise((_, reject) => {
        const { signal } = init;
        const stop = () => reject(signal?.reason);
        if (signal?.aborted) stop();
        signal?.addEventListener('abort', stop);
      });
    }
    if (answer === null || answer === undefined) throw new TypeError(`fetch failed: ${url}`);
    return new Response(`echo of ${url}`, { status: answer as number });
  };
  return { sent, send };
}

const webhook = (url: string, fetch: Fetch): Notifier =>
  webhookNotifier(url, { fetch, clock: new FakeClock({ auto: true }), random: () => 0.5, timeoutMs: 40 });

describe('a webhook', () => {
  it('gets what Slack shows, and nothing in it is a mention or a link', async () => {
    const { sent, send } = fakeFetch([200]);
    await webhook(URL_SLACK, send).publish('[BROKEN] x', 'key <!channel> & <http://evil|x> ```');
    const [{ url, init }] = sent as [Sent];
    expect([url, init.method, init.redirect]).toEqual([URL_SLACK, 'POST', 'error']);
    expect(JSON.parse(init.body as string)).toEqual({
      text: "*[BROKEN] x*\n```\nkey &lt;!channel&gt; &amp; &lt;http://evil|x&gt; '''\n```",
    });
  });

  it('gets a card that Teams shows, and a text for others', async () => {
    const { sent, send } = fakeFetch([202]);
    await webhook('https://example.webhook.office.com/x', send).publish('subject', 'x'.repeat(9000));
    const body = JSON.parse((sent[0] as Sent).init.body as string);
    expect(body).toMatchObject({ type: 'message', text: expect.stringContaining('subject') });
    expect(body.attachments[0].content.type).toBe('AdaptiveCard');
    expect(JSON.stringify(body).length).toBeLessThan(8000);
  });

  it.each([
    [[500, null, 200], 3],
    [[429, 200], 2],
    [['hangs', 200], 2],
  ] as const)('is tried again: %j', async (answers, tries) => {
    const { sent, send } = fakeFetch(answers);
    await webhook(URL_SLACK, send).publish('s', 't');
    expect(sent.length).toBe(tries);
  });

  it.each([
    [[400, 200], 1],
    [[301, 200], 1],
    [[500, 500, 500, 200], 3],
    [[null, null, null, 200], 3],
  ] as const)('fails in the end: %j, and says no secret', async (answers, tries) => {
    const { sent, send } = fakeFetch(answers);
    const error = (await webhook(URL_SLACK, send)
      .publish('s', 't')
      .catch((thrown: unknown) => thrown)) as Error & { code: string };
    expect([sent.length, error.code]).toEqual([tries, 'not-told']);
    const said = JSON.stringify([error.message, String(error.cause), { ...error }, error.stack]);
    expect(said).not.toContain(SECRET);
  });

  it.each([`http://example.com/${SECRET}`, `ftp://${SECRET}`, SECRET, ''])('is refused at %j', (url) => {
    const make = () => webhook(url, fetch);
    expect(make).toThrow('not an https address');
    expect(make).not.toThrow(SECRET);
  });

  it('is really called', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (part) => bodies.push(String(part)));
      request.on('end', () => response.end('ok'));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as AddressInfo;
    const clock = new FakeClock();
    await webhookNotifier(`http://127.0.0.1:${port}/`, { clock }).publish('subject', 'text');
    server.close();
    expect(JSON.parse(bodies.join(''))).toMatchObject({ text: 'subject\n\ntext' });
  });

  it('is given up when the run is', async () => {
    const { send } = fakeFetch(['hangs', 'hangs', 'hangs']);
    const stop = new AbortController();
    const told = webhook(URL_SLACK, send).publish('s', 't', stop.signal);
    stop.abort(new Error('stopped'));
    await expect(told).rejects.toThrow('stopped');
  });
});

describe('an SNS topic', () => {
  const clock = () => new FakeClock({ auto: true, startMs: Date.parse('2026-11-22T10:00:00Z') });

  it('is called with a signature that AWS computes too', async () => {
    // From AWS's own test suite for Signature Version 4: get-vanilla.
    const vanilla = await signRequest(
      {
        ...{ method: 'GET', url: 'https://example.amazonaws.com/', headers: {}, body: '' },
        ...{ region: 'us-east-1', service: 'service' },
      },
      KEYS,
      Date.parse('2015-08-30T12:36:00Z'),
    );
    expect(vanilla['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
    const post = await signRequest(
      {
        ...{ method: 'POST', url: 'https://sns.eu-central-1.amazonaws.com/', region: 'eu-central-1' },
        ...{ service: 'sns', body: 'Action=Publish&Message=a+b' },
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      },
      { ...KEYS, sessionToken: 'token' },
      Date.parse('2026-11-22T10:00:00Z'),
    );
    expect(post['authorization']).toContain(
      'Signature=dca28d1766fafc6bd24e504e8d22a2edc6b0260eaf4c0c5801055e78045a79ae',
    );
    expect(post['x-amz-security-token']).toBe('token');
  });

  it('gets subject and text, and each try is signed anew', async () => {
    const { sent, send } = fakeFetch([503, 200]);
    let asked = 0;
    const credentials = async () => {
      asked++;
      return KEYS;
    };
    const sns = snsNotifier({ topicArn: TOPIC, credentials, fetch: send, clock: clock() });
    await sns.publish(`[BROKEN] é\n${'x'.repeat(200)}`, 'Zeile 1\nline 2 & more');
    expect([sent.length, asked]).toEqual([2, 2]);
    const form = new URLSearchParams((sent[1] as Sent).init.body as string);
    expect(form.get('Message')).toBe('Zeile 1\nline 2 & more');
    expect(form.get('Subject')).toMatch(/^\[BROKEN\] \?\?x+$/);
    expect(form.get('Subject')?.length).toBe(100);
    expect([form.get('TopicArn'), form.get('MessageGroupId')]).toEqual([TOPIC, null]);
    expect((sent[0] as Sent).url).toBe('https://sns.eu-central-1.amazonaws.com/');
  });

  it('of first-in-first-out kind gets its group', async () => {
    const { sent, send } = fakeFetch([200]);
    const options = { topicArn: `${TOPIC}.fifo`, fetch: send, clock: clock() };
    await snsNotifier({ ...options, credentials: async () => KEYS }).publish('s', 't');
    expect(new URLSearchParams((sent[0] as Sent).init.body as string).get('MessageGroupId')).toBe(
      'ledgerstone',
    );
  });

  it.each(['arn:aws:sqs:eu-central-1:123456789012:x', 'x', 'arn:aws:sns:eu/central:123456789012:x'])(
    'is refused at %s',
    (topicArn) => {
      const make = () => snsNotifier({ topicArn, credentials: async () => KEYS, clock: clock() });
      expect(make).toThrow('not the ARN of an SNS topic');
    },
  );

  it('takes the credentials of the role, wherever they come from, and says when there are none', async () => {
    for (const [name, value] of Object.entries({
      ...{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' },
      ...{
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_CONFIG_FILE: '/nowhere',
        AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      },
    }))
      vi.stubEnv(name, value);
    expect(await roleCredentials()()).toEqual({ accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
      vi.stubEnv(name, undefined);
    await expect(roleCredentials()()).rejects.toMatchObject({ code: 'no-credentials' });
    // As a container of a task has them.
    const server = createServer((_, response) =>
      response.end(
        JSON.stringify({
          AccessKeyId: 'd',
          SecretAccessKey: 'e',
          Token: 'f',
          Expiration: '2099-01-01T00:00:00Z',
        }),
      ),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${port}/`);
    try {
      expect(await roleCredentials()()).toEqual({
        accessKeyId: 'd',
        secretAccessKey: 'e',
        sessionToken: 'f',
      });
    } finally {
      server.close();
    }
  });
});
