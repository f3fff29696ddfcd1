// Does a right file become the Config, and does a wrong one tell everything that is wrong with it, with its place?
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { loadConfig, parseConfig } from '../../../src/config/archiver.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { CHAIN_PATTERN, ORIGIN_PATTERN } from '../../../src/config/fields.ts';
import { isChainName, isOrigin } from '../../../src/format/chain.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { GOOD, PASSWORD_PLACES, problemsOf, withSasl } from '../../support/config-file.ts';

/** A reference to the environment as it stands in the file. */
const variable = (name: string): string => `\${${name}}`;
/** The good file with one piece of its text replaced, which must be there. */
const changed = (from: string, to: string): string => {
  expect(GOOD).toContain(from);
  return GOOD.replace(from, () => to);
};

describe('receipts', () => {
  const problems = (text: string) =>
    problemsOf(`${GOOD}\n${text}\n`).map((one) => one.replace(/^[0-9:]+ /, ''));

  test('are served to other hosts on an explicit word alone', () => {
    expect(problems('receipts: { serve: loopback }')).toEqual([]);
    expect(problems('receipts: { serve: loopback }\nserver: { host: localhost }')).toEqual([]);
    expect(problems('receipts: { serve: any-host }\nserver: { host: 0.0.0.0, auth: public }')).toEqual([]);
    for (const host of [
      '0.0.0.0',
      '10.1.2.3',
      '"::"',
      'archiver.example.com',
      '127.evil.example.com',
      '1270.0.0.1',
    ])
      expect(
        problems(`receipts: { serve: loopback }\nserver: { host: ${host}, auth: public }`),
        host,
      ).toEqual([expect.stringContaining('receipts.serve: is loopback, and server.host is')]);
    expect(problems('receipts: { serve: yes }')[0]).toContain('receipts.serve: must be one of');
  });
});

