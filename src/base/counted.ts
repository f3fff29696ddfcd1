// How many are there, in words that fit one and many?

/** 1,234,567 */
export const countText = (value: number): string => value.toLocaleString('en-US');

/** `1 segment`, `2 segments` */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;
