// How does a verifier with the function's rendered configuration behave, on an archive in memory?

import { metricsLine } from '../../src/apps/verifier/emf.ts';
import { answerEvent } from '../../src/apps/verifier/handler.ts';
import { makeVerifier } from '../../src/apps/verifier/wiring.ts';
import { parseVerifierConfig } from '../../src/config/verifier.ts';
import { type FindingFile, parseFinding } from '../../src/verifier/findings/record.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { noteContent } from '../support/note-signing.ts';
import { storeOver } from '../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../support/verifier-world.ts';
import { only, type Synthesised } from './synthesised.ts';

export class DeployedVerifier {
  readonly world = new VerifierWorld();
  /** As CloudWatch gets them. */
  readonly figures: Record<string, unknown>[] = [];
  readonly lines: string[] = [];
  readonly #verifier;

  constructor(stack: Synthesised) {
    const { Environment } = only(stack, 'AWS::Lambda::Function').Properties as {
      Environment: { Variables: Record<string, string> };
    };
    const rendered = String(Environment.Variables['LEDGERSTONE_VERIFIER_CONFIG']);
    const { archive, alarms, ...config } = parseVerifierConfig(
      rendered,
      'environment',
      Environment.Variables,
    );
    const { builder, store, signer } = this.world;
    const log = (_: object, message: string) => void this.lines.push(message);
    this.#verifier = makeVerifier(
      // Its archive is signed by a key of its own, and nobody is called over the network.
      { ...config, archive: { ...archive, trusted: builder.trusted }, alarms: { ...alarms, sns: null } },
      { archive: storeOver(builder.archive), own: store, signer },
      {
        checker: portableChecker(nodeContentTools),
        log: { debug: log, info: log, warn: log, error: log },
        clock: STILL,
        onMetrics: (run, atMs) =>
          void this.figures.push(JSON.parse(metricsLine(alarms.metricsNamespace, run, atMs))),
      },
    );
  }

  handle(event: unknown, remainingMs = () => 300_000): Promise<unknown> {
    return answerEvent(this.#verifier, event, remainingMs);
  }

  /** Findings that were opened. */
  evidence(): FindingFile[] {
    const { store } = this.world;
    return store
      .keys()
      .filter((key) => key.startsWith('findings/') && key.endsWith('-open.note'))
      .map((key) => parseFinding(noteContent(store.versionsOf(key)[0]?.bytes)));
  }
}
