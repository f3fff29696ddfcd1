// Does the log's key change by the command line, with each refusal that keeps a chain from being lost?
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { keyKey } from '../../../src/format/paths.ts';
import { encodeVkey, spkiFingerprint, verifierKey } from '../../../src/format/vkey.ts';
import { localSigner } from '../../../src/sign/local.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import {
  ArchiveBuilder,
  type ChainBuilder,
  entries,
  ORIGIN,
  signer,
  writeCopy,
} from '../../support/archive-builder.ts';
import { ed25519Pem } from '../../support/memory-signer.ts';
import { ledgerstone } from './captured-io.ts';

/** What all begin with, made once. */
let made: string;
let dir: string;
let builder: ArchiveBuilder;
let chains: ChainBuilder[];
let next: Signer;
const at = (name: string) => join(dir, name);
const ADA = () => ['--config', at('governance.yaml'), '--by', 'Ada Byron', '--sign-key', at('ada.pem')];
const GRACE = () => [
  '--config',
  at('governance.yaml'),
  '--by',
  'Grace Hopper',
  '--sign-key',
  at('grace.pem'),
];
const vkeyOf = ({ publicKey }: Signer) => encodeVkey(verifierKey(ORIGIN, publicKey, nodeSha256));

/** With --json: what it printed. */
async function asked(...args: string[]) {
  const { code, out, err } = await ledgerstone([...args, '--json']);
  return { code, err, answer: out === '' ? null : JSON.parse(out) };
}
const rotate = (...more: string[]) =>
  asked('keys', 'rotate', '--new', at('next.pem'), '--reason', 'Each year', ...ADA(), ...more);
const retire = (key: string, ...more: string[]) =>
  asked('keys', 'retire', key, '--reason', 'Replaced', ...ADA(), ...more);
const approve = (id: string, ...more: string[]) =>
  asked('governance', 'approve', id, '--reason', 'Agreed', ...GRACE(), ...more);
const show = (...id: string[]) => asked('governance', 'show', ...id, '--config', at('governance.yaml'));
const list = (...more: string[]) =>
  asked('keys', 'list', at('archive'), '--key', vkeyOf(signer()), '--key', at('decisions.vkey'), ...more);

async function seal(chain: ChainBuilder, ...signers: Signer[]): Promise<void> {
  await chain.seal({ lines: entries(chain.nextOffset, 2), signers });
  writeCopy(builder.archive, at('archive'));
}
/** As an archiver does it. */
async function changeOver(chain: ChainBuilder): Promise<void> {
  await seal(chain, signer(), next);
  await seal(chain, next);
}

/** The same bytes each time. */
async function build(): Promise<void> {
  builder = new ArchiveBuilder();
  chains = [builder.chain(), builder.chain('orders', 1)];
  for (const chain of chains) await chain.seal({ lines: entries(0, 2) });
}

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'ledgerstone-keys-'));
  dir = made;
  await build();
  writeCopy(builder.archive, at('archive'));
  const people = `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Grace Hopper, key: grace.vkey, roles: [approver] }
`;
  writeFileSync(at('people.yaml'), people);
  writeFileSync(
    at('governance.yaml'),
    `archive:
  origin: ${builder.origin}
  store: { kind: directory, path: archive }
  trusted: [ "${vkeyOf(signer())}" ]
governance:
  signing: { kind: local, keyFile: governance.pem }
  retention: { mode: COMPLIANCE, period: 10y }
`,
  );
  for (const who of ['ada', 'grace', 'governance', 'next'])
    await ledgerstone(['governance', 'key', at(`${who}.pem`), '--vkey', at(`${who}.vkey`)]);
  next = await localSigner({ keyFile: at('next.pem') });
  const { publicKey } = await localSigner({ keyFile: at('governance.pem') });
  const decisions = encodeVkey(verifierKey(governanceOrigin(ORIGIN), publicKey, nodeSha256));
  writeFileSync(at('decisions.vkey'), decisions);
  const charter = await asked('governance', 'charter', at('people.yaml'), '--reason', 'Begin', ...ADA());
  expect([charter.code, charter.err]).toEqual([0, '']);
});
afterAll(() => rmSync(made, { recursive: true, force: true }));
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-keys-'));
  cpSync(made, dir, { recursive: true });
  await build();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function importConfig(key: string, ...trusted: string[]): void {
  const vkeys = [...trusted, readFileSync(at('decisions.vkey'), 'utf8').trim()];
  writeFileSync(
    at('ledgerstone.yaml'),
    `archive:
  origin: ${builder.origin}
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: ${key} }
  trusted: [ ${vkeys.map((vkey) => `"${vkey}"`).join(', ')} ]
source: { kind: file, path: none.jsonl, topic: { name: orders, retention: year } }
retention: { seals: { mode: COMPLIANCE, period: 7y }, year: { mode: COMPLIANCE, period: 13mo } }
`,
  );
}
const CONFIG = () => ['--config', at('ledgerstone.yaml')];

