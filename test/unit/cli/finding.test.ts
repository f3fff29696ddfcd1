// Can a finding be answered by a person, and never be closed or hidden by one?
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckedNotes } from '../../../src/verifier/findings/checked-notes.ts';
import { readHistory } from '../../../src/verifier/findings/history.ts';
import { parseResponseKey } from '../../../src/verifier/findings/response.ts';
import { isOwnKey } from '../../../src/verifier/own-keys.ts';
import { type FindingsWorld, findingAt, findingsWorld, SCOPE } from '../../support/findings-world.ts';
import { ledgerstone } from './captured-io.ts';

let world: FindingsWorld;
let id: string;
beforeEach(async () => {
  world = await findingsWorld();
  const [entry] = await world.report([findingAt('data-altered', 'k1', 'other \u001b[31m bytes')]);
  id = entry?.id as string;
});
afterEach(() => world.remove());

const answer = (kind: 'ack' | 'resolve', text: string, who = 'ada', ...more: string[]) =>
  world.run(
    'finding',
    kind,
    id.slice(0, 8),
    '--by',
    who,
    '--text',
    text,
    '--sign-key',
    world.at(`${who}-key.pem`),
    ...more,
  );
const list = (...more: string[]) => world.run('finding', 'list', '--person', world.at('ada.pem'), ...more);
const files = () =>
  readdirSync(world.at('attestations'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.note'),
  );

describe('finding list', () => {
  it('shows what is open, who was notified, and no bytes that command a terminal', async () => {
    const { code, out } = await list();
    expect(code).toBe(1);
    expect(out).toContain(`${id.slice(0, 8)}  broken: data-altered, topic=orders/partition=0`);
    expect(out).toMatch(/ {2}notified: sns \d{4}-/);
    expect(out).toContain('found other \\u{1b}[31m bytes');
    expect(out).toContain('1 open of 1 that the verifier ever found');
  });

  it('takes a person’s verifier key too, and names what it takes', async () => {
    const key = world.at('vkey-of.pem');
    const made = await ledgerstone(['governance', 'key', key, '--vkey', world.at('person.vkey')]);
    const vkey = made.out.trimEnd().split('\n').at(-1)!;
    for (const person of [world.at('person.vkey'), vkey]) {
      const { code, out, err } = await world.run('finding', 'list', '--person', person);
      expect([code, err]).toEqual([1, '']);
      expect(out).toContain('1 open of 1');
    }
    const wrong = await world.run('finding', 'list', '--person', 'nobody');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('governance key --vkey')]);
  });

  it('is 0 only if none is open', async () => {
    await world.report([]);
    const { code, out } = await list();
    expect([code, out]).toEqual([0, '0 open of 1 that the verifier ever found\n']);
    expect((await list('--all')).out).toContain('closed');
  });
});

