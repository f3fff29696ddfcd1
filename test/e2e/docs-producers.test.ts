// Does the program of docs/for-producers.md have the right types, run, and say of each record whether it is archived?
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiptHandler } from '../../src/apps/archiver/receipts.ts';
import { startServer } from '../../src/apps/archiver/server.ts';
import type { HttpServer } from '../../src/apps/http.ts';
import type { PartitionStatus, ServiceStatus } from '../../src/archiver/status.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { TopicConfig } from '../../src/config/archiver.ts';
import { encodeVkey, type VerifierKey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, entries, transactionGap } from '../support/archive-builder.ts';
import { pageText, ROOT } from '../support/docs/pages.ts';
import { lawlessStore } from '../support/lawless-store.ts';

let builder: ArchiveBuilder;
let key: string;
let server: HttpServer | undefined;
/** orders/0: records 5 to 24, a gap line for 25 to 27, records 28 and 29; from 30 on nothing is sealed. */
beforeAll(async () => {
  builder = new ArchiveBuilder();
  const chain = builder.chain('orders', 0, 5);
  await chain.seal();
  await chain.seal({ lines: entries(5, 20), linesPerBlock: 4 });
  await chain.seal({ lines: [transactionGap(25, 3), ...entries(28, 2)] });
  key = encodeVkey(builder.trusted[0] as VerifierKey);
});
afterAll(() => server?.close());

async function start(): Promise<string> {
  const own = {
    topic: 'orders',
    partition: 0,
    head: { nextOffset: 30 },
    halt: null,
    oldestUnsealedSeconds: 20,
  };
  const topic = {
    name: 'orders',
    chain: 'orders',
    partitions: {},
  } as unknown as TopicConfig;
  const handler = receiptHandler({
    ...{
      store: lawlessStore(builder.archive),
      topicNamed: (name) => (name === topic.name ? topic : null),
      maxAgeMs: 60_000,
      perSecond: 1000,
    },
    ...{ clock: systemClock, signal: new AbortController().signal, trusted: () => builder.trusted },
    partitions: () => [own as unknown as PartitionStatus],
  });
  const status = () => ({ partitions: [] }) as unknown as ServiceStatus;
  server = await startServer(
    { host: '127.0.0.1', port: 0, names: [], auth: null, tls: null, production: false, handler },
    { status, metrics: async () => '' },
  );
  return server.url;
}

describe('docs/for-producers.md', () => {
  const [program = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(pageText('docs/for-producers.md'))?.slice(1) ?? [];
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'ledgerstone-producer-'));
    const entry = JSON.stringify(join(ROOT, 'src/index.ts'));
    writeFileSync(join(dir, 'producer.ts'), program.replace("from 'ledgerstone'", `from ${entry}`));
    writeFileSync(join(dir, 'archive.vkey'), `${key}\n`);
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    const asked = `import { isArchived } from './producer.ts';
const [url, topic, partition, ...offsets] = process.argv.slice(2) as [string, string, string, ...string[]];
for (const offset of offsets) console.log(await isArchived(url, { topic, partition: Number(partition), offset }));`;
    writeFileSync(join(dir, 'ask.ts'), asked);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('the program in TypeScript has the right types', async () => {
    const typeRoots = [join(ROOT, 'node_modules/@types')];
    const config = {
      extends: join(ROOT, 'tsconfig.json'),
      include: ['*.ts'],
      compilerOptions: { typeRoots },
    };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const ran = await promisify(execFile)(process.execPath, [tsc, '-p', '.'], { cwd: dir });
    expect(ran.stdout).toBe('');
  });

  it('says of each record whether it is archived', async () => {
    const url = await start();
    const args = [join(dir, 'ask.ts'), url, 'orders', '0', '9', '26', '29', '30', '4'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: dir });
    expect(stdout).toBe('true\nfalse\ntrue\nfalse\nfalse\n');
  });

  it('the program for kafkajs is one, and takes what kafkajs gives', () => {
    const [kafkajs = ''] = /^```js\n([\s\S]*?)^```$/m.exec(pageText('docs/for-producers.md'))?.slice(1) ?? [];
    expect(kafkajs).toContain("from 'kafkajs'");
    const typed = kafkajs.replace('sendEvent(event)', 'sendEvent(event: { id: string })');
    writeFileSync(
      join(dir, 'kafka.ts'),
      typed.replace("'kafkajs'", JSON.stringify(join(ROOT, 'node_modules/kafkajs'))),
    );
    const options = {
      strict: true,
      noEmit: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      target: 'es2022',
    };
    const typeRoots = [join(ROOT, 'node_modules/@types')];
    const config = {
      files: ['kafka.ts'],
      compilerOptions: {
        ...options,
        types: ['node'],
        typeRoots,
        skipLibCheck: true,
        exactOptionalPropertyTypes: false,
      },
    };
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(config));
    const { stdout } = spawnSync(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'],
      { cwd: dir, encoding: 'utf8' },
    );
    // Its types say `baseOffset?`, and that the list may be empty: with acks, there is one.
    expect(
      stdout.split('\n').filter((line) => /error/.test(line) && !/undefined|possibly/.test(line)),
    ).toEqual([]);
  });
});
