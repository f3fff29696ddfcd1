// How is text from outside printed without control characters taking effect?

/**
 * Control characters, invisible marks, marks that change writing direction, line separators, lone surrogates.
 */
const COMMANDS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;

/** For text on one line, such as keys of objects and what was found in them. */
export const printable = (text: string): string => text.replace(COMMANDS, escaped);

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
