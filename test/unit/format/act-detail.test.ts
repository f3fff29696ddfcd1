// What may a decision of each kind say, up to which number, and what is said of one that may not? (FORMAT.md 13.3, 13.4)
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import {
  type ActKind,
  checkDetail,
  isActKind,
  TWO_PERSONS,
  WITH_EFFECT,
} from '../../../src/format/act-detail.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { memoryMlDsaSigner } from '../../support/memory-signer.ts';

const FORMAT_MD = join(import.meta.dirname, '../../../src/format/FORMAT.md');
const HASH = 'ab'.repeat(32);
const LONG = 'x'.repeat(255);
const person = (name: string, key: string, ...roles: string[]) => ({ name, key, roles });
const ADA = person('Ada', 'key of Ada', 'officer');
const GRACE = person('Grace', 'key of Grace', 'approver');
const people = (...list: unknown[]) => ({ people: list, approval: { hours: 72 } });
const charter = (hours: unknown) => ({ people: [ADA, GRACE], approval: { hours } });
const range = { chain: 'orders', partition: 0, from: 1, to: 2 };
const held = (...segments: unknown[]) => ({ case: 'C-1', segments });
const times = <Item>(count: number, item: (at: number) => Item) =>
  Array.from({ length: count }, (_, at) => item(at));
const policy = { name: 'pci', mode: 'COMPLIANCE', period: '1y' };
const policies = (...list: unknown[]) => ({ policies: list, chains: [] });
const period = (text: unknown) => policies({ ...policy, period: text });
const chains = (...list: unknown[]) => ({ policies: [policy], chains: list });
const gap = { chain: 'orders', partition: 0, from: 1, to: 2 };
const key = { use: 'log', key: 'a vkey' };
const rotation = { use: 'log', key: 'a vkey', signer: 'kms:alias/next' };
const copied = (change: object) => ({
  ...{ from: 's3://a/', to: 's3://b/', verdict: 'verified', until: null, objects: 7, bytes: 4096 },
  ...{ list: HASH, chains: 1, heads: HASH, ...change },
});
const copy = {
  ...{ from: 's3://a', to: 's3://b', verdict: 'verified', until: null, objects: 3, bytes: 4 },
  ...{ list: HASH, chains: 1, heads: HASH },
};
const FINDING = '0123456789abcdef'.repeat(2);

const said = (kind: ActKind, detail: unknown): string | null => {
  try {
    checkDetail(kind, detail);
    return null;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return error.message;
  }
};

