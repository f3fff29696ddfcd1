// Which number decides whether a record is drawn into a sample? (docs/sampling.md)
import { utf8 } from '../base/bytes.ts';

export const SAMPLE_RULE = 'ledgerstone/sample/1';

/** Text without line ends, and the root of a checkpoint in hex. One of the two may be empty. */
export type SampleSeed = { readonly text: string; readonly root: string };

/** What is hashed for one record. The lowest SHA-256 are drawn. */
export const rankInput = ({ text, root }: SampleSeed, origin: string, offset: number): Uint8Array =>
  utf8(`${SAMPLE_RULE}\n${text}\n${root}\n${origin}\n${offset}\n`);
