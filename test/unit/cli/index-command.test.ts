// Do the commands write an index, search by it, and say on whose word? On directories, as a person would.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { makeVerifier, openClients } from '../../../src/apps/verifier/wiring.ts';
import { silentLogger } from '../../../src/base/log.ts';
import { loadVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { encodeIndex, parseIndex, type SegmentIndex } from '../../../src/read/find/index/segment-index.ts';
import { parseIndexKey } from '../../../src/verifier/index/index-key.ts';
import { signNote } from '../../../src/verifier/signed-notes.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { writeCopy } from '../../support/archive-builder.ts';
import { event, IndexWorld } from '../../support/index-world.ts';
import { noteContent } from '../../support/note-signing.ts';
import { STILL } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

const NAME = 'verifier.example.com/prod';

let dir: string;
let world: IndexWorld;
const at = (name: string) => join(dir, name);
const vkey = () => encodeVkey(world.builder.trusted[0] as NonNullable<(typeof world.builder.trusted)[0]>);

const configure = (more: string) =>
  writeFileSync(
    at('verifier.yaml'),
    `archive: { store: { kind: directory, path: archive }, trusted: ['${vkey()}'] }
attestations: { store: { kind: directory, path: own }, retention: { mode: COMPLIANCE, period: 1y } }
cosigner: { name: ${NAME}, signing: { kind: local, keyFile: key.pem } }
${more}
`,
  );

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-index-'));
  world = new IndexWorld();
  await world.segments([event('alice'), event('bob')], [event('carol')], [event('dave')], ['no json']);
  writeCopy(world.builder.archive, at('archive'));
  mkdirSync(at('own'));
  configure('index: { fields: { orders: { actor: /actor, time: /time } } }');
  const init = ['init', '--config', at('verifier.yaml'), '--vkey', at('verifier.vkey')];
  expect(await ledgerstone(init)).toMatchObject({ code: 0 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function verifier() {
  const config = await loadVerifierConfig(at('verifier.yaml'), {});
  const clients = await openClients(config);
  return makeVerifier(config, clients, { checker: portableChecker(nodeContentTools), log: silentLogger });
}
const run = async (task: string) => answerEvent(await verifier(), { task }, () => 900_000);

const index = (...more: string[]) => ledgerstone(['index', '--config', at('verifier.yaml'), ...more]);
const find = (...more: string[]) =>
  ledgerstone([
    ...['find', at('archive'), '--key', vkey(), '--attestations', at('own')],
    ...['--cosigner', at('verifier.vkey'), ...more],
  ]);

const FOLDER = 'index/topic=orders/partition=0';
const notes = (): string[] => readdirSync(at(`own/${FOLDER}`)).sort();

/** Signed with the verifier's key: the segment has no values. */
async function lie(sequence: number): Promise<void> {
  const { step } = await verifier();
  const name = notes().find((one) => parseIndexKey(`${FOLDER}/${one}`)?.sequence === sequence) as string;
  const key = `${FOLDER}/${name}`;
  const right = parseIndex(noteContent(readFileSync(at(`own/${key}`)))) as SegmentIndex;
  const fields = right.fields.map((one) => ({ ...one, values: { kind: 'hashes', base64: '' } as const }));
  const signing = step.indexing?.options.bucket.signing as NonNullable<
    typeof step.indexing
  >['options']['bucket']['signing'];
  unlinkSync(at(`own/${key}`));
  writeFileSync(at(`own/${key}`), await signNote(signing, STILL, key, encodeIndex({ ...right, fields })));
}

describe('index', () => {
  it('writes what lacks, compares what is there, and says so', async () => {
    expect(await index()).toMatchObject({
      code: 0,
      out: 'orders/0  verified  4 segments: 4 indexes written, 0 there and right, 0 failed\n',
    });
    const all = notes();
    expect(all).toHaveLength(4);
    unlinkSync(at(`own/${FOLDER}/${all[1]}`));
    const second = await index('--json');
    expect(second.code).toBe(0);
    const indexes = { written: 1, there: 3, failed: 0 };
    expect(JSON.parse(second.out)).toMatchObject({ chains: [{ chain: 'orders', indexes }] });
    expect(notes()).toEqual(all);
  });

  it('says which index is wrong, and writes a right one beside it', async () => {
    // Without an attestation a search has nothing to compare with.
    await run('confirm');
    await lie(1);
    const { code, out } = await index();
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^ {2}index-mismatch: index\/.*says something else of \/actor, \/time$/m),
    ]);
    expect(notes()).toHaveLength(5);
    expect((await find('--where', '/actor=carol')).out).toContain('orders/0');
  });

  it('needs a configuration that asks for one, with at most 8 places', async () => {
    configure('');
    expect(await index()).toMatchObject({ code: 2, err: expect.stringContaining('asks for no index') });
    const names = Array.from({ length: 9 }, (_, at) => `f${at}: /f${at}`);
    configure(`index: { fields: { orders: { ${names.join(', ')} } } }`);
    expect(await index()).toMatchObject({
      code: 2,
      err: expect.stringContaining('at most 8 places, and has 9'),
    });
  });
});

