// Which servers does a chaos run have, each behind a proxy, and who ends them when the run is killed?
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts, HOST } from '../../../localstack/native/ports.ts';
import type { RunningStack } from '../../../localstack/running.ts';
import { startStack } from '../../../localstack/stack.ts';
import { temporaryStackDir } from '../../../localstack/temporary.ts';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.ts';

export type Servers = {
  readonly stack: RunningStack;
  /** In the order of the brokers. The archivers reach Kafka, S3 and KMS through these alone; the oracles go straight. */
  readonly kafka: readonly TcpProxy[];
  readonly s3: TcpProxy;
  readonly kms: TcpProxy;
  /** Every proxy passes everything again. */
  heal(): void;
  close(): Promise<void>;
};

const BROKERS = 3;

export async function startServers(): Promise<Servers> {
  const dir = await temporaryStackDir();
  const reaper = startReaper(dir);
  const proxies: TcpProxy[] = [];
  const close = async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    reaper.stdin?.end(); // it ends the stack, as it would without us
    await once(reaper, 'exit');
  };
  try {
    const advertisedPorts = await freePorts(BROKERS);
    const stack = await startStack({
      dir,
      backend: 'native',
      kafka: { brokers: BROKERS, advertisedPorts },
    });
    const proxyTo = async (address: string, port?: number) => {
      const proxy = await tcpProxy({ host: HOST, port: Number(address.split(':').at(-1)) }, port);
      proxies.push(proxy);
      return proxy;
    };
    const kafka: TcpProxy[] = [];
    for (const [index, address] of stack.kafka.behindProxies.entries())
      kafka.push(await proxyTo(address, advertisedPorts[index]));
    const [s3, kms] = [await proxyTo(stack.s3.endpoint), await proxyTo(stack.kms.endpoint)];
    const heal = () => {
      for (const proxy of proxies) proxy.set({ kind: 'pass' });
    };
    return { stack, kafka, s3, kms, heal, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** It outlives us, however we end, by as long as it takes to end everything that carries the stack's mark. */
const startReaper = (dir: string): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, 'reaper.ts'), dir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
