// Are the policies of a file put in force only if what is dangerous was asked for, and by two where they promise less?
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const ADA = () => ['--by', 'Ada Byron', '--sign-key', at('ada.pem')];
const GRACE = () => ['--by', 'Grace Hopper', '--sign-key', at('grace.pem')];

/** The file of an archiver with that policy for orders. Its key is another one: only the archive's is trusted. */
function policyFile(period: string): string {
  const name = at(`${period}.yaml`);
  writeFileSync(
    name,
    `archive:
  origin: audit.example.com/prod
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: ada.pem }
  trusted: [ ${trusted().join(', ')} ]
source: { kind: kafka, brokers: "127.0.0.1:9", topics: [ { name: orders, retention: orders } ] }
retention:
  orders: { mode: COMPLIANCE, period: ${period} }
`,
  );
  return name;
}
let logKey: string;
let decisionKey: string | null = null;
const trusted = () => [logKey, ...(decisionKey === null ? [] : [decisionKey])].map((key) => `"${key}"`);

const decide = async (...args: string[]) => {
  const { code, out, err } = await ledgerstone([...args, '--config', at('governance.yaml'), '--json']);
  return { code, err, answer: out === '' ? null : (JSON.parse(out) as Record<string, unknown>) };
};
const policy = (period: string, ...more: string[]) =>
  decide('retention', 'policy', '--from', policyFile(period), '--reason', 'Ticket 1', ...ADA(), ...more);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-policy-'));
  const builder = new ArchiveBuilder({ origin: 'audit.example.com/prod' });
  const nowMs = Date.now();
  await builder.chain().seal({ lines: entries(0, 3), sealedMs: nowMs - 86_400_000 });
  writeCopy(builder.archive, at('archive'));
  logKey = encodeVkey(builder.trusted[0]!);
  writeFileSync(
    at('governance.yaml'),
    `archive: { origin: audit.example.com/prod, store: { kind: directory, path: archive }, trusted: [ "${logKey}" ] }
governance: { signing: { kind: local, keyFile: governance.pem }, retention: { mode: COMPLIANCE, period: 10y } }
`,
  );
  writeFileSync(
    at('people.yaml'),
    `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`,
  );
  for (const who of ['ada', 'grace', 'governance'])
    await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]);
  const begun = await decide('governance', 'charter', at('people.yaml'), '--reason', 'Begin', ...ADA());
  expect(begun).toMatchObject({ code: 0 });
  decisionKey = String(begun.answer?.['vkey']);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('retention policy', () => {
  it('is asked by name for what is shorter than what is stored', async () => {
    const refused = await policy('30d');
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('orders would be shorter than before');
    expect(refused.err).toContain('--consent shorter:orders');
    const unneeded = await policy('1y', '--consent', 'shorter:orders');
    expect([unneeded.code, unneeded.err]).toEqual([
      2,
      expect.stringContaining('nothing of the kind would change'),
    ]);
  });

  it('puts policies in force, each chain with its own', async () => {
    const { code, answer } = await policy('1y');
    expect(code).toBe(0);
    expect(answer).toMatchObject({
      kind: 'policy',
      state: 'in-force',
      detail: {
        policies: [{ name: 'orders', period: '1y' }, { name: 'seals' }],
        chains: [{ chain: 'orders', policy: 'orders' }],
      },
    });
  });

  it('is approved by another person where it promises less', async () => {
    const { code, answer } = await policy('30d', '--consent', 'shorter:orders');
    expect([code, answer?.['state']]).toEqual([4, 'waiting']);
    const plan = await ledgerstone(['retention', 'plan', '--config', policyFile('30d'), '--json']);
    expect(JSON.parse(plan.out).plans[0].before).toEqual({ text: '1y, COMPLIANCE', from: 'act' });
    const id = String(answer?.['id']).slice(0, 8);
    // What an approver reads first: the same as the plan of its proposer, without that one's file.
    const shown = await decide('governance', 'show', id);
    const proposed = shown.answer?.['plan'] as { readonly plans: readonly Record<string, unknown>[] };
    const { untilMs: _, ...own } = JSON.parse(plan.out).plans[0];
    expect(proposed.plans[0]).toEqual({ ...own, sealedNowLockedUntil: expect.any(String) });
    expect(proposed).toMatchObject({ droppedChains: [], problems: [], prices: { region: 'us-east-1' } });
    const { out } = await ledgerstone(['governance', 'show', id, '--config', at('governance.yaml')]);
    for (const said of [
      'approved now, it would do this:',
      'shorter than before',
      '30 days of such data over',
    ])
      expect(out).toContain(said);
    expect(out).not.toContain('has to be asked for');
    expect((await decide('governance', 'approve', id, '--reason', 'Agreed', ...GRACE())).code).toBe(0);
    const after = await ledgerstone(['retention', 'plan', '--config', policyFile('30d'), '--json']);
    expect(JSON.parse(after.out).plans[0]).toMatchObject({
      before: { text: '30d, COMPLIANCE' },
      consents: [],
    });
  });

  it('takes several files of one archive together', async () => {
    const other = policyFile('3y');
    const text = readFileSync(other, 'utf8').replaceAll(
      'name: orders, retention: orders',
      'name: other, retention: other',
    );
    writeFileSync(
      other,
      text
        .replace('  orders: {', '  other: {')
        .replace('\nretention:\n', '\nretention:\n  seals: { mode: COMPLIANCE, period: 3y }\n'),
    );
    const own = policyFile('30d');
    const both = (seals: string) => {
      writeFileSync(
        own,
        readFileSync(own, 'utf8').replace(
          '\nretention:\n',
          `\nretention:\n  seals: { mode: COMPLIANCE, period: ${seals} }\n`,
        ),
      );
      return decide(
        'retention',
        'policy',
        '--from',
        own,
        '--from',
        other,
        '--reason',
        'Two archivers',
        ...ADA(),
      );
    };
    expect((await both('2y')).err).toContain('seals is 2y in one file and 3y in another');
    policyFile('30d');
    const { code, answer } = await both('3y');
    expect([code, answer]).toMatchObject([
      0,
      { detail: { chains: [{ chain: 'orders' }, { chain: 'other', policy: 'other' }] } },
    ]);
  });

  it('writes nothing where it could not see what is decided already', async () => {
    const key = decisionKey;
    decisionKey = null;
    const { code, err } = await policy('2y');
    decisionKey = key;
    expect([code, err]).toEqual([3, expect.stringContaining('what this would change is not known')]);
    expect(readFileSync(at('2y.yaml'), 'utf8')).not.toContain('governance');
  });
});