describe('find --attestations', () => {
  it('passes segments by on the word of the verifier, says so, and ends with 0', async () => {
    await run('confirm');
    const { code, out, err } = await find('--where', '/actor=carol');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(
      `\non the word of ${NAME}, for 3 segments not read here: 1 hit, and nothing was left out: 1 record in 1 segment of 1 chain were searched\n`,
    );
    expect(out).toContain(`not looked at: 3 segments with 4 records not read, on the word of ${NAME}`);
    const whole = await find('--where', '/actor=carol', '--trust-nobody');
    expect([whole.code, whole.out]).toEqual([0, expect.not.stringContaining('on the word of')]);
    expect(whole.out).toContain('5 records in 4 segments of 1 chain were searched');
    const json = JSON.parse((await find('--where', '/actor=nobody', '--json')).out) as { statement: object };
    expect(json.statement).toMatchObject({ isComplete: false, isCompleteOnWord: true, hits: 0 });
  });

  it('still calls a field that no event has a mistake, and no none', async () => {
    await run('confirm');
    expect(await find('--where', '/nothing=1')).toMatchObject({ code: 2 });
    // The verifier says that some have this one.
    expect(await find('--where', '/actor=nobody')).toMatchObject({ code: 0 });
    configure('index: { fields: { orders: { actor: /nothing } } }');
    await index();
    const { code, err } = await find('--where', '/nothing=1');
    expect([code, err]).toEqual([2, expect.stringContaining('none of the 5 records')]);
  });

  it('hides what a dishonest verifier hides, until --trust-nobody or its next full pass', async () => {
    await run('confirm');
    await lie(1);
    const hidden = await find('--where', '/actor=carol');
    expect([hidden.code, hidden.out]).toEqual([0, expect.stringContaining(`on the word of ${NAME}`)]);
    expect(hidden.out).toContain('none, and nothing was left out');
    expect((await find('--where', '/actor=carol', '--trust-nobody')).out).toContain(
      '1 hit, and nothing was left out',
    );
    await run('full-pass');
    expect((await find('--where', '/actor=carol')).out).toContain('1 hit, and nothing was left out');
    const findings = readdirSync(at('own/findings/topic=orders/partition=0'));
    expect(findings).toEqual(['index-mismatch']);
  });

  it('is nothing that a package rests on', async () => {
    await run('confirm');
    await lie(1);
    const { code } = await ledgerstone([
      ...[
        'export',
        at('archive'),
        '--key',
        vkey(),
        '--attestations',
        at('own'),
        '--cosigner',
        at('verifier.vkey'),
      ],
      ...['--where', '/actor=carol', '--case', '1', '--purpose', 'x', '--by', 'y', '--out', at('case.zip')],
    ]);
    expect(code).toBe(0);
  });
});
