// What do the commands show of attestations: how far they reach, that there are none, or another history?
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { checkpointText, encodeSignedCheckpoint } from '../../../src/format/note.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { Attester } from '../../../src/verifier/attest/attester.ts';
import { confirmStep } from '../../../src/verifier/seal-path.ts';
import { entries, NOW_MS, signer, writeCopy, YEAR_MS } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { NAME, PLACE, STILL, VerifierWorld } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let world: VerifierWorld;
const at = (name: string) => join(dir, name);
const keyOf = (name: string, seed: string) =>
  encodeCosignerVkey(cosignerKey(name, memorySigner({ seed }).publicKey, nodeSha256));
const COSIGNER = keyOf(NAME, 'verifier');
const STRANGER = keyOf('stranger.example.com', 'stranger');

/** What lies in the memory bucket, as a directory. */
function writeAttestations(): void {
  for (const key of world.store.keys()) {
    const [first] = world.store.versionsOf(key);
    mkdirSync(dirname(at(`own/${key}`)), { recursive: true });
    writeFileSync(at(`own/${key}`), first?.bytes as Uint8Array);
  }
}
const write = () => {
  writeCopy(world.builder.archive, at('archive'));
  writeAttestations();
};
const vkey = () => encodeVkey(world.builder.trusted[0] as NonNullable<(typeof world.builder.trusted)[0]>);
const archive = () => [at('archive'), '--key', vkey()];
const attested = () => ['--attestations', at('own'), '--cosigner', COSIGNER];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-attested-'));
  world = new VerifierWorld();
  await world.grow(5);
  await world.step();
  await world.grow(2);
  write();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('find and export --attestations', () => {
  const find = (...more: string[]) => ledgerstone(['find', ...archive(), '--text', 'no-such-word', ...more]);
  const exported = (...more: string[]) =>
    ledgerstone([
      ...['export', ...archive(), '--where', '/event=login', '--case', '1', '--purpose', 'x', '--by', 'y'],
      ...['--out', at('case.zip'), ...more],
    ]);

  it('say nothing of a place without any attestation of this archive', async () => {
    mkdirSync(at('empty'));
    const wrong = ['--attestations', at('empty'), '--cosigner', COSIGNER];
    for (const { code, out, err } of [await find(...wrong), await exported(...wrong)]) {
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain('has no attestation of this archive');
    }
  });

  it('a package with a cosigned checkpoint: the digits of the cosigner are shown to who makes it', async () => {
    await world.step();
    write();
    const made = await exported(...attested());
    expect(made.code, made.err).toBe(0);
    const digits = new RegExp(`key of the second party ${NAME}: (\\d{5}( \\d{5}){7})`).exec(made.err)?.[1];
    const checked = await ledgerstone(['verify-package', at('case.zip'), '--json']);
    const { keys, cosigned } = JSON.parse(checked.out).packages[0];
    expect(keys.find(({ role }: { role: string }) => role === 'cosigner')).toMatchObject({
      name: NAME,
      digits,
    });
    expect(cosigned).toHaveLength(1);
    rmSync(at('case.zip'));
    const json = JSON.parse((await exported(...attested(), '--json')).out);
    expect(json.cosigners).toEqual([{ name: NAME, digits }]);
  });

  it('name a chain without an attestation before they say what was found', async () => {
    expect((await find(...attested())).code).toBe(0);
    await world.builder.chain('other').fill(1, 3);
    write();
    const { code, out } = await find(...attested());
    expect([code, out]).toEqual([3, expect.stringMatching(/^not everything was compared: none, and/)]);
    expect(out).toContain('left out: other/0 has no attestation by a named cosigner: nothing was compared');
    expect((await find(...attested(), '--topic', 'orders')).code).toBe(0);
    const { code: none, err } = await exported(...attested());
    expect([none, err]).toEqual([3, expect.stringContaining('other/0 has no attestation')]);
  });
});

