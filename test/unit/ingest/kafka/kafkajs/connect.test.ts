// Are addresses, TLS files and logins what the configuration says, and does no password get into a log?
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../../../src/base/log.ts';
import { kafkaError } from '../../../../../src/ingest/kafka/errors.ts';
import {
  parseAddress,
  Sockets,
  saslFor,
  tlsMaterial,
} from '../../../../../src/ingest/kafka/kafkajs/connect.ts';
import { redactor, routeLogs } from '../../../../../src/ingest/kafka/kafkajs/log.ts';

describe('parseAddress', () => {
  it.each([
    ['b-1.example.com:9098', 'b-1.example.com', 9098],
    ['127.0.0.1:9092', '127.0.0.1', 9092],
    ['[::1]:9092', '::1', 9092],
  ])('%s', (text, host, port) => expect(parseAddress(text)).toEqual({ host, port }));

  it.each([
    '',
    'host',
    'host:',
    ':9092',
    'host:0',
    'host:70000',
    '::1:9092',
    'host:9092:1',
    'http://host:9092',
  ])('refuses %j', (text) =>
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'broker-address' })),
  );
});

describe('tlsMaterial', () => {
  it('is nothing without TLS, and empty with the machine’s own authorities', async () => {
    expect(await tlsMaterial(false)).toBeUndefined();
    expect(await tlsMaterial({})).toEqual({});
  });

  it('names the setting whose file can’t be read', async () => {
    await expect(tlsMaterial({ serverName: 'b', keyFile: '/nowhere/key.pem' })).rejects.toMatchObject({
      code: 'tls-file',
      message: expect.stringContaining('source.tls.keyFile'),
    });
  });

  it('reads what is there', async () => {
    expect(await tlsMaterial({ caFile: import.meta.filename, serverName: 'broker' })).toEqual({
      ca: expect.any(Buffer),
      servername: 'broker',
    });
  });
});

describe('saslFor', () => {
  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('%s', (mechanism) => {
    expect(saslFor({ mechanism, username: 'u', password: 'p' })).toEqual({
      mechanism,
      username: 'u',
      password: 'p',
    });
  });

  it('none', () => expect(saslFor(undefined)).toBeUndefined());

  it('AWS IAM: a bearer token, signed for the Region when a connection asks', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-secret');
    const sasl = saslFor({ mechanism: 'aws-msk-iam', region: 'eu-central-1' });
    if (sasl?.mechanism !== 'oauthbearer') expect.fail('not a bearer login');
    const url = Buffer.from((await sasl.oauthBearerProvider()).value, 'base64url').toString();
    expect(url).toContain('https://kafka.eu-central-1.amazonaws.com/');
    expect(url).toContain('Action=kafka-cluster%3AConnect');
    expect(url).toContain('AKIDEXAMPLE');
    expect(url).not.toContain('not-a-secret');
  });
});

describe('logs', () => {
  function lines(sasl: Parameters<typeof redactor>[0]) {
    const told: [string, Record<string, unknown>, string][] = [];
    const to = (level: string) => (fields: object, message: string) =>
      void told.push([level, fields as Record<string, unknown>, message]);
    const log = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
    const write = routeLogs(log, redactor(sasl))(4);
    const entry = (level: number, message: string, extra: object = {}) =>
      write({ namespace: 'Connection', level, label: '', log: { timestamp: '', message, ...extra } });
    return { told, entry };
  }

  it('errors of kafkajs warn, and its debug lines stay away', () => {
    const { told, entry } = lines(undefined);
    for (const level of [1, 2, 4, 5]) entry(level, `level ${level}`);
    expect(told.map(([level, , message]) => [level, message])).toEqual([
      ['warn', 'level 1'],
      ['info', 'level 2'],
      ['debug', 'level 4'],
    ]);
  });

  it.each(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'MEMBER_ID_REQUIRED'])(
    'what each rebalance brings is for debugging: %s',
    (type) => {
      const { errorCodes } = createRequire(import.meta.url)('kafkajs/src/protocol/error') as {
        errorCodes: readonly { type: string; message: string }[];
      };
      const error = errorCodes.find((one) => one.type === type)?.message;
      const { told, entry } = lines(undefined);
      entry(1, 'Response Heartbeat(key: 12, version: 3)', { error });
      entry(2, 'The group is rebalancing, re-joining', { error, groupId: 'g' });
      entry(1, 'Response Heartbeat(key: 12, version: 3)', { error: 'Not authorized to access group' });
      expect(told.map(([level, fields]) => [level, fields['error']])).toEqual([
        ['debug', error],
        ['debug', error],
        ['warn', 'Not authorized to access group'],
      ]);
    },
  );

  it('pass on known fields only, without the password in any form', () => {
    const password = 'pa"ss\\wörd';
    const { told, entry } = lines({ mechanism: 'plain', username: 'u', password });
    entry(1, `login u/${password} failed: ${JSON.stringify({ password })}`, {
      broker: 'b:1',
      error: Buffer.from(password).toString('base64'),
      retryCount: 3,
      payload: { authBytes: password },
      stack: `at ${password}`,
    });
    expect(told).toEqual([
      [
        'warn',
        { kafkajs: 'Connection', broker: 'b:1', error: '[secret]', retryCount: 3 },
        'login u/[secret] failed: {"password":"[secret]"}',
      ],
    ]);
  });
});

