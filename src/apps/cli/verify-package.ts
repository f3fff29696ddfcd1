// `ledgerstone verify-package`: is this package what was archived, and what it says of itself?
import type { Command } from 'commander';
import { nodeSha256 } from '../../base/node/hash.ts';
import {
  type CheckPackageOptions,
  checkPackage,
  type GivenKeys,
  notOpened,
  type PackageCheck,
} from '../../evidence/check.ts';
import { ZipError } from '../../evidence/zip.ts';
import { readCosigners } from './attestations-option.ts';
import { readTrustedKeys } from './keys.ts';
import { repeatable } from './open-archive.ts';
import { readAnyPackage } from './package-input.ts';
import { exitCodeOfPackages, packageJson, packageText } from './package-text.ts';
import { acting, type Session } from './session.ts';
import { readSigners } from './signer-keys.ts';
import { readTsaRoots, stampReader } from './stamp-check.ts';

type VerifyPackageOptions = {
  readonly key?: readonly string[];
  readonly cosigner?: readonly string[];
  readonly signer?: readonly string[];
  readonly tsaRoot?: readonly string[];
  readonly json?: boolean;
};

const HELP = `
Needs no archive and no network. Give all parts of a large package, in their order.

green   every event is as it was archived and signed by the keys that you gave, and
        nothing that was asked for is missing                            exit code 0
amber   it can't be said from this copy, or nobody whom you named vouches for it:
        no key was given, nobody signed the list of files, a download was cut,
        a program changed line ends, or packed the zip again             exit code 3
red     something is not what was archived or exported                   exit code 1

With --tsa-root each checkpoint needs a time-stamp that leads to one of these roots; one
without it is amber. Without --tsa-root a time-stamp shows nothing about time, and one
that is none of its checkpoint is red all the same.

Exit code 2: this is no package at all, or the command line is wrong.

Examples:
  ledgerstone verify-package case.zip --key archive.vkey --signer export.pem
  ledgerstone verify-package case.1.zip case.2.zip --key archive.vkey --json
  ledgerstone verify-package ./unpacked-case --key archive.vkey --cosigner verifier.vkey
  ledgerstone verify-package case.zip --key archive.vkey --tsa-root authority.pem
`;

export function verifyPackageCommand(program: Command, session: Session): void {
  program
    .command('verify-package')
    .description('A package that `export` made: no archive, no network.')
    .argument('<package...>', 'the zip, or the folder that it was unpacked to')
    .option('--key <key>', 'trusted key of the archive, or a file of them; repeatable', repeatable)
    .option('--cosigner <key>', "a second party's key, or a file of them; repeatable", repeatable)
    .option('--signer <key>', 'who may sign the list of files: PEM or verifier key; repeatable', repeatable)
    .option('--tsa-root <file>', 'root of a time-stamping authority, in PEM; repeatable', repeatable)
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (names: readonly string[], options: VerifyPackageOptions) =>
        runVerifyPackage(session, names, options),
      ),
    );
}

async function runVerifyPackage(
  session: Session,
  names: readonly string[],
  options: VerifyPackageOptions,
): Promise<number> {
  session.verdictOnError = true;
  const given: GivenKeys = {
    log: options.key === undefined ? null : await readTrustedKeys(options.key),
    cosigners: options.cosigner === undefined ? null : await readCosigners(options.cosigner),
    signers: options.signer === undefined ? null : await readSigners(session.io.stdin, options.signer),
  };
  const stamps = stampReader(await readTsaRoots(session.io, options.tsaRoot ?? []));
  const checks: PackageCheck[] = [];
  for (const name of names) {
    checks.push(await check(session, name, { given, stamps }));
    if (options.json !== true) await packageText(session.output, name, checks.at(-1)!, stamps.hasRoots);
  }
  const result = exitCodeOfPackages(checks);
  if (options.json === true) await session.output.json(packageJson(names, checks, result));
  else if (names.length > 1 || result.parts !== null) await session.output.line(result.text);
  return result.exitCode;
}

async function check(
  { io }: Session,
  name: string,
  under: Pick<CheckPackageOptions, 'given' | 'stamps'>,
): Promise<PackageCheck> {
  try {
    const onEvent = async () => io.signal.throwIfAborted();
    const { files, packedAgain } = await readAnyPackage(name);
    return await checkPackage(files, { ...under, sha256: nodeSha256, packedAgain, onEvent });
  } catch (error) {
    if (error instanceof ZipError) return notOpened(`zip-${error.fault}`, error.message);
    throw error;
  }
}
