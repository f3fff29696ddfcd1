// Which command was given, and which exit code does it end with?
import { Command, CommanderError } from 'commander';
import { VERSION } from '../../base/version.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { errorJson, type Io, indented, Output } from './output.ts';
import { ROOT_HELP } from './root-help.ts';
import type { AddCommand, Session } from './session.ts';

/** Each is loaded when it is given: most of what the others need takes longer to load than to run. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  init: async () => (await import('./init.ts')).initCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  archive: async () => (await import('./archive.ts')).archiveCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  resume: async () => (await import('./resume.ts')).resumeCommand,
  config: async () => (await import('./config-command.ts')).configCommand,
  alerts: async () => (await import('./alerts.ts')).alertsCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  watch: async () => (await import('./watch.ts')).watchCommand,
  index: async () => (await import('./index-command.ts')).indexCommand,
  stamp: async () => (await import('./stamp-command.ts')).stampCommand,
  drill: async () => (await import('./drill.ts')).drillCommand,
  find: async () => (await import('./find.ts')).findCommand,
  get: async () => (await import('./get.ts')).getCommand,
  show: async () => (await import('./show.ts')).showCommand,
  losses: async () => (await import('./losses.ts')).lossesCommand,
  finding: async () => (await import('./finding.ts')).findingCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  prove: async () => (await import('./prove.ts')).proveCommand,
  receipt: async () => (await import('./receipt.ts')).receiptCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  copy: async () => (await import('./copy.ts')).copyCommand,
  replay: async () => (await import('./replay.ts')).replayCommand,
  adopt: async () => (await import('./adopt.ts')).adoptCommand,
  custody: async () => (await import('./custody.ts')).custodyCommand,
  import: async () => (await import('./import-command.ts')).importCommand,
  'verify-package': async () => (await import('./verify-package.ts')).verifyPackageCommand,
  sample: async () => (await import('./sample.ts')).sampleCommand,
  governance: async () => (await import('./governance.ts')).governanceCommand,
  hold: async () => (await import('./hold.ts')).holdCommand,
  keys: async () => (await import('./keys-command.ts')).keysCommand,
  retention: async () => (await import('./retention.ts')).retentionCommand,
  access: async () => (await import('./access.ts')).accessCommand,
  sql: async () => (await import('./sql.ts')).sqlCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
};

/**
 * Runs one command line, without `node` and the script. Resolves to the exit code when all output is written.
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const output = new Output(io);
  const session: Session = {
    io,
    output,
    exitCode: EXIT.ok,
    json: false,
    verdictOnError: false,
    judges: true,
  };
  const program = buildProgram(session);
  for (const load of commandsFor(args)) (await load())(program, session);
  try {
    if (args.length === 0) {
      await output.write(ROOT_HELP);
      session.exitCode = EXIT.usage;
    } else await program.parseAsync(withoutHelpOfNothing(args, program), { from: 'user' });
  } catch (error) {
    session.exitCode = await failed(error, session);
  }
  await output.flush();
  const { failure } = output;
  if (failure === null) return session.exitCode;
  output.error(failure);
  await output.flush();
  return session.exitCode === EXIT.ok ? EXIT.failed : session.exitCode;
}

function buildProgram(session: Session): Command {
  const program = new Command('ledgerstone')
    .version(VERSION, '--version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void session.output.write(text),
      writeErr: (text) => session.output.note(indented(text.trimEnd())),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
    });
  program.helpInformation = () => ROOT_HELP;
  return program;
}

/** The one that is given. All where it is unknown, to name the nearest; none where there is none. */
function commandsFor(args: readonly string[]): (() => Promise<AddCommand>)[] {
  const name = args.find((arg) => !arg.startsWith('-'));
  if (name === undefined) return [];
  return Object.hasOwn(COMMANDS, name)
    ? [COMMANDS[name] as () => Promise<AddCommand>]
    : Object.values(COMMANDS);
}

/** Help for a command that does not exist must fail like that command, not show another help. */
function withoutHelpOfNothing(args: readonly string[], program: Command): string[] {
  const name = args.find((arg) => !arg.startsWith('-'));
  const isKnown = name === undefined || program.commands.some((command) => command.name() === name);
  return isKnown ? [...args] : args.filter((arg) => arg !== '--help' && arg !== '-h');
}

async function failed(error: unknown, session: Session): Promise<number> {
  if (error instanceof CommanderError) {
    // Help and --version end this way too, with exit code 0. Everything else is wrong usage.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const found = exitCodeOfError(error);
  const exitCode = found === EXIT.broken && !session.judges ? EXIT.failed : found;
  if (session.json) {
    const verdict = exitCode === EXIT.broken ? 'broken' : 'unverifiable';
    await session.output.json({
      ...(session.verdictOnError && exitCode !== EXIT.usage ? { verdict } : {}),
      error: errorJson(error),
    });
  }
  session.output.error(error);
  return exitCode;
}
