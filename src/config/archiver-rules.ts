// Do the parts of the configuration fit together? Rules that concern more than one key.
import { messageOf } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { suggestion } from '../base/nearest.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { isAtLeast } from '../base/period.ts';
import { archiveOfKey } from '../format/chain.ts';
import { parseVkey } from '../format/vkey.ts';
import {
  ARCHIVER_PORT_DEFAULT,
  GREATEST_LOCK_DEFAULT,
  HEARTBEAT_DEFAULT,
  MAX_AGE_DEFAULT,
} from './archiver-schema.ts';
import { httpProblems } from './http-rules.ts';
import { isLoopback } from './loopback.ts';
import { memberOf, type SchemaProblem, valueAt } from './problems.ts';
import { chainProblems, entriesOf, type Named, patternProblems } from './topic-rules.ts';
import { DURATION_PATTERN, durationMs, PERIOD_PATTERN, periodOf, SIZE_PATTERN, sizeBytes } from './units.ts';
import type { ConfigPath } from './yaml.ts';

/** A period that has its pattern; the schema judges the others. */
export const isPeriod = (value: unknown): value is string =>
  typeof value === 'string' && PERIOD_PATTERN.test(value);

/**
 * Works on the values as they are written, even if the schema refuses them, so that all problems are found
 * at once. Every access has to allow for any value.
 */
export function ruleProblems(root: unknown): SchemaProblem[] {
  const source = memberOf(root, 'source');
  const list = memberOf(source, 'topics');
  const topics: Named[] = Array.isArray(list)
    ? list.map((value, index) => ({ path: ['source', 'topics', index], value }))
    : [];
  if (memberOf(source, 'topic') !== undefined)
    topics.push({ path: ['source', 'topic'], value: memberOf(source, 'topic') });
  return [
    ...retentionProblems(root, topics),
    ...chainProblems(topics),
    ...patternProblems(topics),
    ...productionProblems(root),
    ...sourceProblems(source),
    ...signingProblems(root),
    ...boundProblems(root),
    ...receiptProblems(root),
    ...httpProblems(root, 'server', ARCHIVER_PORT_DEFAULT),
  ];
}

/** Receipts hold archived records: who serves them to others says so. */
function receiptProblems(root: unknown): SchemaProblem[] {
  const host = memberOf(memberOf(root, 'server'), 'host') ?? '127.0.0.1';
  if (memberOf(memberOf(root, 'receipts'), 'serve') !== 'loopback' || isLoopback(String(host))) return [];
  const message = `is loopback, and server.host is ${host}: write any-host if all who may ask it may read records`;
  return [{ path: ['receipts', 'serve'], message }];
}

function retentionProblems(root: unknown, topics: readonly Named[]): SchemaProblem[] {
  const policies = entriesOf(memberOf(root, 'retention'));
  const names = policies.map(([name]) => name);
  const problems: SchemaProblem[] = [];
  if (memberOf(root, 'retention') !== undefined && policies.length === 0) {
    problems.push({ path: ['retention'], message: 'must name at least one policy' });
  }
  for (const { path, value } of topics) {
    const wanted = memberOf(value, 'retention');
    if (typeof wanted !== 'string' || names.includes(wanted) || policies.length === 0) continue;
    const message = `names no policy under retention${suggestion(wanted, names)}`;
    problems.push({ path: [...path, 'retention'], message });
  }
  const periods = policies.flatMap(([name, policy]) => {
    const text = memberOf(policy, 'period');
    return isPeriod(text) ? [{ name, text, period: periodOf(text) }] : [];
  });
  const greatest = memberOf(root, 'greatestLock') ?? GREATEST_LOCK_DEFAULT;
  for (const { name, period } of periods) {
    if (!isPeriod(greatest) || isAtLeast(periodOf(greatest), period)) continue;
    const message = [
      `is longer than greatestLock (${greatest}), and a lock can not be taken back: raise`,
      'greatestLock if it is meant',
    ].join(' ');
    problems.push({ path: ['retention', name, 'period'], message });
  }
  for (const { name, text, period } of periods) {
    const months = valueAt(root, ['retention', name, 'requires', 'months']);
    if (typeof months !== 'number' || isAtLeast(period, { months, ms: 0 })) continue;
    const path = ['retention', name, 'period'];
    problems.push({
      path,
      message: `${text} can end before ${months} months are over, which \`requires\` asks for`,
    });
  }
  const seals = periods.find(({ name }) => name === 'seals');
  for (const { name, period } of periods) {
    if (seals === undefined || isAtLeast(seals.period, period)) continue;
    const message = `must never be shorter than "${name}": seals carry the chain and outlive what they seal`;
    problems.push({ path: ['retention', 'seals', 'period'], message });
  }
  const modeOf = (policy: unknown) => memberOf(policy, 'mode');
  const strict = policies.some(([name, policy]) => name !== 'seals' && modeOf(policy) === 'COMPLIANCE');
  if (strict && modeOf(valueAt(root, ['retention', 'seals'])) === 'GOVERNANCE') {
    const message = 'must be COMPLIANCE, as another policy is';
    problems.push({ path: ['retention', 'seals', 'mode'], message });
  }
  return problems;
}

