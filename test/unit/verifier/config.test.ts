// What of a verifier's configuration is refused, and in which words?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { archiveKey, ORIGIN, signer } from '../../support/archive-builder.ts';

const VKEY = encodeVkey(archiveKey(signer()));
const OTHER = encodeVkey(archiveKey(signer('other'), 'other.example.com'));
const THIRD = encodeVkey(archiveKey(signer('third'), 'third.example.com'));
const EARLIER = encodeCosignerVkey(
  cosignerKey('verifier.example.com/prod', signer('earlier').publicKey, nodeSha256),
);

const GOOD = `archive:
  store: { kind: s3, bucket: acme-audit, region: eu-central-1, prefix: prod }
  trusted: ["${VKEY}"]
attestations:
  store: { kind: s3, bucket: acme-attestations, region: eu-west-1 }
  retention: { mode: COMPLIANCE, period: 7y }
cosigner:
  name: verifier.example.com/prod
  signing: { kind: kms, keyId: "1234abcd-12ab-34cd-56ef-1234567890ab" }
  earlier: ["${EARLIER}"]
`;

/** One older archive, with these keys. */
const withOlder = (keys: string) =>
  GOOD.replace(
    'attestations:',
    `  older: [{ store: { kind: directory, path: older }, trusted: [${keys}] }]\nattestations:`,
  );

const parse = (text: string, env: NodeJS.ProcessEnv = {}) =>
  parseVerifierConfig(text, '/etc/verifier.yaml', env);

function problems(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ path, line, message }) => `${line} ${path}: ${message}`);
    throw error;
  }
  return [];
}

describe('a good configuration', () => {
  it('shows older archives, each with its own keys', () => {
    const { older } = parse(withOlder(`"${OTHER}"`)).archive;
    expect(older.map(({ store, trusted }) => [store, trusted.map(({ name }) => name)])).toEqual([
      [{ kind: 'directory', path: '/etc/older' }, ['other.example.com']],
    ]);
  });

  it('is complete with what it does not say', () => {
    const config = parse(GOOD);
    expect(config.archive.store).toMatchObject({ kind: 's3', prefix: 'prod/' });
    expect(config.archive.trusted.map(({ name }) => name)).toEqual([ORIGIN]);
    expect(config.attestations.retention).toEqual({
      mode: 'COMPLIANCE',
      period: { months: 84, ms: 0 },
      text: '7y',
    });
    expect(config.cosigner.signing).toMatchObject({ kind: 'kms', region: 'eu-west-1' });
    expect(config.cosigner.earlier).toHaveLength(1);
    expect(config.cosigner.postQuantum).toBeNull();
    expect(config.archive.older).toEqual([]);
    expect(config).toMatchObject({
      chains: { freshnessMs: null, confirmMs: 300_000, ended: [] },
      sweep: { everyMs: 3_600_000, leastLock: null, greatestLock: null },
      fullPass: { everyMs: 30 * 86_400_000, bytesPerRun: 4 * 1024 ** 3 },
      alarms: { sns: null, webhook: null, metricsNamespace: 'Ledgerstone' },
      watch: { everyMs: 2_000, port: 0 },
    });
  });

  it('is JSON as well, and takes secrets from the environment', () => {
    const json = JSON.stringify({
      archive: { store: { kind: 'directory', path: 'archive' }, trusted: [VKEY] },
      attestations: {
        store: { kind: 'directory', path: 'own' },
        retention: { mode: 'COMPLIANCE', period: '30d' },
      },
      cosigner: { name: 'v.example', signing: { kind: 'local', keyFile: 'v.pem' } },
      alarms: { webhook: '$'.concat('{HOOK}') },
    });
    const config = parse(json, { HOOK: 'https://hooks.example.com/T1' });
    expect(config.alarms.webhook).toBe('https://hooks.example.com/T1');
    expect(config.archive.store).toEqual({ kind: 'directory', path: '/etc/archive' });
    expect(config.cosigner.signing).toEqual({ kind: 'local', keyFile: '/etc/v.pem' });
  });
});

