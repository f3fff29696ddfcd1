// Is a configuration of the infrastructure taken whole or refused with every reason at once?
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseInfraConfig } from '../../infra/config.ts';
import { isOrigin } from '../../src/format/chain.ts';
import { CONFIG } from './synthesised.ts';

const problemOf = (text: string): string => {
  try {
    parseInfraConfig(text, 'config.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

describe('the example', () => {
  const text = readFileSync(new URL('../../infra/config.example.yaml', import.meta.url), 'utf8');

  it('is valid, and so is each alternative in its comments', () => {
    expect(problemOf(text)).toBe('none');
    // Every commented-out member, one after the other in place of the active archiver.
    const all = text
      .replace(/^ {2}kind: ecs-task\n/m, '')
      .replace(/^ {2}# kind: principal\n {2}# arn: .*\n/m, '')
      .replace(
        /^(\s*)# (?=(account|region|name|allowLong|deployer|kind|cluster|namespace|serviceAccount):)/gm,
        '$1',
      );
    expect(parseInfraConfig(all, 'all')).toMatchObject({
      account: '111122223333',
      region: 'eu-central-1',
      bucket: { name: 'acme-audit' },
      retention: { allowLong: true },
      archiver: { kind: 'eks-pod-identity', namespace: 'audit' },
      deployer: expect.stringContaining('role/deployment'),
    });
  });
});

describe('defaults', () => {
  it('are the strict ones', () => {
    expect(parseInfraConfig(CONFIG, 'test')).toMatchObject({
      stack: 'ledgerstone',
      key: { spec: 'ECC_NIST_P256' },
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
