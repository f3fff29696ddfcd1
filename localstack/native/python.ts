// Which Python runs LocalStack and ministack here, and how do their packages get onto the machine?
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { LedgerstoneError } from '../../src/base/error.ts';
import { cached, cachedPath } from './cache.ts';
import { run } from './command.ts';

/** LocalStack 4.14 needs 3.12: on 3.11 it says that it is ready and answers every S3 call with 500. */
const WANTED = /^3\.1[23]$/;
const MINUTES = 60_000;

export const PYTHON_REMEDY = [
  'Install Python 3.12 or 3.13 with its venv module (python3.13 on the PATH, a pyenv version, or',
  'its path in LEDGERSTONE_PYTHON).',
].join(' ');

/** The command of a Python 3.12 or 3.13 that can make virtual environments, or undefined. */
export async function findPython(): Promise<string | undefined> {
  const given = process.env['LEDGERSTONE_PYTHON'];
  const candidates = given ? [given] : ['python3.13', 'python3.12', 'python3', ...pyenvPythons()];
  for (const candidate of candidates) {
    const version = await run('looking for Python', candidate, ['-c', PROBE], { timeoutMs: 60_000 }).catch(
      () => '',
    );
    if (WANTED.test(version.trim())) return candidate;
  }
  return undefined;
}

const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';

function pyenvPythons(): string[] {
  const versions = path.join(process.env['PYENV_ROOT'] || path.join(homedir(), '.pyenv'), 'versions');
  try {
    return readdirSync(versions)
      .filter((version) => WANTED.test(version.split('.').slice(0, 2).join('.')))
      .sort()
      .reverse()
      .map((version) => path.join(versions, version, 'bin', 'python3'));
  } catch {
    return [];
  }
}

/**
 * A set of Python packages, pinned in `requirements-NAME.txt`, and what is prepared once after their
 * installation.
 */
export type PythonPart = {
  readonly name: string;
  /** Version of the way it is installed: a change makes a new folder in the cache. */
  readonly recipe: number;
  readonly prepare?: (dir: string, python: string) => Promise<void>;
};

const requirementsFile = ({ name }: PythonPart): string =>
  path.join(import.meta.dirname, `requirements-${name}.txt`);

/** The name has a hash of the pins, so changed pins make a new folder. */
function folderName(part: PythonPart): string {
  const pins = createHash('sha256')
    .update(readFileSync(requirementsFile(part)))
    .digest('hex')
    .slice(0, 12);
  return `${part.name}-${pins}-${part.recipe}`;
}

export const isPythonPartCached = (part: PythonPart): boolean => cachedPath(folderName(part)) !== undefined;

/** The folder of a virtual environment with exactly the pinned packages. */
export const pythonEnvironment = (part: PythonPart, log: (line: string) => void): Promise<string> =>
  cached(folderName(part), async (temporary) => {
    const python = await findPython();
    if (python === undefined) {
      throw new LedgerstoneError('stack', 'found no Python 3.12 or 3.13', { remedy: PYTHON_REMEDY });
    }
    log(`installing the Python packages of ${part.name} (once per machine)`);
    await run('python -m venv', python, ['-m', 'venv', temporary], {
      timeoutMs: 10 * MINUTES,
      remedy: PYTHON_REMEDY,
    });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    await run('pip install', interpreter(temporary), [...pip, '-r', requirementsFile(part)], {
      timeoutMs: 10 * MINUTES,
      remedy: 'pip must reach its package index: look at its settings with `pip config list`.',
    });
    await part.prepare?.(temporary, interpreter(temporary));
  });

/** Always run as `python -m …`: that works after the folder was renamed, and pip's scripts do not. */
export const interpreter = (environment: string): string => path.join(environment, 'bin', 'python');