describe('verify --attestations', () => {
  it('says how far a second party confirms each chain', async () => {
    const { code, out, err } = await ledgerstone(['verify', ...archive(), ...attested()]);
    expect(code, err).toBe(0);
    expect(out).toMatch(
      /audit\.example\.com\/prod\/orders\/0: verified through offset 14 by verifier\.example\.com\/test at \S+Z, 55 min after its seal\n/,
    );
    const json = await ledgerstone(['verify', ...archive(), ...attested(), '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      verdict: 'verified',
      attested: [{ cosigner: NAME, size: 5, throughOffset: 14, secondsAfterSeal: 3300 }],
    });
  });

  it('says which expired data nobody but the writer had read, and which the second party had', async () => {
    for (const [index, { dataKey }] of world.made.entries()) {
      if (index === 2 || index === 5) rmSync(at(`archive/${dataKey}`));
    }
    const late = vi.spyOn(Date, 'now').mockReturnValue(NOW_MS + 3 * YEAR_MS);
    try {
      const alone = await ledgerstone(['verify', ...archive()]);
      expect(alone.out).toContain('2 segments expired before anybody but the writer read them');
      const { code, out } = await ledgerstone(['verify', ...archive(), ...attested()]);
      expect(code).toBe(0);
      expect(out).toContain('the data of 2 segments has expired and was not read');
      expect(out).toContain('1 segment expired before anybody but the writer read them');
    } finally {
      late.mockRestore();
    }
  });

  it('sees that the newest segments are gone, which the archive alone does not', async () => {
    for (const { sealKey, dataKey } of world.made.slice(3)) {
      rmSync(at(`archive/${sealKey}`));
      rmSync(at(`archive/${dataKey}`));
    }
    expect((await ledgerstone(['verify', ...archive()])).code).toBe(0);
    const { code, out } = await ledgerstone(['verify', ...archive(), ...attested()]);
    expect(code).toBe(1);
    expect(out).toContain('truncation (broken)');
    expect(out).toContain(`attested by ${NAME}`);
  });

  it('sees that the whole chain is gone', async () => {
    await world.builder.chain('payments').seal({ lines: entries(0, 2) });
    rmSync(at('archive'), { recursive: true });
    for (const key of world.builder.archive.keys())
      if (key.includes('topic=orders')) world.builder.archive.remove(key);
    write();
    expect((await ledgerstone(['verify', ...archive()])).code).toBe(0);
    const { code, out } = await ledgerstone(['verify', ...archive(), ...attested()]);
    expect(code).toBe(1);
    expect(out).toContain('truncation (broken)');
    const status = await ledgerstone(['status', ...archive(), ...attested()]);
    expect(status.code).toBe(1);
    expect(status.out).toContain('truncation: it had 5 segments, and has none');
  });

  it('sees another history under the same key', async () => {
    const other = new VerifierWorld();
    other.chain.sealedMs += 1000;
    await other.grow(7);
    rmSync(at('archive'), { recursive: true });
    writeCopy(other.builder.archive, at('archive'));
    expect((await ledgerstone(['verify', ...archive()])).code).toBe(0);
    const { code, out } = await ledgerstone(['verify', ...archive(), ...attested()]);
    expect(code).toBe(1);
    expect(out).toContain('fork (broken)');
  });

  it.each([
    [['--attestations', '/nowhere', '--cosigner', COSIGNER], 2, 'there is no directory /nowhere'],
    [['--cosigner', COSIGNER], 2, 'not where the attestations are'],
    [['--attestations', '.'], 2, '--attestations needs --cosigner'],
    [['--attestations', '.', '--cosigner', 'a+b'], 2, "is not a cosigner's key"],
  ])('%j is usage', async (options, expected, said) => {
    const { code, err } = await ledgerstone(['verify', ...archive(), ...options]);
    expect(err).toContain(said);
    expect(code).toBe(expected);
  });

  it("does not take the log's own key for a cosigner's", async () => {
    const { code, err } = await ledgerstone([
      'verify',
      ...archive(),
      '--attestations',
      at('own'),
      '--cosigner',
      vkey(),
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining("is not a cosigner's key")]);
  });

  it('believes nobody who was not named', async () => {
    const asked = [...archive(), '--attestations', at('own'), '--cosigner', STRANGER];
    for (const command of ['verify', 'status']) {
      const { code, out, err } = await ledgerstone([command, ...asked]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(
        'has no attestation of this archive by stranger.example.com: nothing to compare with.',
      );
      expect(err).toContain('is none: no cosignature of a cosigner that is believed');
    }
  });

  it.each(['verify', 'status'])('%s: a place without any is no clean exit', async (command) => {
    mkdirSync(at('empty'));
    const key = ['--cosigner', COSIGNER];
    // Empty, the archive itself, and attestations of other chains than those of this archive's key.
    for (const place of ['empty', 'archive']) {
      const { code, err } = await ledgerstone([command, ...archive(), '--attestations', at(place), ...key]);
      expect([code, err]).toEqual([2, expect.stringContaining('nothing to compare with')]);
    }
    const other = encodeVkey(verifierKey('other.example.com', signer('log key').publicKey, nodeSha256));
    const { code, err } = await ledgerstone([command, at('archive'), '--key', other, ...attested()]);
    expect([code, err]).toEqual([2, expect.stringContaining('is none: a checkpoint of')]);
  });

  it.each(['verify', 'status'])(
    '%s: a chain without any is not compared, and no clean exit',
    async (command) => {
      await world.builder.chain('payments').seal({ lines: entries(0, 2) });
      rmSync(at('archive'), { recursive: true });
      write();
      const { code, out, err } = await ledgerstone([command, ...archive(), ...attested()]);
      expect([code, out]).toEqual([
        3,
        expect.stringMatching(/payments\/0: no attestation by a named cosigner/),
      ]);
      if (command === 'status') return;
      expect(err).toContain('1 chain without any, so the exit code is 3');
      const json = JSON.parse((await ledgerstone([command, ...archive(), ...attested(), '--json'])).out);
      expect([json.verdict, json.unattested]).toEqual(['verified', ['audit.example.com/prod/payments/0']]);
    },
  );

  it('a broken archive stays broken, and what --since was given must be able to rule something out', async () => {
    const nothing = encodeSignedCheckpoint(
      checkpointText({
        origin: 'audit.example.com/prod/orders/0',
        size: 0,
        root: nodeSha256(new Uint8Array(0)),
      }),
      [{ name: 'audit.example.com/prod/orders/0', keyId: new Uint8Array(4), signature: new Uint8Array(64) }],
    );
    writeFileSync(at('zero'), nothing);
    for (const option of ['--since', '--keep']) {
      const { code, err } = await ledgerstone(['verify', ...archive(), option, at('zero')]);
      expect([code, err]).toEqual([2, expect.stringContaining('only checkpoints of size 0')]);
    }
    const { sealKey } = world.made[1] as (typeof world.made)[0];
    await world.builder.chain('payments').seal({ lines: entries(0, 2) });
    write();
    rmSync(at(`archive/${sealKey}`));
    expect((await ledgerstone(['verify', ...archive(), ...attested()])).code).toBe(1);
  });

  it('names what lies among the attestations and is none, above one and where there is none at all', async () => {
    const key = world.store.keys()[0] as string;
    const strange = [key.replace(/[^/]*$/, '000000000007.note'), key.replace('orders', 'payments')];
    for (const one of strange) {
      mkdirSync(dirname(at(`own/${one}`)), { recursive: true });
      writeFileSync(at(`own/${one}`), 'junk');
    }
    for (const command of ['verify', 'status']) {
      const { out } = await ledgerstone([command, ...archive(), ...attested()]);
      for (const one of strange) expect(out).toContain(`not an attestation: ${one}`);
      const json = await ledgerstone([command, ...archive(), ...attested(), '--json']);
      expect(JSON.parse(json.out).foreign.map(({ key }: { key: string }) => key)).toEqual(strange);
    }
  });

  it('does not speak of a newest attestation where there is none', async () => {
    const folder = dirname(at(`own/${world.store.keys()[0]?.replace('orders', 'payments')}`));
    mkdirSync(folder, { recursive: true });
    for (let size = 10; size < 100; size++) writeFileSync(join(folder, `0000000000${size}.note`), 'junk');
    for (const command of ['verify', 'status']) {
      const { out } = await ledgerstone([command, ...archive(), ...attested()]);
      expect(out).toContain('90 objects, none of which is an attestation, and nothing else');
      expect(out).not.toContain('above the newest attestation');
    }
  });

  it('finds the newest one below a flood, which is a finding, and judges the rest', async () => {
    const folder = dirname(at(`own/${world.store.keys()[0]}`));
    for (let size = 10; size < 100; size++) writeFileSync(join(folder, `0000000000${size}.note`), 'junk');
    const { code, out } = await ledgerstone(['verify', ...archive(), ...attested()]);
    expect([code, out]).toEqual([0, expect.stringContaining('verified through offset 14')]);
    expect(out).toContain('90 objects above the newest attestation are no attestations');
    expect(out).toContain('; beside it among the attestations 1 flood of foreign objects');
    expect(out).toContain('foreign-object (attempt)  attestations/topic=orders/partition=0/');
    const json = JSON.parse((await ledgerstone(['verify', ...archive(), ...attested(), '--json'])).out);
    expect([json.verdict, json.attested.length, json.foreign.length]).toEqual(['verified', 1, 50]);
    const flood = json.findings.filter(({ code }: { code: string }) => code === 'foreign-object');
    expect(flood).toMatchObject([{ key: 'attestations/topic=orders/partition=0/' }]);
    expect((await ledgerstone(['status', ...archive(), ...attested()])).code).toBe(0);
  });
});

describe('--config', () => {
  it("says where the attestations' bucket is too, unless that is said otherwise", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404, { 'content-type': 'application/xml' });
      response.end('<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      at('ledgerstone.yaml'),
      `archive:
  origin: audit.example.com/prod
  store: { kind: s3, bucket: the-archive, region: eu-central-1, endpoint: "${endpoint}" }
  signing: { kind: local, keyFile: ${at('none.pem')} }
source: { kind: file, path: "-", topic: { name: orders, retention: r } }
retention: { r: { mode: COMPLIANCE, period: 1y } }
`,
    );
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test').stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    try {
      const { code, err } = await ledgerstone([
        ...['verify', '--config', at('ledgerstone.yaml'), '--key', vkey()],
        ...['--attestations', 's3://the-attestations', '--cosigner', COSIGNER],
      ]);
      expect([code, asked.some((url) => url.startsWith('/the-attestations'))], err).toEqual([3, true]);
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  });
});

