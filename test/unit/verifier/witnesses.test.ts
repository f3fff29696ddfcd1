// Are witnesses asked as C2SP says and as seldom as was promised, and does nothing that they answer stop or fool the verifier?
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import { cosignatureLine, cosignedMessage, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeSignatures, parseSignedCheckpoint } from '../../../src/format/note.ts';
import { type Policy, readPolicy } from '../../../src/format/tlog-policy.ts';
import { consistencyProof, verifyConsistency } from '../../../src/merkle/proof.ts';
import { leafHash, rootOfLeaves } from '../../../src/merkle/tree.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { laterConsistency } from '../../../src/read/later-path.ts';
import { Attester } from '../../../src/verifier/attest/attester.ts';
import { Witnesses, type WitnessesOptions } from '../../../src/verifier/witness/witnesses.ts';
import { NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { memoryMlDsaSigner, memorySigner } from '../../support/memory-signer.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { NAME, PLACE, VerifierWorld } from '../../support/verifier-world.ts';
import { type WitnessReply, type WitnessServer, witnessServer } from '../../support/witness-server.ts';

const DAY_MS = 86_400_000;
const WITNESS = 'witness.example.com/w1';
let nowMs = NOW_MS;
let world: VerifierWorld;
let witness: WitnessServer;
let said: [level: string, text: string, fields: Record<string, unknown>][];
const log = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [
    level,
    (fields: Record<string, unknown>, text: string) => said.push([level, text, fields]),
  ]),
) as unknown as WitnessesOptions['log'];
const whys = () => said.flatMap(([, , { why }]) => (why === undefined ? [] : [why]));

beforeEach(async () => {
  nowMs = NOW_MS;
  said = [];
  world = new VerifierWorld();
  witness = await witnessServer(WITNESS, () => Math.floor(nowMs / 1000));
});
afterEach(() => witness[Symbol.asyncDispose]());

function policyOf(servers: readonly WitnessServer[], rule = ''): Policy {
  const lines = servers.flatMap(({ keys, url }, n) =>
    keys.map((key, k) => `witness W${n}${k} ${encodeCosignerVkey(key)} ${url}`),
  );
  const policy = readPolicy(`${lines.join('\n')}\n${rule === '' ? 'quorum W00' : rule}\n`, nodeSha256);
  if (!('quorum' in policy)) throw new Error(policy.message);
  return policy;
}

/** A verifier's process: what it remembers ends with it. */
function started(options: Partial<WitnessesOptions> = {}) {
  const clock = { now: () => nowMs, monotonic: () => 0, sleep: async () => undefined };
  const witnesses = new Witnesses({
    ...{ archive: world.builder.archive, policy: policyOf([witness]), everyMs: DAY_MS, required: false },
    ...{ timeoutMs: PATIENCE_MS, clock, log },
    ...options,
  } as WitnessesOptions);
  const attester = new Attester({
    ...{ store: world.store, signer: world.signer, name: NAME, trusted: world.builder.trusted, witnesses },
    ...{ retention: { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } }, sha256: nodeSha256, clock },
  });
  const step = () => world.step(world.made.length, { ...world.tools(), attester, clock } as never);
  return { step };
}

const note = (size: number) => {
  const bytes = world.store.versionsOf(attestationKey(PLACE.chain, PLACE.partition, size))[0]?.bytes;
  return parseSignedCheckpoint(bytes as Uint8Array);
};
const names = (size: number) => note(size).signatures.map(({ name }) => name);
const ORIGIN = 'audit.example.com/prod/orders/0';

describe('a proof from seals', () => {
  it('is that of all leaves, for each two sizes', async () => {
    await world.grow(13);
    const leaves = world.made.map(({ manifestBytes }) => leafHash(nodeSha256, manifestBytes));
    const { signal } = new AbortController();
    const reader = new ChainReader({ store: world.builder.archive as never, ...PLACE, trusted: [], signal });
    for (let size = 1; size <= 13; size++) {
      for (let from = 1; from <= size; from++) {
        const { root, proof } = await laterConsistency((sequence) => reader.seal(sequence), from, size);
        expect(proof, `${from} of ${size}`).toEqual(
          consistencyProof(nodeSha256, leaves.slice(0, size), from),
        );
        expect(root).toEqual(rootOfLeaves(nodeSha256, leaves.slice(0, from)));
        const whole = rootOfLeaves(nodeSha256, leaves.slice(0, size));
        expect(verifyConsistency(nodeSha256, from, root, size, whole, proof)).toBe(true);
      }
    }
  });
});

