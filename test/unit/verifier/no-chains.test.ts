// Is an archive without a chain a finding where there was one, and said aloud where there was none?
import { expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { confirmTask, freshnessTask } from '../../../src/verifier/tasks/confirm.ts';
import type { RunResult, Task } from '../../../src/verifier/verifier.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { noteContent } from '../../support/note-signing.ts';
import { verifierRig } from '../../support/verifier-rig.ts';
import { verifierOf } from '../../support/verifier-store.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

const TASKS = new Map<string, Task>([
  ['confirm', confirmTask],
  ['freshness', freshnessTask],
]);

/** What is reported of the archive as a whole, what is logged, and the chains that are counted. */
async function look(world: VerifierWorld, task = 'confirm') {
  const results: RunResult[] = [];
  const onResult = (result: RunResult) => void results.push(result);
  const verifier = verifierOf(world, { tasks: TASKS, onResult });
  await answerEvent(verifier, { task }, () => 900_000);
  const found = verifier.findings.told.filter(({ scope }) => scope === 'archive');
  return {
    findings: found.flatMap(({ findings }) => findings.map(({ code, expected }) => [code, expected])),
    said: verifier.log.lines.filter((line) => line.includes('no chain')),
    chains: results[0]?.metrics.chains,
  };
}

const empty = (world: VerifierWorld) => {
  for (const { sealKey } of world.made) world.builder.archive.remove(sealKey);
};

it.each(['confirm', 'freshness'])('says at a first start that there is none: %s', async (task) => {
  expect(await look(new VerifierWorld(), task)).toEqual({
    findings: [],
    said: ['s3://archive/ has no chain: nothing is verified. If it should have one, check archive.store'],
    chains: 0,
  });
});

it('says nothing where there is one', async () => {
  const world = new VerifierWorld();
  await world.grow(1);
  expect(await look(world)).toEqual({ findings: [], said: [], chains: 1 });
});

it.each(['confirm', 'freshness'])('is a finding where a chain was attested: %s', async (task) => {
  const world = new VerifierWorld();
  await world.grow(2);
  await world.step();
  empty(world);
  expect(await look(world, task)).toEqual({
    findings: [['truncation', 'chains, such as audit.example.com/prod/orders/0, attested up to size 2']],
    said: [],
    chains: 0,
  });
});

it('is a finding where a chain had findings and was never attested, and none after a drill', async () => {
  const world = new VerifierWorld();
  world.store.attacker.putVersion('findings/topic=ledgerstone.drill/partition=0/x', utf8(''));
  expect((await look(world)).findings).toEqual([]);
  world.store.attacker.putVersion('findings/topic=orders/partition=0/x', utf8(''));
  const { findings, said } = await look(world);
  expect([findings, said]).toEqual([[['unreadable', 'chains, such as orders/0, which has findings']], []]);
});

it('is no finding where only somebody else attested there', async () => {
  const world = new VerifierWorld();
  await world.grow(1);
  const thief = world.tools(undefined, memorySigner({ seed: 'thief' }));
  await world.step(1, thief);
  expect(world.attestedSizes()).toEqual([1]);
  empty(world);
  expect((await look(world)).findings).toEqual([]);
});

it('is closed when a chain is there, and the drill is none', async () => {
  const { world, run, open } = await verifierRig(1);
  await run({ task: 'confirm' });
  const bytes = world.builder.archive.bytesOf(world.made[0]?.sealKey as string) as Uint8Array;
  empty(world);
  world.builder.archive.put('seals/topic=ledgerstone.drill/partition=0/000000000000.tlog-proof', bytes);
  const isOpen = () => {
    const notes = world.store.keys().filter((key) => key.startsWith('findings/archive/truncation/'));
    return notes.map((key) => [
      key.split('-').at(-1),
      JSON.parse(utf8Text(noteContent(world.store.versionsOf(key)[0]?.bytes))).closed?.why,
    ]);
  };
  await run({ task: 'confirm' });
  expect([isOpen().map(([state]) => state), open().includes('truncation')]).toEqual([
    ['open.note', 'log.note'],
    true,
  ]);
  world.builder.archive.put(world.made[0]?.sealKey as string, bytes);
  await run({ task: 'confirm' });
  expect(isOpen()).toContainEqual(['closed.note', 'the archive has chains: 1']);
});

it('is not closed by a process that never saw an attestation, as long as there is no chain', async () => {
  const { world, run, restart } = await verifierRig(1);
  await run({ task: 'confirm' });
  empty(world);
  await run({ task: 'confirm' });
  for (const key of [...world.store.keys()].filter((one) => one.startsWith('attestations/')))
    world.store.attacker.destroy(key);
  restart();
  await run({ task: 'confirm' });
  await run({ task: 'confirm' });
  const states = world.store.keys().filter((key) => key.startsWith('findings/archive/truncation/'));
  expect(states.map((key) => key.split('-').at(-1))).not.toContain('closed.note');
  expect(states.length).toBeGreaterThan(0);
});
