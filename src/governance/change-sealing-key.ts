// How does the governance chain change over to the key that two persons decided on? (FORMAT.md 13.5.7)
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { rotations } from '../verify/acts/keys.ts';
import type { ActOf } from '../verify/acts/recorded-act.ts';
import { sameKey } from '../verify/trust.ts';
import { recordDone } from './carry-out.ts';
import { type Decider, type GovernanceTools, readGovernance, sealKeyChange } from './record-act.ts';

const ATTEMPTS_MAX = 50;

/**
 * A segment by both keys, and then a `done` by the new one alone: killed at any step, the act is open, and
 * the same goes on. Returns at once where it is done or over. Throws `governance-key` where this machine
 * can't sign by both.
 */
export async function changeSealingKey(
  tools: GovernanceTools,
  decider: Decider,
  { act }: ActOf<'key.rotate'>,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const reading = await readGovernance(tools);
    const recorded = reading?.history.find(act.id) ?? null;
    if (reading === null || recorded === null || !reading.history.isOpen(recorded, tools.clock.now())) return;
    const to = rotations(reading.history, nodeSha256, 'governance').at(-1);
    const isBegun = reading.head.signedKeys.some(({ key }) => to !== undefined && sameKey(key, to.key.key));
    if (!isBegun) {
      await sealKeyChange(tools, reading);
      continue;
    }
    try {
      await recordDone(tools, decider, act.id, 'The newest decision is sealed by it alone', {
        ...{ objects: 1, changed: 1 },
      });
      return;
    } catch (error) {
      // Somebody who did not know of it sealed by the earlier key again: once more.
      if (!(error instanceof LedgerstoneError) || error.code !== 'act-refused') throw error;
    }
  }
  throw new LedgerstoneError('busy', `others decided ${ATTEMPTS_MAX} times while the key was to change`, {
    disposition: 'retriable',
    remedy: 'Ask again.',
  });
}
