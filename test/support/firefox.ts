// How does a test get Firefox? By WebDriver BiDi, which it speaks itself (https://w3c.github.io/webdriver-bidi/).
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Undefined: there is none on this machine. */
export const FIREFOX = [process.env['LEDGERSTONE_FIREFOX'], '/usr/bin/firefox-esr', '/usr/bin/firefox'].find(
  (file) => file !== undefined && existsSync(file),
);

export type Firefox = {
  goto(url: string): Promise<void>;
  /** The value of an expression in the page; a promise is waited for. It must be a string. */
  text(expression: string): Promise<string>;
  /** Chooses the file in the input that the selector names. */
  choose(selector: string, file: string): Promise<void>;
  close(): Promise<void>;
};

type Result = Record<string, unknown>;

export async function openFirefox(): Promise<Firefox> {
  const home = mkdtempSync(join(tmpdir(), 'ledgerstone-firefox-'));
  const args = [
    '--headless',
    '--no-remote',
    '--profile',
    home,
    '--remote-debugging-port',
    '0',
    'about:blank',
  ];
  const child = spawn(FIREFOX as string, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, HOME: home, TZ: 'Europe/Berlin' },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes;
      const found = /listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`Firefox ended by itself: ${said}`)));
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error('no connection to Firefox')), { once: true });
  });
  const waiting = new Map<number, (message: Result) => void>();
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Result;
    waiting.get(message['id'] as number)?.(message);
  });
  let count = 0;
  const command = async (method: string, params: object): Promise<Result> => {
    const id = ++count;
    const answer = await new Promise<Result>((resolve) => {
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
    waiting.delete(id);
    if (answer['type'] !== 'success') throw new Error(`${method}: ${answer['message']}`);
    return answer['result'] as Result;
  };
  await command('session.new', { capabilities: {} });
  const { contexts } = (await command('browsingContext.getTree', {})) as { contexts: { context: string }[] };
  const context = contexts[0]?.context as string;
  return {
    async goto(url) {
      await command('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async text(expression) {
      const params = { expression, awaitPromise: true, target: { context } };
      const { result, exceptionDetails } = (await command('script.evaluate', params)) as {
        result?: { value?: unknown };
        exceptionDetails?: { text: string };
      };
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
      return String(result?.value);
    },
    async choose(selector, file) {
      const locator = { type: 'css', value: selector };
      const { nodes } = (await command('browsingContext.locateNodes', { context, locator })) as {
        nodes: { sharedId: string }[];
      };
      const element = { sharedId: nodes[0]?.sharedId };
      await command('input.setFiles', { context, element, files: [file] });
    },
    async close() {
      await command('browser.close', {}).catch(() => child.kill());
      socket.close();
      await exited;
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
