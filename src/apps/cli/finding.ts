// `ledgerstone finding list|ack|resolve`: what did the verifier find, and what do people say of it?
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printableLines } from '../../base/printable.ts';
import { openForWriting } from '../../clients/open.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { isDecision } from '../../verifier/decisions.ts';
import {
  encodeResponse,
  type FindingResponse,
  isResponder,
  isResponseText,
  personKey,
  personKeyId,
  RESPONSE_BYTES_MAX,
  type ResponseKind,
  responseKey,
} from '../../verifier/findings/response.ts';
import { readStories, type Stories } from '../../verifier/findings/stories.ts';
import { putNote, readNote } from '../../verifier/own-bucket.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { type FindingListOptions, newestOpenings, runFindingList } from './finding-list.ts';
import { openArchiveStore, repeatable } from './open-archive.ts';
import {
  keysOfPeople,
  type NamedOwnBucket,
  namedOwnBucket,
  type OwnBucketOptions,
  withOwnBucket,
} from './own-bucket-option.ts';
import { acting, type Session } from './session.ts';
import { openSignerOf, type SignerOptions, withSigner } from './signer-option.ts';

type AnswerOptions = OwnBucketOptions &
  SignerOptions & { readonly by: string; readonly text: string; readonly json?: boolean };

const HELP = `
A finding is opened and closed by the verifier's checks alone. What a person says of it is
a note beside it, signed by that person's own key: it closes nothing, and reports show
both side by side.

Examples:
  ledgerstone finding list --config verifier.yaml --person ada.pem
  ledgerstone finding ack 6d2f9b1f --config verifier.yaml --by "Ada Byron" \\
      --text "Seen, the storage team looks at it." --sign-key ada-key.pem
  ledgerstone finding list --config verifier.yaml --json
`;

const LIST = `
The open ones, or with --all every one that there was. Only what the verifier signed
counts, and of responses what a key of --person signed, one of \`people\` in verifier.yaml,
or an officer of the charter that was in force.

A lost record stays listed for ever. It counts as open until two people accept it
(\`governance record gap.accept\`), or one of those above resolves it. With --config the
archive's decisions are read for that; without, no acceptance is known.

Exit codes: 0 no finding is open but such as were accepted or resolved so; 1 one is, if
only a notice; 3 the bucket could not be read, or what lies there is not of this verifier
and this archive.

Examples:
  ledgerstone finding list --config verifier.yaml --person ada.pem --person grace.pem
  ledgerstone finding list --attestations s3://acme-attestations --cosigner verifier.vkey \\
      --key archive.vkey --all --json
`;

const ANSWER = `
Adds a signed note to the newest opening of that finding. ID is as \`finding list\` shows
it; its first 8 digits are enough where no other finding begins so. Nobody can take the note
back while its lock holds. Needs the right to put below findings/ in the verifier's bucket.

Examples:
  ledgerstone finding ack 6d2f9b1f --config verifier.yaml --by "Ada Byron" \\
      --text "Seen, the storage team looks at it." --sign-key ada-key.pem
  ledgerstone finding resolve 6d2f9b1f --config verifier.yaml --by "Ada Byron" \\
      --text "A test of ours: ticket 4711." --sign-kms alias/ada --region eu-central-1
`;