describe('finding ack and resolve', () => {
  it('add a signed note, and close nothing', async () => {
    const before = files();
    const acked = await answer('ack', 'Seen.\nThe storage team looks.');
    expect(acked).toMatchObject({ code: 0, out: expect.stringContaining('the finding stays open until') });
    expect((await answer('resolve', 'A test of ours.')).code).toBe(0);
    expect(files()).toHaveLength(before.length + 2);
    expect(files()).toEqual(expect.arrayContaining(before));
    const { code, out } = await list();
    expect(code).toBe(1);
    expect(out).toMatch(
      / {2}ack \S+ by ada: Seen\. \/ The storage team looks\.\n {2}resolve \S+ by ada: A test of ours\./,
    );
    const checked = new CheckedNotes({ store: world.store, keys: world.signing });
    const { latest, foreign } = await readHistory(world.store, checked, SCOPE);
    expect([latest.get(id)?.isOpen, foreign]).toEqual([true, []]);
  });

  it('of a key that nobody named count as nobody’s word', async () => {
    expect((await answer('resolve', 'All is well.', 'mallory')).code).toBe(0);
    const { out } = await list();
    expect(out).not.toContain('All is well');
    const said = '1 response not counted: signed by no key that is known here (--person)';
    expect(out).toContain(said);
    const alone = await world.run('finding', 'list');
    expect(alone.out).toContain(said);
  });

  it('stay with the opening that they are about', async () => {
    await answer('resolve', 'Gone.');
    await world.report([]);
    await world.report([findingAt('data-altered', 'k1')]);
    const { out } = await list('--json');
    const { findings } = JSON.parse(out) as { findings: { opening: number; responses: unknown[] }[] };
    expect(findings).toMatchObject([{ opening: 1, responses: [] }]);
    const all = JSON.parse((await list('--json', '--all')).out) as {
      findings: { opening: number; responses: unknown[] }[];
    };
    expect(all.findings.map(({ opening, responses }) => [opening, responses.length])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  it('are refused without a key, by the verifier’s key, of no finding, and with control characters', async () => {
    const unsigned = await world.run('finding', 'ack', id, '--by', 'ada', '--text', 'x');
    expect([unsigned.code, unsigned.err]).toEqual([2, expect.stringContaining('a key of your own')]);
    expect((await answer('ack', 'x', 'verifier')).err).toContain("a person's key is the verifier's own");
    const other = await world.run(
      'finding',
      'ack',
      '0123456789',
      '--by',
      'ada',
      '--text',
      'x',
      '--sign-key',
      world.at('ada-key.pem'),
    );
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('no finding begins with')]);
    expect((await answer('ack', 'a\u202eb')).code).toBe(2);
    for (const [short, said] of [
      ['6d2f', '6d2f has 4 digits: an id begins with at least 8'],
      ['x'.repeat(8), '"xxxxxxxx" is no id of a finding'],
    ] as const) {
      const args = ['finding', 'ack', short, '--by', 'ada', '--text', 'x'];
      expect(await world.run(...args)).toMatchObject({ code: 2, err: expect.stringContaining(said) });
    }
    expect(files().filter((name) => /-(ack|resolve)-/.test(name))).toEqual([]);
  });

  it('a note that was changed, or copied to another finding, is nobody’s', async () => {
    await answer('ack', 'Seen.');
    const [name = ''] = files().filter((one) => one.includes('-ack-'));
    const file = join(world.at('attestations'), name);
    const bytes = readFileSync(file, 'utf8');
    writeFileSync(join(world.at('attestations'), name.replace('-ack-', '-resolve-')), bytes);
    expect((await list()).out).toContain('1 response not counted');
    const { chmodSync } = await import('node:fs');
    chmodSync(file, 0o644);
    writeFileSync(file, bytes.replace('Seen.', 'Fine.'));
    const { out } = await list();
    expect(out).not.toContain('Fine.');
    expect(out).toContain('2 responses not counted');
  });

  it('without a configuration the place, the keys and the archive are named, or nothing is read', async () => {
    const place = ['--attestations', world.at('attestations'), '--cosigner', world.at('verifier.vkey')];
    const named = await ledgerstone(['finding', 'list', ...place, '--key', world.at('archive.vkey')]);
    expect([named.code, named.out]).toEqual([1, expect.stringContaining('1 open')]);
    expect((await ledgerstone(['finding', 'list', ...place])).code).toBe(2);
    // Of another archive nothing counts: that is said, and not taken for none.
    const other = await ledgerstone(['finding', 'list', ...place, '--origin', 'other.example/prod']);
    expect(other.err).toContain('objects at keys of findings are no notes of this verifier');
    expect(other.code).toBe(3);
  });

  it('its keys are no foreign objects', () => {
    const key = `findings/archive/fork/${id}/000000-ack-001795341600-0123abcd.note`;
    expect([isOwnKey(key), parseResponseKey(key)?.seconds]).toEqual([true, 1795341600]);
    expect(parseResponseKey(key.replace('-ack-', '-told-'))).toBeNull();
  });
});
