// Is a configuration that is read again in force whole, or not at all, and does the log say which and why?
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isForReload, ReloadRequests } from '../../../src/apps/cli/hangup.ts';
import { Reloader, type ReloadPart, type ReloadResult } from '../../../src/apps/reload.ts';
import { AlarmChannels } from '../../../src/apps/verifier/alarm-channels.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { changedMembers, type ReadConfig } from '../../../src/config/changes.ts';

type Members = { readonly log: string; readonly server: string; readonly topics: readonly string[] };
const FIRST: Members = { log: 'info', server: 'one', topics: ['orders'] };
const fileOf = (members: Members): ReadConfig<Members> => ({ config: members, members });

/** A service with two parts that can change, and one member that can't. */
function service() {
  const state = {
    file: FIRST as Members | Error,
    inForce: { log: FIRST.log, server: FIRST.server },
    /** What the parts find in files that the configuration only names. */
    inFiles: [] as string[],
    reads: 0,
  };
  const logged: [string, object, string][] = [];
  const counted: ReloadResult[] = [];
  const ended = new AbortController();
  let ask = () => {};
  const waiting: { count: number; resolve: () => void }[] = [];
  const part = (name: 'log' | 'server'): ReloadPart<Members> => ({
    takes: () => [name],
    prepare: async (after) => {
      if (after[name] === 'wrong')
        throw new LedgerstoneError('config', `${name} is wrong`, { remedy: 'Mend it.' });
      return () => {
        state.inForce[name] = after[name];
        return name === 'server' ? state.inFiles : [];
      };
    },
  });
  const note = (level: string) => (fields: object, message: string) =>
    void logged.push([level, fields, message]);
  new Reloader<Members>({
    started: fileOf(FIRST),
    read: async () => {
      state.reads += 1;
      if (state.file instanceof Error) throw state.file;
      return fileOf(state.file);
    },
    onRequest: (listener) => {
      ask = listener;
    },
    parts: [part('log'), part('server')],
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    signal: ended.signal,
    count: (result) => {
      counted.push(result);
      for (const { count, resolve } of waiting) if (counted.length >= count) resolve();
    },
  }).listen();
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      if (counted.length >= count) resolve();
      else waiting.push({ count, resolve });
    });
  const reload = async (file: Members | Error): Promise<ReloadResult | undefined> => {
    state.file = file;
    const count = counted.length + 1;
    ask();
    await until(count);
    return counted.at(-1);
  };
  return { state, logged, counted, ended, ask: () => ask(), until, reload };
}

describe('a configuration that is read again', () => {
  it('is in force, and the log names what changed and no value', async () => {
    const { state, logged, reload } = service();
    expect(await reload({ ...FIRST, log: 'debug', server: 'two' })).toBe('applied');
    expect(state.inForce).toEqual({ log: 'debug', server: 'two' });
    expect(logged).toEqual([['info', { changed: ['log', 'server'] }, expect.stringContaining('in force')]]);
  });

  it('names a file whose content alone changed, once', async () => {
    const { state, logged, reload } = service();
    state.inFiles = ['server.auth.tokenFile', 'server'];
    expect(await reload({ ...FIRST, server: 'two' })).toBe('applied');
    const changed = ['server', 'server.auth.tokenFile'];
    expect(logged).toEqual([['info', { changed }, expect.stringContaining('in force')]]);
  });

  it('changes nothing where a member needs a restart, which is named', async () => {
    const { state, logged, reload } = service();
    expect(await reload({ ...FIRST, log: 'debug', topics: ['orders', 'payments'] })).toBe('restart-needed');
    expect(state.inForce).toEqual({ log: 'info', server: 'one' });
    expect(logged).toEqual([
      [
        'warn',
        { restart: ['topics'], changed: ['log', 'topics'], remedy: expect.stringContaining('Restart') },
        expect.stringContaining('stays as it was'),
      ],
    ]);
    // Put back, the rest is taken over.
    expect(await reload({ ...FIRST, log: 'debug' })).toBe('applied');
    expect(state.inForce).toEqual({ log: 'debug', server: 'one' });
  });

  it('changes nothing where the file is wrong', async () => {
    const { state, logged, reload } = service();
    const wrong = new LedgerstoneError('config', 'ledgerstone.yaml:3 is wrong', { remedy: 'Mend line 3.' });
    expect(await reload(wrong)).toBe('refused');
    expect(state.inForce).toEqual({ log: 'info', server: 'one' });
    expect(logged).toEqual([
      [
        'error',
        { code: 'config', remedy: 'Mend line 3.' },
        'the configuration stays as it was: ledgerstone.yaml:3 is wrong',
      ],
    ]);
  });

  it('changes nothing where the last of several parts refuses', async () => {
    const { state, logged, reload } = service();
    expect(await reload({ ...FIRST, log: 'debug', server: 'wrong' })).toBe('refused');
    expect(state.inForce).toEqual({ log: 'info', server: 'one' });
    expect(logged[0]?.[2]).toContain('server is wrong');
    expect(await reload({ ...FIRST, log: 'debug' })).toBe('applied');
  });

  it('is read one time after another, and once more for all that asked meanwhile', async () => {
    const { state, ask, until, counted } = service();
    for (let n = 0; n < 5; n++) ask();
    await until(2);
    expect([state.reads, counted]).toEqual([2, ['applied', 'applied']]);
  });

  it('is read no more once the service stops', async () => {
    const { state, ask, ended } = service();
    ended.abort();
    ask();
    expect(state.reads).toBe(0);
  });
});

