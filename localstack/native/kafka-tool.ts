// How does one of Kafka's own command line tools run against the stack?
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { KafkaTool, ToolProcess } from '../backend.ts';
import { type KafkaState, stackPaths } from '../state.ts';
import { KAFKA_VERSION_DEFAULT, kafkaInstall } from './kafka-install.ts';
import { JVM_FLAGS } from './kafka-properties.ts';
import { markedEnv } from './process.ts';
import { serverEnv } from './server.ts';

/** Uses the newest version's classes with brokers of any version, and more memory than a broker gets. */
export async function startTool(dir: string, kafka: KafkaState, tool: KafkaTool): Promise<ToolProcess> {
  const install = await kafkaInstall(KAFKA_VERSION_DEFAULT, () => {});
  const home = path.join(stackPaths(dir).data, 'tools');
  await mkdir(home, { recursive: true });
  const config = path.join(home, `${tool.name}.properties`);
  await writeFile(config, tool.config);
  const flags = [...JVM_FLAGS.filter((flag) => !flag.startsWith('-Xmx')), '-Xmx512m', ...QUIET];
  const args = tool.args({ bootstrap: kafka.bootstrap.join(','), config });
  return spawn('java', [...flags, '-cp', install.classPath, tool.mainClass, ...args], {
    cwd: install.dir,
    env: { ...serverEnv(home), ...markedEnv(dir, tool.name) },
  });
}

const QUIET = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
