// `ledgerstone keys rotate|retire`: which key signs the log from now on, and which one no more?
import { type Command, Option } from 'commander';
import { counted } from '../../base/counted.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import type { ActRequest } from '../../format/act.ts';
import { IMPORT_PREFIX } from '../../format/chain.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { keyKey } from '../../format/paths.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey, verifierKey } from '../../format/vkey.ts';
import { historyNow } from '../../governance/carry-out.ts';
import { decidedSealing } from '../../governance/decided-keys.ts';
import { type HeadKeys, headName, type KeyChange, settleChange } from '../../governance/key-chains.ts';
import { recordAct } from '../../governance/record-act.ts';
import type { ActOf } from '../../verify/acts/recorded-act.ts';
import { type Deciding, type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { finish } from './governance-write.ts';
import { keyToRetire, requireUnused, waitText } from './key-to-retire.ts';
import { newKey, type RotateOptions, requireFree, standingChange } from './keys-new.ts';
import { repeatable } from './open-archive.ts';
import { acting, type Session } from './session.ts';

type RetireOptions = DecidingOptions & { readonly ended?: readonly string[] };

const ROTATE = `
KEY is the ARN of a KMS key in the account and Region of the one that signs now, with a key
policy that lets the archivers sign; or a private key (PEM) that lies beside theirs, under
the same name. Archivers that run take it within a minute, without a restart: each chain
gets one segment signed by both keys, and is signed by the new one alone from then on. The
earlier key must go on signing until then. Give this command again to see which chains
wait, and once none does, to say that it is done.

Afterwards put the new key into archive.signing of every ledgerstone.yaml and give its
verifier key, which this prints, to everybody who reads. Then: ledgerstone keys retire.

With --use governance it is the key that seals decisions: another person approves it, with
\`governance approve\`, on a machine that can use both keys. That command changes the chain
over. Everybody who decides takes the new key where it says, beside the earlier one.

Exit codes: 0 done, 2 usage or not allowed, 3 it could not be read or written, 4 chains wait,
or it waits for approval.

Examples:
  ledgerstone keys rotate --new arn:aws:kms:eu-central-1:111122223333:key/0f3e… \\
      --config governance.yaml --by "Ada Byron" --reason "Each year" --sign-key ada-key.pem
`;

const RETIRE = `
KEY is a verifier key as \`keys list --json\` shows it, or a file of one. It is refused while
the newest seal of a chain is signed by it. Another person approves it (governance approve),
who names the same chains with --ended; the newest seals are looked at then once more.
From then on no archiver starts and no \`import\` begins that would sign with it. One whose
archive.signing still names it signs with the key of \`keys rotate\`, and warns. Only a chain
that ended with it and goes on gets one segment signed by both keys. What the retired key
signs alone later is the finding key-retired.

Exit codes: 0 retired, 2 usage or not allowed, 3 it could not be read or written, 4 it waits
for approval.

Examples:
  ledgerstone keys retire old.vkey --config governance.yaml --by "Ada Byron" \\
      --reason "Replaced" --sign-key ada-key.pem
`;

const ENDED = 'this chain (CHAIN/PARTITION) is archived no more and keeps its key; repeatable';

export function keysWriting(keys: Command, session: Session): void {
  withDecider(keys.command('rotate').description('The log is signed by another key from now on.'))
    .requiredOption('--new <key>', 'the new key: the ARN of a KMS key, or a private key (PEM)')
    .addOption(new Option('--use <use>', 'whose key').choices(['log', 'governance']).default('log'))
    .option('--ended <chain>', ENDED, repeatable)
    .option('--instead', 'give up another change of keys that is not done')
    .addHelpText('after', ROTATE)
    .action(acting(session, (options: RotateOptions) => runRotate(session, options)));
  withDecider(keys.command('retire').description('A key signs nothing any more; two persons.'))
    .argument('<key>', 'verifier key, or a file of one')
    .option('--ended <chain>', ENDED, repeatable)
    .addHelpText('after', RETIRE)
    .action(acting(session, (key: string, options: RetireOptions) => runRetire(session, key, options)));
}

async function runRotate(session: Session, options: RotateOptions): Promise<number> {
  if (options.use === 'governance')
    return (await import('./keys-rotate-decisions.ts')).runRotateDecisions(session, options);
  return deciding(session, options, 'one', async (context) => {
    const { tools, decider, asked } = context;
    const { signer, place } = await newKey(session, options.new, context);
    const key = verifierKey(tools.archiveOrigin, signer.publicKey, nodeSha256);
    const before = await historyNow(tools);
    const sealing = [
      ...tools.signers.map(({ publicKey }) => ({ key: publicKey })),
      ...decidedSealing(before),
    ];
    requireFree(before, key, { 'the key that seals decisions': sealing });
    const again = standingChange(before, 'log', key, {
      instead: options.instead === true,
      nowMs: tools.clock.now(),
    });
    const written =
      again === null
        ? await recordAct(tools, decider, {
            ...{ kind: 'key.rotate', ...asked },
            detail: { use: 'log', key: encodeVkey(key), signer: place },
          } as ActRequest)
        : { recorded: again, isNew: false };
    const recorded = written.recorded as ActOf<'key.rotate'>;
    const change = await settleChange(tools, decider, recorded, key, options.ended ?? []);
    const history = await historyNow(tools);
    return finish(
      session,
      options,
      { recorded: history.find(recorded.act.id)!, history, isNew: written.isNew },
      { vkey: encodeVkey(key), chains: change.heads.map(headJson), waiting: change.waiting.map(headName) },
      changeLines(change, key),
    );
  });
}

function changeLines({ heads, waiting, isDone }: KeyChange, key: VerifierKey): string[] {
  const lines = isDone
    ? [`each of ${counted(heads.length, 'chain')} is signed by it, or has ended`]
    : [
        `${waiting.length} of ${counted(heads.length, 'chain')} wait for their next segments:`,
        ...waiting.map((one) => `  ${waitText(one)}`),
        'archivers take the key within a minute; then give the same command again',
        ...importLines(waiting),
      ];
  return [...lines, 'Verifier key, for everybody who reads:', encodeVkey(key)].map(printable);
}

/** No archiver writes them. */
function importLines(waiting: readonly HeadKeys[]): string[] {
  const imports = waiting.filter(({ chain }) => chain.startsWith(IMPORT_PREFIX)).map(headName);
  if (imports.length === 0) return [];
  return [
    'no archiver seals what was imported: it takes the key where you import, by',
    '  ledgerstone keys follow --config ledgerstone.yaml',
    'or, if nothing more is imported there, it ends with the earlier key:',
    `  ${imports.map((name) => `--ended ${name}`).join(' ')}`,
  ];
}

const headJson = ({ chain, partition, keys, problem, continuedBy }: HeadKeys) => ({
  ...{ chain, partition, keys: keys?.map(encodeVkey) ?? null, problem, continuedBy },
});

async function runRetire(session: Session, text: string, options: RetireOptions): Promise<number> {
  return deciding(session, options, 'two', async ({ tools, decider, asked }) => {
    const meant = await keyToRetire(text, tools.archiveOrigin);
    const { detail, key } = meant;
    const history = await historyNow(tools);
    if (key !== null) await requireKnown(tools, key);
    await requireUnused(tools, history, meant, options.ended ?? []);
    const recording = await recordAct(tools, decider, { kind: 'key.retire', ...asked, detail });
    return finish(session, options, recording);
  });
}

/** A mistyped key would be retired in vain, and the right one sign on. */
async function requireKnown({ store, signal }: Deciding['tools'], key: VerifierKey): Promise<void> {
  const place = keyKey(spkiFingerprint(key.key, nodeSha256));
  if ((await oldestVersion(store, place, signal)) !== null) return;
  throw new UsageError(
    `the archive has no such key: there is no ${place}`,
    'See them: ledgerstone keys list.',
  );
}
