// Which part of a record does a field mean, and how is that written?

/** The record's key, one of its headers, or a place in its JSON value (RFC 6901, already split). */
export type Target =
  | { readonly kind: 'key' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'pointer'; readonly tokens: readonly string[] };

/** Short names of one topic's fields. A name may mean several places: a hit in any of them counts. */
export type FieldNames = Readonly<Record<string, readonly Target[]>>;

export const SHORT_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The short name of an event's own time. */
export const TIME_FIELD = 'time';

const HEADER = 'header:';

export const TARGET_FORMS = 'a JSON pointer such as /userIdentity/arn, or key, or header:NAME';

/** Null: it is none. */
export function parseTarget(text: string): Target | null {
  if (text === 'key') return { kind: 'key' };
  if (text.startsWith(HEADER) && text.length > HEADER.length) {
    return { kind: 'header', name: text.slice(HEADER.length) };
  }
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  const tokens = text.slice(1).split('/');
  return { kind: 'pointer', tokens: tokens.map((one) => one.replaceAll('~1', '/').replaceAll('~0', '~')) };
}

/** The one text that parseTarget reads as this. */
export function targetText(target: Target): string {
  if (target.kind === 'key') return 'key';
  if (target.kind === 'header') return `${HEADER}${target.name}`;
  const tokens = target.tokens.map((one) => one.replaceAll('~', '~0').replaceAll('/', '~1'));
  return `/${tokens.join('/')}`;
}
