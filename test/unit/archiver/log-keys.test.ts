// Does an archiver take the keys that people decided on, only those, and only where it can really sign with them?
import { describe, expect, it } from 'vitest';
import { LogKeys, type LogKeysOptions } from '../../../src/apps/archiver/log-keys.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { SigningConfig } from '../../../src/config/connections.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { newChainHead } from '../../../src/segment/segment.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { charterRequest, type GovernanceWorld, governanceWorld } from '../../support/governance.ts';
import { type MemorySigner, memorySigner } from '../../support/memory-signer.ts';

const ACCOUNT = 'arn:aws:kms:eu-central-1:111122223333';
const ARCHIVE = 'audit.example.com/prod';
const vkeyOf = ({ publicKey }: Signer) => encodeVkey(verifierKey(ARCHIVE, publicKey, nodeSha256));
const LOCAL: SigningConfig = { kind: 'local', keyFile: '/etc/ledgerstone/key.pem' };
const KMS: SigningConfig = { kind: 'kms', keyId: `${ACCOUNT}:key/old`, region: 'eu-central-1' };

const rotateTo = (key: MemorySigner, signer = 'next.pem') => ({
  ...{ kind: 'key.rotate' as const, of: null, reason: 'Each year', reference: null },
  detail: { use: 'log' as const, key: vkeyOf(key), signer },
});

async function retire({ record, people }: GovernanceWorld, key: MemorySigner): Promise<void> {
  const words = { of: null, reason: 'Over', reference: null };
  const { recorded } = await record(people.ada, {
    ...{ kind: 'key.retire', ...words, detail: { use: 'log', key: vkeyOf(key) } },
  });
  await record(people.grace, { kind: 'approve', ...words, of: recorded.act.id, detail: {} });
}

async function world({ signing = LOCAL, governed = true } = {}) {
  const decisions = governanceWorld();
  const { store, clock, record, people } = decisions;
  if (governed) await record(people.ada, charterRequest(decisions));
  const [old, next] = [memorySigner({ seed: 'old' }), memorySigner({ seed: 'next' })];
  const places = new Map<string, Signer | Error>([
    ['/etc/ledgerstone/key.pem', old],
    ['/etc/ledgerstone/next.pem', next],
    [`${ACCOUNT}:key/old`, { ...old, description: `${ACCOUNT}:key/old` }],
    [`${ACCOUNT}:key/next`, { ...next, description: `${ACCOUNT}:key/next` }],
  ]);
  const events: string[] = [];
  const troubles: string[] = [];
  const options: LogKeysOptions = {
    archive: {
      ...{ origin: ARCHIVE, store: { kind: 'directory', path: '/nowhere' }, signing },
      trusted: [encodeVkey(decisions.key)],
    },
    ...{ store, clock },
    open: async (place) => {
      const name = place.kind === 'local' ? place.keyFile : place.keyId;
      const found = places.get(name) ?? new LedgerstoneError('key-file', `there is no ${name}`);
      if (found instanceof Error) throw found;
      const sign: Signer['sign'] = (...args) => {
        events.push(`sign ${name}`);
        return found.sign(...args);
      };
      return { ...found, sign };
    },
    publish: async (key) => void events.push(`publish ${encodeVkey(key)}`),
    log: { debug() {}, info() {}, error() {}, warn: (_, message) => events.push(`warn ${message}`) },
    onTrouble: (error) => troubles.push((error as LedgerstoneError).code),
  };
  const stop = new AbortController();
  const open = (more: Partial<LogKeysOptions> = {}) => LogKeys.open({ ...options, ...more }, stop.signal);
  const rotate = (signer?: string, key = next) => record(people.ada, rotateTo(key, signer));
  return { ...decisions, old, next, places, events, troubles, options, open, stop, rotate };
}

const signsWith = ({ keyring }: LogKeys) =>
  keyring.keysAfter({ origin: `${ARCHIVE}/orders/0`, size: 0, keys: [] }).length;

