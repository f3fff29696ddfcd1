// Can a text from outside become anything but text on the page of a report?
import { describe, expect, it } from 'vitest';
import { escapedHtml, Markup, markup } from '../../../src/evidence/report/markup.ts';

describe('markup', () => {
  it('escapes every value that is not markup itself', () => {
    const { html } =
      markup`<p title="${'"><script>'}">${"a'b`c&lt;"}${[new Markup('<b>'), markup`${'<'}`]}${null}${7}</p>`;
    expect(html).toBe('<p title="&quot;&gt;&lt;script&gt;">a&#39;b&#96;c&amp;lt;<b>\n&lt;7</p>');
  });

  it('spells out what turns the direction of a line, hides, or commands a terminal', () => {
    expect(escapedHtml('a\u202eb\u200bc\u001b[31m\u2028\ud800')).toBe(
      'a\\u{202e}b\\u{200b}c\\u{1b}[31m\\u{2028}\\u{d800}',
    );
  });

  it('cuts a very long text, never within a character, and says so', () => {
    const text = escapedHtml(`${'x'.repeat(1999)}😀${'y'.repeat(100)}`);
    expect(text).toBe(`${'x'.repeat(1999)} … (2101 characters)`);
  });

  it('an object that only looks like markup is none', () => {
    const forged = { html: '<script>' } as unknown as Markup;
    expect(() => markup`${forged}`.html).toThrow();
  });
});
