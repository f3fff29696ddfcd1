// Does `prove --stamp` find the stamp of an event and its renewals, and does `check --stamp` say what they show and no more?
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { stampedNote } from '../../../src/apps/cli/stamped-note.ts';
import { isStampShown, stampsText, surveyStamps } from '../../../src/apps/cli/stamps-survey.ts';
import { FormatError, LedgerstoneError } from '../../../src/base/error.ts';
import {
  encodeStampProof,
  parseStampProof,
  type StampLink,
  statementText,
} from '../../../src/format/stamp.ts';
import { faultyStore } from '../../support/memory-store.ts';
import { certificateOf, pemOf, tokenOf } from '../../support/stamp-authority.ts';
import { DAY_MS } from '../../support/stamp-world.ts';
import { type StampedArchive, stampedArchive } from '../../support/stamped-archive.ts';
import { PLACE, STILL } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

let world: StampedArchive;
const at = (name: string) => world.at(name);
let dir: string;
let held: StampedArchive['held'];
let times: StampedArchive['times'];
const archive = () => [...world.archive, '--topic', PLACE.chain, '--partition', '0'];
const attested = () => world.attested;

beforeAll(async () => {
  world = await stampedArchive();
  ({ dir, held, times } = world);
  for (const offset of [0, 9]) {
    const line = await ledgerstone(['get', ...archive(), '--from', String(offset), '--to', String(offset)]);
    writeFileSync(at(`line-${offset}`), line.out);
    const stampFile = at(`stamp-${offset}`);
    const asked = [...attested(), '--stamp', stampFile, '--tsa-root', at('root.pem')];
    const proof = await ledgerstone(['prove', ...archive(), '--offset', String(offset), ...asked]);
    expect([proof.code, proof.err]).toEqual([0, expect.stringContaining('its stamp is by')]);
    writeFileSync(at(`proof-${offset}`), proof.out);
  }
});
afterAll(() => world.remove());
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: times.renewed + DAY_MS }));
afterEach(() => void vi.useRealTimers());

const check = (offset: number, ...options: readonly string[]) =>
  ledgerstone([
    'check',
    at(`proof-${offset}`),
    '--entry',
    at(`line-${offset}`),
    '--key',
    at('log.vkey'),
    ...options,
  ]);
const withStamp = (offset: number, stamp = `stamp-${offset}`, root = 'root.pem') =>
  check(offset, '--stamp', at(stamp), '--tsa-root', at(root));
const iso = (ms: number) => new Date(ms).toISOString();
const linksOf = (name: string) => parseStampProof(readFileSync(at(name)));
const asFile = (name: string, links: readonly StampLink[]) => {
  writeFileSync(at(name), encodeStampProof(links));
  return name;
};

describe('a stamped event', () => {
  it('existed by the time of its first stamp, by the word of an authority whose root was given', async () => {
    const { code, out } = await withStamp(0);
    expect([code, out]).toEqual([0, expect.stringContaining('checkpoint of size 2')]);
    expect(out).toContain(`existed by ${iso(times.first)} (give or take 1 s) according to First Authority`);
    expect(out).toContain('under the root you gave (Test Root, SHA-256 ');
    expect(out).toContain('renewed once');
    expect(out).toContain(`until ${iso(times.last)}`);
    const json = JSON.parse(
      (await check(0, '--stamp', at('stamp-0'), '--tsa-root', at('root.pem'), '--json')).out,
    );
    expect(json.stamp).toMatchObject({ kind: 'shown', existedBy: iso(times.first), renewals: 1 });
  });

  it('is shown so after its own certificate has ended, and by its renewal’s time where the first is not believed', async () => {
    vi.setSystemTime(times.ends + DAY_MS);
    expect((await withStamp(0)).out).toContain(`existed by ${iso(times.first)}`);
    vi.setSystemTime(times.last + 1_000);
    const { code, out, err } = await withStamp(0);
    expect([code, out]).toEqual([3, expect.stringContaining('ended at')]);
    expect(out).toContain('verified');
    expect(err).toContain('nothing about time is shown, so the exit code is 3');
    vi.setSystemTime(times.ends + DAY_MS);
    const [first] = linksOf('stamp-0');
    const alone = asFile('alone', [first as StampLink]);
    expect((await withStamp(0, alone)).out).toContain('by First Authority ended at');
  });

  it('of which nobody names the authority shows nothing about time', async () => {
    const none = await check(0, '--stamp', at('stamp-0'));
    expect([none.code, none.out]).toEqual([
      3,
      expect.stringContaining('whom nobody vouches for without --tsa-root'),
    ]);
    expect(none.out).not.toContain('existed by');
    const other = await withStamp(0, 'stamp-0', 'other.pem');
    expect([other.code, other.out]).toEqual([
      3,
      expect.stringContaining('leads to none of the roots you gave'),
    ]);
  });

  it('of a later day leads to that day’s checkpoint', async () => {
    const { code, out } = await withStamp(9);
    expect([code, out]).toEqual([0, expect.stringContaining('checkpoint of size 4')]);
    expect(out).toContain(`existed by ${iso(times.renewed)}`);
  });
});

