// Does each day get one stamp that others accept, does an old one live on, and does no authority stop the verifier?
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { checkpointText } from '../../../src/format/checkpoint.ts';
import {
  coveredBy,
  renewalLeaf,
  type StampList,
  type StampStatement,
  statementText,
} from '../../../src/format/stamp.ts';
import { verifyInclusion } from '../../../src/merkle/proof.ts';
import { leafHash } from '../../../src/merkle/tree.ts';
import { isOwnKey } from '../../../src/verifier/own-keys.ts';
import { encodeStampList, LIST_BYTES_MAX, parseStampList } from '../../../src/verifier/stamps/stamp-list.ts';
import { shownBy } from '../../../src/verifier/stamps/stamp-reader.ts';
import { pathOfCheckpoint, pathOfRenewal } from '../../../src/verify/stamp-tree.ts';
import { faultyStore } from '../../support/memory-store.ts';
import { noteContent } from '../../support/note-signing.ts';
import { opensslAuthority } from '../../support/openssl-authority.ts';
import {
  type AuthorityReply,
  certificateOf,
  type Issuer,
  type StampAuthority,
  stampAuthority,
  tokenOf,
} from '../../support/stamp-authority.ts';
import { DAY_MS, StampWorld } from '../../support/stamp-world.ts';
import { STILL } from '../../support/verifier-world.ts';

let authority: StampAuthority & { readonly root?: Issuer };
let world: StampWorld;
beforeEach(async () => {
  authority = await stampAuthority(() => world?.nowMs ?? Date.parse('2026-11-22T00:00:00Z'));
  world = new StampWorld(authority);
  await world.grow(3);
  await world.step();
});
afterEach(() => authority[Symbol.asyncDispose]());

const CHAIN = 'audit.example.com/prod/orders/0';
const dateNow = () => new Date(world.nowMs).toISOString().slice(0, 10);

describe('a day', () => {
  it('is stamped once, with the newest attestation of each chain, locked and beside its list', async () => {
    const stamper = world.stamper();
    const first = await stamper.run();
    expect(first).toMatchObject({ kind: 'stamped', by: 'Test Authority', checkpoints: 1, renewed: 0 });
    expect(await stamper.run()).toMatchObject({ kind: 'was-stamped', by: 'Test Authority', checkpoints: 1 });
    // A process that knows nothing, as a Lambda may be.
    expect(await world.stamper().run()).toMatchObject({ kind: 'was-stamped', lastMs: first.lastMs });
    expect(authority.asked).toBe(1);
    const keys = world.stampKeys();
    expect(keys.map((key) => key.replaceAll(/\d/g, '0')).toSorted()).toEqual([
      'passes/stamps/0000-00-00.note',
      'passes/stamps/0000-00-00/000000000000-000000000000.tst',
    ]);
    for (const key of keys) {
      expect(isOwnKey(key), key).toBe(true);
      const [version] = world.store.versionsOf(key);
      expect(version?.lock).toMatchObject({ mode: 'COMPLIANCE' });
    }
    const { list, statement, tokens } = await world.read(dateNow());
    expect(list?.checkpoints).toEqual([{ origin: CHAIN, size: 3, root: expect.any(Uint8Array) }]);
    expect(tokens).toHaveLength(1);
    const leaf = pathOfCheckpoint(list as never, CHAIN, nodeSha256);
    expect(leaf).toEqual({ index: 0, path: [] });
    expect(statement).toMatchObject({ archiveOrigin: 'audit.example.com/prod', leaves: 1 });
  });

  it('follows the next day, with what was attested since', async () => {
    const stamper = world.stamper();
    await stamper.run();
    const first = dateNow();
    world.nowMs += DAY_MS;
    await world.grow(2);
    await world.step();
    expect(await stamper.run()).toMatchObject({ kind: 'stamped' });
    expect((await world.read(first)).list?.checkpoints[0]?.size).toBe(3);
    expect((await world.read(dateNow())).list?.checkpoints[0]?.size).toBe(5);
  });

  it('has no stamp where nothing is attested, and nobody is asked', async () => {
    const empty = new StampWorld(authority);
    expect(await empty.stamper().run()).toMatchObject({ kind: 'nothing', lastMs: null });
    expect([empty.stampKeys(), authority.asked]).toEqual([[], 0]);
  });

  it('has one list, whichever process was first, and all ask for the same', async () => {
    const outcomes = await Promise.all([world.stamper().run(), world.stamper().run(), world.stamper().run()]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['stamped', 'stamped', 'stamped']);
    expect(world.stampKeys().filter((key) => key.endsWith('.note'))).toHaveLength(1);
    expect((await world.read(dateNow())).foreign).toEqual([]);
  });
});

