// What does the verifier cost: start, time per segment and event, memory, and money for a billion events?
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildArchive } from './build-archive.ts';
import { BUNDLE, makeBundle, runChild, runOverS3 } from './verifier/bundle-process.ts';
import { type Assumed, costPerBillion, PRICES } from './verifier/cost.ts';
import { callsOfOneEvent, verifyAll } from './verifier/one-core.ts';
import { DIR, directory } from './verifier/setup.ts';

const text = (given: string) => ({ type: 'string', default: given }) as const;
const { values } = parseArgs({
  options: {
    lines: text(join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl')),
    /** Content of the archive whose speed is measured, and size of its segments, in MiB. */
    mib: text('128'),
    segment: text('16'),
    /** Small segments, whose overhead is measured. */
    segments: text('500'),
    starts: text('7'),
    ...{ lambdaGbSecond: text(PRICES.lambdaGbSecond), lambdaRequests: text(PRICES.lambdaRequests) },
    ...{ s3Get: text(PRICES.s3Get), s3PutList: text(PRICES.s3PutList) },
    ...{ kmsSign: text(PRICES.kmsSign), sqs: text(PRICES.sqs) },
    ...{ memoryGb: text('0.5'), eventsPerSegment: text('5000'), callMs: text('20') },
    /** Memory over the real S3 client too, against the local stack. */
    s3: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const MIB = 1024 * 1024;
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

/** Bytes that do not compress: a segment of 16 MiB is then stored as 16 MiB. */
function noiseFile(): string {
  const file = join(DIR, 'noise.jsonl');
  const lines = Array.from({ length: 4_000 }, () => `{"noise":"${randomBytes(1_500).toString('base64')}"}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

try {
  await makeBundle();
  const bundleKb = Math.round(statSync(BUNDLE).size / 1000);
  const segmentBytes = Number(values.segment) * MIB;
  const options = { lines: values.lines, level: 1 };
  const [tiny, big, small, noise] = ['tiny', 'big', 'small', 'noise'].map((name) => join(DIR, name)) as [
    string,
    string,
    string,
    string,
  ];
  await buildArchive(tiny, { ...options, segmentBytes: 100_000, records: 100 });
  const builtBig = await buildArchive(big, {
    ...options,
    segmentBytes,
    contentBytes: Number(values.mib) * MIB,
  });
  const perSegment = 20;
  const builtSmall = await buildArchive(small, {
    ...{ ...options, segmentBytes: 20_000, records: Number(values.segments) * perSegment },
  });
  await buildArchive(noise, { lines: noiseFile(), level: 1, segmentBytes, contentBytes: 12 * segmentBytes });

  const starts: Awaited<ReturnType<typeof runChild>>[] = [];
  for (let i = 0; i < Number(values.starts); i++) starts.push(await runChild(directory(tiny)));
  const bareMs = median(
    starts.map(() => {
      const started = performance.now();
      spawnSync(process.execPath, ['-e', '0']);
      return performance.now() - started;
    }),
  );
  const memory = await runChild(directory(noise));
  const overS3 = values.s3 ? await runOverS3(noise) : null;
  const bigRun = await verifyAll(big, builtBig);
  const smallRun = await verifyAll(small, builtSmall);
  const calls = await callsOfOneEvent(small);
  const numbers = Object.entries(values).map(([name, value]) => [name, Number(value)]);
  const assumed = Object.fromEntries(numbers) as Assumed;
  const result = {
    bench: 'verifier',
    bundleKb,
    coldStart: {
      bareNodeMs: Math.round(bareMs),
      loadBundleMs: Math.round(median(starts.map(({ loadedMs }) => loadedMs))),
      firstEventMs: Math.round(median(starts.map(({ answeredMs, loadedMs }) => answeredMs - loadedMs))),
      processMs: Math.round(median(starts.map(({ wallMs }) => wallMs))),
      peakMib: Math.round(median(starts.map(({ peakMib }) => peakMib))),
    },
    perCoreSecond: {
      bigSegments: Number((bigRun.segments / bigRun.seconds).toFixed(1)),
      events: Math.round(builtBig.lines / bigRun.seconds),
      contentMBps: Math.round(builtBig.contentBytes / 1e6 / bigRun.seconds),
      smallSegments: Math.round(smallRun.segments / smallRun.seconds),
    },
    memory: {
      segmentMib: Number(values.segment),
      incompressible: true,
      peakMib: Math.round(memory.peakMib),
      overS3PeakMib: overS3 === null ? null : Math.round(overS3.peakMib),
      limitMib: 256,
    },
    callsPerEvent: { ...calls, cpuMs: Math.round(calls.cpuMs * 10) / 10 },
    usdPerBillionEvents: costPerBillion(calls, assumed),
  };
  // Other work on the machine makes all times longer.
  if (!values.json)
    console.error(
      `load average: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(' ')}`,
    );
  console.log(JSON.stringify(result, null, values.json ? 0 : 2));
} finally {
  rmSync(DIR, { recursive: true, force: true });
}
