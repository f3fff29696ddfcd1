// What may this role do in a bucket? Asked in ways that change nothing.
import { randomBytes } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { toBase64, toHex, utf8 } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { sealsRoot } from '../format/paths.ts';
import { type BucketCheck, bad, ok, unknown, warning } from './bucket-check.ts';
import { type CallHttp, connectS3, type S3Connection, type S3Options } from './s3-connection.ts';
import { statusOf } from './s3-error.ts';

/**
 * Each probe names an object that can't exist, and S3 decides on the right before it looks for the object.
 * The write carries a SHA-256 that its body doesn't have, so it is refused even where it is allowed.
 * `retention`: of that write, as a bucket policy may ask for a least one; null: only reads are tried. The
 * delete names a version id that the object doesn't have.
 */
export async function probePermissions(
  options: S3Options,
  retention: { readonly untilMs: number } | null,
  signal?: AbortSignal,
): Promise<BucketCheck[]> {
  const s3 = connectS3({ ...options, attemptsMax: 1 });
  const key = `${options.prefix}${sealsRoot}preflight-${toHex(randomBytes(16))}`;
  const object = { ...s3.target, Key: key };
  const probe = new Probe(s3, key, signal);
  try {
    return [
      await probe.allows('may-list', 'ListObjectVersions', (http) =>
        s3.client.send(
          new ListObjectVersionsCommand({ ...s3.target, Prefix: options.prefix, MaxKeys: 1 }),
          http,
        ),
      ),
      await probe.allows('may-read', 'GetObject', async (http) => {
        const { Body } = await s3.client.send(new GetObjectCommand({ ...object, VersionId: 'null' }), http);
        (Body as { destroy?: () => void } | undefined)?.destroy?.();
      }),
      await probe.allows('may-read-locks', 'GetObjectRetention', (http) =>
        s3.client.send(new GetObjectRetentionCommand({ ...object, VersionId: 'null' }), http),
      ),
      ...(retention === null ? [] : [await probe.write(retention.untilMs), await probe.delete()]),
    ];
  } finally {
    s3.close();
  }
}

class Probe {
  readonly #s3: S3Connection;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;

  constructor(s3: S3Connection, key: string, signal: AbortSignal | undefined) {
    this.#s3 = s3;
    this.#key = key;
    this.#signal = signal;
  }

  /** Null when it went through. */
  async #send(
    operation: string,
    send: (http: CallHttp) => Promise<unknown>,
  ): Promise<LedgerstoneError | null> {
    const call = {
      operation,
      key: this.#key,
      signal: this.#signal,
    };
    try {
      await this.#s3.run(call, send);
      return null;
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof LedgerstoneError) return error;
      throw error;
    }
  }

  async allows(
    name: BucketCheck['name'],
    operation: string,
    send: (http: CallHttp) => Promise<unknown>,
  ): Promise<BucketCheck> {
    const error = await this.#send(operation, send);
    if (error === null || error.code === 'not-found') return ok(name, 'allowed');
    return error.code === 'not-permitted'
      ? bad(name, error.message, error.remedy ?? null)
      : unknown(name, error);
  }

  async write(untilMs: number): Promise<BucketCheck> {
    const command = new PutObjectCommand({
      ...this.#s3.target,
      Key: this.#key,
      Body: utf8('preflight'),
      IfNoneMatch: '*',
      ChecksumSHA256: toBase64(nodeSha256(utf8('other bytes'))),
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(Math.ceil(untilMs / 1000) * 1000),
    });
    const error = await this.#send('PutObject', (http) => this.#s3.client.send(command, http));
    if (error === null) {
      return bad(
        'may-write',
        'the store takes bytes that do not have the SHA-256 they came with',
        'Use another store: this one would keep what was damaged on the way.',
      );
    }
    if (error.code === 'not-permitted') return bad('may-write', error.message, error.remedy ?? null);
    return statusOf(error.cause) === 400 ? ok('may-write', 'allowed') : unknown('may-write', error);
  }

  async delete(): Promise<BucketCheck> {
    const command = new DeleteObjectCommand({ ...this.#s3.target, Key: this.#key, VersionId: 'null' });
    const error = await this.#send('DeleteObject', (http) => this.#s3.client.send(command, http));
    if (error?.code === 'not-permitted') return ok('may-not-delete', 'deletes are denied');
    if (error !== null && error.code !== 'not-found') return unknown('may-not-delete', error);
    const found = 'this role may delete versions once their lock has ended, and hide them before';
    const remedy = 'Deny s3:DeleteObject and s3:DeleteObjectVersion to everyone in the bucket policy.';
    // Many servers that speak S3 don't enforce policies: there nothing would cure it.
    return this.#s3.options.endpoint === undefined
      ? bad('may-not-delete', found, remedy)
      : warning('may-not-delete', found, remedy);
  }
}