const GOOD: readonly [kind: ActKind, what: string, detail: object][] = [
  ['charter', 'two people', charter(72)],
  ['charter', 'an hour', charter(1)],
  ['charter', 'a year of hours', charter(8760)],
  ['charter', 'the longest name and key', people(ADA, person(LONG, LONG, 'approver'))],
  [
    'charter',
    'one with both roles beside an officer',
    people(ADA, person('Eve', 'k', 'officer', 'approver')),
  ],
  [
    'charter',
    'two who both have both',
    people(...['a', 'b'].map((x) => person(x, x, 'officer', 'approver'))),
  ],
  ['charter', 'an officer first who alone approves', people(person('B', 'b', 'officer', 'approver'), ADA)],
  ['charter', '64 people', people(GRACE, ...times(63, (at) => person(`P${at}`, `k${at}`, 'officer')))],
  ['approve', 'nothing', {}],
  [
    'continue',
    'a checkpoint',
    { origin: 'a.example/ledgerstone.governance/0', size: 7, root: 'a'.repeat(64) },
  ],
  ['withdraw', 'nothing', {}],
  ['done', 'numbers', { objects: 4, changed: 0 }],
  ['hold.place', 'a range', held(range)],
  ['hold.place', 'each partition', held({ ...range, partition: null })],
  ['hold.place', 'all that come later', held({ ...range, to: null })],
  ['hold.place', 'one segment', held({ ...range, from: 2 })],
  [
    'hold.place',
    'from the first segment of the greatest partition',
    held({ ...range, partition: 2 ** 31 - 1, from: 0 }),
  ],
  ['hold.place', '1000 ranges', held(...times(1000, () => range))],
  ['hold.reaffirm', 'the longest case', { case: LONG }],
  ['hold.release', 'a case', { case: 'C-1' }],
  ['retention.extend', 'a date', { segments: [range], until: '2036-01-01T00:00:00Z' }],
  ['policy', 'one', policies(policy)],
  ['policy', 'governance', policies({ ...policy, mode: 'GOVERNANCE' })],
  ['policy', 'the longest name', policies({ ...policy, name: 'x'.repeat(64) })],
  ['policy', '256 of them', policies(...times(256, (at) => ({ ...policy, name: `p${at}` })))],
  ...['9s', '8h', '7d', '6w', '10mo', '999999999y'].map((text): [ActKind, string, object] => [
    'policy',
    text,
    period(text),
  ]),
  ['policy', 'of a chain', chains({ chain: 'orders', policy: 'pci' })],
  ['policy', '10000 chains', chains(...times(10_000, (at) => ({ chain: `c${at}`, policy: 'pci' })))],
  [
    'policy',
    'the second of two for a chain',
    { policies: [policy, { ...policy, name: 'b' }], chains: [{ chain: 'x', policy: 'b' }] },
  ],
  ['key.introduce', 'of the log', key],
  ['key.introduce', 'of decisions', { ...key, use: 'governance' }],
  [
    'key.introduce',
    'of a cosigner, ML-DSA-44',
    {
      use: 'cosigner',
      key: encodeCosignerVkey(
        cosignerKey('verifier.example.com/prod', memoryMlDsaSigner().publicKey, nodeSha256),
      ),
    },
  ],
  ['key.retire', 'of a cosigner', { ...key, use: 'cosigner' }],
  ['key.retire', 'the longest', { ...key, key: 'x'.repeat(4096) }],
  ['key.rotate', 'to a signer', rotation],
  ['key.rotate', 'of decisions', { ...rotation, use: 'governance' }],
  ['key.rotate', 'the longest', { use: 'log', key: 'x'.repeat(4096), signer: LONG }],
  ['gap.accept', 'offsets', gap],
  ['finding.ack', 'an id', { finding: FINDING }],
  ['finding.resolve', 'an id', { finding: FINDING }],
  ['export', 'a package', { case: 'C-1', package: HASH, events: 0 }],
  ['disclose', 'three words', { case: 'C-1', to: 'the court', what: 'orders' }],
  ['drill', 'a report', { report: HASH }],
  ['copy', 'as long as in the source', copied({})],
  ['copy', 'a date, of what is broken', copied({ until: '2036-01-01T00:00:00Z', verdict: 'broken' })],
  [
    'copy',
    'nothing, of what could not be shown',
    copied({ objects: 0, bytes: 0, chains: 0, verdict: 'unverifiable' }),
  ],
  ['copy', 'the longest names', copied({ from: LONG, to: LONG })],
];

