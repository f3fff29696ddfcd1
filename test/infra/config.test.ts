// Is a configuration of infra accepted, or refused with every reason at once?
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseInfraConfig } from '../../infra/config.ts';
import { hasVerifier, infraSchema } from '../../infra/config-schema.ts';
import { isOrigin } from '../../src/format/chain.ts';
import { problemOf } from './checked.ts';
import { CONFIG } from './synthesised.ts';

const EXAMPLE = readFileSync(new URL('../../infra/config.example.yaml', import.meta.url), 'utf8');
/** Every member that the example leaves out, as its first lines say. */
const whole = EXAMPLE.replace(/^( *)#(?! \S)/gm, '$1');

describe('the example', () => {
  it('is valid, and so is each archiver that its comments name instead', () => {
    expect(problemOf(EXAMPLE)).toBe('none');
    const others = [...EXAMPLE.matchAll(/^# or: (.+)$/gm)].map(([, other]) => String(other));
    expect(others).toHaveLength(3);
    for (const other of others) {
      const text = EXAMPLE.replace(/^archiver: .*$/m, `archiver: ${other}`);
      expect(text).not.toBe(EXAMPLE);
      expect(problemOf(text)).toBe('none');
    }
  });
});

describe('the example with every member', () => {
  it('is valid YAML, and a configuration', () => {
    expect(Object.keys(parse(whole) as object).toSorted()).toEqual(Object.keys(infraSchema.shape).toSorted());
    expect(problemOf(whole)).toBe('none');
    const config = parseInfraConfig(whole, 'example');
    expect(config).toMatchObject({
      ...{ account: '111122223333', region: 'eu-central-1', bucket: { name: 'acme-audit' } },
      retention: { allowLong: true, maximumDays: 3653 },
      deployer: expect.stringContaining('role/deployment'),
      attestations: { account: '444455556666', sealed: false },
      verifier: {
        fullPass: { every: '30d' },
        trail: true,
        concurrency: 2,
        reservedConcurrency: 5,
        index: {},
      },
      archiverService: { instances: 2, settings: { limits: { drain: '25s' } } },
    });
    expect(hasVerifier(config)).toBe(true);
  });

  it.each([
    ['half of a second party', whole.replace(/^verifier:\n( {2}.*\n)+/m, ''), 'both or neither'],
    ['a bucket that has no name', whole.replace('  name: acme-audit', ''), 'bucket.name'],
    ['a name too long for roles', whole.replace('stack: ledgerstone', `stack: ${'l'.repeat(41)}`), 'stack'],
    [
      'an account of its own, and none of the archive',
      whole.replace(/^account: .*$/m, '').replace(/^region: .*$/m, ''),
      'each names the other',
    ],
    ['locks as short as the least', whole.replace('minimumDays: 2556', 'minimumDays: 2557'), 'a day is lost'],
    [
      'no key that is trusted',
      whole.replace(/ {4}- audit.*\n/, '').replace('trusted:', 'trusted: []'),
      'trusted',
    ],
    [
      'an index of no field',
      whole.replace('actor: /userIdentity/arn', 'actor: arn'),
      'index.fields.orders: must be a JSON pointer',
    ],
    ['a key that is none', whole.replace('+83780ac8+', '+'), 'archive.trusted[0]: is not a verifier key'],
    ['an alias in place of a key', whole.replace(':key/0000', ':alias/0000'), 'verifier.logKey'],
    [
      'a freshness that is never looked at',
      whole.replace('freshness: 2h', 'freshness: 5m'),
      'between 10m and 1d',
    ],
    ['no number at all', whole.replace('sweepEvery: 1h', 'sweepEvery: often'), 'verifier.sweepEvery'],
    [
      'too little room for schedules',
      whole
        .replace('reservedConcurrency: 5', 'reservedConcurrency: 6')
        .replace('concurrency: 2', 'concurrency: 4'),
      'verifier.reservedConcurrency: must leave 3 more than concurrency',
    ],
    ['no room for events', whole.replace('concurrency: 2', 'concurrency: 1'), 'verifier.concurrency'],
    [
      'a greatest lock under the default',
      whole.replace('maximumDays: 3653', 'maximumDays: 364'),
      'retention.maximumDays',
    ],
    [
      'a policy that S3 would refuse as too long',
      whole.replace('period: 1y', 'period: 2y').replace('maximumDays: 3653', 'maximumDays: 700'),
      'at retention.pci-12m: must not be over retention.maximumDays',
    ],
    [
      "the log's own name",
      whole.replace('cosigner: verifier.example.com/prod', 'cosigner: audit.example.com/prod'),
      "must not be the log's own name",
    ],
    ['a budget beyond what the verifier takes', whole.replace('4GiB', '2000GiB'), 'fullPass.bytesPerRun'],
    ['a pass that is never over', whole.replace('every: 30d', 'every: 367d'), 'verifier.fullPass.every'],
    [
      'more keys than fit into a Lambda',
      whole.replace(/( +- audit\.example\.com\/prod\+.*\n)/, (line) => line.repeat(60)),
      'bytes long',
    ],
    [
      'a drill that can not name the bucket of the findings',
      whole.replace('bucket: { name: acme-attestations }', 'bucket: {}'),
      'attestations.bucket.name',
    ],
    ['a webhook that is no secret', whole.replace(/webhook: .*/, 'webhook: https://x.example'), 'a secret'],
    [
      'an archiver that would not start',
      whole.replace('startFrom', 'x').replace('groupId: ledgerstone', 'groupID: ledgerstone'),
      "archiverService.settings: the archiver's configuration at source",
    ],
    [
      'a policy that S3 would refuse',
      whole.replace('minimumDays: 364', 'minimumDays: 365'),
      'at retention.pci-12m: must be over retention.minimumDays',
    ],
    ['no address', whole.replace('security@example.com', 'security'), 'verifier.notify.0'],
  ])('refuses %s', (_, changed, said) => {
    expect(changed).not.toBe(whole);
    expect(problemOf(changed)).toContain(said);
  });
});

describe('defaults', () => {
  it('are the strict ones', () => {
    expect(parseInfraConfig(CONFIG, 'test')).toMatchObject({
      stack: 'ledgerstone',
      key: { spec: 'ECC_NIST_EDWARDS25519' },
      people: { requireMfa: true, auditors: [], keyAdmins: [], breakGlass: [] },
      sealed: false,
    });
  });
});

describe('refusals', () => {
  it.each([
    ['an unknown member', `${CONFIG}\nretnetion: 1`, 'retnetion'],
    ['an account without a Region', `${CONFIG}\naccount: "111122223333"`, 'both or neither'],
    ['a Region without an account', `${CONFIG}\nregion: eu-central-1`, 'both or neither'],
    ['a default below the minimum', CONFIG.replace('365', '300'), 'minimumDays'],
    ['over ten years by accident', CONFIG.replace('365', '36500'), 'allowLong'],
    ['no retention', CONFIG.replace(/retention:.*/, ''), 'retention'],
    ['a prefix without its slash', CONFIG.replace('prod/ }', 'prod }'), 'bucket.prefix'],
    ['an absolute prefix', CONFIG.replace('prod/ }', '/prod/ }'), 'bucket.prefix'],
    ['a prefix with a wildcard', CONFIG.replace('prod/ }', '"*/" }'), 'bucket.prefix'],
    ['everybody as an auditor', `${CONFIG}\npeople: { auditors: ["*"] }`, 'people.auditors.0'],
    ['a key that signs nothing', `${CONFIG}\nkey: { spec: SYMMETRIC_DEFAULT }`, 'key.spec'],
    ['an unknown archiver', CONFIG.replace('ecs-task', 'ecs-tsak'), 'archiver.kind'],
    ['an empty file', '', '(whole file)'],
  ])('%s', (_, text, said) => {
    expect(problemOf(text)).toContain(said);
  });

  it('come all at once', () => {
    const message = problemOf(CONFIG.replace('365', '0').replace('prod/ }', 'prod }'));
    expect(message).toMatch(/has \d problem/);
    expect(message).toContain('bucket.prefix');
    expect(message).toContain('retention.defaultDays');
  });
});

describe('the origin', () => {
  it.each(['audit.example.com/prod', 'a', 'a/b/c', '', '/a', 'a/', 'a//b', 'a b', 'a+b', 'ä', 'a\nb'])(
    'is taken as the format takes it: %j',
    (origin) => {
      const text = CONFIG.replace('audit.example.com/prod', JSON.stringify(origin));
      expect(problemOf(text) === 'none').toBe(isOrigin(origin));
    },
  );
});