describe('what people decided about keys', () => {
  it('is nothing where there is no governance chain', async () => {
    const { open, troubles } = await world({ governed: false });
    const keys = await open();
    expect([keys.keyring.decided, keys.trouble, troubles]).toEqual([null, null, []]);
  });

  it.each([
    ['a file beside the configured one', LOCAL, 'next.pem'],
    ['a key of the same account', KMS, `${ACCOUNT}:key/next`],
  ])(
    'is taken: %s, tried and its object stored before anything is sealed by it',
    async (_, signing, place) => {
      const { open, rotate, next, events } = await world({ signing });
      await rotate(place);
      const keys = await open();
      expect(keys.keyring.decided?.publicKey).toEqual(next.publicKey);
      expect(events.map((event) => event.split(' ')[0])).toEqual(['sign', 'publish', 'warn']);
      expect(events[1]).toBe(`publish ${vkeyOf(next)}`);
      expect(String(next.requests[0]?.message && Buffer.from(next.requests[0].message))).toBe(
        `ledgerstone/key-trial/1\n${ARCHIVE}\n`,
      );
      const head = newChainHead(`${ARCHIVE}/orders/0`, 'orders', 0, 7);
      const own = encodeVkey(verifierKey(head.origin, next.publicKey, nodeSha256));
      const heads = [head, { ...head, partition: 1, keys: [own] }, null];
      expect(keys.statusOf(heads)).toEqual({ waiting: ['orders/0'], problem: null });
      expect(keys.keyring.trusted.map(({ name }) => name)).toEqual([
        ARCHIVE,
        ARCHIVE,
        governanceOrigin(ARCHIVE),
      ]);
    },
  );

  it.each([
    ['of another folder', LOCAL, '../next.pem', 'key-elsewhere'],
    ['of another folder, by its whole path', LOCAL, '/etc/ledgerstone/next.pem', 'key-elsewhere'],
    ['a folder', LOCAL, '..', 'key-elsewhere'],
    ['of KMS, where keys are files', LOCAL, `${ACCOUNT}:key/next`, 'key-elsewhere'],
    ['of another account', KMS, 'arn:aws:kms:eu-central-1:999988887777:key/next', 'key-elsewhere'],
    ['of another Region', KMS, 'arn:aws:kms:eu-west-1:111122223333:key/next', 'key-elsewhere'],
    ['by an alias', KMS, `${ACCOUNT}:alias/next`, 'key-elsewhere'],
    ['that is not there', LOCAL, 'missing.pem', 'key-file'],
    ['that is another than the decided one', LOCAL, 'key.pem', 'key-not-decided'],
  ])('is not taken: a key %s', async (_, signing, place, code) => {
    const { open, rotate, troubles, next, events } = await world({ signing });
    await rotate(place);
    const keys = await open();
    expect([keys.keyring.decided, signsWith(keys), troubles]).toEqual([null, 1, [code]]);
    expect(keys.trouble?.error).toMatchObject({ code });
    expect(keys.statusOf([])).toMatchObject({ waiting: [], problem: expect.any(String) });
    expect([next.requests.length, events.filter((event) => event.startsWith('publish'))]).toEqual([0, []]);
  });

  it('is followed as far as KMS and the store let it: until then the earlier key signs', async () => {
    const { open, rotate, places, next, options, stop, troubles } = await world();
    await rotate();
    let refuses = true;
    places.set('/etc/ledgerstone/next.pem', {
      ...next,
      sign: (...args) => {
        if (refuses) throw new LedgerstoneError('key-disabled', 'it is disabled');
        return next.sign(...args);
      },
    });
    let isFull = true;
    const keys = await open({
      publish: async (key) => {
        if (isFull) throw new LedgerstoneError('unavailable', 'no', { disposition: 'retriable' });
        await options.publish(key);
      },
    });
    let changes = 0;
    const kept = keys.keep(stop.signal, () => changes++);
    const later = async (ms: number) => {
      await options.clock.sleep(ms);
      return [keys.keyring.decided === null, troubles.at(-1), changes];
    };
    expect(await later(61_000)).toEqual([true, 'key-disabled', 0]);
    refuses = false;
    expect(await later(60_000)).toEqual([true, 'unavailable', 0]);
    isFull = false;
    expect(await later(60_000)).toEqual([false, 'unavailable', 1]);
    expect(keys.trouble).toBeNull();
    expect(await later(180_000)).toEqual([false, 'unavailable', 1]);
    stop.abort();
    await kept;
  });

  it('costs one list a minute while nobody decides', async () => {
    const { open, store, options, stop } = await world();
    const keys = await open();
    const kept = keys.keep(stop.signal, () => {});
    const before = store.log.length;
    await options.clock.sleep(10 * 60_000 + 1);
    stop.abort();
    await kept;
    expect(store.log.slice(before).map(({ method }) => method)).toEqual(Array(10).fill('listVersions'));
  });

  it('is not believed of a chain that can not be read, and the configured key signs', async () => {
    const { open, rotate, options, troubles } = await world();
    await rotate();
    const keys = await open({ archive: { ...options.archive, trusted: [] } });
    expect([keys.keyring.decided, troubles]).toEqual([null, ['decisions-unknown']]);
  });

  it('is asked for again where the store does not answer, and no key is asked for before', async () => {
    const { open, store } = await world();
    const listVersions = (): never => {
      throw new LedgerstoneError('timed-out', 'the store did not answer', { disposition: 'retriable' });
    };
    const { trouble } = await open({ store: { ...store, listVersions } });
    expect(trouble?.error).toMatchObject({
      message: "the governance chain can't be read: the store did not answer",
      remedy: expect.stringMatching(/^It is asked for again/),
    });
  });

  it('of a broken chain asks for no key that is there', async () => {
    const { open, rotate, store } = await world();
    await rotate();
    const seal = store.keys().find((key) => key.endsWith('000000000001.tlog-proof'))!;
    store.attacker.tamper(seal, (bytes) => bytes.subarray(0, -9));
    const { trouble } = await open();
    expect(trouble?.error).toMatchObject({
      message: expect.stringContaining('the governance chain is broken: '),
      remedy: expect.not.stringContaining('archive.trusted'),
    });
  });
});

