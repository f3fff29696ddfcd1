// Which chains of an older archive are gone on from, and is it seen that one grew while it was verified?
import { describe, expect, it } from 'vitest';
import { hasMoved, headsToAdopt } from '../../../src/apps/cli/adopt-chains.ts';
import { requireOptions } from '../../../src/apps/cli/adopt-options.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { parseConfig } from '../../../src/config/archiver.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { verifyArchive } from '../../../src/verify/verify.ts';
import { ArchiveBuilder, NOW_MS } from '../../support/archive-builder.ts';
import { storeOver } from '../../support/verifier-store.ts';

const forever = new AbortController().signal;
const WORDS = { config: 'ledgerstone.yaml', by: 'Ada Byron', reason: 'Acme was bought', key: ['old.vkey'] };
const configOf = (topics: string) =>
  parseConfig(
    `archive: { origin: new.example.com/prod, store: { kind: directory, path: /nowhere }, signing: { kind: local, keyFile: /nowhere } }
source: { kind: kafka, brokers: ["memory:9092"], topics: ${topics} }
retention: { seals: { mode: COMPLIANCE, period: 2y }, year: { mode: COMPLIANCE, period: 1y } }
`,
    'ledgerstone.yaml',
    {},
  );

async function sold(name: string) {
  const builder = new ArchiveBuilder();
  const chain = builder.chain(name);
  await chain.fill(2, 3);
  const old = { store: { ...storeOver(builder.archive), close: async () => {} }, trusted: builder.trusted };
  const verify = () =>
    verifyArchive(builder.archive, {
      ...{ trusted: builder.trusted, depth: 'content', nowMs: NOW_MS, sha256: nodeSha256 },
      checker: portableChecker(nodeContentTools),
    });
  return { old, chain, verify };
}

it('sees a seal that came while the older chain was verified', async () => {
  const { old, chain, verify } = await sold('orders');
  const config = configOf('[{ name: orders, retention: year }]');
  const report = await verify();
  const still = await headsToAdopt(old, report, config, WORDS, forever);
  expect(await Promise.all(still.heads.map((head) => hasMoved(old, head, forever)))).toEqual([false]);
  await chain.seal();
  const { heads } = await headsToAdopt(old, report, config, WORDS, forever);
  expect(await Promise.all(heads.map((head) => hasMoved(old, head, forever)))).toEqual([true]);
});

describe('a topic that a pattern takes', () => {
  const config = configOf("[{ pattern: '^audit[.]', except: ['^audit[.]secret'], retention: year }]");

  it.each([
    ['no topic is named', {}, 'audit.orders', 'audit.orders/0'],
    ['it is named', { topic: ['audit.orders'] }, 'audit.orders', 'audit.orders/0'],
    ['its older chain is too', { topic: ['audit.bought'], olderChain: 'orders' }, 'orders', 'audit.bought/0'],
  ])('goes on from its older chain where %s', async (_, more, chain, name) => {
    const { old, verify } = await sold(chain);
    const options = { ...WORDS, ...more };
    requireOptions(config, options);
    const { heads, left } = await headsToAdopt(old, await verify(), config, options, forever);
    expect([heads.map((head) => head.name), left]).toEqual([[name], []]);
  });

  it('goes on from no chain that it does not take', async () => {
    const { old, verify } = await sold('audit.secret');
    const looked = headsToAdopt(old, await verify(), config, WORDS, forever);
    await expect(looked).rejects.toMatchObject({ remedy: expect.stringContaining('no topic of the') });
    expect(() => requireOptions(config, { ...WORDS, topic: ['audit.secret'] })).toThrow(
      expect.objectContaining({ remedy: 'It has /^audit[.]/.' }),
    );
  });
});
