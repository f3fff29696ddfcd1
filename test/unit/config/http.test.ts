// Who may ask the HTTP server, as both configuration files say it: what is refused at the start?
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/archiver.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import type { HttpConfig } from '../../../src/config/http.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';

const ARCHIVER = `
archive:
  origin: audit.example.com/prod
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: k.pem }
source: { kind: kafka, brokers: ["b:9092"], topics: [{ name: orders, retention: r }] }
retention: { r: { mode: COMPLIANCE, period: 1d } }
`;
const [LOG_KEY] = new ArchiveBuilder().trusted;
const VKEY = encodeVkey(LOG_KEY!);
const VERIFIER = `
archive: { store: { kind: directory, path: archive }, trusted: ["${VKEY}"] }
attestations:
  store: { kind: directory, path: own }
  retention: { mode: COMPLIANCE, period: 1y }
cosigner: { name: v.example.com, signing: { kind: local, keyFile: v.pem } }
`;
const TOKEN = '0123456789abcdef';

type Reading = (text: string, env?: NodeJS.ProcessEnv) => HttpConfig;
const READERS: readonly (readonly ['server' | 'watch', Reading])[] = [
  ['server', (text, env = {}) => parseConfig(`${ARCHIVER}server: ${text}\n`, '/etc/a.yaml', env).server],
  ['watch', (text, env = {}) => parseVerifierConfig(`${VERIFIER}watch: ${text}\n`, '/etc/v.yaml', env).watch],
];

describe.each(READERS)('%s', (member, read) => {
  const problems = (text: string): string[] => {
    try {
      read(text);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems
        .filter(({ path }) => path.startsWith(member))
        .map(({ path, message }) => `${path}: ${message}`);
    }
  };

  test.each(['0.0.0.0', '"::"', '10.1.2.3', 'archiver.example.com', '127.evil.example.com', '1270.0.0.1'])(
    'on %s it needs a word on who may ask, and says which',
    (host) => {
      expect(problems(`{ port: 9, host: ${host} }`)).toEqual([
        expect.stringMatching(
          new RegExp(
            `^${member}\\.host: .*${member}\\.auth to .*tokenFile.*${member}\\.tls\\.clientCaFile.*${member}\\.auth: public`,
          ),
        ),
      ]);
    },
  );

  test.each([
    '{ port: 9 }',
    '{ port: 9, host: localhost }',
    '{ port: 9, host: 127.0.0.1 }',
    '{ port: 9, host: "::1" }',
    '{ port: 0, host: 0.0.0.0 }',
    '{ port: 9, host: 0.0.0.0, auth: public }',
    `{ port: 9, host: 0.0.0.0, auth: { token: ${TOKEN} } }`,
    '{ port: 9, host: 0.0.0.0, auth: { tokenFile: t } }',
    '{ port: 9, host: 0.0.0.0, tls: { certFile: c, keyFile: k, clientCaFile: a } }',
  ])('%s is right', (text) => expect(problems(text)).toEqual([]));

  test.each([
    ['{ port: 9, host: 0.0.0.0, tls: { certFile: c, keyFile: k } }', 'nobody said who may ask'],
    ['{ port: 9, auth: { token: 0123456789abcde } }', '16 to 512 ASCII characters'],
    ['{ port: 9, auth: { token: "0123456789 abcdef" } }', 'without spaces'],
    ['{ port: 9, auth: {} }', 'token or tokenFile, one of them'],
    [`{ port: 9, auth: { token: ${TOKEN}, tokenFile: t } }`, 'token or tokenFile, one of them'],
    ['{ port: 9, auth: Public }', 'public'],
    ['{ port: 9, auth: yes }', 'public'],
    ['{ port: 9, auth: public, tls: { certFile: c, keyFile: k, clientCaFile: a } }', 'leave out one'],
    ['{ port: 9, tls: { certFile: c } }', 'is missing'],
  ])('%s is refused: %s', (text, why) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(why);
    // Whatever was wrong with it: it may be the true one.
    expect(found[0]).not.toContain('0123456789');
  });

  test('takes the token from the environment, and files beside itself', () => {
    const reference = `{ port: 9, host: 0.0.0.0, auth: { token: "$\{T}" } }`;
    expect(read(reference, { T: TOKEN }).auth).toEqual({ token: TOKEN });
    expect(() => read(reference)).toThrow(ConfigError);
    const { auth, tls } = read(
      '{ port: 9, auth: { tokenFile: t }, tls: { certFile: c.pem, keyFile: k.pem, clientCaFile: a.pem } }',
    );
    expect(auth).toEqual({ tokenFile: '/etc/t' });
    expect(tls).toEqual({ certFile: '/etc/c.pem', keyFile: '/etc/k.pem', clientCaFile: '/etc/a.pem' });
  });
});
