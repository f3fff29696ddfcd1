// How does a test get a verifier whose full passes certify what is gone?
import type { Clock } from '../../src/base/clock.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { Manifest } from '../../src/format/manifest.ts';
import type { ActsLook } from '../../src/read/acts.ts';
import type { Store } from '../../src/store/store.ts';
import type { Certificate } from '../../src/verifier/destroyed/certificate.ts';
import { readCertificates } from '../../src/verifier/destroyed/certificate-reader.ts';
import { Certifier } from '../../src/verifier/destroyed/certifier.ts';
import { Ledger } from '../../src/verifier/findings/ledger.ts';
import { chainScope } from '../../src/verifier/findings/record.ts';
import { runScrub, type ScrubTools } from '../../src/verifier/tasks/scrub.ts';
import { ScrubLog } from '../../src/verifier/tasks/scrub-progress.ts';
import { heldTo } from '../../src/verify/acts/held-to.ts';
import type { ActChain } from '../unit/verify/act-chain.ts';
import { NOW_MS, YEAR_MS } from './archive-builder.ts';
import { NOTES } from './note-signing.ts';
import { STILL, VerifierWorld } from './verifier-world.ts';

const DAY_MS = 86_400_000;
const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: 10 * YEAR_MS } } as const;
export const VERIFIER = { name: 'verifier.example.com', version: '1.0.0' };
const NO_CHAIN: ActsLook = { kind: 'no-chain' };

export class DestroyedWorld extends VerifierWorld {
  nowMs = NOW_MS;
  look: ActsLook = NO_CHAIN;
  /** What was said of data that is gone and has no certificate. */
  readonly refused: string[] = [];
  readonly clock: Clock = { ...STILL, now: () => this.nowMs };

  bucket(store: Store = this.store) {
    return { ...NOTES, store, retention: RETENTION, clock: this.clock };
  }
  override tools(store: Store = this.store): ReturnType<VerifierWorld['tools']> & ScrubTools {
    const bucket = this.bucket(store);
    const log = {
      ...{ debug() {}, info() {}, error() {} },
      warn: (_: object, message: string) => void this.refused.push(message),
    };
    const decisions = {
      look: async () => this.look,
      heldTo: async () =>
        this.look.kind === 'read' ? heldTo(this.look, { nowMs: this.nowMs, sha256: nodeSha256 }) : null,
    };
    const about = { sha256: nodeSha256, log, storeName: 's3://acme-audit/prod', verifier: VERIFIER };
    const certifier = new Certifier({ ...about, bucket, decisions });
    return {
      ...super.tools(store),
      ...{ log: new ScrubLog(bucket), certifier, everyMs: 5 * DAY_MS, clock: this.clock },
      decisions: decisions as unknown as NonNullable<ScrubTools['decisions']>,
    };
  }
  /** All that is due. The codes of what was found, and is no info. */
  async pass(tools = this.tools(), bytesMax = 1e9): Promise<string[]> {
    const { clock, store } = this;
    const ledger = new Ledger({
      ...NOTES,
      store,
      retention: RETENTION,
      clock,
      sha256: nodeSha256,
      verifier: VERIFIER,
    });
    const codes: string[] = [];
    for (;;) {
      const { segments } = await runScrub(tools, [this.place], {
        ...{ bytesMax, concurrency: 1 },
        report: async ({ findings, complete, omitted }) => {
          codes.push(...findings.flatMap(({ code, severity }) => (severity === 'info' ? [] : [code])));
          await ledger.report(chainScope(this.place), findings, { check: 'full-pass', complete, omitted });
        },
      });
      if (segments === 0) return codes;
    }
  }
  destroy(...sequences: number[]): void {
    for (const sequence of sequences) this.builder.archive.remove(this.made[sequence]!.dataKey as string);
  }
  async certificates(store: Store = this.store): Promise<Certificate[]> {
    const { found } = await readCertificates({ store, signing: NOTES.signing }, null);
    return found.map(({ certificate }) => certificate);
  }
  manifest(sequence: number): Manifest {
    const text = this.chain.manifests[sequence]!;
    return JSON.parse(Buffer.from(text).toString()) as Manifest;
  }
  decided({ history }: ActChain, change: Partial<ActsLook> = {}): void {
    this.look = {
      kind: 'read',
      history,
      head: 7,
      isVerified: true,
      problem: null,
      broken: false,
      ...change,
    } as ActsLook;
  }
}
