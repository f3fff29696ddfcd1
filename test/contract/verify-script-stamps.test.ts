// Does the script in a package find in its time-stamps what the program finds, by openssl alone?
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { stampPath } from '../../src/evidence/package.ts';
import { parseSignedCheckpoint } from '../../src/format/note.ts';
import {
  encodeStampProof,
  parseStampProof,
  type StampLink,
  type StampStatement,
  statementText,
} from '../../src/format/stamp.ts';
import { leafHash } from '../../src/merkle/tree.ts';
import { opensslAuthority } from '../support/openssl-authority.ts';
import { type Files, filesOf, relisted } from '../support/package-world.ts';
import { certificateOf, pemOf, tokenOf } from '../support/stamp-authority.ts';
import { DAY_MS } from '../support/stamp-world.ts';
import { type StampedArchive, stampedArchive } from '../support/stamped-archive.ts';
import { PLACE } from '../support/verifier-world.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';

const STAMP = stampPath(PLACE.chain, 0);
let world: StampedArchive;
let files: Files;
const at = (name: string) => world.at(name);

beforeAll(async () => {
  world = await stampedArchive();
  const about = ['--case', '1', '--purpose', 'Audit', '--by', 'Ada', '--out', at('case.zip')];
  const asked = ['--topic', PLACE.chain, '--partition', '0', '--offsets', '0-1', ...world.attested];
  const { code, err } = await ledgerstone(['export', ...world.archive, ...about, ...asked, '--stamp']);
  expect([code, err]).toEqual([0, expect.any(String)]);
  files = filesOf(at('case.zip'));
});
afterAll(() => world.remove());

