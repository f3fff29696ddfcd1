// How is a cell written for spreadsheets?
import { printable } from '../../base/printable.ts';

/** A plain number may begin with a minus, and is no formula. */
const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?$/;

/** True for text that a spreadsheet would take for a formula. */
export const isFormula = (text: string): boolean => /^[=+\-@\t\r]/.test(text) && !NUMBER.test(text);

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = printable(isFormula(value) ? `'${value}` : value);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
