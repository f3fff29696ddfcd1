// How does text become part of an HTML page, whoever wrote it? As text alone.
import { printableLines } from '../../base/printable.ts';

/** HTML that was made here. Nothing else is taken for it. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

type Value = string | number | Markup | readonly Markup[] | null;

/** What a page shows of one text. The data behind the page has all of it. */
const SHOWN_MAX = 2_000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/**
 * For content and for attributes between quotes. What commands a terminal, or turns a line's direction, is
 * spelt out.
 */
export function escapedHtml(text: string): string {
  // Not between the halves of a character.
  const cut = /[\ud800-\udbff]$/.test(text.slice(0, SHOWN_MAX)) ? SHOWN_MAX - 1 : SHOWN_MAX;
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, cut)} … (${text.length} characters)` : text;
  return printableLines(shown).replace(/[&<>"'`]/g, (character) => ENTITIES[character] as string);
}

/** A template whose values are escaped, unless they are markup themselves. Null is nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const shown = values.map(shownValue);
  return new Markup(parts.reduce((html, part, index) => html + (shown[index - 1] ?? '') + part));
}

function shownValue(value: Value): string {
  if (value === null) return '';
  if (value instanceof Markup) return value.html;
  if (typeof value === 'object') return value.map(({ html }) => html).join('\n');
  return escapedHtml(String(value));
}