it('takes what a sweep is to find', () => {
  const sweep = `sweep: { leastLock: 1y, greatestLock: 84mo }`;
  expect(parse(`${GOOD}${sweep}\n`).sweep).toEqual({
    everyMs: 3_600_000,
    leastLock: { months: 12, ms: 0 },
    greatestLock: { months: 84, ms: 0 },
  });
});

it('refuses a greatest lock below the least one', () => {
  expect(() => parse(`${GOOD}sweep: { leastLock: 1y, greatestLock: 365d }\n`)).toThrow(
    'must not be shorter than leastLock (1y)',
  );
});

describe('brokers to compare with', () => {
  it('are none, unless they are named', () => expect(parse(GOOD).kafka).toBeNull());

  it("are written as in the archiver's file, of whose topics they need less", () => {
    const kafka = `kafka:
  brokers: "kafka-1:9092,[::1]:9092"
  tls: { caFile: ca.pem }
  sasl: { mechanism: scram-sha-512, username: verifier, password: "\${PASSWORD}" }
  topics:
    - { name: audit.orders, chain: orders, partitions: { "3": { chain: orders-2 } } }
    - { name: audit.logins }
`;
    expect(parse(GOOD + kafka, { PASSWORD: 'secret' }).kafka).toEqual({
      everyMs: 900_000,
      brokers: ['kafka-1:9092', '[::1]:9092'],
      clientId: 'ledgerstone-verifier',
      tls: { caFile: '/etc/ca.pem' },
      sasl: { mechanism: 'scram-sha-512', username: 'verifier', password: 'secret' },
      topics: [
        { name: 'audit.orders', chain: 'orders', partitions: { 3: { chain: 'orders-2' } } },
        { name: 'audit.logins', chain: 'audit.logins', partitions: {} },
      ],
      patterns: [],
    });
  });
});

describe('time-stamps', () => {
  const text = (more: string) => `${GOOD}timestamps:\n  url: http://tsa.example.com/tsr\n${more}`;

  it('are made by nobody, unless an authority is named', () => expect(parse(GOOD).timestamps).toBeNull());

  it('have roots in a file beside the configuration, or as text', () => {
    const { timestamps } = parse(text('  roots: tsa.pem\n'));
    expect(timestamps).toMatchObject({ url: 'http://tsa.example.com/tsr', policy: null, timeoutMs: 20_000 });
    expect(timestamps?.roots).toEqual({ kind: 'file', path: expect.stringMatching(/\/tsa\.pem$/) });
    const inline = parse(text('  roots: |\n    -----BEGIN CERTIFICATE-----\n    AAAA\n  policy: 1.2.3.4\n'));
    expect(inline.timestamps?.roots).toEqual({ kind: 'text', text: expect.stringContaining('BEGIN') });
    expect(inline.timestamps?.policy).toBe('1.2.3.4');
  });

  it.each([
    ['no roots', '', 'timestamps.roots'],
    ['empty roots', "  roots: ''\n", 'timestamps.roots'],
    ['a policy that is none', '  roots: a.pem\n  policy: tsa1\n', 'object identifier'],
    ['a time without an end', '  roots: a.pem\n  timeout: 1d\n', 'timestamps.timeout'],
    ['an odd member', '  roots: a.pem\n  every: 1h\n', 'unknown key'],
  ])('with %s are refused', (_what, more, said) => {
    expect(problems(text(more)).join('\n')).toContain(said);
  });

  it.each(['ftp://tsa.example.com', 'http://', 'http://user:secret@tsa.example.com/', 'tsa.example.com'])(
    'of %s are refused',
    (url) => {
      const given = text('  roots: a.pem\n').replace('http://tsa.example.com/tsr', url);
      expect(problems(given).join('\n')).toContain('timestamps.url');
    },
  );
});