/** What was looked at, to be imported. */
async function importing(name: string, topic = name): Promise<string[]> {
  writeFileSync(at(`${name}.jsonl`), `{"time":"2020-01-01T00:00:00Z","of":"${name}"}\n`);
  const files = [at(`${name}.jsonl`), '--format', 'jsonl', '--topic', topic, '--time-field', '/time'];
  const who = ['--provenance', at(`${name}.jsonl`), '--by', 'Ada Byron', '--reason', 'History'];
  const { answer } = await asked('import', ...files, ...who, ...CONFIG(), '--dry-run');
  return ['import', ...files, ...who, ...CONFIG(), '--confirm', answer.id];
}

describe('imports, when the log’s key changes', () => {
  const follow = () => asked('keys', 'follow', ...CONFIG());
  const heads = async () =>
    Object.fromEntries(
      (await list()).answer.chains.map((one: { chain: string; keys: { current: boolean }[] }) => [
        one.chain,
        one.keys.filter(({ current }) => current).length,
      ]),
    );

  beforeEach(async () => {
    writeFileSync(at('log.pem'), ed25519Pem('log key'), { mode: 0o600 });
    importConfig('log.pem');
    expect(await follow()).toMatchObject({ code: 0, answer: { key: null, chains: [] } });
    for (const name of ['old', 'older'])
      expect(await asked(...(await importing(name)))).toMatchObject({ code: 0 });
  });

  it('wait and are named with the command, take the key by it or by going on, and let the old one go', async () => {
    const waiting = ['orders/0', 'orders/1', 'import.old/0', 'import.older/0'];
    const first = await rotate();
    expect([first.code, new Set(first.answer.waiting)]).toEqual([4, new Set(waiting)]);
    for (const chain of chains) await changeOver(chain);
    const { out } = await ledgerstone([
      ...['keys', 'rotate', '--new', at('next.pem'), '--reason', 'Each year', ...ADA()],
    ]);
    expect(out).toContain('ledgerstone keys follow --config ledgerstone.yaml');
    expect((await retire(vkeyOf(signer()))).err).toMatch(/it may still sign: import\.old/);

    // One goes on, the other one is whole.
    expect(await asked(...(await importing('more', 'old')))).toMatchObject({ code: 0 });
    expect((await rotate()).answer.waiting).toEqual(['import.older/0']);
    const chain = (name: string, state: string) => ({ chain: `import.${name}/0`, state, problem: null });
    expect(await follow()).toMatchObject({
      code: 0,
      answer: { chains: [chain('old', 'had it'), chain('older', 'changed')] },
    });
    expect(await follow()).toMatchObject({
      code: 0,
      answer: { chains: [{ state: 'had it' }, { state: 'had it' }] },
    });
    expect(await rotate()).toMatchObject({ code: 0, answer: { state: 'done', waiting: [] } });
    expect(await heads()).toMatchObject({ 'import.old': 1, 'import.older': 1 });

    const { answer } = await retire(vkeyOf(signer()));
    expect(await approve(answer.id)).toMatchObject({ code: 0 });
    // The configuration still names the retired key: the decided one signs, and it is said.
    const last = await asked(...(await importing('last', 'older')));
    expect(last).toMatchObject({
      code: 0,
      err: expect.stringContaining('Put that key into archive.signing'),
    });
    const keys = ['--key', vkeyOf(signer()), '--key', at('decisions.vkey')];
    expect(await ledgerstone(['verify', at('archive'), ...keys])).toMatchObject({ code: 0 });
  });

  it('that ended with the earlier key go on by both where it is there, and are refused elsewhere', async () => {
    await rotate();
    for (const chain of chains) await changeOver(chain);
    expect(await rotate('--ended', 'import.old/0', '--ended', 'import.older/0')).toMatchObject({ code: 0 });
    importConfig('next.pem', vkeyOf(signer()));
    const refused = await asked(...(await importing('more', 'old')));
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(/does not trust[\s\S]*archive\.signing/),
    ]);
    expect(await follow()).toMatchObject({
      code: 3,
      answer: { chains: [{ state: 'failed' }, { state: 'failed' }] },
    });
    importConfig('log.pem');
    expect(await asked(...(await importing('more', 'old')))).toMatchObject({ code: 0 });
    expect((await heads())['import.old']).toBe(1);
  });

  it('get nothing sealed where the key that was decided on can’t be used', async () => {
    await rotate();
    rmSync(at('next.pem'));
    const seals = () => readdirSync(at('archive/seals/topic=import.old/partition=0'));
    const before = seals();
    for (const { code, err } of [await asked(...(await importing('more', 'old'))), await follow()])
      expect([code, err]).toEqual([3, expect.stringMatching(/nothing was sealed: .*next\.pem/)]);
    expect(seals()).toEqual(before);
  });
});