describe('a stamp', () => {
  it('of another proof, or with a renewal of another stamp, is a lie', async () => {
    const swapped = await withStamp(0, 'stamp-9');
    expect([swapped.code, swapped.out]).toEqual([
      1,
      expect.stringContaining('another checkpoint than the proof has'),
    ]);
    const [first, second] = linksOf('stamp-0') as [StampLink, StampLink];
    const [third] = linksOf('stamp-9') as [StampLink];
    const wrong = asFile('wrong', [first, { ...third, index: second.index === 0 ? 1 : 0 }]);
    expect((await withStamp(0, wrong)).code).toBe(1);
    const moved = asFile('moved', [{ ...first, statement: { ...first.statement, date: '2026-11-01' } }]);
    expect((await withStamp(0, moved)).out).toContain('over other bytes');
    const archived = { ...first.statement, archiveOrigin: 'audit.example.com/other' };
    const other = asFile('other', [{ ...first, statement: archived }]);
    expect((await withStamp(0, other)).out).toContain('a stamp of the archive audit.example.com/other');
  });

  it('by an authority whose name would move a terminal is shown without that', async () => {
    const [first] = linksOf('stamp-0') as [StampLink];
    const root = await certificateOf('Evil Root', { to: times.last });
    const evil = await certificateOf('\u001b[2JEvil\u0007', { to: times.last, issuer: root });
    const token = await tokenOf(evil, statementText(first.statement), { genTimeMs: times.first });
    writeFileSync(at('evil.pem'), pemOf(root));
    const { code, out, err } = await withStamp(0, asFile('evil', [{ ...first, token }]), 'evil.pem');
    expect([code, out]).toEqual([0, expect.stringContaining('Evil')]);
    const isControl = (letter: string) => letter < ' ' && letter !== '\n';
    expect([...`${out}${err}`].filter(isControl)).toEqual([]);
  });

  it('that is no such file is no verdict', async () => {
    for (const text of [
      '',
      'ledgerstone/stamp-proof/1\n',
      readFileSync(at('stamp-0'), 'utf8').replaceAll('\n', '\r\n'),
    ]) {
      writeFileSync(at('odd'), text);
      const { code, err } = await withStamp(0, 'odd');
      expect([code, err]).toEqual([2, expect.stringContaining('is no proof of a stamp')]);
    }
    const root = await withStamp(0, 'stamp-0', 'log.vkey');
    expect([root.code, root.err]).toEqual([2, expect.stringContaining('no certificate in PEM')]);
    expect((await check(0, '--tsa-root', at('root.pem'))).code).toBe(2);
  });

  it('is not there yet for what was attested after the last one, and none by another authority', async () => {
    const later = await ledgerstone([
      'prove',
      ...archive(),
      '--offset',
      '12',
      ...attested(),
      '--stamp',
      at('new'),
    ]);
    expect([later.code, later.err]).toEqual([
      4,
      expect.stringContaining('below no checkpoint that was stamped'),
    ]);
    const asked = ['--stamp', at('new'), '--tsa-root', at('other.pem')];
    const other = await ledgerstone(['prove', ...archive(), '--offset', '0', ...attested(), ...asked]);
    expect(other.code).toBe(4);
  });

  it('is found whatever else lies at the keys of stamps, which is passed over with a word', async () => {
    const first = iso(times.first).slice(0, 10);
    cpSync(at('own'), at('kept'), { recursive: true });
    const lay = (date: string, name: string, bytes: Uint8Array) => {
      mkdirSync(join(dir, 'own/passes/stamps', date), { recursive: true });
      writeFileSync(join(dir, 'own/passes/stamps', date, name), bytes);
    };
    try {
      lay('9999-12-31', '001795341600-009999999999.tst', Buffer.from('no token'));
      lay('2026-02-31', '001795341600-009999999999.tst', Buffer.from('no day'));
      lay(first, '000000000000-000000000000.tst', new Uint8Array(200_000));
      lay(first, 'more', new Uint8Array(10));
      const prove = (offset: string, stamp: string) =>
        ledgerstone(['prove', ...archive(), '--offset', offset, ...attested(), '--stamp', at(stamp)]);
      const found = await prove('0', 'among-junk');
      expect([found.code, found.err]).toEqual([
        0,
        expect.stringContaining('its stamp is by First Authority'),
      ]);
      expect(found.err).toContain('passed over, no stamp: passes/stamps/9999-12-31/');
      expect(found.err).toContain(`passed over, no stamp: passes/stamps/${first}/000000000000`);
      expect(readFileSync(at('among-junk'))).toEqual(readFileSync(at('stamp-0')));
      const none = await prove('12', 'never');
      expect([none.code, none.err]).toEqual([4, expect.stringContaining('Not a stamp: passes/stamps/9999')]);
      // Too many to read: the day has no stamp for anybody, and that is said.
      for (let seconds = 0; seconds < 60; seconds++)
        lay(first, `${String(seconds).padStart(12, '0')}-000000000000.tst`, Buffer.from('x'));
      const flooded = await prove('0', 'flooded');
      expect([flooded.code, flooded.err]).toEqual([0, expect.stringContaining('its stamp is by Second')]);
      expect(flooded.err).toMatch(/and \d+ more/);
      const survey = await ledgerstone([
        ...['verify', at('archive'), '--key', at('log.vkey'), '--as-copy', ...attested()],
        ...['--tsa-root', at('root.pem')],
      ]);
      expect(survey.out).toContain(`${first}: more than 50 objects lie at its keys, and none that was read`);
    } finally {
      rmSync(at('own'), { recursive: true });
      renameSync(at('kept'), at('own'));
    }
  });

  it('is written over nothing, and asked for with its attestations', async () => {
    const there = ['--stamp', at('stamp-0')];
    const over = await ledgerstone(['prove', ...archive(), '--offset', '0', ...attested(), ...there]);
    expect([over.code, over.err]).toEqual([2, expect.stringContaining('exists, and stays as it is')]);
    expect((await ledgerstone(['prove', ...archive(), '--offset', '0', '--stamp', at('new')])).code).toBe(2);
  });
});

