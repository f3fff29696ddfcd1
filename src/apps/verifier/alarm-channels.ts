// Which channels does the configuration name, and where do they lead now?
import { type Clock, systemClock } from '../../base/clock.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import { roleCredentials } from '../../store/role-credentials.ts';
import type { Notifier } from '../../verifier/alarms/notifier.ts';
import { snsNotifier } from '../../verifier/alarms/sns.ts';
import { webhookNotifier } from '../../verifier/alarms/webhook.ts';
import type { ReloadPart } from '../reload.ts';

type Alarms = VerifierConfig['alarms'];

/**
 * Where a channel leads may change while it is in use. Which channels there are may not: evidence says of
 * each finding which of them were to be told.
 */
export class AlarmChannels implements ReloadPart<Pick<VerifierConfig, 'alarms'>> {
  readonly notifiers: readonly Notifier[];
  readonly #clock: Clock;
  #targets: readonly Notifier[];

  constructor(alarms: Alarms, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#targets = this.#targetsOf(alarms);
    this.notifiers = this.#targets.map(({ channel }, at) => ({
      channel,
      publish: (...message) => (this.#targets[at] as Notifier).publish(...message),
    }));
  }

  takes({ alarms: before }: { readonly alarms: Alarms }, { alarms: after }: { readonly alarms: Alarms }) {
    const isSame = (channel: 'sns' | 'webhook') => (before[channel] === null) === (after[channel] === null);
    return (['sns', 'webhook'] as const).filter(isSame).map((channel) => `alarms.${channel}`);
  }

  async prepare({ alarms }: Pick<VerifierConfig, 'alarms'>): Promise<() => readonly string[]> {
    const targets = this.#targetsOf(alarms);
    return () => {
      this.#targets = targets;
      return [];
    };
  }

  #targetsOf({ sns, webhook }: Alarms): readonly Notifier[] {
    const clock = this.#clock;
    return [
      ...(sns === null ? [] : [snsNotifier({ topicArn: sns, credentials: roleCredentials(), clock })]),
      ...(webhook === null ? [] : [webhookNotifier(webhook, { clock })]),
    ];
  }
}