describe('governance record', () => {
  const record = (kind: string, detail: string) =>
    decide('governance', 'record', kind, '--detail', detail, '--reason', 'Ticket 2', ...ADA());

  it('keeps what was handed out, and who said so', async () => {
    const detail = { case: 'C-1', package: 'ab'.repeat(32), events: 25 };
    const { code, answer } = await record('export', JSON.stringify(detail));
    expect([code, answer]).toMatchObject([
      0,
      { kind: 'export', state: 'in-force', detail, by: { name: 'Ada Byron' } },
    ]);
    const list = await decide('governance', 'list', '--kind', 'export');
    expect(JSON.stringify(list.answer)).toContain(detail.package);
  });

  it('a disclosure waits for a second person', async () => {
    const { code } = await record('disclose', '{"case":"C-1","to":"Acme","what":"a field"}');
    expect(code).toBe(4);
  });

  it.each([
    ['drill', '{"report":"7"}', 'act: report'],
    ['drill', `{"report":"${'0'.repeat(64)}","also":1}`, 'also is no member of it'],
    ['drill', 'nonsense', 'it is no JSON'],
    ['hold.place', '{}', 'hold.place is no kind that is recorded so'],
  ])('%s with %s: usage', async (kind, detail, said) => {
    const { code, err } = await record(kind, detail);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });
});
