// Does `ledgerstone stamp` stamp the day from its configuration, and say what came of it?
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { schedulesOf } from '../../../src/apps/verifier/schedules.ts';
import { makeVerifier, openClients } from '../../../src/apps/verifier/wiring.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { loadVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { NOW_MS, writeCopy } from '../../support/archive-builder.ts';
import { type StampAuthority, stampAuthority } from '../../support/stamp-authority.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let authority: StampAuthority;
const at = (name: string) => join(dir, name);

const configure = (vkey: string, more: string) =>
  writeFileSync(
    at('verifier.yaml'),
    `archive: { store: { kind: directory, path: archive }, trusted: ['${vkey}'] }
attestations: { store: { kind: directory, path: own }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: verifier.example.com/prod, signing: { kind: local, keyFile: key.pem } }
${more}
`,
  );

let vkey: string;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-stamp-'));
  authority = await stampAuthority(() => Date.now());
  const world = new VerifierWorld();
  await world.grow(2);
  writeCopy(world.builder.archive, at('archive'));
  mkdirSync(at('own'));
  vkey = encodeVkey(world.builder.trusted[0] as VerifierKey);
  writeFileSync(at('authority.pem'), authority.roots);
  configure(vkey, `timestamps: { url: '${authority.url}', roots: authority.pem }`);
  const init = ['init', '--config', at('verifier.yaml'), '--vkey', at('verifier.vkey')];
  expect(await ledgerstone(init)).toMatchObject({ code: 0 });
});
afterEach(async () => {
  vi.useRealTimers();
  await authority[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const stamp = (...options: readonly string[]) =>
  ledgerstone(['stamp', '--config', at('verifier.yaml'), ...options]);

async function withVerifier<T>(work: (made: ReturnType<typeof makeVerifier>) => Promise<T>): Promise<T> {
  const config = await loadVerifierConfig(at('verifier.yaml'), {});
  const clients = await openClients(config);
  try {
    return await work(
      makeVerifier(config, clients, { checker: portableChecker(nodeContentTools), log: silentLogger }),
    );
  } finally {
    await Promise.all([clients.archive.close(), clients.own.close()]);
  }
}

const OCCUPIED = "something else lies where the day's list belongs, and at its copies";

describe('the command', () => {
  it('stamps what is attested, once a day', async () => {
    const early = await stamp();
    expect([early.code, early.out]).toEqual([
      4,
      expect.stringContaining('not stamped: no chain is attested yet'),
    ]);
    await withVerifier((verifier) => answerEvent(verifier, { task: 'confirm' }, () => 900_000));
    const first = await stamp('--json');
    expect([first.code, JSON.parse(first.out)]).toEqual([
      0,
      expect.objectContaining({
        kind: 'stamped',
        by: 'Test Authority',
        checkpoints: 1,
        renewed: 0,
        why: null,
      }),
    ]);
    const again = await stamp();
    expect([again.code, again.out]).toEqual([
      0,
      expect.stringMatching(/was stamped at .* by Test Authority: 1 chain\n$/),
    ]);
    expect(authority.asked).toBe(1);
    const help = (await ledgerstone(['stamp', '--help'])).out;
    expect(help).toContain('ledgerstone stamp --config verifier.yaml');
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(90);
  });

  it('says why there is none, and ends with 3', async () => {
    await withVerifier((verifier) => answerEvent(verifier, { task: 'confirm' }, () => 900_000));
    authority.script = () => ({ refused: 2 });
    const { code, out } = await stamp();
    expect([code, out]).toEqual([
      3,
      expect.stringContaining('not stamped: the authority gave no token: status 2'),
    ]);
  });

  it('says that something else lies where the list belongs, and ends with 3, not with 4', async () => {
    await withVerifier((verifier) => answerEvent(verifier, { task: 'confirm' }, () => 900_000));
    const date = new Date().toISOString().slice(0, 10);
    mkdirSync(join(dir, 'own/passes/stamps'), { recursive: true });
    for (const copy of ['', '.1', '.2', '.3', '.4', '.5', '.6', '.7', '.8', '.9'])
      writeFileSync(join(dir, 'own/passes/stamps', `${date}${copy}.note`), 'no list');
    const { code, out } = await stamp();
    expect([code, out]).toEqual([3, `${date}: not stamped: ${OCCUPIED}\n`]);
    expect(JSON.parse((await stamp('--json')).out)).toMatchObject({ kind: 'no-list', why: OCCUPIED });
    expect(authority.asked).toBe(0);
  });

  it('refuses roots that are none, and a configuration that names nobody, before it asks', async () => {
    for (const [more, said] of [
      ['', 'names no time-stamping authority'],
      [`timestamps: { url: '${authority.url}', roots: verifier.vkey }`, 'no certificate in PEM'],
      [`timestamps: { url: '${authority.url}', roots: nothing.pem }`, 'nothing.pem'],
    ] as const) {
      configure(vkey, more);
      const { code, err } = await stamp();
      expect([code, err]).toEqual([2, expect.stringContaining(said)]);
      if (more !== '') {
        const config = await loadVerifierConfig(at('verifier.yaml'), {});
        await expect(openClients(config)).rejects.toMatchObject({ code: 'config' });
      }
    }
    expect(authority.asked).toBe(0);
  });
});

describe('the service', () => {
  it('has the task by schedule, each hour, and an authority that is down fails nothing', async () => {
    await withVerifier(async (verifier) => {
      const config = await loadVerifierConfig(at('verifier.yaml'), {});
      expect(schedulesOf(config, verifier)).toContainEqual({ task: 'stamp', everyMs: 3_600_000 });
      await answerEvent(verifier, { task: 'confirm' }, () => 900_000);
      authority.script = () => 'drop';
      expect(await answerEvent(verifier, { task: 'stamp' }, () => 900_000)).toMatchObject({ failures: [] });
      authority.script = () => undefined;
      expect(await answerEvent(verifier, { task: 'stamp' }, () => 900_000)).toMatchObject({ failures: [] });
      expect(readdirSync(join(dir, 'own/passes/stamps'))).toHaveLength(2);
    });
  });

  it('has no such task where nobody is named', async () => {
    configure(vkey, '');
    await withVerifier(async (verifier) => {
      const config = await loadVerifierConfig(at('verifier.yaml'), {});
      expect(schedulesOf(config, verifier).map(({ task }) => task)).not.toContain('stamp');
    });
  });
});
