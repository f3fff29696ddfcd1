// What does an operator do about a halted partition, as the runbook says?
import { type Halt, type HaltCode, HaltError } from '../../../src/archiver/chain/halt.ts';
import { sealDecision } from '../../../src/archiver/chain/resume.ts';
import type { PartitionActor } from '../../../src/archiver/partition.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { GapReason } from '../../../src/format/record.ts';
import { keyringOf } from '../../support/keyring.ts';
import { Dice } from './dice.ts';
import { ORIGIN, TOPIC } from './setting.ts';
import type { SimWorld } from './world.ts';

const REASONS: Readonly<Record<string, Exclude<GapReason, 'transaction'>>> = {
  expired: 'expired',
  hole: 'compacted',
  undecodable: 'accepted',
  'record-too-large': 'accepted',
};

export const haltedActors = (world: SimWorld, partition: number): PartitionActor[] =>
  world
    .alive()
    .flatMap(({ pipeline }) => pipeline?.actors ?? [])
    .filter((actor) => actor.route.partition.partition === partition && actor.halt !== null);

/** Why a decision failed: `halt` where it can never go through. */
export type Refused = { readonly message: string; readonly halt: HaltCode | null };

/** `ledgerstone resume`: the gap is given up. Null: it went through; else why not. */
export async function giveUp(world: SimWorld, partition: number, halt: Halt): Promise<Refused | null> {
  const reason = REASONS[halt.code];
  if (reason === undefined || halt.gap === null)
    return { message: `nothing can be given up of ${halt.code}`, halt: null };
  // Retention went on while the partition was halted: that is another loss, and recorded as such.
  const hasExpired = reason === 'compacted' && world.broker.log(TOPIC, partition).range.low > halt.gap.from;
  const what = hasExpired ? { reason: 'expired' as const } : { reason, to: halt.gap.to };
  const operator = world.newOperator();
  const ended = new AbortController();
  try {
    const { from, to } = await sealDecision(
      {
        store: operator.edge.store,
        source: operator.source,
        keyring: keyringOf(ORIGIN, [operator.edge.signer], { trusted: world.trusted }),
        sha256: nodeSha256,
        clock: operator.clock,
        writerId: operator.id,
        random: new Dice(world.seed, 'operator', operator.number).next,
      },
      world.setting.config,
      { topic: TOPIC, partition, ...what, by: 'an operator', why: halt.code },
      () => {},
      ended.signal,
    );
    world.note(`${operator.id} gives up ${from} to ${to - 1} of ${partition}`);
    world.count('resumed');
    return null;
  } catch (error) {
    const { message } = error as Error;
    world.note(`${operator.id} is refused: ${message}`);
    return { message, halt: error instanceof HaltError ? error.halt.code : null };
  }
}

/** In the middle of trouble: it may fail, be fenced, or die. */
export function operate(world: SimWorld, _dice: Dice, partition: number): boolean {
  const [actor] = haltedActors(world, partition);
  if (actor?.halt?.gap == null) return false;
  void giveUp(world, partition, actor.halt);
  return true;
}
