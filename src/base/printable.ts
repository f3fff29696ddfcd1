// How is text from outside shown without its control characters taking effect?

/**
 * Control characters, invisible marks, marks that change writing direction, line separators, lone surrogates.
 */
const COMMANDS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;

/** For text on one line, such as keys of objects and what was found in them. */
export const printable = (text: string): string => text.replace(COMMANDS, escaped);

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

const asUtf16 = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');

/**
 * Text that is JSON, with the same value: JSON's own escapes leave out all but the first 32. Line feeds stay,
 * since JSON has them between values only.
 */
export const printableJson = (json: string): string =>
  json.replace(COMMANDS, (character) => (character === '\n' ? character : asUtf16(character)));
