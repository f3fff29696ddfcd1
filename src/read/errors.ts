// Why can't it be read from this archive? Errors about what was asked for, not about what an archive holds.
import { LedgerstoneError } from '../base/error.ts';
import { type Problem, VerifyError } from '../verify/finding.ts';

/** The chain that goes on where another one ended. */
export type Successor = {
  /** Its origin. */
  readonly newer: string;
  /** The offset after the last one of the chain that ended. */
  readonly nextOffset: number;
};

/** The archive has no chain of that name and partition. */
export class NoChainError extends LedgerstoneError {
  /** `archive` and `wanted` are for the message. `chains`: some of those that are there. */
  constructor(archive: string, wanted: string, chains: readonly string[]) {
    super('no-chain', `${archive} has no chain ${wanted}`, {
      disposition: 'input',
      remedy: chains.length === 0 ? 'The archive has no chain at all.' : `It has ${chains.join(', ')}.`,
    });
    this.name = 'NoChainError';
  }
}

/** The offset is below the first one of the chain. */
export class BeforeChainError extends LedgerstoneError {
  /** The chain that it goes on from, and the offset after that one's last. */
  readonly continues: { readonly origin: string; readonly nextOffset: number } | null;

  constructor(offset: number, continues: BeforeChainError['continues']) {
    super('before-chain', `offset ${offset} lies before the first one of this chain`, {
      disposition: 'input',
      remedy:
        continues === null
          ? 'Ask for a later offset.'
          : `It goes on from ${continues.origin}, which ends before offset ${continues.nextOffset}: ask there.`,
    });
    this.name = 'BeforeChainError';
    this.continues = continues;
  }
}

/** The offset lies behind the newest seal: nothing is wrong, and it may come. */
export class NotSealedError extends LedgerstoneError {
  /** The offset after the last one that is sealed. */
  readonly nextOffset: number;

  constructor(offset: number, nextOffset: number) {
    super('not-sealed-yet', `offset ${offset} is not sealed yet`, {
      disposition: 'retriable',
      remedy: `The next offset to be sealed is ${nextOffset}: ask again later.`,
    });
    this.name = 'NotSealedError';
    this.nextOffset = nextOffset;
  }
}

/** The chain has ended before that, and another one goes on. */
export class BehindChainError extends LedgerstoneError {
  /** `what`: `offset 7`, `segment 3`. */
  constructor(what: string, { newer, nextOffset }: Successor) {
    super('behind-chain', `${what} lies behind the end of this chain`, {
      disposition: 'input',
      remedy: `${newer} continues it from offset ${nextOffset} on: ask there.`,
    });
    this.name = 'BehindChainError';
  }
}

/** The seal is sound, and none of the trusted keys signed it. Its code is that of the problem. */
export class UntrustedSealError extends LedgerstoneError {
  constructor(problem: Problem) {
    super(problem.code, new VerifyError(problem).message, {
      disposition: 'input',
      remedy: 'The key may have been replaced: verify the archive, and then trust the newer key as well.',
    });
    this.name = 'UntrustedSealError';
  }
}

/** The time for which the seal promised this data is over, and it was deleted. Decisions are not asked. */
export class ExpiredDataError extends LedgerstoneError {
  constructor(sequence: number, until: string) {
    super(
      'expired',
      `the data of segment ${sequence} is not there any more: its seal promised to keep it until ${until}; ` +
        'whether people decided to keep it longer was not looked at',
      {
        disposition: 'input',
        remedy:
          'Ask for later offsets. Its seal is still there: `ledgerstone show` reads it. ' +
          '`ledgerstone verify` compares decisions too.',
      },
    );
    this.name = 'ExpiredDataError';
  }
}
