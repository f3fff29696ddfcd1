// Which TCP ports of the loopback interface may a server of ours take?
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { LedgerstoneError } from '../../src/base/error.ts';
import { tryLock } from '../lock.ts';

/** The only interface that anything of the stack listens on. */
export const HOST = '127.0.0.1';

/**
 * Below the range from which Linux (32768) and macOS (49152) take the source ports of outgoing connections,
 * so that a restarted server gets its port again.
 */
const FIRST = 20_000;
const LAST = 31_999;
const BELOW_OUTGOING = 32_768;

/**
 * `count` different ports that are free, and stay ours while this process lives: a server needs seconds until
 * it listens, and until then another start would find its port free. `offset`: a server that is told a port
 * also opens the one so far above it.
 */
export async function freePorts(count: number, offset = 0, drawn: () => number = random): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; attempt < 1_000 && ports.length < count; attempt++) {
    const port = drawn();
    if (port + offset >= BELOW_OUTGOING) continue;
    if ((await reserve(port)) && (offset === 0 || (await reserve(port + offset)))) ports.push(port);
  }
  if (ports.length < count) {
    throw new LedgerstoneError('stack', `found no ${count} free TCP ports between ${FIRST} and ${LAST}`);
  }
  return ports;
}

const random = (): number => FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));

/** The files that say who reserved which port. They stay: a draw of the port removes what is abandoned. */
const reservations = (): string => path.join(tmpdir(), `ledgerstone-ports.${userInfo().uid}`);

/** Reserves first and looks then: the other way round two could find it free. */
const reserve = async (port: number): Promise<boolean> =>
  (await tryLock(path.join(reservations(), String(port)))) && (await isFree(port));

/** False also if another process has the port on all interfaces. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true, host: HOST }, () => server.close(() => resolve(true)));
  });
