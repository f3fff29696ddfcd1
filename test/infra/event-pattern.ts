// Would EventBridge match this event to that pattern? The part of its language that our rules use.

type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** Throws on what it doesn't know: a pattern must not fail to match because this file is behind. */
export function matches(pattern: unknown, event: unknown): boolean {
  return Object.entries(pattern as Record<string, unknown>).every(([name, expected]) => {
    if (name === '$or') return (expected as unknown[]).some((one) => matches(one, event));
    return matchesMember(expected, event, name);
  });
}

function matchesMember(expected: unknown, event: unknown, name: string): boolean {
  // A list in an event matches where one of its items does.
  if (Array.isArray(event)) return event.some((item) => matchesMember(expected, item, name));
  const isObject = typeof event === 'object' && event !== null;
  const found = isObject ? (event as Record<string, Json>)[name] : undefined;
  if (!Array.isArray(expected)) return found !== undefined && found !== null && matches(expected, found);
  return expected.some((one) => [found].flat().some((value) => matchesValue(one, value)));
}

function matchesValue(expected: unknown, value: Json | undefined): boolean {
  if (typeof expected !== 'object' || expected === null) return expected === value;
  const [[kind, argument] = []] = Object.entries(expected);
  switch (kind) {
    case 'prefix':
      return typeof value === 'string' && value.startsWith(String(argument));
    case 'anything-but':
      return value !== undefined && !(argument as readonly unknown[]).includes(value);
    case 'wildcard':
      return typeof value === 'string' && isLike(String(argument), value);
    case 'exists':
      return (value !== undefined) === argument;
    default:
      throw new Error(`unknown in a pattern: ${JSON.stringify(expected)}`);
  }
}

function isLike(pattern: string, value: string): boolean {
  const plain = (part: string) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(plain).join('[^]*')}$`).test(value);
}
