// Which mistakes can no test notice, and why? They change nothing that anybody could see.

/** A mutant by its file, its line of code without the spaces around, and the change: so it stays when lines move. */
export type Explained = {
  readonly file: string;
  readonly code: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
};

export const EXPLAINED: readonly Explained[] = [];