describe('OpenSSL', () => {
  it('stamps, is believed, and accepts with `ts -verify` what lies in the bucket', async () => {
    const openssl = await opensslAuthority();
    try {
      const real = new StampWorld(openssl, Date.now());
      await real.grow(2);
      await real.step();
      const policy = '1.3.6.1.4.1.99999.2';
      const options = { url: openssl.url, roots: real.roots, timeoutMs: 20_000 };
      const refused = await real.stamper({ authority: { ...options, policy: '1.3.6.1.4.1.99999.3' } }).run();
      expect(refused).toMatchObject({ kind: 'no-token', why: expect.stringContaining('policy') });
      const outcome = await real.stamper({ authority: { ...options, policy } }).run();
      expect(outcome).toMatchObject({ kind: 'stamped', by: 'tsa (Test)' });
      const { statement, tokens } = await real.read(outcome.date);
      const [token] = tokens;
      expect(token?.checked).toMatchObject({ kind: 'shown', accuracyMs: 1_500, policy });
      writeFileSync(join(openssl.folder, 'statement'), statementText(statement as StampStatement));
      writeFileSync(join(openssl.folder, 'token.tst'), token?.bytes as Uint8Array);
      const verify = (data: string) =>
        openssl.openssl(
          ...['ts', '-verify', '-data', data, '-in', 'token.tst', '-token_in', '-CAfile', 'root.pem'],
        );
      expect(verify('statement')).toContain('Verification: OK');
      writeFileSync(join(openssl.folder, 'other'), 'other bytes');
      expect(() => verify('other')).toThrow('Command failed');
    } finally {
      await openssl[Symbol.asyncDispose]();
    }
  });

  it('accepts the tokens of the tests’ own authority too', async () => {
    const { date } = await world.stamper().run();
    const { statement, tokens } = await world.read(date);
    const folder = mkdtempSync(join(tmpdir(), 'stamp-'));
    try {
      writeFileSync(join(folder, 'root.pem'), authority.roots);
      writeFileSync(join(folder, 'statement'), statementText(statement as StampStatement));
      writeFileSync(join(folder, 'token.tst'), tokens[0]?.bytes as Uint8Array);
      const at = String(Math.floor(world.nowMs / 1000));
      const args = [
        '-data',
        'statement',
        '-in',
        'token.tst',
        '-token_in',
        '-CAfile',
        'root.pem',
        '-attime',
        at,
      ];
      expect(
        execFileSync('openssl', ['ts', '-verify', ...args], { cwd: folder, encoding: 'utf8' }),
      ).toContain('OK');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('an authority', () => {
  const token = (wishes: object): AuthorityReply => ({ wishes });
  const cases: readonly (readonly [string, AuthorityReply, string])[] = [
    ['answers another request', token({ nonce: new Uint8Array([0x41, 2]) }), 'nonce is not the one'],
    ['leaves the nonce out', token({ nonce: null }), 'nonce is not the one'],
    ['stamps something else', token({ imprint: new Uint8Array(32).fill(7) }), 'over other bytes'],
    ['refuses', { refused: 2 }, 'gave no token: status 2'],
    ['answers garbage', { body: new Uint8Array(100).fill(0x61) }, "can't be read"],
    ['answers nothing', { body: new Uint8Array(0) }, "can't be read"],
    ['answers too much', 'flood', 'answered more than'],
    ['drops the connection', 'drop', 'no answer'],
    ['answers with an error', { status: 503, body: new Uint8Array(0) }, 'status 503'],
    ['does not answer', 'hang', 'no answer within 300 ms'],
    ['has another clock', token({ genTimeMs: Date.parse('2026-11-20T00:00:00Z') }), 's off this machine'],
  ];
  it.each(cases)('that %s stamps nothing, and is asked again', async (_, reply, why) => {
    authority.script = (nth) => (nth === 0 ? reply : undefined);
    const timeoutMs = reply === 'hang' ? 300 : 20_000;
    const stamper = world.stamper({
      authority: { url: world.url, roots: world.roots, policy: null, timeoutMs },
    });
    const outcome = await stamper.run();
    expect(outcome).toMatchObject({ kind: 'no-token', why: expect.stringContaining(why) });
    // The age counts from the first try.
    expect(outcome.lastMs).toBe(Date.parse(`${dateNow()}T00:00:00Z`));
    expect(world.stampKeys().filter((key) => key.endsWith('.tst'))).toEqual([]);
    expect(await stamper.run()).toMatchObject({ kind: 'stamped' });
    expect((await world.read(dateNow())).foreign).toEqual([]);
  });

  it('of another root, another policy, another purpose or an ending certificate stamps nothing', async () => {
    const why = async (options: object = {}) => {
      const given = { url: world.url, roots: world.roots, policy: null, timeoutMs: 20_000, ...options };
      return (await world.stamper({ authority: given }).run()).why;
    };
    const root = authority.root as Issuer;
    const to = world.nowMs + 400 * DAY_MS;
    authority.signer = await certificateOf('Stranger', { to, issuer: await certificateOf('Other', { to }) });
    expect(await why()).toMatch('leads to none of timestamps.roots: it is signed by Stranger');
    authority.signer = await certificateOf('Mail', { to, issuer: root, purposes: ['1.3.6.1.5.5.7.3.4'] });
    expect(await why()).toMatch('not for time-stamping alone');
    authority.signer = await certificateOf('Ending', { to: world.nowMs + DAY_MS, issuer: root });
    expect(await why()).toMatch('certificate ends at');
    authority.signer = await certificateOf('Ended', { to: world.nowMs - DAY_MS, issuer: root });
    expect(await why()).toMatch('was not valid');
    authority.signer = await certificateOf('Good', { to, issuer: root });
    authority.script = () => ({ wishes: { policy: '1.2.3.4' } });
    expect(await why({ policy: '1.3.6.1.4.1.99999.1' })).toMatch('has the policy 1.2.3.4');
    expect(world.stampKeys().filter((key) => key.endsWith('.tst'))).toEqual([]);
  });

  it('that is down for days leaves the age of the newest stamp', async () => {
    const first = await world.stamper().run();
    authority.script = () => 'drop';
    for (let day = 1; day <= 3; day++) {
      world.nowMs += DAY_MS;
      expect(await world.stamper().run()).toMatchObject({ kind: 'no-token', lastMs: first.genTimeMs });
    }
    // Nobody makes it look newer by a key alone.
    world.store.attacker.putVersion(
      `passes/stamps/${dateNow()}/001800000000-001900000000.tst`,
      new Uint8Array([1]),
    );
    expect((await world.stamper().run()).lastMs).toBe(first.genTimeMs);
  });
});

describe('a step that fails', () => {
  const faults = ['fails', 'done-but-fails', 'twice'] as const;
  it.each(faults.flatMap((kind) => (['.note', '.tst'] as const).map((suffix) => [kind, suffix] as const)))(
    'as a put that %s at %s is made good by the next run, and nothing is there twice',
    async (kind, suffix) => {
      let isDone = false;
      const plan = ({ method, key }: { readonly method: string; readonly key: string }) => {
        if (isDone || method !== 'putIfAbsent' || !key.endsWith(suffix)) return undefined;
        isDone = true;
        return { kind };
      };
      const store = faultyStore(world.store, plan, STILL);
      await world
        .stamper({ store })
        .run()
        .catch(() => undefined);
      expect(isDone).toBe(true);
      const outcome = await world.stamper().run();
      expect(['stamped', 'was-stamped']).toContain(outcome.kind);
      const found = await world.read(dateNow());
      expect([shownBy(found, world.nowMs) === null, found.foreign]).toEqual([false, []]);
      expect(world.stampKeys()).toHaveLength(2);
    },
  );

  it('is one that ends the process after the list: the next asks for the same list', async () => {
    authority.script = (nth) => (nth === 0 ? 'drop' : undefined);
    await world.stamper().run();
    const [key = ''] = world.stampKeys();
    const before = world.store.versionsOf(key)[0]?.bytes;
    await world.grow(1);
    await world.step();
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped', checkpoints: 1 });
    expect(world.store.versionsOf(key).map(({ bytes }) => bytes)).toEqual([before]);
    expect(new TextDecoder().decode(noteContent(before))).toContain('ledgerstone/stamp/1');
  });
});

describe('a stamp that ends', () => {
  it('is renewed once, by a later one that ends later, and both hold together', async () => {
    const root = authority.root as Issuer;
    const ends = world.nowMs + 100 * DAY_MS;
    authority.signer = await certificateOf('Old', { to: ends, issuer: root });
    const old = (await world.stamper().run()).date;
    world.nowMs += DAY_MS;
    const second = (await world.stamper().run()).date;
    world.nowMs += 20 * DAY_MS;
    // Due, but the authority's certificate is the same still.
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped', renewed: 0 });
    authority.signer = await certificateOf('New', { to: ends + 900 * DAY_MS, issuer: root });
    world.nowMs += DAY_MS;
    // The first token of the new certificate shows that it ends later.
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped', renewed: 0 });
    world.nowMs += DAY_MS;
    const renewing = await world.stamper().run();
    expect(renewing).toMatchObject({ kind: 'stamped', renewed: 3 });
    world.nowMs += DAY_MS;
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped', renewed: 0 });
    const [before, after] = [await world.read(old), await world.read(renewing.date)];
    expect(after.list?.renews.map(({ date }) => date).slice(0, 2)).toEqual([old, second]);
    const covered = coveredBy(before.statement as never, before.tokens[0]?.bytes as Uint8Array, nodeSha256);
    const leaf = pathOfRenewal(after.list as never, { date: old, covered }, nodeSha256);
    const { leaves, root: top } = after.statement as StampStatement;
    const hash = leafHash(nodeSha256, renewalLeaf(old, covered));
    expect(verifyInclusion(nodeSha256, hash, leaf?.index ?? -1, leaves, leaf?.path ?? [], top)).toBe(true);
    // By itself the old one shows nothing any more.
    expect([shownBy(before, ends + 1), shownBy(after, ends + 1) === null]).toEqual([null, false]);
  });

  it('is not renewed where the renewing list got no token', async () => {
    const root = authority.root as Issuer;
    authority.signer = await certificateOf('Old', { to: world.nowMs + 80 * DAY_MS, issuer: root });
    await world.stamper().run();
    authority.signer = await certificateOf('New', { to: world.nowMs + 800 * DAY_MS, issuer: root });
    world.nowMs += DAY_MS;
    await world.stamper().run();
    authority.script = () => 'drop';
    world.nowMs += DAY_MS;
    expect(await world.stamper().run()).toMatchObject({ kind: 'no-token', renewed: 1 });
    // A stranger's token over that list is no renewal either.
    const { statement } = await world.read(dateNow());
    const issuer = await certificateOf('Other', { to: world.nowMs + 800 * DAY_MS });
    const stranger = await certificateOf('Stranger', { to: world.nowMs + 800 * DAY_MS, issuer });
    const data = statementText(statement as StampStatement);
    const seconds = String(Math.floor(world.nowMs / 1000)).padStart(12, '0');
    world.store.attacker.putVersion(
      `passes/stamps/${dateNow()}/${seconds}-009999999999.tst`,
      await tokenOf(stranger, data, { genTimeMs: world.nowMs }),
    );
    authority.script = () => undefined;
    world.nowMs += DAY_MS;
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped', renewed: 1 });
  });
});

/** A list as its own signer could write it, whatever is in it. */
function unchecked({ date, atMs, checkpoints, renews }: StampList): Uint8Array {
  const members = {
    ...{ format: 'ledgerstone/stamp/1', date, at: new Date(atMs).toISOString() },
    checkpoints: checkpoints.map((one) => new TextDecoder().decode(checkpointText(one))),
    renews: renews.map((one) => ({ date: one.date, covered: Buffer.from(one.covered).toString('base64') })),
  };
  return new TextEncoder().encode(`${JSON.stringify(members, null, 1)}\n`);
}

function outcomeOf(action: () => unknown): string {
  try {
    action();
    return 'done';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('more chains than a list takes', () => {
  const reader = {
    newest: async ({ partition }: { readonly partition: number }) => ({
      attested: { origin: `a/x/${partition}`, size: 1, root: new Uint8Array(32) },
    }),
  };
  const run = (count: number) => {
    const chains = async () => Array.from({ length: count }, (_, partition) => ({ chain: 'x', partition }));
    return world.stamper({ reader, chains } as never).run();
  };

  it('are no list that nobody can read again: the run fails, and nothing is written', async () => {
    await expect(run(50_001)).rejects.toThrow('a list of 50001 stamped things, not of 1 to 50000');
    expect([world.stampKeys(), authority.asked]).toEqual([[], 0]);
    expect(await run(50_000)).toMatchObject({ kind: 'stamped', checkpoints: 50_000 });
    expect(await world.stamper().run()).toMatchObject({ kind: 'was-stamped', checkpoints: 50_000 });
    expect(world.foreign).toEqual([]);
  });

  it('by their names’ length are no list either, as its signature belongs to its 8 MiB', async () => {
    const named = (count: number, more: number) =>
      Array.from({ length: count }, (_, at) => ({
        origin: `a/${100_000 + at}/${'z'.repeat(150 + (at < more ? 1 : 0))}`,
        ...{ size: 1, root: new Uint8Array(32) },
      }));
    const bytes = (checkpoints: StampList['checkpoints']) =>
      unchecked({ date: dateNow(), atMs: world.nowMs, checkpoints, renews: [] }).length;
    const each = bytes(named(2, 0)) - bytes(named(1, 0));
    const free = LIST_BYTES_MAX - bytes(named(1, 0));
    const all = named(1 + Math.floor(free / each), free % each);
    expect(bytes(all)).toBe(LIST_BYTES_MAX);
    const read = {
      newest: async ({ partition }: { readonly partition: number }) => ({ attested: all[partition] }),
    };
    const chains = async () => all.map((_, partition) => ({ chain: 'x', partition }));
    const run = world.stamper({ reader: read, chains } as never).run();
    await expect(run).rejects.toThrow(`a list of stamps of ${LIST_BYTES_MAX} bytes`);
    expect(world.stampKeys()).toEqual([]);
  });

  it('leave renewals for the next day, as far as they have no room', async () => {
    const root = authority.root as Issuer;
    authority.signer = await certificateOf('Old', { to: world.nowMs + 80 * DAY_MS, issuer: root });
    for (let day = 0; day < 3; day++) {
      if (day === 2)
        authority.signer = await certificateOf('New', { to: world.nowMs + 800 * DAY_MS, issuer: root });
      await world.stamper().run();
      world.nowMs += DAY_MS;
    }
    expect(await run(49_999)).toMatchObject({ kind: 'stamped', renewed: 1 });
    // With room for all the next day has what was left, and no more.
    world.nowMs += DAY_MS;
    expect(await run(9)).toMatchObject({ kind: 'stamped', renewed: 1 });
    world.nowMs += DAY_MS;
    expect(await run(9)).toMatchObject({ kind: 'stamped', renewed: 0 });
  });
});

describe('what somebody else lays there', () => {
  it('at the list’s key and all its copies is a failure, and the last stamp keeps its age', async () => {
    const { lastMs } = await world.stamper().run();
    world.nowMs += DAY_MS;
    for (const copy of ['', '.1', '.2', '.3', '.4', '.5', '.6', '.7', '.8', '.9'])
      world.store.attacker.putVersion(`passes/stamps/${dateNow()}${copy}.note`, new Uint8Array(9));
    expect(await world.stamper().run()).toMatchObject({
      ...{ kind: 'no-list', lastMs, checkpoints: 0, genTimeMs: null },
      why: "something else lies where the day's list belongs, and at its copies",
    });
    expect(authority.asked).toBe(1);
    world.nowMs += DAY_MS;
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped' });
  });

  it('is reported, hides nothing and stands in no way', async () => {
    const date = dateNow();
    world.store.attacker.putVersion(`passes/stamps/${date}.note`, new TextEncoder().encode('not a list'));
    world.store.attacker.putVersion(
      `passes/stamps/${date}/001795341600-009999999999.tst`,
      new Uint8Array(10),
    );
    expect(await world.stamper().run()).toMatchObject({ kind: 'stamped', checkpoints: 1 });
    const found = await world.read(date);
    expect(found.tokens).toHaveLength(1);
    expect(found.foreign.map(({ key }) => key.split('/').at(-1))).toEqual([
      `${date}.note`,
      '001795341600-009999999999.tst',
    ]);
    expect(new Set(world.foreign.map(({ key }) => key)).size).toBe(2);
  });

  it('is no token of another time, though it is a token of that day', async () => {
    const { date } = await world.stamper().run();
    const [token] = (await world.read(date)).tokens;
    const later = `passes/stamps/${date}/009999999998-009999999999.tst`;
    world.store.attacker.putVersion(later, token?.bytes as Uint8Array);
    const found = await world.read(date);
    expect([found.tokens.length, found.foreign]).toEqual([
      1,
      [expect.objectContaining({ key: later, why: 'a token of another time than its key' })],
    ]);
  });

  it('is no list, however well it is signed, if it is not of that day and in order', () => {
    const root = new Uint8Array(32);
    const list = (changes: object) =>
      ({
        ...{ date: '2026-11-30', atMs: world.nowMs, renews: [] },
        checkpoints: ['a/x/0', 'b/x/0'].map((origin) => ({ origin, size: 1, root })),
        ...changes,
      }) as StampList;
    // What nobody can read is not written either.
    const read = (changes: object) => {
      const parse = () => parseStampList(unchecked(list(changes)), '2026-11-30');
      if (!('date' in changes)) {
        const isWritten = outcomeOf(() => encodeStampList(list(changes)));
        expect(isWritten).toBe(outcomeOf(parse));
      }
      return parse();
    };
    expect(read({}).checkpoints).toHaveLength(2);
    expect(() => read({ date: '2026-11-29' })).toThrow('not the list of its day');
    expect(() => read({ checkpoints: [] })).toThrow('a list of 0 stamped things');
    const one = { origin: 'b/x/0', size: 1, root };
    expect(() => read({ checkpoints: [one, { ...one, origin: 'a/x/0' }] })).toThrow('not in order');
    expect(() => read({ checkpoints: [one, one] })).toThrow('not in order');
    const renewal = { date: '2026-11-29', covered: root };
    expect(read({ renews: [renewal] }).renews).toEqual([renewal]);
    expect(() => read({ renews: [renewal, renewal] })).toThrow('renewals are not in order');
    for (const odd of [{ date: '2026-11-30' }, { date: '2026-02-30' }, { covered: new Uint8Array(31) }])
      expect(() => read({ renews: [{ ...renewal, ...odd }] })).toThrow('a renewal that is none');
  });
});
