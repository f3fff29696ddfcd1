// How does a webhook reach people without giving its address away?
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { type Backoff, retry } from '../../base/retry.ts';
import type { Notifier } from './notifier.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type PostOptions = {
  readonly fetch?: Fetch;
  readonly clock: Clock;
  readonly random?: () => number;
  /** One try's time, from the start to the answer's head. */
  readonly timeoutMs?: number;
  readonly backoff?: Backoff;
};

const TIMEOUT_MS = 10_000;
const BACKOFF: Backoff = { firstMs: 500, capMs: 5_000, attempts: 3 };

export type Post = {
  readonly url: string;
  /** Used in messages instead of the address, which is a secret with most webhooks. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * Repeats if that may help: after no answer, a server error, or too many requests. `make` is called for each
 * try, since signatures expire. Nothing that is thrown contains an address, a header or the answer's text.
 */
export async function post(
  make: () => Promise<Post>,
  options: PostOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { fetch: send = fetch, clock, random = Math.random, timeoutMs = TIMEOUT_MS } = options;
  const once = async () => {
    const { url, name, headers, body } = await make();
    let status: number;
    try {
      const timeout = AbortSignal.timeout(timeoutMs);
      const answer = await send(url, {
        method: 'POST',
        headers,
        body,
        // A redirect could send a secret elsewhere.
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      status = answer.status;
      // An unread body would hold the connection.
      await answer.body?.cancel().catch(() => undefined);
    } catch {
      signal?.throwIfAborted();
      // The cause is left out because it contains the address.
      throw new LedgerstoneError(
        'not-told',
        `${name} gave no answer within ${timeoutMs} ms, or none at all`,
        {
          disposition: 'retriable',
          remedy: `Check that this host can reach ${name}.`,
        },
      );
    }
    if (status >= 200 && status < 300) return;
    const isPassing = status >= 500 || status === 429 || status === 408;
    throw new LedgerstoneError('not-told', `${name} answered with status ${status}`, {
      disposition: isPassing ? 'retriable' : 'fatal',
      remedy: isPassing ? 'It is tried again.' : `Check the address of ${name}, and that it may be used.`,
    });
  };
  const backoff = options.backoff ?? BACKOFF;
  await retry(once, { clock, random, backoff, ...(signal && { signal }) });
}

/** What a chat shows at most. The evidence holds the whole text. */
const CHAT_TEXT_MAX = 3_000;

/**
 * For the incoming webhooks of Slack and Teams, and for others that take JSON with a `text`. Throws if the
 * address is not an https address.
 */
export function webhookNotifier(url: string, options: PostOptions): Notifier {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !(parsed.protocol === 'https:' || isOwnMachine(parsed))) {
    throw new LedgerstoneError('config', 'the webhook is not an https address', {
      disposition: 'input',
      remedy: 'Set alarms.webhook to an address that begins with https://.',
    });
  }
  const isSlack = parsed.hostname === 'hooks.slack.com';
  const headers = { 'content-type': 'application/json' };
  return {
    channel: 'webhook',
    publish: (subject, text, signal) => {
      const shown = text.length > CHAT_TEXT_MAX ? `${text.slice(0, CHAT_TEXT_MAX)}\n…` : text;
      const body = JSON.stringify(isSlack ? slackMessage(subject, shown) : cardMessage(subject, shown));
      return post(async () => ({ url, name: 'the webhook', headers, body }), options, signal);
    },
  };
}

/** For trials on the own machine. */
const isOwnMachine = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && (hostname === '127.0.0.1' || hostname === 'localhost');

/** A key in the archive may hold any text. None of it may notify a whole channel or become a link. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('```', "'''");

const slackMessage = (subject: string, text: string) => ({
  text: `*${escapeSlack(subject)}*\n\`\`\`\n${escapeSlack(text)}\n\`\`\``,
});

/** Teams' workflows take only cards. Other receivers take the `text` beside it. */
const cardMessage = (subject: string, text: string) => ({
  type: 'message',
  text: `${subject}\n\n${text}`,
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [
          { type: 'TextBlock', text: subject, weight: 'Bolder', wrap: true },
          // Monospaced text is shown as it is, without links.
          { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, fontType: 'Monospace' }] },
        ],
      },
    },
  ],
});