let count = 0;
/** The events are not looked at again: that takes half a second for each. */
function run(of: Files, root?: string) {
  const folder = at(`script-${count++}`);
  for (const [path, bytes] of of) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const args = [join(folder, 'verify.sh'), at('log.vkey'), '', ...(root === undefined ? [] : [at(root)])];
  const ran = spawnSync('bash', args, { encoding: 'utf8' });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

const links = (): StampLink[] => parseStampProof(files.get(STAMP) as Uint8Array);
const stamped = (made: readonly StampLink[]): Files =>
  relisted(new Map(files).set(STAMP, encodeStampProof(made)));
const second = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

describe('verify.sh', () => {
  it('shows by when a checkpoint existed, under the root of the reader alone', () => {
    const { code, out, err } = run(files, 'root.pem');
    expect(err).toBe('');
    expect(out).toContain(`The checkpoint of ${PLACE.chain}/0 existed by ${second(world.times.first)}`);
    expect(out).toContain('Whether a certificate was revoked was not looked at.');
    // Of the list of files that nobody signed alone.
    expect([code, out.match(/OPEN: /g)?.length]).toEqual([3, 1]);
    const none = run(files);
    expect(none.out).toContain('It shows nothing about time without the root certificate of its authority.');
    expect(none.out).not.toContain('existed by');
    const other = run(files, 'other.pem');
    expect([other.code, other.out]).toEqual([
      3,
      expect.stringContaining('its time-stamp does not hold under the root in'),
    ]);
    expect(other.out).not.toContain('existed by');
    expect(run(files, 'log.vkey')).toMatchObject({ code: 2, err: expect.stringContaining('no certificate') });
  });

  it('says that a package has none, and is open where a root was given', async () => {
    const bare = relisted(new Map([...files].filter(([path]) => path !== STAMP)));
    expect(run(bare).out).toContain(`The checkpoint of ${PLACE.chain}/0 has no time-stamp.`);
    expect(run(bare, 'root.pem').out).toContain('existed is not shown: it has no time-stamp.');
  });

  it('takes the time of the renewal where the first token ended, or is by somebody else', async () => {
    const [first] = links() as [StampLink];
    const by = async (signer: Awaited<ReturnType<typeof certificateOf>>, genTimeMs: number) => {
      const token = await tokenOf(signer, statementText(first.statement), { genTimeMs });
      return { ...first, token };
    };
    const root = await certificateOf('Own Root', { to: Date.now() + 900 * DAY_MS });
    writeFileSync(at('own.pem'), pemOf(root));
    const past = Date.now() - 40 * DAY_MS;
    const ended = await certificateOf('Ended', { to: Date.now() - 10 * DAY_MS, issuer: root });
    const lasting = await certificateOf('Lasting', { to: Date.now() + 10 * DAY_MS, issuer: root });
    const over = stamped([await by(ended, past)]);
    expect(run(over, 'own.pem').out).toContain('does not hold under the root in');
    const shown = stamped([await by(lasting, past)]);
    expect(run(shown, 'own.pem').out).toContain(`existed by ${second(past)}`);
    // Renewed while it was valid, by one that still is.
    const old = await by(ended, past);
    const renewed = stamped([old, await renewalOf(old, lasting, past + DAY_MS)]);
    expect(run(renewed, 'own.pem').out).toContain(`existed by ${second(past)}`);
    const stranger = await certificateOf('Stranger', { to: Date.now() + 10 * DAY_MS });
    const foreign = await by(stranger, past);
    const late = stamped([foreign, await renewalOf(foreign, lasting, past + DAY_MS)]);
    expect(run(late, 'own.pem').out).toContain(`existed by ${second(past + DAY_MS)}`);
  });

  it('takes the tokens of OpenSSL’s own authority, with an intermediate certificate', async () => {
    await using authority = await opensslAuthority();
    const [first] = links() as [StampLink];
    const text = statementText(first.statement);
    writeFileSync(join(authority.folder, 'text'), text);
    authority.openssl('ts', '-query', '-data', 'text', '-sha256', '-cert', '-out', 'query');
    authority.openssl(
      ...['ts', '-reply', '-config', 'ts.cnf', '-queryfile', 'query', '-token_out', '-out', 'token'],
    );
    writeFileSync(at('openssl.pem'), authority.roots);
    const token = new Uint8Array(readFileSync(join(authority.folder, 'token')));
    const { out } = run(stamped([{ ...first, token }]), 'openssl.pem');
    expect(out).toMatch(/existed by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, by an authority/);
  });

  it('calls broken what is no stamp of this checkpoint, with and without a root', async () => {
    const [first, next] = links() as [StampLink, StampLink];
    const flipped = Uint8Array.from(first.token);
    flipped[flipped.length - 1]! ^= 1;
    const otherDay = { ...first.statement, date: '2026-11-01' };
    const lies: Readonly<Record<string, readonly StampLink[]>> = {
      'of another leaf': [next],
      'with a signature that does not hold': [{ ...first, token: flipped }],
      'over another statement': [{ ...first, statement: otherDay }],
      'of another archive': [{ ...first, statement: { ...first.statement, archiveOrigin: 'example.com/x' } }],
      'with a renewal of another stamp': [first, { ...first, index: 0 }],
      'renewed by an older one': [
        first,
        await renewalOf(first, await certificateOf('Old', { to: Date.now() }), 1),
      ],
    };
    for (const [name, made] of Object.entries(lies))
      for (const root of [undefined, 'root.pem'])
        expect([name, run(stamped(made), root)]).toMatchObject([
          name,
          { code: 1, err: expect.stringContaining(`BROKEN: ${STAMP} is no time-stamp of this checkpoint`) },
        ]);
    const junk = relisted(
      new Map(files).set(STAMP, Buffer.from('ledgerstone/stamp-proof/1\n\n$(touch x)\n')),
    );
    expect(run(junk).code).toBe(1);
    const extra = relisted(new Map(files).set('stamps/x/0.stamp-proof', files.get(STAMP)!));
    expect(run(extra)).toMatchObject({ code: 1, err: expect.stringContaining('is of no checkpoint here') });
  });
});

/** A link that renews it: its list has that one thing. */
async function renewalOf(
  before: StampLink,
  signer: Awaited<ReturnType<typeof certificateOf>>,
  genTimeMs: number,
): Promise<StampLink> {
  const { archiveOrigin } = before.statement;
  const covered = nodeSha256(Buffer.concat([statementText(before.statement), before.token]));
  const line = Buffer.from(covered).toString('base64');
  const leaf = Buffer.from(`ledgerstone/renewal/1\n${before.statement.date}\n${line}\n`);
  const root = leafHash(nodeSha256, leaf);
  const statement: StampStatement = { archiveOrigin, date: '2026-11-30', leaves: 1, root };
  const token = await tokenOf(signer, statementText(statement), { genTimeMs });
  return { statement, index: 0, path: [], token };
}

it('the checkpoint in these tests is the stamped one', () => {
  const note = files.get(`checkpoints/${PLACE.chain}/0.checkpoint`) as Uint8Array;
  expect(parseSignedCheckpoint(note).checkpoint.size).toBe(2);
});
