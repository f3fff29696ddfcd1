// How do words that came from outside get into a text?
import { printable } from '../base/printable.ts';

/** `words`: from outside, so they are shown as they are and obeyed by nothing. */
export const filled = (template: string, words: Readonly<Record<string, string>>): string =>
  template.replace(/\{([a-z]+)\}/g, (_, name: string) => printable(words[name] ?? ''));
