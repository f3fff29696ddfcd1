// What is wrong with a configuration file, as people and programs read it?
import { counted } from '../base/counted.ts';
import { LedgerstoneError } from '../base/error.ts';

export type ConfigProblem = {
  /** `source.topics[0].retention`; '' for the file as a whole. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
};

const CORRECT = 'Correct the lines named above. docs/configuration.md explains every key.';
export const UPGRADE = 'Upgrade Ledgerstone here, or give it a file that was made for this version.';

/** What a person reads; `problems` has all. */
const SHOWN_MAX = 20;

/** Everything that is wrong with one configuration file. */
export class ConfigError extends LedgerstoneError {
  readonly problems: readonly ConfigProblem[];
  constructor(fileName: string, problems: readonly ConfigProblem[], remedy = CORRECT) {
    const shown = problems.length > SHOWN_MAX ? problems.slice(0, SHOWN_MAX - 1) : problems;
    const lines = shown.map(
      ({ path, line, column, message }) => `  ${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
    );
    const count = counted(problems.length, 'problem');
    const left = problems.length - shown.length;
    if (left > 0) lines.push(`  and ${left} more (--json lists them all)`);
    super('config', `${fileName}: ${count}\n${lines.join('\n')}`, {
      disposition: 'input',
      remedy,
    });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
