// Where does an SQL engine find an archive, and could its name be taken for something else?
import { LedgerstoneError } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';

/** Where the archive lies. Made by the functions below, which refuse what SQL would misread. */
export type SqlLocation =
  /** `root`: absolute, ends with `/`. */
  | { readonly kind: 'directory'; readonly root: string }
  /** `root`: `s3://bucket/` with the prefix, which is empty or ends with `/`. */
  | {
      readonly kind: 's3';
      readonly root: string;
      readonly bucket: string;
      readonly region: string;
      readonly endpoint?: string;
    };

/**
 * `path`: absolute. Throws `usage` if it has characters that SQL, a comment or a terminal would change, or
 * `?` or `\\`, behind which DuckDB does not look for the `.zst` or `.gz` of a file's name.
 */
export function directoryLocation(path: string): SqlLocation {
  if (printable(path) !== path || !path.isWellFormed()) {
    throw refusal(path, 'control or invisible characters', 'Copy or mount it under a plain name.');
  }
  if (/[?\\]/.test(path)) {
    throw refusal(path, 'a ? or \\ in it, which engines misread', 'Copy or mount it under a plain name.');
  }
  return { kind: 'directory', root: path.endsWith('/') ? path : `${path}/` };
}

type Bucket = {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  readonly region: string;
  readonly endpoint?: string;
};

/** Throws `usage` if engines would take the address for a pattern, an escape or another address. */
export function bucketLocation({ bucket, prefix, region, endpoint }: Bucket): SqlLocation {
  const root = `s3://${bucket}/${prefix}`;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw refusal(root, 'a bucket name that S3 does not allow', 'Give s3://bucket/prefix.');
  }
  if (!/^(?:[A-Za-z0-9._=+,:@~()' -]+\/)*$/.test(prefix)) {
    throw refusal(
      root,
      'characters in its prefix that engines take for a pattern or an escape',
      'Copy the archive below another prefix, or use `ledgerstone find`.',
    );
  }
  return { kind: 's3', root, bucket, region, ...(endpoint === undefined ? {} : { endpoint }) };
}

const refusal = (name: string, what: string, remedy: string): LedgerstoneError =>
  new LedgerstoneError('usage', `${printable(name)} has ${what}`, { disposition: 'input', remedy });

/** A string literal of standard SQL, as DuckDB, Trino and Athena's SELECT read it: no escape but `''`. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The same in DDL of Hive and Athena, where a backslash escapes. */
export const hiveLiteral = (text: string): string => `'${text.replace(/[\\']/g, (one) => `\\${one}`)}'`;
