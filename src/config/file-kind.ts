// Is this another party's configuration file?
import { memberOf } from './problems.ts';

/** Named after its usual file. */
export type FileKind = 'ledgerstone' | 'verifier' | 'governance' | 'kafka';

type Facts = { readonly name: string; readonly own: readonly string[]; readonly takenBy: string };

/** `own`: members that only this file has, and has to have. */
/** Commands that take governance.yaml. One of several words stands for itself, one word for all below it. */
export const OFFICERS_COMMANDS: readonly string[] = [
  ...['governance', 'hold', 'custody', 'keys rotate', 'keys retire', 'retention policy', 'retention extend'],
  ...['retention enforce', 'copy', 'export --act'],
];

const FACTS: Readonly<Record<FileKind, Facts>> = {
  ledgerstone: {
    name: "the archiver's file (ledgerstone.yaml)",
    own: ['source', 'retention'],
    takenBy: '`archive`, `resume`, `status` and the commands that read an archive',
  },
  verifier: {
    name: "the verifier's file (verifier.yaml)",
    own: ['cosigner', 'attestations'],
    takenBy: '`watch` and `drill`',
  },
  governance: {
    name: "the officers' file (governance.yaml)",
    own: ['governance'],
    takenBy: OFFICERS_COMMANDS.map((command) => `\`${command}\``).join(', '),
  },
  kafka: {
    name: 'a file that names a Kafka cluster (brokers, tls, sasl)',
    own: ['brokers'],
    takenBy: '`replay --kafka`',
  },
};

const isOf = (root: unknown, kind: FileKind): boolean =>
  FACTS[kind].own.some((member) => memberOf(root, member) !== undefined);

/** Null: it has members of no kind, or of several. */
export function fileKindOf(root: unknown): FileKind | null {
  const kinds = (Object.keys(FACTS) as FileKind[]).filter((kind) => isOf(root, kind));
  return kinds.length === 1 ? (kinds[0] as FileKind) : null;
}

/** What to say of a file with members of another party only. Null: it is not that. */
export function otherFile(
  root: unknown,
  wanted: FileKind,
): { readonly message: string; readonly remedy: string } | null {
  const other = (Object.keys(FACTS) as FileKind[]).find((kind) => kind !== wanted && isOf(root, kind));
  if (other === undefined || isOf(root, wanted)) return null;
  const message = `this is ${FACTS[other].name}, and ${FACTS[wanted].name} is wanted here`;
  const either = other === 'kafka' ? '' : '; `init` and `doctor` take either';
  const remedy = `Name the other file. This one is for ${FACTS[other].takenBy}${either}.`;
  return { message, remedy };
}
