// A whole verifier over a world in memory: what is open in its ledger after each run?

import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { makeVerifier } from '../../src/apps/verifier/wiring.ts';
import { silentLogger } from '../../src/base/log.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { parseFindingKey } from '../../src/verifier/own-keys.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { BUCKET, storeOver } from './verifier-store.ts';
import { STILL, VerifierWorld } from './verifier-world.ts';

/** `tallyKeepMs`: as of `makeVerifier`. */
export async function verifierRig(segments: number, tallyKeepMs?: number) {
  const world = new VerifierWorld();
  await world.grow(segments);
  const [key] = world.builder.trusted;
  const store = (bucket: string) => ({ kind: 's3', bucket, region: 'eu-central-1' });
  const retention = { mode: 'COMPLIANCE', period: '1y' };
  const config = parseVerifierConfig(
    JSON.stringify({
      archive: { store: store(BUCKET), trusted: [encodeVkey(key as NonNullable<typeof key>)] },
      attestations: { store: store('attestations'), retention },
      cosigner: { name: 'verifier.example.com', signing: { kind: 'local', keyFile: 'x' } },
    }),
    'test',
    {},
  );
  const edges = { archive: storeOver(world.builder.archive), own: world.store, signer: world.signer };
  const start = () =>
    makeVerifier(config, edges, {
      checker: portableChecker(nodeContentTools),
      log: silentLogger,
      clock: STILL,
      ...(tallyKeepMs !== undefined && { tallyKeepMs }),
    });
  let verifier = start();
  const run = (event: unknown) => answerEvent(verifier, event, () => 900_000);
  /** A new process, with the same buckets. */
  const restart = () => {
    verifier = start();
  };
  const open = () => {
    const all = world.store.keys().flatMap((name) => parseFindingKey(name) ?? []);
    const isClosed = ({ id, opening }: (typeof all)[number]) =>
      all.some((other) => other.state === 'closed' && other.id === id && other.opening === opening);
    return all.filter((one) => one.state === 'open' && !isClosed(one)).map(({ code }) => code);
  };
  return { world, run, open, restart };
}
