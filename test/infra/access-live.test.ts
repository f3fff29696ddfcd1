// Does `access review --live` ask AWS's own tool, keep what it said, and never take a refusal for an answer?
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerstone } from '../unit/cli/captured-io.ts';
import { fetchedFrom, writeFetched } from './fetched-policies.ts';
import { ACCOUNT, BUCKET, KEY_IDS } from './synthesised.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const fetched = fetchedFrom();

/** Stands in for the tool: it answers with the file that the call is for, as a file of `answers` says. */
const AWS = `#!/bin/sh
# Nothing of the line is a command.
dir="$(dirname "$0")/../answers"
echo "$AWS_PAGER|$*" >> "$dir/../asked"
case "$*" in
  "iam get-account-authorization-details"*) file="iam-$(echo "$*" | sed 's/.*account-\\([0-9]*\\).*/\\1/').json" ;;
  "s3api get-bucket-policy"*) file="bucket-$(echo "$*" | sed 's/.*--bucket \\([^ ]*\\).*/\\1/').json" ;;
  "kms get-key-policy"*) file="key-$(echo "$*" | sed 's,.*key/\\([^ ]*\\).*,\\1,').json" ;;
  "kms list-grants"*) file="grants-$(echo "$*" | sed 's,.*key/\\([^ ]*\\).*,\\1,').json" ;;
  *) echo "unknown: $*" >&2; exit 252 ;;
esac
[ ! -f "$dir/$file.sh" ] || { . "$dir/$file.sh"; exit $?; }
cat "$dir/$file"
`;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-live-'));
  mkdirSync(at('bin'));
  mkdirSync(at('answers'));
  writeFileSync(at('bin/aws'), AWS);
  chmodSync(at('bin/aws'), 0o755);
  writeFetched(fetched, at('answers'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const review = (path = `${at('bin')}${delimiter}${process.env['PATH']}`, ...more: string[]) =>
  ledgerstone(['access', 'review', ...fetched.args, '--live', at('kept'), ...more], { PATH: path });
const instead = (file: string, script: string) => writeFileSync(at(`answers/${file}.sh`), script);
const kept = (file: string) => readFileSync(at(`kept/${file}`), 'utf8');

describe('access review --live', () => {
  it('asks each call of `access commands` once, keeps the answers and the list, and reviews them', async () => {
    const { code, out, err } = await review();
    expect([code, out]).toEqual([0, expect.stringContaining('as infra means it')]);
    const { out: printed } = await ledgerstone(['access', 'commands', ...fetched.args]);
    const commands = printed
      .trim()
      .split('\n')
      .map((line) => line.replace(/ > .*$/, ''));
    const calls = JSON.parse(kept('calls.json')) as Record<string, unknown>[];
    expect(calls.map(({ command }) => command)).toEqual(commands);
    expect(calls.every(({ exitCode }) => exitCode === 0)).toBe(true);
    for (const command of commands) expect(err).toContain(command);
    expect(readFileSync(at('asked'), 'utf8')).toBe(
      commands.map((one) => `${one.replace('aws ', '|')}\n`).join(''),
    );
    // The folder is what `--policies` reads.
    const again = await ledgerstone(['access', 'review', ...fetched.args, '--policies', at('kept')]);
    expect([again.code, again.out]).toEqual([code, out]);
  });

  it('needs the tool, and leaves nothing where there is none', async () => {
    const { code, err } = await review(at('answers'));
    expect([code, err]).toEqual([2, expect.stringContaining("the AWS CLI, aws, can't be started")]);
    expect(err).toContain('ledgerstone access commands');
    expect(existsSync(at('kept'))).toBe(false);
  });

  it.each([
    [
      'refused',
      'echo "An error occurred (AccessDenied) when calling it: no" >&2; return 254',
      'AccessDenied',
    ],
    ['without a word', 'return 255', 'aws ended with exit code 255'],
    [
      'with half an answer before it failed',
      'printf \'{"Roles\'; echo "Connection broken" >&2; return 1',
      'Connection broken',
    ],
    ['with no JSON', 'echo "<html>proxy</html>"', '<html>proxy</html>'],
    ['with nothing', ':', 'the file is empty'],
    ['killed', 'kill -9 $$', 'ended by SIGKILL'],
  ])('says that a call was %s, makes the others, and is open', async (_, script, words) => {
    instead(`iam-${ACCOUNT}.json`, script);
    const { code, out } = await review();
    expect([code, out]).toEqual([3, expect.stringContaining(`not seen: iam-${ACCOUNT}.json: `)]);
    expect(out).toContain(words);
    expect(readdirSync(at('kept'))).toContain(`grants-${KEY_IDS.log}.json`);
  });

  it.each([
    ['half JSON and a good exit code', `printf '{"Policy": "{'`],
    ['a list that goes on', `echo '{"Grants": [], "Truncated": true}'`],
  ])('takes %s for no answer, and keeps it', async (name, script) => {
    const file = name.startsWith('half') ? `bucket-${BUCKET}.json` : `grants-${KEY_IDS.log}.json`;
    instead(file, script);
    const { code, err } = await review();
    expect([code, err]).toEqual([2, expect.stringContaining(file)]);
    expect(kept(file)).not.toBe('');
  });

  it('takes no folder that is there, and one source alone', async () => {
    mkdirSync(at('kept'));
    expect(await review()).toMatchObject({ code: 2, err: expect.stringContaining('exists') });
    expect(existsSync(at('asked'))).toBe(false);
    const both = await review(undefined, '--policies', at('answers'));
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('--policies and --live')]);
    const none = await ledgerstone(['access', 'review', ...fetched.args]);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('--live')]);
  });

  it('moves no terminal with what the tool says', async () => {
    instead(`iam-${ACCOUNT}.json`, 'printf "\\033[2Jno" >&2; return 1');
    const { out, err } = await review();
    expect([...`${out}${err}`].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([]);
  });
});
