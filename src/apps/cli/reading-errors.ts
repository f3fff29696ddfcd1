// Which option or command helps when an archive can't be read as it was asked for?
import { LedgerstoneError } from '../../base/error.ts';
import { BeforeChainError, NoChainError, UntrustedSealError } from '../../read/errors.ts';
import { UsageError } from './exit-code.ts';

/** The same error with a remedy for the command line. Other errors come back as they are. */
export function forCommandLine(error: unknown): unknown {
  if (error instanceof NoChainError)
    return new UsageError(error.message, `Name a chain with --topic and --partition. ${error.remedy}`);
  if (error instanceof BeforeChainError && error.continues === null)
    return withRemedy(
      error,
      'Ask for a later offset; `ledgerstone show … --sequence 0` says where the chain begins.',
    );
  if (error instanceof UntrustedSealError)
    return withRemedy(
      error,
      [
        'Was the key replaced? `ledgerstone verify` follows that. If it says verified, give the newer key',
        'with --key as well.',
      ].join(' '),
    );
  return error;
}

const withRemedy = ({ code, message, disposition }: LedgerstoneError, remedy: string): LedgerstoneError =>
  new LedgerstoneError(code, message, { disposition, remedy });