describe('a password that is short or plain', () => {
  it.each(['a', 'b', 'kafka', 'localhost', '12345678', 'login'])(
    'does not show by what is missing: %s',
    (password) => {
      const said = ({ sasl }: { sasl: Parameters<typeof redactor>[0] }) => {
        const told: unknown[] = [];
        const log = {
          ...silentLogger,
          warn: (fields: object, message: string) => void told.push([fields, message]),
        };
        const line = {
          timestamp: '',
          message: 'login at localhost failed',
          broker: 'kafka-1:9092',
          error: 'ab 12345678',
        };
        routeLogs(log, redactor(sasl))(4)({ namespace: 'Connection', level: 1, label: '', log: line });
        return told;
      };
      const shown = said({ sasl: { mechanism: 'plain', username: 'u', password } });
      expect(shown).toEqual(said({ sasl: { mechanism: 'plain', username: 'u', password: 'x' } }));
      expect(JSON.stringify(shown)).toContain('kafka-1:9092');
      expect(JSON.stringify(shown)).not.toContain('failed');
    },
  );

  it('user and password as SASL/PLAIN sends them are taken out', () => {
    const redact = redactor({ mechanism: 'plain', username: 'u', password: 'correct-horse' });
    expect(redact(Buffer.from('\0u\0correct-horse').toString('base64'))).toBe('[secret]');
  });
});

describe('kafkaError', () => {
  it.each([
    ['a wrong login', { name: 'KafkaJSSASLAuthenticationError' }, 'kafka-login', 'fatal'],
    ['a topic that is not permitted', { type: 'TOPIC_AUTHORIZATION_FAILED' }, 'kafka-not-permitted', 'fatal'],
    ['a group that is not permitted', { type: 'GROUP_AUTHORIZATION_FAILED' }, 'kafka-not-permitted', 'fatal'],
    ['a certificate of somebody else', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'kafka-tls', 'fatal'],
    ['a name that is not in it', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'kafka-tls', 'fatal'],
    ['an answer without TLS', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'kafka-tls', 'fatal'],
    ['nobody there', { code: 'ECONNREFUSED' }, 'kafka-unavailable', 'retriable'],
    ['anything else', { type: 'NOT_LEADER_FOR_PARTITION' }, 'kafka-unavailable', 'retriable'],
  ])('%s', (_, fields, code, disposition) => {
    expect(kafkaError('ask', Object.assign(new Error('said'), fields))).toMatchObject({
      code,
      disposition,
      message: "can't ask: said",
    });
  });

  it('a stranger in the group (classic protocol): who can’t join because others speak another one is told so', () => {
    const error = Object.assign(new Error('incompatible'), { type: 'INCONSISTENT_GROUP_PROTOCOL' });
    expect(kafkaError('join', error)).toMatchObject({ code: 'group-shared', disposition: 'fatal' });
  });

  it('looks for the reason below kafkajs’s count of retries', () => {
    const reason = Object.assign(new Error('wrong password'), { name: 'KafkaJSSASLAuthenticationError' });
    const wrapped = Object.assign(new Error('retries'), {
      name: 'KafkaJSNumberOfRetriesExceeded',
      cause: reason,
    });
    expect(kafkaError('ask', wrapped).code).toBe('kafka-login');
  });
});

describe('Sockets', () => {
  it('ends those that are open and opens none after that', async () => {
    const server = createServer();
    const closed = new Promise<void>((resolve) =>
      server.on('connection', (socket) => socket.on('close', () => resolve())),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const sockets = new Sockets();
    const arguments_ = { host: '127.0.0.1', port, ssl: undefined as never };
    await new Promise<void>((resolve) => {
      sockets.factory({ ...arguments_, onConnect: resolve });
    });
    sockets.destroy();
    await closed;
    expect(() => sockets.factory({ ...arguments_, onConnect: () => {} })).toThrow('closed');
    server.close();
  });

  it.each(['tcp', 'tls'])('read all that comes by %s into one buffer, in order', async (how) => {
    const sent = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251);
    const serve = (socket: NodeJS.WritableStream) => void socket.end(sent);
    // A shared key instead of a certificate.
    const psk = Buffer.alloc(32, 7);
    const ciphers = 'PSK-AES256-GCM-SHA384';
    const server =
      how === 'tcp'
        ? createServer(serve)
        : createTlsServer({ ciphers, maxVersion: 'TLSv1.2', pskCallback: () => psk }, serve);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const ssl = {
      ciphers,
      pskCallback: () => ({ psk, identity: 'i' }),
      checkServerIdentity: () => undefined,
    };
    const sockets = new Sockets();
    const socket = sockets.factory({
      ...{ host: '127.0.0.1', port, onConnect: () => {} },
      ssl: (how === 'tcp' ? undefined : ssl) as never,
    });
    const buffers = new Set<ArrayBufferLike>();
    const pieces: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => {
      buffers.add(bytes.buffer);
      pieces.push(Buffer.from(bytes));
    });
    await once(socket, 'end');
    expect(Buffer.compare(Buffer.concat(pieces), sent)).toBe(0);
    expect(pieces.length).toBeGreaterThan(1);
    expect(buffers.size).toBe(1);
    sockets.destroy();
    server.close();
  });
});
