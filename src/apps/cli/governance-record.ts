// `ledgerstone governance record`: a decision of a kind that has no command of its own.
import type { Command } from 'commander';
import { FormatError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { PERSON_KEY_NAME } from '../../config/people-file.ts';
import type { ActRequest } from '../../format/act.ts';
import { type ActDetail, type ActKind, checkDetail, TWO_PERSONS } from '../../format/act-detail.ts';
import { isGovernanceOrigin } from '../../format/chain.ts';
import { parseCosignerVkey } from '../../format/cosignature.ts';
import { parseVkey } from '../../format/vkey.ts';
import { historyNow } from '../../governance/carry-out.ts';
import { decidedKeys } from '../../governance/decided-keys.ts';
import { recordAct } from '../../governance/record-act.ts';
import { recordExport } from '../../governance/record-export.ts';
import { type Deciding, type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { finish } from './governance-write.ts';
import { lossesNamed, lostText, requireLost } from './losses-named.ts';
import { requirePlain } from './plain-name.ts';
import { acting, type Session } from './session.ts';

type RecordOptions = DecidingOptions & { readonly detail: string };

/** What each kind is for, and an example of its detail. Others have commands that also do what they say. */
const KINDS = {
  'key.introduce': ['a key that signs from now on', '{"use":"log","key":"VKEY"}'],
  'gap.accept': [
    'offsets that are missing and may be; two persons',
    '{"chain":"orders","partition":0,"from":7,"to":9}',
  ],
  'finding.ack': ['somebody has seen a finding', '{"finding":"ID of 32 digits"}'],
  'finding.resolve': ['what a finding was', '{"finding":"ID of 32 digits"}'],
  export: ['a package that was handed out', '{"case":"C-1","package":"SHA-256","events":25}'],
  disclose: ['what was disclosed, to whom; two persons', '{"case":"C-1","to":"Acme","what":"a field"}'],
  drill: ['a drill', '{"report":"SHA-256 of its report"}'],
} as const satisfies Partial<Record<ActKind, readonly [string, string]>>;
type Kind = keyof typeof KINDS;

const HELP = `
The chain keeps what you say here, and does nothing else because of it: no key is changed
and nothing is handed out. \`gap.accept\` is refused where none of its offsets is lost; of
findings nobody looks whether they are there. DETAIL is the JSON of FORMAT.md 13.4:

${Object.entries(KINDS)
  .map(([kind, [about, example]]) => `  ${kind.padEnd(16)} ${about}\n    ${example}`)
  .join('\n')}

Exit codes: 0 in force, 2 usage or not allowed, 3 it could not be written, 4 it waits for
approval.

Examples:
  ledgerstone governance record export --config governance.yaml --by "Ada Byron" \\
      --reason "Asked for by the auditors" --sign-key ada-key.pem \\
      --detail '{"case":"C-1","package":"…64 hex digits…","events":25}'
`;

export function governanceRecord(governance: Command, session: Session): void {
  withDecider(governance.command('record').description('Keeps a decision that is carried out elsewhere.'))
    .argument('<kind>', Object.keys(KINDS).join(', '))
    .requiredOption('--detail <json>', 'what exactly, as JSON')
    .addHelpText('after', HELP)
    .action(acting(session, (kind: string, options: RecordOptions) => runRecord(session, kind, options)));
}

async function runRecord(session: Session, kind: string, options: RecordOptions): Promise<number> {
  if (!Object.hasOwn(KINDS, kind))
    throw new UsageError(
      `${kind} is no kind that is recorded so`,
      `Give one of ${Object.keys(KINDS).join(', ')}.`,
    );
  const detail = detailOf(kind as Kind, options.detail);
  const { case: name } = detail as { readonly case?: string };
  if (name !== undefined) requirePlain('case in --detail', name);
  const persons = TWO_PERSONS.has(kind as Kind) ? 'two' : 'one';
  return deciding(session, options, persons, async ({ tools, decider, asked }) => {
    const request = { kind, ...asked, detail } as ActRequest;
    const lines = await looked(tools, request);
    const write =
      request.kind === 'export'
        ? recordExport(tools, decider, request as ActRequest<'export'>)
        : recordAct(tools, decider, request);
    return finish(session, options, await write, {}, lines);
  });
}

/** What was looked at before it is written. Throws UsageError for losses that are none. */
async function looked(tools: Deciding['tools'], { kind, detail }: ActRequest): Promise<string[]> {
  if (kind === 'finding.ack' || kind === 'finding.resolve')
    return ["nobody looked whether the verifier found that: findings are in the verifier's bucket"];
  if (kind !== 'gap.accept') return [];
  const { store, logKeys, signal } = tools;
  const trusted = [...logKeys, ...decidedKeys(await historyNow(tools))];
  const named = detail as ActDetail['gap.accept'];
  const found = await lossesNamed(store, trusted, named, signal);
  requireLost(named, found);
  return [printable(lostText(named, found))];
}

/** Throws FormatError for a key of another use. */
function requireKey({ use, key }: ActDetail['key.introduce']): void {
  if (use === 'cosigner') {
    if (parseCosignerVkey(key, nodeSha256).name === PERSON_KEY_NAME)
      throw new FormatError("the key is a person's");
    return;
  }
  const isOfDecisions = isGovernanceOrigin(parseVkey(key, nodeSha256).name);
  if (isOfDecisions !== (use === 'governance')) throw new FormatError(`the key is none of use ${use}`);
}

function detailOf(kind: Kind, text: string): unknown {
  try {
    const given: unknown = JSON.parse(text);
    const detail = checkDetail(kind, given);
    const unknown = Object.keys(given as object).filter((name) => !Object.hasOwn(detail, name));
    if (unknown.length > 0) throw new FormatError(`${unknown.join(', ')} is no member of it`);
    if (kind === 'key.introduce') requireKey(detail as ActDetail['key.introduce']);
    return detail;
  } catch (error) {
    const why = error instanceof FormatError ? error.message : 'it is no JSON';
    throw new UsageError(`--detail is none of ${kind}: ${why}`, `For example: ${KINDS[kind][1]}`);
  }
}
