// Are keys written as C2SP signed-note says?
import { describe, expect, it } from 'vitest';
import { fromBase64, toHex, utf8 } from '../../../src/base/bytes.ts';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import {
  encodeVkey,
  parseVkey,
  parseVkeyFile,
  publicKeyFromSpki,
  spkiFingerprint,
  verifierKey,
} from '../../../src/format/vkey.ts';

/** The example of Go's golang.org/x/mod/sumdb/note, after which C2SP's was written. */
const GO = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
/** The public key of the Rekor log at rekor.sigstore.dev; its key id is known from every checkpoint of it. */
const REKOR_SPKI =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==';
const REKOR_LOG_ID = 'c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d';

describe('an Ed25519 key', () => {
  it('is written as Go writes it', () => {
    const key = parseVkey(GO, sha256);
    expect(key.name).toBe('PeterNeumann');
    expect(toHex(key.id)).toBe('c74f20a3');
    expect(key.key.algorithm).toBe('ed25519');
    expect(key.key.spki.length).toBe(44);
    expect(encodeVkey(key)).toBe(GO);
    expect(encodeVkey(verifierKey('PeterNeumann', key.key, sha256))).toBe(GO);
  });

  it.each(['', 'a b', 'a+b', 'a\nb', 'a\u00a0b', 'a\u0000', '\ud800'])('is never named %j', (name) => {
    expect(() => verifierKey(name, parseVkey(GO, sha256).key, sha256)).toThrowErrorMatchingSnapshot();
  });

  it('names 80 characters at most of what is no name', () => {
    const { key } = parseVkey(GO, sha256);
    const long = `${'x'.repeat(79)} yz`;
    expect(() => verifierKey(long, key, sha256)).toThrow(/^not a key name: "x{79} "$/);
  });

  it('has another id under another name', () => {
    const { key, id } = parseVkey(GO, sha256);
    expect(verifierKey('audit.example.com/prod', key, sha256).id).not.toEqual(id);
  });
});

describe('a P-256 key', () => {
  const rekor = publicKeyFromSpki(fromBase64(REKOR_SPKI));

  it('has the id of its SPKI, whatever its name', () => {
    const key = verifierKey('rekor.sigstore.dev', rekor, sha256);
    expect(toHex(key.id)).toBe(REKOR_LOG_ID.slice(0, 8));
    expect(spkiFingerprint(rekor, sha256)).toBe(REKOR_LOG_ID);
    expect(verifierKey('other', rekor, sha256).id).toEqual(key.id);
    expect(parseVkey(encodeVkey(key), sha256)).toEqual(key);
    expect(encodeVkey(key)).toBe(
      `rekor.sigstore.dev+c0d23d6a+Aj${encodeVkey(key).slice('rekor.sigstore.dev+c0d23d6a+Aj'.length)}`,
    );
  });
});

describe('what is no vkey', () => {
  it.each([
    ['nothing', ''],
    ['a name alone', 'PeterNeumann'],
    ['no name', GO.replace('PeterNeumann', '')],
    ['a space in its name', GO.replace('Peter', 'Peter ')],
    ['a plus in its name', GO.replace('Peter', 'Peter+')],
    ['another name', GO.replace('Peter', 'Paul')],
    ['another id', GO.replace('c74f20a3', 'c74f20a4')],
    ['an id in capitals', GO.replace('c74f20a3', 'C74F20A3')],
    ['a short id', GO.replace('c74f20a3', 'c74f20')],
    ['another type', GO.replace('+ARpc', '+AxpcW')],
    ['a cut key', GO.slice(0, -4)],
    ['an odd base64', `${GO.slice(0, -1)}`],
    [
      'a P-256 key that is an Ed25519 SPKI',
      `x+00000000+${'AjAqMAUGAytlcAMhAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}`,
    ],
    ['white space around it', ` ${GO}`],
  ])('%s', (_, text) => {
    expect(() => parseVkey(text, sha256)).toThrowErrorMatchingSnapshot();
  });

  it('a key of another kind', () => {
    for (const spki of ['', '302a300506032b656e032100', 'MFkw']) {
      expect(() => publicKeyFromSpki(utf8(spki))).toThrowErrorMatchingSnapshot();
    }
    const compressed = fromBase64(REKOR_SPKI);
    compressed[26] = 2;
    expect(() => publicKeyFromSpki(compressed)).toThrowErrorMatchingSnapshot();
  });
});

describe('a file of keys', () => {
  it('has one a line, and comments', () => {
    expect(parseVkeyFile(`# the log's key\n\n${GO}\r\n  ${GO}  \n`, sha256).map(encodeVkey)).toEqual([
      GO,
      GO,
    ]);
    expect(parseVkeyFile('', sha256)).toEqual([]);
  });
  it('names the line that is wrong', () => {
    expect(() => parseVkeyFile(`\n${GO}\nnonsense`, sha256)).toThrow(/^line 3: /);
  });
});