export function findingCommand(program: Command, session: Session): void {
  const finding = program
    .command('finding')
    .description('What the verifier found, and what people say of it.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  withOwnBucket(finding.command('list').description('Findings, with who was notified and who answered.'))
    .option('--person <key>', 'whose responses count: PEM or verifier key; repeatable', repeatable)
    .option('--all', 'also those that are closed')
    .option('--json', 'the same for programs')
    .addHelpText('after', LIST)
    .action(acting(session, (options: FindingListOptions) => runFindingList(session, options)));
  for (const [kind, about] of [
    ['ack', 'Somebody has seen it.'],
    ['resolve', 'What it was, and what was done. It closes nothing.'],
  ] as const)
    withSigner(withOwnBucket(finding.command(kind).description(about)), 'the note: your own')
      .argument('<id>', 'of the finding')
      .requiredOption('--by <name>', 'who says it')
      .requiredOption('--text <text>', 'what you say')
      .option('--json', 'the result for programs')
      .addHelpText('after', ANSWER)
      .action(acting(session, (id: string, options: AnswerOptions) => runAnswer(session, kind, id, options)));
}

async function storiesIn(
  bucket: NamedOwnBucket,
  people: NamedOwnBucket['keys'],
  signal: AbortSignal,
): Promise<Stories> {
  const store = await openArchiveStore(bucket.store);
  try {
    return await readStories({ store, keys: bucket.keys, people, signal });
  } finally {
    await store.close();
  }
}

async function runAnswer(
  session: Session,
  kind: ResponseKind,
  id: string,
  options: AnswerOptions,
): Promise<number> {
  const { io, output } = session;
  const { by, text } = options;
  if (!isResponder(by))
    throw new UsageError('--by must be 1 to 255 bytes of text without control characters');
  if (!isResponseText(text))
    throw new UsageError('--text must be 1 to 4096 bytes of text without control characters');
  if (!/^[0-9a-f]{8,32}$/.test(id))
    throw new UsageError(
      /^[0-9a-f]{1,7}$/.test(id)
        ? `${id} has ${counted(id.length, 'digit')}: an id begins with at least 8`
        : `${JSON.stringify(id)} is no id of a finding: 8 to 32 digits of 0-9 and a-f`,
      'Take the id from `ledgerstone finding list`.',
    );
  const bucket = await namedOwnBucket(options, io.env);
  if (bucket.config === null)
    throw new UsageError('how long the note is locked is not known', 'Give --config verifier.yaml.');
  const signer = await openSignerOf(options, io.env);
  if (signer === null)
    throw new UsageError('nobody signs', 'Give --sign-key or --sign-kms: a key of your own.');
  const key = personKey(signer.publicKey, nodeSha256);
  const people = { ...keysOfPeople(bucket.keys, [signer.publicKey]), key, signer };
  const { stories } = await storiesIn(bucket, people, io.signal);
  const found = newestOpenings(stories).filter((story) => story.id.startsWith(id));
  const [story] = found;
  if (story === undefined || found.length > 1)
    throw new UsageError(
      `${found.length === 0 ? 'no finding begins' : 'more than one finding begins'} with ${id}`,
      'Take more of the id from `ledgerstone finding list`.',
    );
  const atMs = systemClock.now();
  const response: FindingResponse = {
    ...{ scope: story.scope, code: story.finding.code, id: story.id, opening: story.opening, kind },
    ...{ seconds: Math.floor(atMs / 1000), keyId: personKeyId(signer.publicKey, nodeSha256), by, text, atMs },
  };
  const at = await putResponse(bucket, people, response, io.signal);
  const state =
    story.closed !== null
      ? 'the finding is closed'
      : kind === 'resolve' && isDecision(story.finding)
        ? 'the finding stays listed, and counts as resolved where your key is known'
        : 'the finding stays open until a check no longer finds it';
  if (options.json === true)
    await output.json({ key: at, kind, id: story.id, closed: story.closed !== null });
  else await output.line(`noted at ${at}; ${state}`);
  return EXIT.ok;
}

/** Its key. Throws where something else lies there. */
async function putResponse(
  { config, store: place }: NamedOwnBucket,
  signing: Parameters<typeof putNote>[0]['signing'],
  response: FindingResponse,
  signal: AbortSignal,
): Promise<string> {
  const { mode, period } = config!.attestations.retention;
  const store = await openForWriting(place, null);
  try {
    const key = responseKey(response);
    const content = encodeResponse(response);
    const bucket = { store, retention: { mode, period }, clock: systemClock, signing };
    const { kind } = await putNote(bucket, key, content, signal);
    if (kind === 'stored') return key;
    // An answer that was lost, or another note of the same second.
    const version = await oldestVersion(store, key, signal);
    const there =
      version && (await readNote(store, signing, version, RESPONSE_BYTES_MAX, signal).catch(messageOf));
    if (there instanceof Uint8Array && Buffer.from(there).equals(content)) return key;
    throw new UsageError(printableLines(`something else lies at ${key}`), 'Try again.');
  } finally {
    await store.close();
  }
}