describe('a right file', () => {
  test('gets its defaults, milliseconds and bytes', () => {
    expect(parseConfig(GOOD, '/etc/ledgerstone.yaml', {})).toEqual({
      production: false,
      archive: {
        origin: 'audit.example.com/prod',
        store: { kind: 's3', bucket: 'acme-audit', region: 'eu-central-1', prefix: 'a/b/' },
        signing: {
          kind: 'kms',
          keyId: 'arn:aws:kms:eu-west-1:111122223333:key/1234',
          region: 'eu-west-1',
        },
        trusted: [],
      },
      source: {
        kind: 'kafka',
        brokers: ['k1:9092', 'k2:9092'],
        clientId: 'ledgerstone',
        groupId: 'ledgerstone',
        tls: false,
        topics: [
          {
            name: 'audit.orders',
            chain: 'audit.orders',
            retention: 'pci-12m',
            startFrom: 'earliest',
            partitions: {},
          },
        ],
        patterns: [],
      },
      retention: {
        'pci-12m': { mode: 'COMPLIANCE', period: { months: 12, ms: 0 }, text: '1y' },
        seals: { mode: 'COMPLIANCE', period: { months: 12, ms: 0 }, text: '1y' },
      },
      greatestLock: { months: 120, ms: 0 },
      segment: { maxBytes: 64 * 1024 * 1024, maxRecords: 400_000, maxAgeMs: 60_000, heartbeatMs: 3_600_000 },
      limits: {
        recordBytes: 10 * 1024 * 1024,
        memoryBytes: 32 * 1024 * 1024,
        drainMs: 25_000,
        anchorIntervalMs: 300_000,
        lanes: 1,
      },
      encoding: { codec: 'zstd', level: 1 },
      server: { host: '127.0.0.1', port: 9464, names: [], auth: null, tls: null },
      receipts: { serve: 'no', perSecond: 10 },
      log: { level: 'info' },
    });
  });

  test('a file source has one topic, and paths are meant from the file', () => {
    const config = parseConfig(
      `
archive:
  origin: demo.example
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: ../keys/log.pem }
source: { kind: file, path: events.jsonl, topic: { name: events, chain: events-2, retention: short } }
retention: { short: { mode: GOVERNANCE, period: 90d }, long: { mode: COMPLIANCE, period: 30s } }
segment: { heartbeat: 0, maxBytes: 1MiB, maxAge: 250ms }
encoding: { codec: gzip }
`,
      '/srv/audit/ledgerstone.yaml',
      {},
    );
    expect(config.archive.store).toEqual({ kind: 'directory', path: '/srv/audit/archive' });
    expect(config.archive.signing).toEqual({ kind: 'local', keyFile: '/srv/keys/log.pem' });
    expect(config.source).toEqual({
      kind: 'file',
      lastLine: 'with-lf',
      path: '/srv/audit/events.jsonl',
      topics: [
        { name: 'events', chain: 'events-2', retention: 'short', startFrom: 'earliest', partitions: {} },
      ],
      patterns: [],
    });
    // The longest of the others, in the strictest mode of any.
    expect(config.retention.seals).toEqual({
      mode: 'COMPLIANCE',
      period: { months: 0, ms: 90 * 86_400_000 },
      text: '90d',
    });
    expect(config.segment).toMatchObject({ heartbeatMs: 0, maxBytes: 1024 * 1024, maxAgeMs: 250 });
    expect(config.encoding).toEqual({ codec: 'gzip', level: 6 });
  });

  test('partitions, hand-overs and start times arrive typed', () => {
    const config = parseConfig(
      changed(
        '{ name: audit.orders, retention: pci-12m }',
        '{ name: audit.orders, retention: pci-12m, startFrom: { time: 2026-11-22T10:00:00+01:00 }, partitions: { 3: { chain: orders-b, continues: { chain: audit.orders, reason: bad seal, by: ops, startFrom: { offset: 7 } } } } }',
      ),
      'x.yaml',
      {},
    );
    expect(config.source.topics[0]).toMatchObject({
      startFrom: { time: '2026-11-22T10:00:00+01:00', timeMs: Date.UTC(2026, 10, 22, 9) },
      partitions: {
        3: {
          chain: 'orders-b',
          continues: { chain: 'audit.orders', reason: 'bad seal', by: 'ops', startFrom: { offset: 7 } },
        },
      },
    });
  });

  test('values come from the environment, never structure', () => {
    const text = changed(
      'brokers: [ "k1:9092", "k2:9092" ]',
      [
        `brokers: "${variable('BROKERS')}"`,
        `clientId: ${variable('ID')}`,
        'tls: true',
        `sasl: { mechanism: plain, username: "a$${variable('b')}", password: "${variable('PASSWORD')}" }`,
      ].join('\n  '),
    );
    const config = parseConfig(text, 'x.yaml', { BROKERS: 'a:1,b:2', ID: '7', PASSWORD: 'p: [x]\n- "' });
    expect(config.source).toMatchObject({
      brokers: ['a:1', 'b:2'],
      clientId: '7',
      tls: {},
      sasl: { username: `a${variable('b')}`, password: 'p: [x]\n- "' },
    });
  });
});