describe('witnesses', () => {
  const vkey = encodeCosignerVkey(cosignerKey('w.example.com', signer('w').publicKey, nodeSha256));
  const p256 = encodeCosignerVkey(
    cosignerKey('p.example.com', signer('w', 'ecdsa-p256').publicKey, nodeSha256),
  );
  const text = (policy: readonly string[]) =>
    `${GOOD}witnesses:\n  policy: |\n${policy.map((line) => `    ${line}\n`).join('')}`;

  it('are none, unless they are named', () => expect(parse(GOOD).witnesses).toBeNull());

  it('are asked once a day, and are no condition, unless it is said', () => {
    const { witnesses } = parse(text([`witness W ${vkey} https://w.example.com/x`, 'quorum W']));
    expect(witnesses).toMatchObject({ everyMs: 86_400_000, required: false, timeoutMs: 10_000 });
    expect(witnesses?.policy.witnesses.map(({ url }) => url)).toEqual(['https://w.example.com/x']);
    const strict = `${text([`witness W ${vkey} http://127.0.0.1:7380`, 'quorum W'])}  every: 1h\n  required: true\n`;
    expect(parse(strict).witnesses).toMatchObject({ everyMs: 3_600_000, required: true });
  });

  it.each([
    ['no quorum', [`witness W ${vkey} https://w.example.com`], 'has no line quorum NAME'],
    ['an unknown name', ['quorum W'], 'line 1: "W" is not defined on a line before'],
    ['nobody', ['quorum none'], 'names no witness'],
    ['no address', [`witness W ${vkey}`, 'quorum W'], 'gives w.example.com no https address'],
    [
      'an open address',
      [`witness W ${vkey} http://w.example.com`, 'quorum W'],
      'gives w.example.com no https',
    ],
    ['a file', [`witness W ${vkey} file:///etc/passwd`, 'quorum W'], 'gives w.example.com no https address'],
    [
      'P-256',
      [`witness W ${p256} https://w.example.com`, 'quorum W'],
      'names p.example.com with a P-256 key',
    ],
  ])('with %s are refused', (_what, policy, said) => {
    expect(problems(text(policy))).toEqual([expect.stringContaining(said)]);
  });

  it('are at most six, for a note has room for no more', () => {
    const keys = Array.from({ length: 7 }, (_, n) =>
      encodeCosignerVkey(cosignerKey('w.example.com', signer(`w${n}`).publicKey, nodeSha256)),
    );
    const policy = keys.map((key, n) => `witness W${n} ${key} https://w.example.com`);
    expect(problems(text([...policy, 'quorum W0']))).toEqual([
      expect.stringContaining('names 7 witness keys'),
    ]);
  });
});

it('takes a second key, and asks for its Region too', () => {
  const second = '  postQuantum: { kind: kms, keyId: "5678abcd-12ab-34cd-56ef-1234567890ab" }\n';
  const text = GOOD.replace('  earlier:', `${second}  earlier:`);
  expect(parse(text).cosigner.postQuantum).toMatchObject({ kind: 'kms', region: 'eu-west-1' });
  expect(
    parse(text.replace('kind: kms, keyId: "5678', 'kind: local, keyFile: "5678')).cosigner,
  ).toMatchObject({
    postQuantum: { kind: 'local', keyFile: '/etc/5678abcd-12ab-34cd-56ef-1234567890ab' },
  });
  const arn = 'arn:aws:kms:eu-west-1:111122223333:key/1';
  const nowhere = text
    .replace('kind: s3, bucket: acme-attestations, region: eu-west-1', 'kind: directory, path: own')
    .replace('1234abcd-12ab-34cd-56ef-1234567890ab', arn);
  expect(problems(nowhere)).toEqual([
    expect.stringContaining(
      'cosigner.postQuantum.region: is missing: neither the key id nor the store tells it',
    ),
  ]);
});

