// Which TCP ports of the loopback interface are free?
import { createServer } from 'node:net';
import { LedgerstoneError } from '../../src/base/error.ts';

/** The only interface that anything of the stack listens on. */
export const HOST = '127.0.0.1';

/**
 * Below the range from which Linux (32768) and macOS (49152) take the source ports of outgoing connections,
 * so that a restarted server gets its port again. Ports are random, so that two stacks rarely collide.
 */
const FIRST = 20_000;
const LAST = 31_999;

/** `count` different ports that are free. */
export async function freePorts(
  count: number,
  alsoWanted: (port: number) => Promise<boolean> = async () => true,
): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < 1_000 && ports.size < count; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if ((await isFree(port)) && (await alsoWanted(port))) ports.add(port);
  }
  if (ports.size < count) {
    throw new LedgerstoneError('stack', `found no ${count} free TCP ports between ${FIRST} and ${LAST}`);
  }
  return [...ports];
}

/** False also if another process has the port on all interfaces. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true, host: HOST }, () => server.close(() => resolve(true)));
  });
