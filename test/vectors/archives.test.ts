// Does today's code still say of every frozen vector what was said when it was frozen?
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeLine, encodeEntry, encodeGap } from '../../src/format/record.ts';
import { directoryStore } from '../../src/store/directory.ts';
import { SEVERITY } from '../../src/verify/finding.ts';
import { writeCopy } from '../support/archive-builder.ts';
import { readArchiveVectors, thawArchive, thawBytes, WARNING } from './archive-vector.ts';
import { freezeRecord, readObjectVectors, thawRecord, verdictOn } from './object-vector.ts';
import { listed, readPins } from './pins.ts';
import { chainsOf, codesOf, cosignerCodes, runVector } from './run-vector.ts';

const archives = readArchiveVectors();
const objects = readObjectVectors();
const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-vectors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the vectors', () => {
  it('are the ones that were frozen', () => {
    expect(Object.fromEntries(listed())).toEqual(Object.fromEntries(readPins()));
    expect(new Set(objects.map(({ name }) => name)).size).toBe(objects.length);
  });

  it('show every finding that there is', () => {
    const shown = new Set(archives.flatMap(({ expect: { codes }, cosigner = {} }) => [...codes, ...Object.values(cosigner).flat()]));
    const missing = Object.keys(SEVERITY).filter((code) => !shown.has(code as keyof typeof SEVERITY));
    // What no archive shows, but only the account that it lies in, an index, or a certificate (objects below).
    expect(missing.sort()).toEqual(['access-attempt', 'configuration-drift', 'data-returned', 'index-mismatch']);
  });

  it('say that their keys are to be trusted by nobody', () => {
    for (const { keys } of archives) expect(keys).toBe(WARNING);
  });
});

describe('archives', () => {
  it.each(archives)('$name: $about', async (vector) => {
    const report = await runVector(vector, thawArchive(vector));
    const codes = codesOf(report).filter((code) => !vector.mayAlso.includes(code));
    expect({ verdict: report.verdict, codes, chains: chainsOf(report) }).toEqual(vector.expect);
    const beside = (report.beside?.archives ?? []).map((one) => ({
      ...{ verdict: one.report.verdict, codes: codesOf(one.report), chains: chainsOf(one.report) },
    }));
    expect(beside).toEqual((vector.shown ?? []).map((one) => one.expect));
    expect(vector.expect.verdict === 'verified').toBe(!vector.name.startsWith('bad-'));
    const all = [vector, ...(vector.shown ?? [])].flatMap((one) => one.expect.codes);
    expect(all.length === 0).toBe(vector.name.startsWith('good-'));
  });

  it.each(archives.filter(({ copy }) => copy !== null))('as a copy: $name', async (vector) => {
    const path = join(folder, vector.name);
    mkdirSync(path);
    writeCopy(thawArchive(vector), path);
    const report = await runVector(vector, directoryStore({ path }));
    const codes = codesOf(report).filter((code) => !vector.mayAlso.includes(code));
    expect({ verdict: report.verdict, codes }).toEqual(vector.copy);
  });
});

describe('a cosigner', () => {
  it.each(archives.filter(({ cosigner }) => cosigner !== undefined))('finds in $name', async (vector) => {
    expect(await cosignerCodes(vector)).toEqual(vector.cosigner);
  });
});

describe('objects', () => {
  it.each(objects)('$name: $about', async (vector) => {
    expect(await verdictOn(vector)).toBe(vector.expect);
    expect(vector.expect === 'accepted').toBe(!vector.name.includes('/not-'));
  });

  it.each(objects.filter(({ carries }) => carries !== undefined))('both ways: $name', ({ bytes, carries }) => {
    const decoded = decodeLine(thawBytes(bytes));
    if (carries === undefined) throw new Error('filtered');
    if ('gap' in carries) {
      expect(decoded).toEqual({ kind: 'gap', gap: carries.gap });
      expect(Buffer.from(encodeGap(carries.gap))).toEqual(Buffer.from(thawBytes(bytes)));
    } else {
      expect(decoded.kind === 'entry' && freezeRecord(decoded.record)).toEqual(carries.record);
      expect(Buffer.from(encodeEntry(thawRecord(carries.record)))).toEqual(Buffer.from(thawBytes(bytes)));
    }
  });
});
