// Which command was given, and which exit code does it end with?
import { Command, CommanderError } from 'commander';
import { VERSION } from '../../base/version.ts';
import { archiveCommand } from './archive.ts';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { drillCommand } from './drill.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';
import { getCommand } from './get.ts';
import { initCommand } from './init.ts';
import { lossesCommand } from './losses.ts';
import { errorJson, type Io, indented, Output } from './output.ts';
import { proveCommand } from './prove.ts';
import { resumeCommand } from './resume.ts';
import { ROOT_HELP } from './root-help.ts';
import type { AddCommand, Session } from './session.ts';
import { showCommand } from './show.ts';
import { statusCommand } from './status.ts';
import { verifyCommand } from './verify.ts';
import { watchCommand } from './watch.ts';

const COMMANDS: readonly AddCommand[] = [
  initCommand,
  doctorCommand,
  archiveCommand,
  statusCommand,
  resumeCommand,
  verifyCommand,
  watchCommand,
  drillCommand,
  getCommand,
  showCommand,
  lossesCommand,
  proveCommand,
  checkCommand,
  demoCommand,
];

/**
 * Runs one command line, without `node` and the script. Resolves to the exit code when all output is written.
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const output = new Output(io);
  const session: Session = { io, output, exitCode: EXIT.ok, json: false, verdictOnError: false };
  const program = buildProgram(session);
  try {
    if (args.length === 0) {
      await output.write(ROOT_HELP);
      session.exitCode = EXIT.usage;
    } else await program.parseAsync(withoutHelpOfNothing(args, program), { from: 'user' });
  } catch (error) {
    session.exitCode = await failed(error, session);
  }
  await output.flush();
  return session.exitCode;
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
  for (const add of COMMANDS) add(program, session);
  return program;
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
  const exitCode = exitCodeOfError(error);
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
