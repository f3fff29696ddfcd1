// Events that are all different: a few that repeat would compress far better than what anybody archives.
import { readFileSync, writeFileSync } from 'node:fs';
import { mulberry32 } from '../test/support/random.ts';

/** What differs from event to event, and from which characters it is drawn. */
const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '0123456789abcdef'],
  [/"[0-9A-Z]{16}"/g, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'],
  [/"[0-9A-Za-z+/]{40,}={0,2}"/g, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'],
  // Digits that are right anywhere in an IP address, and in minutes and seconds.
  [/\b\d+\.\d+\.\d+\.\d+\b|:\d\d:\d\dZ/g, '12345'],
];

/** Of the CloudTrail event, what a short audit event has: who did what, when and from where. */
const SHORT = ['eventTime', 'eventSource', 'eventName', 'sourceIPAddress', 'requestID', 'eventID'] as const;

/**
 * Writes lines of distinct events, made from real ones with a seed, up to so many bytes. `short`: about 250 bytes
 * each, else 1,250. Kafka's ProducerPerformance holds the file in memory and draws from it: 60 MB at most.
 */
export function writeDistinctEvents(
  from: string,
  to: string,
  { bytes = 50_000_000, short = false, seed = 1 } = {},
): void {
  const random = mulberry32(seed);
  const whole = readFileSync(from, 'utf8').trimEnd().split('\n');
  const templates = short ? whole.map(shortened) : whole;
  const parts: string[] = [];
  for (let length = 0, at = 0; length < bytes; at++) {
    const line = another(templates[at % templates.length] as string, random);
    parts.push(line);
    length += line.length + 1;
  }
  writeFileSync(to, `${parts.join('\n')}\n`);
}

function shortened(line: string): string {
  const event = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify(Object.fromEntries(SHORT.map((name) => [name, event[name]])));
}

/** The same event at another time, by others, of the same length. */
function another(event: string, random: () => number): string {
  let text = event;
  for (const [pattern, alphabet] of DIFFERENT) {
    text = text.replace(pattern, (id) =>
      id.replace(/[0-9A-Ya-z+/]/g, () => alphabet[Math.floor(random() * alphabet.length)] as string),
    );
  }
  return text;
}
