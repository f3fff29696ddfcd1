// What is a scenario, and what has to hold after each of them?
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { messageOf } from '../../../src/base/error.ts';
import { cli } from '../../support/cli.ts';
import { type Load, verifiableLoad } from './load.ts';
import { type Comparison, compare, readChain } from './oracle.ts';
import { World, type WorldOptions } from './world.ts';

export type Scenario = {
  readonly name: string;
  readonly what: string;
  /** About how long the faults last: the load is spread over it. */
  readonly seconds: { readonly full: number; readonly short: number };
  /** True: archivers and archive begin as the older version's. */
  readonly beginsOlder?: boolean;
  /** Does the faults, and returns when they are over. */
  readonly run: (world: World) => Promise<void>;
  /** Default: Kafka's verifiable producer. */
  readonly load?: (world: World, perSecond: number) => Promise<Load>;
  /** Instead of waiting until every partition goes on. */
  readonly settle?: (world: World) => Promise<void>;
  /** Looks at the archive in ways of its own, once it is whole. */
  readonly examine?: (world: World) => Promise<void>;
};

export type Outcome = {
  readonly scenario: string;
  readonly seed: number;
  readonly records: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly comparison: Comparison | null;
  readonly verdict: string;
  /** From the end of the faults to the first seal of any partition, and of the last one. */
  readonly resumeSeconds: number | null;
  readonly resumeAllSeconds: number | null;
  readonly figures: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly problems: readonly string[];
};

const CATCH_UP_MS = 180_000;
const PER_SECOND_LEAST = 500;

export async function runScenario(scenario: Scenario, seed: number, options: WorldOptions): Promise<Outcome> {
  const started = performance.now();
  const world = new World(options);
  let comparison: Comparison | null = null;
  let verdict = 'not reached';
  try {
    if (scenario.beginsOlder === true) world.beginOlder();
    await world.open();
    await disturb(scenario, world);
    await finish(scenario, world);
    ({ comparison, verdict } = await examine(world));
    for (const problem of comparison.problems) world.problem(problem);
    if (verdict !== 'verified') world.problem(`verify says ${verdict}`);
    await scenario.examine?.(world);
  } catch (error) {
    world.problem(messageOf(error));
  } finally {
    world.servers.heal();
    await world.stop();
  }
  const { faultsEndedMs } = world;
  const resumed = faultsEndedMs === null ? [] : [...world.firstSeals(faultsEndedMs).values()];
  const waits = resumed.flatMap((atMs) => (atMs === undefined ? [] : [(atMs - (faultsEndedMs ?? 0)) / 1000]));
  return {
    scenario: scenario.name,
    seed,
    records: world.load?.count() ?? 0,
    faults: Object.fromEntries(world.faults),
    comparison,
    verdict,
    resumeSeconds: waits.length === 0 ? null : Math.min(...waits),
    resumeAllSeconds: waits.length < resumed.length || waits.length === 0 ? null : Math.max(...waits),
    figures: Object.fromEntries(world.figures),
    seconds: (performance.now() - started) / 1000,
    problems: world.problems,
  };
}

async function disturb(scenario: Scenario, world: World): Promise<void> {
  const seconds = scenario.seconds[world.scale];
  const perSecond = Math.max(PER_SECOND_LEAST, Math.ceil(world.records / seconds));
  const begun = Date.now();
  const load =
    scenario.load ??
    (({ topic, servers }, rate) => verifiableLoad(servers.stack, { topic, perSecond: rate }));
  for (const archiver of world.archivers) archiver.start();
  world.load = await load(world, perSecond);
  await world.allSealSince(begun);
  world.say(`faults begin, ${perSecond} records/s`);
  await scenario.run(world);
  world.servers.heal();
  if (world.faultsEndedMs === null) world.faultsEnded();
}

async function finish(scenario: Scenario, world: World): Promise<void> {
  const load = world.load as Load;
  world.say(`faults are over: ${[...world.faults].map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
  if (scenario.settle !== undefined) await scenario.settle(world);
  else await world.allSealSince(world.faultsEndedMs as number, CATCH_UP_MS);
  await world.until(
    `${world.records} records are acknowledged`,
    () => load.count() >= world.records,
    CATCH_UP_MS,
  );
  await load.stop();
  const behind = () =>
    [...load.ends()].flatMap(([partition, end]) =>
      !world.waits(partition) && world.sealedTo(partition) < end
        ? [`${partition} at ${world.sealedTo(partition)} of ${end}`]
        : [],
    );
  await world
    .until('everything is sealed', () => behind().length === 0, CATCH_UP_MS)
    .catch(() => {
      throw new Error(
        `not sealed ${CATCH_UP_MS / 1000} s after the last record: partition ${behind().join(', ')}`,
      );
    });
  checkHalts(world);
  const codes = await Promise.all(world.archivers.map((archiver) => archiver.drain(false)));
  if (codes.some((code) => code !== 0))
    world.problem(`archivers drained with exit codes ${codes.join(', ')}`);
  for (const { name, unasked } of world.archivers) {
    if (unasked.length > 0 && !world.mayEndItself)
      world.problem(`${name} ended by itself: ${unasked.join(', ')}`);
    else if (unasked.length > 0) world.figures.set(`${name} ended by itself`, unasked.length);
  }
}

function checkHalts(world: World): void {
  for (const { kind, partition, code } of world.said) {
    const expected = world.halts.get(partition)?.codes.includes(code ?? '');
    if (kind === 'halted' && expected !== true) world.problem(`partition ${partition} halted: ${code}`);
  }
  for (const [partition, { codes }] of world.halts) {
    if (!world.isHalted(partition))
      world.problem(`partition ${partition} did not halt (${codes.join(' or ')})`);
  }
}

async function examine(world: World): Promise<{ comparison: Comparison; verdict: string }> {
  const verify = await cli(['verify', world.archive, '--key', world.keys, '--json'], {
    env: world.env,
    timeoutMs: 300_000,
  });
  const report = JSON.parse(verify.stdout.toString()) as { verdict: string };
  const chains = [];
  for (const partition of world.partitions)
    chains.push(
      await readChain(world.archive, { topic: world.topic, partition, key: world.keys }, world.env),
    );
  await checkVersions(world);
  const haltedFrom = new Map(
    [...world.halts].flatMap(([partition, { from, resumed }]) =>
      resumed ? [] : [[partition, from] as const],
    ),
  );
  const { gapReasons, destroyed } = world;
  const comparison = compare(chains, (world.load as Load).sent(), { haltedFrom, gapReasons, destroyed });
  return {
    comparison,
    verdict: verify.code === 0 ? report.verdict : `${report.verdict}, exit ${verify.code}`,
  };
}

/** Create-only, for good: each key has one version, and none a delete marker. */
async function checkVersions(world: World): Promise<void> {
  const { endpoint, region, credentials } = world.servers.stack.s3;
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const keys = new Set<string>();
  let marker: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> | null = {};
  try {
    while (marker !== null) {
      const page: ListObjectVersionsCommandOutput = await s3.send(
        new ListObjectVersionsCommand({ Bucket: world.bucket, ...marker }),
      );
      for (const { Key = '' } of page.Versions ?? []) {
        if (keys.has(Key)) world.problem(`${Key} has two versions`);
        keys.add(Key);
      }
      if ((page.DeleteMarkers ?? []).length > 0) world.problem('there are delete markers');
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
      marker = IsTruncated ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : null;
    }
  } finally {
    s3.destroy();
  }
  world.figures.set('objects', keys.size);
}

export const seconds = (from: number): Promise<void> => sleep(from * 1000);
