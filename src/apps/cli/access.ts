// `ledgerstone access`: who can read, write, hold, release, extend and sign now, and is that what was meant?
import { type Command, InvalidArgumentError } from 'commander';
import type { AccessSubject } from '../../access/access-acts.ts';
import { type Party, type PartyNames, parseParty } from '../../access/access-parties.ts';
import { reviewAccess } from '../../access/access-review.ts';
import { printable } from '../../base/printable.ts';
import { commandText, type FetchedPolicies, fetchCalls, readFetched } from './access-files.ts';
import { fetchLive } from './access-live.ts';
import { ACCESS_BOUNDS, accessCsv, differenceTexts, reviewText, summaryText } from './access-text.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { acting, type Session } from './session.ts';

type SubjectOptions = {
  readonly logKey: readonly string[];
  readonly governanceKey?: readonly string[];
  readonly attestations?: string;
  readonly verifierKey?: readonly string[];
  readonly json?: boolean;
};
type ReviewOptions = SubjectOptions & {
  readonly policies?: string;
  readonly live?: string;
  readonly stack: string;
  readonly role?: readonly string[];
  readonly people?: readonly string[];
  readonly lockDays: number;
  readonly sealed?: boolean;
  readonly csv?: boolean;
};

const HELP = `
By the policies that are in force: those of roles, users and groups, with their
boundaries, those of both buckets, and those and the grants of all keys. They are fetched
with AWS's own tool, by whoever may: by hand, or by \`access review --live\`.

Examples:
  ledgerstone access commands s3://acme-audit/prod --log-key ARN > fetch.sh
  ledgerstone access review s3://acme-audit/prod --policies fetched --log-key ARN
  ledgerstone access review s3://acme-audit/prod --policies fetched --log-key ARN --json
`;

const REVIEW = `
--policies names a folder that was fetched before, --live a new one. Then the calls that
\`access commands\` prints are made now, by the AWS CLI that is installed here and its
profiles; they change nothing. The folder stays, with what each call printed and a list of
the calls: it is the evidence of the review. A call that is refused is not seen, and said.

Asks for each act on the archive, its keys and its attestations which roles, users and
accounts the policies let do it, and compares that with the table in infra/README.md.
A name with ? can do it under conditions that the policies name and that are not known
here. Roles have the names that infra gives them; others are named with --role. Who may
take or change a role is shown, and compared only where its trust policy lets in strangers.

Exit codes: 0 as infra means it, as far as it was looked at; 1 it differs; 2 usage, or a
file that is none of these; 3 no difference, and something could not be looked at.

Examples:
  ledgerstone access review s3://acme-audit/prod --policies fetched --log-key ARN
  ledgerstone access review s3://acme-audit/prod --policies fetched --log-key ARN \\
    --governance-key ARN --attestations acme-attestations --verifier-key ARN --csv
  ledgerstone access review s3://acme-audit/prod --live access-2026-12 --log-key ARN
`;

const COMMANDS = `
Prints commands of the AWS CLI that fetch what \`access review\` reads, into the folder that
they run in. They change nothing. Each names a profile, account-ID: make profiles of those
names that may read IAM, the policies of the buckets, and those and the grants of the keys.

Exit codes: 0 printed, 2 usage.

Examples:
  ledgerstone access commands s3://acme-audit/prod --log-key ARN > fetch.sh
  ledgerstone access commands s3://acme-audit/prod --log-key ARN --governance-key ARN
`;

