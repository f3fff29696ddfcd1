// What do the policies say now? AWS's own tool is asked, call by call, and what it printed is kept.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import { type FetchCall, FILE_BYTES_MAX } from './access-files.ts';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';
import type { Session } from './session.ts';

/** Of what the tool says beside its answer. */
const WORDS_BYTES_MAX = MIB;
/** A large account takes some minutes. */
const CALL_MS = 15 * 60_000;

type Ended = {
  readonly code: number | null;
  readonly answer: Buffer;
  readonly words: Buffer;
  readonly why: string;
};

/** What is written beside the files: which call gave which. */
type CallRecord = {
  readonly command: string;
  readonly file: string;
  readonly began: string;
  readonly ended: string;
  /** Null: it did not end by itself. */
  readonly exitCode: number | null;
  readonly sha256: string;
};

const CALLS_FILE = 'calls.json';

/**
 * Into a new folder, which is kept as evidence: the answer of each call, or the words of who refused it, and
 * a list of the calls. What one call can't fetch keeps no other from being made. Throws UsageError where
 * there is no such tool, or the folder is there; then nothing is left.
 */
export async function fetchLive(
  { io, output }: Session,
  folder: string,
  calls: readonly FetchCall[],
): Promise<void> {
  await mkdir(folder).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new UsageError(`${folder} exists`, 'Name a new folder: what was fetched before is evidence.');
    throw fileError(`can't make the folder ${folder}`, cause);
  });
  const records: CallRecord[] = [];
  try {
    for (const { args, file } of calls) {
      const began = timeText(systemClock.now());
      const ended = await called(args, io.env, io.signal);
      const bytes = fileOf(ended);
      await writeFile(join(folder, file), bytes, { flag: 'wx' });
      const command = ['aws', ...args].join(' ');
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const times = { began, ended: timeText(systemClock.now()) };
      records.push({ command, file, ...times, exitCode: ended.code, sha256 });
      output.note(printable(`${command}: ${ended.why === '' ? file : `${ended.why}, see ${file}`}`));
    }
    await writeFile(join(folder, CALLS_FILE), `${JSON.stringify(records, null, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    // A part of it looks like all of it.
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A refusal stands first, so that half of an answer is not taken for one. */
function fileOf({ code, answer, words, why }: Ended): Buffer {
  if (why === '' && code === 0) return answer;
  const said = words.toString('utf8').trim();
  return Buffer.concat([Buffer.from(`${said === '' ? why : said}\n`), answer]);
}

/** Without a shell: no name can become a command. Rejects where there is no such tool, and on abort. */
function called(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn('aws', [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A pager would wait for somebody.
      env: { ...env, AWS_PAGER: '' },
      ...{ signal, timeout: CALL_MS, killSignal: 'SIGKILL' },
    });
    let why = '';
    const answer = bounded(child, 'stdout', FILE_BYTES_MAX, (text) => {
      why ||= text;
    });
    const words = bounded(child, 'stderr', WORDS_BYTES_MAX, (text) => {
      why ||= text;
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT' || error.code === 'EACCES';
      const remedy =
        'Install it, or run what `ledgerstone access commands` prints where it is, and give the folder by --policies.';
      reject(
        isMissing ? new UsageError(`the AWS CLI, aws, can't be started: ${messageOf(error)}`, remedy) : error,
      );
    });
    child.once('close', (code, killed) => {
      if (why === '' && killed !== null)
        why = `aws was ended by ${killed}, after at most ${CALL_MS / 60_000} minutes`;
      if (why === '' && code !== 0) why = `aws ended with exit code ${code}`;
      resolve({ code, answer: Buffer.concat(answer), words: Buffer.concat(words), why });
    });
  });
}

/** What comes from it. More ends the call. */
function bounded(
  child: ChildProcess,
  name: 'stdout' | 'stderr',
  most: number,
  onMore: (why: string) => void,
): Buffer[] {
  const parts: Buffer[] = [];
  let bytes = 0;
  child[name]?.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes <= most) parts.push(part);
    else {
      onMore(`aws printed more than ${most / MIB} MiB`);
      child.kill('SIGKILL');
    }
  });
  return parts;
}