describe('verify --attestations', () => {
  const verify = (...options: readonly string[]) =>
    ledgerstone(['verify', at('archive'), '--key', at('log.vkey'), '--as-copy', ...attested(), ...options]);
  const days = () => [iso(times.first), iso(times.renewed)].map((time) => time.slice(0, 10)).join(' to ');

  it('lists the days that have a stamp, and reads them with the root of an authority', async () => {
    const listed = await verify();
    expect([listed.code, listed.out]).toEqual([
      0,
      expect.stringContaining(`time-stamps: of 3 days from ${days()}.`),
    ]);
    expect(listed.out).toContain('Not read: --tsa-root names the authority');
    const read = await verify('--tsa-root', at('root.pem'));
    expect([read.code, read.out]).toEqual([
      0,
      expect.stringContaining(`3 of 3 days from ${days()} hold under`),
    ]);
    const json = JSON.parse((await verify('--tsa-root', at('root.pem'), '--json')).out);
    expect(json.stamps).toMatchObject({ days: 3, shown: 3, missing: 0, notShown: [], foreign: [] });
    // The first one has ended by itself, and was renewed.
    vi.setSystemTime(times.ends + DAY_MS);
    expect((await verify('--tsa-root', at('root.pem'))).out).toContain('3 of 3 days');
    vi.setSystemTime(times.last + DAY_MS);
    const ended = await verify('--tsa-root', at('root.pem'));
    expect([ended.code, ended.out]).toEqual([3, expect.stringContaining('0 of 3 days')]);
    expect(ended.out).toContain('not renewed');
  });

  it('says that another root shows none of them, and what is no root', async () => {
    const other = await verify('--tsa-root', at('other.pem'));
    expect([other.code, other.out]).toEqual([3, expect.stringContaining('0 of 3 days')]);
    expect(other.out).toContain('leads to none of the roots that were given');
    expect(other.err).toContain('--tsa-root: not each stamp is shown by it');
    expect((await verify('--tsa-root', at('log.vkey'))).code).toBe(2);
    const alone = ['verify', at('archive'), '--key', at('log.vkey'), '--tsa-root', at('root.pem')];
    expect((await ledgerstone(alone)).code).toBe(2);
  });

  it('names days without a stamp and objects that are none, and the archive is verified all the same', async () => {
    const [middle] = [times.first + DAY_MS].map((ms) => iso(ms).slice(0, 10));
    cpSync(at('own'), at('kept'), { recursive: true });
    try {
      const folder = join(dir, 'own', 'passes/stamps', middle as string);
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      const gap = await verify('--tsa-root', at('root.pem'));
      expect([gap.code, gap.out]).toEqual([0, expect.stringContaining(`1 day between without: ${middle}`)]);
      writeFileSync(join(folder, '001795341600-009999999999.tst'), 'no token');
      const { code, out } = await verify('--tsa-root', at('root.pem'));
      expect([code, out]).toEqual([3, expect.stringContaining('2 of 3 days')]);
      expect(out).toContain('not a stamp: passes/stamps/');
      expect(out).toMatch(/verdict.*verified|verified/);
    } finally {
      rmSync(at('own'), { recursive: true });
      renameSync(at('kept'), at('own'));
    }
  });

  it('takes a key of a day that nobody can have stamped for no stamp, whatever span it would make', async () => {
    cpSync(at('own'), at('kept'), { recursive: true });
    try {
      const ahead = iso(Date.now() + 2 * DAY_MS).slice(0, 10);
      const odd = ['0001-01-01', '1970-01-02', '2025-12-31', ahead, '9999-12-31'];
      for (const date of odd) {
        mkdirSync(join(dir, 'own/passes/stamps', date), { recursive: true });
        writeFileSync(join(dir, 'own/passes/stamps', date, '001795341600-009999999999.tst'), 'no token');
      }
      for (const root of [[], ['--tsa-root', at('root.pem')]]) {
        const { code, out } = await verify(...root);
        expect([code, out]).toEqual([0, expect.stringContaining(`of 3 days from ${days()}`)]);
        for (const date of odd) expect(out).toContain(`not a stamp: passes/stamps/${date}/`);
        const { stamps } = JSON.parse((await verify(...root, '--json')).out);
        expect(stamps).toMatchObject({ days: 3, missing: 0, missingDates: [], foreignCount: odd.length });
      }
    } finally {
      rmSync(at('own'), { recursive: true });
      renameSync(at('kept'), at('own'));
    }
  });

  it('counts days without a stamp and names the first of them', async () => {
    cpSync(at('own'), at('kept'), { recursive: true });
    try {
      const early = iso(times.first - 30 * DAY_MS).slice(0, 10);
      mkdirSync(join(dir, 'own/passes/stamps', early), { recursive: true });
      writeFileSync(join(dir, 'own/passes/stamps', early, '001795341600-009999999999.tst'), 'no token');
      const { stamps } = JSON.parse((await verify('--json')).out);
      expect([stamps.days, stamps.missing, stamps.missingDates.length]).toEqual([4, 29, 5]);
      expect((await verify()).out).toMatch(/29 days between without: ([\d-]+, ){4}[\d-]+ …/);
    } finally {
      rmSync(at('own'), { recursive: true });
      renameSync(at('kept'), at('own'));
    }
  });

  it('says of a day that can’t be read just that, and of the others what they show', async () => {
    const { roots, attestations, newest } = held;
    const [first, , renewed] = [0, 1, 2].map((day) => iso(times.first + day * DAY_MS).slice(0, 10));
    const plan = ({ method, key }: { readonly method: string; readonly key: string }) =>
      method === 'read' && key.includes(`/${renewed}`) ? { kind: 'fails' as const } : undefined;
    const store = faultyStore(attestations.store, plan, STILL);
    vi.setSystemTime(times.ends + DAY_MS);
    const survey = await surveyStamps(
      { ...attestations, store },
      { newest },
      roots,
      new AbortController().signal,
    );
    expect(survey).toMatchObject({ days: 3, shown: 1 });
    expect(stampsText(survey, roots)).toContain(`${renewed}: it could not be read: `);
    // The day that was not read renews the first one.
    expect(stampsText(survey, roots)).toMatch(new RegExp(`${first}: .* a later day, which may renew it`));
    expect(isStampShown(survey, roots)).toBe(false);
  });
});

it('an attestation that could not be read is no reason to say that nothing is stamped', async () => {
  const asked = (error: Error) =>
    stampedNote(
      { ...held.attestations, reader: { of: () => Promise.reject(error) } } as never,
      PLACE,
      {
        sequence: 0,
        manifest: { origin: held.newest[0]?.attested.origin, time: { sealed: iso(times.first) } },
      } as never,
      held.roots ?? [],
      new AbortController().signal,
    );
  await expect(asked(new LedgerstoneError('unavailable', 'no answer'))).rejects.toThrow('no answer');
  await expect(asked(new FormatError('nobody signed it'))).rejects.toMatchObject({ code: 'not-stamped' });
});
