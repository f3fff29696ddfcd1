// What happens to the findings of a check? They become evidence first, and then people are notified.
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { timeText } from '../../format/time.ts';
import type { Finding, Severity } from '../../verify/finding.ts';
import { foreignNoteFinding } from '../findings/checked-notes.ts';
import type { Entry, Ledger, Reported, ReportOptions } from '../findings/ledger.ts';
import {
  ATTEMPT_DAYS,
  ATTESTATIONS_SCOPE,
  accessScope,
  isCountedScope,
  reachesPeople,
  type Scope,
} from '../findings/record.ts';
import { type AlarmMessage, alarmMessage, closingMessage, unwrittenMessage } from './message.ts';
import type { Notifier } from './notifier.ts';

export type ReporterOptions = {
  /** Its channels are LOG_CHANNEL and those of the notifiers: see `channelsOf`. */
  readonly ledger: Pick<Ledger, 'report' | 'missed' | 'notified' | 'open' | 'notes'>;
  readonly notifiers: readonly Notifier[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly verifierName: string;
};

const LOG_CHANNEL = 'log';
export const channelsOf = (notifiers: readonly Notifier[]): string[] => [
  LOG_CHANNEL,
  ...notifiers.map(({ channel }) => channel),
];

/** While evidence can't be written, people get the same findings once an hour instead of once an event. */
const UNWRITTEN_AGAIN_MS = 3_600_000;
const UNWRITTEN_MAX = 1_000;
const MISSED_AGAIN_MS = 60_000;
const MISSED_AT_ONCE = 10;
const DAY_MS = 86_400_000;

export class FindingReporter {
  readonly #options: ReporterOptions;
  /** Open findings by scope, as this run found them. */
  #open = new Map<string, ReadonlyMap<Severity, number>>();
  /** The same, as this process found them last. */
  readonly #known = new Map<string, ReadonlyMap<Severity, number>>();
  /** Whether it knows of the scopes of earlier processes too. */
  #isLoaded = false;
  #notificationsFailed = 0;
  /** Scopes with findings that some channel did not take, by name. */
  readonly #missed = new Map<string, { readonly scope: Scope; readonly triedMs: number }>();
  /** Whether it was asked what earlier processes have left undone. */
  #isTakenOver = false;
  /** When people were notified of what could not be written. */
  readonly #unwritten = new Map<string, number>();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the findings are evidence and every channel was tried. If it rejects, report again; people
   * were notified even if the evidence could not be written. A channel that fails ends no check. The failure
   * is counted. The next report on that scope repeats the message, in whichever process; in this process the
   * next report on any other scope does too. No task reports on the attempts of a day that is over, so the
   * first report of a process repeats what is left of those.
   */
  async report(scope: Scope, findings: readonly Finding[], options: ReportOptions): Promise<void> {
    const { ledger } = this.#options;
    const { signal } = options;
    let reported: Reported;
    try {
      reported = await ledger.report(scope, findings, options);
    } catch (error) {
      await this.#notifyUnwritten(scope, findings, error, signal);
      await this.#reportForeign(signal).catch(() => signal?.throwIfAborted());
      throw error;
    }
    this.#note(scope, reported.open);
    await this.#notify(reported, signal);
    await this.#reportForeign(signal);
    await this.#notifyOthers(scope, signal);
  }

  /**
   * What lies at keys of notes and was not signed by this verifier is a finding itself. It is in the
   * verifier's own place, which may hold more of it.
   */
  async #reportForeign(signal: AbortSignal | undefined): Promise<void> {
    for (let look = 0; look < 2; look++) {
      const notes = this.#options.ledger.notes.takeForeign();
      if (notes.length === 0) return;
      const findings = notes.map(foreignNoteFinding);
      const options = { check: 'look', complete: false, ...(signal && { signal }) } as const;
      try {
        const reported = await this.#options.ledger.report(ATTESTATIONS_SCOPE, findings, options);
        this.#note(ATTESTATIONS_SCOPE, reported.open);
        await this.#notify(reported, signal);
      } catch (error) {
        await this.#notifyUnwritten(ATTESTATIONS_SCOPE, findings, error, signal);
        throw error;
      }
    }
  }

  /**
   * Learns what is open in all scopes, also in those on which this process reports only later or never. Until
   * then `openOfAll` knows nothing.
   */
  async loadOpen(signal?: AbortSignal): Promise<void> {
    const { ledger } = this.#options;
    for (const scope of await ledger.notes.scopes(signal)) {
      if (this.#known.has(scope.name) || !this.#isCounted(scope.name)) continue;
      const open = await ledger.open(scope, signal);
      if (!this.#known.has(scope.name)) this.#known.set(scope.name, open);
    }
    this.#isLoaded = true;
    await this.#reportForeign(signal);
  }

  #isCounted(scopeName: string): boolean {
    return isCountedScope(scopeName, this.#options.clock.now());
  }

  #note(scope: Scope, open: ReadonlyMap<Severity, number>): void {
    this.#open.set(scope.name, open);
    this.#known.set(scope.name, open);
  }

  /**
   * Open findings of all scopes, and of CloudTrail's attempts those of the last seven days. Null before
   * `loadOpen`.
   */
  openOfAll(severity: Severity): number | null {
    if (!this.#isLoaded) return null;
    const counted = [...this.#known].filter(([name]) => this.#isCounted(name));
    return counted.reduce((sum, [, counts]) => sum + (counts.get(severity) ?? 0), 0);
  }

  /** Since the last call. */
  takeCounts(): {
    readonly open: (severity: Severity) => number | null;
    readonly notificationsFailed: number;
  } {
    const scopes = [...this.#open.values()];
    const notificationsFailed = this.#notificationsFailed;
    this.#open = new Map();
    this.#notificationsFailed = 0;
    return { open: (severity) => sumOf(scopes, severity), notificationsFailed };
  }

  /** Channels are independent. A channel that fails delays no other, and it alone gets the message again. */
  async #notify(
    { scope, opened, closed }: Pick<Reported, 'scope' | 'opened' | 'closed'>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { ledger, notifiers, log, verifierName } = this.#options;
    const isLogged = ({ due }: Entry) => due.length === 0 || due.includes(LOG_CHANNEL);
    for (const { file } of opened.filter(isLogged)) logFinding(log, file.finding, fieldsOf(file));
    for (const { file } of closed.filter(isLogged)) log.info(fieldsOf(file), 'finding closed');
    const kinds = [
      { entries: opened, message: alarmMessage },
      { entries: closed, message: closingMessage },
    ];
    let isMissed = false;
    // An opening before a closing of the same scope, as they happened.
    for (const { entries, message } of kinds) {
      const heard = [LOG_CHANNEL];
      await Promise.all(
        notifiers.map(async (notifier) => {
          const due = entries.filter((entry) => entry.due.includes(notifier.channel));
          if (due.length === 0) return;
          if (await this.#publish(notifier, message(due, verifierName), signal)) heard.push(notifier.channel);
          else isMissed = true;
        }),
      );
      // Noted last: if this process ends before, people get a message twice rather than never.
      const noted = await Promise.allSettled(
        heard.map((channel) => ledger.notified(scope, entries, channel, signal)),
      );
      for (const result of noted) if (result.status === 'rejected') throw result.reason;
    }
    if (isMissed) this.#missed.set(scope.name, { scope, triedMs: this.#options.clock.now() });
    else this.#missed.delete(scope.name);
  }

  /**
   * Repeats what a channel did not take in other scopes, since the next report on those may be an hour away.
   */
  async #notifyOthers(but: Scope, signal: AbortSignal | undefined): Promise<void> {
    const { ledger, clock, log } = this.#options;
    this.#takeOver();
    const due = [...this.#missed.values()].filter(
      ({ scope, triedMs }) => scope.name !== but.name && clock.now() - triedMs >= MISSED_AGAIN_MS,
    );
    for (const { scope } of due.slice(0, MISSED_AT_ONCE)) {
      try {
        await this.#notify(await ledger.missed(scope, signal), signal);
      } catch (error) {
        signal?.throwIfAborted();
        this.#missed.set(scope.name, { scope, triedMs: clock.now() });
        // They stay due. The findings of the present report are kept, and people were notified of them.
        log.error({ scope: scope.name }, `could not repeat earlier findings: ${messageOf(error)}`);
      }
    }
  }

  #takeOver(): void {
    if (this.#isTakenOver) return;
    this.#isTakenOver = true;
    for (let day = 0; day < ATTEMPT_DAYS; day++) {
      const scope = accessScope(this.#options.clock.now() - day * DAY_MS);
      if (!this.#missed.has(scope.name)) this.#missed.set(scope.name, { scope, triedMs: -MISSED_AGAIN_MS });
    }
  }

  async #notifyUnwritten(
    scope: Scope,
    findings: readonly Finding[],
    cause: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { notifiers, log, clock, verifierName } = this.#options;
    const nowMs = clock.now();
    const idOf = ({ code, key, versionId, sequence }: Finding) =>
      JSON.stringify([scope.name, code, key, versionId, sequence]);
    const fresh = findings.filter((finding) => {
      if (!reachesPeople(finding.code)) return false;
      const notifiedMs = this.#unwritten.get(idOf(finding));
      return notifiedMs === undefined || nowMs - notifiedMs >= UNWRITTEN_AGAIN_MS;
    });
    if (fresh.length === 0) return;
    for (const finding of fresh) {
      logFinding(log, finding, { scope: scope.name, ...finding, notKept: messageOf(cause) });
    }
    const message = unwrittenMessage(scope.name, fresh, verifierName);
    const taken = await Promise.all(notifiers.map((notifier) => this.#publish(notifier, message, signal)));
    if (!taken.every(Boolean)) return;
    for (const finding of fresh) {
      if (this.#unwritten.size >= UNWRITTEN_MAX) this.#unwritten.clear();
      this.#unwritten.set(idOf(finding), nowMs);
    }
  }

  async #publish(
    notifier: Notifier,
    message: AlarmMessage,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    try {
      await notifier.publish(message.subject, message.text, signal);
      return true;
    } catch (error) {
      this.#notificationsFailed++;
      const code = error instanceof LedgerstoneError ? error.code : 'internal';
      const fields = { channel: notifier.channel, code, subject: message.subject };
      this.#options.log.error(fields, `no notification: ${messageOf(error)}`);
      return false;
    }
  }
}

const fieldsOf = ({ scope, finding, opening, check, closed }: Entry['file']) => ({
  ...{ scope, check, opening },
  ...finding,
  ...(closed !== null && {
    closed: { at: timeText(closed.atMs), check: closed.check, why: closed.why, by: closed.by.name },
  }),
});

function logFinding(log: Logger, { code, severity }: Finding, fields: object): void {
  if (!reachesPeople(code)) log.info(fields, 'finding');
  else if (severity === 'attempt' || severity === 'notice') log.warn(fields, 'finding');
  else log.error(fields, 'finding');
}

const sumOf = (scopes: readonly ReadonlyMap<Severity, number>[], severity: Severity): number | null =>
  scopes.length === 0 ? null : scopes.reduce((sum, counts) => sum + (counts.get(severity) ?? 0), 0);
