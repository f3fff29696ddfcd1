// Does a real broker that wants TLS and a login take what replays, archivers and verifiers come with, and nothing else?

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createScramUser } from '../../localstack/kafka-tools.ts';
import type { RunningStack } from '../../localstack/running.ts';
import { startStack } from '../../localstack/stack.ts';
import { silentLogger } from '../../src/base/log.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { inlineDecoder } from '../../src/ingest/kafka/decoder.ts';
import { readMarks } from '../../src/ingest/kafka/marks.ts';
import { kafkaSource } from '../../src/ingest/kafka/source.ts';
import { KafkaWorld, unique } from '../contract/ingest-kafka-world.ts';
import { ArchiveBuilder, entries, writeCopy } from '../support/archive-builder.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { cli } from '../support/cli.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { SourceRecorder } from '../support/source-recorder.ts';
import { describeWithMeans } from '../support/stack/global.ts';

const START_MS = 30 * 60_000;
const COUNT = 200;
const USER = { name: 'replay', password: 'nobody-knows-7' };
const LOGINS = ['plain', 'scram-sha-512'] as const;

describeWithMeans('a broker with TLS and a login', { kafka: true, native: true }, () => {
  let dir: string;
  let certificates: Certificates;
  let stack: RunningStack;
  let world: KafkaWorld;
  const at = (name: string) => join(dir, name);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-secured-'));
    certificates = makeCertificates(dir);
    const keyFile = at('broker.pem');
    const read = (name: string) => readFileSync(certificates.at(name), 'utf8');
    writeFileSync(keyFile, `${read('server.key')}${read('server.pem')}`);
    stack = await startStack({ s3: false, backend: 'native', kafka: { secured: { keyFile, user: USER } } });
    await createScramUser(stack, USER);
    world = new KafkaWorld(stack.kafka.bootstrap);
    const builder = new ArchiveBuilder();
    await builder.chain('orders', 0).seal({ lines: entries(0, COUNT) });
    writeCopy(builder.archive, at('archive'));
    await writeFile(at('archive.vkey'), `${encodeVkey(builder.trusted[0]!)}\n`);
  }, START_MS);
  afterAll(async () => {
    await world?.close();
    await stack?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  /** As `ledgerstone replay --kafka` takes it. */
  async function replay(topic: string, connection: object) {
    await writeFile(at('kafka.yaml'), JSON.stringify({ brokers: stack.kafka.secured, ...connection }));
    const args = ['--key', at('archive.vkey'), '--topic', 'orders', '--to-topic', topic, '--json'];
    const ran = await cli(['replay', at('archive'), ...args, '--kafka', at('kafka.yaml')], {
      cwd: dir,
      env: { REPLAY_PASSWORD: USER.password },
    });
    return { ...ran, said: `${ran.stdout}${ran.stderr}` };
  }
  const login = (mechanism: (typeof LOGINS)[number], password = USER.password) => ({
    tls: { caFile: certificates.at('ca.pem') },
    sasl: { mechanism, username: USER.name, password },
  });
  const endOf = async (topic: string) =>
    Number((await (await world.admin()).fetchTopicOffsets(topic))[0]?.high);

  it.each(LOGINS)('is written to by a replay, by %s, and asked again how far that is', async (mechanism) => {
    const topic = await world.topic();
    const connection = login(mechanism, `\${REPLAY_PASSWORD}`);
    const first = await replay(topic, connection);
    expect(first, first.said).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout.toString()).partitions).toMatchObject([
      { records: COUNT, isContinued: false },
    ]);
    const end = await endOf(topic);
    // Records and the end of a transaction.
    expect(end).toBeGreaterThan(COUNT);
    const again = await replay(topic, connection);
    expect(again, again.said).toMatchObject({ code: 0 });
    expect(JSON.parse(again.stdout.toString()).partitions).toMatchObject([{ isContinued: true }]);
    expect(await endOf(topic)).toBe(end);
    expect(first.said + again.said).not.toContain(USER.password);
  });

  it.each(LOGINS)('is read from by an archiver’s source, by %s', async (mechanism) => {
    const topic = await world.topic();
    await world.send(topic, ['one', 'two', 'three']);
    const source = kafkaSource({
      ...{ brokers: stack.kafka.secured, topics: [{ name: topic }], ...login(mechanism) },
      ...{ clientId: unique('reader'), groupId: unique('group'), archive: 'secured.example.com/test' },
      ...{ recordBytesMax: 1_000_000, decoder: inlineDecoder, log: silentLogger },
    });
    const recorder = new SourceRecorder((event) => {
      if (event.kind !== 'assign') return;
      for (const one of event.owned) {
        source.seek(one, 0);
        source.resume(one);
      }
    });
    await source.start(recorder);
    await recorder.until(
      'three records',
      () => recorder.of('fetched').flatMap(({ fetched }) => fetched.records).length === 3,
    );
    await source.close();
  });

  it.each(LOGINS)('tells a verifier where a topic ends, by %s', async (mechanism) => {
    const topic = await world.topic();
    await world.send(topic, ['one', 'two']);
    const cluster = { brokers: stack.kafka.secured, clientId: unique('verifier'), ...login(mechanism) };
    const marks = await readMarks(cluster, [topic], AbortSignal.timeout(PATIENCE_MS));
    expect(marks.get(topic)).toEqual({ kind: 'there', partitions: new Map([[0, { earliest: 0, end: 2 }]]) });
  });

  it.each([
    ['a wrong password', () => login('plain', 'wrong'), 'kafka-login'],
    ['a wrong password by SCRAM', () => login('scram-sha-512', 'wrong'), 'kafka-login'],
    [
      'another authority',
      () => ({ ...login('plain'), tls: { caFile: certificates.at('other-ca.pem') } }),
      'kafka-tls',
    ],
    ['no TLS', () => ({ ...login('plain'), tls: false }), 'kafka-unavailable'],
  ])('refuses %s, and nothing is written', async (_, connection, code) => {
    const topic = await world.topic();
    const ran = await replay(topic, connection());
    expect(ran.code, ran.said).toBe(3);
    expect(JSON.parse(ran.stdout.toString())).toMatchObject({ error: { code } });
    expect(ran.said).not.toContain(USER.password);
    expect(await endOf(topic)).toBe(0);
  });
});
