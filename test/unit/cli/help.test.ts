// Is the help complete and short, and what does wrong usage print?
import { describe, expect, test } from 'vitest';
import { ledgerstone } from './captured-io.ts';

const COMMANDS = [
  'init',
  'doctor',
  'archive',
  'status',
  'alerts',
  'config',
  'resume',
  'verify',
  'explain',
  'watch',
  'drill',
  'find',
  'get',
  'show',
  'losses',
  'report',
  'finding',
  'prove',
  'receipt',
  'check',
  'export',
  'copy',
  'replay',
  'custody',
  'import',
  'adopt',
  'verify-package',
  'sample',
  'governance',
  'hold',
  'keys',
  'retention',
  'access',
  'sql',
  'demo',
];

describe('help', () => {
  test('fits 50 lines of 80 columns and names every command', async () => {
    const { code, out, err } = await ledgerstone(['--help']);
    expect(code).toBe(0);
    expect(err).toBe('');
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(50);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  (?:[\\w-]+, )?${command}[ ,]`, 'm'));
  });

  test.each(COMMANDS)('%s has examples that name it', async (command) => {
    const { code, out, err } = await ledgerstone([command, '--help']);
    expect(code).toBe(0);
    expect(err).toBe('');
    const lines = out.split('\n');
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(90);
    const examples = out.slice(out.indexOf('\nExamples:\n'));
    expect(examples).toContain(`ledgerstone ${command}`);
    expect(out).toContain('--json');
  });

  test('nothing at all shows the help, as a mistake', async () => {
    const { code, out } = await ledgerstone([]);
    expect(code).toBe(2);
    expect(out).toContain('Usage: ledgerstone');
  });

  test('--version', async () => {
    const { code, out } = await ledgerstone(['--version']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong words are usage: exit code 2, one line, no stack', () => {
  const cases: [args: string[], said: string][] = [
    [['verfy'], "unknown command 'verfy'\n  (Did you mean verify?)"],
    [['verify'], 'no archive named'],
    [['access', 'review', 's3://a-b/c', '--log-key', 'x', '--policies', '.'], 'x is no ARN of a key'],
    [['access', 'commands', './here', '--log-key', 'x'], './here is no archive in S3'],
    [['verify', 'x', '--depth', 'deep'], 'Allowed choices are seals, content'],
    [['verify', 'x', '--dept', 'seals'], "unknown option '--dept'\n  (Did you mean --depth?)"],
    [['verify', '/nowhere/at/all', '--key', 'a+b'], 'not a verifier key'],
    [['verify', '/nowhere/at/all', '--key', '/nowhere.vkey'], 'neither a verifier key nor a file'],
    [['verify', '/nowhere/at/all'], 'there is no directory /nowhere/at/all'],
    [['verify', 'ftp://x'], 'ftp://x is not an archive'],
    [['verify', 's3://bucket/x'], 'the Region of the bucket is not known'],
    [['verify', '.', '--since', '/nowhere'], "can't read the checkpoint /nowhere"],
    [['verify', 'x', '--config', 'y'], 'both x and --config name an archive'],
    [['get', '.', '--topic', 't'], "required option '--partition <number>' not specified"],
    [['get', '.', '--topic', 't', '--partition', '-1'], 'whole number'],
    [['get', '.', '--topic', 't', '--partition', '0', '--from', '9007199254740993'], 'whole number'],
    [
      ['get', '.', '--topic', 't', '--partition', '0', '--from', '5', '--to', '4'],
      '--from 5 lies after --to 4',
    ],
    [['get', '.', '--topic', 't', '--partition', '0', '--since-time', 'yesterday'], 'a time such as'],
    [['get', '.', '--topic', 'a/b', '--partition', '0'], '"a/b" is not a topic'],
    [['get', '.', '--topic', '..', '--partition', '0'], '".." is not a topic'],
    [['show', '.', '--topic', 'a', '--partition', '99999999999'], '99999999999 is not a partition'],
    [['get', '.', '--topic', 't', '--partition', '0', '--prove'], '--prove needs a trusted key'],
    [['check', 'x.proof', '--entry', 'y'], 'no trusted key'],
    [['prove', '.', '--topic', 't', '--partition', '0'], "required option '--offset <offset>'"],
    [['archive'], "required option '--config <file>'"],
    [['archive', '--config', '/nowhere.yaml'], "can't read the configuration /nowhere.yaml"],
    [
      ['resume', '--config', 'x', '--topic', 't', '--partition', '0', '--reason', 'r', '--by', 'b'],
      "'--accept-gap'",
    ],
    [
      [
        'resume',
        '--config',
        'x',
        '--topic',
        't',
        '--partition',
        '0',
        '--accept-gap',
        '--reason',
        'r',
        '--by',
        'b\n',
      ],
      '--by must be 1 to 255 bytes',
    ],
    [['demo', '--dir', '/proc'], '/proc is not empty'],
  ];
  test.each(cases)('%j', async (args, said) => {
    const { code, out, err } = await ledgerstone(args);
    expect(err).toContain(said);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
    expect(out).toBe('');
  });

  test('under --json the error is JSON too, and no verdict', async () => {
    const { code, out } = await ledgerstone(['verify', '/nowhere/at/all', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({
      error: {
        code: 'usage',
        message: 'there is no directory /nowhere/at/all',
        remedy: 'Give s3://bucket/prefix or an existing directory.',
      },
    });
  });

  test('LEDGERSTONE_DEBUG shows where', async () => {
    const { err } = await ledgerstone(['verify', '/nowhere/at/all'], { LEDGERSTONE_DEBUG: '1' });
    expect(err).toMatch(/UsageError: there is no directory.*\n\s+at /);
  });
});

test.each(['archive', 'watch'])('%s says what signals do to it', async (command) => {
  const { out } = await ledgerstone([command, '--help']);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) expect(out).toContain(signal);
});