describe('a wrong file', () => {
  test('tells all of it at once, each with its line and column and the word that was meant', () => {
    const text = `production: true
archive:
  orign: audit.example.com/prod
  store: { kind: s3, bucket: acme-audit, regoin: eu-central-1 }
  signing: { kind: local, keyFile: k.pem }
source:
  kind: kafka
  brokers: [ "a:9092", b ]
  groupid: x
  sasl: { mechanism: plian, username: a, password: "$\{SECRET}" }
  topics:
    - { name: audit.orders, retention: pci-12, startFrom: earlyest }
    - name: audit.orders
      retention: pci-12m
      startFrom: { tim: x }
    - { name: c, chain: audit.orders, retention: pci-12m }
retention:
  pci-12m: { mode: compliance, period: 11y }
  seals: { mode: GOVERNANCE, period: 7y }
segment: { maxBytes: 16, max_age: 60s, heartbeat: 5, maxRecords: 1.5 }
lmits: {}
`;
    expect(problemsOf(text)).toEqual([
      '2:1 archive.origin: is missing',
      '3:3 archive.orign: unknown key; did you mean "origin"?',
      '4:3 archive.store.region: is missing',
      '4:42 archive.store.regoin: unknown key; did you mean "region"?',
      '5:14 archive.signing.kind: a key file can be copied: use kind: kms (production: true)',
      '8:24 source.brokers[1]: must be host:port',
      '9:3 source.groupid: unknown key; did you mean "groupId"?',
      '10:11 source.sasl.mechanism: must be one of "plain", "scram-sha-256", "scram-sha-512", "aws-msk-iam"; did you mean "plain"?',
      '10:52 source.sasl.password: needs the environment variable SECRET, which is not set',
      '12:29 source.topics[0].retention: names no policy under retention; did you mean "pci-12m"?',
      '12:48 source.topics[0].startFrom: must be "earliest", "latest", or a mapping (key: value lines); did you mean "earliest"?',
      '13:7 source.topics[1].name: is listed twice',
      '15:7 source.topics[1].startFrom.time: is missing',
      '15:20 source.topics[1].startFrom.tim: unknown key; did you mean "time"?',
      '16:18 source.topics[2].chain: the chain "audit.orders" is another topic\'s already: each needs its own',
      '18:14 retention.pci-12m.mode: must be one of "COMPLIANCE", "GOVERNANCE"; did you mean "COMPLIANCE"?',
      '18:32 retention.pci-12m.period: is longer than greatestLock (10y), and a lock can not be taken back: raise greatestLock if it is meant',
      '19:12 retention.seals.mode: GOVERNANCE can be bypassed: use COMPLIANCE (production: true)',
      '19:30 retention.seals.period: must never be shorter than "pci-12m": seals carry the chain and outlive what they seal',
      '20:12 segment.maxBytes: must be a size with its unit, such as 16MiB',
      '20:26 segment.max_age: unknown key; did you mean "maxAge"?',
      '20:40 segment.heartbeat: must be 0, or a duration with its unit, such as 60s, 5m, 1h or 7d',
      '20:54 segment.maxRecords: must be a whole number',
      '21:1 lmits: unknown key; did you mean "limits"?',
    ]);
  });

  const cases: [name: string, text: string, expected: string][] = [
    ['an empty file', '# nothing\n', '1:1 : the file is empty'],
    [
      'a time that Kafka takes for the end of its log',
      changed(
        '{ name: audit.orders, retention: pci-12m }',
        '{ name: audit.orders, retention: pci-12m, startFrom: { time: "1969-12-31T23:59:59.999Z" } }',
      ),
      'must be 1970 or later',
    ],
    [
      'a policy that can end a day before its duty',
      changed(
        'pci-12m: { mode: COMPLIANCE, period: 1y }',
        'pci-12m: { mode: COMPLIANCE, period: 365d, requires: { months: 12, duty: pci-10.5.1 } }',
      ),
      '365d can end before 12 months are over, which `requires` asks for',
    ],
    [
      "the drill's chain",
      changed('name: audit.orders', 'name: ledgerstone.drill'),
      'these names are kept for our own chains',
    ],
    ['a list', '- a', '1:1 : must be a mapping (key: value lines)'],
    ['broken YAML', 'archive: [', 'a closing ] or } is missing'],
    [
      'a key twice, and more',
      `${GOOD}\nretention: {}\nlmits: {}`,
      '14:1 : the same key twice\n15:1 lmits: unknown key',
    ],
    ['two documents', `${GOOD}\n---\na: 1`, 'a second YAML document: the file holds exactly one'],
    ['a __proto__ key', `${GOOD}\n__proto__: { production: true }`, '14:1 : unknown key (not repeated here'],
    [
      'an alias for the key',
      changed('"arn:aws:kms:eu-west-1:111122223333:key/1234"', 'alias/log'),
      'not an alias',
    ],
    [
      'a segment over 64 MiB',
      `${GOOD}\nsegment: { maxBytes: 65MiB }`,
      'segment.maxBytes: must be 1MiB to 64MiB',
    ],
    ['no lane', `${GOOD}\nlimits: { lanes: 0 }`, 'limits.lanes'],
    ['more lanes than four', `${GOOD}\nlimits: { lanes: 5 }`, 'limits.lanes'],
    ['records over 32 MiB', `${GOOD}\nlimits: { recordBytes: 33MiB }`, 'must be 1KiB to 32MiB'],
    ['memory for less than two records', `${GOOD}\nlimits: { memoryBytes: 16MiB }`, 'at least twice'],
    ['the same by default', `${GOOD}\nlimits: { recordBytes: 18MiB }`, 'at least twice'],
    ...[
      'arn:aws:s3:::foo',
      'arn:aws:kms:eu-west-1:111122223333:alias/log',
      'arn:aws:kms:eu-west-1::key/1',
      'a b',
    ].map((keyId): [string, string, string] => [
      `${keyId} for the key`,
      changed('"arn:aws:kms:eu-west-1:111122223333:key/1234"', `"${keyId}"`),
      'archive.signing.keyId: must be the ARN or id of the key itself',
    ]),
    [
      'a segment that waits longer for records than for silence',
      `${GOOD}\nsegment: { maxAge: 10m, heartbeat: 5m }`,
      'segment.maxAge: must be at most segment.heartbeat',
    ],
    [
      'the same by default',
      `${GOOD}\nsegment: { heartbeat: 30s }`,
      'segment.maxAge: must be at most segment.heartbeat',
    ],
    [
      'SCRAM without TLS in production',
      `production: true${changed(
        '  topics:',
        '  sasl: { mechanism: scram-sha-512, username: u, password: p }\n  topics:',
      )}`,
      'source.sasl.mechanism: without tls its password can be guessed',
    ],
    ['a bare number of seconds', `${GOOD}\nsegment: { maxAge: 60 }`, 'a duration with its unit'],
    ['a prefix with //', changed('prefix: a/b', 'prefix: a//b'), 'without leading slash or empty parts'],
    [
      'an origin with a space',
      changed('audit.example.com/prod', '"audit example"'),
      'archive.origin: must be a name',
    ],
    [
      'msk iam without tls',
      changed('brokers:', 'sasl: { mechanism: aws-msk-iam, region: eu-west-1 }\n  brokers:'),
      'over TLS only',
    ],
    [
      'a certificate without its key',
      changed('brokers:', 'tls: { certFile: a.pem }\n  brokers:'),
      'certFile and keyFile go together',
    ],
    [
      'a chain that continues itself',
      changed(
        'retention: pci-12m }',
        'retention: pci-12m, continues: { chain: audit.orders, reason: a, by: b } }',
      ),
      'another chain than the one',
    ],
    [
      'a trusted key that is none',
      changed('  signing:', '  trusted: [ hello ]\n  signing:'),
      'archive.trusted[0]: is not a verifier key',
    ],
    [
      'no policy at all',
      changed('pci-12m: { mode: COMPLIANCE, period: 1y }', '{}'),
      'must name at least one policy',
    ],
    ['${ without a name', changed('acme-audit', `"${variable('1')}"`), 'has "${" without a name'],
    [
      '${ unquoted in a flow mapping',
      changed('acme-audit', `${variable('BUCKET')}`),
      `put ${variable('NAME')} into quotes`,
    ],
    ['an empty variable', changed('acme-audit', `"${variable('EMPTY')}"`), 'variable EMPTY, which is empty'],
    ['a period of 101 years', changed('1y', '101y'), 'must be 1s to 100y'],
    ['a period of 12 minutes where months are meant', changed('1y', '12m'), 'months are mo, and minutes are'],
    [
      'seals that are a day shorter in leap years',
      changed('1y }', '1y }\n  seals: { mode: COMPLIANCE, period: 365d }'),
      'must never be shorter than "pci-12m"',
    ],
    [
      'a policy beyond the greatest lock',
      `greatestLock: 365d${GOOD}`,
      'retention.pci-12m.period: is longer than greatestLock (365d)',
    ],
    ['a greatest lock of minutes', `greatestLock: 10m${GOOD}`, 'greatestLock: must be a period'],
    ['gzip level 12', `${GOOD}\nencoding: { codec: gzip, level: 12 }`, 'must be 1 to 9 for gzip'],
    [
      'production in a directory',
      `production: true${changed('kind: s3, bucket: acme-audit, region: eu-central-1, prefix: a/b', 'kind: directory, path: x')}`,
      'a directory is not write-once',
    ],
    [
      'a kms key without Region',
      changed('"arn:aws:kms:eu-west-1:111122223333:key/1234"', 'abc').replace(
        /store: .*/,
        'store: { kind: directory, path: x }',
      ),
      'archive.signing.region: is missing',
    ],
  ];
  test.each(cases)('%s', (_name, text, expected) => {
    const problems = problemsOf(text, { EMPTY: '' });
    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).toContain(expected);
  });

  test('a thousand problems are counted, and the first of them shown', () => {
    const topics = Array.from({ length: 999 }, (_, i) => `    - { name: t${i}, retention: none }`).join('\n');
    const text = changed('    - { name: audit.orders, retention: pci-12m }', topics);
    const error = (() => {
      try {
        return parseConfig(text, 'x.yaml', {});
      } catch (thrown) {
        return thrown;
      }
    })();
    if (!(error instanceof ConfigError)) return expect.fail('no error');
    expect(error.problems.length).toBe(999);
    expect(error.message.split('\n').length).toBe(21);
    expect(error.message).toMatch(/^x.yaml: 999 problems\n.*\n {2}and 980 more \(--json lists them all\)$/s);
  });

  test.each([
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'mrk-1234',
    'arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1',
  ])('takes the key %s', (keyId) => {
    const text = changed('"arn:aws:kms:eu-west-1:111122223333:key/1234"', `"${keyId}"`);
    expect(problemsOf(text)).toEqual([]);
  });

  test('a heartbeat of 0 bounds no age, and with TLS SCRAM is fit for production', () => {
    expect(problemsOf(`${GOOD}\nsegment: { maxAge: 1d, heartbeat: 0 }`)).toEqual([]);
    const sasl = '  tls: true\n  sasl: { mechanism: scram-sha-512, username: u, password: p }\n  topics:';
    expect(problemsOf(`production: true${changed('  topics:', sasl)}`)).toEqual([]);
  });

  test('no value of the environment is ever repeated', () => {
    const text = changed('"k1:9092"', `"${variable('SECRET')}"`).replace(
      'region: eu-central-1',
      `region: "${variable('SECRET')}"`,
    );
    const problems = problemsOf(text, { SECRET: 'hunter2 hunter2' });
    expect(problems.length).toBe(2);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  describe('no text of a value is ever repeated', () => {
    const passwords = [
      '*zqjx',
      '!zqjx',
      '!<zqjx',
      'a,zqjx',
      'a}zqjx: vkhw',
      `zqjx${variable('vkhw')}`,
      '&zqjx',
      '|zqjx',
      '%zqjx',
    ];
    passwords.push(
      'zqjx: vkhw',
      '\\zqjx',
      '@zqjx',
      '? zqjx',
      '"zqjx"vkhw',
      '- zqjx',
      '!!zqjx vkhw',
      '<<: *zqjx',
      `zqjx: ${variable('').slice(0, 2)}`,
    );

    test.each(passwords)('%s', (password) => {
      for (const where of PASSWORD_PLACES) {
        const problems = problemsOf(where(password));
        expect(problems.join('\n').toLowerCase()).not.toMatch(/zqjx|vkhw/);
      }
    });

    test.each([
      `  zqjx: ${variable('').slice(0, 2)}`,
      `  zqjx: "${variable('').slice(0, 2)}vkhw"`,
      `  zqjx: a${variable('vkhw')}`,
      '  zqjx: vkhw',
      '  zqjx: [vkhw]',
      '  zqjx: *vkhw',
    ])('nor is a name among policies that is followed by no policy: %s', (line) => {
      const problems = problemsOf(`${GOOD}${line}`);
      expect(problems.join('\n')).toMatch(/^13:/);
      expect(problems.join('\n')).not.toMatch(/zqjx|vkhw/);
    });

    test('but a variable that is the whole value is named, and the place always', () => {
      expect(
        problemsOf(withSasl(`{ mechanism: plain, username: u, password: "${variable('PW')}" }`)),
      ).toEqual([
        expect.stringContaining('source.sasl.password: needs the environment variable PW, which is not set'),
      ]);
      const [problem] = problemsOf(withSasl(`{ mechanism: plain, username: u, password: a,zqjx }`));
      expect(problem).toMatch(/^9:54 source\.sasl: unknown key \(not repeated/);
    });
  });

  test('an alias bomb ends as a problem', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    expect(problemsOf(`a0: &a0 x\n${levels.join('\n')}`).join('\n')).toContain('alias');
  });
});

describe('files', () => {
  test('a file that is not there, not text or too large is refused as usage', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ledgerstone-config-'));
    try {
      const path = join(directory, 'a.yaml');
      const failure = async () => {
        try {
          await loadConfig(path, {});
        } catch (error) {
          return error as LedgerstoneError;
        }
        return undefined;
      };
      expect((await failure())?.message).toContain('ENOENT');
      expect(await failure()).toMatchObject({ code: 'config', disposition: 'input' });
      await writeFile(path, new Uint8Array([0xff, 0xfe]));
      expect((await failure())?.message).toContain('UTF-8');
      await writeFile(path, Buffer.alloc(1024 * 1024 + 1, 32));
      expect((await failure())?.message).toContain('larger than 1 MiB');
      // Nothing of it is read beyond that: a file of 3 GiB, which takes no space.
      await truncate(path, 3 * 1024 ** 3);
      expect((await failure())?.message).toContain('larger than 1 MiB');
      await writeFile(path, `\uFEFF${GOOD}`);
      expect((await loadConfig(path, {})).archive.origin).toBe('audit.example.com/prod');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('names of the schema are names of the format', () => {
    const character = fc.constantFrom('a', 'Z', '0', '.', '_', '-', '/', '~', '+', ' ', 'ä', '\n');
    const name = fc.string({ unit: character, maxLength: 260 });
    fc.assert(
      fc.property(name, (text) => {
        expect(ORIGIN_PATTERN.test(text)).toBe(isOrigin(text));
        expect(CHAIN_PATTERN.test(text)).toBe(isChainName(text));
      }),
      { numRuns: 1000 },
    );
    for (const text of [
      '',
      '.',
      '..',
      'a'.repeat(200),
      'a'.repeat(201),
      'a'.repeat(249),
      'a'.repeat(250),
      'a/',
      '/a',
      'a//b',
    ]) {
      expect(ORIGIN_PATTERN.test(text), text).toBe(isOrigin(text));
      expect(CHAIN_PATTERN.test(text), text).toBe(isChainName(text));
    }
  });

  test('older keys are trusted when they are keys of this archive', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
    const vkey = (origin: string) =>
      encodeVkey(verifierKey(origin, { algorithm: 'ed25519', spki }, nodeSha256));
    const trusting = (origin: string) =>
      changed('  signing:', `  trusted: [ "${vkey(origin)}" ]\n  signing:`);
    const own = vkey('audit.example.com/prod');
    expect(parseConfig(trusting('audit.example.com/prod'), 'x.yaml', {}).archive.trusted).toEqual([own]);
    expect(problemsOf(trusting('other.example'))).toEqual([
      '5:14 archive.trusted[0]: is a key of "other.example", not of this archive\'s origin',
    ]);
  });
});
