// `ledgerstone governance charter|approve|withdraw|key`: who may decide, and the second person's word.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { openSigner } from '../../clients/open.ts';
import { loadPeopleFile, PERSON_KEY_NAME } from '../../config/people-file.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import { governanceOrigin } from '../../format/chain.ts';
import { cosignerKey, encodeCosignerVkey, parseCosignerVkey } from '../../format/cosignature.ts';
import { encodeVkey, type PublicKey, spkiFingerprint, verifierKey } from '../../format/vkey.ts';
import { carryOut, historyNow } from '../../governance/carry-out.ts';
import { changeSealingKey } from '../../governance/change-sealing-key.ts';
import { readWithPending } from '../../governance/continue-acts.ts';
import { readGovernance, recordAct } from '../../governance/record-act.ts';
import { listChains } from '../../read/list-chains.ts';
import { publishArchiveFiles } from '../../sealing/publish.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { actsOf, type RecordedAct } from '../../verify/acts/recorded-act.ts';
import { type Deciding, type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { actJson, actText, effectJson, effectLines, stateOf, stillHeldLines } from './governance-text.ts';
import { makeKey, writeVkey, writeVkeyOfNew } from './init-key.ts';
import { requireStillUnused } from './key-to-retire.ts';
import { repeatable } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { openSignerOf, type SignerOptions } from './signer-option.ts';

const CHARTER = `
PEOPLE.yaml says who may decide, with verifier keys as \`governance key\` prints them:

  approvalHours: 72
  people:
    - { name: Ada Byron, key: ada.vkey, roles: [officer] }
    - { name: Grace Hopper, key: grace.vkey, roles: [approver] }

The first charter begins the governance chain, names you as an officer, and needs nobody
else. A later one takes effect when a person of the one before has approved it.
Give the printed verifier key to everybody who verifies, beside the log's.

Exit codes: 0 in force, 2 usage or not allowed, 3 it could not be written, 4 it waits for
approval.

Examples:
  ledgerstone governance charter people.yaml --config governance.yaml --by "Ada Byron" \\
      --reason "Begin" --sign-key ada-key.pem
`;

const ANSWER = `
ID is as \`governance list\` shows it; its first 8 digits are enough where no other act
begins so. Who approves is another person than who proposed, with another key and as
another principal. Approving a release also takes its holds off, if your role may; approving another
key for decisions also changes their chain over, if you can use both keys. A key is
not retired while the newest seal of a chain is signed by it: that is looked at again.

Exit codes: 0 done, 2 usage or not allowed, 3 it could not be written, 4 approved, and not
everything is done in the store yet.

Examples:
  ledgerstone governance approve 6d2f9b1f --config governance.yaml --by "Grace Hopper" \\
      --reason "Read and agreed" --sign-key grace-key.pem
  ledgerstone governance withdraw 6d2f9b1f --config governance.yaml --by "Ada Byron" \\
      --reason "Proposed by mistake" --sign-key ada-key.pem
`;

const KEY = `
Makes FILE if it is not there: an Ed25519 private key that only you may read. Prints its
verifier key, for the charter. A key that is there is never replaced.

Examples:
  ledgerstone governance key ada-key.pem --vkey ada.vkey
  ledgerstone governance key --sign-kms alias/ada --region eu-central-1
`;

type KeyOptions = SignerOptions & {
  readonly vkey?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly json?: boolean;
};

export function governanceWriting(governance: Command, session: Session): void {
  governance
    .command('key')
    .description("A person's own key for decisions.")
    .argument('[file]', 'private key (PEM)')
    .option('--sign-kms <key>', 'a key in KMS instead: its ARN, or its id with --region')
    .option('--region <region>', 'of the KMS key; default AWS_REGION')
    .option('--endpoint <url>', 'KMS-compatible server')
    .option('--vkey <file>', 'write the verifier key to this file too')
    .option('--json', 'the result for programs')
    .addHelpText('after', KEY)
    .action(
      acting(session, (file: string | undefined, options: KeyOptions) => runKey(session, file, options)),
    );
  withDecider(governance.command('charter').description('Says who may decide.'))
    .argument('<people>', 'PEOPLE.yaml')
    .option('--new-archive', 'the archive has no event yet: its decisions begin it')
    .addHelpText('after', CHARTER)
    .action(acting(session, (file: string, options: CharterOptions) => runCharter(session, file, options)));
  for (const [kind, about] of [
    ['approve', 'What another person proposed may take effect.'],
    ['withdraw', 'What was proposed may not any more.'],
  ] as const) {
    const answer = withDecider(governance.command(kind).description(about)).argument('<id>', 'of the act');
    if (kind === 'approve')
      answer.option(
        '--ended <chain>',
        "of a key's retirement: nobody archives this chain; repeatable",
        repeatable,
      );
    answer
      .addHelpText('after', ANSWER)
      .action(acting(session, (id: string, options: AnswerOptions) => runAnswer(session, kind, id, options)));
  }
}

async function runKey(session: Session, file: string | undefined, options: KeyOptions): Promise<number> {
  const { io, output } = session;
  session.judges = false;
  if ((file === undefined) === (options.signKms === undefined))
    throw new UsageError('one key is meant: a file, or --sign-kms', 'Give one of the two.');
  const isNew = file !== undefined && (await makeKey(file, 'ed25519'));
  const signer =
    file === undefined
      ? (await openSignerOf(options, io.env))!
      : await openSigner({ kind: 'local', keyFile: file });
  const vkey = encodeCosignerVkey(cosignerKey(PERSON_KEY_NAME, signer.publicKey, nodeSha256));
  if (options.vkey !== undefined)
    await (isNew ? writeVkeyOfNew(file, options.vkey, vkey) : writeVkey(options.vkey, vkey));
  if (options.json === true) await output.json({ vkey, newKey: isNew, signer: signer.description });
  else {
    await output.line(`key  ${signer.description}${isNew ? ' (new)' : ''}`);
    await output.line(
      'Verifier key. Of a person: for `people` of the charter. Not of the governance key: `charter` prints its own.',
    );
    await output.line(vkey);
  }
  return EXIT.ok;
}

type CharterOptions = DecidingOptions & { readonly newArchive?: boolean };

/** A mistyped place would get a governance chain of its own. Throws UsageError. */
async function requireArchive({ store, signal }: Deciding['tools']): Promise<void> {
  for await (const _ of listChains(store, signal)) return;
  throw new UsageError(
    `${store.description} has no chain of events: nothing was written`,
    'Is it the right place? If its decisions are to come before its first event, say --new-archive.',
  );
}

/** Who may sign events signs no decision (FORMAT.md 13.1.5). Throws UsageError. */
function requireOwnKeys({ people }: ActDetail['charter'], { logKeys, signers }: Deciding['tools']): void {
  for (const { name, key } of people) {
    const print = spkiFingerprint(parseCosignerVkey(key, nodeSha256).key as PublicKey, nodeSha256);
    const others = [...logKeys.map((one) => one.key), ...signers.map(({ publicKey }) => publicKey)];
    if (others.some((one) => spkiFingerprint(one, nodeSha256) === print))
      throw new UsageError(
        `the key of ${name} is one of the archive's own`,
        'Each person has a key that signs nothing else: ledgerstone governance key.',
      );
  }
}

async function runCharter(session: Session, file: string, options: CharterOptions): Promise<number> {
  const detail = await loadPeopleFile(file, session.io.env);
  let isFirst = false;
  const persons = async (tools: Deciding['tools']) => {
    isFirst = (await readGovernance(tools)) === null;
    requireOwnKeys(detail, tools);
    if (isFirst && options.newArchive !== true) await requireArchive(tools);
    return isFirst ? 'one' : 'two';
  };
  return deciding(session, options, persons, async ({ config, tools, decider, asked }) => {
    const { recorded, history, isNew } = await recordAct(tools, decider, {
      ...{ kind: 'charter', ...asked, detail },
    });
    const key = verifierKey(governanceOrigin(config.archive.origin), tools.signers[0]!.publicKey, nodeSha256);
    const { retention, store, clock, signal } = tools;
    // After the act: nothing is left behind of one that was refused. Asked again, it is made up for.
    const published = await publishArchiveFiles(store, [key], retention, clock, signal);
    const vkey = encodeVkey(key);
    const code = await finish(session, options, { recorded, history, isNew }, { vkey, published });
    if (options.json === true || !isFirst) return code;
    await session.output.line('');
    await session.output.line('From now on an archiver does not start without the key below: put it into');
    await session.output.line('archive.trusted of every ledgerstone.yaml, and of verifier.yaml.');
    await session.output.line('');
    await session.output.line("Verifier key of the decisions, for everybody who verifies, beside the log's:");
    await session.output.line(vkey);
    return code;
  });
}

type Written = { readonly recorded: RecordedAct; readonly history: ActHistory; readonly isNew: boolean };

/** Says what stands now. */
export async function finish(
  { output }: Session,
  options: { readonly json?: boolean },
  { recorded, history, isNew }: Written,
  more: Readonly<Record<string, unknown>> = {},
  lines: readonly string[] = [],
): Promise<number> {
  const nowMs = systemClock.now();
  const { state } = stateOf(recorded, history, nowMs);
  if (options.json === true)
    await output.json({ ...actJson(recorded, history, nowMs), written: isNew, ...more });
  else {
    await output.write(actText(recorded, history, nowMs));
    if (!isNew) await output.line('it was written before, and not again');
    for (const line of lines) await output.line(line);
    if (state === 'waiting')
      await output.line(
        `nothing has changed yet: ledgerstone governance approve ${recorded.act.id.slice(0, 8)}`,
      );
  }
  return state === 'waiting' || state === 'open' ? EXIT.notYet : EXIT.ok;
}

/** The act whose id begins so. Throws UsageError. */
export function actById(history: ActHistory, id: string): RecordedAct {
  const from = 'Take the id from `ledgerstone governance list`.';
  if (!/^[0-9a-f]{8,32}$/.test(id)) throw new UsageError(`${id} is no act`, from);
  const [found, second] = history.acts.filter(({ act }) => act.id.startsWith(id));
  if (found !== undefined && second === undefined) return found;
  throw new UsageError(
    `${found === undefined ? 'no act begins' : 'more than one act begins'} with ${id}`,
    from,
  );
}

type AnswerOptions = DecidingOptions & { readonly ended?: readonly string[] };

async function runAnswer(
  session: Session,
  kind: 'approve' | 'withdraw',
  id: string,
  options: AnswerOptions,
): Promise<number> {
  return deciding(session, options, kind === 'approve' ? 'two' : 'one', async (context) => {
    const { tools, decider, asked } = context;
    const before = (await readWithPending(tools))?.history ?? (await historyNow(tools));
    const target = actById(before, id);
    // Asked again after the answer was lost, or after its effect was broken off.
    const isAgain = kind === 'approve' && target.approvedBy?.act.by.name === decider.name;
    // Since it was proposed a chain may have gone back to it.
    if (kind === 'approve' && !isAgain && target.act.kind === 'key.retire')
      await requireStillUnused(tools, before, target.act.detail, options.ended ?? []);
    const written = isAgain
      ? { history: before, isNew: false }
      : await recordAct(tools, decider, { kind, ...asked, of: target.act.id, detail: {} }, readWithPending);
    const recorded = written.history.find(target.act.id)!;
    const effect = await effectOfApproval(session, context, recorded, written.history);
    return finish(
      session,
      options,
      { recorded: effect.recorded, history: effect.history, isNew: written.isNew },
      effect.more,
      effect.lines,
    );
  });
}

/** Of a release: its holds are taken off. */
async function effectOfApproval(
  { output }: Session,
  { tools, decider }: Deciding,
  recorded: RecordedAct,
  history: ActHistory,
) {
  const none = { recorded, history, more: {}, lines: [] as string[] };
  if (!history.isOpen(recorded, tools.clock.now())) return none;
  try {
    const [rotation] = actsOf([recorded], 'key.rotate');
    if (rotation !== undefined) {
      await changeSealingKey(tools, decider, rotation);
      const now = await historyNow(tools);
      return { ...none, recorded: now.find(recorded.act.id)!, history: now };
    }
    const { effect } = await carryOut(tools, decider, recorded, history);
    const now = await historyNow(tools);
    const lines = [...effectLines(effect, 'settled'), ...stillHeldLines(recorded, now, effect)];
    return {
      recorded: now.find(recorded.act.id)!,
      history: now,
      more: { effect: effectJson(effect) },
      lines,
    };
  } catch (error) {
    tools.signal.throwIfAborted();
    output.note(`approved, and not done: ${messageOf(error)}`);
    const how =
      recorded.act.kind === 'key.rotate' ? ' where both keys can be used' : ', or ledgerstone hold enforce';
    return { ...none, lines: [`run the same command again${how}`] };
  }
}
