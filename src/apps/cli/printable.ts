// How does text that somebody else chose reach a terminal without commanding it?

/** Controls, marks without a width or that turn writing around, line separators, and halves of characters. */
const COMMANDS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`;

/** On one line: names of objects, and whatever was found in them. */
export const printable = (text: string): string => text.replace(COMMANDS, escaped);

/** The same for messages of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
