// Of which parts is a report made, as people read it?
import type { Markup } from './markup.ts';

/** `bad`: found. `open`: not known. Each stands beside words that say the same. */
type Tone = 'bad' | 'open' | 'plain';

export type TableCell = string | { readonly text: string; readonly tone: Tone };

type TableColumn = {
  readonly title: string;
  readonly align?: 'right';
  /** `time`: in one line. */
  readonly form?: 'code' | 'time';
};

export type TableBlock = {
  readonly kind: 'table';
  readonly title: string;
  /** What the table has and has not. */
  readonly intro: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** What stands there if there are no rows. */
  readonly empty: string;
};

/** A part that draws itself. */
export type DrawnBlock = { readonly kind: 'drawn'; readonly title: string; readonly content: Markup };

export type Block = TableBlock | DrawnBlock;

/** What a kind of report has beside the frame. */
export type ReportFace = {
  readonly title: string;
  /** What the report answers. */
  readonly question: string;
  /** Stands above an open verdict. Left out: that not everything could be looked at. */
  readonly openLabel?: string;
  readonly blocks: readonly Block[];
};