describe('keys rotate', () => {
  it('is open until each chain changed over, and the same command goes on and ends it', async () => {
    const first = await rotate();
    expect(first).toMatchObject({ code: 4, answer: { state: 'open', waiting: ['orders/0', 'orders/1'] } });
    expect(first.answer.detail).toEqual({ use: 'log', key: vkeyOf(next), signer: 'next.pem' });
    await changeOver(chains[0]!);
    await seal(chains[1]!, signer(), next);
    expect(await rotate()).toMatchObject({
      code: 4,
      answer: { id: first.answer.id, written: false, waiting: ['orders/1'] },
    });
    expect((await list()).answer.change).toMatchObject({ act: first.answer.id, waiting: ['orders/1'] });
    expect((await show(first.answer.id)).answer).toMatchObject({ state: 'open', waiting: ['orders/1'] });
    expect((await show()).answer.open).toMatchObject([{ id: first.answer.id, waiting: ['orders/1'] }]);
    const said = /these chains wait for their next segments:\n *orders\/1: signed by \S+ and \S+\n/;
    for (const id of [[], [first.answer.id]])
      expect(
        (await ledgerstone(['governance', 'show', ...id, '--config', at('governance.yaml')])).out,
      ).toMatch(said);
    await seal(chains[1]!, next);
    expect((await show(first.answer.id)).answer).toMatchObject({ state: 'open', waiting: [] });
    const done = { objects: 2, changed: 2 };
    expect(await rotate()).toMatchObject({ code: 0, answer: { id: first.answer.id, state: 'done', done } });
    expect(await rotate()).toMatchObject({ code: 0, answer: { id: first.answer.id, state: 'done', done } });
    expect((await list()).answer.change).toBeNull();
    expect((await show(first.answer.id)).answer).not.toHaveProperty('waiting');
  });

  it('leaves out a chain that has ended, and one that a person names', async () => {
    await rotate();
    await changeOver(chains[0]!);
    expect(await rotate('--ended', 'orders/7')).toMatchObject({ code: 2 });
    expect(await rotate('--ended', 'orders/1')).toMatchObject({
      code: 0,
      answer: { state: 'done', done: { objects: 2, changed: 1 } },
    });
  });

  it('is not held up by what a stranger put behind a head', async () => {
    for (const chain of chains) await changeOver(chain);
    await seal(chains[1]!, signer('thief'));
    expect(await rotate()).toMatchObject({ code: 0, answer: { waiting: [] } });
  });

  it('waits for a chain whose end can not be read', async () => {
    for (const chain of chains) await changeOver(chain);
    rmSync(at('archive/seals/topic=orders/partition=1'), { recursive: true });
    expect(await rotate()).toMatchObject({ code: 4, answer: { waiting: ['orders/1'] } });
    expect((await retire(vkeyOf(signer()))).err).toMatch(/it may still sign: orders\/1: not known/);
  });

  it.each([
    ['a person’s', 'ada.pem', /it is the key of Ada Byron/],
    ['the governance chain’s', 'governance.pem', /it is the key that seals decisions/],
    ['neither a file nor an ARN', 'missing', /is no file and no ARN/],
  ])('refuses a key that is %s', async (_, key, said) => {
    const { code, err } = await rotate('--new', at(key));
    expect([code, err]).toEqual([2, expect.stringMatching(said)]);
  });

  it('begins no second change while the first one is not done, unless asked to', async () => {
    const first = await rotate();
    await ledgerstone(['governance', 'key', at('third.pem')]);
    const refused = await rotate('--new', at('third.pem'));
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(first.answer.id.slice(0, 8))]);
    const { answer } = await rotate('--new', at('third.pem'), '--instead');
    expect([answer.id === first.answer.id, answer.state]).toEqual([false, 'open']);
    expect((await show(first.answer.id)).answer).toMatchObject({ state: 'ended' });
  });
});