describe('a checkpoint', () => {
  it('is cosigned once a day, with a proof from the day before, also by a process that knows nothing', async () => {
    const sizes: number[] = [];
    for (const hours of [0, 1, 5, 30, 31, 60]) {
      nowMs = NOW_MS + hours * 3_600_000;
      await world.grow(3);
      // Each a new process, as a Lambda may be.
      await started().step();
      if (names(world.made.length).includes(WITNESS)) sizes.push(world.made.length);
    }
    expect(sizes).toEqual([3, 12, 18]);
    expect(witness.asked).toEqual([
      { old: 0, size: 3, hashes: 0, status: 200 },
      { old: 0, size: 12, hashes: 0, status: 409 },
      { old: 3, size: 12, hashes: expect.any(Number), status: 200 },
      { old: 0, size: 18, hashes: 0, status: 409 },
      { old: 12, size: 18, hashes: expect.any(Number), status: 200 },
    ]);
    // The verifier's own line is there as ever, and the log's.
    expect(names(12)).toEqual([ORIGIN, WITNESS, NAME]);
  });

  it('is cosigned again where the answer was lost', async () => {
    await world.grow(2);
    const { step } = started();
    witness.known.set(ORIGIN, {
      size: 2,
      root: rootOfLeaves(
        nodeSha256,
        world.made.map(({ manifestBytes }) => leafHash(nodeSha256, manifestBytes)),
      ),
    });
    await step();
    expect(names(2)).toContain(WITNESS);
    expect(witness.asked.map(({ old, status }) => [old, status])).toEqual([
      [0, 409],
      [2, 200],
    ]);
  });

  it('is cosigned by two keys of one witness, asked once', async () => {
    const both = [memorySigner({ seed: 'w2' }), memoryMlDsaSigner('w2')];
    await using second = await witnessServer('w2.example.com', () => 1_800_000_000, both);
    const policy = policyOf([witness, second], 'group ALL all W00 W10 W11\nquorum ALL');
    await world.grow(1);
    await started({ policy, required: true }).step();
    expect(names(1)).toEqual([ORIGIN, WITNESS, 'w2.example.com', 'w2.example.com', NAME]);
    expect(second.asked).toHaveLength(1);
  });
});

