// What do the options of `find` ask for?

import { type Command, Option } from 'commander';
import { ANY_TOPIC, loadFieldsFile } from '../../config/fields-file.ts';
import type { TopicFields } from '../../config/topic-fields.ts';
import { topicNamed } from '../../config/topic-names.ts';
import { type FieldNames, parseTarget } from '../../format/target.ts';
import { type Condition, parseCondition } from '../../read/find/condition.ts';
import type { Query, TimeRange } from '../../read/find/query.ts';
import type { AttestationOptions } from './attestations-option.ts';
import { UsageError } from './exit-code.ts';
import { type OlderOptions, withOlder } from './older-option.ts';
import { type Archive, type ArchiveOptions, repeatable } from './open-archive.ts';
import { momentFromText, requireZone } from './time-option.ts';

export type FindFormat = 'table' | 'jsonl' | 'csv';

/** What is searched for. */
export type QueryOptions = OlderOptions & {
  readonly where?: readonly string[];
  readonly text?: readonly string[];
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly tz: string;
  readonly time: TimeRange['kind'];
  readonly topic?: readonly string[];
  readonly fields?: string;
  readonly trustNobody?: boolean;
  readonly since?: readonly string[];
};

export type FindCommandOptions = ArchiveOptions &
  AttestationOptions &
  QueryOptions & {
    readonly partition?: readonly number[];
    readonly limit?: number;
    readonly format: FindFormat;
    readonly out?: string;
    readonly prove?: boolean;
    readonly json: boolean;
  };

/** The options that say what is searched for. */
export const withQuery = (command: Command): Command =>
  withOlder(command)
    .option('--where <condition>', 'FIELD=VALUE, FIELD~TEXT, FIELD^PREFIX, FIELD>N; repeatable', repeatable)
    .option('--text <word>', 'stands anywhere in the record; repeatable', repeatable)
    .option('--subject <value>', "the person it is about: each topic's field `subject`")
    .option('--from <time>', 'at this date or time, or later')
    .option('--to <time>', 'before this date or time')
    .option('--tz <zone>', 'time zone of --from and --to without an offset', 'UTC')
    .addOption(
      new Option('--time <clock>', "record: its producer's; event: its field `time`; sealed: the archiver's")
        .choices(['record', 'event', 'sealed'])
        .default('record'),
    )
    .option('--topic <topic>', 'topic, or chain; repeatable; default: all', repeatable)
    .option('--fields <file>', 'short names of fields by topic, as YAML')
    .option('--trust-nobody', "pass no segment by: not for what its seal states, nor on a verifier's word")
    .option('--since <checkpoint>', 'file of earlier signed checkpoints; repeatable', repeatable);

/**
 * Everything that can be wrong with the options alone is said before anything is read. Throws UsageError,
 * also if all records are asked for, unless `mayBeAll` is `all`.
 */
export async function queryOf(
  options: QueryOptions & { readonly limit?: number },
  { config }: Pick<Archive, 'config'>,
  env: NodeJS.ProcessEnv,
  mayBeAll: 'all' | 'some' = 'some',
): Promise<{ readonly query: Query; readonly names: readonly string[] }> {
  const subject: Condition[] =
    options.subject === undefined ? [] : [{ field: 'subject', operator: '=', value: options.subject }];
  const conditions = [...(options.where ?? []).map(parseCondition), ...subject];
  const texts = options.text ?? [];
  if (texts.includes('')) throw new UsageError('--text is empty', 'Give a word, such as --text 203.0.113.7.');
  if (options.limit === 0)
    throw new UsageError('--limit 0 finds nothing', 'Give 1 or more, or leave it out.');
  const time = timeRange(options);
  if (mayBeAll === 'some' && conditions.length === 0 && texts.length === 0 && time === null) {
    throw new UsageError(
      'nothing was asked for',
      "Say what to find: --where '/userIdentity/arn~alice', --text alice, or --from and --to.",
    );
  }
  const asked = options.topic ?? [];
  const named = asked.filter((one) => one !== 'all').map(chainsOf(config));
  const topics = asked.length === named.length && named.length > 0 ? named.flat() : 'all';
  const { fieldsOf, names } = await fieldNames(options.fields, config, env);
  const limit = options.limit ?? null;
  const readsAll = options.trustNobody === true;
  return { query: { conditions, texts, time, topics, named, limit, readsAll, fieldsOf }, names };
}

/** A topic, and the chains that the configuration archives it into. */
const chainsOf =
  (config: Archive['config']) =>
  (topic: string): string[] => {
    const configured = config === null ? null : topicNamed(config.source, topic);
    if (configured === null) return [topic];
    return [topic, configured.chain, ...Object.values(configured.partitions).map(({ chain }) => chain)];
  };

/** Null: lines are not chosen by a time. */
function timeRange({ from, to, tz, time }: QueryOptions): TimeRange | null {
  requireZone(tz);
  if (from === undefined && to === undefined) {
    if (time === 'record') return null;
    throw new UsageError(`--time ${time} without a range`, 'Add --from 2026-11-01 --to 2026-12-01.');
  }
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : momentFromText(from, tz);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : momentFromText(to, tz);
  if (fromMs < toMs) return { kind: time, fromMs, toMs };
  throw new UsageError(
    `--from ${from} is not before --to ${to}`,
    'The end is not included: one whole day is --from 2026-11-22 --to 2026-11-23.',
  );
}

/** Those of --fields come before those of the configuration. */
export async function fieldNames(
  file: string | undefined,
  config: Archive['config'],
  env: NodeJS.ProcessEnv,
): Promise<Pick<Query, 'fieldsOf'> & { readonly names: readonly string[] }> {
  const given = file === undefined ? {} : await loadFieldsFile(file, env);
  const byTopic = new Map<string, FieldNames>();
  for (const { name, chain, partitions, fields } of config?.source.topics ?? []) {
    const names = namesOf(fields ?? {});
    const chains = [name, chain, ...Object.values(partitions).map((one) => one.chain)];
    for (const one of chains) if (Object.keys(names).length > 0) byTopic.set(one, names);
  }
  for (const [topic, fields] of Object.entries(given)) byTopic.set(topic, namesOf(fields));
  const ofPattern = patternFields(config);
  const byName = (topic: string | null) =>
    topic === null ? undefined : (byTopic.get(topic) ?? ofPattern.of(topic));
  return {
    fieldsOf: ({ chain, topic }) => byName(chain) ?? byName(topic) ?? byName(ANY_TOPIC) ?? null,
    names: [...new Set([...byTopic.values(), ...ofPattern.all].flatMap((names) => Object.keys(names)))],
  };
}

/** Fields of topics that only a pattern names. */
function patternFields(config: Archive['config']) {
  const known = new Map<string, FieldNames | undefined>();
  const find = (topic: string): FieldNames | undefined => {
    const fields = config === null ? undefined : topicNamed(config.source, topic)?.fields;
    return fields === undefined ? undefined : namesOf(fields);
  };
  return {
    all: (config?.source.patterns ?? []).map(({ fields }) => namesOf(fields ?? {})),
    of(topic: string): FieldNames | undefined {
      if (!known.has(topic)) known.set(topic, find(topic));
      return known.get(topic);
    },
  };
}

const namesOf = (fields: TopicFields): FieldNames =>
  Object.fromEntries(
    Object.entries(fields).map(([name, places]) => [name, places.flatMap((one) => parseTarget(one) ?? [])]),
  );