describe('keys rotate --use governance', () => {
  const other = (...more: string[]) =>
    asked(
      ...['keys', 'rotate', '--use', 'governance', '--new', at('sealing.pem'), '--reason', 'Each year'],
      ...ADA(),
      ...more,
    );
  const decisions = () => readFileSync(at('decisions.vkey'), 'utf8');
  const hold = (name: string) =>
    asked(
      ...['hold', 'place', '--case', name, '--topic', 'orders', '--partition', '0', '--offsets', '0-1'],
      ...['--reason', 'Case', ...ADA()],
    );

  beforeEach(async () => {
    await ledgerstone(['governance', 'key', at('sealing.pem')]);
  });

  it('waits for another person, whose approval changes the chain over, and the earlier key can go', async () => {
    const proposed = await other();
    expect(proposed).toMatchObject({ code: 4, answer: { state: 'waiting', needsTwo: true } });
    expect(await other()).toMatchObject({ code: 4, answer: { id: proposed.answer.id, written: false } });
    expect((await retire(decisions())).err).toMatch(
      /still sign: the governance chain[\s\S]*--use governance/,
    );
    const approved = await approve(proposed.answer.id);
    expect(approved).toMatchObject({
      code: 0,
      err: '',
      answer: { state: 'done', done: { objects: 1, changed: 1 } },
    });
    expect(await other()).toMatchObject({ code: 0, answer: { id: proposed.answer.id, state: 'done' } });
    expect(await hold('C-1')).toMatchObject({ code: 0 });

    const { vkey } = proposed.answer;
    const { answer } = await list();
    const chain = answer.chains.find((one: { chain: string }) => one.chain === 'ledgerstone.governance');
    expect(chain.keys.at(-1)).toMatchObject({ vkey, current: true });
    expect((await show()).answer.vkeys).toEqual([vkey]);
    const retired = await retire(decisions());
    expect(await approve(retired.answer.id)).toMatchObject({ code: 0 });
    const found = (await list()).answer.keys.filter(({ kind }: { kind: string }) => kind === 'governance');
    expect(found).toMatchObject([
      { retired: { by: 'Ada Byron', approvedBy: 'Grace Hopper' } },
      { vkey, retired: null },
    ]);

    // As the documentation says it goes on.
    writeFileSync(
      at('governance.yaml'),
      readFileSync(at('governance.yaml'), 'utf8')
        .replace('governance.pem', 'sealing.pem')
        .replace('trusted: [ ', `trusted: [ "${decisions()}", `),
    );
    rmSync(at('governance.pem'));
    expect(await hold('C-2')).toMatchObject({ code: 0 });
    // Who was given the first key alone follows the seals.
    const keys = ['--key', vkeyOf(signer()), '--key', at('decisions.vkey')];
    expect(await ledgerstone(['verify', at('archive'), ...keys])).toMatchObject({ code: 0 });
    const custody = await asked('governance', 'list', at('archive'), ...keys);
    expect(custody).toMatchObject({ code: 0, answer: { verified: true, refused: [] } });
  });

  it('is open where the approver’s machine can not use the key, and done by the same command where it can', async () => {
    const { answer } = await other();
    const pem = readFileSync(at('sealing.pem'));
    rmSync(at('sealing.pem'));
    const first = await approve(answer.id);
    expect(first).toMatchObject({
      code: 4,
      answer: { state: 'open' },
      err: expect.stringContaining('approved, and not done'),
    });
    expect((await list()).answer.change).toMatchObject({
      act: answer.id,
      waiting: ['ledgerstone.governance/0'],
    });
    writeFileSync(at('sealing.pem'), pem, { mode: 0o600 });
    expect(await approve(answer.id)).toMatchObject({ code: 0, answer: { written: false, state: 'done' } });
  });

  it.each([
    ['a person’s', 'ada.pem', /it is the key of Ada Byron/],
    ['the log’s', 'log.pem', /it is a key of the log/],
    ['that nobody else would find', 'else/other.pem', /nobody who decides would find it/],
  ])('refuses a key that is %s', async (_, key, said) => {
    writeFileSync(at('log.pem'), ed25519Pem('log key'), { mode: 0o600 });
    mkdirSync(at('else'));
    await ledgerstone(['governance', 'key', at('else/other.pem')]);
    const { code, err } = await asked(
      ...['keys', 'rotate', '--use', 'governance', '--new', at(key), '--reason', 'Each year', ...ADA()],
    );
    expect([code, err]).toEqual([2, expect.stringMatching(said)]);
    expect((await show()).answer.acts).toBe(1);
  });
});

