// Which alarms fit one configuration? Those of alerts.yaml, with its thresholds as numbers.
import { assert } from '../base/assert.ts';
import { VERSION } from '../base/version.ts';
import type { Config } from '../config/archiver.ts';
import { archiveOriginOf, type VerifierConfig } from '../config/verifier.ts';

export type Service = 'archiver' | 'verifier';

/** One number that the configuration decides. */
type Threshold = {
  /** For people: where it comes from. */
  readonly from: string;
  /** In the unit of its rule. */
  readonly value: number;
  /** What alerts.yaml has in its place, once. */
  readonly instead: string;
};

export type RulesFor = {
  readonly service: Service;
  readonly archive: string;
  readonly thresholds: readonly Threshold[];
  /** What a running service says of the settings that the thresholds come from, by metric. */
  readonly settings: Readonly<Record<string, number>>;
  /** What no rule can say with these settings. */
  readonly silent: readonly string[];
};

/** Records behind Kafka's end, beyond which a lag that grows is an alarm. */
export const LAG_DEFAULT = 100_000;
/** As alerts.yaml has it: three rounds of the default `watch.every`, and more. */
const NO_ROUND_SECONDS = 900;

export function archiverRules({ archive, segment }: Config, lagRecords: number): RulesFor {
  const [maxAge, heartbeat] = [segment.maxAgeMs / 1000, segment.heartbeatMs / 1000];
  const sealed: Threshold = {
    from: '3 x segment.maxAge, in seconds: the oldest record without a seal',
    value: 3 * maxAge,
    instead: 'on () group_left () 3 * max(ledgerstone_segment_max_age_seconds)',
  };
  const silence: Threshold = {
    from: '2 x segment.heartbeat, in seconds: since the last seal of a partition',
    value: 2 * heartbeat,
    instead: 'on () group_left () (2 * max(ledgerstone_segment_heartbeat_seconds) > 0)',
  };
  const lag: Threshold = {
    from: '--lag, in records: how far behind a partition may fall',
    value: lagRecords,
    instead: String(LAG_DEFAULT),
  };
  return {
    ...{ service: 'archiver', archive: archive.origin },
    thresholds: heartbeat === 0 ? [sealed, lag] : [sealed, silence, lag],
    settings: {
      ledgerstone_segment_max_age_seconds: maxAge,
      ledgerstone_segment_heartbeat_seconds: heartbeat,
    },
    silent: heartbeat === 0 ? ['segment.heartbeat is 0, so LedgerstoneNotSealing says nothing'] : [],
  };
}

export function verifierRules(config: VerifierConfig): RulesFor {
  const { fullPass, sweep, watch, chains } = config;
  const [days, hours] = [fullPass.everyMs / 86_400_000, sweep.everyMs / 3_600_000];
  return {
    ...{ service: 'verifier', archive: archiveOriginOf(config) },
    thresholds: [
      {
        from: '3 x (watch.every + 60 s), and 900 at least, in seconds: since a round went through',
        value: Math.max(NO_ROUND_SECONDS, 3 * (watch.everyMs / 1000 + 60)),
        instead: String(NO_ROUND_SECONDS),
      },
      {
        from: '1.25 x fullPass.every, in days: the byte that was read longest ago',
        value: 1.25 * days,
        instead: '1.25 * ledgerstone_verifier_full_pass_days',
      },
      {
        from: '3 x sweep.every, and 1 at least, in hours: one look at every key',
        value: Math.max(3 * hours, 1),
        instead: 'clamp_min(3 * ledgerstone_verifier_sweep_every_hours, 1)',
      },
    ],
    settings: { ledgerstone_verifier_full_pass_days: days, ledgerstone_verifier_sweep_every_hours: hours },
    silent:
      chains.freshnessMs === null
        ? ['chains.freshness is not set, so LedgerstoneVerifierStaleChains says nothing of old seals']
        : [],
  };
}

export type Written = {
  /** Matchers that every series has to meet, such as `job="ledgerstone"`. */
  readonly match: readonly string[];
  /** As an object of the Prometheus Operator, by this name. Null: a file for `rule_files`. */
  readonly operator: string | null;
};

/** `template`: the text of alerts.yaml. Ends with a line feed. */
export function rulesText(template: string, rules: RulesFor, { match, operator }: Written): string {
  let body = template.slice(template.indexOf('groups:'));
  for (const { instead, value } of rules.thresholds) {
    assert(body.split(instead).length === 2, `the alarms have "${instead}" not once`);
    body = body.replace(instead, String(value));
  }
  body = body.replaceAll(/^ +#.*\n/gm, '');
  body += outdatedRule(body, rules);
  body = body.replaceAll(
    /^( +expr: )(.+)$/gm,
    (_, name: string, expr: string) => name + matched(expr, match),
  );
  body = body.replaceAll(
    /^( +labels: \{ )severity/gm,
    (_, before: string) => `${before}archive: ${JSON.stringify(rules.archive)}, severity`,
  );
  return head(rules) + (operator === null ? body : operatorObject(body, operator));
}

/** A line for each threshold, so that a person sees what a number means. */
function head({ service, archive, thresholds, silent }: RulesFor): string {
  const lines = [
    `Alarms of the ${service} of ${JSON.stringify(archive)}, written by ledgerstone ${VERSION} for one configuration.`,
    `Write them anew when it changes: an alarm says so if you forget. What to do for each: src/${service}/RUNBOOK.md.`,
    ...thresholds.map(({ value, from }) => `${value}: ${from}`),
    ...silent,
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}

/** The numbers are of the file that was read, and a service may have been started with another one. */
function outdatedRule(body: string, { service, settings }: RulesFor): string {
  const name = service === 'archiver' ? 'LedgerstoneRulesOutdated' : 'LedgerstoneVerifierRulesOutdated';
  const entry = (service === 'archiver' ? name : 'RulesOutdated').toLowerCase();
  const base = /runbook_url: "([^"]*RUNBOOK\.md)#/.exec(body)?.[1];
  assert(base !== undefined, 'the alarms name their runbook');
  const differ = Object.entries(settings).map(
    ([metric, value]) => `max(${metric}) != ${value} or min(${metric}) != ${value}`,
  );
  return [
    `      - alert: ${name}`,
    `        expr: ${differ.join(' or ')}`,
    '        for: 1h',
    '        labels: { severity: ticket }',
    '        annotations:',
    '          summary: "the thresholds of these alarms are those of another configuration than the running one"',
    `          runbook_url: "${base}#${entry}"`,
    '',
  ].join('\n');
}

/** Each series is asked for with these matchers too. In quotes, as YAML would read a `: ` of a matcher. */
function matched(expr: string, match: readonly string[]): string {
  if (match.length === 0) return expr;
  const asked = expr.replaceAll(
    /\b(ledgerstone_[a-z0-9_]+)(?:\{([^}]*)\})?/g,
    (_, name: string, own: string | undefined) => `${name}{${[...match, ...(own ? [own] : [])].join(',')}}`,
  );
  return `'${asked.replaceAll("'", "''")}'`;
}

const operatorObject = (body: string, name: string): string =>
  [
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    `metadata: { name: ${JSON.stringify(name)} }`,
    'spec:',
    ...body
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ].join('\n');