describe('a configured key', () => {
  const disabled = new LedgerstoneError('key-disabled', 'it is disabled');

  it('that can not be opened any more is no reason against a start where another one was decided', async () => {
    const { open, rotate, places, events } = await world();
    places.set('/etc/ledgerstone/key.pem', disabled);
    await expect(open()).rejects.toThrow('it is disabled');
    await rotate();
    const keys = await open();
    expect(keys.keyring.own).toHaveLength(1);
    expect(events.at(-1)).toMatch(/another key than archive\.signing names, which can't be opened/);
  });

  it('of a KMS that does not answer is waited for', async () => {
    const { open, rotate, places } = await world();
    await rotate();
    places.set('/etc/ledgerstone/key.pem', new LedgerstoneError('kms', 'busy', { disposition: 'retriable' }));
    await expect(open()).rejects.toThrow('busy');
  });

  it('that was retired does not start, and the command that mends it is named', async () => {
    const of = await world();
    await retire(of, of.old);
    await expect(of.open()).rejects.toMatchObject({
      code: 'signing-key-retired',
      message: expect.stringMatching(
        /was retired by Ada Byron at \S+Z, approved by Grace Hopper at \S+Z \(act /,
      ),
      remedy: expect.stringContaining('ledgerstone keys rotate --new'),
    });
    await of.rotate();
    const keys = await of.open();
    expect(keys.keyring.decided?.publicKey).toEqual(of.next.publicKey);
    // A new chain is not begun by it.
    expect(signsWith(keys)).toBe(1);
    expect(of.events.at(-1)).toMatch(
      /^warn the key of archive.signing was retired by Ada Byron at .* by Grace Hopper .* Put that key into/,
    );
  });

  it('signs where the key that was decided on was retired again', async () => {
    const of = await world();
    await of.rotate();
    await retire(of, of.next);
    const keys = await of.open();
    expect([keys.keyring.decided, keys.trouble]).toEqual([null, null]);
  });
});
