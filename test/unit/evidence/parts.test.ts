// Do the parts of a large case show that all of them are there, and that one is not?
import { generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagesThere } from '../../../src/apps/cli/export-act.ts';
import { exportOffsets } from '../../../src/apps/cli/export-offsets.ts';
import { commandLine, type Exported } from '../../../src/apps/cli/export-run.ts';
import { readTrustedKeys } from '../../../src/apps/cli/keys.ts';
import { openArchiveStore } from '../../../src/apps/cli/open-archive.ts';
import type { PackageCheck } from '../../../src/evidence/check.ts';
import { verdictOfParts } from '../../../src/evidence/parts.ts';
import { RECORDED } from '../../../src/evidence/protocol.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { localSigner } from '../../../src/sign/local.ts';
import { filesOf, type PackageWorld, packageWorld } from '../../support/package-world.ts';
import { ledgerstone } from '../cli/captured-io.ts';

let world: PackageWorld;
let exported: Exported;
const verify = async (names: readonly string[]) => {
  const { out, code } = await ledgerstone(['verify-package', ...names, ...world.key, '--json']);
  return { code, result: JSON.parse(out) };
};

beforeAll(async () => {
  world = await packageWorld();
  exported = await exportAgain('case.zip');
});

async function exportAgain(out: string, recorded: string = RECORDED.alone): Promise<Exported> {
  const signal = new AbortController().signal;
  const store = await openArchiveStore({ kind: 'directory', path: world.at('archive') });
  const trusted = await readTrustedKeys([world.at('archive.vkey')]);
  const made = await exportOffsets({
    reader: new ChainReader({ store, chain: 'orders', partition: 0, trusted, signal }),
    ...{ attestations: null, stamping: null, cosigners: [], signal, out: world.at(out) },
    asked: [
      { from: 3, to: 8 },
      { from: 25, to: 45 },
    ],
    signer: await localSigner({ keyFile: world.at('export-key.pem') }),
    ...{ caseName: 'c', purpose: 'p', by: 'b', archiveName: 'archive' },
    recorded,
    partMax: { events: 10, lineBytes: 1e6, proofBytes: 1e6 },
  });
  await store.close();
  return made;
}
afterAll(() => world.remove());

const namesOf = ({ packages }: Exported): string[] => packages.map(({ name }) => name);

const statementOf = (name: string) =>
  JSON.parse(Buffer.from(filesOf(name).get('statement.json') as Uint8Array).toString());

describe('parts of two cases', () => {
  it('are not parts of one', async () => {
    const again = await exportAgain('other.zip');
    const [first, , last] = namesOf(exported);
    const { result } = await verify([first as string, namesOf(again)[1] as string, last as string]);
    expect(result.parts).toBe('incomplete');
    expect((await verify(namesOf(again))).result.parts).toBe('complete');
  });
});

describe('a case in three parts', () => {
  it('has each offset in one of them', () => {
    expect(namesOf(exported)).toEqual([1, 2, 3].map((part) => world.at(`case.${part}.zip`)));
    expect(namesOf(exported).map((name) => statementOf(name).here)).toEqual([
      [
        { from: 3, to: 8 },
        { from: 25, to: 28 },
      ],
      // The gap line covers 30 to 32.
      [{ from: 29, to: 40 }],
      [{ from: 41, to: 45 }],
    ]);
    expect([exported.events, exported.gapLines]).toEqual([24, 1]);
  });

  it('is complete with all of them in their order', async () => {
    const { result } = await verify(namesOf(exported));
    expect(result.parts).toBe('complete');
    // The key of the signer was not given.
    expect(result.packages.flatMap(({ findings }: { findings: unknown[] }) => findings)).toEqual([]);
  });

  it.each([
    ['without the last', [0, 1]],
    ['without the first', [1, 2]],
    ['without the one in the middle', [0, 2]],
    ['in another order', [1, 0, 2]],
    ['one alone', [0]],
  ])('%s is incomplete', async (_, of) => {
    const { code, result } = await verify(of.map((index) => namesOf(exported)[index] as string));
    expect([code, result.parts]).toEqual([3, 'incomplete']);
  });

  it('stays red with a red one, also where others are missing', () => {
    const part = (colour: string, number: number) => ({
      ...{ findings: [{ colour }], keys: [], manifestHash: null },
      manifest: { part: { number, last: false, previous: null } },
    });
    const all = [part('amber', 1), part('red', 3)] as unknown as PackageCheck[];
    expect(verdictOfParts(all)).toEqual({ colour: 'red', parts: 'incomplete' });
  });
});

describe('parts whose acts are still to be written', () => {
  const there = async (out: string, keyFile = 'export-key.pem', command = commandLine()) =>
    packagesThere({
      ...{ out: world.at(out), command, signal: new AbortController().signal },
      trusted: await readTrustedKeys([world.at('archive.vkey')]),
      signer: await localSigner({ keyFile: world.at(keyFile) }),
    });

  it('are taken as they were made', async () => {
    expect(await there('act.zip')).toBeNull();
    const made = await exportAgain('act.zip', RECORDED.act);
    expect(await there('act.zip')).toEqual(made);
    expect(made.packages.map(({ events }) => events)).toEqual([10, 9, 5]);
  });

  beforeAll(() => {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(world.at('other.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
  });

  it.each([
    ['of another command line', () => there('act.zip', 'export-key.pem', ['ledgerstone', 'export'])],
    ['that say that no act follows', () => there('case.zip')],
    ['that another key signed', () => there('act.zip', 'other.pem')],
  ])('%s stay as they are', async (_, taken) => {
    await expect(taken()).rejects.toThrow('exists, and stays as it is');
  });

  it('are none where one is missing, or is of another export', async () => {
    renameSync(world.at('act.3.zip'), world.at('away.zip'));
    await expect(there('act.zip')).rejects.toThrow('act.3.zip is missing');
    await exportAgain('again.zip', RECORDED.act);
    renameSync(world.at('again.3.zip'), world.at('act.3.zip'));
    await expect(there('act.zip')).rejects.toThrow('act.3.zip exists, and stays as it is');
  });
});