export function accessCommand(program: Command, session: Session): void {
  const access = program
    .command('access')
    .description('Who can do what to an archive, by the policies in force.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  ofSubject(access.command('review').description('Who can do what now, and is that what infra means?'))
    .option('--policies <folder>', 'where the fetched files are')
    .option('--live <folder>', 'fetch them now, by the AWS CLI, into this new folder')
    .option('--stack <name>', 'that the names of the roles begin with', 'ledgerstone')
    .option('--role <party>', 'a party with another role: archiver=ARN (repeatable)', collect)
    .option('--people <account>', 'an account whose people may take roles (repeatable)', collect)
    .option('--lock-days <days>', 'the lock that writers are asked with', wholeDays, 3650)
    .option('--sealed', 'the deployer is meant to be shut out')
    .option('--csv', 'for a spreadsheet')
    .option('--json', 'the same for programs')
    .addHelpText('after', REVIEW)
    .action(acting(session, (name: string, options: ReviewOptions) => runReview(session, name, options)));
  ofSubject(access.command('commands').description('Commands that fetch the policies.'))
    .option('--json', 'the same for programs')
    .addHelpText('after', COMMANDS)
    .action(acting(session, (name: string, options: SubjectOptions) => runCommands(session, name, options)));
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const ofSubject = (command: Command): Command =>
  command
    .argument('<archive>', 's3://bucket/prefix')
    .requiredOption('--log-key <arn>', 'that signs the archive (repeatable)', collect)
    .option('--governance-key <arn>', 'that signs decisions (repeatable)', collect)
    .option('--attestations <bucket>', "the verifier's bucket")
    .option('--verifier-key <arn>', 'that signs attestations (repeatable)', collect);

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('A number of days, 1 to 99999.');
  return Number(text);
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY_ARN = /^arn:(aws[a-z-]*):kms:[a-z0-9-]+:(\d{12}):key\/[A-Za-z0-9-]+$/;

type Named = Pick<AccessSubject, 'partition' | 'bucket' | 'prefix' | 'logKeys' | 'governanceKeys'> &
  Pick<AccessSubject, 'attestations' | 'verifierKeys'> & {
    readonly keys: readonly string[];
    readonly account: string;
    readonly verifierAccount: string;
  };

function subjectOf(name: string, options: SubjectOptions): Named {
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(name) ?? [];
  if (bucket === undefined)
    throw new UsageError(`${name} is no archive in S3`, 'Such as s3://acme-audit/prod.');
  const { logKey, governanceKey = [], attestations = null, verifierKey = [] } = options;
  if (attestations !== null && !BUCKET.test(attestations))
    throw new UsageError(
      `${attestations} is no name of a bucket`,
      'Such as --attestations acme-attestations.',
    );
  const keys = [...logKey, ...governanceKey, ...verifierKey];
  const parts = (arn: string) => {
    const [, partition, account] = KEY_ARN.exec(arn) ?? [];
    if (partition === undefined || account === undefined)
      throw new UsageError(
        `${arn} is no ARN of a key`,
        'Such as arn:aws:kms:eu-central-1:111122223333:key/ID.',
      );
    return { partition, account };
  };
  const [first] = keys.map(parts);
  const [own] = verifierKey.map(parts);
  if (attestations !== null && own === undefined)
    throw new UsageError(
      '--attestations needs --verifier-key',
      "The key's ARN names the verifier's account.",
    );
  if (attestations === null && own !== undefined)
    throw new UsageError('--verifier-key needs --attestations', "Name the verifier's bucket.");
  if (first === undefined) throw new UsageError('no key was named');
  return {
    ...{ partition: first.partition, bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/` },
    ...{ logKeys: logKey, governanceKeys: governanceKey, attestations, verifierKeys: verifierKey, keys },
    ...{ account: first.account, verifierAccount: own?.account ?? first.account },
  };
}

function namesOf(
  { stack, role = [], people = [] }: ReviewOptions,
  { account, verifierAccount }: Named,
): PartyNames {
  const named = new Map<Party, string>();
  for (const given of role) {
    const [party = '', arn = ''] = given.split(/=(.*)/s);
    if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(arn))
      throw new UsageError(
        `--role ${given} names no role`,
        'Such as --role archiver=arn:aws:iam::111122223333:role/NAME.',
      );
    named.set(parseParty(party), arn);
  }
  const wrong = people.find((one) => !/^\d{12}$/.test(one));
  if (wrong !== undefined) throw new UsageError(`--people ${wrong} is no account`, 'It has 12 digits.');
  return { stack, account, verifierAccount, peopleAccounts: people, named };
}

const accountsOf = ({ account, verifierAccount }: Named): string[] => [
  ...new Set([account, verifierAccount]),
];

/** Where the policies are. Throws UsageError. */
async function policiesFolder(session: Session, options: ReviewOptions, named: Named): Promise<string> {
  const { policies, live } = options;
  if ((policies === undefined) === (live === undefined))
    throw new UsageError(
      '--policies and --live say where the policies come from',
      'Give one of the two: a folder that was fetched, or a new one to fetch into now.',
    );
  if (live !== undefined) await fetchLive(session, live, fetchCalls(named, accountsOf(named)));
  return (live ?? policies) as string;
}

async function runCommands(session: Session, name: string, options: SubjectOptions): Promise<number> {
  const subject = subjectOf(name, options);
  const commands = fetchCalls(subject, accountsOf(subject)).map(commandText);
  if (options.json === true) await session.output.json({ commands });
  else for (const command of commands) await session.output.line(command);
  return EXIT.ok;
}

async function runReview(session: Session, name: string, options: ReviewOptions): Promise<number> {
  const { output } = session;
  if (options.csv === true && options.json === true)
    throw new UsageError('--csv and --json are two forms of one answer', 'Give one of the two.');
  const named = subjectOf(name, options);
  const names = namesOf(options, named);
  const folder = await policiesFolder(session, options, named);
  const fetched: FetchedPolicies = await readFetched(session, folder, named);
  const subject: AccessSubject = {
    ...named,
    ...{ topics: ['orders'], lockDays: options.lockDays, isSealed: options.sealed === true },
  };
  const found = reviewAccess({ ...fetched, subject, names });
  const review = { ...found, notSeen: [...found.notSeen, ...fetched.refused] };
  const said = [
    ...differenceTexts(review),
    ...review.notSeen.map((what) => `not seen: ${what}`),
    summaryText(review),
    ...ACCESS_BOUNDS,
  ].map(printable);
  if (options.json === true)
    await output.json({
      ...review,
      files: fetched.files,
      said: differenceTexts(review),
      bounds: ACCESS_BOUNDS,
    });
  else if (options.csv === true) {
    await output.write(accessCsv(review));
    for (const line of said) output.note(line);
  } else {
    await output.write(`${reviewText(review)}\n`);
    for (const line of said) await output.line(line);
  }
  if (review.differences > 0) return EXIT.broken;
  return review.notSeen.length > 0 || review.absent.length > 0 ? EXIT.failed : EXIT.ok;
}