const BAD: readonly [kind: ActKind, what: string, message: string, detail: unknown][] = [
  ['charter', 'no people', 'people', { people: [], approval: { hours: 72 } }],
  ['charter', 'people that are no list', 'people', { people: { length: 1 }, approval: { hours: 72 } }],
  [
    'charter',
    '65 people',
    'people',
    people(GRACE, ...times(64, (at) => person(`P${at}`, `k${at}`, 'officer'))),
  ],
  ['charter', 'somebody who is null', 'people', people(ADA, null)],
  ['charter', 'somebody who is a text', 'people', people(ADA, 'Grace')],
  ['charter', 'an empty name', 'people', people(ADA, { ...GRACE, name: '' })],
  ['charter', 'a longer name', 'people', people(ADA, { ...GRACE, name: `${LONG}x` })],
  ['charter', 'an empty key', 'people', people(ADA, { ...GRACE, key: '' })],
  ['charter', 'a longer key', 'people', people(ADA, { ...GRACE, key: `${LONG}x` })],
  ['charter', 'a name twice', 'people: a name or key twice', people(ADA, { ...GRACE, name: 'Ada' })],
  ['charter', 'a key twice', 'people: a name or key twice', people(ADA, { ...GRACE, key: ADA.key })],
  ['charter', 'no roles', 'people: roles', people(ADA, { ...GRACE, roles: [] })],
  ['charter', 'an unknown role', 'people: roles', people(ADA, { ...GRACE, roles: ['boss'] })],
  [
    'charter',
    'roles in another order',
    'people: roles',
    people(ADA, { ...GRACE, roles: ['approver', 'officer'] }),
  ],
  ['charter', 'officers alone', 'people: no officer with an approver beside', people(ADA)],
  ['charter', 'approvers alone', 'people: no officer with an approver beside', people(GRACE)],
  [
    ...(['charter', 'one person with both roles', 'people: no officer with an approver beside'] as const),
    people(person('Eve', 'k', 'officer', 'approver')),
  ],
  ['charter', 'no approval', 'approval', { people: [ADA, GRACE] }],
  ['charter', 'no hours', 'approval.hours', charter(undefined)],
  ['charter', '0 hours', 'approval.hours', charter(0)],
  ['charter', 'more than a year', 'approval.hours', charter(8761)],
  ['charter', 'half an hour', 'approval.hours', charter(1.5)],
  ['done', 'no objects', 'objects', { changed: 0 }],
  ['done', 'fewer than none changed', 'changed', { objects: 1, changed: -1 }],
  ['continue', 'no origin', 'origin', { size: 7, root: 'a'.repeat(64) }],
  ['continue', 'half a size', 'size', { origin: 'a', size: 0.5, root: 'a'.repeat(64) }],
  ['continue', 'no root', 'root', { origin: 'a', size: 7, root: 'a' }],
  ['hold.place', 'no case', 'case', { segments: [range] }],
  ['hold.place', 'a longer case', 'case', { case: `${LONG}x`, segments: [range] }],
  ['hold.place', 'no segments', 'segments', held()],
  ['hold.place', '1001 ranges', 'segments', held(...times(1001, () => range))],
  ['hold.place', 'a range that is null', 'segments', held(null)],
  ['hold.place', 'a range that is a list', 'segments', held([])],
  ['hold.place', 'no chain', 'segments', held({ ...range, chain: undefined })],
  ['hold.place', 'a chain that is none', 'segments', held({ ...range, chain: '..' })],
  ['hold.place', 'no partition', 'segments', held({ ...range, partition: undefined })],
  ['hold.place', 'a partition too great', 'segments', held({ ...range, partition: 2 ** 31 })],
  ['hold.place', 'no beginning', 'segments', held({ ...range, from: null })],
  ['hold.place', 'no end', 'segments', held({ ...range, to: undefined })],
  ['hold.place', 'half an end', 'segments', held({ ...range, to: 2.5 })],
  ['hold.place', 'an end before the beginning', 'segments', held({ ...range, to: 0 })],
  ['hold.reaffirm', 'no case', 'case', {}],
  ['hold.release', 'an empty case', 'case', { case: '' }],
  ['retention.extend', 'no segments', 'segments', { until: '2036-01-01T00:00:00Z' }],
  ['retention.extend', 'no date', 'until', { segments: [range] }],
  ...(['2036-01-01T00:00:00.500Z', '2036-13-01T00:00:00Z'] as const).map(
    (until): [ActKind, string, string, unknown] => [
      ...(['retention.extend', until] as const),
      ...([`not a time: "${until}"`, { segments: [range], until }] as const),
    ],
  ),
  ['policy', 'no policies', 'policies', policies()],
  ['policy', '257 of them', 'policies', policies(...times(257, (at) => ({ ...policy, name: `p${at}` })))],
  ['policy', 'one that is null', 'policies', policies(null)],
  ['policy', 'no name', 'policies: a name', policies({ ...policy, name: undefined })],
  ['policy', 'a longer name', 'policies: a name', policies({ ...policy, name: 'x'.repeat(65) })],
  ['policy', 'a name twice', 'policies: a name twice', policies(policy, { ...policy, period: '2y' })],
  ['policy', 'no mode', 'policies: mode', policies({ ...policy, mode: undefined })],
  ['policy', 'an unknown mode', 'policies: mode', policies({ ...policy, mode: 'compliance' })],
  ...(
    [
      undefined,
      1,
      '',
      '1',
      'y',
      '0d',
      '01d',
      '1m',
      '1 d',
      ' 1d',
      '1d ',
      '-1d',
      '1234567890d',
      ['1d'],
    ] as const
  ).map((text): [ActKind, string, string, unknown] => [
    ...(['policy', `a period of ${JSON.stringify(text)}`, 'policies: period'] as const),
    period(text),
  ]),
  ['policy', 'no chains', 'chains', { policies: [policy] }],
  [
    'policy',
    '10001 chains',
    'chains',
    chains(...times(10_001, (at) => ({ chain: `c${at}`, policy: 'pci' }))),
  ],
  ['policy', 'a chain that is null', 'chains', chains(null)],
  ['policy', 'a chain without a name', 'chains', chains({ policy: 'pci' })],
  ['policy', 'a chain name that is none', 'chains', chains({ chain: '..', policy: 'pci' })],
  ['policy', 'a chain with an unknown policy', 'chains', chains({ chain: 'orders', policy: 'other' })],
  ['policy', 'a chain without a policy', 'chains', chains({ chain: 'orders' })],
  [
    'policy',
    'a chain twice',
    'chains: one twice',
    chains(...times(2, () => ({ chain: 'orders', policy: 'pci' }))),
  ],
  ['key.introduce', 'an unknown use', 'use', { ...key, use: 'logs' }],
  ['key.retire', 'no use', 'use', { key: 'a vkey' }],
  ['key.introduce', 'no key', 'key', { use: 'log' }],
  ['key.retire', 'a longer key', 'key', { ...key, key: 'x'.repeat(4097) }],
  ['key.rotate', 'of a cosigner', 'use', { ...rotation, use: 'cosigner' }],
  ['key.rotate', 'no key', 'key', { ...rotation, key: '' }],
  ['key.rotate', 'no signer', 'signer', { ...rotation, signer: '' }],
  ['key.rotate', 'a longer signer', 'signer', { ...rotation, signer: `${LONG}x` }],
  ['gap.accept', 'each partition', 'gap', { ...gap, partition: null }],
  ['gap.accept', 'no end', 'gap', { ...gap, to: null }],
  ['gap.accept', 'a chain that is none', 'gap', { ...gap, chain: '' }],
  ['finding.ack', 'a number', 'finding', { finding: 7 }],
  ['finding.ack', 'a digit less', 'finding', { finding: FINDING.slice(1) }],
  ['finding.resolve', 'a digit more in front', 'finding', { finding: `0${FINDING}` }],
  ['finding.resolve', 'a digit more behind', 'finding', { finding: `${FINDING}0` }],
  ['export', 'no case', 'case', { package: HASH, events: 1 }],
  ['export', 'no package', 'package', { case: 'C-1', events: 1 }],
  ['export', 'half an event', 'events', { case: 'C-1', package: HASH, events: 0.5 }],
  ['disclose', 'no case', 'case', { to: 'x', what: 'y' }],
  ['disclose', 'nobody', 'to', { case: 'C-1', what: 'y' }],
  ['disclose', 'nothing', 'what', { case: 'C-1', to: 'x' }],
  ['drill', 'no report', 'report', { report: HASH.slice(1) }],
  ['copy', 'an unknown verdict', 'verdict', { ...copy, verdict: 'good' }],
  ...Object.keys(copy).map((name): [ActKind, string, string, unknown] => [
    ...(['copy', `no ${name}`, name, { ...copy, [name]: undefined }] as const),
  ]),
  ['copy', 'too long a name', 'from', copied({ from: `${LONG}x` })],
  ['copy', 'no place', 'to', copied({ to: '' })],
  ['copy', 'another verdict', 'verdict', copied({ verdict: 'fine' })],
  ['copy', 'no verdict', 'verdict', copied({ verdict: null })],
  ['copy', 'no date', 'until', copied({ until: 7 })],
  ['copy', 'half an object', 'objects', copied({ objects: 0.5 })],
  ['copy', 'no bytes', 'bytes', copied({ bytes: '1' })],
  ['copy', 'no list', 'list', copied({ list: HASH.slice(2) })],
  ['copy', 'no number of chains', 'chains', copied({ chains: -1 })],
  ['copy', 'no heads', 'heads', copied({ heads: undefined })],
];

