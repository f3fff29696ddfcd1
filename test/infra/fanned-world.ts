// How does a full pass fan out, by the state machine and the function's configuration of the template, over stores in memory?
import { metricsLine } from '../../src/apps/verifier/emf.ts';
import { type FanOut, fanOutOf } from '../../src/apps/verifier/fan-out.ts';
import { makeVerifier } from '../../src/apps/verifier/wiring.ts';
import { parseVerifierConfig, type VerifierConfig } from '../../src/config/verifier.ts';
import { oldestVersion } from '../../src/format/oldest-version.ts';
import type { Store } from '../../src/store/store.ts';
import type { FanEvent, FanItem } from '../../src/verifier/fan-out/fan-event.ts';
import { type FindingFile, parseFinding } from '../../src/verifier/findings/record.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { noteContent } from '../support/note-signing.ts';
import { type Execution, execute, type Machine } from '../support/states-language.ts';
import { storeOver } from '../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../support/verifier-world.ts';
import { only, type Synthesised } from './synthesised.ts';

/** An event of a pass. `item`: of a range. */
export type Asked = Pick<FanEvent, 'fanOut' | 'run'> & { readonly item?: FanItem };

const STARTED = '2026-11-30T10:00:00.000Z';

export class FannedWorld {
  readonly world = new VerifierWorld();
  readonly work: MemoryStore = memoryStore({ clock: STILL });
  readonly figures: Record<string, unknown>[] = [];
  /** Payloads that the function was called with. */
  readonly calls: Record<string, unknown>[] = [];
  readonly #stack: Synthesised;
  readonly #config: VerifierConfig;

  constructor(stack: Synthesised, rendered: string) {
    this.#stack = stack;
    const { archive, alarms, ...config } = parseVerifierConfig(rendered, 'environment', {});
    const { builder } = this.world;
    // Its archive is signed by a key of its own, and nobody is called over the network.
    this.#config = {
      ...config,
      archive: { ...archive, trusted: builder.trusted },
      alarms: { ...alarms, sns: null },
    };
  }

  /** What one call of the function has: nothing is kept between calls. */
  function(work: Store = this.work): FanOut {
    const { builder, store, signer } = this.world;
    const log = () => {};
    const clients = { archive: storeOver(builder.archive), own: store, signer };
    const verifier = makeVerifier(this.#config, clients, {
      checker: portableChecker(nodeContentTools),
      log: { debug: log, info: log, warn: log, error: log },
      clock: STILL,
      onMetrics: (run, atMs) => void this.figures.push(JSON.parse(metricsLine('Test', run, atMs))),
    });
    return fanOutOf(this.#config, clients, verifier, work);
  }

  /** Follows the state machine. `around`: each call of the function. */
  run(
    name: string,
    around: (call: () => Promise<unknown>, payload: Asked) => Promise<unknown> = (call) => call(),
  ): Promise<Execution> {
    const { DefinitionString } = only(this.#stack, 'AWS::StepFunctions::StateMachine').Properties;
    const bucket = this.#config.fanOut?.store.kind === 's3' ? this.#config.fanOut.store.bucket : '';
    return execute(JSON.parse(String(DefinitionString)) as Machine, {
      ...{ name, startedAt: STARTED },
      invoke: (arn, payload) => {
        if (!/:function:Passing/.test(arn)) throw new TypeError(`a call of ${arn}`);
        this.calls.push(payload as Record<string, unknown>);
        const signal = AbortSignal.timeout(600_000);
        return around(() => this.function().answer(payload, signal), payload as Asked);
      },
      getObject: async (asked, key) => {
        const there = await oldestVersion(this.work, key);
        if (asked !== bucket || there === null) throw new TypeError(`no ${asked}/${key}`);
        return this.work.read(key, there.versionId, { maxBytes: 1 << 26 });
      },
    });
  }

  /** Of the verifier's own bucket. */
  reports(): Record<string, unknown>[] {
    const { store } = this.world;
    return store
      .keys()
      .filter((key) => key.startsWith('passes/full/'))
      .map((key) => JSON.parse(new TextDecoder().decode(noteContent(store.versionsOf(key)[0]?.bytes))));
  }

  found(): FindingFile[] {
    const { store } = this.world;
    return store
      .keys()
      .filter((key) => key.startsWith('findings/') && key.endsWith('-open.note'))
      .map((key) => parseFinding(noteContent(store.versionsOf(key)[0]?.bytes)));
  }

  ranges(): string[] {
    return this.work.keys().filter((key) => key.includes('/ranges/'));
  }
}