describe('what changed', () => {
  it.each<[unknown, unknown, string[]]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, ['a.c']],
    [{ a: { b: 1 } }, { a: { b: 1, c: undefined } }, []],
    [{ a: { b: 1 } }, { a: 'public' }, ['a']],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, ['a']],
    [{}, { a: { b: 1 } }, ['a']],
  ])('%j to %j: %j', (before, after, names) => {
    expect(changedMembers(before, after)).toEqual(names);
  });
});

describe('SIGHUP', () => {
  const pipe = {};
  const terminal = { isTTY: true };

  it('asks a service for it, but where a terminal has ended', () => {
    for (const command of ['archive', 'watch']) {
      expect(isForReload(command, 'linux', [pipe, pipe, pipe])).toBe(true);
      expect(isForReload(command, 'linux', [pipe, pipe, terminal])).toBe(false);
      expect(isForReload(command, 'win32', [pipe, pipe, pipe])).toBe(false);
    }
    expect(isForReload('export', 'linux', [pipe, pipe, pipe])).toBe(false);
  });

  it('is not forgotten if it comes before the service listens', () => {
    const requests = new ReloadRequests();
    const heard: number[] = [];
    requests.request();
    requests.request();
    requests.listen(() => void heard.push(heard.length));
    expect(heard).toEqual([0]);
    requests.request();
    expect(heard).toEqual([0, 1]);
  });
});

describe('channels of alarms', () => {
  const alarms = (webhook: string | null, sns: string | null = null) => ({
    alarms: { sns, webhook, metricsNamespace: 'Ledgerstone' },
  });

  it('keep their names, and may lead elsewhere', () => {
    const channels = new AlarmChannels(alarms('https://a.example/1').alarms);
    expect(channels.notifiers.map(({ channel }) => channel)).toEqual(['webhook']);
    expect(channels.takes(alarms('https://a.example/1'), alarms('https://a.example/2'))).toEqual([
      'alarms.sns',
      'alarms.webhook',
    ]);
    // Another channel, or one less: evidence names those that there were.
    expect(channels.takes(alarms('https://a.example/1'), alarms(null))).toEqual(['alarms.sns']);
    expect(channels.takes(alarms('https://a.example/1'), alarms('https://a.example/1', 'arn:x'))).toEqual([
      'alarms.webhook',
    ]);
  });

  it('are named where they lead elsewhere, without the place', async () => {
    const fileOfAlarms = (webhook: string, sns: string) => {
      const members = alarms(webhook, sns);
      return { config: members, members };
    };
    const started = fileOfAlarms('https://a.example/1', 'arn:aws:sns:eu-west-1:123456789012:a');
    let ask = () => {};
    const logged = new Promise<object>((resolve) => {
      const log = { debug() {}, info: resolve, warn: resolve, error: resolve };
      new Reloader({
        ...{ started, log, parts: [new AlarmChannels(started.config.alarms)] },
        read: async () => fileOfAlarms('https://a.example/2', 'arn:aws:sns:eu-west-1:123456789012:b'),
        onRequest: (listener) => {
          ask = listener;
        },
        ...{ signal: new AbortController().signal, count: () => {} },
      }).listen();
    });
    ask();
    expect(await logged).toEqual({ changed: ['alarms.sns', 'alarms.webhook'] });
  });

  it('lead where the new file says, and not before', async () => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      request.resume();
      response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = (path: string) => alarms(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    const channels = new AlarmChannels(at('/old').alarms);
    const take = await channels.prepare(at('/new'));
    await channels.notifiers[0]?.publish('subject', 'text');
    take();
    await channels.notifiers[0]?.publish('subject', 'text');
    expect(paths).toEqual(['/old', '/new']);
    server.closeAllConnections();
    server.close();
  });
});