describe('what a decision may say', () => {
  it.each(GOOD)('%s: %s', (kind, _, detail) => {
    // More members are left out, and those that stand there come back in their order.
    const read = checkDetail(kind, { more: 1, ...reversed(detail) });
    expect(JSON.stringify(read)).toBe(JSON.stringify(detail));
  });

  it('each kind of FORMAT.md is in the table', () => {
    const [, section = ''] = /^### 13\.4 Kinds$(.*?)^13\.4\.1/ms.exec(readFileSync(FORMAT_MD, 'utf8')) ?? [];
    const kinds = [...section.matchAll(/^\| `([a-z.]+)`/gm)].map(([, kind]) => kind);
    expect(kinds).toContain('charter');
    expect(new Set(GOOD.map(([kind]) => kind))).toEqual(new Set(kinds));
    for (const [kind] of GOOD) expect([kind, isActKind(kind)]).toEqual([kind, true]);
    for (const other of ['vote', 'toString', '__proto__', '']) expect(isActKind(other)).toBe(false);
  });
});

describe('what it may not', () => {
  it.each(BAD)('%s: %s', (kind, _, message, detail) => {
    expect(said(kind, detail)).toBe(message.startsWith('not a time') ? message : `act: ${message}`);
  });

  it.each(GOOD.map(([kind]) => kind))('%s: no object', (kind) => {
    for (const detail of [null, undefined, 'x', []]) expect(said(kind, detail)).toBe('act: detail');
  });
});

it('who must be two, and what demands something of the store', () => {
  expect([...TWO_PERSONS]).toEqual(['continue', 'hold.release', 'key.retire', 'gap.accept', 'disclose']);
  expect([...WITH_EFFECT]).toEqual(['hold.place', 'hold.release', 'retention.extend', 'key.rotate']);
});

const reversed = (detail: object): object => Object.fromEntries(Object.entries(detail).reverse());
