// Which short names do the fields of a topic's events have?
import { z } from 'zod';
import { text } from './fields.ts';

const NAME = /^(?!key$)[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const TARGET = /^(?:key|header:[^\n]+|(?:\/(?:[^~]|~[01])*))$/;
const target = text(TARGET, 'a JSON pointer such as /userIdentity/arn, or key, or header:NAME');

/** A name may mean several places: one of them is enough. */
export const topicFields = z
  .record(
    text(NAME, 'a short name: 1 to 64 of A-Z a-z 0-9 _ -, beginning with a letter, and not key'),
    z.union([target, z.array(target).min(1, 'must name at least one place')]),
  )
  .describe(
    [
      'Short names of fields, for `ledgerstone find`: a JSON pointer into the event, `key`, `header:NAME`, or a',
      "list of them. `time` is the event's own time, `subject` the person it is about (`find --subject`)",
    ].join(' '),
  );

/** Places by short name. */
export type TopicFields = Readonly<Record<string, readonly string[]>>;

export const topicFieldsOf = (fields: z.output<typeof topicFields>): TopicFields =>
  Object.fromEntries(Object.entries(fields).map(([name, at]) => [name, typeof at === 'string' ? [at] : at]));
