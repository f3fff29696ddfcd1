// Which forms may one value of a configuration file have, and how is each put into words?
import { z } from 'zod';
import { MIB } from '../base/limits.ts';
import { isWord } from '../format/scalar.ts';
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from './units.ts';

/** What a value is, in words: for the page of all members, and for editors. */
export const forms = z.registry<{ form: string }>();

// People read the message of a failed pattern beside the line number, so it says what is wanted.
export const text = (pattern: RegExp, wanted: string) =>
  z.string(`must be ${wanted}`).regex(pattern, `must be ${wanted}`).register(forms, { form: wanted });

export const some = (wanted: string) =>
  z.string().min(1, `must be ${wanted}, not empty`).register(forms, { form: wanted });

/** Words that are signed into a segment. */
export const word = (bytesMax: number, wanted: string) =>
  z
    .string(`must be ${wanted}`)
    .refine(
      (value) => isWord(value, bytesMax),
      `must be ${wanted}: 1 to ${bytesMax} bytes without control characters`,
    )
    .register(forms, { form: `text of 1 to ${bytesMax} bytes without control characters` });

const duration = text(DURATION_PATTERN, 'a duration with its unit, such as 60s, 5m, 1h or 7d');
export const between = (least: string, most: string) =>
  duration
    .transform(durationMs)
    .refine((ms) => ms >= durationMs(least) && ms <= durationMs(most), `must be ${least} to ${most}`)
    .register(forms, { form: `a duration, ${least} to ${most}` });

export const sizeBetween = (least: number, most: number, range: string) =>
  text(SIZE_PATTERN, 'a size with its unit, such as 16MiB')
    .transform(sizeBytes)
    .refine((bytes) => bytes >= least && bytes <= most, `must be ${range}`)
    .register(forms, { form: `a size, ${range}` });

export const inMib = (bytes: number): string => `${bytes / MIB}MiB`;

// The format's own rules for names, as patterns that an editor can check too.
export const ORIGIN_PATTERN = /^(?=.{1,200}$)[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
export const CHAIN_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;
export const chainName = text(CHAIN_PATTERN, 'a chain name: 1 to 249 of A-Z a-z 0-9 . _ -');
export const topicName = text(CHAIN_PATTERN, 'a topic name: 1 to 249 of A-Z a-z 0-9 . _ -');
export const endpoint = text(
  /^https?:\/\/[^\s/@]+\/?$/,
  'an address such as http://127.0.0.1:4566, without a password',
);
export const region = text(/^[a-z]{2,}(?:-[a-z0-9]+)+$/, 'a Region such as eu-central-1');

export const log = z
  .strictObject({
    level: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .describe('The least severe messages that are logged'),
  })
  .prefault({})
  .describe('Logging');
