// What does `ledgerstone watch` cost, and how soon does it see a new seal, with so many chains?
import '../test/support/sync-crypto.ts';
import { parseArgs } from 'node:util';
import { schedulesOf } from '../src/apps/verifier/schedules.ts';
import { newWatchState, watch } from '../src/apps/verifier/watch.ts';
import { makeVerifier } from '../src/apps/verifier/wiring.ts';
import { silentLogger } from '../src/base/log.ts';
import { parseVerifierConfig } from '../src/config/verifier.ts';
import { parseAttestationKey } from '../src/format/attestation.ts';
import { encodeVkey } from '../src/format/vkey.ts';
import { portableChecker } from '../src/verify/block-checker.ts';
import { nodeContentTools } from '../src/verify/node/tools.ts';
import { START_MS } from '../test/support/archive-builder.ts';
import { FakeClock } from '../test/support/fake-clock.ts';
import { memorySigner } from '../test/support/memory-signer.ts';
import { memoryStore } from '../test/support/memory-store.ts';
import { PRICES } from './verifier/cost.ts';
import { type Counts, counted, countedSigner, GrowingArchive, noCounts } from './watch/world.ts';

const { values } = parseArgs({
  options: {
    chains: { type: 'string', default: '10,200,1000' },
    minutes: { type: 'string', default: '11' },
    /** Of a call to S3. */
    callMs: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const MINUTE_MS = 60_000;
const MONTH_MINUTES = 30 * 24 * 60;
/** A start confirms everything at once, and is left out. One confirmation of all comes after it. */
const WARM_UP_MINUTES = 6;

const configOf = (vkey: string) =>
  parseVerifierConfig(
    JSON.stringify({
      archive: { store: { kind: 's3', bucket: 'archive', region: 'eu-central-1' }, trusted: [vkey] },
      attestations: {
        store: { kind: 's3', bucket: 'attestations', region: 'eu-central-1' },
        retention: { mode: 'COMPLIANCE', period: '1y' },
      },
      cosigner: { name: 'verifier.example.com', signing: { kind: 'local', keyFile: 'x' } },
      chains: { freshness: '2h' },
    }),
    'bench',
    {},
  );

type Measured = { readonly counts: Counts; readonly secondsToAttest: readonly number[] };

/** Virtual time: only calls take any, and what the processor does takes none. */
async function measure(chains: number, growing: boolean): Promise<Measured> {
  const minutes = Number(values.minutes);
  const clock = new FakeClock({ startMs: START_MS, auto: true });
  const archive = new GrowingArchive(chains, MINUTE_MS, clock);
  const rounds = growing ? minutes : 1;
  const releases: Awaited<ReturnType<GrowingArchive['round']>> = [];
  for (let round = 0; round < rounds; round++) releases.push(...(await archive.round(round)));
  const counts = noCounts();
  const callMs = Number(values.callMs);
  const kept = memoryStore({ clock });
  const own = counted(kept, clock, callMs, counts);
  const seenMs = new Map<string, number>();
  const watchedOwn: typeof own = {
    ...own,
    putIfAbsent: async (key, ...rest) => {
      const outcome = await own.putIfAbsent(key, ...rest);
      const parsed = parseAttestationKey(key);
      for (let size = parsed?.size ?? 0; parsed !== null && size > 0; size--) {
        const id = `${parsed.chain}/${parsed.partition}/${size - 1}`;
        if (seenMs.has(id)) break;
        seenMs.set(id, clock.now());
      }
      return outcome;
    },
  };
  const [key] = archive.builder.trusted;
  const config = configOf(encodeVkey(key as NonNullable<typeof key>));
  const clients = {
    archive: counted(archive.bucket, clock, callMs, counts),
    own: watchedOwn,
    signer: countedSigner(memorySigner({ seed: 'verifier' }), counts),
  };
  const checker = portableChecker(nodeContentTools);
  const verifier = makeVerifier(config, clients, { checker, log: silentLogger, clock });
  const ending = new AbortController();
  const grow = async () => {
    for (const { atMs, put } of releases) {
      if (atMs > clock.now() && growing) await clock.sleep(atMs - clock.now());
      put();
    }
  };
  const schedules = schedulesOf(config, verifier).filter(({ task }) => /^(confirm|freshness)$/.test(task));
  const growth = grow();
  if (!growing) {
    await growth;
    // What has not grown for an hour and a half is looked at as rarely as anything.
    clock.jump(90 * MINUTE_MS);
  }
  const state = newWatchState(clock.now());
  const watching = watch(verifier, { ...config.watch, schedules, signal: ending.signal }, state);
  await clock.sleep(WARM_UP_MINUTES * MINUTE_MS);
  const before = { ...counts };
  const fromMs = clock.now();
  await clock.sleep((minutes - WARM_UP_MINUTES) * MINUTE_MS);
  const used = Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, count - before[name as keyof Counts]]),
  ) as Counts;
  const endMs = clock.now();
  ending.abort(new Error('measured'));
  await Promise.all([watching, growth]);
  clock.stop();
  const secondsToAttest = releases
    .filter(({ atMs }) => growing && atMs >= fromMs && atMs < endMs)
    .map(({ chain, sequence, atMs }) => ((seenMs.get(`${chain}/${sequence}`) ?? endMs) - atMs) / 1000);
  return { counts: used, secondsToAttest };
}

const perMonth = (count: number): number =>
  (count / (Number(values.minutes) - WARM_UP_MINUTES)) * MONTH_MINUTES;

/** In US$ a month, at list prices. */
function costOf({ lists, gets, puts, signs }: Counts): number {
  const of = (count: number, price: string) => (perMonth(count) / 1e6) * Number(price);
  return Math.round(of(lists + puts, PRICES.s3PutList) + of(gets, PRICES.s3Get) + of(signs, PRICES.kmsSign));
}

const at = (sorted: readonly number[], share: number): number =>
  Math.round(10 * (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)) / 10;

const rows = [];
for (const chains of values.chains.split(',').map(Number)) {
  const idle = await measure(chains, false);
  const busy = await measure(chains, true);
  const sorted = busy.secondsToAttest.toSorted((a, b) => a - b);
  const seconds = 60 * (Number(values.minutes) - WARM_UP_MINUTES);
  rows.push({
    chains,
    secondsToAttest: { median: at(sorted, 0.5), p99: at(sorted, 0.99), worst: at(sorted, 1) },
    listsPerSecond: {
      idle: Math.round((10 * idle.counts.lists) / seconds) / 10,
      busy: Math.round((10 * busy.counts.lists) / seconds) / 10,
    },
    usdPerMonth: { idle: costOf(idle.counts), busy: costOf(busy.counts) },
    counts: { idle: idle.counts, busy: busy.counts },
  });
}
if (values.json) console.log(JSON.stringify({ bench: 'watch', minutes: Number(values.minutes), rows }));
else {
  for (const { counts: _, ...row } of rows) console.log(JSON.stringify(row));
}