it('an object beside the archive is named with the verdict, and not called an attempt in a copy', async () => {
  mkdirSync(at('archive/notes'));
  writeFileSync(at('archive/notes/x.txt'), 'x');
  const { code, out } = await ledgerstone(['verify', ...archive()]);
  expect(code).toBe(0);
  expect(out).toMatch(/verified .*; beside it 1 object that is no part of it, see above\n/);
  expect(out).toContain('foreign-object (beside it)  notes/x.txt');
  expect(out).not.toContain('attempt');
});

describe('status --attestations', () => {
  it('shows it per chain', async () => {
    const { code, out } = await ledgerstone(['status', ...archive(), ...attested()]);
    expect(code).toBe(0);
    expect(out).toMatch(/orders\/0: verified through offset 14 by \S+ at 2026-\S+Z, 55 min after its seal\n/);
    const json = await ledgerstone(['status', ...archive(), ...attested(), '--json']);
    expect(JSON.parse(json.out).chains[0]).toMatchObject({ confirmed: { size: 5, throughOffset: 14 } });
    const without = await ledgerstone(['status', ...archive(), '--json']);
    expect(JSON.parse(without.out).chains[0]).toMatchObject({ confirmed: null });
  });
});

describe('a proof that leads to an attestation', () => {
  const prove = async (offset: number, options: readonly string[] = attested()) => {
    const chain = ['--topic', 'orders', '--partition', '0'];
    const ran = await ledgerstone([
      'prove',
      ...archive(),
      ...chain,
      '--offset',
      String(offset),
      '--json',
      ...options,
    ]);
    if (ran.code !== 0) return ran;
    const { proof, line } = JSON.parse(ran.out) as { proof: string; line: string };
    writeFileSync(at('event.tlog-proof'), proof);
    writeFileSync(at('event.json'), line);
    return ran;
  };
  const check = (...options: string[]) =>
    ledgerstone(['check', at('event.tlog-proof'), '--entry', at('event.json'), '--key', vkey(), ...options]);

  it.each([0, 4, 7, 13, 14])('of offset %i holds, and is cosigned', async (offset) => {
    expect((await prove(offset)).code).toBe(0);
    const { code, out } = await check('--cosigner', COSIGNER);
    expect(out).toContain(`offset ${offset} is in segment ${Math.floor(offset / 3)}`);
    expect(out).toContain(`checkpoint of size 5, cosigned by ${NAME}`);
    expect(code).toBe(0);
    expect((await check()).code).toBe(0);
  });

  it('is not to be had before the attestation is there', async () => {
    const { code, err } = await prove(15);
    expect(code).toBe(4);
    expect(err).toContain('segment 5 is not attested yet');
  });

  it('is not to be had where what lies there is no attestation, which is said', async () => {
    const note = at('own/attestations/topic=orders/partition=0/000000000005.note');
    writeFileSync(note, 'junk');
    const { code, err } = await prove(4);
    expect(code).toBe(4);
    expect(err).toContain('found for 0 segments');
    expect(err).toContain('000000000005.note is not an attestation: a note');
  });

  it('is asked for: a plain proof is not enough', async () => {
    await prove(4, []);
    const { code, out } = await check('--cosigner', COSIGNER);
    expect(code).toBe(3);
    expect(out).toContain('unverifiable: unknown-key');
    expect(out).toContain(`expected cosigned by ${NAME}`);
    const json = await check('--cosigner', COSIGNER, '--json');
    expect(JSON.parse(json.out)).toMatchObject({ verdict: 'unverifiable' });
  });

  it('by n of m', async () => {
    await prove(4);
    const both = ['--cosigner', COSIGNER, '--cosigner', STRANGER];
    expect((await check(...both)).code).toBe(3);
    expect((await check(...both, '--quorum', '2')).code).toBe(3);
    expect((await check(...both, '--quorum', '1')).code).toBe(0);
    for (const quorum of ['0', '3']) {
      const { code, err } = await check(...both, '--quorum', quorum);
      expect([code, err]).toEqual([2, expect.stringContaining(`--quorum ${quorum} of 2 cosigners`)]);
    }
  });

  it('with one bad cosignature is broken, even if others have signed', async () => {
    await prove(4);
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(at('event.tlog-proof'), 'utf8');
    const bent = text.replace(
      new RegExp(`(— ${NAME.replaceAll('.', '\\.')} .{40})(.)`),
      (_all, head: string, one: string) => head.concat(one === 'A' ? 'B' : 'A'),
    );
    expect(bent).not.toBe(text);
    writeFileSync(at('event.tlog-proof'), bent);
    const { code, out } = await check('--cosigner', COSIGNER);
    expect([code, out]).toEqual([1, expect.stringContaining('broken: bad-signature')]);
    // Without the key it is a signature line like any other.
    expect((await check()).code).toBe(0);
  });

  it('under a policy in a file', async () => {
    await prove(4);
    const policy = (quorum: string) => {
      writeFileSync(
        at('trust.policy'),
        `# who we believe\nlog ${vkey()}\nwitness V ${COSIGNER}\n\twitness S ${STRANGER} https://s.example\ngroup both all V S\ngroup one any both\nquorum ${quorum}\n`,
      );
      return ledgerstone([
        'check',
        at('event.tlog-proof'),
        '--entry',
        at('event.json'),
        '--policy',
        at('trust.policy'),
      ]);
    };
    expect((await policy('V')).code).toBe(0);
    expect((await policy('none')).code).toBe(0);
    expect((await policy('S')).code).toBe(3);
    const { code, out } = await policy('one');
    expect([code, out]).toEqual([
      3,
      expect.stringContaining(`cosigned by 1 of (2 of (${NAME}, stranger.example.com))`),
    ]);
  });
});

