// What may a configuration say of a topic, by its name or by a pattern?
import { z } from 'zod';
import { LIMITS } from '../base/limits.ts';
import { chainName, forms, text, topicName, word } from './fields.ts';
import { topicFields } from './topic-fields.ts';

const isRegExp = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
};

const PATTERN = /^\^[^\n]{1,254}$/;
/** Begins where a name begins, so that `audit` doesn't take `not-audit` by mistake. */
const topicPattern = text(PATTERN, 'a regular expression of JavaScript that begins with ^')
  .refine(
    (value) => !PATTERN.test(value) || isRegExp(value),
    'must be a regular expression of JavaScript, and is none',
  )
  .register(forms, { form: 'a regular expression of JavaScript that begins with ^' });

const continues = z
  .strictObject({
    chain: chainName.describe('The older chain of this archive that can not go on'),
    reason: word(512, 'why the older chain ends').describe(
      'Why the older chain ends. It is signed into the new one',
    ),
    by: word(255, 'who decided it').describe('Who decided it. It is signed into the new chain'),
    startFrom: z
      .union([
        z.enum(['next', 'earliest']),
        z.strictObject({
          offset: z.int().min(0).max(LIMITS.offsetMax).describe('The first offset of the new chain'),
        }),
      ])
      .optional()
      .describe(
        [
          'Where the new chain begins: `next` is where the older one ended, `earliest` is the oldest record in',
          'Kafka. Default: `next` if the topic is the same one, else `earliest`',
        ].join(' '),
      ),
  })
  .describe('A recorded handover from an older chain that can not go on');

const time = z.strictObject({
  time: z.iso
    .datetime({ offset: true, message: 'must be an RFC 3339 time such as 2026-11-22T10:00:00Z' })
    // For Kafka, −1 and −2 are no times but the log's end and its start.
    .refine((time) => Date.parse(time) >= 0, 'must be 1970 or later')
    .register(forms, { form: 'an RFC 3339 time such as 2026-11-22T10:00:00Z, 1970 or later' })
    .describe('Begins with the first record of this time or later'),
});

const retention = z.string().describe('Name of a policy under `retention`');

/** With a name or a pattern: rules see to it, as a choice between two mappings gives poor messages. */
export const topic = z.strictObject({
  name: topicName.optional().describe('The topic in Kafka. Either this or `pattern` is required'),
  pattern: topicPattern
    .optional()
    .describe(
      [
        'Instead of `name`: all topics whose names match, those that come later too, each archived in a chain of its',
        'own name. A topic with an entry by `name` is not taken, and of several patterns the first one counts.',
        "Names that begin with `__` (Kafka's own topics), `import.` or `ledgerstone.` are never taken",
      ].join(' '),
    ),
  except: z
    .union([topicPattern, z.array(topicPattern).min(1, 'must have at least one pattern')])
    .optional()
    .describe('With `pattern`: topics that are not taken. A pattern, or a list of them'),
  chain: chainName
    .optional()
    .describe("Name of the topic's chains. Default: the topic's name. Not with `pattern`"),
  partitions: z
    .record(
      text(/^(?:0|[1-9][0-9]{0,8})$/, 'a partition number'),
      z.strictObject({
        chain: chainName.describe("Name of this partition's chain"),
        continues: continues.optional(),
      }),
    )
    .default({})
    .describe(
      "Partitions that are archived in another chain than the topic's, by partition number. Not with `pattern`",
    ),
  retention,
  startFrom: z
    .union([z.enum(['earliest', 'latest']), time])
    .default('earliest')
    .describe(
      [
        'Where a partition begins that has no chain yet. With `pattern` not `latest`: it would leave out what a',
        'new topic got before it was noticed',
      ].join(' '),
    ),
  continues: continues.optional(),
  fields: topicFields.optional(),
  compacted: z
    .literal('accept')
    .optional()
    .describe(
      [
        'Needed for a topic that Kafka compacts: else the archiver does not start. What compaction removed',
        'before it was archived halts the partition, and needs a decision: `ledgerstone resume --kind',
        'compacted`, one for a range',
      ].join(' '),
    ),
});

/** What a verifier has to know of it. */
export const comparedTopic = topic.pick({
  ...{ name: true, pattern: true, except: true, chain: true, partitions: true },
});

/** Of a file source. */
export const namedTopic = z.strictObject({
  name: topicName.describe('Name that the records are archived under, as if they came from this topic'),
  chain: chainName.optional().describe("Name of the chain. Default: the topic's name"),
  retention,
  continues: continues.optional(),
  fields: topicFields.optional(),
});