function productionProblems(root: unknown): SchemaProblem[] {
  if (memberOf(root, 'production') !== true) return [];
  const problems: SchemaProblem[] = [];
  const refuse = (path: ConfigPath, bad: unknown, message: string) => {
    if (valueAt(root, path) === bad) problems.push({ path, message: `${message} (production: true)` });
  };
  refuse(['archive', 'store', 'kind'], 'directory', 'a directory is not write-once: use kind: s3');
  refuse(['archive', 'signing', 'kind'], 'local', 'a key file can be copied: use kind: kms');
  for (const [name] of entriesOf(memberOf(root, 'retention'))) {
    refuse(['retention', name, 'mode'], 'GOVERNANCE', 'GOVERNANCE can be bypassed: use COMPLIANCE');
  }
  const tls = valueAt(root, ['source', 'tls']);
  if (tls === undefined || tls === false) {
    refuse(
      ['source', 'sasl', 'mechanism'],
      'plain',
      'sends the password readable without tls: set source.tls',
    );
    // What is heard of the login is enough to try passwords, and records and answers could be altered.
    for (const scram of ['scram-sha-256', 'scram-sha-512']) {
      refuse(
        ['source', 'sasl', 'mechanism'],
        scram,
        'without tls its password can be guessed by who listens: set source.tls',
      );
    }
  }
  return problems;
}

function sourceProblems(source: unknown): SchemaProblem[] {
  const tls = memberOf(source, 'tls');
  const problems: SchemaProblem[] = [];
  if (valueAt(source, ['sasl', 'mechanism']) === 'aws-msk-iam' && (tls === undefined || tls === false)) {
    problems.push({
      path: ['source', 'sasl', 'mechanism'],
      message: 'aws-msk-iam works over TLS only: set source.tls: true',
    });
  }
  const [certFile, keyFile] = [memberOf(tls, 'certFile'), memberOf(tls, 'keyFile')];
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push({ path: ['source', 'tls'], message: 'certFile and keyFile go together' });
  }
  return problems;
}

function signingProblems(root: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const signing = valueAt(root, ['archive', 'signing']);
  const keyId = memberOf(signing, 'keyId');
  const regionKnown =
    memberOf(signing, 'region') ??
    valueAt(root, ['archive', 'store', 'region']) ??
    String(keyId).startsWith('arn:');
  if (memberOf(signing, 'kind') === 'kms' && typeof keyId === 'string' && regionKnown === false) {
    problems.push({
      path: ['archive', 'signing', 'region'],
      message: 'is missing: neither the key id nor the store tells it',
    });
  }
  const trusted = valueAt(root, ['archive', 'trusted']);
  const origin = valueAt(root, ['archive', 'origin']);
  for (const [index, vkey] of (Array.isArray(trusted) ? trusted : []).entries()) {
    if (typeof vkey !== 'string') continue;
    const path = ['archive', 'trusted', index];
    try {
      const { name } = parseVkey(vkey, nodeSha256);
      if (archiveOfKey(name) !== origin)
        problems.push({ path, message: `is a key of "${name}", not of this archive's origin` });
    } catch (error) {
      problems.push({ path, message: `is not a verifier key: ${messageOf(error)}` });
    }
  }
  return problems;
}

function boundProblems(root: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const size = (path: ConfigPath, otherwise: number): number => {
    const value = valueAt(root, path);
    return typeof value === 'string' && SIZE_PATTERN.test(value) ? sizeBytes(value) : otherwise;
  };
  const record = size(['limits', 'recordBytes'], LIMITS.recordBytesDefault);
  const memory = size(['limits', 'memoryBytes'], LIMITS.memoryBytesDefault);
  // As base64 a record may need a third more, and its line must fit beside the batch that it waits for.
  if (memory < 2 * record) {
    problems.push({ path: ['limits', 'memoryBytes'], message: 'must be at least twice limits.recordBytes' });
  }
  const age = (member: string, otherwise: string): number => {
    const value = valueAt(root, ['segment', member]) ?? otherwise;
    return typeof value === 'string' && DURATION_PATTERN.test(value) ? durationMs(value) : 0;
  };
  const heartbeatMs = age('heartbeat', HEARTBEAT_DEFAULT);
  if (heartbeatMs > 0 && age('maxAge', MAX_AGE_DEFAULT) > heartbeatMs) {
    const message =
      'must be at most segment.heartbeat: an idle partition would be sealed sooner than one with records';
    problems.push({ path: ['segment', 'maxAge'], message });
  }
  const level = valueAt(root, ['encoding', 'level']);
  if (valueAt(root, ['encoding', 'codec']) === 'gzip' && typeof level === 'number' && level > 9) {
    problems.push({ path: ['encoding', 'level'], message: 'must be 1 to 9 for gzip' });
  }
  return problems;
}
