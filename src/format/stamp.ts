// What does a time-stamping authority stamp, and what shows that a checkpoint is in it? (FORMAT.md 9.11)
import { concatBytes, equalBytes, fromBase64, toBase64, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { isOrigin } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import { isCount } from './scalar.ts';
import { isDay } from './time.ts';
import { PATH_LENGTH_MAX } from './tlog-proof.ts';

export const STAMP_FORMAT = 'ledgerstone/stamp/1';
const RENEWAL_FORMAT = 'ledgerstone/renewal/1';
const PROOF_FORMAT = 'ledgerstone/stamp-proof/1';

/** An earlier stamp that a later one renews. */
export type StampRenewal = {
  readonly date: string;
  /** SHA-256 of the statement and the token that are renewed. */
  readonly covered: Uint8Array;
};

/** What is stamped on a day. */
export type StampList = {
  readonly date: string;
  readonly atMs: number;
  /** By origin in ascending order, each once. */
  readonly checkpoints: readonly Checkpoint[];
  readonly renews: readonly StampRenewal[];
};

/** What a token is over. `root`: of the tree of the list's leaves. */
export type StampStatement = {
  readonly archiveOrigin: string;
  /** YYYY-MM-DD */
  readonly date: string;
  readonly leaves: number;
  readonly root: Uint8Array;
};

/** That something is in a stamp. The first one's leaf is a checkpoint; each other one renews the last. */
export type StampLink = {
  readonly statement: StampStatement;
  readonly index: number;
  /** Hashes of 32 bytes, leaf to root. */
  readonly path: readonly Uint8Array[];
  readonly token: Uint8Array;
};

export const TOKEN_BYTES_MAX = 64 * 1024;
export const STAMP_PROOF_BYTES_MAX = 2 * 1024 * 1024;
export const LEAVES_MAX = 50_000;
const LINKS_MAX = 16;

/** Throws FormatError. */
export function statementText({ archiveOrigin, date, leaves, root }: StampStatement): Uint8Array {
  if (!isOrigin(archiveOrigin) || !isDay(date) || !isCount(leaves) || leaves < 1 || root.length !== 32)
    throw new FormatError('not a statement of a stamp');
  return utf8(`${STAMP_FORMAT}\n${archiveOrigin}\n${date}\n${leaves}\n${toBase64(root)}\n`);
}

/** What the renewal of a stamp is held to: its statement and its token. */
export const coveredBy = (statement: StampStatement, token: Uint8Array, sha256: Sha256): Uint8Array =>
  sha256(concatBytes(statementText(statement), token));

/** The leaf of a later list that renews the stamp of that day. */
export const renewalLeaf = (date: string, covered: Uint8Array): Uint8Array =>
  utf8(`${RENEWAL_FORMAT}\n${date}\n${toBase64(covered)}\n`);

/** Throws FormatError. */
export function encodeStampProof(links: readonly StampLink[]): Uint8Array {
  if (links.length < 1 || links.length > LINKS_MAX)
    throw new FormatError(`${links.length} stamps in a proof`);
  const text = links.map(({ statement, index, path, token }) => {
    const isSound =
      isCount(index) &&
      index < statement.leaves &&
      path.length <= PATH_LENGTH_MAX &&
      path.every(({ length }) => length === 32) &&
      token.length > 0 &&
      token.length <= TOKEN_BYTES_MAX;
    if (!isSound) throw new FormatError('not a link of a proof of stamps');
    const lines = [
      `index ${index}`,
      ...path.map((hash) => `path ${toBase64(hash)}`),
      `token ${toBase64(token)}`,
    ];
    return `\n${utf8Text(statementText(statement))}${lines.join('\n')}\n`;
  });
  const bytes = utf8(`${PROOF_FORMAT}\n${text.join('')}`);
  if (bytes.length > STAMP_PROOF_BYTES_MAX)
    throw new FormatError(`a proof of stamps of ${bytes.length} bytes`);
  return bytes;
}

/** Strict: encoded again, it must give the same bytes. Proves nothing yet. Throws FormatError. */
export function parseStampProof(bytes: Uint8Array): StampLink[] {
  if (bytes.length > STAMP_PROOF_BYTES_MAX)
    throw new FormatError(`a proof of stamps of ${bytes.length} bytes`);
  const [header, ...blocks] = utf8Text(bytes).split('\n\n');
  if (header !== PROOF_FORMAT) throw new FormatError('not a proof of stamps');
  const links = blocks.slice(0, LINKS_MAX + 1).map(linkOf);
  if (!equalBytes(encodeStampProof(links), bytes))
    throw new FormatError('a proof of stamps with an odd spelling');
  return links;
}

function linkOf(block: string): StampLink {
  const [format, archiveOrigin = '', date = '', leaves = '', root = '', index = '', ...rest] =
    block.split('\n');
  if (format !== STAMP_FORMAT || !/^\d{1,16}$/.test(leaves) || !/^index \d{1,16}$/.test(index))
    throw new FormatError('a link of a proof of stamps that is none');
  const lines = rest.filter((line) => line !== '');
  const token = lines.pop() ?? '';
  const take = (line: string, name: string): Uint8Array => {
    if (!line.startsWith(`${name} `)) throw new FormatError(`a proof of stamps without ${name} at its place`);
    return fromBase64(line.slice(name.length + 1));
  };
  return {
    statement: { archiveOrigin, date, leaves: Number(leaves), root: fromBase64(root) },
    index: Number(index.slice('index '.length)),
    path: lines.map((line) => take(line, 'path')),
    token: take(token, 'token'),
  };
}
