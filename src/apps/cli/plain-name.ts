// Does a new name look different from every other name that is written differently?
import { printable } from '../../base/printable.ts';
import { UsageError } from './exit-code.ts';

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const OTHER_SPACE = /[^\P{Zs} ]/u;

const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`;

const spot = (text: string, index: number): string =>
  index === 0 ? 'at its beginning' : `after "${printable(text.slice(0, index))}"`;

/** What is wrong, or null. */
function hidden(text: string): string | null {
  const invisible = INVISIBLE.exec(text);
  if (invisible !== null)
    return `the invisible character ${codePoint(invisible[0])} ${spot(text, invisible.index)}`;
  const other = OTHER_SPACE.exec(text);
  if (other !== null)
    return `a space (${codePoint(other[0])}) that looks like another ${spot(text, other.index)}`;
  if (text.startsWith(' ')) return 'a space (U+0020) at its beginning';
  if (text.endsWith(' ')) return 'a space (U+0020) at its end';
  const doubled = text.indexOf('  ');
  return doubled === -1 ? null : `two spaces (U+0020) in a row ${spot(text, doubled)}`;
}

/** For names that begin here: an archive may hold others, which stay readable. Throws UsageError. */
export function requirePlain(place: string, text: string): void {
  const wrong = hidden(text);
  if (wrong === null) return;
  throw new UsageError(
    `${place} has ${wrong}: two names could look the same`,
    'Type the name again, with visible characters and single spaces between them.',
  );
}
