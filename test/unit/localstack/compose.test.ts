// Do the containers run the same servers as the native backend, on the same interface?
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { KAFKA_VERSION_DEFAULT } from '../../../localstack/native/kafka-install.ts';
import { brokerProperties } from '../../../localstack/native/kafka-properties.ts';

type Service = { image: string; ports?: string[]; environment?: Record<string, unknown> };

const file = path.join(import.meta.dirname, '../../../localstack/compose.yaml');
const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};

/** As docker compose does when the variable is not set. */
const withDefaults = (value: unknown): string => String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');

it('publishes every port on 127.0.0.1 only', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThanOrEqual(6);
  for (const port of ports) expect(withDefaults(port)).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

it('pins every image', () => {
  for (const { image } of Object.values(services))
    expect(withDefaults(image)).toMatch(/^[\w/-]+:\d+\.\d+(\.\d+)?$/);
  expect(withDefaults(services['kafka-1']?.image)).toBe(`apache/kafka:${KAFKA_VERSION_DEFAULT}`);
});

it('gives a broker the settings of the native one', () => {
  // In containers there is one listener more, and other addresses and directories.
  const ownPlace = /listener|^log\.dirs$|^controller\.quorum\.voters$/;
  const node = { id: 1, port: 9092, controllerPort: 9093 };
  const native = brokerProperties(node, [node], '/data')
    .trim()
    .split('\n')
    .map((line) => line.split('=') as [string, string]);
  const contained = Object.entries(services['kafka-1']?.environment ?? {})
    .filter(([name]) => name.startsWith('KAFKA_'))
    .map(([name, value]) => [name.slice(6).toLowerCase().replaceAll('_', '.'), withDefaults(value)]);
  const settings = (entries: string[][]) =>
    Object.fromEntries(entries.filter(([name = '']) => !ownPlace.test(name)));
  const { 'log.cleaner.dedupe.buffer.size': _memory, ...expected } = settings(native);
  expect(settings(contained)).toEqual(expected);
});