describe('a policy that says nothing sound is refused, with its line', () => {
  const cases: [what: string, text: string, said: string][] = [
    ['no quorum', `witness V ${COSIGNER}`, 'has no line quorum NAME'],
    ['two quorums', 'quorum none\nquorum none', ':2: one line, quorum NAME'],
    ['a name that comes later', `quorum V\nwitness V ${COSIGNER}`, ':1: "V" is not defined on a line before'],
    ['a name twice', `witness V ${COSIGNER}\nwitness V ${STRANGER}`, ':2: the name "V" is taken'],
    ['the name none', `witness none ${COSIGNER}`, ':1: the name "none" is taken'],
    ['a key twice', `witness V ${COSIGNER}\nwitness W ${COSIGNER}`, ':2: this witness is there already'],
    [
      'a member twice',
      `witness V ${COSIGNER}\ngroup a any V\ngroup b any V a`,
      ':3: "V" is a member already',
    ],
    ['more than there are', `witness V ${COSIGNER}\ngroup a 2 V`, ':2: a group of 1 can\'t ask for "2"'],
    ['none of them', `witness V ${COSIGNER}\ngroup a 0 V`, ':2: a group of 1 can\'t ask for "0"'],
    ['an empty group', 'group a all', ':1: group NAME all|any|K MEMBER…'],
    ['a group in itself', 'group a all a', ':1: "a" is not defined on a line before'],
    ['a word of its own', 'trust me', ':1: "trust" is none of log, witness, group, quorum'],
    ['a key that is none', 'witness V a+b', ':1: not'],
    ['no log', 'quorum none', 'names no log'],
  ];
  it.each(cases)('%s', async (_what, text, said) => {
    writeFileSync(at('bad.policy'), text);
    const { code, err } = await ledgerstone(['check', 'x', '--entry', 'y', '--policy', at('bad.policy')]);
    expect(err).toContain(said);
    expect(code).toBe(2);
  });
});

