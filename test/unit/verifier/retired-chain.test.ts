// Does the verifier leave a chain alone that was continued elsewhere, as FORMAT.md §9.5 has it?
import { beforeEach, expect, it } from 'vitest';
import { answerEvent } from '../../../src/apps/verifier/handler.ts';
import { toHex } from '../../../src/base/bytes.ts';
import { parseSignedCheckpoint } from '../../../src/format/note.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { confirmTask, freshnessTask } from '../../../src/verifier/tasks/confirm.ts';
import { type BuiltSegment, NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { verifierOf, type WorldVerifier } from '../../support/verifier-store.ts';
import { VerifierWorld } from '../../support/verifier-world.ts';

const TASKS = new Map([
  ['freshness', freshnessTask],
  ['confirm', confirmTask],
]);
const JUNK = sealKey('orders', 0, 3);
let world: VerifierWorld;
let verifier: WorldVerifier;

beforeEach(async () => {
  world = new VerifierWorld();
  await world.grow(3);
  verifier = verifierOf(world, { tasks: TASKS, freshnessMs: 600_000 });
});

async function retire(signers = world.builder.signers.slice(0, 1), name = 'orders-2'): Promise<void> {
  const last = world.made.at(-1) as BuiltSegment;
  const { origin, size, root } = parseSignedCheckpoint(last.note).checkpoint;
  const { nextOffset } = last.manifest.records;
  const why = { reason: 'a stray object at the next seal', by: 'ops@example.com' };
  await world.builder.chain(name, 0, nextOffset).seal({
    continues: { origin, size, root: toHex(root), nextOffset, ...why },
    ...{ sealedMs: NOW_MS - 60_000, signers },
  });
}

async function found(task: string, chain = 'orders'): Promise<string[]> {
  verifier.findings.told.length = 0;
  await answerEvent(verifier, { task }, () => 900_000);
  const told = verifier.findings.told.filter(({ scope }) => scope === `topic=${chain}/partition=0`);
  // What is found beside a sound chain is told before the attestation, and with the whole result again.
  return [...new Set(told.flatMap(({ findings }) => findings.map(({ code }) => code)))];
}

it('which is not stale', async () => {
  expect(await found('freshness')).toEqual(['stale-chain']);
  await retire();
  expect(await found('freshness')).toEqual([]);
});

it.each([[['orders']], [['orders/0']]])('nor one that %j of chains.ended names', async (endedChains) => {
  verifier = verifierOf(world, { tasks: TASKS, freshnessMs: 600_000, endedChains: ['order', 'orders/1'] });
  expect(await found('freshness')).toEqual(['stale-chain']);
  verifier = verifierOf(world, { tasks: TASKS, freshnessMs: 600_000, endedChains });
  expect(await found('freshness')).toEqual([]);
  expect(world.attestedSizes()).toContain(3);
});

it('nor one of imported history, whose source is a file', async () => {
  const source = (kind: 'file' | 'kafka', name: string) =>
    kind === 'file'
      ? { kind, name, partition: 0 }
      : { kind, cluster: 'c', topic: name, topicId: null, partition: 0 };
  await world.builder.chain('import.old').seal({ source: source('file', 'import.old') });
  await world.builder.chain('import.topic').seal({ source: source('kafka', 'import.topic') });
  await world.builder.chain('file').seal({ source: source('file', 'file') });
  expect(await found('freshness', 'import.old')).toEqual([]);
  expect(await found('freshness', 'import.topic')).toEqual(['stale-chain']);
  expect(await found('freshness', 'file')).toEqual(['stale-chain']);
});

it('at whose end junk lies', async () => {
  world.builder.archive.put(JUNK, new Uint8Array(5), { mode: 'COMPLIANCE', untilMs: NOW_MS + 20 * YEAR_MS });
  expect(await found('confirm')).toEqual(['malformed']);
  await retire();
  expect(await found('confirm')).toEqual(['foreign-object']);
  expect(world.attestedSizes()).toContain(3);
});

it('but not on the word of a key that nobody pinned', async () => {
  world.builder.archive.put(JUNK, new Uint8Array(5), { mode: 'COMPLIANCE', untilMs: NOW_MS + 20 * YEAR_MS });
  await retire([memorySigner({ seed: 'thief' })]);
  expect(await found('confirm')).toEqual(['malformed']);
  expect(await found('freshness')).toContain('stale-chain');
});

it('once: a second chain that continues it is a fork, and is not attested', async () => {
  await retire();
  expect(await found('confirm', 'orders-2')).not.toContain('fork');
  await retire(undefined, 'orders-3');
  expect(await found('confirm', 'orders-3')).toContain('fork');
  const attested = world.store.keys().filter((key) => key.startsWith('attestations/'));
  expect(attested.some((key) => key.includes('topic=orders-2/'))).toBe(true);
  expect(attested.some((key) => key.includes('topic=orders-3/'))).toBe(false);
});