describe('keys retire', () => {
  it('is refused while a head is signed by it, and needs two persons', async () => {
    await rotate();
    await changeOver(chains[0]!);
    await seal(chains[1]!, signer(), next);
    const refused = await retire(vkeyOf(signer()));
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(/it may still sign: orders\/1: signed by/),
    ]);
    await seal(chains[1]!, next);
    const proposed = await retire(vkeyOf(signer()));
    expect(proposed).toMatchObject({ code: 4, answer: { state: 'waiting', needsTwo: true } });
    expect((await approve(proposed.answer.id)).code).toBe(0);
    const { answer } = await list();
    const log = answer.keys.filter(({ kind }: { kind: string }) => kind === 'log');
    expect(log).toMatchObject([
      {
        vkey: vkeyOf(signer()),
        signs: [],
        introduced: null,
        retired: { by: 'Ada Byron', approvedBy: 'Grace Hopper' },
      },
      { vkey: vkeyOf(next), signs: ['orders/0', 'orders/1'], introduced: { by: 'Ada Byron' }, retired: null },
    ]);
    expect(new Set(answer.keys.map(({ kind }: { kind: string }) => kind))).toEqual(
      new Set(['log', 'governance', 'person']),
    );
  });

  it('is not approved once a chain has gone back to it, and is when it has left it again', async () => {
    await rotate();
    for (const chain of chains) await changeOver(chain);
    const { answer } = await retire(vkeyOf(signer()));
    await seal(chains[1]!, next, signer());
    const refused = await approve(answer.id);
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringMatching(/it may still sign: orders\/1: signed by \S+ and \S+/),
    ]);
    expect((await show(answer.id)).answer).toMatchObject({ state: 'waiting', approvedBy: null });
    await seal(chains[1]!, next);
    expect(await approve(answer.id)).toMatchObject({ code: 0, answer: { written: true } });
    // Asked again, the answer is what was decided, whatever a chain does since.
    await seal(chains[1]!, next, signer());
    expect(await approve(answer.id)).toMatchObject({ code: 0, answer: { written: false } });
  });

  it('may leave a chain with it that both persons name', async () => {
    const ended = ['--ended', 'orders/0', '--ended', 'orders/1'];
    expect((await retire(vkeyOf(signer()), ...ended.slice(2))).code).toBe(2);
    const { code, answer } = await retire(vkeyOf(signer()), ...ended);
    expect([code, (await approve(answer.id, ...ended.slice(2))).code]).toEqual([4, 2]);
    expect((await approve(answer.id, '--ended', 'orders/7')).code).toBe(2);
    expect((await approve(answer.id, ...ended)).code).toBe(0);
  });

  it.each([
    ['the key that seals decisions', () => at('decisions.vkey'), /it may still sign: the governance chain/],
    ['a person’s key', () => at('ada.vkey'), /it is a person's/],
    ['a key that the archive does not have', () => vkeyOf(next), /the archive has no such key/],
    ['no key', () => 'nothing', /is no key that can be retired/],
  ])('refuses %s', async (_, key, said) => {
    const { code, err } = await retire(key());
    expect([code, err]).toEqual([2, expect.stringMatching(said)]);
  });

  it('keeps `import` from sealing with the key', async () => {
    await seal(chains[0]!, signer(), next);
    await seal(chains[0]!, signer());
    mkdirSync(at('archive/keys'), { recursive: true });
    writeFileSync(at(`archive/${keyKey(spkiFingerprint(next.publicKey, nodeSha256))}`), vkeyOf(next));
    importConfig('next.pem', vkeyOf(signer()));
    const files = await importing('old');
    const retired = await retire(vkeyOf(next));
    expect(retired).toMatchObject({ code: 4, err: '' });
    expect(await approve(retired.answer.id)).toMatchObject({ code: 0, err: '' });
    const { code, err } = await asked(...files);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/retired by Ada Byron at .* Grace Hopper [\s\S]*archive\.signing/),
    ]);
    expect(readdirSync(at('archive/seals'))).not.toContain('topic=import.old');
  });

  it('leaves a key for good: it can not be introduced or rotated to', async () => {
    await rotate();
    for (const chain of chains) await changeOver(chain);
    await rotate();
    const { answer } = await retire(vkeyOf(signer()));
    await approve(answer.id);
    const detail = JSON.stringify({ use: 'log', key: vkeyOf(signer()) });
    const again = await asked(
      ...['governance', 'record', 'key.introduce', '--detail', detail, '--reason', 'Back', ...ADA()],
    );
    expect([again.code, again.err]).toEqual([2, expect.stringMatching(/the key was retired by Ada Byron/)]);
  });
});

