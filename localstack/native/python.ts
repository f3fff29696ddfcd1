// Which Python runs LocalStack and ministack here, and how do their packages get onto the machine?
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { LedgerstoneError } from '../../src/base/error.ts';
import { cached, cachedPath } from './cache.ts';
import { run } from './process.ts';

/** On 3.11 LocalStack 4.14 says Ready and then answers every S3 call with 500. */
const WANTED = /^3\.1[23]$/;
const MINUTES = 60_000;

export const PYTHON_REMEDY =
  'Install Python 3.12 or 3.13 with its venv module (python3.13 on the PATH, a pyenv version, or its path in LEDGERSTONE_PYTHON).';

/** The command of a Python 3.12 or 3.13 that can make virtual environments, or undefined. */
export async function findPython(): Promise<string | undefined> {
  const given = process.env['LEDGERSTONE_PYTHON'];
  const candidates = given ? [given] : ['python3.13', 'python3.12', 'python3', ...pyenvPythons()];
  for (const candidate of candidates) {
    const version = await run('looking for Python', candidate, ['-c', PROBE], { timeoutMs: 20_000 }).catch(
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

/** Every package is pinned in the file; its content names the folder, so changed pins make a new one. */
const environmentName = (name: string, requirements: string): string =>
  `${name}-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)}`;

const requirementsFile = (name: string): string => path.join(import.meta.dirname, `requirements-${name}.txt`);

export const isPythonPartCached = (name: string): boolean =>
  cachedPath(environmentName(name, requirementsFile(name))) !== undefined;

/** The interpreter of a virtual environment that holds exactly the pinned packages of `requirements-NAME.txt`. */
export async function pythonEnvironment(name: string, log: (line: string) => void): Promise<string> {
  const requirements = requirementsFile(name);
  const dir = await cached(environmentName(name, requirements), async (temporary) => {
    const python = await findPython();
    if (python === undefined)
      throw new LedgerstoneError('stack', 'found no Python 3.12 or 3.13', { remedy: PYTHON_REMEDY });
    log(`installing the Python packages of ${name} (once per machine)`);
    // Always run as `bin/python -m …`: the interpreter finds its packages wherever the folder is renamed to.
    await run('python -m venv', python, ['-m', 'venv', temporary], {
      timeoutMs: 5 * MINUTES,
      remedy: PYTHON_REMEDY,
    });
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '-r',
      requirements,
    ];
    await run('pip install', path.join(temporary, 'bin', 'python'), pip, {
      timeoutMs: 10 * MINUTES,
      remedy: 'pip must reach its package index: look at its settings with `pip config list`.',
    });
  });
  return path.join(dir, 'bin', 'python');
}
