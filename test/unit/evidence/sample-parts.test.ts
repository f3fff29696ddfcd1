// Does a sample that is too large for one package show in each part, and only together, what was drawn?
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Exported } from '../../../src/apps/cli/export-run.ts';
import { exportSearch } from '../../../src/apps/cli/export-search.ts';
import { queryOf } from '../../../src/apps/cli/find-options.ts';
import { readTrustedKeys } from '../../../src/apps/cli/keys.ts';
import { openArchiveStore } from '../../../src/apps/cli/open-archive.ts';
import { RECORDED } from '../../../src/evidence/protocol.ts';
import { localSigner } from '../../../src/sign/local.ts';
import {
  changeText,
  filesOf,
  type PackageWorld,
  packageWorld,
  relisted,
  writeZip,
} from '../../support/package-world.ts';
import { unsignedList } from '../../support/tampered-samples.ts';
import { ledgerstone } from '../cli/captured-io.ts';

const DRAWN = 24;
let world: PackageWorld;
let exported: Exported;
let names: readonly string[];

beforeAll(async () => {
  world = await packageWorld();
  const store = await openArchiveStore({ kind: 'directory', path: world.at('archive') });
  const trusted = await readTrustedKeys([world.at('archive.vkey')]);
  const { signal } = new AbortController();
  const { query } = await queryOf({ tz: 'UTC', time: 'record' }, { config: null }, {}, 'all');
  exported = await exportSearch({
    ...{
      attestations: null,
      stamping: null,
      cosigners: [],
      signal,
      out: world.at('drawn.zip'),
      survey: null,
    },
    find: { store, trusted, query, signal, nowMs: Date.now(), since: [], confirmed: [] },
    draw: { seed: { seed: { text: 'a seed', root: '' }, note: null, checkpoint: null }, count: DRAWN },
    signer: await localSigner({ keyFile: world.at('export-key.pem') }),
    ...{ caseName: 'c', purpose: 'p', by: 'b', archiveName: 'archive', recorded: RECORDED.alone },
    partMax: { events: 10, lineBytes: 1e6, proofBytes: 1e6 },
  });
  await store.close();
  names = exported.packages.map(({ name }) => name);
});
afterAll(() => world.remove());

const jsonOf = (name: string, path: string) =>
  JSON.parse(Buffer.from(filesOf(name).get(path) as Uint8Array).toString());
const verify = async (of: readonly string[]) => {
  const { out, code } = await ledgerstone(['verify-package', ...of, ...world.key, '--json']);
  const { colour, parts, packages } = JSON.parse(out);
  const kinds = packages.flatMap(({ findings }: { findings: { kind: string }[] }) =>
    findings.map(({ kind }) => kind),
  );
  return { code, colour, parts, kinds };
};

describe('a sample in three parts', () => {
  it('has each drawn record once, and the whole draw in each part', () => {
    expect(names).toEqual([1, 2, 3].map((part) => world.at(`drawn.${part}.zip`)));
    expect([exported.events, exported.packages.map(({ events }) => events)]).toEqual([DRAWN, [10, 10, 4]]);
    const statements = names.map((name) => jsonOf(name, 'statement.json'));
    expect(statements.map(({ before, lines }) => [before, lines])).toEqual([
      [0, 10],
      [10, 10],
      [20, 4],
    ]);
    const [first, ...others] = statements.map(({ sample }) => sample);
    expect(first.records).toHaveLength(DRAWN);
    for (const other of others) expect(other).toEqual(first);
    const proofs = names.flatMap((name) =>
      [...filesOf(name).keys()].filter((path) => path.startsWith('proofs/')),
    );
    const drawn = first.records.map(
      ({ chain, partition, offset }: { chain: string; partition: number; offset: number }) =>
        `proofs/${chain}/${partition}/${String(offset).padStart(16, '0')}.tlog-proof`,
    );
    expect(proofs.sort()).toEqual(drawn.sort());
  });

  it('is what one package of the same seed has', async () => {
    const one = await world.exported('one.zip', '--sample', String(DRAWN), '--seed', 'a seed');
    expect(jsonOf(one, 'statement.json').sample).toEqual(jsonOf(names[0] as string, 'statement.json').sample);
  });

  it('is complete with all of them, and each alone is not', async () => {
    expect(await verify(names)).toMatchObject({ parts: 'complete', kinds: [] });
    for (const name of names)
      expect(await verify([name])).toMatchObject({ code: 3, parts: 'incomplete', kinds: [] });
    expect(await verify([names[0] as string, names[2] as string])).toMatchObject({ parts: 'incomplete' });
  });

  it('is red where a part has a record that the seed does not draw', async () => {
    const [, second] = names as [string, string];
    const files = filesOf(second);
    const { sample } = jsonOf(second, 'statement.json');
    const here = sample.records.find(({ chain, partition, offset }: (typeof sample.records)[0]) =>
      files.has(`proofs/${chain}/${partition}/${String(offset).padStart(16, '0')}.tlog-proof`),
    ) as { rank: string };
    // In the same order as before.
    const rank = `${here.rank.slice(0, -1)}${here.rank.endsWith('0') ? '1' : '0'}`;
    const changed = changeText(files, 'statement.json', (text) => text.replace(here.rank, rank));
    const { code, kinds } = await verify([writeZip(world.at('changed.zip'), unsignedList(changed))]);
    expect([code, kinds]).toEqual([1, expect.arrayContaining(['not-drawn'])]);
  });

  it('is red where an event is taken out of a part, with a list that fits', async () => {
    const files = new Map(filesOf(names[1] as string));
    const proof = [...files.keys()].find((path) => path.startsWith('proofs/')) as string;
    files.delete(proof);
    const [, chain, partition, offset] = /^proofs\/([^/]+)\/(\d+)\/0*(\d+)\./.exec(
      proof,
    ) as unknown as string[];
    const fewer = changeText(files, `events/${chain}/${partition}.jsonl`, (text) =>
      text.replace(new RegExp(`^\\{"offset":${offset},.*\\n`, 'm'), ''),
    );
    const file = writeZip(world.at('fewer.zip'), relisted(fewer));
    expect((await verify([file])).code).toBe(1);
  });
});
