// What does the state machine of a fanned-out pass ask for? Its words are anybody's until they were checked.
import { z } from 'zod';
import { LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { isChainName, isPartition } from '../../format/chain.ts';

/** The state machine collects a byte or two of each answer, and takes 256 KiB in all. */
export const ITEMS_MAX = 100_000;

/** `startedAt`: two runs may have one name, months apart. */
const run = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/),
  startedAt: z.iso.datetime(),
});

const item = z
  .strictObject({
    index: z
      .int()
      .min(0)
      .max(ITEMS_MAX - 1),
    chain: z.string().refine(isChainName),
    partition: z.number().refine(isPartition),
    from: z.int().min(0).max(LIMITS.sequenceMax),
    before: z
      .int()
      .min(1)
      .max(LIMITS.sequenceMax + 1),
  })
  .refine(({ from, before }) => from < before);

const event = z.discriminatedUnion('fanOut', [
  z.strictObject({ fanOut: z.literal('plan'), run }),
  z.strictObject({ fanOut: z.literal('range'), run, item }),
  z.strictObject({ fanOut: z.literal('merge'), run }),
]);

export type FanRun = z.output<typeof run>;
/** One range of a chain. */
export type FanItem = z.output<typeof item>;
export type FanEvent = z.output<typeof event>;
export const fanItems = z.array(item).max(ITEMS_MAX);

/** Whether somebody means such an event, right or wrong. */
export const isFanEvent = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'fanOut');

/** Throws `usage`. */
export function readFanEvent(value: unknown): FanEvent {
  const { success, data, error } = event.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new LedgerstoneError(
    'usage',
    `an event of a fanned-out pass that is malformed: ${issue?.path.join('.')}: ${issue?.message}`,
    { disposition: 'input', remedy: 'Start the state machine, and let it make the events.' },
  );
}
