// Are CloudTrail's digests believed exactly as far as AWS's keys sign them?
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type GivenDigest, trailKeys, trailVerdict } from '../../../src/import/trail-digests.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const FINGERPRINT = '31e8b5433410dfb61a9dc45cc65b22ff';
const keys = () =>
  trailKeys(
    JSON.stringify({
      PublicKeyList: [
        {
          Fingerprint: FINGERPRINT,
          Value: pair.publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
        },
      ],
    }),
  );
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** `logs`: by file, what it holds. */
function digestsOf(...hours: Readonly<Record<string, string>>[]) {
  let before: { object: string; signature: string } | null = null;
  return hours.map((logs, hour): GivenDigest & { signature: string } => {
    const object = `AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/digest-${hour}.json.gz`;
    const fields = {
      digestEndTime: `2024-01-01T0${hour}:00:00Z`,
      digestS3Bucket: 'trail-bucket',
      digestS3Object: object,
      digestPublicKeyFingerprint: FINGERPRINT,
      previousDigestS3Object: before?.object ?? null,
      previousDigestSignature: before?.signature ?? null,
      logFiles: Object.entries(logs).map(([name, content]) => ({
        s3Object: `AWSLogs/111122223333/CloudTrail/eu-west-1/${name}`,
        hashValue: sha256(content),
      })),
    };
    const content = Buffer.from(JSON.stringify(fields));
    const text = `${fields.digestEndTime}\ntrail-bucket/${object}\n${sha256(content)}\n${fields.previousDigestSignature ?? 'null'}`;
    const signature = sign('sha256', Buffer.from(text), pair.privateKey).toString('hex');
    before = { object, signature };
    return { name: `digest-${hour}.json.gz`, content, signature };
  });
}
const files = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).map(([name, content]) => ({ name, contentSha256: sha256(content) }));
const HOURS = [{ a: 'A' }, { b: 'B', c: 'C' }, { d: 'D' }];
const NONE = { unsigned: [], wrong: [], gaps: [], altered: [], notVouched: [], notImported: 0 };

describe('digests of CloudTrail', () => {
  it('vouch for the files that they name', () => {
    const verdict = trailVerdict(
      digestsOf(...HOURS).toReversed(),
      keys(),
      files({ a: 'A', b: 'B', c: 'C', d: 'D' }),
    );
    expect(verdict).toEqual({ ...NONE, digests: 3, signed: 3, vouched: 4 });
  });

  it('are signed by the next one, and the newest is by nobody’s word but the object’s', () => {
    const given = digestsOf(...HOURS).map((one) => ({ ...one, signature: null }));
    expect(trailVerdict(given, keys(), files({ a: 'A', d: 'D' }))).toEqual({
      ...NONE,
      ...{
        digests: 3,
        signed: 2,
        vouched: 1,
        unsigned: ['digest-2.json.gz'],
        notVouched: ['d'],
        notImported: 2,
      },
    });
  });

  it('say which file is altered, and which they do not name', () => {
    expect(trailVerdict(digestsOf(...HOURS), keys(), files({ a: 'other', x: 'X' }))).toMatchObject({
      ...{ altered: ['a'], notVouched: ['x'], vouched: 0 },
    });
  });

  it.each<[name: string, change: (one: GivenDigest) => GivenDigest]>([
    [
      'one byte',
      ({ content, ...one }) => ({
        ...one,
        content: Buffer.from(content.toString().replace('01T01', '01T02')),
      }),
    ],
    [
      'another file in it',
      ({ content, ...one }) => ({ ...one, content: Buffer.from(content.toString().replace('/b"', '/x"')) }),
    ],
    ['another signature', (one) => ({ ...one, signature: `00${one.signature!.slice(2)}` })],
    ['no signature at all', (one) => ({ ...one, signature: 'none' })],
    ['no digest', (one) => ({ ...one, content: Buffer.from('{}') })],
    ['no JSON', (one) => ({ ...one, content: Buffer.from([0xff, 0]) })],
    ['lists that are none', (one) => ({ ...one, content: Buffer.from('{"logFiles":[null]}') })],
  ])('with %s are wrong and vouch for nothing', (_, change) => {
    const given: GivenDigest[] = digestsOf(...HOURS);
    given[1] = change(given[1]!);
    const verdict = trailVerdict(given, keys(), files({ b: 'B', c: 'C' }));
    expect(verdict).toMatchObject({ wrong: ['digest-1.json.gz'], vouched: 0, notVouched: ['b', 'c'] });
  });

  it('without their key are unsigned, and one that is missing is a gap', () => {
    const [first, , third] = digestsOf(...HOURS);
    expect(trailVerdict([first!, third!], [], files({ a: 'A' }))).toMatchObject({
      ...{
        signed: 0,
        unsigned: ['digest-0.json.gz', 'digest-2.json.gz'],
        gaps: ['digest-2.json.gz'],
        vouched: 0,
      },
    });
  });
});
