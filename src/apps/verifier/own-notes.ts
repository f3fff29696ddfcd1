// With which keys does the verifier sign what it keeps, and for how long is that locked?
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { archiveOriginOf, type VerifierConfig } from '../../config/verifier.ts';
import type { CosignerKey } from '../../format/cosignature.ts';
import type { MlDsaSigner, Signer } from '../../sign/signer.ts';
import type { ReadableStore, Store } from '../../store/store.ts';
import { Attester } from '../../verifier/attest/attester.ts';
import type { NoteSigning } from '../../verifier/signed-notes.ts';
import { Witnesses } from '../../verifier/witness/witnesses.ts';

type Attesting = {
  readonly archive: ReadableStore;
  readonly own: Store;
  readonly signer: Signer;
  readonly postQuantum?: MlDsaSigner | undefined;
};

export function attesterOf(
  config: VerifierConfig,
  { archive, own, signer, postQuantum }: Attesting,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Attester {
  const { name, earlier } = config.cosigner;
  const witnesses = config.witnesses && new Witnesses({ ...config.witnesses, archive, clock, log });
  return new Attester({
    ...{ store: own, name, signer, postQuantum, earlier, sha256: nodeSha256, clock },
    ...{ trusted: config.archive.trusted, retention: retentionOf(config) },
    ...(witnesses && { witnesses }),
  });
}

export const retentionOf = ({ attestations: { retention } }: VerifierConfig) => ({
  ...{ mode: retention.mode, period: retention.period },
});

export const noteSigning = (config: VerifierConfig, key: CosignerKey, signer: Signer): NoteSigning => ({
  ...{ archiveOrigin: archiveOriginOf(config), cosigners: [key, ...config.cosigner.earlier] },
  ...{ key, signer, sha256: nodeSha256 },
});
