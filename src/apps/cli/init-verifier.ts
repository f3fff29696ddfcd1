// `ledgerstone init --config verifier.yaml`: how are the second party's key and bucket made ready?
import { LedgerstoneError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { spanOf } from '../../base/period.ts';
import { printable } from '../../base/printable.ts';
import { openMlDsaSigner, openSigner } from '../../clients/open.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { cosignerKey, encodeCosignerVkey } from '../../format/cosignature.ts';
import type { CosigningKey, KeyAlgorithm } from '../../format/vkey.ts';
import type { BucketCheck } from '../../store/bucket-check.ts';
import { checkLines } from './check-list.ts';
import { EXIT } from './exit-code.ts';
import { makeKey, writeVkey } from './init-key.ts';
import type { Session } from './session.ts';

type Options = {
  readonly createBucket?: boolean;
  readonly keyType: KeyAlgorithm;
  readonly vkey?: string;
  readonly json?: boolean;
};

const DAY_MS = 86_400_000;

export async function initVerifier(
  { io, output }: Session,
  config: VerifierConfig,
  options: Options,
): Promise<number> {
  const { name, signing, postQuantum: second } = config.cosigner;
  const checks = await readyOwnBucket(config, options.createBucket === true, io.signal);
  const newKey = signing.kind === 'local' && (await makeKey(signing.keyFile, options.keyType));
  const signer = await openSigner(signing);
  const vkeyOf = (key: CosigningKey) => encodeCosignerVkey(cosignerKey(name, key, nodeSha256));
  const vkey = vkeyOf(signer.publicKey);
  const isSecondNew = second?.kind === 'local' && (await makeKey(second.keyFile, 'ml-dsa-44'));
  const secondSigner = second === null ? null : await openMlDsaSigner(second);
  const postQuantum =
    secondSigner === null
      ? null
      : { vkey: vkeyOf(secondSigner.publicKey), newKey: isSecondNew, signer: secondSigner.description };
  const vkeys = [vkey, ...(postQuantum === null ? [] : [postQuantum.vkey])];
  if (options.vkey !== undefined) await writeVkey(options.vkey, vkeys.join('\n'));
  if (options.json === true) {
    await output.json({ vkey, newKey, signer: signer.description, postQuantum, checks });
    return EXIT.ok;
  }
  const lines = [
    ...checkLines('bucket', checks, output),
    `signing key   ${printable(signer.description)}${newKey ? ' (new)' : ''}`,
    ...(postQuantum === null
      ? []
      : [`second key    ${printable(postQuantum.signer)}${postQuantum.newKey ? ' (new)' : ''}, ML-DSA-44`]),
    '',
    `Cosigner key${vkeys.length > 1 ? 's' : ''}, for everybody who will check attestations (--cosigner):`,
    ...vkeys,
  ];
  await output.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

/** Throws if its own bucket is not fit. The archive's is the first party's. */
async function readyOwnBucket(
  { attestations: { store, retention } }: VerifierConfig,
  create: boolean,
  signal: AbortSignal,
): Promise<readonly BucketCheck[]> {
  if (store.kind !== 's3') return [];
  const { createBucket, inspectBucket } = await import('../../store/preflight.ts');
  if (create) {
    const days = Math.max(1, Math.ceil(spanOf(retention.period).greatestMs / DAY_MS));
    return (await createBucket(store, { days }, signal)).inspection.checks;
  }
  const { state, checks } = await inspectBucket(store, signal);
  const bad = checks.find(({ verdict }) => verdict === 'bad');
  if (bad === undefined) return checks;
  const remedy =
    state === 'absent' ? 'Add --create-bucket, or create it with Object Lock enabled at birth.' : bad.remedy;
  throw new LedgerstoneError('unfit-bucket', `bucket ${store.bucket}: ${bad.found}`, {
    ...(remedy === null ? {} : { remedy }),
  });
}
