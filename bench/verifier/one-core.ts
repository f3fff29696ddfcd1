// How much can one core verify, and how many calls to S3 and KMS does one event make?

import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { makeVerifier, openClients } from '../../src/apps/verifier/wiring.ts';
import { silentLogger } from '../../src/base/log.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import type { ReadableStore } from '../../src/store/store.ts';
import { runWork } from '../../src/verifier/run.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import type { Built } from '../build-archive.ts';
import type { ChildResult } from './bundle-process.ts';
import { configText, directory, newOwn } from './setup.ts';

const CHECKER = portableChecker(nodeContentTools);
const configFor = (archive: string) =>
  parseVerifierConfig(configText(directory(archive), newOwn()), 'bench', {});

export async function verifyAll(
  archive: string,
  built: Built,
): Promise<{ seconds: number; segments: number }> {
  const config = configFor(archive);
  const edges = await openClients(config);
  const verifier = makeVerifier(config, edges, { checker: CHECKER, log: silentLogger });
  const started = process.cpuUsage();
  const answer = (await answerEvent(verifier, { task: 'confirm' }, () => 900_000)) as ChildResult['answer'];
  const { user, system } = process.cpuUsage(started);
  const segments = answer.chains[0]?.size ?? 0;
  if (segments < 2)
    throw new Error(`of ${built.lines} lines nothing was attested: ${JSON.stringify(answer)}`);
  // CPU time, since the machine may do other work.
  return { seconds: (user + system) / 1e6, segments };
}

/** Calls by kind, as S3 and KMS would bill them. */
export type Calls = { get: number; putList: number; sign: number };
function counted<S extends ReadableStore>(store: S, calls: Calls): S {
  return {
    ...store,
    listVersions: (...args) => {
      calls.putList++;
      return store.listVersions(...args);
    },
    read: (...args) => {
      calls.get++;
      return store.read(...args);
    },
    lock: (...args) => {
      calls.get++;
      return store.lock(...args);
    },
  };
}

/** Calls for one event of one new segment, in a chain that already has attested segments. */
export async function callsOfOneEvent(archive: string): Promise<Calls & { cpuMs: number }> {
  const calls: Calls = { get: 0, putList: 0, sign: 0 };
  const config = configFor(archive);
  const { archive: store, own, signer: key } = await openClients(config);
  const counting = {
    archive: counted(store, calls),
    own: {
      ...counted(own, calls),
      putIfAbsent: (...args: Parameters<typeof own.putIfAbsent>) => {
        calls.putList++;
        return own.putIfAbsent(...args);
      },
    },
    signer: {
      ...key,
      sign: (...args: Parameters<typeof key.sign>) => {
        calls.sign++;
        return key.sign(...args);
      },
    },
  };
  const verifier = makeVerifier(config, counting, { checker: CHECKER, log: silentLogger });
  // First all but the last few seals are confirmed.
  let left = 0;
  const place = { chain: 'cloudtrail', partition: 0 };
  const work = (hintSize: number) => ({
    ...{ isQueue: false, objects: [], tasks: [], calls: [], ignored: [] },
    chains: [{ place, hintSize, seals: [] }],
  });
  const run = (steps: number) => {
    left = steps;
    return runWork(verifier, work(1), { remainingMs: () => 900_000, mayGoOn: () => --left > 0 });
  };
  await run(20);
  const before = { ...calls };
  const cpu = process.cpuUsage();
  await run(2);
  const { user, system } = process.cpuUsage(cpu);
  return {
    get: calls.get - before.get,
    putList: calls.putList - before.putList,
    sign: calls.sign - before.sign,
    cpuMs: (user + system) / 1000,
  };
}
