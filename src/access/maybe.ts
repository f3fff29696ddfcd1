// Is it so, is it not, or does it depend on what is not known here?

/** `maybe`: on what it depends, in words. */
export type Maybe = { readonly is: 'yes' | 'no' } | { readonly is: 'maybe'; readonly on: readonly string[] };

export const YES: Maybe = { is: 'yes' };
export const NO: Maybe = { is: 'no' };
export const maybe = (on: string): Maybe => ({ is: 'maybe', on: [on] });
export const sure = (is: boolean): Maybe => (is ? YES : NO);

const onOf = (all: readonly Maybe[]): readonly string[] => [
  ...new Set(all.flatMap((one) => (one.is === 'maybe' ? one.on : []))),
];

export function every(all: readonly Maybe[]): Maybe {
  if (all.some(({ is }) => is === 'no')) return NO;
  const on = onOf(all);
  return on.length === 0 ? YES : { is: 'maybe', on };
}

export function anyOf(all: readonly Maybe[]): Maybe {
  if (all.some(({ is }) => is === 'yes')) return YES;
  const on = onOf(all);
  return on.length === 0 ? NO : { is: 'maybe', on };
}

export const opposite = (one: Maybe): Maybe => (one.is === 'maybe' ? one : one.is === 'yes' ? NO : YES);
