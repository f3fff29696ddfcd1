// Which certificates of destruction are frozen, and what must be refused beside them? (FORMAT.md 9.12)
import { concatBytes, toBase64, utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { signer } from '../support/archive-builder.ts';
import { freezeBytes } from './archive-vector.ts';
import type { ObjectVector } from './object-vector.ts';

const NAME = 'verifier.example.com/prod';
const ARCHIVE = 'audit.example.com/prod';
const SECONDS = 1_827_187_200;
const KEY = 'passes/destroyed/topic=orders/partition=0/000000000004-000000000009.note';

const CONTENT = {
  ...{ format: 'ledgerstone/destroyed/1', chain: 'orders', partition: 0, first: 4, last: 9 },
  ...{ origin: `${ARCHIVE}/orders/0`, size: 12, root: '5f'.repeat(32) },
  segments: [
    { from: 4, to: 6 },
    { from: 9, to: 9 },
  ],
  ...{ objects: 3, bytes: 4096, records: 40, offsets: { first: 100, last: 160 }, list: '0c'.repeat(32) },
  until: { sealed: '2027-11-22T10:00:00Z', decided: null as string | null },
  ...{ policies: ['orders', 'pci-12m'], decisions: { size: 7, acts: 9 } as unknown, copies: ['s3://acme-replica'] },
  seen: { there: '2027-10-25T00:00:00.000Z' as string | null, gone: '2027-11-25T00:00:00.000Z' },
  ...{ store: 's3://acme-audit/prod', verifier: { name: NAME, version: '1.0.0' } },
};

/** Made by the rules of 9.8.10, apart from the product. */
async function certificateOf(
  change: Partial<typeof CONTENT> & { readonly later?: string },
  { key = KEY, by = 'cosigner', archive = ARCHIVE } = {},
): Promise<Uint8Array> {
  const content = `${JSON.stringify({ ...CONTENT, ...change }, null, 1)}\n`;
  const text = `ledgerstone/note/1\n${key}\n${archive}\n${toBase64(nodeSha256(utf8(content)))}\n`;
  const { sign } = signer(by);
  const { id } = cosignerKey(NAME, signer('cosigner').publicKey, nodeSha256);
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(SECONDS));
  const signature = await sign(utf8(`cosignature/v1\ntime ${SECONDS}\n${text}`));
  return utf8(`${text}\n\u2014 ${NAME} ${toBase64(concatBytes(id, stamp, signature))}\n\n${content}`);
}

export async function destroyedVectors(): Promise<ObjectVector[]> {
  const trusted = [encodeCosignerVkey(cosignerKey(NAME, signer('cosigner').publicKey, nodeSha256))];
  const of = (name: string, about: string, bytes: Uint8Array, key = KEY): ObjectVector => ({
    ...{ name: `destroyed/${name}`, about, bytes: freezeBytes(bytes), trusted, address: { key, archive: ARCHIVE } },
    expect: name.startsWith('not-') ? 'malformed' : 'accepted',
  });
  const beside = KEY.replace('.note', '.1.note');
  const next = KEY.replace('000004-', '000005-');
  const until = (sealed: string, decided: string | null = null) => ({ until: { sealed, decided } });
  return [
    of('one', 'Three data objects, in two ranges with others between them.', await certificateOf({})),
    of('beside', 'At the key’s first copy, for which it was signed.', await certificateOf({}, { key: beside }), beside),
    of('there-not-known', 'Of an archive without decisions, seen gone and never there.', await certificateOf({ decisions: null, seen: { there: null, gone: CONTENT.seen.gone } })),
    of('two-minutes', 'Seen gone two minutes after the end of retention.', await certificateOf(until('2027-11-24T23:58:00Z'))),
    of('later-member', 'With a member that this version does not know.', await certificateOf({ later: 'x' })),
    of('not-two-minutes', 'Seen gone a second too early for two clocks.', await certificateOf(until('2027-11-24T23:58:01Z'))),
    of('not-over', 'Seen gone before the end of retention.', await certificateOf(until('2028-11-22T10:00:00Z'))),
    of('not-over-by-decision', 'Seen gone before the end that was decided.', await certificateOf(until('2027-11-22T10:00:00Z', '2028-01-01T00:00:00Z'))),
    of('not-gone-before-there', 'Seen there after it was gone.', await certificateOf({ seen: { there: '2027-11-25T00:00:00.001Z', gone: CONTENT.seen.gone } })),
    of('not-next-key', 'Copied to a key that says other segments.', await certificateOf({}), next),
    of('not-its-key', 'Signed for a key that says other segments.', await certificateOf({}, { key: next }), next),
    of('not-cosigner', 'By another key, under the cosigner’s name and key id.', await certificateOf({}, { by: 'mallory' })),
    of('not-this-archive', 'Of a chain of another archive.', await certificateOf({ origin: 'audit.example.com/test/orders/0' })),
    of('not-this-chain', 'Of another partition than the key says.', await certificateOf({ partition: 1 })),
    of('not-this-origin', 'Of another chain’s origin.', await certificateOf({ origin: `${ARCHIVE}/orders/1` })),
    of('not-size', 'Of a chain that ends before its last segment.', await certificateOf({ size: 9 })),
    of('not-apart', 'Two ranges that have a segment in common.', await certificateOf({ segments: [{ from: 4, to: 9 }, { from: 9, to: 9 }] })),
    of('not-ascending', 'Two ranges in the wrong order.', await certificateOf({ segments: [{ from: 9, to: 9 }, { from: 4, to: 6 }] })),
    of('not-none', 'No segment.', await certificateOf({ segments: [] })),
    of('not-objects', 'More objects than segments.', await certificateOf({ objects: 7 })),
    of('not-list', 'A list that is no hash.', await certificateOf({ list: 'all' })),
    of('not-policies', 'Policies out of order.', await certificateOf({ policies: ['pci-12m', 'orders'] })),
    of('not-store', 'A store with a line end in its name.', await certificateOf({ store: 's3://a\ns3://b' })),
    of('not-format', 'A later form.', await certificateOf({ format: 'ledgerstone/destroyed/2' })),
  ];
}