describe('a witness that does not cosign', () => {
  const cases: [what: string, reply: WitnessReply, why: string][] = [
    ['does not know the chain', { status: 404, body: '' }, 'it does not know this chain'],
    ['trusts another key', { status: 403, body: '' }, 'it trusts no key that has signed'],
    ['is broken', { status: 500, body: 'x' }, 'it answered with status 500'],
    ['has seen another history', { status: 422, body: '' }, 'does not continue what it has cosigned before'],
    [
      'knows more',
      { status: 409, body: '77\n' },
      'it knows 77 segments of this chain, and this checkpoint has 1',
    ],
    ['names no size', { status: 409, body: '\u001b[2J' }, 'another size is its last one, but not which'],
    ['names one that is none', { status: 409, body: '007\n' }, 'another size is its last one, but not which'],
    ['names a size again and again', { status: 409, body: '1\n' }, 'it named another last size each time'],
    ['answers with no line', { status: 200, body: 'thanks\n' }, 'its answer is no cosignature'],
    ['answers with nothing', { status: 200, body: '' }, 'no line of a key that the policy names'],
    ['answers with no text', { status: 200, body: Uint8Array.of(0xff, 0xfe, 0x0a) }, ''],
    ['answers without end', 'flood', 'it answered more than 65536 bytes'],
    ['never ends its answer', 'trickle', 'no answer within 150 ms'],
    ['says nothing', 'hang', 'no answer within 150 ms'],
    ['hangs up', 'drop', 'no answer: '],
    ['sends elsewhere', 'redirect', 'no answer: '],
  ];
  it.each(cases)(
    'because it %s: attested without it, and logged',
    async (_, reply, why) => {
      // Where a redirect leads to, it would be cosigned.
      witness.script = (nth) => (reply === 'redirect' && nth > 0 ? undefined : reply);
      await world.grow(1);
      // A short time for those that never answer, and for the others as long as a slow machine needs.
      const timeoutMs = why.startsWith('no answer within') ? 150 : PATIENCE_MS;
      const { verdict } = await started({ timeoutMs }).step();
      expect([verdict, names(1)]).toEqual(['verified', [ORIGIN, NAME]]);
      expect(whys()).toEqual([expect.stringContaining(why)]);
      expect(said.map(([, text]) => text)).toContain('too few witnesses');
    },
    PATIENCE_MS,
  );

  it('is sent no proof that does not lead to the checkpoint', async () => {
    await world.grow(2);
    const forked = new VerifierWorld();
    await forked.chain.seal({ lines: [] });
    await forked.grow(1);
    witness.known.set(ORIGIN, { size: 1, root: new Uint8Array(32) });
    // The seals are replaced after they were checked.
    await started({ archive: forked.builder.archive as never }).step();
    expect(whys()).toEqual([expect.stringContaining('root-mismatch')]);
    expect(witness.asked.map(({ status }) => status)).toEqual([409]);
  });

  it('is an error in the log if it knows another history', async () => {
    witness.known.set(ORIGIN, { size: 1, root: new Uint8Array(32).fill(9) });
    await world.grow(3);
    await started().step();
    expect(said.map(([level, text]) => [level, text])).toContainEqual([
      'error',
      'a witness knows another history',
    ]);
    expect(names(3)).toEqual([ORIGIN, NAME]);
  });

  it('holds up what it is required for, and is asked again ten minutes later', async () => {
    witness.script = () => ({ status: 500, body: '' });
    await world.grow(1);
    const { step } = started({ required: true });
    const refused = {
      code: 'not-witnessed',
      disposition: 'retriable',
      message: expect.stringContaining(WITNESS),
    };
    await expect(step()).rejects.toMatchObject(refused);
    expect(world.attestedSizes()).toEqual([]);
    nowMs += 600_000;
    witness.script = () => undefined;
    await step();
    expect([world.attestedSizes(), names(1)]).toEqual([[1], [ORIGIN, WITNESS, NAME]]);
  });

  it('stays required while it is not asked: nothing is attested in between', async () => {
    witness.script = () => ({ status: 500, body: '' });
    await world.grow(1);
    const { step } = started({ required: true });
    for (const minutes of [0, 1, 9]) {
      nowMs = NOW_MS + minutes * 60_000;
      await expect(step()).rejects.toMatchObject({ code: 'not-witnessed' });
    }
    expect(world.attestedSizes()).toEqual([]);
  });

  it('is asked again by the same process if it is not required', async () => {
    let calls = 0;
    witness.script = () => (calls++ === 0 ? 'drop' : undefined);
    const { step } = started();
    const witnessed: boolean[] = [];
    for (const minutes of [0, 5, 11, 20]) {
      nowMs = NOW_MS + minutes * 60_000;
      await world.grow(1);
      await step();
      witnessed.push(names(world.made.length).includes(WITNESS));
    }
    expect(witnessed).toEqual([false, false, true, false]);
  });
});

describe('a line', () => {
  const lineFor = async (
    text: Uint8Array,
    { seconds = 1_795_000_000, seed = WITNESS, name = WITNESS } = {},
  ) => {
    const signer = memorySigner({ seed });
    const key = { ...(witness.keys[0] as (typeof witness.keys)[number]), name };
    return cosignatureLine(key, seconds, await signer.sign(cosignedMessage(key, text, seconds)));
  };

  it.each([
    ['by another key under its id', { seed: 'thief' }, 'a signature that is not'],
    ['of the time 0', { seconds: 0 }, 'one without a time'],
    ['of another name', { name: 'w9.example.com' }, 'no line of a key that the policy names'],
  ])('%s counts for nothing', async (_, change, why) => {
    await world.grow(1);
    const { text } = parseSignedCheckpoint(world.made[0]?.note as Uint8Array);
    const body = encodeSignatures([await lineFor(text, change)]);
    witness.script = () => ({ status: 200, body });
    await started().step();
    expect(names(1)).toEqual([ORIGIN, NAME]);
    expect(JSON.stringify(said)).toContain(why.replace('a signature that is not', 'bad-signature'));
  });

  it('beside others is kept, and theirs are not', async () => {
    await world.grow(1);
    const { text } = parseSignedCheckpoint(world.made[0]?.note as Uint8Array);
    const own = await lineFor(text);
    const junk = { name: 'junk', keyId: utf8('junk'), signature: utf8('junk') };
    witness.script = () => ({ status: 200, body: encodeSignatures([junk, own, junk, own]) });
    await started().step();
    expect(names(1)).toEqual([ORIGIN, WITNESS, NAME]);
  });
});
