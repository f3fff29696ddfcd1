// Which proofs of stamps are frozen: what they show with the root that is given, and what must be refused beside them?
import { concatBytes, utf8, utf8Text } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { encodeStampProof, type StampLink, statementText } from '../../src/format/stamp.ts';
import { inclusionProof } from '../../src/merkle/proof.ts';
import { leafHash, rootOfLeaves } from '../../src/merkle/tree.ts';
import { certificateOf, type Issuer, pemOf, tokenOf, type TokenWishes } from '../support/stamp-authority.ts';
import { freezeBytes } from './archive-vector.ts';
import type { ObjectVector } from './object-vector.ts';

const ARCHIVE = 'audit.example.com/prod';
const DAY_MS = 86_400_000;
const AT = Date.parse('2026-11-30T00:05:12Z');
const ENDS = AT + 100 * DAY_MS;
const RENEWED = AT + 50 * DAY_MS;
const LAST = Date.parse('2049-01-01T00:00:00Z');
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const CHECKPOINT = `${ARCHIVE}/orders/0\n42\n${toBase64(new Uint8Array(32).fill(5))}\n`;

/** Made by the rules alone: the leaf at that index, under a statement of that day. */
function linkOf(leaf: string, date: string, index: number, archiveOrigin = ARCHIVE): Omit<StampLink, 'token'> {
  const leaves = [0, 1, 2, 3].map((at) => (at === index ? leaf : `${ARCHIVE}/other/${at}\n1\n${toBase64(new Uint8Array(32))}\n`));
  const hashes = leaves.map((one) => leafHash(nodeSha256, utf8(one)));
  const statement = { archiveOrigin, date, leaves: 4, root: rootOfLeaves(nodeSha256, hashes) };
  return { statement, index, path: inclusionProof(nodeSha256, hashes, index) };
}

const renewalOf = ({ statement, token }: StampLink): string => {
  const covered = nodeSha256(concatBytes(statementText(statement), token));
  return `ledgerstone/renewal/1\n${statement.date}\n${toBase64(covered)}\n`;
};

export async function stampVectors(): Promise<ObjectVector[]> {
  const root = await certificateOf('Vector Root', { to: LAST });
  const first = await certificateOf('First Authority', { to: ENDS, issuer: root });
  const second = await certificateOf('Second Authority', { to: LAST, issuer: root });
  const stamp = async (link: Omit<StampLink, 'token'>, by: Issuer, wishes: Partial<TokenWishes> = {}): Promise<StampLink> => ({
    ...link,
    token: await tokenOf(by, statementText(link.statement), { genTimeMs: AT, ...wishes }),
  });
  const one = await stamp(linkOf(CHECKPOINT, '2026-11-30', 2), first);
  const two = await stamp(linkOf(renewalOf(one), '2027-01-19', 3), second, { genTimeMs: RENEWED });
  const other = await stamp(linkOf(CHECKPOINT, '2026-11-30', 2), first, { nonce: new Uint8Array([0x41]) });
  const mail = await certificateOf('Mail', { to: LAST, issuer: root, purposes: ['1.3.6.1.5.5.7.3.4'] });
  const of = (
    name: string,
    about: string,
    proof: readonly StampLink[] | string,
    expect: ObjectVector['expect'],
    more: Partial<NonNullable<ObjectVector['stamped']>> = {},
  ): ObjectVector => ({
    ...{ name: `stamp/${name}`, about },
    bytes: freezeBytes(typeof proof === 'string' ? utf8(proof) : encodeStampProof(proof)),
    expect,
    stamped: { checkpoint: CHECKPOINT, roots: pemOf(root), now: '2026-12-24T00:00:00.000Z', ...more },
  });
  const text = utf8Text(encodeStampProof([one]));
  const late = { now: '2030-01-01T00:00:00.000Z' };
  const shownBy = '2026-11-30T00:05:12.000Z';
  const elsewhere = { ...one, statement: { ...one.statement, archiveOrigin: 'audit.example.com/dev' } };
  return [
    of('one', 'A checkpoint that one authority has stamped.', [one], 'accepted', { shownBy }),
    of('renewed', 'Its certificate has ended, and another stamp renewed it before: its first time stands.', [one, two], 'accepted', { ...late, shownBy }),
    of('renewed-early', 'The same while it holds by itself.', [one, two], 'accepted', { shownBy }),
    of('not-renewed', 'The same certificate has ended, and nobody renewed the stamp.', [one], 'unknown-key', late),
    of('not-root', 'Under a root that was not given.', [one], 'unknown-key', { roots: pemOf(await certificateOf('Vector Root', { to: LAST })) }),
    of('not-checkpoint', 'Another root in the checkpoint.', [one], 'root-mismatch', { checkpoint: CHECKPOINT.replace('\n42\n', '\n43\n') }),
    of('not-index', 'Another index.', [{ ...one, index: 1 }], 'root-mismatch'),
    of('not-archive', 'A statement about another archive.', [elsewhere], 'malformed'),
    of('not-date', 'Another day than the one that was stamped.', [{ ...one, statement: { ...one.statement, date: '2026-11-29' } }], 'malformed'),
    of('not-renewal', 'A renewal of another token over the same statement.', [other, two], 'root-mismatch'),
    of('not-later', 'A renewal that is older than what it renews.', [one, await stamp(two, second, { genTimeMs: AT - 1000 })], 'malformed'),
    of('not-signature', 'Signed by another key than the certificate’s.', [await stamp(one, first, { signWith: root.keys.privateKey })], 'bad-signature'),
    of('not-purpose', 'By a certificate that is for something else.', [await stamp(one, mail)], 'malformed'),
    of('not-named', 'The signed attribute names another certificate.', [await stamp(one, first, { named: root.certificate })], 'malformed'),
    of('not-attribute', 'No signed attribute names the certificate.', [await stamp(one, first, { named: null })], 'malformed'),
    of('not-time', 'Of a time at which the certificate had ended.', [await stamp(one, first, { genTimeMs: ENDS + 1000 })], 'malformed'),
    of('not-token', 'Something else instead of a token.', [{ ...one, token: utf8('token') }], 'malformed'),
    of('not-index-zeros', 'An index with a zero before it.', text.replace('\nindex 2\n', '\nindex 02\n'), 'malformed'),
    of('not-crlf', 'With CRLF line ends.', text.replaceAll('\n', '\r\n'), 'malformed'),
    of('not-a-link', 'No stamp at all.', 'ledgerstone/stamp-proof/1\n', 'malformed'),
    of('not-blank', 'An empty line too many.', text.replace('\n\n', '\n\n\n'), 'malformed'),
    of('not-day', 'A day that there is not.', text.replace('\n2026-11-30\n', '\n2026-02-30\n'), 'malformed'),
  ];
}
