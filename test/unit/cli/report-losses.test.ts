// Does a report of losses say no more than was looked at, and is it the one that was signed?
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LossesReport } from '../../../src/evidence/report/losses.ts';
import { type ReportWorld, reportWorld } from '../../support/report-world.ts';

let world: ReportWorld;
let key: string[];
let number = 0;
beforeAll(async () => {
  world = await reportWorld();
  key = ['--key', world.at('archive.vkey')];
});
afterAll(() => world.remove());

async function losses(archive: string, ...args: string[]) {
  const name = world.at(`r${number++}`);
  const files = ['--out', `${name}.html`, '--json', `${name}.json`, '--csv', `${name}.csv`];
  const { code, out, err } = await world.report('losses', world.at(archive), ...key, ...files, ...args);
  const read = (ending: string) =>
    existsSync(`${name}.${ending}`) ? readFileSync(`${name}.${ending}`, 'utf8') : '';
  const json = read('json');
  return {
    ...{ code, out, err, file: `${name}.html`, html: read('html'), csv: read('csv'), json },
    report: (json === '' ? null : JSON.parse(json)) as LossesReport,
  };
}

describe('report losses', () => {
  it('says first what is lost and how far it looked', async () => {
    const { code, out, report, html, csv } = await losses('archive', '--by', 'Ada Byron');
    expect(code).toBe(0);
    expect(report.verdict.standing).toBe('found');
    expect(out).toBe(
      '21 records are lost, in 2 gaps, by the signed word of those who gave them up (6 segments of 2 chains read).\n',
    );
    expect(html.indexOf(out.trim())).toBeLessThan(html.indexOf('<table'));
    expect(report.verdict.bounds.join('\n')).toMatch(
      /orders\/0 is sealed up to \S+Z: of later records nothing/,
    );
    expect(csv.split('\r\n')).toHaveLength(5);
    expect(csv).toContain(`"'=HYPERLINK(""x"")"`);
  });

  it('has the protocol that an auditor asks for', async () => {
    const { html, report, json } = await losses('archive', '--by', 'Ada Byron');
    const { protocol, chains } = report;
    expect(protocol).toMatchObject({ by: 'Ada Byron', program: { name: 'ledgerstone' }, exitCode: 0 });
    expect(protocol.program.build).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(chains[0]).toMatchObject({
      chain: 'orders',
      firstOffset: 0,
      lastOffset: 34,
      archived: 6,
      gaps: 29,
    });
    expect(chains[0]?.checkpoint).toEqual({ size: 4, root: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const digest = createHash('sha256').update(json).digest('hex');
    for (const word of [
      'Ada Byron',
      digest,
      protocol.program.build,
      chains[0]?.checkpoint?.root,
      'not signed',
    ])
      expect(html).toContain(word as string);
  });

  it('shows what somebody else wrote as text', async () => {
    const { html, json } = await losses('archive');
    expect(html).not.toMatch(/<script|<img/);
    expect(html).toContain('&lt;/td&gt;&lt;/template&gt;&lt;script&gt;');
    expect(html).toContain('gnp&quot;&#39;&#96;&amp;amp;');
    expect(JSON.parse(json).data.gaps[0].why).toContain('</template><script>');
  });

  it('of an archive without losses: none, in what is named', async () => {
    const { code, report } = await losses('whole');
    expect([code, report.verdict.standing]).toEqual([0, 'whole']);
    expect(report.verdict.sentence).toMatch(/^No loss is stated in the 2 segments of 1 chain: every offset/);
  });

  it('of one chain: says that the others were not asked for', async () => {
    const { report } = await losses('archive', '--topic', 'payments', '--partition', '0');
    expect(report.verdict.standing).toBe('whole');
    expect(report.verdict.sentence).toContain('2 segments of 1 chain');
    expect(report.verdict.bounds[0]).toBe('Chains other than payments/0: it alone was asked for.');
  });
});

describe('a report never says "none" of what it did not see', () => {
  it.each([
    ['a seal in the middle is gone', 'seals/topic=orders/partition=0/000000000002.tlog-proof'],
    ['the first seal is gone', 'seals/topic=orders/partition=0/000000000000.tlog-proof'],
    ['all seals of a chain are gone', 'seals/topic=orders'],
  ])('%s', async (_, path) => {
    const copy = world.at(`copy${number++}`);
    const { cpSync } = await import('node:fs');
    cpSync(world.at('whole'), copy, { recursive: true });
    const { code: before } = await losses(copy.slice(world.dir.length + 1));
    expect(before).toBe(0);
    cpSync(world.at('archive'), copy, { recursive: true });
    rmSync(join(copy, path), { recursive: true });
    const { code, report, html } = await losses(copy.slice(world.dir.length + 1));
    expect(code).toBeGreaterThan(0);
    expect(report.verdict.standing).not.toBe('whole');
    expect(report.verdict.sentence).toContain('Not all chains could be read');
    expect(html).not.toContain('nothing was found');
  });

  it('the newest segments are cut off: says up to when it is sealed, and what would show it', async () => {
    const copy = world.at(`copy${number++}`);
    const { cpSync } = await import('node:fs');
    cpSync(world.at('archive'), copy, { recursive: true });
    for (const folder of ['seals', 'data']) {
      const below = join(copy, folder, 'topic=orders/partition=0');
      for (const file of readdirSync(below)) if (/^00000000000[123]/.test(file)) rmSync(join(below, file));
    }
    const { report } = await losses(copy.slice(world.dir.length + 1));
    expect(report.verdict.bounds.join()).toMatch(/orders\/0 is sealed up to/);
    expect(report.notLooked.join()).toContain('Whether the newest segments were cut off');
  });

  it('without a key there is no report', async () => {
    const { code, err } = await world.report('losses', world.at('archive'), '--out', world.at('no.html'));
    expect([code, existsSync(world.at('no.html'))]).toEqual([2, false]);
    expect(err).toContain('what was not checked is no evidence');
  });

  it('of a window that is inverted, or a file that is there', async () => {
    const { code, err } = await losses('archive', '--from', '2026-12-01', '--to', '2026-11-01');
    expect([code, err]).toEqual([2, expect.stringContaining('is not before')]);
    writeFileSync(world.at('there.html'), 'mine');
    const again = await world.report('losses', world.at('archive'), ...key, '--out', world.at('there.html'));
    expect([again.code, readFileSync(world.at('there.html'), 'utf8')]).toEqual([2, 'mine']);
    expect(readdirSync(world.dir).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });
});

describe('report check', () => {
  const check = (file: string, ...args: string[]) => world.report('check', file, ...args);
  const signed = () => losses('archive', '--sign-key', world.at('report-key.pem'));
  const changed = (html: string, change: (text: string) => string): string => {
    const name = world.at(`changed${number++}.html`);
    expect(change(html)).not.toBe(html);
    writeFileSync(name, change(html));
    return name;
  };

  it('is good only if a named key signed what the page shows', async () => {
    const { file, html } = await signed();
    expect(html).toContain('by the ed25519 key');
    const good = await check(file, '--signer', world.at('report.pem'));
    expect([good.code, good.out]).toEqual([
      0,
      'good: signed by a named key, and the page shows what was signed\n',
    ]);
    expect((await check(file)).code).toBe(3);
    expect((await check(file, '--signer', world.at('archive.vkey'))).code).toBe(3);
    expect((await check((await losses('archive')).file, '--signer', world.at('report.pem'))).code).toBe(3);
  });

  it.each([
    ['the sentence', (html: string) => html.replace('21 records are lost', 'No record is lost')],
    ['a row', (html: string) => html.replace(/<tr><td class="tone-plain">orders[\s\S]*?<\/tr>/, '')],
    ['a word behind the page', (html: string) => html.replace('</main>', '<p>all is well</p></main>')],
  ])('finds a page of which somebody changed %s', async (_, change) => {
    const { html } = await signed();
    const { code, out } = await check(changed(html, change), '--signer', world.at('report.pem'));
    expect([code, out]).toEqual([
      1,
      'not what was signed: the page does not show the data that it carries\n',
    ]);
  });

  it('finds a signature that another key made in the name of the signer', async () => {
    const { html } = await signed();
    const [, text = ''] = /<template id="envelope">([^<]+)/.exec(html) ?? [];
    const envelope = JSON.parse(Buffer.from(text, 'base64').toString());
    const payload = Buffer.from(envelope.payload, 'base64');
    const message = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
      payload,
    ]);
    const { generateKeyPairSync, sign } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('ed25519');
    envelope.signatures[0].sig = sign(null, message, privateKey).toString('base64');
    const forged = Buffer.from(`${JSON.stringify(envelope)}\n`).toString('base64');
    const file = changed(html, (page) => page.replace(text, forged));
    const { code, out } = await check(file, '--signer', world.at('report.pem'));
    expect([code, out]).toEqual([1, 'not what was signed: the signature is not valid\n']);
  });

  it('finds data that somebody changed, a signature of other data, and one that is cut', async () => {
    const { html, json } = await signed();
    const lied = Buffer.from(json.replace('"lost": true', '"lost": false')).toString('base64');
    const data = changed(html, (text) => text.replace(/(<template id="report">)[^<]+/, `$1${lied}`));
    expect((await check(data, '--signer', world.at('report.pem'))).code).toBe(1);
    const other = /<template id="envelope">([^<]+)/.exec(
      (await losses('whole', '--sign-key', world.at('report-key.pem'))).html,
    );
    const swapped = changed(html, (text) =>
      text.replace(/(<template id="envelope">)[^<]+/, `$1${other?.[1]}`),
    );
    expect((await check(swapped, '--signer', world.at('report.pem'))).code).toBe(1);
    const cut = changed(html, (text) => text.slice(0, -200));
    expect((await check(cut, '--signer', world.at('report.pem'))).code).toBe(3);
  });
});