describe('a first charter', () => {
  const charter = (...more: string[]) =>
    asked('governance', 'charter', at('people.yaml'), '--reason', 'Begin', ...ADA(), ...more);
  const people = (key: string) =>
    writeFileSync(
      at('people.yaml'),
      `approvalHours: 72
people:
  - { name: Ada Byron, key: ada.vkey, roles: [officer] }
  - { name: Robot, key: ${key}, roles: [approver] }
`,
    );

  it('begins no chain in a place without an archive, unless it is said to be new', async () => {
    rmSync(at('archive'), { recursive: true });
    mkdirSync(at('archive'));
    const refused = await charter();
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--new-archive')]);
    expect(readdirSync(at('archive'))).toEqual([]);
    expect((await charter('--new-archive')).code).toBe(0);
  });

  it.each(['governance.vkey', 'log.vkey'])('makes no key of the archive a person’s: %s', async (key) => {
    rmSync(at('archive'), { recursive: true });
    writeCopy(builder.archive, at('archive'));
    const { publicKey } = signer();
    writeFileSync(at('log.vkey'), encodeCosignerVkey(cosignerKey('person', publicKey, nodeSha256)));
    people(key);
    const { code, err } = await charter();
    expect([code, err]).toEqual([2, expect.stringContaining("the key of Robot is one of the archive's own")]);
  });

  it('is not the only one that shows the verifier key of the decisions', async () => {
    const { answer } = await show();
    expect(answer.vkeys).toEqual([readFileSync(at('decisions.vkey'), 'utf8')]);
  });
});