it('every size and every leaf: a later checkpoint holds all earlier segments', async () => {
  const big = new VerifierWorld();
  await big.grow(23);
  const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
  const { laterPath } = await import('../../../src/read/later-path.ts');
  const { inspectSeal } = await import('../../../src/verify/open-seal.ts');
  const { inclusionProof } = await import('../../../src/merkle/proof.ts');
  const { leafHash } = await import('../../../src/merkle/tree.ts');
  const attester = new Attester({
    store: big.store,
    signer: big.signer,
    retention,
    name: NAME,
    sha256: nodeSha256,
    clock: STILL,
  });
  expect(await confirmStep({ ...big.tools(), attester }, PLACE, { hintSize: 0 })).toMatchObject({
    isNew: true,
  });
  const leaves = big.made.map(({ manifestBytes }) => leafHash(nodeSha256, manifestBytes));
  let reads = 0;
  const sealAt = async (sequence: number) => {
    reads++;
    const bytes = big.builder.archive.bytesOf(big.made[sequence]?.sealKey as string) as Uint8Array;
    const { opened } = await inspectSeal(bytes, {
      trusted: big.builder.trusted,
      sha256: nodeSha256,
      sequence,
    });
    if (opened === null) throw new Error('no seal');
    return opened;
  };
  for (let size = 1; size <= 23; size++) {
    for (let index = 0; index < size; index++) {
      const expected = inclusionProof(nodeSha256, leaves.slice(0, size), index);
      expect(await laterPath(sealAt, index, size), `${index} of ${size}`).toEqual(expected);
    }
  }
  expect(reads / 276).toBeLessThan(6);
});