describe('what is wrong', () => {
  const cases: [what: string, text: string, said: string[]][] = [
    [
      'nothing at all',
      '{}',
      ['1 archive: is missing', '1 attestations: is missing', '1 cosigner: is missing'],
    ],
    [
      'a slip of the fingers',
      GOOD.replace('cosigner:', 'sweeep: { every: 1h }\ncosigner:'),
      ['7 sweeep: unknown key; did you mean "sweep"?'],
    ],
    [
      'no key to trust',
      GOOD.replace(`"${VKEY}"`, ''),
      ['3 archive.trusted: must name at least one key: without one nothing can be verified'],
    ],
    [
      'keys of two archives',
      GOOD.replace(`"${VKEY}"`, `"${VKEY}", "${OTHER}"`),
      [`3 archive.trusted: must be keys of one archive, and name ${ORIGIN} and other.example.com`],
    ],
    [
      'an older archive without a key',
      withOlder(''),
      [
        '4 archive.older[0].trusted: must name at least one key: those of this archive count for nothing there',
      ],
    ],
    [
      'an older archive that is this one',
      withOlder(`"${VKEY}"`),
      [`4 archive.older[0].trusted: must be keys of another archive than ${ORIGIN}`],
    ],
    [
      'an older archive that is two',
      withOlder(`"${OTHER}", "${THIRD}"`),
      [
        '4 archive.older[0].trusted: must be keys of one archive, and name other.example.com and third.example.com',
      ],
    ],
    [
      'attestations that can be deleted',
      GOOD.replace('COMPLIANCE', 'GOVERNANCE'),
      ['6 attestations.retention.mode: must be "COMPLIANCE"'],
    ],
    [
      'attestations for longer than anybody can take back',
      GOOD.replace('7y', '11y'),
      ['6 attestations.retention.period: must be 10y at most: it can not be taken back'],
    ],
    [
      'attestations within the archive',
      GOOD.replace(
        'acme-attestations, region: eu-west-1',
        'acme-audit, region: eu-central-1, prefix: prod/own',
      ),
      ['5 attestations.store: overlaps the archive: attestations need a bucket or prefix of their own'],
    ],
    [
      "the log's own name",
      GOOD.replace('verifier.example.com/prod\n', `${ORIGIN}/verifier\n`),
      ["8 cosigner.name: must not be the log's own name: a verifier speaks for itself"],
    ],
    [
      "a log's key as a cosigner's",
      GOOD.replace(EARLIER, VKEY),
      [
        '10 cosigner.earlier[0]: is not a cosigner key: a vkey of an unknown signature type: not 4 (Ed25519), 2 (P-256) or 6 (ML-DSA-44)',
      ],
    ],
    [
      "a person's key that is none",
      `${GOOD}people: ["${EARLIER}", nobody]\n`,
      [
        '11 people[0]: must be named person, as `governance key` does',
        expect.stringMatching(/^11 people\[1\]: is not the key of a person: /),
      ],
    ],
    [
      'an alias',
      GOOD.replace('1234abcd-12ab-34cd-56ef-1234567890ab', 'alias/verifier'),
      [
        '9 cosigner.signing.keyId: must be the ARN or id of the key itself, not an alias, which can be pointed elsewhere',
      ],
    ],
    [
      'a role that is no ARN',
      `${GOOD}attempts: { officers: [officer] }\n`,
      ["11 attempts.officers[0]: must be a role's ARN"],
    ],
    [
      'two topics of one chain',
      `${GOOD}kafka: { brokers: ["k:1"], topics: [{ name: a }, { name: b, chain: a }] }\n`,
      [`11 kafka.topics[1].chain: the chain "a" is another topic's already: each needs its own`],
    ],
    [
      'several at once',
      `${GOOD}sweep: { every: 5 }\nfullPass: { bytesPerRun: 1B }\nalarms: { sns: topic }\n`,
      [
        '11 sweep.every: must be a duration with its unit, such as 60s, 5m, 1h or 7d',
        '12 fullPass.bytesPerRun: must be 1MiB to 1024GiB',
        "13 alarms.sns: must be an SNS topic's ARN",
      ],
    ],
  ];
  it.each(cases)('%s', (_what, text, said) => {
    expect(problems(text)).toEqual(said);
  });
});

it("takes the documentation's example, with a key in its place", () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');
  const example = /## verifier.yaml\n[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const text = example.replace('audit.example.com/prod+…', VKEY);
  expect(text).not.toBe(example);
  const config = parse(text, { ALARM_WEBHOOK: 'https://hooks.example.com/T000' });
  expect(config.alarms.webhook).toBe('https://hooks.example.com/T000');
});
