// `ledgerstone keys rotate --use governance`: decisions are sealed by another key from now on.
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { governanceOrigin } from '../../format/chain.ts';
import { encodeVkey, verifierKey } from '../../format/vkey.ts';
import { historyNow } from '../../governance/carry-out.ts';
import { changeSealingKey } from '../../governance/change-sealing-key.ts';
import { decidedKeys } from '../../governance/decided-keys.ts';
import { recordAct } from '../../governance/record-act.ts';
import type { Signer } from '../../sign/signer.ts';
import type { ActOf } from '../../verify/acts/recorded-act.ts';
import { sameKey } from '../../verify/trust.ts';
import { type Deciding, deciding } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { finish } from './governance-write.ts';
import { newKey, type RotateOptions, requireFree, standingChange } from './keys-new.ts';
import type { Session } from './session.ts';

export async function runRotateDecisions(session: Session, options: RotateOptions): Promise<number> {
  if (options.ended !== undefined)
    throw new UsageError('--ended is of the log: the chain of decisions goes on');
  return deciding(session, options, 'two', async (context) => {
    const { tools, decider, asked } = context;
    const { signer, place } = await newKey(session, options.new, context);
    await requireFound(tools, place, signer);
    const key = verifierKey(governanceOrigin(tools.archiveOrigin), signer.publicKey, nodeSha256);
    const before = await historyNow(tools);
    requireFree(before, key, { 'a key of the log': [...tools.logKeys, ...decidedKeys(before)] });
    const again = standingChange(before, 'governance', key, {
      instead: options.instead === true,
      nowMs: tools.clock.now(),
    });
    const written =
      again === null
        ? await recordAct(tools, decider, {
            ...{ kind: 'key.rotate', ...asked },
            detail: { use: 'governance', key: encodeVkey(key), signer: place },
          })
        : { recorded: again, isNew: false };
    const recorded = written.recorded as ActOf<'key.rotate'>;
    await changeSealingKey(tools, decider, recorded);
    const history = await historyNow(tools);
    return finish(
      session,
      options,
      { recorded: history.find(recorded.act.id)!, history, isNew: written.isNew },
      { vkey: encodeVkey(key) },
      ['Verifier key of the decisions then; who has an earlier one finds it by the seals:', encodeVkey(key)],
    );
  });
}

/** Everybody who decides opens it as the act says. Throws UsageError. */
async function requireFound(
  { openDecided }: Deciding['tools'],
  place: string,
  { publicKey }: Signer,
): Promise<void> {
  const found = await openDecided(place).catch((error: unknown) => messageOf(error));
  if (typeof found !== 'string' && sameKey(found.publicKey, publicKey)) return;
  throw new UsageError(
    `nobody who decides would find it: ${typeof found === 'string' ? found : `${found.description} is another key`}`,
    'A key of KMS lies in the account and Region of the one of `governance.signing`, a file beside it.',
  );
}
